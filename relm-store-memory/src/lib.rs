//! The reference store: what `relm_core::store` promises, in the plainest code that keeps it.
//!
//! Everything is in one map behind one lock, so that each method is one moment and a commit is *judged whole, then
//! applied whole*. It is the oracle that other stores are compared with, the store of tests, and what the server runs
//! on with `memory:`. Nothing outlives the process.
//!
//! Lists and searches walk the records of a kind: that is its price, and why a big CRM lives in SQL. They walk in slices,
//! between which other tasks of the executor go first.

mod commit;
mod contents;
mod log;
mod records;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use relm_core::preconditions;
use relm_core::record::Webhook;
use relm_core::record::field::Field;
use relm_core::record::{Document, Record};
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::environment::yield_now;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

use crate::commit::Snapshot;
use crate::contents::Contents;
use crate::walk::{ListWalk, SearchWalk, Walk};
pub use crate::walk::{SLICE_BYTES_MAX, SLICE_VALUES_MAX};

/// The least id of what can wait for a moment: activities do.
const LEAST_ID: Id = Id::new(Kind::Activity, 0);

/// Keeps records in memory.
#[derive(Default)]
pub struct MemoryStore {
    scopes: RwLock<HashMap<Scope, Contents>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    // A panic under the lock leaves the state whole: nothing that can panic comes between two changes.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<Scope, Contents>> {
        self.scopes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Scope, Contents>> {
        self.scopes.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks the records of one scope, as they are at one moment, to the end of the walk.
    async fn walk(&self, scope: Scope, walk: &mut impl Walk) {
        let rest = self.within(scope, |contents| {
            let is_over = walk.go_on(&contents.records, walk::FIRST_SLICES);
            (!is_over).then(|| Arc::clone(&contents.records))
        });
        let Some(records) = rest else {
            return;
        };
        loop {
            yield_now().await;
            if walk.go_on(&records, 1) {
                return;
            }
        }
    }

    /// Reads one scope; one that nothing was ever written to is empty.
    fn within<T>(&self, scope: Scope, read: impl FnOnce(&Contents) -> T) -> T {
        match self.read().get(&scope) {
            Some(contents) => read(contents),
            None => read(&Contents::default()),
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        Ok(self.within(scope, |contents| {
            contents.records.get(&id).map(|entry| entry.document())
        }))
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        Ok(self.within(scope, |contents| {
            let find = |key: &String| {
                let id = contents.keys.get(&(kind, key.clone()))?;
                contents.records.get(id).map(|entry| entry.document())
            };
            keys.iter().map(find).collect()
        }))
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let mut walk = ListWalk::new(query);
        self.walk(scope, &mut walk).await;
        Ok(walk.page())
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        let mut walk = SearchWalk::new(search);
        self.walk(scope, &mut walk).await;
        Ok(walk.page())
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        Ok(self.within(scope, |contents| {
            let version = contents.configuration_version;
            let current = known.filter(|known| known.version == version);
            current.unwrap_or_else(|| {
                Arc::new(Configuration {
                    version,
                    fields: contents.of_kind(Kind::Field, |record| match record {
                        Record::Field(field) => Some(Field::clone(field)),
                        _ => None,
                    }),
                    webhooks: contents.of_kind(Kind::Webhook, |record| match record {
                        Record::Webhook(webhook) => Some(Webhook::clone(webhook)),
                        _ => None,
                    }),
                })
            })
        }))
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        Ok(self.within(scope, |contents| {
            let response = contents.responses.get(key)?;
            (response.expires_at > now).then(|| StoredResponse {
                about: Vec::new(),
                ..response.clone()
            })
        }))
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        Ok(self.within(scope, |contents| {
            let about = contents.responses.values();
            let about = about.filter(|response| response.about.contains(&record));
            let keys = about.map(|response| &response.key);
            let mut keys: Vec<&String> = keys.filter(|key| Some(key.as_str()) > after).collect();
            keys.sort_unstable();
            keys.into_iter().take(limit).cloned().collect()
        }))
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let mut scopes = self.write();
        let contents = scopes.entry(batch.scope).or_default();
        let now = batch.now;
        preconditions::check(&batch, &Snapshot { contents, now })?;
        contents.apply(batch);
        Ok(())
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        Ok(self.within(scope, |contents| {
            contents.log.page(&contents.records, after, limit)
        }))
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        Ok(self.within(scope, |contents| {
            let numbers = events.iter().map(|id| contents.log.number(*id));
            numbers.collect()
        }))
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues: Vec<Queue> = Vec::new();
        for (scope, contents) in self.read().iter() {
            for (webhook, waiting) in &contents.queues {
                let key = QueueKey {
                    scope: *scope,
                    webhook: *webhook,
                };
                let first = waiting.first().filter(|_| Some(key) > after);
                queues.extend(first.map(|(due_at, _)| Queue {
                    key,
                    due_at: *due_at,
                }));
            }
        }
        queues.sort_unstable_by_key(|queue| queue.key);
        queues.truncate(limit);
        Ok(queues)
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let (mut first, mut all) = (query.from, Vec::new());
        if let Some(after) = query.after {
            first = first.max(after.at);
        }
        for (scope, contents) in self.read().iter() {
            let waiting = contents.awaited.range((first, LEAST_ID)..);
            let waiting = waiting.take_while(|(at, _)| *at <= query.until);
            let waiting = waiting.map(|(at, id)| Awaited {
                at: *at,
                scope: *scope,
                id: *id,
            });
            let later = waiting.filter(|it| Some(*it) > query.after);
            all.extend(later.take(query.limit));
        }
        all.sort_unstable();
        all.truncate(query.limit);
        Ok(all)
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut scopes = self.write();
        let contents = scopes.entry(lease.scope).or_default();
        Ok(contents.lease(lease))
    }
}
