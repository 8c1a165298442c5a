//! How do I keep records elsewhere? A store of one's own: hash maps behind a lock, held to the whole contract.
//!
//! `cargo run -p relm-examples --example custom_store` runs the engine over it, and
//! `cargo test -p relm-examples --example custom_store` the suite that every store passes. What a store must promise is
//! in `relm_core::store`; three functions of the engine carry the meaning, so that a store need not know it: `check`
//! says whether a batch may be applied, `matches` whether a filter holds, `SearchTerms::rank` whether a search finds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use relm_core::preconditions::{self, StateView, key_of};
use relm_core::query::filter::matches;
use relm_core::query::search::SearchPosition;
use relm_core::record::{Delivery, Webhook};
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Numbered, Page,
    Query, Queue, QueueKey, Search, SearchPage, StoreError, StoredResponse, Write,
};
use relm_core::{ContactInput, Crm, Field, Id, Kind, Mode, Scope, SearchRequest, Store, Timestamp};

/// Everything in hash maps. Each method holds the lock from its first line to its last: that makes it one moment.
#[derive(Default)]
struct HashStore {
    contents: Mutex<Contents>,
}

/// Every key begins with the scope, so that none reaches beyond it.
#[derive(Default)]
struct Contents {
    records: HashMap<(Scope, Id), Entry>,
    holders: HashMap<(Scope, Kind, String), Id>,
    responses: BTreeMap<(Scope, String), StoredResponse>,
    versions: HashMap<Scope, i64>,
    leases: HashMap<(Scope, Id), Timestamp>,
    logs: HashMap<Scope, Log>,
}

/// The events of a scope by their numbers, which are given in each commit.
#[derive(Default)]
struct Log {
    events: BTreeMap<i64, Id>,
    last: i64,
    deleted: i64,
}

impl HashStore {
    // Nothing that can panic comes between two changes, so a poisoned lock still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// The records of a kind, newest first.
    fn of_kind(&self, scope: Scope, kind: Kind) -> Vec<&Entry> {
        let all = self.records.iter();
        let mut found: Vec<&Entry> = all
            .filter(|((other, id), _)| *other == scope && id.kind() == kind)
            .map(|(_, entry)| entry)
            .collect();
        found.sort_unstable_by_key(|entry| Reverse(entry.record.id()));
        found
    }

    fn insert(&mut self, scope: Scope, entry: Entry) {
        let id = entry.record.id();
        if let Some((kind, key)) = key_of(&entry.record) {
            self.holders.insert((scope, kind, key), id);
        }
        self.records.insert((scope, id), entry);
        // One that is replaced keeps its number.
        if id.kind() == Kind::Event && self.number(scope, id).is_none() {
            let log = self.logs.entry(scope).or_default();
            log.last += 1;
            log.events.insert(log.last, id);
        }
    }

    fn number(&self, scope: Scope, event: Id) -> Option<i64> {
        let mut events = self.logs.get(&scope)?.events.iter();
        events.find(|(_, id)| **id == event).map(|(seq, _)| *seq)
    }

    /// The pending deliveries of all scopes, and when each is due or its lease ends.
    fn waiting(&self) -> impl Iterator<Item = (Scope, &Delivery, Timestamp)> {
        self.records
            .iter()
            .filter_map(|(place, entry)| match &entry.record {
                Record::Delivery(delivery) => {
                    let planned = delivery.next_attempt_at?;
                    let due_at = self.leases.get(place).copied().unwrap_or(planned);
                    Some((place.0, &**delivery, due_at))
                }
                _ => None,
            })
    }

    fn remove(&mut self, scope: Scope, id: Id) {
        if let (Some(seq), Some(log)) = (self.number(scope, id), self.logs.get_mut(&scope)) {
            log.events.remove(&seq);
            log.deleted = log.deleted.max(seq);
        }
        self.take(scope, id);
    }

    /// Takes out a record that is replaced, or deleted: an event stays in the log until it is.
    fn take(&mut self, scope: Scope, id: Id) {
        self.leases.remove(&(scope, id));
        let removed = self.records.remove(&(scope, id));
        if let Some((kind, key)) = removed.and_then(|entry| key_of(&entry.record)) {
            self.holders.remove(&(scope, kind, key));
        }
    }

    fn unlink(&mut self, scope: Scope, end: Id) {
        let edges = self.of_kind(scope, Kind::Association).into_iter();
        let of_end: Vec<Id> = edges
            .filter(|entry| match &entry.record {
                Record::Association(edge) => edge.from_id == end || edge.to_id == end,
                _ => false,
            })
            .map(|entry| entry.record.id())
            .collect();
        for id in of_end {
            self.remove(scope, id);
        }
    }

    /// What leaves goes first: a batch may hand a unique key from one record to another. Events are numbered in the order of
    /// their ids.
    fn apply(&mut self, mut batch: Batch) {
        let scope = batch.scope;
        batch.writes.sort_by_key(|write| match write {
            Write::Insert(entry) => Some(entry.record.id()),
            _ => None,
        });
        for write in &batch.writes {
            match write {
                Write::Replace { before, .. } => self.take(scope, before.record.id()),
                Write::Delete(read) => self.remove(scope, read.record.id()),
                Write::Unlink(end) => self.unlink(scope, *end),
                Write::Forget { key, about } => {
                    let place = (scope, key.clone());
                    let kept = self.responses.get(&place);
                    if kept.is_some_and(|kept| kept.about.contains(about)) {
                        self.responses.remove(&place);
                    }
                }
                Write::Insert(_) | Write::Reconfigure | Write::Remember(_) => {}
            }
        }
        for write in batch.writes {
            match write {
                Write::Insert(entry) | Write::Replace { after: entry, .. } => {
                    self.insert(scope, entry);
                }
                Write::Reconfigure => *self.versions.entry(scope).or_default() += 1,
                Write::Remember(response) => {
                    let key = (scope, response.key.clone());
                    self.responses.insert(key, response);
                }
                Write::Delete(_) | Write::Unlink(_) | Write::Forget { .. } => {}
            }
        }
    }
}

/// What a batch is judged by.
struct Before<'a> {
    contents: &'a Contents,
    scope: Scope,
    now: Timestamp,
}

impl StateView for Before<'_> {
    fn configuration_version(&self) -> i64 {
        let version = self.contents.versions.get(&self.scope);
        version.copied().unwrap_or(0)
    }

    fn has_response(&self, key: &str) -> bool {
        let kept = self.contents.responses.get(&(self.scope, key.to_owned()));
        kept.is_some_and(|kept| kept.expires_at > self.now)
    }

    fn version(&self, id: Id) -> Option<i64> {
        let entry = self.contents.records.get(&(self.scope, id))?;
        Some(entry.record.version())
    }

    fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        let place = (self.scope, kind, key.to_owned());
        self.contents.holders.get(&place).copied()
    }
}

#[async_trait]
impl Store for HashStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        Ok(self.lock().records.get(&(scope, id)).map(Entry::document))
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let contents = self.lock();
        let find = |key: &String| {
            let holder = contents.holders.get(&(scope, kind, key.clone()))?;
            contents.records.get(&(scope, *holder)).map(Entry::document)
        };
        Ok(keys.iter().map(find).collect())
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let contents = self.lock();
        let is_after = |id: Id| query.after.is_none_or(|after| id < after);
        let documents = contents
            .of_kind(scope, query.kind)
            .into_iter()
            .filter(|entry| is_after(entry.record.id()) && matches(&query.clauses, &entry.record))
            .map(Entry::document);
        // It looks at one more than it holds, which tells whether there is another page.
        Ok(Page::of(query.limit, documents))
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        let contents = self.lock();
        let mut found: Vec<(SearchPosition, Document)> = search
            .types
            .iter()
            .flat_map(|object_type| contents.of_kind(scope, object_type.kind()))
            .filter_map(|entry| {
                let (rank, id) = (search.terms.rank(&entry.record)?, entry.record.id());
                let is_after = search.after.is_none_or(|after| after.is_before(rank, id));
                let ulid = id.ulid();
                is_after.then(|| (SearchPosition { rank, ulid }, entry.document()))
            })
            .collect();
        found.sort_by_key(|(position, _)| (position.rank, Reverse(position.ulid)));
        Ok(SearchPage::of(search.limit, found))
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let contents = self.lock();
        let version = contents.versions.get(&scope).copied().unwrap_or(0);
        if let Some(known) = known.filter(|known| known.version == version) {
            return Ok(known);
        }
        let mut configuration = Configuration {
            version,
            ..Configuration::default()
        };
        for kind in [Kind::Field, Kind::Webhook] {
            for entry in contents.of_kind(scope, kind).into_iter().rev() {
                match &entry.record {
                    Record::Field(field) => configuration.fields.push(Field::clone(field)),
                    Record::Webhook(webhook) => {
                        configuration.webhooks.push(Webhook::clone(webhook))
                    }
                    _ => {}
                }
            }
        }
        Ok(Arc::new(configuration))
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let contents = self.lock();
        let kept = contents.responses.get(&(scope, key.to_owned()));
        let kept = kept.filter(|kept| kept.expires_at > now);
        Ok(kept.map(|kept| StoredResponse {
            about: Vec::new(),
            ..kept.clone()
        }))
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let contents = self.lock();
        let found = contents.responses.iter().filter(|((of, key), kept)| {
            *of == scope && Some(&**key) > after && kept.about.contains(&record)
        });
        let keys = found.take(limit).map(|((_, key), _)| key.clone());
        Ok(keys.collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let mut contents = self.lock();
        let (scope, now) = (batch.scope, batch.now);
        let before = Before {
            contents: &contents,
            scope,
            now,
        };
        preconditions::check(&batch, &before)?;
        contents.apply(batch);
        Ok(())
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        let contents = self.lock();
        let Some(log) = contents.logs.get(&scope) else {
            return Ok(LogPage::default());
        };
        let later = log.events.iter().filter(|(seq, _)| **seq > after);
        let events = later.filter_map(|(seq, id)| {
            Some(Numbered {
                seq: *seq,
                document: contents.records.get(&(scope, *id))?.document(),
            })
        });
        Ok(LogPage {
            last: log.last,
            deleted: log.deleted,
            ..LogPage::of(limit, events)
        })
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let contents = self.lock();
        let numbers = events.iter().map(|id| contents.number(scope, *id));
        Ok(numbers.collect())
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let contents = self.lock();
        let mut queues: BTreeMap<QueueKey, Timestamp> = BTreeMap::new();
        for (scope, delivery, due_at) in contents.waiting() {
            let key = QueueKey {
                scope,
                webhook: delivery.webhook_id,
            };
            if Some(key) > after {
                let first = queues.entry(key).or_insert(due_at);
                *first = due_at.min(*first);
            }
        }
        let queues = queues.into_iter().take(limit);
        Ok(queues.map(|(key, due_at)| Queue { key, due_at }).collect())
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let contents = self.lock();
        let all = contents.records.iter();
        let mut awaited: Vec<Awaited> = all
            .filter_map(|((scope, id), entry)| {
                let (scope, id) = (*scope, *id);
                let at = entry.record.awaited_at()?;
                Some(Awaited { at, scope, id })
            })
            .filter(|it| (query.from..=query.until).contains(&it.at) && Some(*it) > query.after)
            .collect();
        awaited.sort_unstable();
        awaited.truncate(query.limit);
        Ok(awaited)
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut contents = self.lock();
        let mut due: Vec<(Timestamp, Id)> = contents
            .waiting()
            .filter(|(scope, delivery, due_at)| {
                *scope == lease.scope
                    && delivery.webhook_id == lease.webhook
                    && *due_at <= lease.now
            })
            .map(|(_, delivery, due_at)| (due_at, delivery.id))
            .collect();
        due.sort_unstable();
        let take = |(due_at, id): (Timestamp, Id)| {
            let place = (lease.scope, id);
            contents.leases.insert(place, due_at.max(lease.until));
            contents.records.get(&place).map(Entry::document)
        };
        Ok(due.into_iter().take(lease.limit).filter_map(take).collect())
    }
}

fn main() -> relm_core::Result<()> {
    pollster::block_on(async {
        let crm = Crm::new(HashStore::default());
        let workspace = crm.create_workspace("acme").await?;
        let live = crm.open(workspace.id, Mode::Live).await?;
        let ada = ContactInput {
            email: "ada@example.com".into(),
            last_name: "Lovelace".into(),
            ..Default::default()
        };
        live.contacts().create(ada).await?;
        let search = SearchRequest::new("love");
        let found = live.search(&search).documents().await?;
        assert_eq!(found.data.len(), 1);
        println!("found: {}", found.data[0].json);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::HashStore;

    relm_conformance::store_conformance!(HashStore::default());
}
