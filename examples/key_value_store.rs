//! How do I keep records in a key-value store? A durable one, over [redb](https://www.redb.org), in one file.
//!
//! `cargo run -p relm-examples --example key_value_store` runs the engine over it, and
//! `cargo test -p relm-examples --example key_value_store` the suite that every store passes. It keeps documents under ids,
//! ids under unique keys, and what is due under endpoints; it reads a record back from its document by
//! `Record::from_json` when a filter or a search asks. redb runs one write at a time, so a commit checks its preconditions
//! and applies its writes in one transaction, and a transaction that is dropped leaves nothing.

use std::cell::Cell;
use std::cmp::Reverse;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use relm_core::preconditions::{self, StateView, key_of};
use relm_core::query::filter::matches;
use relm_core::query::search::SearchPosition;
use relm_core::record::{Document, Record};
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Numbered, Page,
    Query, Queue, QueueKey, Search, SearchPage, StoreError, StoredResponse, Write,
};
use relm_core::{ContactInput, Crm, Field, Id, Kind, Mode, Scope, Store, Timestamp, Webhook};

/// The parts of a scope: the workspace and the mode. Every key begins with them.
type ScopeKey = (u128, u8);
type RecordKey = (ScopeKey, &'static str, u128);
type HolderKey = (ScopeKey, &'static str, &'static str);
type ResponseKey = (ScopeKey, &'static str);
type AboutKey = (RecordKey, &'static str);
type Response = (&'static [u8], i64, i64, &'static str);

/// The document of each record, under its scope, kind and ULID.
const DOCUMENTS: TableDefinition<RecordKey, &str> = TableDefinition::new("documents");
/// The ULID of the record that holds a unique key.
const HOLDERS: TableDefinition<HolderKey, u128> = TableDefinition::new("holders");
/// Fingerprint, outcome, end and body of a response, under its idempotency key.
const RESPONSES: TableDefinition<ResponseKey, Response> = TableDefinition::new("responses");
/// The responses in the order in which they end, each with the records that it is about, with spaces between them.
const EXPIRIES: TableDefinition<(i64, ResponseKey), &str> = TableDefinition::new("expiries");
/// When the response ends that is about a record, under the record and the idempotency key.
const ABOUT: TableDefinition<AboutKey, i64> = TableDefinition::new("about");
/// How often the configuration of a scope changed.
const VERSIONS: TableDefinition<ScopeKey, i64> = TableDefinition::new("versions");
/// When a pending delivery is due or its lease ends, under its endpoint.
const DUE: TableDefinition<(ScopeKey, u128, u128), i64> = TableDefinition::new("due");
/// The activities that wait for a moment, of all scopes, by it.
const AWAITED: TableDefinition<(i64, ScopeKey, u128), ()> = TableDefinition::new("awaited");
/// The ULID of the event that has a number in the log of its scope, and the number of an event.
const LOG: TableDefinition<(ScopeKey, i64), u128> = TableDefinition::new("log");
const NUMBERS: TableDefinition<(ScopeKey, u128), i64> = TableDefinition::new("numbers");
/// The greatest number that was given in a scope, and the greatest of an event that was deleted.
const ENDS: TableDefinition<ScopeKey, (i64, i64)> = TableDefinition::new("ends");

struct KeyValueStore {
    database: Database,
    durability: Durability,
}

/// Why redb failed. It is not there, or broken: a caller can do nothing about it.
fn fault(error: impl Into<redb::Error>) -> StoreError {
    StoreError::fault(error.into())
}

impl KeyValueStore {
    /// Opens the database in a file, which is made where there is none.
    fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Self, StoreError> {
        let database = Database::create(path).map_err(fault)?;
        let store = Self {
            database,
            durability,
        };
        // A table is there once it was opened to be written.
        store.write(|_| Ok(()))?;
        Ok(store)
    }

    /// Runs `work` in a transaction that is committed when it succeeds, and leaves nothing when it fails.
    fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.database.begin_write().map_err(fault)?;
        let durability = transaction.set_durability(self.durability);
        durability.map_err(StoreError::fault)?;
        let done = {
            let mut tables = Tables {
                documents: transaction.open_table(DOCUMENTS).map_err(fault)?,
                holders: transaction.open_table(HOLDERS).map_err(fault)?,
                responses: transaction.open_table(RESPONSES).map_err(fault)?,
                expiries: transaction.open_table(EXPIRIES).map_err(fault)?,
                about: transaction.open_table(ABOUT).map_err(fault)?,
                versions: transaction.open_table(VERSIONS).map_err(fault)?,
                due: transaction.open_table(DUE).map_err(fault)?,
                awaited: transaction.open_table(AWAITED).map_err(fault)?,
                log: transaction.open_table(LOG).map_err(fault)?,
                numbers: transaction.open_table(NUMBERS).map_err(fault)?,
                ends: transaction.open_table(ENDS).map_err(fault)?,
            };
            work(&mut tables)?
        };
        transaction.commit().map_err(fault)?;
        Ok(done)
    }

    /// One table as it is at this moment.
    fn read<K: redb::Key, V: redb::Value>(
        &self,
        table: TableDefinition<K, V>,
    ) -> Result<redb::ReadOnlyTable<K, V>, StoreError> {
        let transaction = self.database.begin_read().map_err(fault)?;
        transaction.open_table(table).map_err(fault)
    }
}

struct Tables<'a> {
    documents: redb::Table<'a, RecordKey, &'static str>,
    holders: redb::Table<'a, HolderKey, u128>,
    responses: redb::Table<'a, ResponseKey, Response>,
    expiries: redb::Table<'a, (i64, ResponseKey), &'static str>,
    about: redb::Table<'a, AboutKey, i64>,
    versions: redb::Table<'a, ScopeKey, i64>,
    due: redb::Table<'a, (ScopeKey, u128, u128), i64>,
    awaited: redb::Table<'a, (i64, ScopeKey, u128), ()>,
    log: redb::Table<'a, (ScopeKey, i64), u128>,
    numbers: redb::Table<'a, (ScopeKey, u128), i64>,
    ends: redb::Table<'a, ScopeKey, (i64, i64)>,
}

/// What is in files stays what it is, whatever Rust makes of the enum.
fn mode_key(mode: Mode) -> u8 {
    match mode {
        Mode::Live => 0,
        Mode::Test => 1,
    }
}

fn mode_of(key: u8) -> Mode {
    match key {
        0 => Mode::Live,
        _ => Mode::Test,
    }
}

fn scope_key(scope: Scope) -> ScopeKey {
    (scope.workspace().ulid(), mode_key(scope.mode()))
}

fn record_key(scope: Scope, id: Id) -> RecordKey {
    (scope_key(scope), id.kind().prefix(), id.ulid())
}

fn document(
    documents: &impl ReadableTable<RecordKey, &'static str>,
    scope: Scope,
    id: Id,
) -> Result<Option<Document>, StoreError> {
    let json = documents.get(record_key(scope, id)).map_err(fault)?;
    Ok(json.map(|json| Document {
        id,
        json: json.value().into(),
    }))
}

/// Reads a document back as the record that it is.
fn record(kind: Kind, json: &str) -> Result<Record, StoreError> {
    Record::from_json(kind, json).map_err(StoreError::fault)
}

/// The records of a kind, newest first, from the one after `after`.
fn newest(
    documents: &impl ReadableTable<RecordKey, &'static str>,
    scope: Scope,
    kind: Kind,
    after: Option<Id>,
) -> Result<impl Iterator<Item = Result<(Document, Record), StoreError>>, StoreError> {
    let scope = scope_key(scope);
    let from = (scope, kind.prefix(), 0);
    // Where the page begins with the newest, nothing is after the greatest ULID but itself.
    let found = match after {
        Some(after) => documents.range(from..(scope, kind.prefix(), after.ulid())),
        None => documents.range(from..=(scope, kind.prefix(), u128::MAX)),
    };
    Ok(found.map_err(fault)?.rev().map(move |entry| {
        let (key, json) = entry.map_err(fault)?;
        let document = Document {
            id: Id::new(kind, key.value().2),
            json: json.value().into(),
        };
        let record = record(kind, &document.json)?;
        Ok((document, record))
    }))
}

/// The greatest number that was given in a scope, and the greatest of an event that was deleted.
fn ends_of(
    ends: &impl ReadableTable<ScopeKey, (i64, i64)>,
    scope: ScopeKey,
) -> Result<(i64, i64), StoreError> {
    let ends = ends.get(scope).map_err(fault)?;
    Ok(ends.map_or((0, 0), |ends| ends.value()))
}

impl Tables<'_> {
    /// Numbers the events that a batch inserts, in the order of their ids.
    fn number(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let scope = scope_key(batch.scope);
        let inserted = batch.writes.iter().filter_map(|write| match write {
            Write::Insert(entry) => Some(entry.record.id()),
            _ => None,
        });
        let mut events: Vec<Id> = inserted.filter(|id| id.kind() == Kind::Event).collect();
        events.sort_unstable();
        let (mut last, deleted) = ends_of(&self.ends, scope)?;
        for event in events {
            last += 1;
            let ulid = event.ulid();
            self.log.insert((scope, last), ulid).map_err(fault)?;
            self.numbers.insert((scope, ulid), last).map_err(fault)?;
        }
        self.ends.insert(scope, (last, deleted)).map_err(fault)?;
        Ok(())
    }

    /// Takes an event out of the log.
    fn unnumber(&mut self, scope: ScopeKey, event: Id) -> Result<(), StoreError> {
        let number = self.numbers.remove((scope, event.ulid())).map_err(fault)?;
        if let Some(seq) = number.map(|number| number.value()) {
            self.log.remove((scope, seq)).map_err(fault)?;
            let (last, deleted) = ends_of(&self.ends, scope)?;
            let ends = (last, deleted.max(seq));
            self.ends.insert(scope, ends).map_err(fault)?;
        }
        Ok(())
    }

    fn insert(&mut self, scope: Scope, record: &Record, json: &str) -> Result<(), StoreError> {
        let (scope_key, id) = (scope_key(scope), record.id());
        let documents = self.documents.insert(record_key(scope, id), json);
        documents.map_err(fault)?;
        if let Some((kind, key)) = key_of(record) {
            let key = (scope_key, kind.prefix(), &*key);
            self.holders.insert(key, id.ulid()).map_err(fault)?;
        }
        if let Record::Delivery(delivery) = record
            && let Some(at) = delivery.next_attempt_at
        {
            let key = (scope_key, delivery.webhook_id.ulid(), id.ulid());
            self.due.insert(key, at.as_millis()).map_err(fault)?;
        }
        if let Some(at) = record.awaited_at() {
            let key = (at.as_millis(), scope_key, id.ulid());
            self.awaited.insert(key, ()).map_err(fault)?;
        }
        Ok(())
    }

    fn remove(&mut self, scope: Scope, record: &Record) -> Result<(), StoreError> {
        self.take(scope, record)?;
        match record {
            Record::Event(event) => self.unnumber(scope_key(scope), event.id),
            _ => Ok(()),
        }
    }

    /// Takes out a record that is replaced, or deleted: an event keeps its number until it is.
    fn take(&mut self, scope: Scope, record: &Record) -> Result<(), StoreError> {
        let (scope_key, id) = (scope_key(scope), record.id());
        self.documents
            .remove(record_key(scope, id))
            .map_err(fault)?;
        if let Some((kind, key)) = key_of(record) {
            let key = (scope_key, kind.prefix(), &*key);
            let holder = self.holders.get(key).map_err(fault)?;
            if holder.map(|holder| holder.value()) == Some(id.ulid()) {
                self.holders.remove(key).map_err(fault)?;
            }
        }
        if let Record::Delivery(delivery) = record {
            let key = (scope_key, delivery.webhook_id.ulid(), id.ulid());
            self.due.remove(key).map_err(fault)?;
        }
        if let Some(at) = record.awaited_at() {
            let key = (at.as_millis(), scope_key, id.ulid());
            self.awaited.remove(key).map_err(fault)?;
        }
        Ok(())
    }

    /// Keeps a response, and drops two that have ended by now: no more are kept than live, and none is searched for.
    fn remember(
        &mut self,
        scope: Scope,
        response: &StoredResponse,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..2 {
            let first = self.expiries.first().map_err(fault)?;
            let Some((end, scope, key)) = first.map(|(first, _)| {
                let (end, (scope, key)) = first.value();
                (end, scope, key.to_owned())
            }) else {
                break;
            };
            if end > now.as_millis() {
                break;
            }
            let key = (scope, &*key);
            let about = self.expiries.remove((end, key)).map_err(fault)?;
            let about = about.map(|about| about.value().to_owned());
            for id in about.unwrap_or_default().split_whitespace() {
                let id = Id::parse(id).ok_or_else(|| StoreError::fault("what is no id"))?;
                let place = ((key.0, id.kind().prefix(), id.ulid()), key.1);
                let ends = self.about.get(place).map_err(fault)?;
                if ends.map(|ends| ends.value()) == Some(end) {
                    self.about.remove(place).map_err(fault)?;
                }
            }
            // Its key may be in use again.
            let kept = self.responses.get(key).map_err(fault)?;
            if kept.map(|kept| kept.value().2) == Some(end) {
                self.responses.remove(key).map_err(fault)?;
            }
        }
        let (key, end) = ((scope_key(scope), &*response.key), response.expires_at);
        let (fingerprint, body) = (&response.fingerprint[..], &*response.body);
        let value = (fingerprint, response.outcome, end.as_millis(), body);
        self.responses.insert(key, value).map_err(fault)?;
        let about: Vec<String> = response.about.iter().map(ToString::to_string).collect();
        self.expiries
            .insert((end.as_millis(), key), &*about.join(" "))
            .map_err(fault)?;
        for id in &response.about {
            let place = (record_key(scope, *id), key.1);
            self.about.insert(place, end.as_millis()).map_err(fault)?;
        }
        Ok(())
    }

    /// Forgets a response, if it is about a record.
    fn forget(&mut self, scope: Scope, key: &str, about: Id) -> Result<(), StoreError> {
        let place = (record_key(scope, about), key);
        let about = self.about.remove(place).map_err(fault)?;
        let about = about.map(|ends| ends.value());
        let key = (scope_key(scope), key);
        let kept = self.responses.get(key).map_err(fault)?;
        let kept = kept.map(|kept| kept.value().2);
        if kept.is_some() && kept == about {
            self.responses.remove(key).map_err(fault)?;
        }
        Ok(())
    }

    fn unlink(&mut self, scope: Scope, end: Id) -> Result<(), StoreError> {
        let edges = newest(&self.documents, scope, Kind::Association, None)?;
        let edges: Vec<Record> = edges
            .map(|edge| Ok(edge?.1))
            .collect::<Result<_, StoreError>>()?;
        for edge in edges {
            if let Record::Association(association) = &edge
                && [association.from_id, association.to_id].contains(&end)
            {
                self.remove(scope, &edge)?;
            }
        }
        Ok(())
    }

    /// What is removed goes first: a batch may hand a unique key from one record to another.
    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let scope = batch.scope;
        for write in &batch.writes {
            match write {
                Write::Replace { before, .. } => self.take(scope, &before.record)?,
                Write::Delete(read) => self.remove(scope, &read.record)?,
                Write::Unlink(end) => self.unlink(scope, *end)?,
                Write::Forget { key, about } => self.forget(scope, key, *about)?,
                Write::Insert(_) | Write::Reconfigure | Write::Remember(_) => {}
            }
        }
        self.number(batch)?;
        for write in &batch.writes {
            match write {
                Write::Insert(entry) | Write::Replace { after: entry, .. } => {
                    self.insert(scope, &entry.record, &entry.json)?;
                }
                Write::Reconfigure => {
                    let key = scope_key(scope);
                    let version = version_of(&self.versions, scope)?;
                    self.versions.insert(key, version + 1).map_err(fault)?;
                }
                Write::Remember(response) => self.remember(scope, response, batch.now)?,
                Write::Delete(_) | Write::Unlink(_) | Write::Forget { .. } => {}
            }
        }
        Ok(())
    }
}

fn version_of(
    versions: &impl ReadableTable<ScopeKey, i64>,
    scope: Scope,
) -> Result<i64, StoreError> {
    let version = versions.get(scope_key(scope)).map_err(fault)?;
    Ok(version.map_or(0, |version| version.value()))
}

/// What a batch is checked against. What could not be read is told afterwards, since a view cannot fail.
struct Before<'a, 'b> {
    tables: &'a Tables<'b>,
    batch: &'a Batch,
    failure: Cell<Option<StoreError>>,
}

impl Before<'_, '_> {
    fn read<T>(&self, value: Result<Option<T>, StoreError>) -> Option<T> {
        value.unwrap_or_else(|failure| {
            self.failure.set(Some(failure));
            None
        })
    }
}

impl StateView for Before<'_, '_> {
    fn configuration_version(&self) -> i64 {
        let version = version_of(&self.tables.versions, self.batch.scope);
        self.read(version.map(Some)).unwrap_or_default()
    }

    fn has_response(&self, key: &str) -> bool {
        let kept = self
            .tables
            .responses
            .get((scope_key(self.batch.scope), key));
        let ends = kept.map(|kept| kept.map(|kept| kept.value().2));
        self.read(ends.map_err(fault))
            .is_some_and(|ends| ends > self.batch.now.as_millis())
    }

    fn version(&self, id: Id) -> Option<i64> {
        let kept = self.read(document(&self.tables.documents, self.batch.scope, id))?;
        let record = self.read(record(id.kind(), &kept.json).map(Some))?;
        Some(record.version())
    }

    fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        let key = (scope_key(self.batch.scope), kind.prefix(), key);
        let holder = self.tables.holders.get(key).map_err(fault);
        self.read(holder.map(|holder| holder.map(|ulid| Id::new(kind, ulid.value()))))
    }
}

#[async_trait]
impl Store for KeyValueStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        document(&self.read(DOCUMENTS)?, scope, id)
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let transaction = self.database.begin_read().map_err(fault)?;
        let holders = transaction.open_table(HOLDERS).map_err(fault)?;
        let documents = transaction.open_table(DOCUMENTS).map_err(fault)?;
        let find = |key: &String| {
            let holder = holders.get((scope_key(scope), kind.prefix(), &**key));
            match holder.map_err(fault)? {
                Some(ulid) => document(&documents, scope, Id::new(kind, ulid.value())),
                None => Ok(None),
            }
        };
        keys.iter().map(find).collect()
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let documents = self.read(DOCUMENTS)?;
        let mut failure = None;
        let found = newest(&documents, scope, query.kind, query.after)?
            .map_while(|entry| entry.map_err(|error| failure = Some(error)).ok())
            .filter(|(_, record)| matches(&query.clauses, record))
            .map(|(document, _)| document);
        let page = Page::of(query.limit, found);
        failure.map_or(Ok(page), Err)
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        let documents = self.read(DOCUMENTS)?;
        let mut found: Vec<(SearchPosition, Document)> = Vec::new();
        for object_type in &search.types {
            for entry in newest(&documents, scope, object_type.kind(), None)? {
                let (document, record) = entry?;
                if let Some(rank) = search.terms.rank(&record) {
                    let ulid = document.id.ulid();
                    found.push((SearchPosition { rank, ulid }, document));
                }
            }
        }
        found.retain(|(position, document)| {
            let after = search.after.as_ref();
            after.is_none_or(|after| after.is_before(position.rank, document.id))
        });
        found.sort_by_key(|(position, _)| (position.rank, Reverse(position.ulid)));
        Ok(SearchPage::of(search.limit, found))
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let transaction = self.database.begin_read().map_err(fault)?;
        let versions = transaction.open_table(VERSIONS).map_err(fault)?;
        let version = version_of(&versions, scope)?;
        if let Some(known) = known.filter(|known| known.version == version) {
            return Ok(known);
        }
        let documents = transaction.open_table(DOCUMENTS).map_err(fault)?;
        let mut configuration = Configuration {
            version,
            ..Configuration::default()
        };
        for kind in [Kind::Field, Kind::Webhook] {
            for entry in newest(&documents, scope, kind, None)? {
                match entry?.1 {
                    Record::Field(field) => configuration.fields.push(Field::clone(&field)),
                    Record::Webhook(webhook) => {
                        configuration.webhooks.push(Webhook::clone(&webhook));
                    }
                    _ => {}
                }
            }
        }
        configuration.fields.reverse();
        configuration.webhooks.reverse();
        Ok(Arc::new(configuration))
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let responses = self.read(RESPONSES)?;
        let kept = responses.get((scope_key(scope), key)).map_err(fault)?;
        let Some(kept) = kept else {
            return Ok(None);
        };
        let (fingerprint, outcome, ends, body) = kept.value();
        let response = StoredResponse {
            key: key.to_owned(),
            fingerprint: fingerprint.try_into().map_err(StoreError::fault)?,
            outcome,
            body: body.into(),
            expires_at: Timestamp::from_millis(ends),
            about: Vec::new(),
        };
        Ok((response.expires_at > now).then_some(response))
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let transaction = self.database.begin_read().map_err(fault)?;
        let about = transaction.open_table(ABOUT).map_err(fault)?;
        let responses = transaction.open_table(RESPONSES).map_err(fault)?;
        let (record, scope) = (record_key(scope, record), scope_key(scope));
        let mut keys = Vec::new();
        let rest = about.range((record, after.unwrap_or_default())..);
        for entry in rest.map_err(fault)? {
            let (place, ends) = entry.map_err(fault)?;
            let (of, key) = place.value();
            if of != record || keys.len() == limit {
                break;
            }
            let kept = responses.get((scope, key)).map_err(fault)?;
            // Its key may be in use again.
            if Some(key) > after && kept.is_some_and(|kept| kept.value().2 == ends.value()) {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.write(|tables| {
            let before = Before {
                tables,
                batch: &batch,
                failure: Cell::new(None),
            };
            let checked = preconditions::check(&batch, &before);
            if let Some(failure) = before.failure.take() {
                return Err(failure.into());
            }
            checked?;
            Ok(tables.apply(&batch)?)
        })
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        let key = scope_key(scope);
        let transaction = self.database.begin_read().map_err(fault)?;
        let log = transaction.open_table(LOG).map_err(fault)?;
        let documents = transaction.open_table(DOCUMENTS).map_err(fault)?;
        let ends = transaction.open_table(ENDS).map_err(fault)?;
        let (last, deleted) = ends_of(&ends, key)?;
        let next = after.saturating_add(1);
        let later = (key, next)..=(key, i64::MAX);
        let mut failure = None;
        let numbered = |(seq, ulid): (i64, u128)| {
            let found = document(&documents, scope, Id::new(Kind::Event, ulid))?;
            let document = found.ok_or_else(|| StoreError::fault("a number is of no event"))?;
            Ok(Numbered { seq, document })
        };
        let events = log.range(later).map_err(fault)?.map_while(|entry| {
            let entry = entry.map(|(place, ulid)| (place.value().1, ulid.value()));
            let read: Result<Numbered, StoreError> = entry.map_err(fault).and_then(numbered);
            read.map_err(|error| failure = Some(error)).ok()
        });
        let page = LogPage {
            last,
            deleted,
            ..LogPage::of(limit, events)
        };
        failure.map_or(Ok(page), Err)
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let numbers = self.read(NUMBERS)?;
        let number = |event: &Id| {
            let number = numbers
                .get((scope_key(scope), event.ulid()))
                .map_err(fault)?;
            Ok(number.map(|number| number.value()))
        };
        events.iter().map(number).collect()
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let due = self.read(DUE)?;
        let end = |key: QueueKey| (scope_key(key.scope), key.webhook.ulid(), u128::MAX);
        let begin = after.map_or(Bound::Unbounded, |after| Bound::Excluded(end(after)));
        let mut queues: Vec<Queue> = Vec::new();
        // The table has one queue after the other.
        for entry in due.range((begin, Bound::Unbounded)).map_err(fault)? {
            let (key, at) = entry.map_err(fault)?;
            let ((workspace, mode), webhook, _) = key.value();
            let workspace = Id::new(Kind::Workspace, workspace);
            let key = QueueKey {
                scope: Scope::new(workspace, mode_of(mode)),
                webhook: Id::new(Kind::Webhook, webhook),
            };
            let due_at = Timestamp::from_millis(at.value());
            let (is_full, last) = (queues.len() == limit, queues.last_mut());
            match last.filter(|last| last.key == key) {
                Some(queue) => queue.due_at = due_at.min(queue.due_at),
                None if is_full => break,
                None => queues.push(Queue { key, due_at }),
            }
        }
        Ok(queues)
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let awaited = self.read(AWAITED)?;
        let place = |it: Awaited| (it.at.as_millis(), scope_key(it.scope), it.id.ulid());
        let first = Bound::Included((query.from.as_millis(), (0, 0), 0));
        let begin = match query.after.filter(|after| after.at >= query.from) {
            Some(after) => Bound::Excluded(place(after)),
            None => first,
        };
        let end = (query.until.as_millis(), (u128::MAX, u8::MAX), u128::MAX);
        // Of a query that asks for no moment, the table would be asked for a range that ends before it begins.
        if query.until < query.from || query.after.is_some_and(|after| after.at > query.until) {
            return Ok(Vec::new());
        }
        let found = awaited.range((begin, Bound::Included(end)));
        let found = found.map_err(fault)?.take(query.limit);
        let found = found.map(|entry| {
            let (at, (workspace, mode), ulid) = entry.map_err(fault)?.0.value();
            Ok(Awaited {
                at: Timestamp::from_millis(at),
                scope: Scope::new(Id::new(Kind::Workspace, workspace), mode_of(mode)),
                id: Id::new(Kind::Activity, ulid),
            })
        });
        found.collect()
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.write(|tables| {
            let (scope, webhook) = (scope_key(lease.scope), lease.webhook.ulid());
            let queue = tables
                .due
                .range((scope, webhook, 0)..=(scope, webhook, u128::MAX));
            let mut due = Vec::new();
            for entry in queue.map_err(fault)? {
                let (key, at) = entry.map_err(fault)?;
                if at.value() <= lease.now.as_millis() {
                    due.push((at.value(), key.value().2));
                }
            }
            due.sort_unstable();
            due.truncate(lease.limit);
            let mut taken = Vec::new();
            for (due_at, ulid) in due {
                let key = (scope, webhook, ulid);
                tables
                    .due
                    .insert(key, due_at.max(lease.until.as_millis()))
                    .map_err(fault)?;
                let id = Id::new(Kind::Delivery, ulid);
                taken.extend(document(&tables.documents, lease.scope, id)?);
            }
            Ok(taken)
        })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("relm.redb");
    let ada = ContactInput {
        email: "ada@example.com".into(),
        ..Default::default()
    };
    pollster::block_on(async {
        let crm = Crm::new(KeyValueStore::open(&path, Durability::Immediate)?);
        let workspace = crm.create_workspace("acme").await?.id;
        let live = crm.open(workspace, Mode::Live).await?;
        let made = live.contacts().create(ada).await?;
        drop((live, crm));
        // Another process would find the same.
        let crm = Crm::new(KeyValueStore::open(&path, Durability::Immediate)?);
        let live = crm.open(workspace, Mode::Live).await?;
        let found = live.contacts().get(made.id).await?;
        assert_eq!(found, Some(made));
        println!("kept in {}", path.display());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use redb::Durability;
    use relm_conformance::Guarded;

    use super::KeyValueStore;

    /// Without a sync for each commit: the suite makes thousands, and none of them meets a loss of power.
    fn fresh() -> Guarded {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("relm.redb");
        let store = KeyValueStore::open(path, Durability::None).expect("a fresh database opens");
        Guarded::new(Arc::new(store), folder)
    }

    relm_conformance::store_conformance!(fresh());
}
