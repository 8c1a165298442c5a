//! What a commit applies, as data, and why it may be refused.

use std::fmt;
use std::sync::Arc;

use crate::record::Entry;
use crate::value::id::Id;
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

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
    /// The batches have ended, applied or not, that require an earlier version of the configuration than there is when this one comes:
    /// none of them is applied once this one is. Where batches are applied one after the other there is nothing to do for it. What
    /// a [transaction](crate::store::StoreTransaction) of the program has changed of the configuration binds nobody before its end.
    Barrier,
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
    /// Every association that was from or to this record before the batch is deleted. None need exist. Of these
    /// a batch that unlinks a record may delete some itself, which must exist as ever; it writes no association of it otherwise.
    Unlink(Id),
    /// The scope's configuration version grows by one.
    Reconfigure,
    /// A response is kept. Its key must be free: never used, or expired at the batch's `now`. What has expired by then
    /// may be forgotten.
    Remember(StoredResponse),
    /// The response under a key is kept no more, where it is [about](StoredResponse::about) this record. None need be there.
    /// No batch forgets a key that it remembers.
    Forget {
        /// Its key.
        key: String,
        /// A record that it is about.
        about: Id,
    },
}

/// Which precondition of a batch failed. Nothing of the batch was applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The configuration has another version.
    #[error("the configuration has another version")]
    Configuration,
    /// The idempotency key is taken.
    #[error("the idempotency key is taken")]
    ResponseExists,
    /// These required records do not exist: all that are missing.
    #[error("required records do not exist: {0:?}")]
    Missing(Vec<Id>),
    /// The record that the write at this index replaces or deletes is gone or has another version.
    #[error("the record of write {write} is gone or has another version")]
    VersionConflict {
        /// The index in [`Batch::writes`].
        write: usize,
    },
    /// The id of the write at this index is taken.
    #[error("the id of write {write} is taken")]
    IdConflict {
        /// The index in [`Batch::writes`].
        write: usize,
    },
    /// The unique key of the write at this index is taken.
    #[error("the unique key of write {write} is held by {holder}")]
    UniqueConflict {
        /// The index in [`Batch::writes`].
        write: usize,
        /// The record that holds it: one that the batch leaves as it is, or another of the batch's own.
        holder: Id,
    },
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
    /// The records whose values the body has, each once: what finds it by
    /// [`responses_about`](crate::store::Store::responses_about). [`response`](crate::store::Store::response) gives none of them back.
    pub about: Vec<Id>,
}

impl fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredResponse")
            .field("outcome", &self.outcome)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
