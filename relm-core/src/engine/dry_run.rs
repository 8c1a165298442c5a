//! Dry runs: the preconditions of a commit are checked on what the store says, and nothing of it is applied.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::by_ids::read_by_ids;
use crate::limits::PAGE_LIMIT_MAX;
use crate::preconditions::{self, StateView, key_of};
use crate::store::{
    Batch, CommitError, Configuration, Require, Store, StoreError, StoredResponse, Write,
};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

/// What a dry run remembers of its store.
pub(super) struct DryRun {
    /// The configuration as it was last read: where it still is that, nothing of it is read again.
    pub known: Option<Arc<Configuration>>,
}

impl DryRun {
    /// What [`Store::commit`] would say of a batch, as far as its preconditions decide it. That the ids are free which it
    /// inserts is taken for granted: they were minted for it.
    pub async fn check(&self, store: &dyn Store, batch: &Batch) -> Result<(), CommitError> {
        let Asked {
            ids,
            keys,
            response,
        } = Asked::by(batch);
        let scope = batch.scope;
        let configuration = store.configuration(scope, self.known.clone()).await?;
        let mut state = State {
            configuration_version: configuration.version,
            ..State::default()
        };
        if let Some(StoredResponse { key, .. }) = response
            && store.response(scope, key, batch.now).await?.is_some()
        {
            state.response = Some(key.clone());
        }
        for (kind, ids) in ids {
            let ids: Vec<Id> = ids.into_iter().collect();
            state.read_versions(store, scope, kind, &ids).await?;
        }
        for (kind, keys) in keys {
            let keys: Vec<String> = keys.into_iter().collect();
            for keys in keys.chunks(PAGE_LIMIT_MAX) {
                let found = store.find(scope, kind, keys).await?;
                let held = keys.iter().zip(found).filter_map(|(key, holder)| {
                    let holder = holder?.id;
                    Some(((kind, key.clone()), holder))
                });
                state.holders.extend(held);
            }
        }
        preconditions::check(batch, &state).map_err(CommitError::Refused)
    }
}

/// What the preconditions of a batch ask of the store.
#[derive(Default)]
struct Asked<'a> {
    ids: BTreeMap<Kind, BTreeSet<Id>>,
    keys: BTreeMap<Kind, BTreeSet<String>>,
    response: Option<&'a StoredResponse>,
}

impl<'a> Asked<'a> {
    fn by(batch: &'a Batch) -> Self {
        let mut asked = Self::default();
        for require in &batch.requires {
            match require {
                Require::Exists(id) => asked.id(*id),
                Require::Configuration(_) | Require::Barrier => {}
            }
        }
        for write in &batch.writes {
            match write {
                Write::Insert(entry) => asked.key(key_of(&entry.record)),
                Write::Replace { before, after } => {
                    asked.id(before.record.id());
                    asked.key(key_of(&after.record));
                }
                Write::Delete(entry) => asked.id(entry.record.id()),
                Write::Remember(response) => asked.response = Some(response),
                Write::Unlink(_) | Write::Reconfigure | Write::Forget { .. } => {}
            }
        }
        asked
    }

    fn id(&mut self, id: Id) {
        self.ids.entry(id.kind()).or_default().insert(id);
    }

    fn key(&mut self, key: Option<(Kind, String)>) {
        if let Some((kind, key)) = key {
            self.keys.entry(kind).or_default().insert(key);
        }
    }
}

/// What the store said.
#[derive(Default)]
struct State {
    configuration_version: i64,
    response: Option<String>,
    versions: HashMap<Id, i64>,
    holders: HashMap<(Kind, String), Id>,
}

impl State {
    async fn read_versions(
        &mut self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        ids: &[Id],
    ) -> Result<(), StoreError> {
        for document in read_by_ids(store, scope, kind, ids).await? {
            let id = document.id;
            let entry = document.into_entry().map_err(StoreError::fault)?;
            self.versions.insert(id, entry.record.version());
        }
        Ok(())
    }
}

impl StateView for State {
    fn configuration_version(&self) -> i64 {
        self.configuration_version
    }

    fn has_response(&self, key: &str) -> bool {
        self.response.as_deref() == Some(key)
    }

    fn version(&self, id: Id) -> Option<i64> {
        self.versions.get(&id).copied()
    }

    fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        self.holders.get(&(kind, key.to_owned())).copied()
    }
}
