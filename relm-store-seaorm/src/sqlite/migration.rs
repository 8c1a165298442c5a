//! Brings a database's tables up to date, step by step, and refuses what it does not know.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use crate::dialect::Dialect;
use crate::schema::{KNOWN, MIGRATIONS, STEPS};

/// Looks at a file without changing it. One that is behind is refused where it may not `migrate`.
pub(super) fn check(path: &Path, migrate: bool) -> Result<(), OpenError> {
    let known = KNOWN;
    let found = match taken(path)? {
        Some(found) => found,
        None => return Err(OpenError::Foreign),
    };
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if found < known && !migrate {
        return Err(OpenError::Behind { found, known });
    }
    Ok(())
}

/// How many steps the database in a file has taken, 0 where it is empty or not there; none where it is not Relm's.
fn taken(path: &Path) -> Result<Option<i64>, OpenError> {
    if !path.exists() {
        return Ok(Some(0));
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Some(0));
    }
    version(&connection)
}

/// Takes the steps that are missing, all of them or none. Processes that open one file together wait for each other.
pub(super) fn run(connection: &Connection) -> Result<(), OpenError> {
    if version(connection)? == Some(KNOWN) {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    match take_steps(connection) {
        Ok(()) => Ok(connection.execute_batch("COMMIT")?),
        Err(error) => {
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

fn take_steps(connection: &Connection) -> Result<(), OpenError> {
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {MIGRATIONS} (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)"
    ))?;
    let taken = version(connection)?.unwrap_or(0);
    for (number, step) in (1_i64..).zip(STEPS) {
        if number > taken {
            connection.execute_batch(&Dialect::Sqlite.ddl(step))?;
            connection.execute(
                &format!("INSERT INTO {MIGRATIONS} (version, name) VALUES (?, ?)"),
                (number, step.name),
            )?;
        }
    }
    Ok(())
}

/// How many steps the database has taken; none where it is not Relm's, or empty.
fn version(connection: &Connection) -> Result<Option<i64>, OpenError> {
    let there: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = ?",
        [MIGRATIONS],
        |row| row.get(0),
    )?;
    if there == 0 {
        return Ok(None);
    }
    let sql = format!("SELECT coalesce(max(version), 0) FROM {MIGRATIONS}");
    Ok(Some(connection.query_row(&sql, [], |row| row.get(0))?))
}
