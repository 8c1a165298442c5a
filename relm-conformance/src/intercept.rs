//! A store with something between it and its caller: what a broken store does wrong, or a spy that counts.

use std::sync::Arc;

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{
    Batch, CommitError, Configuration, Lease, Page, Query, Queue, QueueKey, Search, SearchPage,
    Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

/// Stands between a store and its caller. What it does not say itself, the store says.
#[async_trait]
pub(crate) trait Intercept: Send + Sync + 'static {
    async fn get(
        &self,
        store: &dyn Store,
        scope: Scope,
        id: Id,
    ) -> Result<Option<Document>, StoreError> {
        store.get(scope, id).await
    }

    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        store.find(scope, kind, keys).await
    }

    async fn list(
        &self,
        store: &dyn Store,
        scope: Scope,
        query: &Query,
    ) -> Result<Page, StoreError> {
        store.list(scope, query).await
    }

    async fn search(
        &self,
        store: &dyn Store,
        scope: Scope,
        search: &Search,
    ) -> Result<SearchPage, StoreError> {
        store.search(scope, search).await
    }

    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<i64>,
    ) -> Result<Option<Configuration>, StoreError> {
        store.configuration(scope, known).await
    }

    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        store.response(scope, key, now).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch).await
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        store.queues(after, limit).await
    }

    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        store.lease(lease).await
    }
}

/// The store that callers see.
pub(crate) struct Intercepted<I> {
    pub store: Arc<dyn Store>,
    pub by: Arc<I>,
}

#[async_trait]
impl<I: Intercept> Store for Intercepted<I> {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.by.get(&*self.store, scope, id).await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        self.by.find(&*self.store, scope, kind, keys).await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        self.by.list(&*self.store, scope, query).await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        self.by.search(&*self.store, scope, search).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<i64>,
    ) -> Result<Option<Configuration>, StoreError> {
        self.by.configuration(&*self.store, scope, known).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        self.by.response(&*self.store, scope, key, now).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.by.commit(&*self.store, batch).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.by.queues(&*self.store, after, limit).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.by.lease(&*self.store, lease).await
    }
}
