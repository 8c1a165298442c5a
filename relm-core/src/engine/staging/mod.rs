//! Staging: changes that are planned one after the other, each in sight of those before it, and committed as one.

mod staged;
mod view;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::staged::Staged;
use self::view::check;
use super::by_ids::read_by_ids;
use crate::preconditions::key_of;
use crate::record::{Document, Entry};
use crate::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Require, Search, SearchPage, Store, StoreError, StoredResponse, Write,
};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// A store over another one, which keeps what is committed to it to itself until [all of it](Self::batch) is committed there. It is of one scope,
/// and for records alone: it stages no configuration and no response.
///
/// What the other store says of a record is read once. So all that is staged goes by one state of each record, and the batch of all of it
/// is refused where that is the state no more.
pub(super) struct Staging {
    base: Arc<dyn Store>,
    staged: Mutex<Staged>,
}

impl Staging {
    pub fn new(base: Arc<dyn Store>) -> Self {
        Self {
            base,
            staged: Mutex::default(),
        }
    }

    /// Sets the mark to which [`undo`](Self::undo) goes back.
    pub fn mark(&self) {
        self.lock().mark();
    }

    /// Takes back what was staged since the mark.
    pub fn undo(&self) {
        self.lock().undo();
    }

    /// How many records are staged, those among them that came and went.
    pub fn records(&self) -> usize {
        self.lock().records()
    }

    /// Whether a commit since the mark was refused, since more would be staged than one batch may write.
    pub fn is_full(&self) -> bool {
        self.lock().is_full
    }

    /// The records that were made and removed again.
    pub fn made_and_removed(&self) -> Vec<Id> {
        self.lock().made_and_removed()
    }

    /// What was staged since the mark: the records that will be there.
    pub fn since_mark(&self) -> Vec<Entry> {
        self.lock().since_mark()
    }

    /// All that is staged, as one batch of the other store.
    pub fn batch(&self, scope: Scope, now: Timestamp) -> Batch {
        self.lock().batch(scope, now)
    }

    /// Reads records ahead that changes are going to read one by one, a page at a time. Ids that lead nowhere are known to.
    pub async fn read_ahead(&self, scope: Scope, kind: Kind, ids: &[Id]) -> Result<(), StoreError> {
        let unread: BTreeSet<Id> = {
            let staged = self.lock();
            let ids = ids.iter().copied();
            ids.filter(|id| !staged.read.contains_key(id)).collect()
        };
        let unread: Vec<Id> = unread.into_iter().collect();
        let found = read_by_ids(&*self.base, scope, kind, &unread).await?;
        let mut staged = self.lock();
        for document in found {
            staged.read.entry(document.id).or_insert(Some(document));
        }
        for id in unread {
            staged.read.entry(id).or_insert(None);
        }
        Ok(())
    }

    /// What the other store has of a record: as it said first.
    async fn base_document(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        let known = self.lock().read.get(&id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.base.get(scope, id).await?;
        let mut staged = self.lock();
        Ok(staged.read.entry(id).or_insert(found).clone())
    }

    /// Who holds each of these unique keys in the other store: as it said first.
    async fn base_holders(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Id>>, StoreError> {
        let unknown: Vec<String> = {
            let staged = self.lock();
            let is_unknown = |key: &&String| !staged.holders.contains_key(&(kind, (*key).clone()));
            keys.iter().filter(is_unknown).cloned().collect()
        };
        let found = match unknown.is_empty() {
            true => Vec::new(),
            false => self.base.find(scope, kind, &unknown).await?,
        };
        let mut staged = self.lock();
        for (key, found) in unknown.into_iter().zip(found) {
            let holder = staged.note_holder(found);
            staged.holders.entry((kind, key)).or_insert(holder);
        }
        let holders = keys
            .iter()
            .map(|key| staged.holders.get(&(kind, key.clone())));
        Ok(holders.map(|holder| holder.copied().flatten()).collect())
    }

    /// Reads what the preconditions of a batch ask for.
    async fn read_for(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut ids: HashMap<Kind, Vec<Id>> = HashMap::new();
        let mut keys: HashMap<Kind, Vec<String>> = HashMap::new();
        for require in &batch.requires {
            if let Require::Exists(id) = require {
                ids.entry(id.kind()).or_default().push(*id);
            }
        }
        for write in &batch.writes {
            let (id, key) = match write {
                Write::Insert(entry) => (None, key_of(&entry.record)),
                Write::Replace { before, after } => {
                    let is_kept = before.record.unique_key() == after.record.unique_key();
                    let key = (!is_kept).then(|| key_of(&after.record)).flatten();
                    (Some(before.record.id()), key)
                }
                Write::Delete(entry) => (Some(entry.record.id()), None),
                Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => (None, None),
            };
            if let Some(id) = id {
                ids.entry(id.kind()).or_default().push(id);
            }
            if let Some((kind, key)) = key {
                keys.entry(kind).or_default().push(key);
            }
        }
        for (kind, ids) in ids {
            self.read_ahead(batch.scope, kind, &ids).await?;
        }
        for (kind, keys) in keys {
            self.base_holders(batch.scope, kind, &keys).await?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Staged> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Staging {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        let staged = self.lock().document(id);
        if let Some(known) = staged {
            return Ok(known);
        }
        let found = self.base_document(scope, id).await?;
        self.lock().unless_unlinked(found)
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let holders = self.base_holders(scope, kind, keys).await?;
        let staged = self.lock();
        let each = keys.iter().zip(holders);
        each.map(|(key, base)| staged.holder_document(kind, key, base))
            .collect()
    }

    /// The pages of the other store, with what is staged in its place. Each is read from the other store as often as it takes to know what
    /// comes after what it gives.
    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let mut of_base = query.clone();
        let mut documents = Vec::new();
        loop {
            let page = self.base.list(scope, &of_base).await?;
            of_base.after = page.documents.last().map(|last| last.id);
            let mut staged = self.lock();
            for document in page.documents {
                documents.extend(staged.listed(document)?);
            }
            if !page.more || documents.len() > query.limit {
                break;
            }
        }
        documents.extend(self.lock().meeting(query));
        documents.sort_unstable_by_key(|document| Reverse(document.id));
        Ok(Page::of(query.limit, documents))
    }

    /// What the other store finds: no change that is staged searches.
    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        self.base.search(scope, search).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        self.base.configuration(scope, known).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        self.base.response(scope, key, now).await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.base.responses_about(scope, record, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.read_for(&batch).await?;
        let mut staged = self.lock();
        check(&staged, &batch)?;
        staged.make_room(batch.writes.len())?;
        staged.apply(batch)?;
        Ok(())
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        self.base.log(scope, after, limit).await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        self.base.numbers(scope, events).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.base.queues(after, limit).await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        self.base.awaited(query).await
    }

    /// None: what is staged is not to be sent yet.
    async fn lease(&self, _: &Lease) -> Result<Vec<Document>, StoreError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests;
