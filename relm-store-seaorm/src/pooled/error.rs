//! What a failure of the database means: to this driver, and to the engine.

use std::sync::Arc;

use relm_core::store::{StoreError, Unwritable};
use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

use crate::open_error::OpenError;

/// Why a statement did not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// A unique key is taken, or a plan in one statement met other rows than it must. Nothing was done.
    #[error("the rows are not as they must be")]
    Unmet(#[source] Cause),
    /// Others were in the way, and the database undid the transaction: it may go through when tried again.
    #[error("others were in the way")]
    Contention(#[source] Cause),
    /// The connection broke while the statement was under way.
    #[error("the connection broke")]
    Lost(#[source] Cause),
    /// The database cannot serve now. Nothing was done.
    #[error("the database cannot serve now")]
    Unavailable(#[source] Cause),
    /// The database does not answer, and was not asked: nothing was begun.
    #[error("the database does not answer")]
    Away(#[source] Cause),
    /// The database takes no writes. Nothing was done.
    #[error("the database takes no writes")]
    Unwritable(Unwritable, #[source] Cause),
    /// Something that trying again does not mend. Nothing was done.
    #[error("the database failed")]
    Fault(#[source] Cause),
}

/// What the database said. It may tell names of indexes and values: it is for a log, never for a response.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("{0}")]
    Database(#[source] DbErr),
    #[error("{0}")]
    Said(&'static str),
}

/// What a code of the database says, before it is known what was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Unmet,
    Contention,
    Lost,
    Unavailable,
    Unwritable(Unwritable),
    Fault,
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        let meaning = meaning(&error);
        let cause = Cause::Database(error);
        match meaning {
            Meaning::Unmet => Self::Unmet(cause),
            Meaning::Contention => Self::Contention(cause),
            Meaning::Lost => Self::Lost(cause),
            Meaning::Unavailable => Self::Unavailable(cause),
            Meaning::Unwritable(why) => Self::Unwritable(why, cause),
            Meaning::Fault => Self::Fault(cause),
        }
    }
}

impl Failure {
    /// A statement that took longer than it may; the connection goes with it.
    pub fn timed_out() -> Self {
        Self::Lost(Cause::Said("the database did not answer in time"))
    }

    pub fn cause(self) -> Cause {
        match self {
            Self::Unmet(cause)
            | Self::Contention(cause)
            | Self::Lost(cause)
            | Self::Unavailable(cause)
            | Self::Away(cause)
            | Self::Unwritable(_, cause)
            | Self::Fault(cause) => cause,
        }
    }

    /// What the engine hears where nothing was done.
    pub fn into_store_error(self) -> StoreError {
        match self {
            Self::Contention(cause)
            | Self::Lost(cause)
            | Self::Unavailable(cause)
            | Self::Away(cause) => StoreError::unavailable(cause),
            Self::Unwritable(why, cause) => StoreError::unwritable(why, cause),
            Self::Unmet(cause) | Self::Fault(cause) => StoreError::fault(cause),
        }
    }
}

/// Whether a statement that failed so has ended the transaction that it was part of, as far as its error tells.
pub(super) fn ends_transaction(error: &DbErr) -> bool {
    match meaning(error) {
        Meaning::Lost => true,
        Meaning::Contention => is_deadlock_of_mysql(error),
        Meaning::Unavailable | Meaning::Unwritable(_) => is_of_sqlite(error),
        Meaning::Unmet | Meaning::Fault => false,
    }
}

/// The MySQL family's deadlock: it undoes the whole transaction of its victim, where other databases undo a statement.
fn is_deadlock_of_mysql(error: &DbErr) -> bool {
    #[cfg(feature = "mysql")]
    if let Some(error) = said_by::<sqlx::mysql::MySqlDatabaseError>(error) {
        return error.number() == 1213;
    }
    let _ = error;
    false
}

/// SQLite undoes a whole transaction for want of memory or disk, or when it is interrupted:
/// https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
fn is_of_sqlite(error: &DbErr) -> bool {
    #[cfg(feature = "sqlx-sqlite")]
    return said_by::<sqlx::sqlite::SqliteError>(error).is_some();
    #[cfg(not(feature = "sqlx-sqlite"))]
    {
        let _ = error;
        false
    }
}

/// What a database of this sort said.
#[cfg(any(feature = "mysql", feature = "sqlx-sqlite"))]
fn said_by<E: sqlx::error::DatabaseError>(error: &DbErr) -> Option<&E> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return None;
    };
    error.as_database_error()?.try_downcast_ref::<E>()
}

fn meaning(error: &DbErr) -> Meaning {
    let sqlx = match error {
        DbErr::ConnectionAcquire(_) => return Meaning::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(error)) => return of_connecting(error),
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error
        }
        _ => return Meaning::Fault,
    };
    of_statement(sqlx)
}

/// Whatever keeps a connection from being made: nothing was begun.
fn of_connecting(error: &Arc<sqlx::Error>) -> Meaning {
    match of_statement(error) {
        Meaning::Fault => Meaning::Fault,
        Meaning::Unmet
        | Meaning::Contention
        | Meaning::Lost
        | Meaning::Unavailable
        | Meaning::Unwritable(_) => Meaning::Unavailable,
    }
}

fn of_statement(error: &Arc<sqlx::Error>) -> Meaning {
    match error.as_ref() {
        sqlx::Error::Database(error) => {
            #[cfg(feature = "mysql")]
            if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
                return of_number(error.number(), error.message());
            }
            #[cfg(feature = "sqlx-sqlite")]
            if error
                .try_downcast_ref::<sqlx::sqlite::SqliteError>()
                .is_some()
            {
                let code = error.code().and_then(|code| code.parse().ok());
                return of_result_code(code.unwrap_or_default());
            }
            of_sqlstate(error.code().as_deref().unwrap_or_default())
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Meaning::Unavailable,
        // After any of these the state of the connection is not known.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => Meaning::Lost,
        _ => Meaning::Fault,
    }
}

/// PostgreSQL's codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
fn of_sqlstate(code: &str) -> Meaning {
    match code {
        // A unique key; the division by which a plan in one statement undoes itself.
        "23505" | "22012" => Meaning::Unmet,
        // Serialization, deadlock, a lock that was not to be had.
        "40001" | "40P01" | "55P03" => Meaning::Contention,
        // A shutdown or a crash of the server; `pg_terminate_backend`.
        "57P01" | "57P02" | "57P05" | "25P03" => Meaning::Lost,
        // Starting up; cancelled by a timeout.
        "57P03" | "57014" => Meaning::Unavailable,
        "53100" => Meaning::Unwritable(Unwritable::DiskFull),
        // A replica, which may have been the primary before.
        "25006" => Meaning::Unwritable(Unwritable::ReadOnly),
        // Statement completion unknown.
        "40003" => Meaning::Lost,
        _ => match code.get(..2) {
            Some("08") => Meaning::Lost,
            // Out of connections or memory; an error of the system below.
            Some("53" | "58") => Meaning::Unavailable,
            _ => Meaning::Fault,
        },
    }
}

/// The MySQL family's numbers: https://mariadb.com/kb/en/mariadb-error-code-reference/
#[cfg(feature = "mysql")]
fn of_number(number: u16, message: &str) -> Meaning {
    match number {
        // Two names of "duplicate entry"; the null by which a response that is still good refuses another.
        1062 | 1586 | 1048 => Meaning::Unmet,
        // Deadlock (Galera's certification says so too), lock wait, a row that changed since the snapshot.
        1213 | 1205 | 1020 => Meaning::Contention,
        // Killed, shutting down, gone away, packets out of order or cut off.
        1927 | 1053 | 1152..=1161 | 1184 | 1317 | 2006 | 2013 | 2055 => Meaning::Lost,
        // A full disk, a full table; what the system below says of writing to a file or a log.
        1021 | 1114 => Meaning::Unwritable(Unwritable::DiskFull),
        3 | 20 | 1026 | 1030 if says_full(message) => Meaning::Unwritable(Unwritable::DiskFull),
        1290 | 1792 | 1836 => Meaning::Unwritable(Unwritable::ReadOnly),
        // Too many connections of any sort; no node of a cluster that is ready; timed out; out of memory.
        1040 | 1203 | 1226 | 1047 | 3024 | 1969 | 1037 | 1038 | 1041 => Meaning::Unavailable,
        _ => Meaning::Fault,
    }
}

/// SQLite's codes: https://sqlite.org/rescode.html
#[cfg(feature = "sqlx-sqlite")]
fn of_result_code(code: i32) -> Meaning {
    match (code & 0xff, code) {
        // A unique key, a primary key.
        (_, 2067 | 1555) => Meaning::Unmet,
        // Others hold the lock, or wrote since the transaction began to read.
        (5 | 6, _) => Meaning::Contention,
        (8, _) => Meaning::Unwritable(Unwritable::ReadOnly),
        (13, _) => Meaning::Unwritable(Unwritable::DiskFull),
        // Out of memory; interrupted; cannot be opened.
        (7 | 9 | 14, _) => Meaning::Unavailable,
        // What the system below says of reading and writing.
        (10, _) => Meaning::Lost,
        _ => Meaning::Fault,
    }
}

/// Whether an error of the system below is `ENOSPC`, which is told by its words or its number alone.
#[cfg(feature = "mysql")]
fn says_full(message: &str) -> bool {
    message.contains("No space left on device") || message.contains("error 28 ")
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        Self::Database(failure.cause().into())
    }
}

/// What the engine hears when a task ended without an answer.
pub(super) fn ended(error: tokio::task::JoinError) -> StoreError {
    if error.is_panic() {
        StoreError::fault("a task panicked")
    } else {
        StoreError::unavailable("the runtime is being shut down")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_their_references_say() {
        for (code, means) in [
            ("40001", Meaning::Contention),
            ("40P01", Meaning::Contention),
            ("23505", Meaning::Unmet),
            ("57P01", Meaning::Lost),
            ("08006", Meaning::Lost),
            ("53300", Meaning::Unavailable),
            ("57014", Meaning::Unavailable),
            ("53100", Meaning::Unwritable(Unwritable::DiskFull)),
            ("25006", Meaning::Unwritable(Unwritable::ReadOnly)),
            ("42P01", Meaning::Fault),
        ] {
            assert_eq!(of_sqlstate(code), means, "{code}");
        }
    }

    #[cfg(feature = "sqlx-sqlite")]
    #[test]
    fn result_codes_mean_what_their_reference_says() {
        for (code, means) in [
            (2067, Meaning::Unmet),
            (1555, Meaning::Unmet),
            (1299, Meaning::Fault),
            (5, Meaning::Contention),
            (517, Meaning::Contention),
            (262, Meaning::Contention),
            (13, Meaning::Unwritable(Unwritable::DiskFull)),
            (1032, Meaning::Unwritable(Unwritable::ReadOnly)),
            (14, Meaning::Unavailable),
            (522, Meaning::Lost),
            (1, Meaning::Fault),
        ] {
            assert_eq!(of_result_code(code), means, "{code}");
        }
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn numbers_mean_what_their_references_say() {
        for (number, means) in [
            (1213, Meaning::Contention),
            (1205, Meaning::Contention),
            (1062, Meaning::Unmet),
            (1040, Meaning::Unavailable),
            (1927, Meaning::Lost),
            (1114, Meaning::Unwritable(Unwritable::DiskFull)),
            (1290, Meaning::Unwritable(Unwritable::ReadOnly)),
            (1146, Meaning::Fault),
            (1030, Meaning::Fault),
        ] {
            assert_eq!(of_number(number, ""), means, "{number}");
        }
        for (number, message) in [
            (
                3,
                "Error writing file './x' (Errcode: 28 \"No space left on device\")",
            ),
            (
                1030,
                "Got error 28 \"No space left on device\" from storage engine InnoDB",
            ),
        ] {
            let full = Meaning::Unwritable(Unwritable::DiskFull);
            assert_eq!(of_number(number, message), full, "{message}");
        }
    }
}
