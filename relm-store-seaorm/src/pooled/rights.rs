//! Whether the role that a database is opened with may do what a store does, said before the first request needs it.

use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, sqlx};

use super::statement::Connected;
use crate::dialect::{Dialect, tables};
use crate::open_error::OpenError;
use crate::schema::MIGRATIONS;
use crate::sql::Sql;

/// Asks for each right on each table by a statement that touches no row.
///
/// # Errors
/// [`OpenError::Denied`] for the first that is lacked. What else keeps such a statement from running, requests meet too.
pub(super) async fn check(database: &Connected) -> Result<(), OpenError> {
    for table in tables() {
        for (right, sql) in [
            ("SELECT", format!("SELECT 1 FROM {table} WHERE 1 = 0")),
            (
                "INSERT",
                format!("INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0"),
            ),
            (
                "UPDATE",
                format!("UPDATE {table} SET scope = scope WHERE 1 = 0"),
            ),
            ("DELETE", format!("DELETE FROM {table} WHERE 1 = 0")),
        ] {
            let asked = database.pool.execute_unprepared(&sql).await;
            if asked.is_err_and(|error| is_denied(&error)) {
                return Err(OpenError::Denied {
                    right,
                    on: on(table),
                });
            }
        }
    }
    Ok(())
}

/// Finds out whether there is a schema that the role may look into: PostgreSQL passes over those that it may not.
pub(super) async fn check_schema(database: &Connected) -> Result<(), OpenError> {
    let sql = Sql::new("SELECT CAST(current_schema() AS TEXT)");
    let rows = database.rows(&database.pool, &sql).await?;
    let schema = rows
        .first()
        .map(|row| row.try_get_by_index::<Option<String>>(0));
    match schema.transpose()?.flatten() {
        Some(_) => Ok(()),
        None => Err(OpenError::Denied {
            right: "USAGE",
            on: "the schema".to_owned(),
        }),
    }
}

/// Whether there is a list of migrations that the role has no right on: MariaDB lists no such table, and tells whoever asks
/// for its rows.
pub(super) async fn is_hidden(database: &Connected) -> Result<bool, OpenError> {
    if let Dialect::Postgres = database.dialect {
        return Ok(false);
    }
    let sql = format!("SELECT 1 FROM {MIGRATIONS} WHERE 1 = 0");
    let asked = database.pool.execute_unprepared(&sql).await;
    // A role without any right on a database hears the same of a table that is not there.
    Ok(asked.is_err_and(|error| is_denied(&error)))
}

/// A table, as something that a right is lacked on.
pub(super) fn on(table: &str) -> String {
    format!("the table `{table}`")
}

/// What an error of opening or migrating means, where a right of this name was asked for.
pub(super) fn denied(error: DbErr, right: &'static str, on: impl FnOnce() -> String) -> OpenError {
    if is_denied(&error) {
        OpenError::Denied { right, on: on() }
    } else {
        error.into()
    }
}

/// The same, of connecting.
pub(super) fn denied_or(error: DbErr) -> OpenError {
    denied(error, "connect", || "the database".to_owned())
}

/// Whether the database says that a right is lacked.
pub(super) fn is_denied(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let sqlx::Error::Database(error) = error.as_ref() else {
        return false;
    };
    // A database, a table or a column that the role may not use.
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return matches!(error.number(), 1044 | 1142 | 1143 | 1227);
    }
    // Insufficient privilege.
    error.code().as_deref() == Some("42501")
}
