//! The one thread that writes: it takes every batch that waits, applies each on its own, and commits once for all.
//!
//! A commit's cost is its `fdatasync`, and that is the same for one batch and for a hundred. The writer never waits for
//! company: what has arrived while the last commit was on its way to the disk makes the next group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use futures_channel::oneshot;
use relm_core::store::{Batch, CommitError, StoreError};
use rusqlite::Connection;

use super::connection::{execute, is_constraint, is_transient, rows, scalars, store_error};
use crate::explain::{Inquiry, questions};
use crate::plan::{Expect, Step};

/// Batches of one group: enough to spread a sync thin, few enough that the first does not wait long for the last.
const GROUP_MAX: usize = 128;

/// One batch on its way through the writer.
pub(super) struct Job {
    pub plan: Vec<Step>,
    pub batch: Batch,
    pub answer: oneshot::Sender<Result<(), CommitError>>,
}

/// Writes until every sender is gone. `committed` hears of each commit.
pub(super) fn run(connection: &Connection, jobs: &Receiver<Job>, committed: &Sender<()>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        // Whoever waits for an answer that a panic took with it hears that nobody can know.
        let written = catch_unwind(AssertUnwindSafe(|| write(connection, group)));
        if written.is_err() {
            tracing::error!("the writer panicked; what it was writing is undone");
            let _ = connection.execute_batch("ROLLBACK");
        }
        // The checkpointer may be gone when the store is being closed.
        let _ = committed.send(());
    }
}

fn write(connection: &Connection, group: Vec<Job>) {
    let results = match attempt(connection, &group) {
        Ok(results) => results,
        Err(failed) => {
            let _ = connection.execute_batch("ROLLBACK");
            group.iter().map(|_| Err(failed.answer().into())).collect()
        }
    };
    for (job, result) in group.into_iter().zip(results) {
        // A caller that went away does not take its commit with it.
        let _ = job.answer.send(result);
    }
}

/// Why a group was not committed.
enum Failed {
    /// Before the commit: nothing was applied.
    Before(rusqlite::Error),
    /// In the commit: a log that was written in part may be found whole after a crash.
    Committing(rusqlite::Error),
}

impl Failed {
    /// What each caller of the group hears. One error cannot be answered to many: they hear its words.
    fn answer(&self) -> StoreError {
        match self {
            Self::Before(error) if is_transient(error) => {
                StoreError::unavailable(error.to_string())
            }
            Self::Before(error) => StoreError::fault(error.to_string()),
            Self::Committing(error) => StoreError::ambiguous(error.to_string()),
        }
    }
}

/// Applies each batch of a group, and commits those that were not refused.
fn attempt(connection: &Connection, group: &[Job]) -> Result<Vec<Result<(), CommitError>>, Failed> {
    let applied = apply_all(connection, group).map_err(Failed::Before)?;
    let commit = connection.prepare_cached("COMMIT");
    commit
        .and_then(|mut commit| commit.execute([]))
        .map_err(Failed::Committing)?;
    Ok(applied)
}

fn apply_all(
    connection: &Connection,
    group: &[Job],
) -> rusqlite::Result<Vec<Result<(), CommitError>>> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    group.iter().map(|job| apply(connection, job)).collect()
}

/// Applies one batch under its own savepoint.
fn apply(connection: &Connection, job: &Job) -> rusqlite::Result<Result<(), CommitError>> {
    connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
    let applied = run_plan(connection, &job.plan);
    let result = match applied {
        Ok(true) => Ok(()),
        Ok(false) => {
            undo(connection)?;
            Err(explain(connection, &job.batch)?)
        }
        Err(error) if is_constraint(&error) => {
            undo(connection)?;
            Err(explain(connection, &job.batch)?)
        }
        // As long as SQLite keeps the transaction open, what befell this batch is its own.
        Err(error) if !connection.is_autocommit() => {
            undo(connection)?;
            Err(CommitError::Store(store_error(error)))
        }
        Err(error) => return Err(error),
    };
    connection.prepare_cached("RELEASE batch")?.execute([])?;
    Ok(result)
}

fn undo(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("ROLLBACK TO batch")?
        .execute([])?;
    Ok(())
}

/// Whether every step of a plan met the rows that it must.
fn run_plan(connection: &Connection, plan: &[Step]) -> rusqlite::Result<bool> {
    for Step { sql, expect } in plan {
        let met = match expect {
            Expect::Read(expected) => rows(connection, sql, |_| Ok(()))?.len() == *expected,
            Expect::Touched(expected) => execute(connection, sql)? == *expected,
            Expect::Any => {
                execute(connection, sql)?;
                true
            }
        };
        if !met {
            return Ok(false);
        }
    }
    Ok(true)
}

fn explain(connection: &Connection, batch: &Batch) -> rusqlite::Result<CommitError> {
    let mut inquiry = Inquiry::default();
    for (topic, sql) in questions(batch) {
        inquiry.learn(&topic, rows(connection, &sql, scalars)?);
    }
    Ok(match inquiry.refusal(batch) {
        Some(refusal) => CommitError::Refused(refusal),
        None => CommitError::Store(StoreError::fault(
            "a batch that breaks no precondition was not applied",
        )),
    })
}
