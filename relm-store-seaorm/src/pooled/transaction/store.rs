//! The store as a transaction sees it.

use std::future::Future;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;
use tokio::sync::oneshot;

use super::savepoint::{self, Interrupted};
use super::shared::{Held, Shared, State};
use super::{UNDONE_BEFORE, ended, undone};
use crate::pooled::error::{Cause, Failure};
use crate::pooled::executor::Executor;
use crate::pooled::{READ_MAX, log, read, search};
use crate::scope_number::shadows_system;
use crate::search::Searching;

/// Does what a store does in one transaction, as long as there is one.
pub(super) struct TransactionStore {
    held: Weak<Held>,
    shared: Arc<Shared>,
    /// The transaction's, among those around it.
    level: usize,
}

/// A call that has the transaction for itself.
struct Call {
    held: Arc<Held>,
    shared: Arc<Shared>,
}

impl Call {
    fn executor(&self) -> Executor<'_> {
        Executor::within(&self.shared.database, &self.held.transaction)
    }
}

impl TransactionStore {
    pub fn new(held: Weak<Held>, shared: Arc<Shared>, level: usize) -> Self {
        Self {
            held,
            shared,
            level,
        }
    }

    /// Does work in a task of its own, once nothing else is done in the transaction. Where nobody waits for that any more, it
    /// is not begun; what is begun goes on.
    async fn run<T, F>(
        &self,
        work: impl FnOnce(Call) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Interrupted>> + Send + 'static,
    {
        let (held, shared) = (Weak::clone(&self.held), Arc::clone(&self.shared));
        let level = self.level;
        let (_caller, gone) = oneshot::channel::<()>();
        let task = self.shared.runtime.spawn(async move {
            let alone = tokio::select! {
                biased;
                alone = shared.alone(level) => alone,
                _ = gone => Err(Failure::Away(Cause::Said("nobody waits any more"))),
            };
            let mut state = alone.map_err(Failure::into_store_error)?;
            let held = held.upgrade().ok_or_else(ended)?;
            if *state == State::Undone {
                return Err(undone(UNDONE_BEFORE));
            }
            let done = work(Call { held, shared }).await;
            done.map_err(|interrupted| interrupted.into_store_error(&mut state))
        });
        task.await
            .unwrap_or_else(|error| Err(crate::pooled::ended(error)))
    }

    async fn read<T, F>(
        &self,
        reading: impl FnOnce(Call) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        self.run(|call| async move {
            let read = tokio::time::timeout(READ_MAX, reading(call)).await;
            let too_long = Failure::Unavailable(Cause::Said("a read took too long"));
            Ok(read.unwrap_or(Err(too_long))?)
        })
        .await
    }
}

#[async_trait]
impl Store for TransactionStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.read(move |call| async move { read::get(call.executor(), scope, id).await })
            .await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let keys = keys.to_vec();
        self.read(move |call| async move { read::find(call.executor(), scope, kind, &keys).await })
            .await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let query = query.clone();
        self.read(move |call| async move { read::list(call.executor(), scope, &query).await })
            .await
    }

    async fn search(&self, scope: Scope, asked: &Search) -> Result<SearchPage, StoreError> {
        let searching = Searching::new(scope, asked.clone(), self.shared.broad, false);
        self.read(move |call| async move { search::within(call.executor(), searching).await })
            .await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        self.read(
            move |call| async move { read::configuration(call.executor(), scope, known).await },
        )
        .await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let key = key.to_owned();
        self.read(
            move |call| async move { read::response(call.executor(), scope, &key, now).await },
        )
        .await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let after = after.map(str::to_owned);
        self.read(move |call| async move {
            let after = after.as_deref();
            read::responses_about(call.executor(), scope, record, after, limit).await
        })
        .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        if let Some(refusal) = shadows_system(&batch) {
            return Err(refusal.into());
        }
        let applied =
            self.run(move |call| async move { savepoint::commit(call.executor(), &batch).await });
        Ok(applied.await??)
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        self.run(move |call| async move {
            let page = log::page(call.executor(), scope, after, limit);
            let page = tokio::time::timeout(READ_MAX, page).await;
            // It writes, too: what it was about is half done, and a program must not commit that.
            page.map_err(|_| Interrupted::Transaction(Failure::timed_out()))?
                .map_err(Interrupted::from)
        })
        .await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let events = events.to_vec();
        self.read(move |call| async move { log::numbers(call.executor(), scope, &events).await })
            .await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.read(move |call| async move { read::queues(call.executor(), after, limit).await })
            .await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let query = *query;
        self.read(move |call| async move { read::awaited(call.executor(), &query).await })
            .await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let lease = *lease;
        self.run(move |call| async move { savepoint::lease(call.executor(), &lease).await })
            .await
    }
}
