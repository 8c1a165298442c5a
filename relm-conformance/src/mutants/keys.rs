//! Commits that find unique keys free or taken when they are not.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::{Entry, Record};
use relm_core::store::{Batch, CommitError, Refusal, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use crate::intercept::Intercept;

/// What a write puts in the store.
fn written(write: &Write) -> Option<&Entry> {
    match write {
        Write::Insert(entry) | Write::Replace { after: entry, .. } => Some(entry),
        Write::Delete(_)
        | Write::Unlink(_)
        | Write::Reconfigure
        | Write::Remember(_)
        | Write::Forget { .. } => None,
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

/// Gives a record that has no key none later.
#[derive(Default)]
pub(crate) struct KeylessStays;

#[async_trait]
impl Intercept for KeylessStays {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        for write in &mut batch.writes {
            if let Write::Replace { before, after } = write
                && before.record.unique_key().is_none()
                && let Record::Contact(contact) = &mut after.record
            {
                contact.email = None;
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

/// Checks keys against the state before the batch.
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
