//! Why a database could not be opened.

use std::error::Error;
use std::fmt;

use sea_orm::DbErr;

use super::error::Failure;

/// Why a database could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum PoolOpenError {
    /// Nothing answers where the database is looked for.
    Unreachable {
        /// Host and port, or the path of a socket.
        address: String,
        /// What came back instead.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database refuses what it is asked. The source may tell its address: it is for a log.
    Database(Box<dyn Error + Send + Sync>),
    /// The role that the database is opened with lacks a right.
    Denied {
        /// Such as `INSERT`.
        right: &'static str,
        /// What it is lacked on.
        on: String,
    },
    /// The database was written by a newer Relm.
    Newer {
        /// How many steps the database has taken.
        found: i64,
        /// How many this program knows.
        known: i64,
    },
    /// The database must be migrated first, and opening it was not to do so.
    Behind {
        /// How many steps the database has taken.
        found: i64,
        /// How many this program knows.
        known: i64,
    },
    /// A table of this name is there that is not Relm's.
    Foreign(&'static str),
    /// The store was not opened within a tokio runtime.
    NoRuntime,
}

impl fmt::Display for PoolOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { address, source } => {
                write!(f, "no database answers at {address}: {source}")
            }
            Self::Database(error) => write!(f, "the database cannot be opened: {error}"),
            Self::Denied { right, on } => write!(
                f,
                "the database's role lacks the right to {right} on {on}: grant it that, as docs/DEPLOY.md says of roles"
            ),
            Self::Newer { found, known } => write!(
                f,
                "the database is of version {found}, newer than this program, which knows {known}"
            ),
            Self::Behind { found, known } => write!(
                f,
                "the database is of version {found}, older than this program, which needs {known}: migrate it first"
            ),
            Self::Foreign(table) => {
                write!(f, "the database has a table `{table}` of another program")
            }
            Self::NoRuntime => f.write_str("the store is opened within a tokio runtime"),
        }
    }
}

impl Error for PoolOpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable { source, .. } | Self::Database(source) => Some(source.as_ref()),
            Self::Denied { .. }
            | Self::Newer { .. }
            | Self::Behind { .. }
            | Self::Foreign(_)
            | Self::NoRuntime => None,
        }
    }
}

impl From<DbErr> for PoolOpenError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<Failure> for PoolOpenError {
    fn from(failure: Failure) -> Self {
        Self::Database(failure.cause().into())
    }
}
