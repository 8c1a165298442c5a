//! A store with something between it and its caller: what a broken store does wrong, or a spy that counts.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

/// What a store answers to a read.
pub(crate) type Read<T> = Result<T, StoreError>;

/// Stands between a store and its caller. What it does not answer itself, the store answers.
#[async_trait]
pub(crate) trait Intercept: Send + Sync + 'static {
    /// Sees a call of the store before it is answered: which it is, and what is asked. What this gives is dropped once the
    /// call is answered, or given up.
    fn call(&self, _method: &'static str, _asked: &dyn Debug) -> Box<dyn Send + '_> {
        Box::new(())
    }

    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
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

    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        store.list(scope, query).await
    }

    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        store.search(scope, search).await
    }

    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
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

    async fn responses_about(
        &self,
        store: &dyn Store,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Read<Vec<String>> {
        store.responses_about(scope, record, after, limit).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch).await
    }

    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        store.log(scope, after, limit).await
    }

    async fn numbers(
        &self,
        store: &dyn Store,
        scope: Scope,
        events: &[Id],
    ) -> Read<Vec<Option<i64>>> {
        store.numbers(scope, events).await
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        store.queues(after, limit).await
    }

    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        store.awaited(query).await
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
    async fn get(&self, scope: Scope, id: Id) -> Read<Option<Document>> {
        let _call = self.by.call("get", &(scope, id));
        self.by.get(&*self.store, scope, id).await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let _call = self.by.call("find", &(scope, kind, keys));
        self.by.find(&*self.store, scope, kind, keys).await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Read<Page> {
        let _call = self.by.call("list", &(scope, query));
        self.by.list(&*self.store, scope, query).await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Read<SearchPage> {
        let _call = self.by.call("search", &(scope, search));
        self.by.search(&*self.store, scope, search).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let _call = self.by.call("configuration", &(scope, &known));
        self.by.configuration(&*self.store, scope, known).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let _call = self.by.call("response", &(scope, key, now));
        self.by.response(&*self.store, scope, key, now).await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Read<Vec<String>> {
        let asked = (scope, record, after, limit);
        let _call = self.by.call("responses_about", &asked);
        let by = &self.by;
        by.responses_about(&*self.store, scope, record, after, limit)
            .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let _call = self.by.call("commit", &batch);
        self.by.commit(&*self.store, batch).await
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Read<LogPage> {
        let _call = self.by.call("log", &(scope, after, limit));
        self.by.log(&*self.store, scope, after, limit).await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Read<Vec<Option<i64>>> {
        let _call = self.by.call("numbers", &(scope, events));
        self.by.numbers(&*self.store, scope, events).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let _call = self.by.call("queues", &(after, limit));
        self.by.queues(&*self.store, after, limit).await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let _call = self.by.call("awaited", query);
        self.by.awaited(&*self.store, query).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let _call = self.by.call("lease", lease);
        self.by.lease(&*self.store, lease).await
    }
}
