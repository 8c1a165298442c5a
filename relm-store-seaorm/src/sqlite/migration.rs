//! Brings a database's tables up to date, step by step, and refuses what it does not know.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::OpenError;
use crate::schema::{STEPS, sqlite_ddl};

const TABLE: &str = "relm_migrations";

/// Looks at an existing file without changing it.
pub(super) fn check(path: &Path) -> Result<(), OpenError> {
    if !path.exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(());
    }
    match version(&connection)? {
        None => Err(OpenError::Foreign),
        Some(found) if found > known() => Err(OpenError::Newer {
            found,
            known: known(),
        }),
        Some(_) => Ok(()),
    }
}

/// Takes the steps that are missing, all of them or none. Processes that open one file together wait for each other.
pub(super) fn run(connection: &Connection) -> Result<(), OpenError> {
    if version(connection)? == Some(known()) {
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
        "CREATE TABLE IF NOT EXISTS {TABLE} (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)"
    ))?;
    let taken = version(connection)?.unwrap_or(0);
    for (number, step) in (1_i64..).zip(STEPS) {
        if number > taken {
            connection.execute_batch(&sqlite_ddl(step))?;
            connection.execute(
                &format!("INSERT INTO {TABLE} (version, name) VALUES (?, ?)"),
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
        [TABLE],
        |row| row.get(0),
    )?;
    if there == 0 {
        return Ok(None);
    }
    let sql = format!("SELECT coalesce(max(version), 0) FROM {TABLE}");
    Ok(Some(connection.query_row(&sql, [], |row| row.get(0))?))
}

const fn known() -> i64 {
    STEPS.len() as i64
}
