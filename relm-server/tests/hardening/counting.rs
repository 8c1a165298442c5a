//! A store in front of another, which counts its calls, and holds lists back on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::{Id, Kind, Scope, Timestamp};
use tokio::sync::Semaphore;

pub struct Counting {
    store: Arc<dyn Store>,
    /// Calls whose futures are there, neither answered nor dropped.
    running: AtomicUsize,
    /// Lists that were passed on.
    lists: AtomicUsize,
    /// Each list takes a permit.
    gate: Semaphore,
    /// Each look-up of an API key takes a permit.
    key_gate: Semaphore,
}

/// A call whose future is there.
struct Call<'a>(&'a Counting);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Counting {
    /// A store whose lists wait for permits, of which there are so many.
    pub fn new(store: Arc<dyn Store>, permits: usize) -> Self {
        Self {
            store,
            running: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
            gate: Semaphore::new(permits),
            key_gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// Lets so many lists pass.
    pub fn let_pass(&self, lists: usize) {
        self.gate.add_permits(lists);
    }

    /// Holds look-ups of API keys back from now on.
    pub fn hold_keys(&self) {
        self.key_gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets so many look-ups of API keys pass.
    pub fn let_keys_pass(&self, look_ups: usize) {
        self.key_gate.add_permits(look_ups);
    }

    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub fn lists(&self) -> usize {
        self.lists.load(Ordering::SeqCst)
    }

    fn call(&self) -> Call<'_> {
        self.running.fetch_add(1, Ordering::SeqCst);
        Call(self)
    }
}

#[async_trait]
impl Store for Counting {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        let _call = self.call();
        self.store.get(scope, id).await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let _call = self.call();
        if kind == Kind::Key {
            self.key_gate.acquire().await.unwrap().forget();
        }
        self.store.find(scope, kind, keys).await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let _call = self.call();
        self.gate.acquire().await.unwrap().forget();
        self.lists.fetch_add(1, Ordering::SeqCst);
        self.store.list(scope, query).await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        let _call = self.call();
        self.store.search(scope, search).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let _call = self.call();
        self.store.configuration(scope, known).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let _call = self.call();
        self.store.response(scope, key, now).await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let _call = self.call();
        self.store
            .responses_about(scope, record, after, limit)
            .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let _call = self.call();
        self.store.commit(batch).await
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        let _call = self.call();
        self.store.log(scope, after, limit).await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let _call = self.call();
        self.store.numbers(scope, events).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let _call = self.call();
        self.store.queues(after, limit).await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let _call = self.call();
        self.store.awaited(query).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let _call = self.call();
        self.store.lease(lease).await
    }
}
