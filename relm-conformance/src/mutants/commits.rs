//! Commits that lose, tear or add something.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::{Entry, Record};
use relm_core::store::{Batch, CommitError, Refusal, Require, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};

use super::chosen::every;
use crate::intercept::Intercept;
use crate::simulation::yield_times;

/// The same batch with other writes.
pub(crate) fn with(batch: &Batch, writes: Vec<Write>) -> Batch {
    Batch {
        writes,
        ..batch.clone()
    }
}

/// The same batch without the writes that are like this.
pub(crate) fn without(batch: Batch, lost: impl Fn(&Write) -> bool) -> Batch {
    let kept = batch
        .writes
        .iter()
        .filter(|write| !lost(write))
        .cloned()
        .collect();
    with(&batch, kept)
}

fn inserts(write: &Write, kind: Kind) -> bool {
    matches!(write, Write::Insert(entry) if entry.record.kind() == kind)
}

/// Says that it was done, and did nothing to contacts.
#[derive(Default)]
pub(crate) struct ForgottenCommit;

#[async_trait]
impl Intercept for ForgottenCommit {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| inserts(write, Kind::Contact)))
            .await
    }
}

/// Leaves the writes of a refused batch that could be applied.
#[derive(Default)]
pub(crate) struct TornCommit;

#[async_trait]
impl Intercept for TornCommit {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let outcome = store.commit(batch.clone()).await;
        if outcome.is_err() {
            for write in &batch.writes {
                // One more refusal among these is no other flaw.
                drop(store.commit(with(&batch, vec![write.clone()])).await);
            }
        }
        outcome
    }
}

/// Commits five hundred writes at a time.
#[derive(Default)]
pub(crate) struct ChunkedCommit;

#[async_trait]
impl Intercept for ChunkedCommit {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for chunk in batch.writes.chunks(500) {
            store.commit(with(&batch, chunk.to_vec())).await?;
        }
        Ok(())
    }
}

/// Commits the first write, waits, and commits the rest.
#[derive(Default)]
pub(crate) struct SplitCommit;

#[async_trait]
impl Intercept for SplitCommit {
    async fn commit(&self, store: &dyn Store, mut batch: Batch) -> Result<(), CommitError> {
        let rest = batch.writes.split_off(1);
        let rest = with(&batch, rest);
        yield_times(1).await;
        store.commit(batch).await?;
        yield_times(1).await;
        store.commit(rest).await
    }
}

/// Unlinks what leads from a record and not what leads to it.
#[derive(Default)]
pub(crate) struct OneWayUnlink;

#[async_trait]
impl Intercept for OneWayUnlink {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let mut writes = Vec::new();
        for write in &batch.writes {
            let Write::Unlink(end) = write else {
                writes.push(write.clone());
                continue;
            };
            for (_, record) in every(store, batch.scope, Kind::Association).await? {
                if matches!(&record, Record::Association(edge) if edge.from_id == *end) {
                    writes.push(Write::Delete(Entry::new(record)));
                }
            }
        }
        store.commit(with(&batch, writes)).await
    }
}

/// Refuses to unlink what has no edges.
#[derive(Default)]
pub(crate) struct StrictUnlink;

#[async_trait]
impl Intercept for StrictUnlink {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for write in &batch.writes {
            if let Write::Unlink(end) = write {
                let edges = every(store, batch.scope, Kind::Association).await?;
                let leads = |record: &Record| matches!(record, Record::Association(edge) if edge.from_id == *end || edge.to_id == *end);
                if !edges.iter().any(|(_, record)| leads(record)) {
                    return Err(Refusal::Missing(vec![*end]).into());
                }
            }
        }
        store.commit(batch).await
    }
}

/// Whether a write deletes an edge that the batch unlinks.
fn is_unlinked(batch: &Batch, write: &Write) -> bool {
    let Write::Delete(Entry {
        record: Record::Association(edge),
        ..
    }) = write
    else {
        return false;
    };
    let ends = [edge.from_id, edge.to_id];
    let mut writes = batch.writes.iter();
    writes.any(|write| matches!(write, Write::Unlink(end) if ends.contains(end)))
}

/// Unlinks first, and then misses the edges that the batch deletes itself.
#[derive(Default)]
pub(crate) struct UnlinkedFirst;

#[async_trait]
impl Intercept for UnlinkedFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let mut writes = batch.writes.iter();
        if let Some(write) = writes.position(|write| is_unlinked(&batch, write)) {
            return Err(Refusal::VersionConflict { write }.into());
        }
        store.commit(batch).await
    }
}

/// Leaves the edges that a batch deletes to its unlinks, whether they are there or not.
#[derive(Default)]
pub(crate) struct UncheckedEdges;

#[async_trait]
impl Intercept for UncheckedEdges {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let whole = batch.clone();
        store
            .commit(without(batch, |write| is_unlinked(&whole, write)))
            .await
    }
}

/// Neither unlinks nor looks at what a batch requires.
#[derive(Default)]
pub(crate) struct DanglingEdges;

#[async_trait]
impl Intercept for DanglingEdges {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let mut batch = without(batch, |write| matches!(write, Write::Unlink(_)));
        batch
            .requires
            .retain(|require| !matches!(require, Require::Exists(_)));
        store.commit(batch).await
    }
}

/// Keeps deleted records out of sight, where their ids stay taken.
#[derive(Default)]
pub(crate) struct SoftDelete(Mutex<HashSet<Id>>);

#[async_trait]
impl Intercept for SoftDelete {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for (write, what) in batch.writes.iter().enumerate() {
            let mut deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match what {
                Write::Delete(entry) => drop(deleted.insert(entry.record.id())),
                Write::Insert(entry) if deleted.contains(&entry.record.id()) => {
                    return Err(Refusal::IdConflict { write }.into());
                }
                Write::Insert(_)
                | Write::Replace { .. }
                | Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => {}
            }
        }
        store.commit(batch).await
    }
}

/// Loses the event of a change.
#[derive(Default)]
pub(crate) struct LostEvent;

#[async_trait]
impl Intercept for LostEvent {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| inserts(write, Kind::Event)))
            .await
    }
}

/// Loses the deliveries of an event.
#[derive(Default)]
pub(crate) struct LostDelivery;

#[async_trait]
impl Intercept for LostDelivery {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| inserts(write, Kind::Delivery)))
            .await
    }
}

fn replaces(write: &Write, kind: Kind) -> bool {
    matches!(write, Write::Replace { after, .. } if after.record.kind() == kind)
}

/// Leaves endpoints as they are.
#[derive(Default)]
pub(crate) struct UnchangedEndpoint;

#[async_trait]
impl Intercept for UnchangedEndpoint {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| replaces(write, Kind::Webhook)))
            .await
    }
}

/// Leaves API keys as they are.
#[derive(Default)]
pub(crate) struct UnchangedKey;

#[async_trait]
impl Intercept for UnchangedKey {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| replaces(write, Kind::Key)))
            .await
    }
}

/// Leaves users as they are.
#[derive(Default)]
pub(crate) struct UnchangedUser;

#[async_trait]
impl Intercept for UnchangedUser {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| replaces(write, Kind::User)))
            .await
    }
}

/// Leaves sessions as they are.
#[derive(Default)]
pub(crate) struct UnchangedSession;

#[async_trait]
impl Intercept for UnchangedSession {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| replaces(write, Kind::Session)))
            .await
    }
}

/// Keeps sessions that are deleted.
#[derive(Default)]
pub(crate) struct KeptSessions;

#[async_trait]
impl Intercept for KeptSessions {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let is_end = |write: &Write| matches!(write, Write::Delete(entry) if entry.record.kind() == Kind::Session);
        store.commit(without(batch, is_end)).await
    }
}

/// Does not count changes of the configuration.
#[derive(Default)]
pub(crate) struct LostReconfigure;

#[async_trait]
impl Intercept for LostReconfigure {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| matches!(write, Write::Reconfigure)))
            .await
    }
}

/// Keeps no response.
#[derive(Default)]
pub(crate) struct RememberNothing;

#[async_trait]
impl Intercept for RememberNothing {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store
            .commit(without(batch, |write| matches!(write, Write::Remember(_))))
            .await
    }
}

/// Gives up now and then, as one does that meets a deadlock.
#[derive(Default)]
pub(crate) struct Overloaded(AtomicUsize);

#[async_trait]
impl Intercept for Overloaded {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        if self.0.fetch_add(1, Ordering::SeqCst) % 10 == 9 {
            return Err(StoreError::unavailable("deadlock").into());
        }
        store.commit(batch).await
    }
}
