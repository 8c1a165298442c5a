//! Optimistic concurrency control: a change is planned from what was read, committed under preconditions, and retried
//! when one of them conflicts. This is the only loop that does so.

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::spans;
use super::storage::Storage;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Batch, CommitError, Refusal, StoreError, TransactionFailure};

/// How often a change is attempted before the engine gives up. With each conflict some other commit succeeded: only a
/// record under hundreds of simultaneous changes gets there.
pub(super) const ATTEMPTS_MAX: usize = 200;

/// A change that can be attempted more than once.
///
/// Its futures are boxed, as those of [`Operation`](super::change::Operation) are: a future that is not is compiled wherever it is polled, so that
/// each program and each test would compile the engine's changes anew.
#[async_trait]
pub(super) trait Transaction: Send {
    /// What it comes to.
    type Output: Send;

    /// Reads what it needs and says what to commit. Called once for each attempt.
    async fn plan(&mut self) -> Result<Planned<Self::Output>>;

    /// Called once its last plan is committed; never where there was nothing to commit.
    fn committed(&mut self) {}

    /// What a conflict of its plan means: an error, or another attempt. Unless it says otherwise, a record that was changed meanwhile is
    /// read again, and no other conflict is expected.
    ///
    /// # Errors
    /// What the conflict means to the caller, where another attempt would come to the same.
    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::VersionConflict { .. } => Ok(()),
            conflict => Err(unexpected(&conflict)),
        }
    }

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
///
/// Within a transaction that the program holds, what others committed meanwhile is no reason to attempt it again: the program
/// may have decided something by what it read. It is planned once more only to tell what the conflict means.
pub(super) async fn transact<X: Transaction>(
    storage: &Storage,
    transaction: &mut X,
) -> Result<X::Output> {
    let mut attempted = Attempted {
        transaction,
        output: None,
    };
    attempt(storage, &mut attempted).await?;
    let output = attempted.output;
    output.ok_or_else(|| Error::internal("a transaction ended without what it comes to"))
}

/// A transaction whose output is kept beside it, so that the loop is compiled once.
struct Attempted<'x, X: Transaction> {
    transaction: &'x mut X,
    /// What its last plan comes to.
    output: Option<X::Output>,
}

#[async_trait]
impl<X: Transaction> Transaction for Attempted<'_, X> {
    type Output = ();

    async fn plan(&mut self) -> Result<Planned<()>> {
        Ok(match self.transaction.plan().await? {
            Planned::Commit(batch, output) => {
                self.output = Some(output);
                Planned::Commit(batch, ())
            }
            Planned::Done(output) => {
                self.output = Some(output);
                Planned::Done(())
            }
            Planned::Retry => Planned::Retry,
        })
    }

    fn committed(&mut self) {
        self.transaction.committed();
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        self.transaction.resolve(conflict)
    }

    fn exhausted(&self) -> Error {
        self.transaction.exhausted()
    }
}

/// Attempts a transaction until it is committed, or comes to nothing to commit.
fn attempt<'a>(
    storage: &'a Storage,
    transaction: &'a mut dyn Transaction<Output = ()>,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let mut overtaken = None;
        for _ in 0..ATTEMPTS_MAX {
            let batch = match transaction.plan().await? {
                Planned::Commit(batch, ()) => batch,
                Planned::Done(()) => return Ok(()),
                Planned::Retry => continue,
            };
            if batch.writes.is_empty() {
                return Ok(());
            }
            if let Some(conflict) = overtaken {
                let said = format!("the store refused {conflict:?}");
                return Err(StoreError::transaction(TransactionFailure::Conflict, said).into());
            }
            match storage.commit(batch).await {
                Ok(()) => {
                    transaction.committed();
                    return Ok(());
                }
                Err(CommitError::Refused(conflict)) => {
                    spans::conflict(&conflict);
                    if storage.is_transaction() && is_of_others(&conflict) {
                        overtaken = Some(conflict.clone());
                    }
                    transaction.resolve(conflict)?;
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(transaction.exhausted())
    })
}

/// Whether a plan that was made of what the store says meets this conflict only where somebody else was at it meanwhile. A
/// configuration is remembered, a reference is taken as it comes, and an id is minted: those are found out by committing.
fn is_of_others(conflict: &Refusal) -> bool {
    match conflict {
        Refusal::ResponseExists
        | Refusal::VersionConflict { .. }
        | Refusal::UniqueConflict { .. } => true,
        Refusal::Configuration | Refusal::Missing(_) | Refusal::IdConflict { .. } => false,
    }
}

/// What a conflict means to a plan that inserts what another may have inserted meanwhile: another attempt finds that.
pub(super) fn again_where_taken(conflict: &Refusal) -> Result<()> {
    match conflict {
        Refusal::UniqueConflict { .. } => Ok(()),
        Refusal::Configuration
        | Refusal::ResponseExists
        | Refusal::Missing(_)
        | Refusal::VersionConflict { .. }
        | Refusal::IdConflict { .. } => Err(unexpected(conflict)),
    }
}

/// The error for a conflict that no plan of this engine can meet.
pub(super) fn unexpected(conflict: &Refusal) -> Error {
    Error::internal(format!("the store refused {conflict:?}"))
}
