//! Calls of the store, whichever it is.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

use super::{Metrics, SECONDS};

#[derive(Clone, Debug)]
pub(super) struct StoreMetrics {
    duration: Family<Call, Histogram, fn() -> Histogram>,
    failures: Family<Failure, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    operation: &'static str,
    reason: &'static str,
}

impl StoreMetrics {
    pub fn new(registry: &mut Registry) -> Self {
        let this = Self {
            duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            failures: Family::default(),
        };
        registry.register_with_unit(
            "relm_store_call_duration",
            "Calls of the store; a commit waits for its turn and for the disk",
            Unit::Seconds,
            this.duration.clone(),
        );
        registry.register(
            "relm_store_failures",
            "Calls of the store that failed, and commits that were refused and planned anew",
            this.failures.clone(),
        );
        this
    }
}

/// A store whose calls are counted and timed. A call that is given up is not.
pub struct MeasuredStore {
    store: Arc<dyn Store>,
    metrics: StoreMetrics,
}

impl MeasuredStore {
    /// This store, seen by these metrics.
    pub fn new(store: Arc<dyn Store>, metrics: &Metrics) -> Self {
        let metrics = metrics.store.clone();
        Self { store, metrics }
    }

    async fn measured<T, E: Reason>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let done = call.await;
        let duration = self.metrics.duration.get_or_create(&Call { operation });
        duration.observe(begun.elapsed().as_secs_f64());
        if let Err(error) = &done {
            let reason = error.reason();
            let failure = Failure { operation, reason };
            self.metrics.failures.get_or_create(&failure).inc();
        }
        done
    }
}

/// What kind of failure one is, in a word.
trait Reason {
    fn reason(&self) -> &'static str;
}

impl Reason for StoreError {
    fn reason(&self) -> &'static str {
        if let Some(why) = self.why_unwritable() {
            return why.as_str();
        }
        match self {
            error if error.is_ambiguous() => "outcome_unknown",
            error if error.is_retryable() => "unavailable",
            _ => "fault",
        }
    }
}

impl Reason for CommitError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Store(error) => error.reason(),
        }
    }
}

#[async_trait]
impl Store for MeasuredStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.measured("get", self.store.get(scope, id)).await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let call = self.store.find(scope, kind, keys);
        self.measured("find", call).await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        self.measured("list", self.store.list(scope, query)).await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        let call = self.store.search(scope, search);
        self.measured("search", call).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let call = self.store.configuration(scope, known);
        self.measured("configuration", call).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let call = self.store.response(scope, key, now);
        self.measured("response", call).await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let call = self.store.responses_about(scope, record, after, limit);
        self.measured("responses_about", call).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.measured("commit", self.store.commit(batch)).await
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        let call = self.store.log(scope, after, limit);
        self.measured("log", call).await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let call = self.store.numbers(scope, events);
        self.measured("numbers", call).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let call = self.store.queues(after, limit);
        self.measured("queues", call).await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        self.measured("awaited", self.store.awaited(query)).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.measured("lease", self.store.lease(lease)).await
    }
}
