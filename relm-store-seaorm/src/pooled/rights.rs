//! Whether the role that a database is opened with may do what a store does, said before the first request needs it.

use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, sqlx};

use super::statement::Connected;
use crate::dialect::{Dialect, tables};
use crate::open_error::OpenError;

/// Asks for each right on each table by a statement that touches no row.
///
/// # Errors
/// [`OpenError::Denied`] for the first that is lacked. What else keeps such a statement from running, requests meet too.
pub(super) async fn check(database: &Connected) -> Result<(), OpenError> {
    if let Dialect::Sqlite = database.dialect {
        return Ok(());
    }
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
                    on: format!("the table `{table}`"),
                });
            }
        }
    }
    Ok(())
}

/// What an error of connecting means.
pub(super) fn denied_or(error: DbErr) -> OpenError {
    if is_denied(&error) {
        return OpenError::Denied {
            right: "connect",
            on: "the database".to_owned(),
        };
    }
    error.into()
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
