//! Migrations over a connection of SeaORM's, be it a pool or a transaction.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, QueryResult, RuntimeErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionSession, TransactionTrait, sqlx,
};

use super::error::Failure;
use super::rights;
use super::session::dialect_of;
use super::statement::{scalars, statement};
use crate::dialect::Dialect;
use crate::migration::{KNOWN, Rows, Session, SessionError, Why, read_state, run};
use crate::open_error::{OpenError, check_version};
use crate::sql::Sql;

/// Refuses a database that is newer or older than this program, or another's.
pub(super) async fn check(
    on: &(impl ConnectionTrait + TransactionTrait),
    dialect: Dialect,
) -> Result<(), OpenError> {
    let found = read_state(&mut Connection::new(on, dialect)).await?;
    check_version(found.taken() as i64, KNOWN as i64, false)
}

/// Brings the tables up to date on connections that a program has. Any number of processes may do so at once; it does nothing where
/// they are up to date.
///
/// # Errors
/// [`OpenError`]. Steps that were taken stay taken.
pub async fn migrate(database: &DatabaseConnection) -> Result<(), OpenError> {
    let dialect = dialect_of(database).await?;
    Box::pin(run_to(database, dialect, KNOWN)).await
}

/// Takes the steps that are missing, of the first `steps` of all.
pub(crate) async fn run_to(
    on: &(impl ConnectionTrait + TransactionTrait),
    dialect: Dialect,
    steps: usize,
) -> Result<(), OpenError> {
    run(&mut Connection::new(on, dialect), steps).await
}

/// A connection, and the transaction that is begun on it.
pub(super) struct Connection<'c, C: TransactionTrait> {
    on: &'c C,
    dialect: Dialect,
    turn: Option<C::Transaction>,
}

impl<'c, C: ConnectionTrait + TransactionTrait> Connection<'c, C> {
    pub fn new(on: &'c C, dialect: Dialect) -> Self {
        let turn = None;
        Self { on, dialect, turn }
    }

    fn statement(&self, sql: &Sql) -> Statement {
        statement(self.dialect, sql)
    }
}

impl<C: ConnectionTrait + TransactionTrait> Session for Connection<'_, C> {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    async fn begin(&mut self) -> Result<(), SessionError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.turn = Some(self.on.begin_with_options(options).await?);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), SessionError> {
        match self.turn.take() {
            Some(turn) => Ok(turn.commit().await?),
            None => Ok(()),
        }
    }

    async fn rollback(&mut self) {
        if let Some(turn) = self.turn.take() {
            // A connection that cannot undo is broken, and the database undoes.
            let _ = turn.rollback().await;
        }
    }

    async fn execute(&mut self, sql: &Sql) -> Result<(), SessionError> {
        match (&self.turn, sql.values.is_empty()) {
            // Not every statement that makes something can be prepared.
            (Some(turn), true) => turn.execute_unprepared(&sql.text).await?,
            (None, true) => self.on.execute_unprepared(&sql.text).await?,
            (Some(turn), false) => turn.execute_raw(self.statement(sql)).await?,
            (None, false) => self.on.execute_raw(self.statement(sql)).await?,
        };
        Ok(())
    }

    async fn rows(&mut self, sql: &Sql) -> Result<Rows, SessionError> {
        let statement = self.statement(sql);
        let rows: Vec<QueryResult> = match &self.turn {
            Some(turn) => turn.query_all_raw(statement).await?,
            None => self.on.query_all_raw(statement).await?,
        };
        Ok(rows.iter().map(scalars).collect())
    }

    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

impl From<DbErr> for SessionError {
    fn from(error: DbErr) -> Self {
        let is_so = is_so(&error);
        let is_denied = rights::is_denied(&error);
        let failure = Failure::from(error);
        let why = match failure {
            _ if is_so => Why::IsSo,
            _ if is_denied => Why::Denied,
            Failure::Contention(_) | Failure::Unmet(_) => Why::InTheWay,
            Failure::Lost(_)
            | Failure::Unavailable(_)
            | Failure::Away(_)
            | Failure::Unwritable(..)
            | Failure::Fault(_) => Why::Other,
        };
        let source = failure.cause().into();
        Self { why, source }
    }
}

/// Whether a table or an index was made before, or an index dropped. PostgreSQL's and SQLite's turns exclude each other, so that
/// they never find it so.
fn is_so(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    let sqlx::Error::Database(error) = error.as_ref() else {
        return false;
    };
    // "Table already exists", "duplicate column name", "duplicate key name", "check that column/key exists".
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return matches!(error.number(), 1050 | 1060 | 1061 | 1091);
    }
    let _ = error;
    false
}
