//! Commits that refuse too little, too much, or something else.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::{Entry, Record};
use relm_core::store::{Batch, CommitError, Refusal, Require, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use super::commits::with;
use crate::intercept::Intercept;

/// The entry of a record as the store has it.
async fn current(store: &dyn Store, scope: Scope, id: Id) -> Result<Option<Entry>, StoreError> {
    let document = store.get(scope, id).await?;
    document
        .map(|document| document.into_entry().map_err(StoreError::fault))
        .transpose()
}

/// What a write puts in the store.
fn written(write: &Write) -> Option<&Entry> {
    match write {
        Write::Insert(entry) | Write::Replace { after: entry, .. } => Some(entry),
        Write::Delete(_) | Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) => None,
    }
}

/// Who holds a unique key.
async fn holder(
    store: &dyn Store,
    scope: Scope,
    record: &Record,
) -> Result<Option<Id>, StoreError> {
    let Some(key) = record.unique_key() else {
        return Ok(None);
    };
    let found = store.find(scope, record.kind(), &[key]).await?;
    Ok(found
        .into_iter()
        .flatten()
        .next()
        .map(|document| document.id))
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
                | Write::Remember(_) => false,
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

/// Judges the writes before what the batch requires.
#[derive(Default)]
pub(crate) struct WritesFirst;

#[async_trait]
impl Intercept for WritesFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let outcome = store.commit(batch.clone()).await;
        if let Err(CommitError::Refused(Refusal::Configuration | Refusal::Missing(_))) = outcome {
            let impossible = Write::Delete(Entry::new(crate::records::contact(999_999)));
            let writes = [batch.writes.as_slice(), &[impossible]].concat();
            let judged = Batch {
                requires: Vec::new(),
                ..with(&batch, writes)
            };
            return store.commit(judged).await;
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

/// Lets several records have one key.
#[derive(Default)]
pub(crate) struct DuplicateKeys;

#[async_trait]
impl Intercept for DuplicateKeys {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        loop {
            match store.commit(batch.clone()).await {
                Err(CommitError::Refused(Refusal::UniqueConflict { write, .. })) => {
                    match &mut batch.writes[write] {
                        Write::Insert(Entry {
                            record: Record::Contact(contact),
                            ..
                        })
                        | Write::Replace {
                            after:
                                Entry {
                                    record: Record::Contact(contact),
                                    ..
                                },
                            ..
                        } => contact.email = None,
                        _ => return Ok(()),
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

/// Takes two addresses for two keys where their case differs.
#[derive(Default)]
pub(crate) struct UnfoldedKeys;

#[async_trait]
impl Intercept for UnfoldedKeys {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        for write in &mut batch.writes {
            if let Write::Insert(entry) | Write::Replace { after: entry, .. } = write
                && let Record::Contact(contact) = &mut entry.record
            {
                let upper = |email: &String| email.chars().any(char::is_uppercase);
                contact.email = contact.email.take().filter(|email| !upper(email));
            }
        }
        store.commit(batch).await
    }
}

/// Never frees a key.
#[derive(Default)]
pub(crate) struct HeldKeys(Mutex<Vec<(Kind, String, Id)>>);

#[async_trait]
impl Intercept for HeldKeys {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for (write, what) in batch.writes.iter().enumerate() {
            let Some(entry) = written(what) else { continue };
            let (kind, id) = (entry.record.kind(), entry.record.id());
            let Some(key) = entry.record.unique_key() else {
                continue;
            };
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let other = held
                .iter()
                .find(|(of, taken, by)| (*of, taken) == (kind, &key) && *by != id);
            if let Some(&(_, _, holder)) = other {
                return Err(Refusal::UniqueConflict { write, holder }.into());
            }
            held.push((kind, key, id));
        }
        store.commit(batch).await
    }
}

/// Judges keys by the state before the batch.
#[derive(Default)]
pub(crate) struct EagerKeys;

#[async_trait]
impl Intercept for EagerKeys {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for (write, what) in batch.writes.iter().enumerate() {
            let Some(entry) = written(what) else { continue };
            let held_by = holder(store, batch.scope, &entry.record).await?;
            if let Some(holder) = held_by.filter(|holder| *holder != entry.record.id()) {
                return Err(Refusal::UniqueConflict { write, holder }.into());
            }
        }
        store.commit(batch).await
    }
}

/// Finds a record's key taken by the record itself.
#[derive(Default)]
pub(crate) struct SelfConflict;

#[async_trait]
impl Intercept for SelfConflict {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for (write, what) in batch.writes.iter().enumerate() {
            if let Write::Replace { after, .. } = what
                && let Some(holder) = holder(store, batch.scope, &after.record).await?
            {
                return Err(Refusal::UniqueConflict { write, holder }.into());
            }
        }
        store.commit(batch).await
    }
}

/// Takes two records without a key for two with one.
#[derive(Default)]
pub(crate) struct NullIsAKey(Mutex<Option<Id>>);

#[async_trait]
impl Intercept for NullIsAKey {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for (write, what) in batch.writes.iter().enumerate() {
            let keyless = written(what).filter(|entry| entry.record.unique_key().is_none());
            let Some(entry) = keyless else { continue };
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match *first {
                Some(holder) if holder != entry.record.id() => {
                    return Err(Refusal::UniqueConflict { write, holder }.into());
                }
                Some(_) | None => *first = Some(entry.record.id()),
            }
        }
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
