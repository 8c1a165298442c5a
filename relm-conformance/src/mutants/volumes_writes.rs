//! Writes that go wrong with their number: beyond a statement's rows, or in a batch of much else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{
    Batch, CommitError, Lease, Refusal, Require, Search, SearchPage, Store, StoreError,
    StoredResponse, Write,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::Timestamp;

use super::chosen::every;
use super::commits::with;
use crate::intercept::{Intercept, Read};

/// Rows of one statement of a store that is flawed beyond them.
const ROWS: usize = 256;

/// A flaw in what a batch is taken for: makes `Name::commit` commit `$changed` instead of `$batch`.
macro_rules! miswritten {
    ($(#[$docs:meta])* $name:ident, |$batch:ident| $changed:expr) => {
        $(#[$docs])*
        #[derive(Default)]
        pub(crate) struct $name;

        #[async_trait]
        impl Intercept for $name {
            async fn commit(&self, store: &dyn Store, $batch: Batch) -> Result<(), CommitError> {
                let writes = $changed;
                store.commit(with(&$batch, writes)).await
            }
        }
    };
}

fn is_reconfigure(write: &Write) -> bool {
    matches!(write, Write::Reconfigure)
}

fn kept(batch: &Batch, keeps: impl Fn(&Write) -> bool) -> Vec<Write> {
    batch
        .writes
        .iter()
        .filter(|it| keeps(it))
        .cloned()
        .collect()
}

miswritten! {
    /// Loses the row at which a statement is full.
    LostRow, |batch| {
        let mut writes = batch.writes.clone();
        let is_insert = |write: &Write| matches!(write, Write::Insert(_));
        if writes.len() > ROWS && writes.iter().all(is_insert) {
            writes.remove(ROWS);
        }
        writes
    }
}
miswritten! {
    /// Loses the response of a batch that writes records of many kinds.
    LostResponse, |batch| {
        let kinds: BTreeSet<Kind> = batch.writes.iter().filter_map(written).map(|id| id.kind()).collect();
        let is_response = |write: &Write| matches!(write, Write::Remember(_));
        kept(&batch, |write| kinds.len() < 6 || !is_response(write))
    }
}
miswritten! {
    /// Keeps no response beside a definition.
    DefinitionAlone, |batch| {
        let defines = batch.writes.iter().any(is_reconfigure);
        kept(&batch, |write| !defines || !matches!(write, Write::Remember(_)))
    }
}

/// The record that a write names.
fn written(write: &Write) -> Option<Id> {
    match write {
        Write::Insert(entry) | Write::Delete(entry) | Write::Replace { after: entry, .. } => {
            Some(entry.record.id())
        }
        Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) | Write::Forget { .. } => None,
    }
}

/// Commits as many writes at a time as a statement has rows.
#[derive(Default)]
pub(crate) struct StatementCommits;

#[async_trait]
impl Intercept for StatementCommits {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for chunk in batch.writes.chunks(ROWS) {
            store.commit(with(&batch, chunk.to_vec())).await?;
        }
        Ok(())
    }
}

/// Counts the place of a refused write within its statement.
#[derive(Default)]
pub(crate) struct PlaceInStatement;

#[async_trait]
impl Intercept for PlaceInStatement {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let outcome = store.commit(batch).await;
        outcome.map_err(|error| match error {
            CommitError::Refused(Refusal::VersionConflict { write }) => Refusal::VersionConflict {
                write: write % ROWS,
            }
            .into(),
            CommitError::Refused(Refusal::IdConflict { write }) => Refusal::IdConflict {
                write: write % ROWS,
            }
            .into(),
            CommitError::Refused(Refusal::UniqueConflict { write, holder }) => {
                Refusal::UniqueConflict {
                    write: write % ROWS,
                    holder,
                }
                .into()
            }
            other => other,
        })
    }
}

/// Looks at the first required records alone.
#[derive(Default)]
pub(crate) struct FirstRequired;

#[async_trait]
impl Intercept for FirstRequired {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        let is_reference = |require: &Require| matches!(require, Require::Exists(_));
        let mut references = 0;
        batch.requires.retain(|require| {
            references += usize::from(is_reference(require));
            !is_reference(require) || references <= 2 * ROWS
        });
        store.commit(batch).await
    }
}

/// Unlinks fifty edges of each direction.
#[derive(Default)]
pub(crate) struct FiftyEdges;

#[async_trait]
impl Intercept for FiftyEdges {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let mut writes = Vec::new();
        let mut unlinked = BTreeSet::new();
        for write in &batch.writes {
            let Write::Unlink(end) = write else {
                writes.push(write.clone());
                continue;
            };
            let mut left = [50; 2];
            for (_, record) in every(store, batch.scope, Kind::Association).await? {
                let Record::Association(edge) = &record else {
                    continue;
                };
                let direction = [edge.from_id, edge.to_id].iter().position(|it| it == end);
                let Some(left) = direction.map(|direction| &mut left[direction]) else {
                    continue;
                };
                if *left > 0 && unlinked.insert(edge.id) {
                    *left -= 1;
                    writes.push(Write::Delete(Entry::new(record)));
                }
            }
        }
        store.commit(with(&batch, writes)).await
    }
}

/// Changes and deletes the rows of a large batch in the other mode as well.
#[derive(Default)]
pub(crate) struct ModelessStatement;

#[async_trait]
impl Intercept for ModelessStatement {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let changes = kept(&batch, |write| {
            matches!(write, Write::Replace { .. } | Write::Delete(_))
        });
        if batch.scope.mode() == Mode::Live && changes.len() > ROWS {
            let scope = Scope::new(batch.scope.workspace(), Mode::Test);
            let of_other = Batch {
                scope,
                ..with(&batch, changes)
            };
            // What is not there in the other mode is not changed.
            drop(store.commit(of_other).await);
        }
        Ok(())
    }
}

/// Finds by the words that they had what a batch changed along with others.
#[derive(Default)]
pub(crate) struct StaleTerms(Mutex<BTreeMap<(Scope, Id), Record>>);

#[async_trait]
impl Intercept for StaleTerms {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut stale = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.writes.len() > 1 {
            for write in batch.writes {
                if let Write::Replace { before, .. } = write {
                    stale.insert((batch.scope, before.record.id()), before.record);
                }
            }
        }
        Ok(())
    }

    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut page = store.search(scope, search).await?;
        let stale = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = stale.iter().filter(|((of, id), before)| {
            let is_found = page.documents.iter().any(|it| it.id == *id);
            *of == scope && !is_found && search.terms.rank(before).is_some()
        });
        let found: Vec<Document> = found
            .map(|(_, before)| Entry::new(before.clone()).document())
            .collect();
        page.documents.extend(found);
        Ok(page)
    }
}

/// Writes no terms of the records of a large batch.
#[derive(Default)]
pub(crate) struct UnindexedBatch(Mutex<BTreeSet<(Scope, Id)>>);

#[async_trait]
impl Intercept for UnindexedBatch {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut unindexed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.writes.len() > ROWS {
            let ids = batch.writes.iter().filter_map(written);
            unindexed.extend(ids.map(|id| (batch.scope, id)));
        }
        Ok(())
    }

    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut page = store.search(scope, search).await?;
        let unindexed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.documents
            .retain(|it| !unindexed.contains(&(scope, it.id)));
        Ok(page)
    }
}

/// Keeps beside a new response the old one under its key, and picks that, which has expired.
#[derive(Default)]
pub(crate) struct ExpiredPicked(Mutex<HashMap<(Scope, String), Timestamp>>);

#[async_trait]
impl Intercept for ExpiredPicked {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in batch.writes {
            if let Write::Remember(response) = write {
                let key = (batch.scope, response.key);
                first.entry(key).or_insert(response.expires_at);
            }
        }
        Ok(())
    }

    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let kept = store.response(scope, key, now).await?;
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = first.get(&(scope, key.to_owned()));
        Ok(kept.filter(|_| first.is_some_and(|expires_at| *expires_at > now)))
    }
}

/// Ends with every lease of an endpoint the others that it has.
#[derive(Default)]
pub(crate) struct LastEndForAll(Mutex<HashMap<(Scope, Id), Timestamp>>);

#[async_trait]
impl Intercept for LastEndForAll {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let place = (lease.scope, lease.webhook);
        let until = {
            let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *ends.entry(place).or_insert(lease.until)
        };
        store.lease(&Lease { until, ..*lease }).await
    }
}

/// Holds what a large batch replaces until the end of its lease.
#[derive(Default)]
pub(crate) struct StickyStatement(Mutex<HashMap<(Scope, Id), Timestamp>>);

#[async_trait]
impl Intercept for StickyStatement {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.writes.len() <= ROWS {
            for id in batch.writes.iter().filter_map(written) {
                held.remove(&(batch.scope, id));
            }
        }
        Ok(())
    }

    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = store.lease(lease).await?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = |document: &Document| (lease.scope, document.id);
        documents.retain(|document| {
            let until = held.get(&place(document));
            until.is_none_or(|until| *until <= lease.now)
        });
        held.extend(documents.iter().map(place).map(|it| (it, lease.until)));
        Ok(documents)
    }
}
