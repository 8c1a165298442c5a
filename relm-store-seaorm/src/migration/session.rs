//! What a migration runs its statements on, and how one fails.

use std::time::Duration;

use super::derive::Rows;
use crate::dialect::Dialect;
use crate::open_error::OpenError;
use crate::sql::Sql;

/// A connection that migrations run on.
pub(crate) trait Session {
    fn dialect(&self) -> Dialect;

    /// Begins a transaction that writes: what comes is run in it, until it ends.
    async fn begin(&mut self) -> Result<(), SessionError>;

    async fn commit(&mut self) -> Result<(), SessionError>;

    /// Undoes the transaction, if one is begun.
    async fn rollback(&mut self);

    async fn execute(&mut self, sql: &Sql) -> Result<(), SessionError>;

    async fn rows(&mut self, sql: &Sql) -> Result<Rows, SessionError>;

    /// Waits for others.
    async fn pause(&mut self, pause: Duration);
}

/// Why a statement did not do its work.
#[derive(Debug, thiserror::Error)]
#[error("a statement of a migration failed: {source}")]
pub(crate) struct SessionError {
    pub why: Why,
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Another process was in the way, and it may go through when it is tried again.
    InTheWay,
    /// What it makes is there, or what it drops is gone.
    IsSo,
    /// The role lacks a right.
    Denied,
    Other,
}

impl From<SessionError> for OpenError {
    fn from(failed: SessionError) -> Self {
        match failed.why {
            Why::Denied => Self::Denied {
                right: "CREATE, ALTER and INDEX",
                on: "the schema and its tables".to_owned(),
            },
            Why::InTheWay | Why::IsSo | Why::Other => Self::Database(failed.source),
        }
    }
}
