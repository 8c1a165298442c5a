//! Lists of queues that hide, repeat or misplace one, or give the wrong moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::record::Delivery;
use relm_core::record::{Document, Record};
use relm_core::store::{Batch, CommitError, Lease, Queue, QueueKey, Store, StoreError, Write};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

use crate::intercept::Intercept;

/// More than any case has.
const ALL: usize = 10_000;

fn key_of(lease: &Lease) -> QueueKey {
    QueueKey {
        scope: lease.scope,
        webhook: lease.webhook,
    }
}

/// Lists an endpoint twice, as a join does.
#[derive(Default)]
pub(crate) struct RepeatedQueues;

#[async_trait]
impl Intercept for RepeatedQueues {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let queues = store.queues(after, limit).await?;
        let twice = queues.into_iter().flat_map(|queue| [queue, queue]);
        Ok(twice.take(limit).collect())
    }
}

/// Lists the queues of one scope.
#[derive(Default)]
pub(crate) struct OneScope;

#[async_trait]
impl Intercept for OneScope {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, limit).await?;
        let first = queues.first().map(|queue| queue.key.scope);
        queues.retain(|queue| Some(queue.key.scope) == first);
        Ok(queues)
    }
}

/// Lists the queue that is due first first.
#[derive(Default)]
pub(crate) struct QueuesByMoment;

#[async_trait]
impl Intercept for QueuesByMoment {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, ALL).await?;
        queues.sort_by_key(|queue| (queue.due_at, queue.key.webhook));
        queues.truncate(limit);
        Ok(queues)
    }
}

/// Knows a cursor by the queue that it was, and begins anew where that is gone.
#[derive(Default)]
pub(crate) struct CursorByQueue;

#[async_trait]
impl Intercept for CursorByQueue {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let queues = store.queues(None, ALL).await?;
        let place = queues.iter().position(|queue| Some(queue.key) == after);
        let rest = queues.into_iter().skip(place.map_or(0, |place| place + 1));
        Ok(rest.take(limit).collect())
    }
}

/// Begins every list with the first queue.
#[derive(Default)]
pub(crate) struct IgnoredQueueCursor;

#[async_trait]
impl Intercept for IgnoredQueueCursor {
    async fn queues(
        &self,
        store: &dyn Store,
        _: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        store.queues(None, limit).await
    }
}

/// Begins a list with the queue that it should begin after.
#[derive(Default)]
pub(crate) struct InclusiveQueueCursor;

#[async_trait]
impl Intercept for InclusiveQueueCursor {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let queues = store.queues(None, ALL).await?.into_iter();
        let queues = queues.skip_while(|queue| after.is_some_and(|after| queue.key != after));
        Ok(queues.take(limit).collect())
    }
}

/// Begins a list after the scope of the cursor.
#[derive(Default)]
pub(crate) struct CursorByScope;

#[async_trait]
impl Intercept for CursorByScope {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, ALL).await?;
        queues.retain(|queue| after.is_none_or(|after| queue.key.scope != after.scope));
        queues.truncate(limit);
        Ok(queues)
    }
}

/// Lists one queue more than it was asked for.
#[derive(Default)]
pub(crate) struct OneQueueMore;

#[async_trait]
impl Intercept for OneQueueMore {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        store.queues(after, limit + 1).await
    }
}

/// Gives the moment at which the last delivery that came is due.
#[derive(Default)]
pub(crate) struct LatestMoment(Mutex<BTreeMap<QueueKey, Timestamp>>);

#[async_trait]
impl Intercept for LatestMoment {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in batch.writes {
            if let Write::Insert(entry) = write
                && let Record::Delivery(delivery) = entry.record
                && let Some(due_at) = delivery.next_attempt_at
            {
                let key = QueueKey {
                    scope: batch.scope,
                    webhook: delivery.webhook_id,
                };
                let known = latest.entry(key).or_insert(due_at);
                *known = due_at.max(*known);
            }
        }
        Ok(())
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, limit).await?;
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for queue in &mut queues {
            queue.due_at = latest.get(&queue.key).copied().unwrap_or(queue.due_at);
        }
        Ok(queues)
    }
}

/// Gives the moment at which what is leased was due.
#[derive(Default)]
pub(crate) struct PlannedMoment(Mutex<BTreeMap<QueueKey, Timestamp>>);

#[async_trait]
impl Intercept for PlannedMoment {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let documents = store.lease(lease).await?;
        for document in &documents {
            let delivery: Delivery = document.decode().map_err(StoreError::fault)?;
            let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let due_at = delivery.next_attempt_at.unwrap_or(lease.now);
            let known = planned.entry(key_of(lease)).or_insert(due_at);
            *known = due_at.min(*known);
        }
        Ok(documents)
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, limit).await?;
        let planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for queue in &mut queues {
            let known = planned.get(&queue.key).copied();
            queue.due_at = known.map_or(queue.due_at, |known| known.min(queue.due_at));
        }
        Ok(queues)
    }
}

/// Lists no queue of which everything is leased.
#[derive(Default)]
pub(crate) struct LeasedQueuesHidden(Mutex<BTreeSet<(QueueKey, Timestamp)>>);

#[async_trait]
impl Intercept for LeasedQueuesHidden {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let documents = store.lease(lease).await?;
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.insert((key_of(lease), lease.until));
        Ok(documents)
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, ALL).await?;
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| !ends.contains(&(queue.key, queue.due_at)));
        queues.truncate(limit);
        Ok(queues)
    }
}

/// Lists for ever what it listed once.
#[derive(Default)]
pub(crate) struct EternalQueues(Mutex<BTreeMap<QueueKey, Timestamp>>);

#[async_trait]
impl Intercept for EternalQueues {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch).await?;
        let queues = store.queues(None, ALL).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(queues.into_iter().map(|queue| (queue.key, queue.due_at)));
        Ok(())
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let now = store.queues(None, ALL).await?;
        let mut all = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        all.extend(now.into_iter().map(|queue| (queue.key, queue.due_at)));
        let rest = all.into_iter().filter(|(key, _)| Some(*key) > after);
        let rest = rest.map(|(key, due_at)| Queue { key, due_at });
        Ok(rest.take(limit).collect())
    }
}

/// Joins queues with the endpoints that there are.
#[derive(Default)]
pub(crate) struct EndpointRequired(Mutex<BTreeSet<(Scope, Id)>>);

#[async_trait]
impl Intercept for EndpointRequired {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut there = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in &batch.writes {
            match write {
                Write::Insert(entry) => {
                    there.insert((batch.scope, entry.record.id()));
                }
                Write::Delete(entry) => {
                    there.remove(&(batch.scope, entry.record.id()));
                }
                Write::Replace { .. }
                | Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => {}
            }
        }
        Ok(())
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let mut queues = store.queues(after, ALL).await?;
        let there = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| there.contains(&(queue.key.scope, queue.key.webhook)));
        queues.truncate(limit);
        Ok(queues)
    }
}
