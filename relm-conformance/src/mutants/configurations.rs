//! Configurations and responses that are miscounted, mixed up or kept too long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::store::{
    Batch, CommitError, Configuration, Require, Store, StoreError, StoredResponse, Write,
};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;
use relm_core::value::text::fold;
use relm_core::value::time::Timestamp;

use super::commits::with;
use crate::intercept::Intercept;

/// The configuration, whatever of it is known.
async fn whole(store: &dyn Store, scope: Scope) -> Result<Configuration, StoreError> {
    let configuration = store.configuration(scope, None).await?;
    Ok(Arc::unwrap_or_clone(configuration))
}

fn unless_known(
    configuration: Configuration,
    known: Option<Arc<Configuration>>,
) -> Arc<Configuration> {
    let current = known.filter(|known| known.version == configuration.version);
    current.unwrap_or_else(|| Arc::new(configuration))
}

/// Takes any configuration that the caller knows for the one that is there.
#[derive(Default)]
pub(crate) struct KnownIsCurrent;

#[async_trait]
impl Intercept for KnownIsCurrent {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        match known {
            Some(known) if known.version > 0 => Ok(known),
            known => store.configuration(scope, known).await,
        }
    }
}

/// Takes an older configuration than the one that the caller knows for no other.
#[derive(Default)]
pub(crate) struct OnlyNewer;

#[async_trait]
impl Intercept for OnlyNewer {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let now = whole(store, scope).await?;
        let newer = known.filter(|known| known.version >= now.version);
        Ok(newer.unwrap_or_else(|| Arc::new(now)))
    }
}

/// Keeps what it read by workspace, for as long as the version is the same.
#[derive(Default)]
pub(crate) struct KeptByWorkspace(Mutex<HashMap<Id, Arc<Configuration>>>);

#[async_trait]
impl Intercept for KeptByWorkspace {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let now = store.configuration(scope, known).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.entry(scope.workspace()).or_insert(Arc::clone(&now));
        if kept.version != now.version {
            *kept = now;
        }
        Ok(Arc::clone(kept))
    }
}

/// Reads a configuration whole, whatever the caller knows of it.
#[derive(Default)]
pub(crate) struct AlwaysWhole;

#[async_trait]
impl Intercept for AlwaysWhole {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        _known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        whole(store, scope).await.map(Arc::new)
    }
}

/// Reads the configuration of a scope once.
#[derive(Default)]
pub(crate) struct StaleConfiguration(Mutex<HashMap<Scope, Configuration>>);

#[async_trait]
impl Intercept for StaleConfiguration {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let now = whole(store, scope).await?;
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(unless_known(
            read.entry(scope).or_insert(now).clone(),
            known,
        ))
    }
}

/// Begins to count at one.
#[derive(Default)]
pub(crate) struct CountFromOne;

#[async_trait]
impl Intercept for CountFromOne {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let configuration = whole(store, scope).await?;
        let late = Configuration {
            version: configuration.version + 1,
            ..configuration
        };
        Ok(unless_known(late, known))
    }
}

/// Lists the newest field first.
#[derive(Default)]
pub(crate) struct NewestFieldFirst;

#[async_trait]
impl Intercept for NewestFieldFirst {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let mut configuration = whole(store, scope).await?;
        configuration.fields.reverse();
        Ok(unless_known(configuration, known))
    }
}

/// Reads the version in one moment and the fields in an earlier one.
#[derive(Default)]
pub(crate) struct TwoMoments(Mutex<Configuration>);

#[async_trait]
impl Intercept for TwoMoments {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let now = whole(store, scope).await?;
        let version = now.version;
        let mut earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mixed = Configuration {
            version,
            ..std::mem::replace(&mut earlier, now)
        };
        Ok(unless_known(mixed, known))
    }
}

/// Keeps a response a millisecond longer.
#[derive(Default)]
pub(crate) struct LateExpiry;

#[async_trait]
impl Intercept for LateExpiry {
    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        store
            .response(scope, key, now.saturating_add_millis(-1))
            .await
    }
}

/// Takes two idempotency keys for one where their case differs.
#[derive(Default)]
pub(crate) struct FoldedResponseKeys;

#[async_trait]
impl Intercept for FoldedResponseKeys {
    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        store.response(scope, &fold(key), now).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let folded = batch.writes.iter().cloned().map(|mut write| {
            if let Write::Remember(response) = &mut write {
                response.key = fold(&response.key);
            }
            write
        });
        store.commit(with(&batch, folded.collect())).await
    }
}

/// Counts several reconfigurations of a batch as one.
#[derive(Default)]
pub(crate) struct OneReconfigure;

#[async_trait]
impl Intercept for OneReconfigure {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let is_reconfigure = |write: &Write| matches!(write, Write::Reconfigure);
        let (counts, mut writes): (Vec<Write>, Vec<Write>) =
            batch.writes.iter().cloned().partition(is_reconfigure);
        writes.extend(counts.into_iter().next());
        store.commit(with(&batch, writes)).await
    }
}

/// Has a write of one record check the version that a batch requires, and forgets to where there is no such write.
#[derive(Default)]
pub(crate) struct CheckedByOneRecord;

#[async_trait]
impl Intercept for CheckedByOneRecord {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        let is_insert = |write: &&Write| matches!(write, Write::Insert(_));
        if batch.writes.iter().filter(is_insert).count() > 1 {
            let is_configuration = |require: &Require| matches!(require, Require::Configuration(_));
            batch.requires.retain(|require| !is_configuration(require));
        }
        store.commit(batch).await
    }
}

/// Looks at the version that a batch requires before it begins, and not once it is applied.
#[derive(Default)]
pub(crate) struct VersionReadBefore;

#[async_trait]
impl Intercept for VersionReadBefore {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        let waits = batch.requires.contains(&Require::Barrier)
            || batch
                .writes
                .iter()
                .any(|it| matches!(it, Write::Reconfigure));
        let required = batch.requires.iter().find_map(|require| match require {
            Require::Configuration(version) => Some(*version),
            Require::Exists(_) | Require::Barrier => None,
        });
        if let Some(required) = required.filter(|_| !waits) {
            let now = store.configuration(batch.scope, None).await?;
            if now.version == required {
                let is_configuration = |it: &Require| matches!(it, Require::Configuration(_));
                batch.requires.retain(|require| !is_configuration(require));
                // Whoever is beside it goes on meanwhile.
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
        store.commit(batch).await
    }
}

/// Forgets expired responses by their keys alone, whatever the scope.
#[derive(Default)]
pub(crate) struct ForgetsEverywhere(Mutex<HashMap<String, Scope>>);

#[async_trait]
impl Intercept for ForgetsEverywhere {
    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let forgotten = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if forgotten.get(key).is_some_and(|by| *by != scope) {
            return Ok(None);
        }
        store.response(scope, key, now).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for write in &batch.writes {
            let Write::Remember(response) = write else {
                continue;
            };
            let earlier = Timestamp::from_millis(i64::MIN);
            let before = store.response(batch.scope, &response.key, earlier).await?;
            if before.is_some_and(|before| before.expires_at <= batch.now) {
                let mut forgotten = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                forgotten.insert(response.key.clone(), batch.scope);
            }
        }
        store.commit(batch).await
    }
}
