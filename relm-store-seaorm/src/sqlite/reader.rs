//! Reads: each on a connection that is its own for as long as it takes.
//!
//! A point read or a page through an index takes tens of microseconds, less than a hop to another thread would cost:
//! it runs where it is called. What may walk a table (a pattern, a search) runs on a thread apart, so that no
//! executor waits for it.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use relm_core::PageSize;
use relm_core::query::filter::matches;
use relm_core::record::{Document, Record};
use relm_core::store::{Awaited, AwaitedQuery, Page, Query, Queue, StoreError};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Timestamp;
use rusqlite::{Connection, Row};

use super::connection::{begin_snapshot, each_row, end_snapshot, open_reader, rows, store_error};
use super::held_lock::HeldLock;
use crate::awaited::{NumberedAwaited, awaited_in_scopes, next_awaited};
use crate::query::ListPlan;
use crate::queue::next_queue;
use crate::scope_number::{NumberedQueue, Place, with_scopes, workspaces_of};
use crate::sql::Sql;

/// Connections that are kept for the next read.
const IDLE_MAX: usize = 8;
/// How long a read may take. One that walks a large table in vain must not hold its thread for ever.
const READ_MAX: Duration = Duration::from_secs(10);
/// SQLite's operations between two looks at the clock.
const OPERATIONS_BETWEEN: i32 = 10_000;
/// Rows that a list reads at a time when documents decide, by how many it may give.
const CHUNK_ROWS: RangeInclusive<usize> = 256..=1_024;

/// Connections that cannot write, opened as they are needed.
pub(super) struct Readers {
    path: PathBuf,
    cache_kib: usize,
    idle: Mutex<Vec<Connection>>,
    /// The lock that they share.
    lock: Arc<HeldLock>,
}

impl Readers {
    /// Readers whose page caches are of so many KiB each.
    pub fn new(path: PathBuf, cache_kib: usize, lock: Arc<HeldLock>) -> Self {
        Self {
            path,
            cache_kib,
            idle: Mutex::default(),
            lock,
        }
    }

    /// Reads on a connection of its own.
    pub fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self.take()?;
        // After an error the connection is dropped: whatever state it is in goes with it.
        let result = read(&connection).map_err(store_error)?;
        self.give_back(connection);
        Ok(result)
    }

    /// The same of one statement or of several, which see one moment.
    pub fn with_all<T>(
        &self,
        is_one_statement: bool,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.with(|connection| match is_one_statement {
            true => read(connection),
            false => snapshot(connection, read),
        })
    }

    /// A connection for one read, which may take its time from now on.
    pub fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle().pop();
        #[allow(
            unused_mut,
            reason = "the oldest rusqlite that will do shares it with its handler"
        )]
        let mut connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path, self.cache_kib).map_err(StoreError::unavailable)?,
        };
        let begun = Instant::now();
        self.lock.read(begun);
        let is_over = move || begun.elapsed() > READ_MAX;
        connection
            .progress_handler(OPERATIONS_BETWEEN, Some(is_over))
            .map_err(store_error)?;
        Ok(connection)
    }

    /// Keeps a connection, on which nothing is under way, for the next read.
    pub fn give_back(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Several statements that see one moment.
pub(super) fn snapshot<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    begin_snapshot(connection)?;
    let result = read(connection);
    end_snapshot(connection)?;
    result
}

/// A row of `id, doc`.
pub(super) fn document(row: &Row<'_>) -> rusqlite::Result<Option<Document>> {
    let id = Id::parse(row.get_ref(0)?.as_str()?);
    let json = row.get_ref(1)?.as_str()?;
    Ok(id.map(|id| Document {
        id,
        json: json.into(),
    }))
}

pub(super) fn read_documents(
    connection: &Connection,
    sql: &Sql,
) -> rusqlite::Result<Vec<Document>> {
    Ok(rows(connection, sql, document)?
        .into_iter()
        .flatten()
        .collect())
}

/// A row of `ulid, kind`.
fn candidate(row: &Row<'_>) -> rusqlite::Result<Option<Id>> {
    let ulid = row.get_ref(0)?.as_str()?;
    let kind = row.get_ref(1)?.as_str()?;
    Ok(Id::from_parts(kind, ulid))
}

pub(super) fn read_candidates(connection: &Connection, sql: &Sql) -> rusqlite::Result<Vec<Id>> {
    Ok(rows(connection, sql, candidate)?
        .into_iter()
        .flatten()
        .collect())
}

/// Reads documents one by one, `id, doc`, for as long as the reader goes on.
pub(super) fn each_document(
    connection: &Connection,
    sql: &Sql,
    mut see: impl FnMut(Document) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<ControlFlow<()>> {
    each_row(connection, sql, |row| match document(row)? {
        Some(document) => see(document),
        None => Ok(ControlFlow::Continue(())),
    })
}

/// The end of a read that judges documents: SQLite looks at the clock between its own operations alone.
pub(super) struct Deadline(Instant);

impl Deadline {
    pub fn new() -> Self {
        Self(Instant::now() + READ_MAX)
    }

    pub fn check(&self) -> rusqlite::Result<()> {
        if Instant::now() < self.0 {
            return Ok(());
        }
        let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
        Err(rusqlite::Error::SqliteFailure(interrupted, None))
    }
}

/// One page of a list.
pub(super) fn list(
    connection: &Connection,
    plan: &ListPlan<'_>,
    query: &Query,
) -> rusqlite::Result<Page> {
    let mut size = PageSize::new(query.limit);
    let mut documents = Vec::new();
    let mut add = |document: Document| {
        if !size.takes(document.json.len()) {
            return ControlFlow::Break(());
        }
        documents.push(document);
        ControlFlow::Continue(())
    };
    if plan.residual.is_empty() {
        let rows = plan.rows(query.after, query.limit.saturating_add(1));
        let _ = each_document(connection, &rows, |document| Ok(add(document)))?;
    } else {
        snapshot(connection, |connection| walk(connection, plan, query, add))?;
    }
    Ok(Page {
        documents,
        more: size.more(),
    })
}

/// Walks a list in chunks, showing what the clauses that SQL left undecided accept, for as long as it is wanted.
fn walk(
    connection: &Connection,
    plan: &ListPlan<'_>,
    query: &Query,
    mut add: impl FnMut(Document) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    let chunk = query.limit.saturating_add(1);
    let chunk = chunk.clamp(*CHUNK_ROWS.start(), *CHUNK_ROWS.end());
    let deadline = Deadline::new();
    let mut after = query.after;
    loop {
        let (sql, candidates) = match plan.candidates(after, chunk) {
            Some(sql) => {
                let candidates = read_candidates(connection, &sql)?;
                (plan.rows_of(&candidates), Some(candidates))
            }
            None => (plan.rows(after, chunk), None),
        };
        let (mut last, mut rows) = (None, 0);
        let judged = each_document(connection, &sql, |document| {
            deadline.check()?;
            last = Some(document.id);
            rows += 1;
            Ok(match accepts(plan, query.kind, &document) {
                true => add(document),
                false => ControlFlow::Continue(()),
            })
        })?;
        if let Some(candidates) = candidates {
            last = candidates.last().copied();
            rows = candidates.len();
        }
        if judged.is_break() || rows < chunk {
            return Ok(());
        }
        after = last;
    }
}

fn accepts(plan: &ListPlan<'_>, kind: Kind, document: &Document) -> bool {
    Record::from_json(kind, &document.json).is_ok_and(|record| matches(&plan.residual, &record))
}

/// The queues after this place.
pub(super) fn queues(
    connection: &Connection,
    mut after: Option<Place>,
    limit: usize,
) -> rusqlite::Result<Vec<Queue>> {
    let mut queues = Vec::new();
    // A queue of no workspace leaves its place to another.
    while queues.len() < limit {
        let mut page: Vec<NumberedQueue> = Vec::new();
        while page.len() < limit - queues.len()
            && let Some(queue) = rows(connection, &next_queue(after), numbered_queue)?.pop()
        {
            after = Some(queue.place);
            page.push(queue);
        }
        if page.is_empty() {
            break;
        }
        let mut workspaces = Vec::new();
        for sql in workspaces_of(page.iter().map(|queue| queue.place.scope)) {
            workspaces.extend(rows(connection, &sql, |row| id(row, 0))?);
        }
        queues.extend(with_scopes(&page, &workspaces));
    }
    Ok(queues)
}

/// What waits for the moments of a query.
pub(super) fn awaited(
    connection: &Connection,
    query: &AwaitedQuery,
) -> rusqlite::Result<Vec<Awaited>> {
    let (mut awaited, mut after) = (Vec::new(), query.after.map(NumberedAwaited::from));
    loop {
        let left = query.limit - awaited.len();
        let page = rows(connection, &next_awaited(query, after, left), |row| {
            Ok(NumberedAwaited {
                at: Timestamp::from_millis(row.get(0)?),
                scope: row.get(1)?,
                id: id(row, 2)?,
            })
        })?;
        let mut workspaces = Vec::new();
        for sql in workspaces_of(page.iter().map(|it| it.scope)) {
            workspaces.extend(rows(connection, &sql, |row| id(row, 0))?);
        }
        awaited.extend(awaited_in_scopes(&page, &workspaces));
        // What is of no workspace leaves its place to another.
        match page.last() {
            Some(last) if page.len() == left && awaited.len() < query.limit => after = Some(*last),
            Some(_) | None => return Ok(awaited),
        }
    }
}

/// A row of `scope, webhook_id, next_attempt_at`.
fn numbered_queue(row: &Row<'_>) -> rusqlite::Result<NumberedQueue> {
    let (scope, webhook) = (row.get(0)?, id(row, 1)?);
    Ok(NumberedQueue {
        place: Place { scope, webhook },
        due_at: Timestamp::from_millis(row.get(2)?),
    })
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Id> {
    Id::parse(row.get_ref(column)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)
}
