//! The way of every write to the store, what its failures mean to a caller, and what is known of a store that takes no
//! writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Crm, Inner};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Document;
use crate::store::{Batch, CommitError, Lease, StoreError, StoredResponse, Unwritable, Write};
use crate::value::scope::Scope;
use crate::value::time::Monotonic;

/// How long a store that refused a write is taken to refuse the next one, before it is tried whether it does.
const RETRY_MS: i64 = 1_000;
/// What such a trial writes: more than there may be room for in pages that are there already.
const TRIAL_BYTES: usize = 16 * 1024;

/// Whether the store takes writes, as far as the last one told.
#[derive(Default)]
pub(super) struct Writability {
    /// Whether there is anything to forget: a write that succeeds asks no more than this.
    is_refused: AtomicBool,
    refused: Mutex<Option<Refused>>,
}

/// The last write that the store had no place for.
#[derive(Clone, Copy)]
struct Refused {
    why: Unwritable,
    at: Monotonic,
}

impl Writability {
    fn learn(&self, refused: Option<Refused>) {
        if refused.is_none() && !self.is_refused.load(Ordering::Relaxed) {
            return;
        }
        let mut known = self.lock();
        *known = refused;
        self.is_refused.store(refused.is_some(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Has the store apply a batch.
    pub(super) async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let committed = self.store.commit(batch).await;
        match &committed {
            Ok(()) => self.writability.learn(None),
            Err(CommitError::Store(error)) => self.hear(error),
            Err(CommitError::Refused(_)) => {}
        }
        committed
    }

    /// Has the store lease deliveries.
    pub(super) async fn lease(&self, lease: &Lease) -> Result<Vec<Document>> {
        let leased = self.store.lease(lease).await;
        leased.map_err(|error| {
            self.hear(&error);
            store_error(error)
        })
    }

    fn hear(&self, error: &StoreError) {
        if let Some(why) = error.why_unwritable() {
            let at = self.clock.monotonic();
            self.writability.learn(Some(Refused { why, at }));
        }
    }
}

impl Crm {
    /// Whether the store answers, and takes writes as far as is known: where it refused the last one, it is tried again now
    /// and then.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` when it does not; [`Error::reason`] says why it takes no writes.
    pub async fn ready(&self) -> Result<()> {
        self.ping().await?;
        let inner = &self.inner;
        let Some(Refused { why, at }) = *inner.writability.lock() else {
            return Ok(());
        };
        if inner.clock.monotonic().millis_since(at) < RETRY_MS {
            return Err(unwritable(why));
        }
        let now = inner.clock.now();
        let trial = StoredResponse {
            key: "trial of a store that took no writes".to_owned(),
            fingerprint: [0; 32],
            outcome: 0,
            body: " ".repeat(TRIAL_BYTES).into(),
            expires_at: now.saturating_add_millis(1),
        };
        let batch = Batch {
            scope: Scope::SYSTEM,
            now,
            requires: Vec::new(),
            writes: vec![Write::Remember(trial)],
        };
        match inner.commit(batch).await {
            Ok(()) => Ok(()),
            // Another process is at it.
            Err(CommitError::Refused(_)) => Err(unwritable(why)),
            Err(CommitError::Store(error)) => Err(store_error(error)),
        }
    }
}

/// What a failing store means to a caller.
pub(super) fn store_error(error: StoreError) -> Error {
    if error.is_ambiguous() {
        Error::new(
            ErrorKind::OutcomeUnknown,
            "The store was lost while the change was committed: it may have been applied, whole, or not at all. \
             Send the request again with the same `Idempotency-Key`, or read what became of it.",
        )
        .caused_by(error)
    } else if let Some(why) = error.why_unwritable() {
        unwritable(why).caused_by(error)
    } else if error.is_retryable() {
        Error::new(
            ErrorKind::Unavailable,
            "The store is not available at the moment; nothing was applied, try again.",
        )
        .caused_by(error)
    } else {
        Error::internal(error)
    }
}

fn unwritable(why: Unwritable) -> Error {
    let message = match why {
        Unwritable::DiskFull => {
            "The store has no room left: nothing was applied, and reads go on. Try again once the operator has made room."
        }
        Unwritable::ReadOnly => {
            "The store is read-only at the moment: nothing was applied, and reads go on. Try again later."
        }
    };
    Error::new(ErrorKind::Unavailable, message).because(why.as_str())
}
