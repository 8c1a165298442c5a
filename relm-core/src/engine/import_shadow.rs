//! The store as a dry run of an import would have left it by now: a record that its rows so far would have made or changed is what the
//! import's pieces say, and every other one is what the store says.
//!
//! So a row of a dry run meets what the same row of the real run would meet, however many rows came before it, and nothing is kept in
//! memory.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::query::filter::{Condition, Target};
use crate::record::column::ColumnValue;
use crate::record::import::{ImportPart, PartKey, Shadow};
use crate::record::{Document, Record};
use crate::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// Pieces that are read at once.
const READ: usize = 200;

/// A store over another one. Nothing is committed to it.
pub(super) struct ImportShadow {
    base: Arc<dyn Store>,
    import: Id,
}

/// What the pieces of an import say of records: their documents, or none where they would not be there.
type Shadowed = HashMap<Id, Option<Document>>;

impl ImportShadow {
    pub fn new(base: Arc<dyn Store>, import: Id) -> Self {
        Self { base, import }
    }

    /// For each of these keys what its piece says, where there is one.
    async fn shadows(
        &self,
        scope: Scope,
        keys: &[PartKey<'_>],
    ) -> Result<Vec<Option<Shadow>>, StoreError> {
        let mut shadows = Vec::with_capacity(keys.len());
        for keys in keys.chunks(READ) {
            let keys: Vec<String> = keys.iter().map(|key| key.of(self.import)).collect();
            for found in self.base.find(scope, Kind::ImportPart, &keys).await? {
                shadows.push(found.map(|found| read(&found)).transpose()?);
            }
        }
        Ok(shadows)
    }

    async fn records(&self, scope: Scope, ids: &[Id]) -> Result<Shadowed, StoreError> {
        let keys: Vec<PartKey<'_>> = ids.iter().map(|id| PartKey::Record(*id)).collect();
        let shadows = self.shadows(scope, &keys).await?;
        let each = ids.iter().zip(shadows);
        let said = each.filter_map(|(id, shadow)| {
            let document = match shadow? {
                Shadow::Record(json) => Some(Document {
                    id: *id,
                    json: json.get().into(),
                }),
                Shadow::Gone | Shadow::Holder(_) => None,
            };
            Some((*id, document))
        });
        Ok(said.collect())
    }
}

fn read(document: &Document) -> Result<Shadow, StoreError> {
    let part: ImportPart = document.decode().map_err(StoreError::fault)?;
    part.read().map_err(StoreError::fault)
}

/// The records that a query names by their ids, where it does.
fn named(query: &Query) -> Vec<Id> {
    let by_id = query
        .clauses
        .iter()
        .find_map(|clause| match (&clause.target, &clause.condition) {
            (Target::Id, Condition::In(values)) => Some(values),
            _ => None,
        });
    let ids = by_id.into_iter().flatten().filter_map(|value| match value {
        ColumnValue::Text(id) => Id::parse(id),
        ColumnValue::Integer(_) => None,
    });
    ids.collect()
}

#[async_trait]
impl Store for ImportShadow {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        match self.records(scope, &[id]).await?.remove(&id) {
            Some(said) => Ok(said),
            None => self.base.get(scope, id).await,
        }
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let parts: Vec<PartKey<'_>> = keys.iter().map(|key| PartKey::Holder(kind, key)).collect();
        let holders = self.shadows(scope, &parts).await?;
        let found = self.base.find(scope, kind, keys).await?;
        let of_base = found.iter().flatten().map(|found| found.id);
        let of_shadow = holders.iter().filter_map(|shadow| match shadow {
            Some(Shadow::Holder(holder)) => *holder,
            Some(Shadow::Record(_) | Shadow::Gone) | None => None,
        });
        let ids: Vec<Id> = of_base.chain(of_shadow).collect();
        let records = self.records(scope, &ids).await?;
        let each = holders.into_iter().zip(found);
        let documents = each.map(|(holder, found)| match holder {
            Some(Shadow::Holder(holder)) => {
                let said = holder.and_then(|id| records.get(&id).cloned());
                said.flatten()
            }
            Some(Shadow::Record(_) | Shadow::Gone) | None => {
                let found = found?;
                match records.get(&found.id) {
                    // It would have another key by now, or that would be said of the key.
                    Some(said) => said.clone().filter(|said| holds(kind, said, &found)),
                    None => Some(found),
                }
            }
        });
        Ok(documents.collect())
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let page = self.base.list(scope, query).await?;
        let named = named(query);
        let listed = page.documents.iter().map(|document| document.id);
        let ids: Vec<Id> = match named.is_empty() {
            true => listed.collect(),
            false => named,
        };
        let mut records = self.records(scope, &ids).await?;
        records.retain(|id, _| query.after.is_none_or(|after| *id < after));
        if records.is_empty() {
            return Ok(page);
        }
        let kept = page.documents.into_iter();
        let kept = kept.filter(|document| !records.contains_key(&document.id));
        let mut documents: Vec<Document> = kept.collect();
        documents.extend(records.into_values().flatten());
        documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.id));
        let mut of = Page::of(query.limit, documents);
        of.more |= page.more;
        Ok(of)
    }

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

    async fn commit(&self, _: Batch) -> Result<(), CommitError> {
        Err(StoreError::fault("nothing is committed in the shadow of an import").into())
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

    async fn lease(&self, _: &Lease) -> Result<Vec<Document>, StoreError> {
        Ok(Vec::new())
    }
}

/// Whether a record would still have the unique key that it has.
fn holds(kind: Kind, said: &Document, found: &Document) -> bool {
    let key = |document: &Document| {
        let record = Record::from_json(kind, &document.json).ok();
        record.and_then(|record| record.unique_key())
    };
    key(said) == key(found)
}
