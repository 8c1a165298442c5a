//! Why a database could not be opened, whichever it is.

/// Why a database could not be opened. Steps of the migration that were taken stay taken; otherwise nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing answers where the database is looked for.
    #[error("no database answers at {address}: {source}")]
    Unreachable {
        /// Host and port, or the path of a socket.
        address: String,
        /// What came back instead.
        source: Source,
    },
    /// The database, or the file that should be one, refuses what it is asked. The source may tell its address: it is for a log.
    #[error("the database cannot be opened: {0}")]
    Database(#[source] Source),
    /// The role that the database is opened with lacks a right.
    #[error(
        "the database's role lacks the right to {right} on {on}: grant it that, as docs/DEPLOY.md says of roles"
    )]
    Denied {
        /// Such as `INSERT`.
        right: &'static str,
        /// What it is lacked on.
        on: String,
    },
    /// The database was written by a newer Relm.
    #[error("the database is of version {found}, newer than this program, which knows {known}")]
    Newer {
        /// How many steps the database has taken.
        found: i64,
        /// How many this program knows.
        known: i64,
    },
    /// The database must be migrated first, and opening it was not to do so.
    #[error(
        "the database is of version {found}, older than this program, which needs {known}: migrate it first"
    )]
    Behind {
        /// How many steps the database has taken.
        found: i64,
        /// How many this program knows.
        known: i64,
    },
    /// There are tables that are not Relm's.
    #[error("{}", foreign(*.0))]
    Foreign(Option<&'static str>),
    /// SQLite itself is too old to be trusted with a write-ahead log.
    #[error("SQLite {0} is too old: 3.51.3 is needed")]
    OldSqlite(String),
    /// Connections that were handed over are not set as the store needs them.
    #[error(
        "the connections have `{setting}` = `{found}`, and the store needs {needed}: set it on each of the pool, or have \
         `PoolOptions::set_up` set all that is needed"
    )]
    Session {
        /// The setting, such as `transaction_isolation`.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        needed: &'static str,
    },
    /// A transaction that was handed over is not as the store needs it.
    #[error(
        "the transaction has `{setting}` = `{found}`, and the store needs {needed}: begin it so, or by `SeaOrmStore::begin`"
    )]
    Transaction {
        /// The setting, such as `transaction_isolation`.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        needed: &'static str,
    },
    /// A thread could not be started.
    #[error("a thread cannot be started: {0}")]
    Thread(#[source] std::io::Error),
    /// A pooled store was not opened within a tokio runtime.
    #[error("the store is opened within a tokio runtime")]
    NoRuntime,
}

/// What a driver said.
type Source = Box<dyn std::error::Error + Send + Sync>;

fn foreign(table: Option<&'static str>) -> String {
    match table {
        Some(table) => format!("the database has a table `{table}` of another program"),
        None => "the file is a database of another program".to_owned(),
    }
}

/// Whether a database that has taken `found` steps of `known` can be opened as it is, or once it `may_migrate`.
pub(crate) fn check_version(found: i64, known: i64, may_migrate: bool) -> Result<(), OpenError> {
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if found < known && !may_migrate {
        return Err(OpenError::Behind { found, known });
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(feature = "pool")]
impl From<sea_orm::DbErr> for OpenError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
    }
}
