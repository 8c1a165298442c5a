//! A transaction as a connection of SeaORM's: what the program itself asks waits its turn, and what fails is learned from.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::Stream;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    StreamTrait,
};

use super::Transaction;
use super::shared::{Alone, Held, State, learn};

impl Transaction {
    /// Waits until nothing else is done in the transaction; refused while one within it is open.
    pub(super) async fn alone(&self) -> Result<(Alone, &Arc<Held>), DbErr> {
        let state = self.shared.alone(self.level).await;
        let state = state.map_err(|failure| DbErr::Custom(failure.cause().to_string()))?;
        match (&self.held, *state) {
            (Some(held), State::Open) => Ok((state, held)),
            (Some(_), State::Undone) => Err(DbErr::Custom(
                "the transaction is undone: roll it back and begin it again".to_owned(),
            )),
            (None, _) => Err(DbErr::Custom("the transaction has ended".to_owned())),
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.shared.database.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (mut state, held) = self.alone().await?;
        let done = held.transaction.execute_raw(statement).await;
        done.inspect_err(|error| learn(&mut state, error))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let (mut state, held) = self.alone().await?;
        let done = held.transaction.execute_unprepared(sql).await;
        done.inspect_err(|error| learn(&mut state, error))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (mut state, held) = self.alone().await?;
        let done = held.transaction.query_one_raw(statement).await;
        done.inspect_err(|error| learn(&mut state, error))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (mut state, held) = self.alone().await?;
        let done = held.transaction.query_all_raw(statement).await;
        done.inspect_err(|error| learn(&mut state, error))
    }
}

impl StreamTrait for Transaction {
    type Stream<'a> = TransactionRows<'a>;

    fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(self)
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<TransactionRows<'a>, DbErr>> + 'a + Send>> {
        Box::pin(async move {
            let (mut state, held) = self.alone().await?;
            let rows = held.transaction.stream_raw(statement).await;
            let rows = rows.inspect_err(|error| learn(&mut state, error))?;
            Ok(TransactionRows {
                rows: Box::pin(rows),
                state,
            })
        })
    }
}

/// Rows that a [`Transaction`] streams. Nothing else is done in it until this is dropped.
pub struct TransactionRows<'a> {
    // Dropped before what follows: whoever has the state next finds the connection free.
    rows: Pin<Box<<DatabaseTransaction as StreamTrait>::Stream<'a>>>,
    state: Alone,
}

impl Stream for TransactionRows<'_> {
    type Item = Result<QueryResult, DbErr>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let rows = self.get_mut();
        let next = rows.rows.as_mut().poll_next(context);
        if let Poll::Ready(Some(Err(error))) = &next {
            learn(&mut rows.state, error);
        }
        next
    }
}

impl std::fmt::Debug for TransactionRows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionRows").finish_non_exhaustive()
    }
}
