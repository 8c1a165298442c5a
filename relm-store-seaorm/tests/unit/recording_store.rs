//! What the engine commits, kept for tests that count statements.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::Crm;
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Timestamp;
use relm_core::{ContactInput, Mode, Scope, Scoped};
use relm_store_memory::MemoryStore;

/// A store that keeps every batch that it is given, to count what SQL would make of it.
#[derive(Default)]
pub(crate) struct RecordingStore {
    inner: MemoryStore,
    pub batches: Arc<Mutex<Vec<Batch>>>,
}

#[async_trait]
impl Store for RecordingStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.inner.get(scope, id).await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        self.inner.find(scope, kind, keys).await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        self.inner.list(scope, query).await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        self.inner.search(scope, search).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        self.inner.configuration(scope, known).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        self.inner.response(scope, key, now).await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.inner
            .responses_about(scope, record, after, limit)
            .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.batches.lock().unwrap().push(batch.clone());
        self.inner.commit(batch).await
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        self.inner.log(scope, after, limit).await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        self.inner.numbers(scope, events).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.inner.queues(after, limit).await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        self.inner.awaited(query).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.inner.lease(lease).await
    }
}

/// An engine over a recorder, and the batches that it commits.
pub(crate) async fn session() -> (Arc<Mutex<Vec<Batch>>>, Scoped) {
    let recorder = RecordingStore::default();
    let batches = Arc::clone(&recorder.batches);
    let crm = Crm::new(recorder);
    let workspace = crm.create_workspace("acme").await.unwrap();
    (batches, crm.open(workspace.id, Mode::Test).await.unwrap())
}

pub(crate) fn contact(email: &str) -> ContactInput {
    ContactInput {
        email: email.into(),
        first_name: "Ada".into(),
        ..Default::default()
    }
}
