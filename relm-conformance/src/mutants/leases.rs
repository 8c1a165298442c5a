//! Leases that give too much, too early, too late or twice, or that leave traces.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::Delivery;
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{Batch, CommitError, Lease, Queue, QueueKey, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::Timestamp;

use super::chosen::every;
use super::commits::with;
use crate::intercept::Intercept;
use crate::simulation::yield_times;

/// More than any case has waiting.
const ALL: usize = 10_000;

/// A flaw in what a lease is asked for: makes `Name::lease` ask the store for `$changed` instead of `$lease`.
macro_rules! misread_lease {
    ($(#[$docs:meta])* $name:ident, |$lease:ident| $changed:expr) => {
        $(#[$docs])*
        #[derive(Default)]
        pub(crate) struct $name;

        #[async_trait]
        impl Intercept for $name {
            async fn lease(
                &self,
                store: &dyn Store,
                $lease: &Lease,
            ) -> Result<Vec<Document>, StoreError> {
                store.lease(&$changed).await
            }
        }
    };
}

misread_lease! {
    /// Gives what is due in a millisecond.
    EarlyLease, |lease| Lease { now: lease.now.saturating_add_millis(1), ..*lease }
}
misread_lease! {
    /// Gives what was due a millisecond ago.
    LateLease, |lease| Lease { now: lease.now.saturating_add_millis(-1), ..*lease }
}
misread_lease! {
    /// Holds what is not yet due until it is.
    HeldUntilDue, |lease| Lease { until: lease.until.max(lease.now), ..*lease }
}
misread_lease! {
    /// Ignores the leases of others.
    SharedLease, |lease| Lease { until: lease.now, ..*lease }
}
misread_lease! {
    /// Ends a millisecond too early.
    ShortLease, |lease| Lease { until: lease.until.saturating_add_millis(-1), ..*lease }
}
misread_lease! {
    /// Ends a millisecond too late.
    LongLease, |lease| Lease { until: lease.until.saturating_add_millis(1), ..*lease }
}
misread_lease! {
    /// Never ends.
    EternalLease, |lease| Lease { until: Timestamp::from_millis(i64::MAX), ..*lease }
}
misread_lease! {
    /// Takes whatever is due.
    UnlimitedLease, |lease| Lease { limit: ALL, ..*lease }
}
misread_lease! {
    /// Takes five hundred deliveries at the most.
    PagedLease, |lease| Lease { limit: lease.limit.min(500), ..*lease }
}
misread_lease! {
    /// Takes the two modes of a workspace for one.
    ModelessLease, |lease| Lease {
        scope: Scope::new(lease.scope.workspace(), Mode::Live),
        ..*lease
    }
}

fn delivery(document: &Document) -> Result<Delivery, StoreError> {
    document.decode().map_err(StoreError::fault)
}

/// Writes the JSON of what it gives anew.
#[derive(Default)]
pub(crate) struct RenderedLease;

#[async_trait]
impl Intercept for RenderedLease {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let documents = store.lease(lease).await?;
        let rendered = documents.iter().map(delivery);
        rendered.map(|it| Ok(Entry::new(it?).document())).collect()
    }
}

/// Gives the latest first.
#[derive(Default)]
pub(crate) struct LatestFirst;

#[async_trait]
impl Intercept for LatestFirst {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = store.lease(lease).await?;
        documents.reverse();
        Ok(documents)
    }
}

/// Takes the latest that are due, and gives these in order.
#[derive(Default)]
pub(crate) struct LatestTaken;

#[async_trait]
impl Intercept for LatestTaken {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let all = Lease {
            limit: ALL,
            ..*lease
        };
        let mut documents = store.lease(&all).await?;
        Ok(documents.split_off(documents.len().saturating_sub(lease.limit)))
    }
}

/// Orders what was leased before by the moment in its document.
#[derive(Default)]
pub(crate) struct PlannedOrder;

#[async_trait]
impl Intercept for PlannedOrder {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut planned = Vec::new();
        for document in store.lease(lease).await? {
            planned.push((delivery(&document)?.next_attempt_at, document));
        }
        planned.sort_by_key(|(due_at, _)| *due_at);
        Ok(planned.into_iter().map(|(_, document)| document).collect())
    }
}

/// Takes what is due of every endpoint of the scope.
#[derive(Default)]
pub(crate) struct AnyEndpoint;

#[async_trait]
impl Intercept for AnyEndpoint {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = Vec::new();
        for Queue { key, .. } in store.queues(None, ALL).await? {
            let QueueKey { scope, webhook } = key;
            if scope == lease.scope {
                documents.extend(store.lease(&Lease { webhook, ..*lease }).await?);
            }
        }
        Ok(documents)
    }
}

/// Gives what is finished along with what is due.
#[derive(Default)]
pub(crate) struct FinishedGiven;

#[async_trait]
impl Intercept for FinishedGiven {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = store.lease(lease).await?;
        for (document, record) in every(store, lease.scope, Kind::Delivery).await? {
            if let Record::Delivery(delivery) = record
                && delivery.webhook_id == lease.webhook
                && delivery.next_attempt_at.is_none()
            {
                documents.push(document);
            }
        }
        Ok(documents)
    }
}

/// Gives what was deleted along with what is due.
#[derive(Default)]
pub(crate) struct DeletedGiven(Mutex<Vec<(Scope, Entry)>>);

#[async_trait]
impl Intercept for DeletedGiven {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in batch.writes {
            if let Write::Delete(entry) = write {
                deleted.push((batch.scope, entry));
            }
        }
        Ok(())
    }

    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = store.lease(lease).await?;
        for (scope, entry) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            if let Record::Delivery(delivery) = &entry.record
                && (*scope, delivery.webhook_id) == (lease.scope, lease.webhook)
            {
                documents.push(entry.document());
            }
        }
        Ok(documents)
    }
}

/// Leases that outlive a commit of what they hold: what each delivery is held for, beside the store.
#[derive(Default)]
struct LeaseEnds(Mutex<HashMap<(Scope, Id), Timestamp>>);

impl LeaseEnds {
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

    fn release(&self, scope: Scope, id: Id) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&(scope, id));
    }
}

/// Ends every lease of what is not yet due at its end, though that was planned for later.
#[derive(Default)]
pub(crate) struct EndsAlike(Mutex<HashMap<(Scope, Id), Timestamp>>);

#[async_trait]
impl Intercept for EndsAlike {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = store.lease(lease).await?;
        let given: Vec<Id> = documents.iter().map(|document| document.id).collect();
        let over: Vec<Id> = {
            let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_over = |(place, end): (&(Scope, Id), &Timestamp)| {
                let (scope, id) = *place;
                let is_so = scope == lease.scope && *end <= lease.now && !given.contains(&id);
                is_so.then_some(id)
            };
            let over: Vec<Id> = ends.iter().filter_map(is_over).collect();
            ends.retain(|(_, id), _| !over.contains(id));
            if lease.now == Timestamp::MAX {
                ends.extend(given.iter().map(|id| ((lease.scope, *id), lease.until)));
            }
            over
        };
        for id in over {
            let Some(document) = store.get(lease.scope, id).await? else {
                continue;
            };
            let held = delivery(&document)?;
            if held.webhook_id == lease.webhook && held.next_attempt_at.is_some() {
                documents.push(document);
            }
        }
        Ok(documents)
    }
}

/// Holds a delivery until the lease's end, whatever is written to it.
#[derive(Default)]
pub(crate) struct StickyLease(LeaseEnds);

#[async_trait]
impl Intercept for StickyLease {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.0.lease(store, lease).await
    }
}

/// Writes the columns that differ: a delivery whose moment is the one that was read stays where its lease put it.
#[derive(Default)]
pub(crate) struct ChangedColumns(LeaseEnds);

#[async_trait]
impl Intercept for ChangedColumns {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        for write in &batch.writes {
            if let Write::Replace { before, after } = write
                && let (Record::Delivery(before), Record::Delivery(after)) =
                    (&before.record, &after.record)
                && before.next_attempt_at != after.next_attempt_at
            {
                self.0.release(batch.scope, after.id);
            }
        }
        Ok(())
    }

    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.0.lease(store, lease).await
    }
}

/// Keeps the end of a lease in the document, as a version of its own.
#[derive(Default)]
pub(crate) struct WrittenLease;

#[async_trait]
impl Intercept for WrittenLease {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let documents = store.lease(lease).await?;
        let batch = Batch {
            scope: lease.scope,
            now: lease.now,
            requires: Vec::new(),
            writes: Vec::new(),
        };
        for document in &documents {
            let before = delivery(document)?;
            let mut after = before.clone();
            after.next_attempt_at = Some(lease.until);
            after.version += 1;
            let write = Write::Replace {
                before: Entry::new(before),
                after: Entry::new(after),
            };
            let written = store.commit(with(&batch, vec![write])).await;
            written.map_err(|_| StoreError::fault("the lease could not be written"))?;
        }
        Ok(documents)
    }
}

/// Takes the first, waits, and takes the rest.
#[derive(Default)]
pub(crate) struct SplitLease;

#[async_trait]
impl Intercept for SplitLease {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let mut documents = store.lease(&Lease { limit: 1, ..*lease }).await?;
        yield_times(1).await;
        if lease.limit > 1 {
            let limit = lease.limit - 1;
            documents.extend(store.lease(&Lease { limit, ..*lease }).await?);
        }
        Ok(documents)
    }
}

/// Gives back a permit at the end of a lease, and has thirty.
#[derive(Default)]
pub(crate) struct LeakedLeasePermit(AtomicUsize);

#[async_trait]
impl Intercept for LeakedLeasePermit {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        if self.0.fetch_add(1, Ordering::SeqCst) >= 30 {
            return Err(StoreError::unavailable("no permit is left"));
        }
        yield_times(1).await;
        let documents = store.lease(lease).await;
        self.0.fetch_sub(1, Ordering::SeqCst);
        documents
    }
}
