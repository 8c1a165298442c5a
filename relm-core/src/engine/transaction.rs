//! Optimistic concurrency control: a change is planned from what was read, committed under preconditions, and retried
//! when one of them conflicts. This is the only loop that does so.

use std::future::Future;

use super::spans;
use super::storage::{Storage, store_error};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Batch, CommitError, Refusal};

/// How often a change is attempted before the engine gives up. With each conflict some other commit succeeded: only a
/// record under hundreds of simultaneous changes gets there.
pub(super) const ATTEMPTS_MAX: usize = 200;

/// A change that can be attempted more than once.
pub(super) trait Transaction: Send {
    /// What it comes to.
    type Output: Send;

    /// Reads what it needs and says what to commit. Called once for each attempt.
    fn plan(&mut self) -> impl Future<Output = Result<Planned<Self::Output>>> + Send;

    /// Called once its last plan is committed; never where there was nothing to commit.
    fn committed(&mut self) {}

    /// What a conflict of its plan means: an error, or another attempt.
    ///
    /// # Errors
    /// What the conflict means to the caller, where another attempt would come to the same.
    fn resolve(&mut self, conflict: Refusal) -> Result<()>;

    /// Why the engine gives up after [`ATTEMPTS_MAX`] attempts.
    fn exhausted(&self) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            "The record is being changed by too many requests at once; try again.",
        )
    }
}

/// What one attempt comes to.
pub(super) enum Planned<T> {
    /// This, once the batch is committed; at once, where the batch writes nothing.
    Commit(Batch, T),
    /// This, with nothing to commit.
    Done(T),
    /// What was read is out of date: the attempt begins again.
    Retry,
}

/// Carries a transaction out, once.
pub(super) async fn transact<X: Transaction>(
    storage: &Storage,
    transaction: &mut X,
) -> Result<X::Output> {
    for _ in 0..ATTEMPTS_MAX {
        let (batch, output) = match transaction.plan().await? {
            Planned::Commit(batch, output) => (batch, output),
            Planned::Done(output) => return Ok(output),
            Planned::Retry => continue,
        };
        if batch.writes.is_empty() {
            return Ok(output);
        }
        match storage.commit(batch).await {
            Ok(()) => {
                transaction.committed();
                return Ok(output);
            }
            Err(CommitError::Refused(conflict)) => {
                spans::conflict(&conflict);
                transaction.resolve(conflict)?;
            }
            Err(CommitError::Store(error)) => return Err(store_error(error)),
        }
    }
    Err(transaction.exhausted())
}

/// The error for a conflict that no plan of this engine can meet.
pub(super) fn unexpected(conflict: &Refusal) -> Error {
    Error::internal(format!("the store refused {conflict:?}"))
}
