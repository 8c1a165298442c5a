//! The contract between the engine and whatever keeps its records.
//!
//! The engine owns meaning: it validates, normalises, folds, mints ids and times, renders JSON. A store owns
//! **atomicity, order and uniqueness**, and nothing else: it only ever holds JSON text, `i64` and text that orders by
//! code point. This page is the whole contract; the suite of the crate `relm-conformance` holds a store to it.
//!
//! # What every store promises
//! - **Atomic.** A [`commit`](Store::commit) is applied wholly or not at all, also when the process dies, the
//!   connection is lost or the caller drops the future. After a refusal or an error the store is exactly as before.
//! - **Durable and visible.** When `commit` returns success, every later call sees it, whoever makes it.
//! - **Serial.** Concurrent commits leave what some serial order of those that succeeded would leave; each commit's
//!   preconditions hold at its place in that order.
//! - **Unique.** In a scope, no two records have one id, and no two of a kind have one unique key
//!   ([`Record::unique_key`](crate::record::Record::unique_key)). A key is free as soon as its holder was deleted or
//!   has another.
//! - **Exact.** A document comes back byte for byte. Text compares by code point: case, accents and trailing spaces
//!   count.
//! - **Scoped.** Nothing of a scope is seen, refused or changed by a call that names another.
//!
//! # What a store need not do
//! Read a document, judge a value, know a clock, make an id, or wait for anything but its own storage.

pub(crate) mod page;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::query::filter::Clause;
use crate::query::search::{SearchPosition, SearchTerms};
use crate::record::Webhook;
use crate::record::field::Field;
use crate::record::object::ObjectType;
use crate::record::{Document, Entry};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// Keeps records. See the [module](self) for what all methods promise.
///
/// A future of any method may be dropped at any await point: the store stays usable and nothing is half done. A commit
/// whose future was dropped may still be applied, whole, later. Each read sees the store at one moment. Contention is
/// no failure: a store waits or tries again by itself.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The document of one record, or none.
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError>;

    /// For each of `keys`, in their order, the document of the record of `kind` with that unique key, or none.
    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError>;

    /// One page of the records of one kind that [meet](crate::query::filter::matches) every clause of the query, newest
    /// first: by descending id, strictly after the query's `after`. As many of them as fit: never more than its
    /// `limit`, and after the first none with which the documents would come to more than
    /// [`PAGE_BYTES_MAX`](crate::limits::PAGE_BYTES_MAX) bytes (which [`PageSize`](crate::PageSize) counts). `more` is
    /// true exactly when a further record meets the query.
    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError>;

    /// One page of the records that [match](SearchTerms::rank) the search: by rank, then by descending ULID, strictly
    /// after the search's `after`. Bounds and `more` as for [`list`](Self::list). Sees every commit that returned.
    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError>;

    /// The scope's configuration version, custom fields and endpoints, all of one moment; none exactly when the version
    /// is `known`, so that asking again is cheap however much there is. The version is 0 until the first
    /// [`Write::Reconfigure`].
    async fn configuration(
        &self,
        scope: Scope,
        known: Option<i64>,
    ) -> Result<Option<Configuration>, StoreError>;

    /// The response remembered for an idempotency key that has not expired at `now`, or none.
    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError>;

    /// Applies every write of the batch, or none.
    ///
    /// What a write says of its own record is judged against the state before the batch, and unique keys against the
    /// state after it: in one batch two records may swap a key, in whatever order they are written. The writes of one
    /// batch name distinct records, and it remembers at most one response.
    ///
    /// # Errors
    /// [`CommitError::Refused`] says which precondition failed: the first by the order of [`Refusal`]'s variants, or
    /// any of them where several of one variant fail. [`CommitError::Store`] when the store failed: nothing was
    /// applied, unless the error [says](StoreError::is_ambiguous) that nobody can know.
    async fn commit(&self, batch: Batch) -> Result<(), CommitError>;

    /// The queues of every scope: each endpoint that has a pending delivery, with the earliest moment at which
    /// [`lease`](Self::lease) would give one. In the order of [`QueueKey`], strictly after `after`, at most `limit` of
    /// them. The one method that knows no scope: it is for whoever delivers, and says nothing but who waits.
    async fn queues(&self, after: Option<QueueKey>, limit: usize)
    -> Result<Vec<Queue>, StoreError>;

    /// Takes the deliveries of one endpoint that are due: those whose `next_attempt_at` is not after the lease's `now`
    /// and that no other lease holds, the earliest first (in whatever order where equal), at most `limit` of them. Until
    /// the lease's `until` no other lease gives them, unless a commit replaces them first; from then on they count as
    /// due at that end.
    ///
    /// A lease only saves work. It changes no document and need not outlive the process: two holders of one delivery
    /// do no harm, since each records its attempt by a [`Write::Replace`] of the version that it read.
    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError>;
}

/// Names the queue of one endpoint. Orders by scope, then by endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueKey {
    /// The [key](Scope::key) of the endpoint's scope.
    pub scope_key: i64,
    /// The endpoint, which may be gone.
    pub webhook: Id,
}

/// The pending deliveries of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Whose they are.
    pub key: QueueKey,
    /// When the first of them is due, or the lease that holds it ends.
    pub due_at: Timestamp,
}

/// What [`Store::lease`] is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Where the endpoint is.
    pub scope: Scope,
    /// The endpoint.
    pub webhook: Id,
    /// The moment by which deliveries must be due and other leases over; [`Timestamp::MAX`] for all that is pending.
    pub now: Timestamp,
    /// When this lease is over.
    pub until: Timestamp,
    /// The most deliveries to take; at least 1.
    pub limit: usize,
}

/// What a list asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The kind of record.
    pub kind: Kind,
    /// Conditions that all hold.
    pub clauses: Vec<Clause>,
    /// The last record of the page before, which need not exist any more.
    pub after: Option<Id>,
    /// The most records to return; at least 1. A page ends earlier where its bytes do.
    pub limit: usize,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The records, newest first.
    pub documents: Vec<Document>,
    /// Whether there is another page.
    pub more: bool,
}

/// What a search asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What a record must have.
    pub terms: SearchTerms,
    /// The types to look at.
    pub types: Vec<ObjectType>,
    /// The place of the last record of the page before.
    pub after: Option<SearchPosition>,
    /// The most records to return; at least 1.
    pub limit: usize,
}

/// One page of search results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// The records, ranked.
    pub documents: Vec<Document>,
    /// The place of the last of them; none on an empty page.
    pub last: Option<SearchPosition>,
    /// Whether there is another page.
    pub more: bool,
}

/// What writes of a scope are validated against and told to.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Counts the changes of what follows.
    pub version: i64,
    /// The custom fields, oldest first.
    pub fields: Vec<Field>,
    /// The endpoints, oldest first.
    pub webhooks: Vec<Webhook>,
}

/// A response kept under an idempotency key.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The client's key.
    pub key: String,
    /// A digest of the request that made it.
    pub fingerprint: [u8; 32],
    /// What the engine must know to answer again, beside the body.
    pub outcome: i64,
    /// The body, byte for byte; sealed where it holds a secret.
    pub body: Arc<str>,
    /// When the key becomes free.
    pub expires_at: Timestamp,
}

impl fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredResponse")
            .field("outcome", &self.outcome)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Changes that are one: all of them happen, or none.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where all of it happens.
    pub scope: Scope,
    /// The moment of the change.
    pub now: Timestamp,
    /// What must hold beside the writes' own preconditions.
    pub requires: Vec<Require>,
    /// The changes, in order.
    pub writes: Vec<Write>,
}

/// A precondition on what a batch does not write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Require {
    /// The scope's configuration is still of this version.
    Configuration(i64),
    /// This record exists, and still does when the batch is applied. The batch itself neither makes nor deletes it.
    Exists(Id),
}

/// One change, with its own precondition.
#[derive(Clone, Debug)]
pub enum Write {
    /// A new record. Its id and its unique key must be free.
    Insert(Entry),
    /// A record with other values. It must exist with the version of `before`; its unique key must be free, where it is
    /// another than that of `before`.
    Replace {
        /// The record as it was read.
        before: Entry,
        /// The record of the same id with a greater version.
        after: Entry,
    },
    /// A record less. It must exist with the version of this entry.
    Delete(Entry),
    /// Every association that was from or to this record before the batch is deleted. None need exist. A batch that
    /// unlinks a record writes no association of it otherwise.
    Unlink(Id),
    /// The scope's configuration version grows by one.
    Reconfigure,
    /// A response is kept. Its key must be free: never used, or expired at the batch's `now`. What has expired by then
    /// may be forgotten.
    Remember(StoredResponse),
}

/// Which precondition of a batch failed. Nothing of the batch was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The configuration has another version.
    Configuration,
    /// The idempotency key is taken.
    ResponseExists,
    /// These required records do not exist: all that are missing.
    Missing(Vec<Id>),
    /// The record that the write at this place replaces or deletes is gone or has another version.
    VersionConflict {
        /// The place in [`Batch::writes`].
        write: usize,
    },
    /// The id of the write at this place is taken.
    IdConflict {
        /// The place in [`Batch::writes`].
        write: usize,
    },
    /// The unique key of the write at this place is taken.
    UniqueConflict {
        /// The place in [`Batch::writes`].
        write: usize,
        /// The record that holds it: one that the batch leaves as it is, or another of the batch's own.
        holder: Id,
    },
}

/// Why a batch was not applied.
#[derive(Debug)]
pub enum CommitError {
    /// A precondition failed.
    Refused(Refusal),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for CommitError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A failure of the store itself. Of a commit that failed so nothing was applied, unless the failure is
/// [ambiguous](Self::is_ambiguous).
#[derive(Debug)]
pub struct StoreError {
    nature: Nature,
    source: Box<dyn StdError + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Unavailable,
    Unwritable(Unwritable),
    Ambiguous,
    Fault,
}

/// Why a store that can be read takes no writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unwritable {
    /// There is no room for what is to be written.
    DiskFull,
    /// Nothing may be written: the file system or the database is read-only.
    ReadOnly,
}

impl Unwritable {
    /// The stable, documented word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::ReadOnly => "read_only",
        }
    }
}

impl StoreError {
    fn new(nature: Nature, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            nature,
            source: source.into(),
        }
    }

    /// The store cannot be reached or is overloaded; the same call may succeed later. Of a commit, nothing was applied.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Unavailable, source)
    }

    /// The store takes no writes until somebody mends that. Nothing was applied.
    pub fn unwritable(why: Unwritable, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Unwritable(why), source)
    }

    /// The connection was lost while a commit was under way: it was applied wholly or not at all.
    pub fn ambiguous(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Ambiguous, source)
    }

    /// Something that trying again does not mend. Nothing was applied.
    pub fn fault(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Fault, source)
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.nature != Nature::Fault
    }

    /// Whether a failed commit may have been applied after all.
    pub fn is_ambiguous(&self) -> bool {
        self.nature == Nature::Ambiguous
    }

    /// Why the store takes no writes, where that is what failed.
    pub fn why_unwritable(&self) -> Option<Unwritable> {
        match self.nature {
            Nature::Unwritable(why) => Some(why),
            Nature::Unavailable | Nature::Ambiguous | Nature::Fault => None,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.nature {
            Nature::Unavailable => "the store is not available",
            Nature::Unwritable(Unwritable::DiskFull) => "the store has no room left",
            Nature::Unwritable(Unwritable::ReadOnly) => "the store is read-only",
            Nature::Ambiguous => "the store does not say whether it applied the change",
            Nature::Fault => "the store failed",
        })
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
