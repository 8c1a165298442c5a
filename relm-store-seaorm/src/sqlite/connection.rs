//! One connection: opened with the right pragmas, running statements, reading rows.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;

use relm_core::record::column::ColumnValue;
use relm_core::store::{StoreError, Unwritable};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, ToSql};

use super::options::Synchronous;
use crate::sql::{Sql, Value};

/// How long a statement waits for another process that writes to the same file.
const BUSY_TIMEOUT_MS: u32 = 5_000;
/// Statements that a connection keeps prepared.
const STATEMENTS_CACHED: usize = 128;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: usize = 16 * 1024;

/// Opens the one connection that writes.
pub(super) fn open_writer(path: &Path, synchronous: Synchronous) -> rusqlite::Result<Connection> {
    make_private(path);
    let connection = Connection::open(path)?;
    let synchronous = match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    // Checkpoints are another thread's work: inline, one is the whole tail of a create's latency.
    connection.execute_batch(&format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
         PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -{WRITER_CACHE_KIB}; PRAGMA temp_store = MEMORY"
    ))?;
    keep_prepared(&connection)?;
    Ok(connection)
}

/// Whether a database has a write-ahead log: one in memory has none, and neither has one on a file system without shared memory.
pub(super) fn has_log(connection: &Connection) -> rusqlite::Result<bool> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal")
}

/// Makes the file where there is none, for nobody but its owner: it holds people, digests of keys, and secrets. SQLite gives the files
/// beside it the same rights. Why it cannot be made, SQLite says when it opens it.
fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = std::fs::File::options();
        let _ = options.write(true).create_new(true).mode(0o600).open(path);
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Opens a connection that cannot write, with a page cache of so many KiB.
pub(super) fn open_reader(path: &Path, cache_kib: usize) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA query_only = ON; \
         PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = MEMORY"
    ))?;
    keep_prepared(&connection)?;
    Ok(connection)
}

/// Has statements prepared once. Unless it is told that plans must not depend on bound values, SQLite prepares a
/// statement with a range or a pattern anew whenever a value changes: https://sqlite.org/queryplanner-ng.html#qpsg
fn keep_prepared(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(None) | Self::Text(None) => ValueRef::Null,
            Self::Integer(Some(value)) => ValueRef::Integer(*value),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Has all statements until [`end_snapshot`] see the moment of the first.
pub(super) fn begin_snapshot(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN")?.execute([]).map(drop)
}

pub(super) fn end_snapshot(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("COMMIT")?.execute([]).map(drop)
}

/// Runs a write; the number of rows that it touched.
pub(super) fn execute(connection: &Connection, sql: &Sql) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    statement.execute(rusqlite::params_from_iter(&sql.values))
}

/// Runs a read; what `read` makes of each row.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &Sql,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut all = Vec::new();
    let _ = each_row(connection, sql, |row| {
        all.push(read(row)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(all)
}

/// Reads row by row, for as long as the reader goes on: what comes after is never stepped to. Whether it went on to the
/// end.
pub(super) fn each_row(
    connection: &Connection,
    sql: &Sql,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<ControlFlow<()>> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    let mut rows = statement.query(rusqlite::params_from_iter(&sql.values))?;
    while let Some(row) = rows.next()? {
        if read(row)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// A row of integers and texts.
pub(super) fn scalars(row: &Row<'_>) -> rusqlite::Result<Vec<Option<ColumnValue<'static>>>> {
    (0..row.as_ref().column_count())
        .map(|column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Integer(value) => Some(ColumnValue::Integer(value)),
                ValueRef::Text(text) => {
                    let text = String::from_utf8_lossy(text).into_owned();
                    Some(ColumnValue::Text(Cow::Owned(text)))
                }
                ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
            })
        })
        .collect()
}

/// What a failure of SQLite means to the engine.
pub(super) fn store_error(error: rusqlite::Error) -> StoreError {
    match why_unwritable(&error) {
        Some(why) => StoreError::unwritable(why, error),
        None if is_transient(&error) => StoreError::unavailable(error),
        None => StoreError::fault(error),
    }
}

/// Why nothing can be written, where that is what an error says.
pub(super) fn why_unwritable(error: &rusqlite::Error) -> Option<Unwritable> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Some(Unwritable::DiskFull),
        Some(ErrorCode::ReadOnly) => Some(Unwritable::ReadOnly),
        Some(_) | None => None,
    }
}

/// Whether the same call may succeed later.
pub(super) fn is_transient(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::OperationInterrupted
                | ErrorCode::OutOfMemory
        )
    )
}

/// Whether a write met a key that is taken.
pub(super) fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
