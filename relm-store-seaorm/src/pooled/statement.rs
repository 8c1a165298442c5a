//! Running statements: on the pool or in a transaction, with a limit to how long an answer is waited for.

use std::borrow::Cow;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use relm_core::record::Document;
use relm_core::value::id::Id;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, QueryResult, SqliteTransactionMode, Statement, StreamTrait, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Cause, Failure};
use super::liveness::Liveness;
use crate::dialect::Dialect;
use crate::sql::{Sql, Value};

/// What an answer may be late by, beyond what the database itself allows a statement.
const GRACE: Duration = Duration::from_secs(5);

/// How long documents are judged at a stretch. Others run on the same thread, and time limits are looked at in between.
const STRETCH_MAX: Duration = Duration::from_millis(5);

/// A database, and how it is spoken to.
#[derive(Clone, Debug)]
pub(super) struct Connected {
    pub pool: DatabaseConnection,
    pub dialect: Dialect,
    /// How long a statement may take.
    pub limit: Duration,
    pub liveness: Arc<Liveness>,
    /// Whether the pool is our own, with all its hooks.
    pub is_ours: bool,
    /// Taken by whoever writes, where a database has one writer.
    pub writer: Option<Arc<Semaphore>>,
}

/// What a transaction that writes is begun with, and what it holds for as long as it lasts.
pub(super) type Turn = Option<OwnedSemaphorePermit>;

impl Connected {
    /// Waits for an answer, as long as the database is there. Giving up drops the future, and with it the connection's use.
    pub async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, Failure> {
        let answered = self.liveness.wait(self.limit + GRACE, answer).await?;
        answered.map_err(Failure::from)
    }

    /// Waits until this process writes nothing else, where the database has one writer: better here, in order, than there,
    /// where the one that sleeps the shortest is next. A program may hold its own transaction for long, or for ever where it
    /// waits for us: no longer than for a statement.
    pub async fn turn(&self) -> Result<Turn, Failure> {
        let Some(writer) = &self.writer else {
            return Ok(None);
        };
        let turn = tokio::time::timeout(self.limit, Arc::clone(writer).acquire_owned());
        // The semaphore is never closed.
        let writes = |_| Failure::Contention(Cause::Said("this process writes something else"));
        Ok(turn.await.map_err(writes)?.ok())
    }

    /// A transaction that writes.
    pub async fn begin(&self) -> Result<DatabaseTransaction, Failure> {
        self.begin_with(TransactionOptions {
            // One that reads before it writes would otherwise fail where another wrote in between.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
    }

    /// Begins a transaction. A `BEGIN` that is given up on its way leaves the connection inside a transaction that the pool knows
    /// nothing of. Our own pools end it when the connection comes back; on another's pool none is given up.
    async fn begin_with(
        &self,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, Failure> {
        if self.is_ours {
            return self.within(self.pool.begin_with_options(options)).await;
        }
        let pool = self.pool.clone();
        let begin = tokio::spawn(async move { pool.begin_with_options(options).await });
        let begun = self.liveness.wait(self.limit + GRACE, begin).await?;
        let ended = |_| Failure::Unavailable(Cause::Said("the runtime is being shut down"));
        begun.map_err(ended)?.map_err(Failure::from)
    }

    /// A transaction that only reads, and sees one moment.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, Failure> {
        let options = match self.dialect {
            // Its transactions see one moment anyway, and read until they write.
            Dialect::Sqlite => TransactionOptions::default(),
            Dialect::Postgres | Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
                TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    access_mode: Some(AccessMode::ReadOnly),
                    ..TransactionOptions::default()
                }
            }
        };
        self.begin_with(options).await
    }

    /// Runs a write; the number of rows that it touched.
    pub async fn execute(&self, on: &impl ConnectionTrait, sql: &Sql) -> Result<u64, Failure> {
        let done = self
            .within(on.execute_raw(statement(self.dialect, sql)))
            .await?;
        Ok(done.rows_affected())
    }

    /// Runs a read, or a write that returns rows.
    pub async fn rows(
        &self,
        on: &impl ConnectionTrait,
        sql: &Sql,
    ) -> Result<Vec<QueryResult>, Failure> {
        self.within(on.query_all_raw(statement(self.dialect, sql)))
            .await
    }

    /// Reads documents: `id, doc`.
    pub async fn documents(
        &self,
        on: &impl ConnectionTrait,
        sql: &Sql,
    ) -> Result<Vec<Document>, Failure> {
        let rows = self.rows(on, sql).await?;
        rows.iter().map(|row| document(row, 0)).collect()
    }

    /// Reads row by row, for as long as the reader goes on: of what comes after, the connection keeps nothing. Whether the
    /// reader went on to the end.
    pub async fn each_row(
        &self,
        on: &impl StreamTrait,
        sql: &Sql,
        mut see: impl FnMut(&QueryResult) -> Result<ControlFlow<()>, Failure> + Send,
    ) -> Result<ControlFlow<()>, Failure> {
        let reading = async {
            let mut rows = pin!(on.stream_raw(statement(self.dialect, sql)).await?);
            let mut resumed = Instant::now();
            while let Some(row) = rows.next().await {
                if see(&row?)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                // Rows that came together make nobody wait, however long each is looked at.
                if resumed.elapsed() > STRETCH_MAX {
                    tokio::task::yield_now().await;
                    resumed = Instant::now();
                }
            }
            Ok(ControlFlow::Continue(()))
        };
        self.liveness.wait(self.limit + GRACE, reading).await?
    }
}

/// A statement as SeaORM takes it.
pub(super) fn statement(dialect: Dialect, sql: &Sql) -> Statement {
    let (backend, text) = match dialect {
        Dialect::Sqlite => (DbBackend::Sqlite, sql.text.clone()),
        Dialect::Postgres => (DbBackend::Postgres, numbered(&sql.text)),
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => (DbBackend::MySql, sql.text.clone()),
    };
    let values = sql.values.iter().map(|value| match value {
        Value::Integer(value) => sea_orm::Value::BigInt(*value),
        Value::Text(text) => text.as_ref().map(|text| text.clone().into_owned()).into(),
    });
    Statement::from_sql_and_values(backend, text, values)
}

/// `?` as `$1`, `$2`, …: the form that PostgreSQL knows. No statement of ours has a question mark otherwise.
fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() + text.len() / 4);
    for (number, part) in text.split('?').enumerate() {
        if number > 0 {
            numbered.push('$');
            numbered.push_str(&number.to_string());
        }
        numbered.push_str(part);
    }
    numbered
}

/// The document whose `id, doc` begin at this column.
pub(super) fn document(row: &QueryResult, column: usize) -> Result<Document, Failure> {
    let json: String = row.try_get_by_index(column + 1)?;
    Ok(Document {
        id: id(row, column)?,
        json: json.into(),
    })
}

pub(super) fn id(row: &QueryResult, column: usize) -> Result<Id, Failure> {
    let text: String = row.try_get_by_index(column)?;
    Id::parse(&text).ok_or(Failure::Fault(Cause::Said("what is no id is kept as one")))
}

/// A column of a question of `conflict.rs`: an integer or a text.
pub(super) fn scalar(
    row: &QueryResult,
    column: usize,
) -> Option<relm_core::record::column::ColumnValue<'static>> {
    use relm_core::record::column::ColumnValue;
    let integer = row
        .try_get_by_index::<i64>(column)
        .map(ColumnValue::Integer);
    let text = || {
        let text = row.try_get_by_index::<String>(column).ok()?;
        Some(ColumnValue::Text(Cow::Owned(text)))
    };
    integer.ok().or_else(text)
}

/// A row of such columns.
pub(super) fn scalars(
    row: &QueryResult,
) -> Vec<Option<relm_core::record::column::ColumnValue<'static>>> {
    let columns = row.column_names().len();
    (0..columns).map(|column| scalar(row, column)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_from_one() {
        assert_eq!(
            numbered("a = ? AND b IN (?, ?)"),
            "a = $1 AND b IN ($2, $3)"
        );
        assert_eq!(numbered("SELECT 1"), "SELECT 1");
    }
}
