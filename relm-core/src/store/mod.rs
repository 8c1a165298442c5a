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
//!   preconditions hold at its point in that order.
//! - **Unique.** In a scope, no two records have one id, and no two of a kind have one unique key
//!   ([`Record::unique_key`](crate::record::Record::unique_key)). A key is free as soon as its holder was deleted or
//!   has another.
//! - **Exact.** A document comes back byte for byte. Text compares by code point: case, accents and trailing spaces
//!   count.
//! - **One log.** In a scope, each event has one number, which it keeps. Whoever has seen a number finds no smaller one
//!   later that it has not seen, whoever asks, and none is given twice.
//! - **Scoped.** Nothing of a scope is seen, refused or changed by a call that names another.
//!
//! # What a store may rely on
//! - **A document is the JSON of its kind.** [`Record::from_json`](crate::record::Record::from_json) reads it as a record
//!   with the same id, version and unique key, the same [value](crate::record::Record::value) in every
//!   [column](crate::record::columns) and the same [index terms](crate::query::terms::index_terms) as the record of its
//!   [`Entry`](crate::record::Entry). So a store need keep no more of a record than its document, by scope and id, and
//!   whatever it finds records by: it can make all of that from the document again.
//! - **An event keeps its columns.** It is inserted and deleted, and replaced only by one that says less of the same change. Replaced, it
//!   keeps its number and is not deleted.
//! - Members that a document has beyond those of its kind mean nothing, and come back with it.
//! - **A scope is one of a workspace that there is.** Nothing is written to a scope other than
//!   [`Scope::SYSTEM`] before its workspace was inserted there, and no workspace is ever deleted. So a store may know
//!   scopes by what it makes of their workspaces' ids, such as a number: as long as it refuses a workspace that it could
//!   not tell from another, as one whose id is [taken](Refusal::IdConflict). The engine then mints another id.
//!
//! # What a store need not do
//! Read a document, decide what a value means, know a clock, make an id, or wait for anything but its own storage.

mod batch;
mod error;
pub(crate) mod page;
mod query;
mod transaction;

pub use self::batch::{Batch, Refusal, Require, StoredResponse, Write};
pub(crate) use self::error::unwritable;
pub use self::error::{CommitError, StoreError, TransactionFailure, Unwritable};
pub use self::query::{
    Awaited, AwaitedQuery, Configuration, Lease, LogPage, Numbered, Page, Query, Queue, QueueKey,
    Search, SearchPage,
};
pub use self::transaction::{AfterCommit, StoreTransaction};

use std::sync::Arc;

use async_trait::async_trait;

use crate::record::Document;
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

    /// One page of the records that [match](crate::query::search::SearchTerms::rank) the search: by rank, then by descending ULID, strictly
    /// after the search's `after`. Bounds and `more` as for [`list`](Self::list). Sees every commit that returned.
    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError>;

    /// The scope's configuration version, custom fields and endpoints, all of one moment. Exactly where the version is that
    /// of `known`, it is `known` that is given back, so that asking again is cheap however much there is. The version is 0
    /// until the first [`Write::Reconfigure`].
    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError>;

    /// The response remembered for an idempotency key that has not expired at `now`, or none.
    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError>;

    /// The keys of the responses that are [about](StoredResponse::about) a record, in the order of their keys, strictly after
    /// `after`: at most `limit` of them, and fewer only where no more come. Those of expired responses may be among them.
    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

    /// Applies every write of the batch, or none.
    ///
    /// What a write says of its own record is checked against the state before the batch, and unique keys against the
    /// state after it: in one batch two records may swap a key, in whatever order they are written. The writes of one
    /// batch name distinct records, and it remembers at most one response.
    ///
    /// # Errors
    /// [`CommitError::Refused`] says which precondition failed: the first by the order of [`Refusal`]'s variants, or
    /// any of them where several of one variant fail. [`CommitError::Store`] when the store failed: nothing was
    /// applied, unless the error [says](StoreError::is_ambiguous) that nobody can know.
    async fn commit(&self, batch: Batch) -> Result<(), CommitError>;

    /// One page of the log of a scope: its events in the order of their numbers, strictly after the number `after`. Bounds as
    /// for [`list`](Self::list); `limit` is at least 1.
    ///
    /// Numbers begin at 1 and only grow, also where every event was deleted. An event is numbered in its commit or later, above
    /// whatever was numbered before, so that a commit which takes long delays its own events alone. Events that are numbered together
    /// are in the order of their ids or of their commits. Every event of a commit that returned before the call is on the
    /// page, or before it, or after it: `more` is true exactly where one is after it. So a store may number when it is asked, a
    /// bounded number of events at a time.
    ///
    /// A deleted event leaves the log, and from then on [`deleted`](LogPage::deleted) is not below its number: that which it had, or
    /// else one that is given to it then.
    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError>;

    /// For each of these events, in their order, its number in the log, or none where there is no such event, or it is
    /// not numbered yet.
    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError>;

    /// The queues of every scope: each endpoint that has a pending delivery, with the earliest moment at which
    /// [`lease`](Self::lease) would give one. In an order of the store's own, which stays as it is while queues come and
    /// go; strictly after `after`, which was given earlier and may be gone; at most `limit` of them, and fewer only where
    /// no more come. It knows no scope: it is for the dispatcher, and gives nothing but the endpoints that wait.
    async fn queues(&self, after: Option<QueueKey>, limit: usize)
    -> Result<Vec<Queue>, StoreError>;

    /// Takes the deliveries of one endpoint that are due: those whose `next_attempt_at` is not after the lease's `now`
    /// and that no other lease holds, the earliest first (in whatever order where equal), at most `limit` of them. Until
    /// the lease's `until` no other lease gives them, unless a commit replaces them first; from then on they count as
    /// due at that end. None is due sooner by a lease: what is due after `until`, or held until after it, stays as it is.
    ///
    /// A lease only saves work. It changes no document and need not outlive the process: two holders of one delivery
    /// do no harm, since each records its attempt by a [`Write::Replace`] of the version that it read.
    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError>;

    /// Which records of all scopes wait for a moment from the query's `from` to its `until`, both included: by their values in an
    /// [awaited](crate::record::column::Access::Awaited) column, as they are now. The earliest first, and where moments are equal in an order
    /// of the store's own, which stays as it is while others come and go; strictly after the query's `after`, which may wait no more; at
    /// most `limit` of them, and fewer only where no more come. It knows no scope either: it is for whoever
    /// tells of what is due, and gives no more of a record than that it waits. It is asked every second, and an index over all scopes by these moments
    /// answers it without a look into each.
    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError>;
}
