//! Reads by id and key that see too much, too little or too late.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::{Document, Record};
use relm_core::store::{
    Batch, CommitError, Configuration, Page, Query, Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::text::fold;
use relm_core::value::time::Timestamp;

use super::chosen::every;
use crate::intercept::{Intercept, Read};
use crate::varied::scope_of;

/// Takes the two modes of a workspace for one.
#[derive(Default)]
pub(crate) struct LeakingScope;

fn modeless(scope: Scope) -> Scope {
    Scope::new(scope.workspace(), Mode::Live)
}

#[async_trait]
impl Intercept for LeakingScope {
    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
        store.get(modeless(scope), id).await
    }

    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        store.list(modeless(scope), query).await
    }

    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        store.configuration(modeless(scope), known).await
    }

    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        store.response(modeless(scope), key, now).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(Batch {
                scope: modeless(batch.scope),
                ..batch
            })
            .await
    }
}

/// Looks for a key of what lives above all workspaces there, whatever scope it is asked for in.
#[derive(Default)]
pub(crate) struct AboveAll;

#[async_trait]
impl Intercept for AboveAll {
    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let scope = match scope_of(kind) {
            Scope::SYSTEM => Scope::SYSTEM,
            _ => scope,
        };
        store.find(scope, kind, keys).await
    }
}

/// Reads a record once.
#[derive(Default)]
pub(crate) struct ReadCache(Mutex<HashMap<(Scope, Id), Option<Document>>>);

#[async_trait]
impl Intercept for ReadCache {
    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
        let now = store.get(scope, id).await?;
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(read.entry((scope, id)).or_insert(now).clone())
    }
}

/// Looks up a ULID, whatever kind it was asked for.
#[derive(Default)]
pub(crate) struct KindlessGet;

#[async_trait]
impl Intercept for KindlessGet {
    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
        for kind in Kind::ALL {
            if let Some(document) = store.get(scope, Id::new(kind, id.ulid())).await? {
                return Ok(Some(document));
            }
        }
        Ok(None)
    }
}

/// Reads and writes the JSON that it keeps.
#[derive(Default)]
pub(crate) struct Reserialised;

#[async_trait]
impl Intercept for Reserialised {
    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
        let Some(document) = store.get(scope, id).await? else {
            return Ok(None);
        };
        let value: serde_json::Value =
            serde_json::from_str(&document.json).map_err(StoreError::fault)?;
        Ok(Some(Document {
            json: value.to_string().into(),
            ..document
        }))
    }
}

/// Keeps 64 KiB of a document.
#[derive(Default)]
pub(crate) struct ShortText;

#[async_trait]
impl Intercept for ShortText {
    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
        let document = store.get(scope, id).await?;
        Ok(document.map(|document| {
            let end = document.json.floor_char_boundary(65_535);
            Document {
                json: document.json[..end].into(),
                ..document
            }
        }))
    }
}

/// Answers in the order of its index.
#[derive(Default)]
pub(crate) struct SortedFind;

#[async_trait]
impl Intercept for SortedFind {
    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        store.find(scope, kind, &sorted).await
    }
}

/// Finds by a key without regard to case and surrounding spaces.
#[derive(Default)]
pub(crate) struct FoldedFind;

#[async_trait]
impl Intercept for FoldedFind {
    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let held = every(store, scope, kind).await?;
        let find = |key: &String| {
            let same = |record: &Record| {
                record
                    .unique_key()
                    .is_some_and(|own| fold(own.trim()) == fold(key.trim()))
            };
            held.iter()
                .find(|(_, record)| same(record))
                .map(|(document, _)| document.clone())
        };
        Ok(keys.iter().map(find).collect())
    }
}

/// Finds by a key among all kinds.
#[derive(Default)]
pub(crate) struct KindlessFind;

#[async_trait]
impl Intercept for KindlessFind {
    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        _: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let mut found = vec![None; keys.len()];
        for kind in Kind::ALL {
            let of_kind = store.find(scope, kind, keys).await?;
            for (place, document) in found.iter_mut().zip(of_kind) {
                *place = place.take().or(document);
            }
        }
        Ok(found)
    }
}
