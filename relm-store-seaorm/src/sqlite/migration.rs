//! Migrations over the connection that writes.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::connection::{execute, rows, scalars};
use crate::dialect::Dialect;
use crate::migration::{self, KNOWN, Rows, Session, SessionError, Why};
use crate::open_error::{OpenError, check_version};
use crate::sql::Sql;

/// Pages of the write-ahead log that a migration lets it have before they are copied into the file.
const LOG_PAGES_MAX: i64 = 8_192;

/// Looks at a file without changing it. One that is behind is refused where it may not `migrate`.
pub(super) fn check(path: &Path, migrate: bool) -> Result<(), OpenError> {
    check_version(taken(path)? as i64, KNOWN as i64, migrate)
}

/// How many steps the database in a file has taken, 0 where it is empty or not there.
fn taken(path: &Path) -> Result<usize, OpenError> {
    if !path.exists() {
        return Ok(0);
    }
    taken_of(&Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE,
    )?)
}

/// Looks at a database that is open, as [`check`] does; how many steps it has taken, 0 where it is empty.
pub(super) fn check_open(connection: &Connection, migrate: bool) -> Result<usize, OpenError> {
    let taken = taken_of(connection)?;
    check_version(taken as i64, KNOWN as i64, migrate)?;
    Ok(taken)
}

fn taken_of(connection: &Connection) -> Result<usize, OpenError> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let found = at_once(migration::read_state(&mut Embedded(connection)))?;
    if tables > 0 && found.is_nothing() {
        return Err(OpenError::Foreign(None));
    }
    Ok(found.taken())
}

/// Takes the steps that are missing. Processes that open one file together wait for each other. The log is copied into the file as it
/// grows: nobody else does that yet.
pub(super) fn run(connection: &Connection) -> Result<(), OpenError> {
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
    at_once(migration::run(&mut Embedded(connection), KNOWN))?;
    Ok(connection.pragma_update(None, "wal_autocheckpoint", 0)?)
}

/// What a future comes to that waits for nothing: nothing here leaves the thread.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

pub(super) struct Embedded<'c>(pub(super) &'c Connection);

impl Session for Embedded<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn begin(&mut self) -> Result<(), SessionError> {
        Ok(self.0.execute_batch("BEGIN IMMEDIATE")?)
    }

    async fn commit(&mut self) -> Result<(), SessionError> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    async fn rollback(&mut self) {
        if !self.0.is_autocommit() {
            // SQLite undoes what a connection has begun when that is closed.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }

    async fn execute(&mut self, sql: &Sql) -> Result<(), SessionError> {
        execute(self.0, sql)?;
        Ok(())
    }

    async fn rows(&mut self, sql: &Sql) -> Result<Rows, SessionError> {
        Ok(rows(self.0, sql, scalars)?)
    }

    async fn pause(&mut self, pause: Duration) {
        thread::sleep(pause);
    }
}

impl From<rusqlite::Error> for SessionError {
    /// A connection has waited for others by the time that it fails.
    fn from(error: rusqlite::Error) -> Self {
        Self {
            why: Why::Other,
            source: error.into(),
        }
    }
}
