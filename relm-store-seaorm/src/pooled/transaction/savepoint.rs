//! Changes within a transaction that goes on whatever becomes of them: each between a savepoint and its release.

use std::future::Future;

use relm_core::record::Document;
use relm_core::store::{Batch, Lease, Refusal, Require, StoreError, TransactionFailure};

use super::shared::State;
use super::undone;
use crate::dialect::Dialect;
use crate::plan::compile;
use crate::pooled::barrier;
use crate::pooled::commit::{diagnose, run_steps, take_leased};
use crate::pooled::error::Failure;
use crate::pooled::executor::Executor;
use crate::single_statement::single_statement;

/// Sets the savepoint, and fails where there is no transaction any more. The MySQL family has a savepoint set outside of one,
/// and forgets it at once: going back to it tells.
const SET: &str = "SAVEPOINT relm; ROLLBACK TO SAVEPOINT relm";
const RELEASE: &str = "RELEASE SAVEPOINT relm";
const UNDO: &str = "ROLLBACK TO SAVEPOINT relm; RELEASE SAVEPOINT relm";
/// Fails where there is no transaction any more, or where PostgreSQL will not commit it.
pub(super) const IS_THERE: &str =
    "SAVEPOINT relm; ROLLBACK TO SAVEPOINT relm; RELEASE SAVEPOINT relm";

/// Why something within a transaction was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    /// It alone was undone.
    #[error("the call was undone")]
    Call(#[source] Failure),
    /// The transaction is undone with it.
    #[error("the transaction is undone")]
    Transaction(#[source] Failure),
}

/// A statement that failed outside of a savepoint.
impl From<Failure> for Interrupted {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(_) => Self::Transaction(failure),
            failure => Self::Call(failure),
        }
    }
}

impl Interrupted {
    /// What the engine hears, and what is known of the transaction from now on.
    pub fn into_store_error(self, state: &mut State) -> StoreError {
        match self {
            Self::Transaction(failure) => {
                *state = State::Undone;
                undone(failure.cause())
            }
            // The state moved while the batch was judged.
            Self::Call(Failure::Contention(cause) | Failure::Unmet(cause)) => {
                StoreError::transaction(TransactionFailure::Conflict, cause)
            }
            Self::Call(failure) => failure.into_store_error(),
        }
    }
}

/// Does something that takes several statements: all of it, or nothing.
async fn in_savepoint<T>(
    on: Executor<'_>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Interrupted> {
    on.control(SET).await.map_err(Interrupted::Transaction)?;
    let failure = match work.await {
        Ok(done) => {
            let released = on.control(RELEASE).await;
            released.map_err(Interrupted::Transaction)?;
            return Ok(done);
        }
        // Nobody knows what the connection is at.
        Err(failure @ Failure::Lost(_)) => return Err(Interrupted::Transaction(failure)),
        Err(failure) => failure,
    };
    // The victim of a deadlock has no savepoint any more where the database undoes all of it.
    Err(match on.control(UNDO).await {
        Ok(()) => Interrupted::Call(failure),
        Err(_) => Interrupted::Transaction(failure),
    })
}

/// The same of a read that writes: a transaction that is undone with it is as one whose connection is lost.
pub(in crate::pooled) async fn whole<T>(
    on: Executor<'_>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    in_savepoint(on, work)
        .await
        .map_err(|interrupted| match interrupted {
            Interrupted::Call(failure) => failure,
            Interrupted::Transaction(failure) => Failure::Lost(failure.cause()),
        })
}

/// Applies a batch in a transaction, wholly or not at all.
pub(super) async fn commit(
    on: Executor<'_>,
    batch: &Batch,
) -> Result<Result<(), Refusal>, Interrupted> {
    if batch.requires.contains(&Require::Barrier) {
        barrier::wait(on).await?;
    }
    let plan = compile(on.dialect(), batch);
    if plan.is_empty() {
        return Ok(Ok(()));
    }
    let mut joined = match on.dialect() {
        Dialect::Postgres => single_statement(batch, &plan),
        Dialect::Sqlite | Dialect::MariaDb | Dialect::Galera | Dialect::MySql => None,
    };
    loop {
        let applied = in_savepoint(on, async {
            match &joined {
                Some(sql) => on.rows(sql).await.map(drop),
                None => run_steps(on, &plan).await,
            }
        });
        let unmet = match applied.await {
            Ok(()) => return Ok(Ok(())),
            Err(Interrupted::Call(failure @ Failure::Unmet(_))) => failure,
            Err(interrupted) => return Err(interrupted),
        };
        match in_savepoint(on, diagnose(on, batch)).await? {
            Some(refusal) => return Ok(Err(refusal)),
            // In one statement steps may have missed each other; one after another they do not.
            None if joined.take().is_some() => {}
            None => return Err(Interrupted::Call(unmet)),
        }
    }
}

/// Takes deliveries in a transaction.
pub(super) async fn lease(on: Executor<'_>, lease: &Lease) -> Result<Vec<Document>, Interrupted> {
    in_savepoint(on, take_leased(on, lease)).await
}
