//! Commits that refuse too little, too much, or something else.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::Entry;
use relm_core::store::{Batch, CommitError, LogPage, Refusal, Require, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

use super::commits::with;
use crate::intercept::{Intercept, Read};

/// The entry of a record as the store has it.
async fn current(store: &dyn Store, scope: Scope, id: Id) -> Result<Option<Entry>, StoreError> {
    let document = store.get(scope, id).await?;
    document
        .map(|document| document.into_entry().map_err(StoreError::fault))
        .transpose()
}

/// Says that an insert was done although its id is taken.
#[derive(Default)]
pub(crate) struct OverwritingInsert;

#[async_trait]
impl Intercept for OverwritingInsert {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        match store.commit(batch).await {
            Err(CommitError::Refused(Refusal::IdConflict { .. })) => Ok(()),
            outcome => outcome,
        }
    }
}

/// Takes numbers for the events of a batch before it looks at what the batch requires.
#[derive(Default)]
pub(crate) struct ReservedNumbers(Mutex<HashMap<Scope, i64>>);

#[async_trait]
impl Intercept for ReservedNumbers {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let outcome = store.commit(batch.clone()).await;
        if outcome.is_err() {
            let is_event = |write: &&Write| matches!(write, Write::Insert(entry) if entry.record.kind() == Kind::Event);
            let events = batch.writes.iter().filter(is_event).count() as i64;
            let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *lost.entry(batch.scope).or_default() += events;
        }
        outcome
    }

    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let mut page = store.log(scope, after, limit).await?;
        let lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.last += lost.get(&scope).copied().unwrap_or_default();
        Ok(page)
    }
}

/// Replaces whatever version is there.
#[derive(Default)]
pub(crate) struct LastWriterWins;

#[async_trait]
impl Intercept for LastWriterWins {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        loop {
            for write in &mut batch.writes {
                if let Write::Replace { before, .. } = write
                    && let Some(entry) = current(store, batch.scope, before.record.id()).await?
                {
                    *before = entry;
                }
            }
            match store.commit(batch.clone()).await {
                Err(CommitError::Refused(Refusal::VersionConflict { write })) => {
                    let Write::Replace { before, .. } = &batch.writes[write] else {
                        return Err(Refusal::VersionConflict { write }.into());
                    };
                    if current(store, batch.scope, before.record.id())
                        .await?
                        .is_none()
                    {
                        return Err(Refusal::VersionConflict { write }.into());
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

/// Inserts what it should replace and does not find.
#[derive(Default)]
pub(crate) struct UpsertingReplace;

#[async_trait]
impl Intercept for UpsertingReplace {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        for write in &mut batch.writes {
            if let Write::Replace { before, after } = write
                && current(store, batch.scope, before.record.id())
                    .await?
                    .is_none()
            {
                *write = Write::Insert(after.clone());
            }
        }
        store.commit(batch).await
    }
}

/// Deletes whatever version is there.
#[derive(Default)]
pub(crate) struct BlindDelete;

#[async_trait]
impl Intercept for BlindDelete {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        for write in &mut batch.writes {
            if let Write::Delete(entry) = write
                && let Some(now) = current(store, batch.scope, entry.record.id()).await?
            {
                *entry = now;
            }
        }
        store.commit(batch).await
    }
}

/// Finds nothing wrong in deleting what is not there.
#[derive(Default)]
pub(crate) struct SilentDelete;

#[async_trait]
impl Intercept for SilentDelete {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let mut writes = Vec::new();
        for write in &batch.writes {
            let absent = match write {
                Write::Delete(entry) => current(store, batch.scope, entry.record.id())
                    .await?
                    .is_none(),
                Write::Insert(_)
                | Write::Replace { .. }
                | Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => false,
            };
            if !absent {
                writes.push(write.clone());
            }
        }
        store.commit(with(&batch, writes)).await
    }
}

/// Blames the first write, whichever it was.
#[derive(Default)]
pub(crate) struct FirstWriteBlamed;

#[async_trait]
impl Intercept for FirstWriteBlamed {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let outcome = store.commit(batch).await;
        outcome.map_err(|error| match error {
            CommitError::Refused(Refusal::VersionConflict { .. }) => {
                Refusal::VersionConflict { write: 0 }.into()
            }
            CommitError::Refused(Refusal::IdConflict { .. }) => {
                Refusal::IdConflict { write: 0 }.into()
            }
            CommitError::Refused(_) | CommitError::Store(_) => error,
        })
    }
}

/// Does not look whether what a batch requires exists.
#[derive(Default)]
pub(crate) struct UncheckedReference;

#[async_trait]
impl Intercept for UncheckedReference {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        batch
            .requires
            .retain(|require| !matches!(require, Require::Exists(_)));
        store.commit(batch).await
    }
}

/// Names one missing record of several.
#[derive(Default)]
pub(crate) struct FirstMissingAlone;

#[async_trait]
impl Intercept for FirstMissingAlone {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        match store.commit(batch).await {
            Err(CommitError::Refused(Refusal::Missing(mut ids))) => {
                ids.truncate(1);
                Err(Refusal::Missing(ids).into())
            }
            outcome => outcome,
        }
    }
}

/// Checks the writes before what the batch requires.
#[derive(Default)]
pub(crate) struct WritesFirst;

#[async_trait]
impl Intercept for WritesFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let outcome = store.commit(batch.clone()).await;
        if let Err(CommitError::Refused(Refusal::Configuration | Refusal::Missing(_))) = outcome {
            let impossible = Write::Delete(Entry::new(crate::records::contact(999_999)));
            let writes = [batch.writes.as_slice(), &[impossible]].concat();
            let writes_alone = Batch {
                requires: Vec::new(),
                ..with(&batch, writes)
            };
            return store.commit(writes_alone).await;
        }
        outcome
    }
}

/// Does not look which configuration a batch requires.
#[derive(Default)]
pub(crate) struct UncheckedConfiguration;

#[async_trait]
impl Intercept for UncheckedConfiguration {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        batch
            .requires
            .retain(|require| !matches!(require, Require::Configuration(_)));
        store.commit(batch).await
    }
}

/// Says that a response was kept although another one is.
#[derive(Default)]
pub(crate) struct OverwritingResponse;

#[async_trait]
impl Intercept for OverwritingResponse {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        match store.commit(batch.clone()).await {
            Err(CommitError::Refused(Refusal::ResponseExists)) => {
                batch
                    .writes
                    .retain(|write| !matches!(write, Write::Remember(_)));
                store.commit(batch).await
            }
            outcome => outcome,
        }
    }
}

/// Never frees an idempotency key.
#[derive(Default)]
pub(crate) struct EternalKeys(Mutex<HashSet<(Scope, String)>>);

#[async_trait]
impl Intercept for EternalKeys {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for write in &batch.writes {
            if let Write::Remember(response) = write {
                let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if !taken.insert((batch.scope, response.key.clone())) {
                    return Err(Refusal::ResponseExists.into());
                }
            }
        }
        store.commit(batch).await
    }
}

/// Takes a response that is there for one that is kept, when it says why a batch is refused.
#[derive(Default)]
pub(crate) struct ExpiredIsKept;

#[async_trait]
impl Intercept for ExpiredIsKept {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let scope = batch.scope;
        let key = batch.writes.iter().find_map(|write| match write {
            Write::Remember(response) => Some(response.key.clone()),
            _ => None,
        });
        let outcome = store.commit(batch).await;
        if let (Err(CommitError::Refused(_)), Some(key)) = (&outcome, key) {
            let begun = Timestamp::from_millis(0);
            if store.response(scope, &key, begun).await?.is_some() {
                return Err(Refusal::ResponseExists.into());
            }
        }
        outcome
    }
}

/// Keeps the unique keys of definitions for all scopes together.
#[derive(Default)]
pub(crate) struct OneKeyForAllScopes(Mutex<Vec<(Scope, String, Id)>>);

#[async_trait]
impl Intercept for OneKeyForAllScopes {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let mut made = Vec::new();
        for (write, what) in batch.writes.iter().enumerate() {
            let Write::Insert(entry) = what else { continue };
            let (Kind::Field, Some(key)) = (entry.record.kind(), entry.record.unique_key()) else {
                continue;
            };
            let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let elsewhere = held
                .iter()
                .find(|held| held.0 != batch.scope && held.1 == key);
            if let Some((_, _, holder)) = elsewhere {
                let holder = *holder;
                return Err(Refusal::UniqueConflict { write, holder }.into());
            }
            made.push((batch.scope, key, entry.record.id()));
        }
        store.commit(batch).await?;
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(made);
        Ok(())
    }
}
