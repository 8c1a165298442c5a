//! Forgetting: events that are old and owe nobody anything, with their deliveries, in small steps.

use std::collections::HashSet;
use std::time::Duration;

use super::deliveries::{each_delivery, first_of, list, of_events, with_status};
use super::dispatcher::Sleeper;
use super::operation::ROUNDS_MAX;
use super::{Crm, Scoped, store_error};
use crate::error::{Error, Result};
use crate::id::{Id, Kind};
use crate::record::Document;
use crate::scope::Scope;
use crate::store::{Batch, CommitError, Query, Refusal, StoredResponse, Write};
use crate::time::Timestamp;
use crate::webhook::{Delivery, DeliveryStatus, Webhook};

/// Events of one step: its commit holds up others for a few milliseconds at most.
const STEP_EVENTS: usize = 100;
/// Deliveries of one commit.
const STEP_DELIVERIES: usize = 500;
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
        // A round that was refused is looked at anew; one that was not leaves less to forget.
        let mut refused = 0;
        while refused < ROUNDS_MAX {
            let page = list(self, query.clone()).await?;
            let next = page.documents.last().map(|last| last.id);
            let next = next.filter(|_| page.more);
            let configuration = self.inner.reload_configuration(self.scope).await?;
            let endpoints = &configuration.webhooks;
            let events = self.not_owed(page.documents, endpoints).await?;
            if events.is_empty() {
                return Ok(next);
            }
            match self.forget(events, endpoints).await? {
                Some(Forgotten { step, is_all }) => {
                    pruned.events += step.events;
                    pruned.deliveries += step.deliveries;
                    if is_all {
                        return Ok(next);
                    }
                }
                None => refused += 1,
            }
        }
        Ok(None)
    }

    /// Those of these events that are owed to none of the endpoints.
    async fn not_owed(
        &self,
        mut events: Vec<Document>,
        endpoints: &[Webhook],
    ) -> Result<Vec<Document>> {
        if events.is_empty() {
            return Ok(events);
        }
        let mut owed = HashSet::new();
        let statuses = [DeliveryStatus::Pending, DeliveryStatus::Dead];
        let clauses = vec![of_events(&events)?, with_status(&statuses)?];
        each_delivery(self, clauses, |delivery| {
            if is_owed(&delivery, endpoints) {
                owed.insert(delivery.event_id);
            }
        })
        .await?;
        events.retain(|event| !owed.contains(&event.id));
        Ok(events)
    }

    /// Forgets these events with their deliveries; some of the deliveries alone, where one commit is not to hold them all.
    /// None where something of it changed, or somebody else forgot it.
    async fn forget(
        &self,
        events: Vec<Document>,
        endpoints: &[Webhook],
    ) -> Result<Option<Forgotten>> {
        let query = Query {
            kind: Kind::Delivery,
            clauses: vec![of_events(&events)?],
            after: None,
            limit: STEP_DELIVERIES,
        };
        let page = list(self, query).await?;
        for document in &page.documents {
            if is_owed(&document.decode()?, endpoints) {
                // It was replayed since.
                return Ok(None);
            }
        }
        let is_all = !page.more;
        let step = Pruned {
            events: if is_all { events.len() } else { 0 },
            deliveries: page.documents.len(),
        };
        let events = events.into_iter().filter(|_| is_all);
        let entries = page.documents.into_iter().chain(events);
        let deletes = entries.map(|document| document.into_entry().map(Write::Delete));
        let batch = Batch {
            scope: self.scope,
            now: self.inner.clock.now(),
            requires: Vec::new(),
            writes: deletes.collect::<Result<_>>()?,
        };
        match self.inner.store.commit(batch).await {
            Ok(()) => Ok(Some(Forgotten { step, is_all })),
            Err(CommitError::Refused(Refusal::Stale { .. })) => Ok(None),
            Err(CommitError::Refused(refusal)) => {
                Err(Error::internal(format!("the store refused {refusal:?}")))
            }
            Err(CommitError::Store(error)) => Err(store_error(error)),
        }
    }
}

/// Whether the event of a delivery is to be kept for it: while it is pending, or is dead and can be replayed.
fn is_owed(delivery: &Delivery, endpoints: &[Webhook]) -> bool {
    match delivery.status {
        DeliveryStatus::Pending => true,
        DeliveryStatus::Dead => {
            let mut endpoints = endpoints.iter();
            endpoints.any(|webhook| webhook.id == delivery.webhook_id)
        }
        DeliveryStatus::Succeeded | DeliveryStatus::Cancelled => false,
    }
}

/// What one commit forgot.
struct Forgotten {
    step: Pruned,
    /// Whether nothing is left of what was to be forgotten.
    is_all: bool,
}
