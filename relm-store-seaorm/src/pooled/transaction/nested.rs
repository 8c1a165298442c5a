//! Transactions within a transaction, as SeaORM's programs and its own code begin them.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    AccessMode, DbErr, IsolationLevel, TransactionError, TransactionOptions, TransactionSession,
    TransactionTrait,
};
use tokio::sync::oneshot;

use super::Transaction;
use super::savepoint::IS_THERE;
use super::shared::{Alone, Held, Shared, State};
use crate::pooled::executor::Executor;

/// Begins a transaction within one that its caller has alone.
async fn begin_within(shared: &Shared, held: Arc<Held>, alone: &mut Alone) -> Result<Held, DbErr> {
    let executor = Executor::within(&shared.database, &held.transaction);
    if let Err(failure) = executor.control(IS_THERE).await {
        return Err(DbErr::Custom(failure.cause().to_string()));
    }
    let begun = held.transaction.begin().await;
    let transaction = begun.inspect_err(|_| **alone = State::Undone)?;
    let kept = Arc::clone(&held.kept);
    Ok(Held { transaction, kept })
}

#[async_trait]
impl TransactionTrait for Transaction {
    type Transaction = Self;

    /// Begins a transaction within this one. What the CRM does [within](relm_core::Crm::within) it is undone with it, and is
    /// heard of once both are committed. Until it ends, nothing is done in this one.
    async fn begin(&self) -> Result<Self, DbErr> {
        let (shared, outer) = (Arc::clone(&self.shared), Arc::clone(&self.after_commit));
        let (mut alone, held) = self.alone().await?;
        let held = Arc::clone(held);
        let (caller, begun) = oneshot::channel();
        // In a task of its own: where SeaORM gives up a savepoint on its way, or is refused one, it rolls back the transaction
        // around it and goes on outside of any.
        self.shared.runtime.spawn(async move {
            let begun = begin_within(&shared, held, &mut alone).await;
            let begun = begun.map(|held| Self {
                held: Some(Arc::new(held)),
                level: shared.begin_level(&alone),
                shared: Arc::clone(&shared),
                after_commit: Arc::default(),
                outer: Some(outer),
            });
            // Nobody waits for it any more: it is gone before anything else is done in the one around it.
            if let Err(Ok(mut abandoned)) = caller.send(begun)
                && let Some(held) = abandoned.held.take()
            {
                shared.undo(alone, held, abandoned.level);
            }
        });
        let gone = |_| Err(DbErr::Custom("the runtime is being shut down".to_owned()));
        begun.await.unwrap_or_else(gone)
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self, DbErr> {
        self.begin_with_options(TransactionOptions {
            isolation_level,
            access_mode,
            ..TransactionOptions::default()
        })
        .await
    }

    /// A transaction within another has the other's isolation: none can be asked for.
    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        if options.isolation_level.is_some() || options.access_mode.is_some() {
            return Err(DbErr::Custom(
                "a transaction within another has its isolation and its access".to_owned(),
            ));
        }
        TransactionTrait::begin(self).await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: std::fmt::Display + std::fmt::Debug + Send,
    {
        let nested = TransactionTrait::begin(self).await;
        let nested = nested.map_err(TransactionError::Connection)?;
        let done = callback(&nested).await;
        let ended = match &done {
            Ok(_) => TransactionSession::commit(nested).await,
            Err(_) => TransactionSession::rollback(nested).await,
        };
        ended.map_err(TransactionError::Connection)?;
        done.map_err(TransactionError::Transaction)
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>
            + Send,
        T: Send,
        E: std::fmt::Display + std::fmt::Debug + Send,
    {
        if isolation_level.is_some() || access_mode.is_some() {
            let refused = self.begin_with_config(isolation_level, access_mode).await;
            return Err(TransactionError::Connection(refused.err().unwrap_or(
                DbErr::Custom("a transaction within another has its isolation".to_owned()),
            )));
        }
        self.transaction(callback).await
    }
}

#[async_trait]
impl TransactionSession for Transaction {
    async fn commit(self) -> Result<(), DbErr> {
        Transaction::commit(self).await.map_err(db_error)
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Transaction::rollback(self).await.map_err(db_error)
    }
}

/// What SeaORM's own code hears. A message of the engine's tells nothing of the database.
fn db_error(error: relm_core::Error) -> DbErr {
    DbErr::Custom(error.to_string())
}
