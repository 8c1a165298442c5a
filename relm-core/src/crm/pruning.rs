//! Forgetting: events that are old and owe nobody anything, with their deliveries, in small steps.

use std::time::Duration;

use super::deliveries::{first_of, list, of_events};
use super::dispatcher::Sleeper;
use super::operation::ROUNDS_MAX;
use super::{Crm, Scoped, store_error};
use crate::error::{Error, Result};
use crate::id::{Id, Kind};
use crate::record::Document;
use crate::scope::Scope;
use crate::store::{Batch, CommitError, Query, Refusal, StoredResponse, Write};
use crate::time::Timestamp;
use crate::webhook::{Delivery, DeliveryStatus};

/// Events of one step: its commit holds up others for a few milliseconds at most.
const STEP_EVENTS: usize = 100;
/// The rest between two steps.
const REST: Duration = Duration::from_millis(50);

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many events.
    pub events: usize,
    /// How many deliveries of theirs.
    pub deliveries: usize,
}

impl Crm {
    /// Forgets the events of before a moment, in all workspaces, each with its deliveries. An event stays as long as a
    /// delivery of it is pending, or is dead and could be replayed: until its endpoint is deleted.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store. What was forgotten until then stays forgotten.
    pub async fn prune_events(&self, before: Timestamp, sleeper: &dyn Sleeper) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        for scope in self.scopes().await? {
            let scoped = self.open(scope.workspace(), scope.mode()).await?;
            let mut after = Some(first_of(Kind::Event, before));
            while let Some(last) = after {
                after = scoped.prune_step(last, &mut pruned).await?;
                if after.is_some() {
                    sleeper.sleep(REST).await;
                }
            }
        }
        Ok(pruned)
    }

    /// Whether this is the first claim of a name within so many milliseconds, whichever of the processes that share the
    /// store asks: so one of them does what is to be done once.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn claim(&self, name: &str, for_ms: i64) -> Result<bool> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let claim = Batch {
            scope: Scope::SYSTEM,
            now,
            requires: Vec::new(),
            writes: vec![Write::Remember(StoredResponse {
                key: format!("claim {name}"),
                fingerprint: [0; 32],
                outcome: 0,
                body: "".into(),
                expires_at: now.saturating_add_millis(for_ms),
            })],
        };
        match inner.store.commit(claim).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(store_error(error)),
        }
    }
}

impl Scoped {
    /// Forgets what may be forgotten of the next events below an id; the last one that was looked at, if there are more.
    async fn prune_step(&self, after: Id, pruned: &mut Pruned) -> Result<Option<Id>> {
        let query = Query {
            kind: Kind::Event,
            clauses: Vec::new(),
            after: Some(after),
            limit: STEP_EVENTS,
        };
        for _ in 0..ROUNDS_MAX {
            let page = list(self, query.clone()).await?;
            let next = page.documents.last().map(|last| last.id);
            let next = next.filter(|_| page.more);
            let (deletes, step) = self.forgettable(page.documents).await?;
            if deletes.is_empty() {
                return Ok(next);
            }
            let batch = Batch {
                scope: self.scope,
                now: self.inner.clock.now(),
                requires: Vec::new(),
                writes: deletes,
            };
            match self.inner.store.commit(batch).await {
                Ok(()) => {
                    pruned.events += step.events;
                    pruned.deliveries += step.deliveries;
                    return Ok(next);
                }
                // Something of it changed, or somebody else forgot it: the next look tells.
                Err(CommitError::Refused(Refusal::Stale { .. })) => {}
                Err(CommitError::Refused(refusal)) => {
                    return Err(Error::internal(format!("the store refused {refusal:?}")));
                }
                Err(CommitError::Store(error)) => return Err(store_error(error)),
            }
        }
        Ok(None)
    }

    async fn forgettable(&self, events: Vec<Document>) -> Result<(Vec<Write>, Pruned)> {
        let configuration = self.inner.reload_configuration(self.scope).await?;
        let deliveries = of_events(self, &events, None).await?;
        let is_owed = |delivery: &Delivery| match delivery.status {
            DeliveryStatus::Pending => true,
            DeliveryStatus::Dead => configuration
                .webhooks
                .iter()
                .any(|webhook| webhook.id == delivery.webhook_id),
            DeliveryStatus::Succeeded | DeliveryStatus::Cancelled => false,
        };
        let owed: Vec<Id> = deliveries
            .iter()
            .filter(|(_, delivery)| is_owed(delivery))
            .map(|(_, delivery)| delivery.event_id)
            .collect();
        let mut step = Pruned::default();
        let mut writes = Vec::new();
        for (document, delivery) in deliveries {
            if !owed.contains(&delivery.event_id) {
                step.deliveries += 1;
                writes.push(Write::Delete(document.into_entry()?));
            }
        }
        for event in events {
            if !owed.contains(&event.id) {
                step.events += 1;
                writes.push(Write::Delete(event.into_entry()?));
            }
        }
        Ok((writes, step))
    }
}
