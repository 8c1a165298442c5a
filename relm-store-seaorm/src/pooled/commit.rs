//! Commits: a plan is run as one statement or in one transaction, again where others were in the way, and settled where
//! the connection broke.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use relm_core::record::{Document, Entry};
use relm_core::store::{Batch, CommitError, Lease, Refusal, Require, StoreError, Write};
use relm_core::value::id::{Id, Kind};

use super::barrier;
use super::error::{Cause, Failure};
use super::executor::Executor;
use super::statement::{Connected, document, id, scalar};
use crate::conflict::{Probe, questions};
use crate::dialect::Dialect;
use crate::plan::{Expect, Step, compile};
use crate::query::documents;
use crate::queue::{due, take, take_due};
use crate::rows::in_few_parts;
use crate::single_statement::single_statement;
use crate::sql::Sql;

/// How long a commit is tried while others are in the way.
const RETRY_MAX: Duration = Duration::from_secs(10);
/// The longest wait before another try.
const BACKOFF_MAX: Duration = Duration::from_millis(200);
/// Connections that may turn out to be broken, one after another, before the database counts as gone.
const LOST_MAX: u32 = 12;

/// How one try ended, where it did not apply the batch.
#[derive(Debug, thiserror::Error)]
enum CommitFailure {
    /// Nothing was done.
    #[error("nothing was done")]
    Undone(#[from] Failure),
    /// The connection broke, or no answer came, while the database was to make it so: nobody knows.
    #[error("nobody knows whether it was done")]
    InDoubt(#[source] Cause),
}

/// What has happened to a piece of work so far.
struct Tries {
    begun: Instant,
    tries: u32,
    lost: u32,
}

impl Tries {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            tries: 0,
            lost: 0,
        }
    }

    /// Waits, if the work may be tried again after this failure; gives the failure back if not.
    async fn again(&mut self, database: &Connected, failure: Failure) -> Result<(), Failure> {
        let worth_it = match &failure {
            Failure::Contention(_) | Failure::Unmet(_) => true,
            Failure::Lost(_) => {
                self.lost += 1;
                self.lost <= LOST_MAX
            }
            Failure::Unavailable(_)
            | Failure::Away(_)
            | Failure::Unwritable(..)
            | Failure::Fault(_) => false,
        };
        if !worth_it || self.begun.elapsed() > RETRY_MAX {
            return Err(match failure {
                Failure::Unmet(cause) => Failure::Contention(cause),
                other => other,
            });
        }
        if let Failure::Lost(_) = &failure {
            // One connection may be broken, or all of them.
            database.liveness.ask().await;
        }
        tokio::time::sleep(backoff(self.tries)).await;
        self.tries += 1;
        Ok(())
    }
}

/// At most twice as long with every try, at random so that those who met do not meet again.
fn backoff(tries: u32) -> Duration {
    let most = Duration::from_millis(2)
        .saturating_mul(1 << tries.min(10))
        .min(BACKOFF_MAX);
    let random = RandomState::new().hash_one(tries) % 1000;
    most.mul_f64(random as f64 / 1e3)
}

/// Applies a batch, wholly or not at all.
pub(super) async fn commit(database: &Connected, batch: &Batch) -> Result<(), CommitError> {
    if batch.requires.contains(&Require::Barrier) {
        let waited = barrier::wait(Executor::of_pool(database)).await;
        waited.map_err(Failure::into_store_error)?;
    }
    let plan = compile(database.dialect, batch);
    if plan.is_empty() {
        return Ok(());
    }
    let mut joined = match database.dialect {
        // On a connection that somebody left inside a transaction, a statement alone would be acknowledged and lost; `BEGIN` and
        // `COMMIT` around it are not. Our own pools leave none so.
        Dialect::Postgres if database.is_ours => single_statement(batch, &plan),
        Dialect::Postgres
        | Dialect::Sqlite
        | Dialect::MariaDb
        | Dialect::Galera
        | Dialect::MySql => None,
    };
    let mut tries = Tries::new();
    let mut doubt = None;
    loop {
        let tried = match &joined {
            Some(sql) => run_statement(database, sql).await,
            None => run_transaction(database, &plan).await,
        };
        let failure = match tried {
            Ok(()) => return Ok(()),
            Err(CommitFailure::Undone(Failure::Unmet(_))) => {
                match resolve_in_doubt(database, batch, doubt.is_some()).await {
                    Ok(Resolved::Applied) => return Ok(()),
                    // What is in doubt may still be under way.
                    Ok(Resolved::Refused(refusal)) => {
                        return Err(doubt.map_or(CommitError::Refused(refusal), ambiguous));
                    }
                    Ok(Resolved::Allowed) => {
                        // In one statement steps may have missed each other; in a transaction they do not.
                        joined = None;
                        Failure::Unmet(Cause::Said("the state moved while the batch was judged"))
                    }
                    Err(failure) => failure,
                }
            }
            Err(CommitFailure::Undone(failure)) => failure,
            Err(CommitFailure::InDoubt(cause)) if commit_marker(batch).is_none() => {
                return Err(ambiguous(cause));
            }
            Err(CommitFailure::InDoubt(cause)) => {
                doubt = Some(cause);
                Failure::Lost(Cause::Said(
                    "whether the batch was applied is to be found out",
                ))
            }
        };
        if let Err(failure) = tries.again(database, failure).await {
            return Err(match doubt {
                Some(cause) => ambiguous(cause),
                None => CommitError::Store(failure.into_store_error()),
            });
        }
    }
}

fn ambiguous(cause: Cause) -> CommitError {
    CommitError::Store(StoreError::ambiguous(cause))
}

/// One statement, which the database applies or undoes by itself.
async fn run_statement(database: &Connected, sql: &Sql) -> Result<(), CommitFailure> {
    match database.rows(&database.pool, sql).await {
        Ok(_) => Ok(()),
        Err(Failure::Lost(cause)) => Err(CommitFailure::InDoubt(cause)),
        Err(failure) => Err(failure.into()),
    }
}

/// All steps of a plan in one transaction.
async fn run_transaction(database: &Connected, plan: &[Step]) -> Result<(), CommitFailure> {
    let _turn = database.turn().await?;
    let transaction = database.begin().await?;
    if let Err(failure) = run_steps(Executor::within(database, &transaction), plan).await {
        if let Failure::Unmet(_) = failure {
            database.within(transaction.rollback()).await?;
        }
        return Err(failure.into());
    }
    database.liveness.check()?;
    match database.within(transaction.commit()).await {
        Ok(()) => Ok(()),
        // The database says that it undid the transaction.
        Err(failure @ Failure::Contention(_)) => Err(failure.into()),
        Err(failure) => Err(CommitFailure::InDoubt(failure.cause())),
    }
}

/// The steps of a plan, as far as they meet what they must.
pub(super) async fn run_steps(on: Executor<'_>, plan: &[Step]) -> Result<(), Failure> {
    for Step { sql, expect } in plan {
        let is_as_expected = match expect {
            Expect::Read(rows) => on.rows(sql).await?.len() == *rows,
            Expect::Touched(rows) => on.execute(sql).await? == *rows as u64,
            Expect::Any => {
                on.execute(sql).await?;
                true
            }
        };
        if !is_as_expected {
            let said = Cause::Said("a step met other rows than it must");
            return Err(Failure::Unmet(said));
        }
    }
    Ok(())
}

/// What the database says of a batch that met other rows than it must.
enum Resolved {
    /// An earlier try, of which nobody knew, had applied it.
    Applied,
    Refused(Refusal),
    /// Nothing forbids it now.
    Allowed,
}

async fn resolve_in_doubt(
    database: &Connected,
    batch: &Batch,
    doubt: bool,
) -> Result<Resolved, Failure> {
    let snapshot = database.snapshot().await?;
    if doubt && let Some(entry) = commit_marker(batch) {
        let id = entry.record.id();
        let sql = documents(batch.scope, id.kind(), &[id]);
        let kept = database.documents(&snapshot, &sql).await?;
        if kept
            .first()
            .is_some_and(|document| document.json == entry.json)
        {
            database.within(snapshot.commit()).await?;
            return Ok(Resolved::Applied);
        }
    }
    let refusal = diagnose(Executor::within(database, &snapshot), batch).await?;
    database.within(snapshot.commit()).await?;
    Ok(match refusal {
        Some(refusal) => Resolved::Refused(refusal),
        None => Resolved::Allowed,
    })
}

/// Why a batch met other rows than it must; none where nothing forbids it now.
pub(super) async fn diagnose(on: Executor<'_>, batch: &Batch) -> Result<Option<Refusal>, Failure> {
    let mut probe = Probe::default();
    for (topic, sql) in questions(batch) {
        let rows = on.rows(&sql).await?;
        let rows = rows.iter().map(|row| vec![scalar(row, 0), scalar(row, 1)]);
        probe.learn(&topic, rows.collect());
    }
    Ok(probe.refusal(batch))
}

/// What shows afterwards whether a batch was applied: an event of its own, whose id nobody else has and which nobody
/// deletes. The same batch tried again would insert it again, so that no batch with one is ever applied twice.
fn commit_marker(batch: &Batch) -> Option<&Entry> {
    batch.writes.iter().find_map(|write| match write {
        Write::Insert(entry) if entry.record.kind() == Kind::Event => Some(entry),
        Write::Insert(_)
        | Write::Replace { .. }
        | Write::Delete(_)
        | Write::Unlink(_)
        | Write::Reconfigure
        | Write::Remember(_)
        | Write::Forget { .. } => None,
    })
}

/// Takes the deliveries that a lease may have. One that is taken and not heard of is due again when the lease is over.
pub(super) async fn lease(
    database: &Connected,
    lease: &Lease,
) -> Result<Vec<Document>, StoreError> {
    let mut tries = Tries::new();
    loop {
        let taken = match database.dialect {
            Dialect::Postgres => take_leased(Executor::of_pool(database), lease).await,
            Dialect::Sqlite | Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
                lease_in_transaction(database, lease).await
            }
        };
        match taken {
            Ok(documents) => return Ok(documents),
            Err(failure) => {
                let failed = tries.again(database, failure).await;
                failed.map_err(Failure::into_store_error)?;
            }
        }
    }
}

async fn lease_in_transaction(
    database: &Connected,
    lease: &Lease,
) -> Result<Vec<Document>, Failure> {
    let _turn = database.turn().await?;
    let transaction = database.begin().await?;
    let leased = take_leased(Executor::within(database, &transaction), lease).await?;
    database.within(transaction.commit()).await?;
    Ok(leased)
}

/// Takes the deliveries that a lease may have: in one statement where the database has one for it, and otherwise in two or
/// more, of one transaction.
pub(super) async fn take_leased(on: Executor<'_>, lease: &Lease) -> Result<Vec<Document>, Failure> {
    if let Dialect::Postgres = on.dialect() {
        return take_by_range(on, lease).await;
    }
    let mut due = due(lease);
    due.push(on.dialect().update_lock());
    let due = on.documents(&due).await?;
    if !due.is_empty() {
        let ids: Vec<Id> = due.iter().map(|document| document.id).collect();
        // Not all of them need have room in one statement.
        for ids in in_few_parts(&ids) {
            on.execute(&take(lease, ids)).await?;
        }
    }
    Ok(due)
}

async fn take_by_range(on: Executor<'_>, lease: &Lease) -> Result<Vec<Document>, Failure> {
    let mut taken = Vec::new();
    let mut due: HashMap<Id, i64> = HashMap::new();
    for row in &on.rows(&take_due(lease)).await? {
        match row.try_get_by_index::<Option<i64>>(2)? {
            Some(moment) => {
                due.insert(id(row, 0)?, moment);
            }
            None => taken.push(document(row, 0)?),
        }
    }
    // What another made due while this waited for it has no moment here, and comes last.
    taken.sort_by_key(|document| due.get(&document.id).copied().unwrap_or(i64::MAX));
    taken.truncate(lease.limit);
    Ok(taken)
}

/// Does a read again where the connection that it was given turned out to be broken.
pub(super) async fn read<T, F>(
    database: &Connected,
    mut reading: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut tries = Tries::new();
    loop {
        match reading().await {
            Ok(read) => return Ok(read),
            Err(failure) => {
                let failed = tries.again(database, failure).await;
                failed.map_err(Failure::into_store_error)?;
            }
        }
    }
}
