//! The one thread that writes: it takes every batch that waits, applies each on its own, and commits once for all.
//!
//! A commit's cost is its `fdatasync`, and that is the same for one batch and for a hundred. The writer never waits for
//! company: what has arrived while the last commit was on its way to the disk makes the next group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use futures_channel::oneshot;
use relm_core::record::Document;
use relm_core::store::{Batch, CommitError, Lease, StoreError};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;
use rusqlite::Connection;

use super::connection::{
    execute, is_constraint, is_transient, rows, scalars, store_error, why_unwritable,
};
use super::reader::read_documents;
use crate::conflict::{Probe, questions};
use crate::dialect::Dialect;
use crate::log;
use crate::plan::{Expect, Step};
use crate::queue::{due, take};
use crate::rows::in_shapes;
use crate::scope_number::scope_number;

/// Batches of one group: enough to spread a sync thin, few enough that the first does not wait long for the last.
pub(super) const GROUP_MAX: usize = 128;
/// Values that a group binds, about those of a quarter as many rows, beyond which no further batch joins it: everybody waits for a group,
/// and a batch may have as many by itself.
pub(super) const GROUP_VALUES_MAX: usize = 100_000;

/// Groups after a refusal whose batches get savepoints. A savepoint copies every page that its batch then changes, which
/// costs a create a third; without one, a refusal undoes the whole group, which is then written again.
const CAUTIOUS_GROUPS: usize = 16;

/// One piece of work on its way through the writer.
pub(super) struct Job {
    pub work: Work,
    pub answer: oneshot::Sender<Answer>,
}

/// What came of a job; the documents are those of a lease.
pub(super) type Answer = Result<Vec<Document>, CommitError>;

/// What is written.
pub(super) enum Work {
    Commit {
        plan: Vec<Step>,
        batch: Batch,
    },
    Lease(Lease),
    /// The events of this scope that wait for a number.
    Number(Scope),
}

impl Work {
    /// How many values its statements bind, which is what a commit takes time for.
    fn values(&self) -> usize {
        match self {
            Self::Commit { plan, .. } => plan.iter().map(|step| step.sql.values.len()).sum(),
            Self::Lease(_) | Self::Number(_) => 0,
        }
    }
}

/// Writes until every sender is gone. `committed` hears of each commit.
pub(super) fn run(connection: &Connection, jobs: &Receiver<Job>, committed: &Sender<()>) {
    let mut caution = 0;
    while let Ok(first) = jobs.recv() {
        let mut group = gather(first, jobs);
        // What nobody waits for any more, and was not begun, is not worth anybody's time.
        group.retain(|job| !job.answer.is_canceled());
        if group.is_empty() {
            continue;
        }
        // Whoever waits for an answer that a panic took with it hears that nobody can know.
        let written = catch_unwind(AssertUnwindSafe(|| write(connection, group, &mut caution)));
        if written.is_err() {
            tracing::error!("the writer panicked; what it was writing is undone");
            let _ = connection.execute_batch("ROLLBACK");
        }
        // The checkpointer may be gone when the store is being closed.
        let _ = committed.send(());
    }
}

/// The first job, and those that wait behind it, as many as one commit is to hold.
pub(super) fn gather(first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
    let mut values = first.work.values();
    let mut group = vec![first];
    while group.len() < GROUP_MAX && values < GROUP_VALUES_MAX {
        match jobs.try_recv() {
            Ok(job) => {
                values += job.work.values();
                group.push(job);
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    group
}

fn write(connection: &Connection, group: Vec<Job>, caution: &mut usize) {
    let results = match attempt(connection, &group, caution) {
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
#[derive(Debug, thiserror::Error)]
pub(super) enum GroupError {
    /// Before the commit: nothing was applied.
    #[error("before the commit: {0}")]
    Before(#[source] rusqlite::Error),
    /// In the commit: a log that was written in part may be found whole after a crash.
    #[error("in the commit: {0}")]
    Committing(#[source] rusqlite::Error),
}

impl GroupError {
    /// What each caller of the group hears. One error cannot be answered to many: they hear its words.
    pub fn answer(&self) -> StoreError {
        match self {
            Self::Before(error) => said(error),
            // The frame that makes a transaction whole is the last one that is written, and what SQLite has no room for it
            // does not write: https://sqlite.org/walformat.html#the_checksum_algorithm
            Self::Committing(error) if why_unwritable(error).is_some() => said(error),
            Self::Committing(error) => StoreError::ambiguous(error.to_string()),
        }
    }
}

/// An error's meaning and words.
fn said(error: &rusqlite::Error) -> StoreError {
    let words = error.to_string();
    match why_unwritable(error) {
        Some(why) => StoreError::unwritable(why, words),
        None if is_transient(error) => StoreError::unavailable(words),
        None => StoreError::fault(words),
    }
}

/// Applies each batch of a group, and commits those that were not refused.
fn attempt(
    connection: &Connection,
    group: &[Job],
    caution: &mut usize,
) -> Result<Vec<Answer>, GroupError> {
    let applied = match *caution {
        0 => apply_together(connection, group),
        _ => Ok(None),
    };
    let applied = match applied.map_err(GroupError::Before)? {
        Some(applied) => applied,
        None => {
            *caution = caution.checked_sub(1).unwrap_or(CAUTIOUS_GROUPS);
            apply_apart(connection, group).map_err(GroupError::Before)?
        }
    };
    let commit = connection.prepare_cached("COMMIT");
    commit
        .and_then(|mut commit| commit.execute([]))
        .map_err(GroupError::Committing)?;
    Ok(applied)
}

/// Does all of a group in one transaction, or none of it where any of it is refused or fails: which one, and why, the
/// savepoints of [`apply_apart`] tell.
fn apply_together(connection: &Connection, group: &[Job]) -> rusqlite::Result<Option<Vec<Answer>>> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut answers = Vec::with_capacity(group.len());
    for job in group {
        let Ok(Some(documents)) = carry_out(connection, &job.work) else {
            if !connection.is_autocommit() {
                connection.prepare_cached("ROLLBACK")?.execute([])?;
            }
            return Ok(None);
        };
        answers.push(Ok(documents));
    }
    Ok(Some(answers))
}

/// Does each piece of work of a group under a savepoint of its own, so that a refusal is one caller's.
fn apply_apart(connection: &Connection, group: &[Job]) -> rusqlite::Result<Vec<Answer>> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    group
        .iter()
        .map(|job| apply(connection, &job.work))
        .collect()
}

/// The documents of a lease, or none of a commit or of numbers; none at all where the plan met other rows than it must.
fn carry_out(connection: &Connection, work: &Work) -> rusqlite::Result<Option<Vec<Document>>> {
    match work {
        Work::Commit { plan, .. } => run_plan(connection, plan).map(|met| met.then(Vec::new)),
        Work::Lease(lease) => take_due(connection, lease).map(Some),
        Work::Number(scope) => number(connection, *scope).map(|()| Some(Vec::new())),
    }
}

/// Does one piece of work under its own savepoint.
fn apply(connection: &Connection, work: &Work) -> rusqlite::Result<Answer> {
    connection.prepare_cached("SAVEPOINT batch")?.execute([])?;
    let result = match (carry_out(connection, work), work) {
        (Ok(Some(documents)), _) => Ok(documents),
        (Ok(None), Work::Commit { batch, .. }) => {
            undo(connection)?;
            Err(diagnose(connection, batch)?)
        }
        (Err(error), Work::Commit { batch, .. }) if is_constraint(&error) => {
            undo(connection)?;
            Err(diagnose(connection, batch)?)
        }
        (Ok(None), Work::Lease(_) | Work::Number(_)) => Ok(Vec::new()),
        // As long as SQLite keeps the transaction open, what befell this batch is its own.
        (Err(error), _) if !connection.is_autocommit() => {
            undo(connection)?;
            Err(CommitError::Store(store_error(error)))
        }
        (Err(error), _) => return Err(error),
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

fn take_due(connection: &Connection, lease: &Lease) -> rusqlite::Result<Vec<Document>> {
    let documents = read_documents(connection, &due(lease))?;
    let taken: Vec<Id> = documents.iter().map(|document| document.id).collect();
    for part in in_shapes(&taken) {
        execute(connection, &take(lease, part))?;
    }
    Ok(documents)
}

fn number(connection: &Connection, scope: Scope) -> rusqlite::Result<()> {
    let scope = scope_number(scope);
    execute(connection, &log::lock(Dialect::Sqlite, scope))?;
    for sql in log::number(Dialect::Sqlite, scope) {
        execute(connection, &sql)?;
    }
    Ok(())
}

fn diagnose(connection: &Connection, batch: &Batch) -> rusqlite::Result<CommitError> {
    let mut probe = Probe::default();
    for (topic, sql) in questions(batch) {
        probe.learn(&topic, rows(connection, &sql, scalars)?);
    }
    Ok(match probe.refusal(batch) {
        Some(refusal) => CommitError::Refused(refusal),
        None => CommitError::Store(StoreError::fault(
            "a batch that breaks no precondition was not applied",
        )),
    })
}
