//! Forgetting: events that are old and owe nobody anything, with their deliveries, in small steps.

use std::collections::HashSet;
use std::time::Duration;

use super::dispatcher::Sleeper;
use super::resources::deliveries::{each_delivery, first_of, list, of_events, with_status};
use super::transaction::ROUNDS_MAX;
use super::{Crm, Scoped, store_error};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Document;
use crate::record::{Delivery, DeliveryStatus, Webhook};
use crate::store::{Batch, CommitError, Query, Refusal, StoredResponse, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

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
    /// delivery of it is pending, or is dead and could be replayed: until its endpoint took it after all, or is deleted.
    ///
    /// # Errors
    /// `unavailable` or `outcome_unknown` from the store, at once; `internal_error`, once all workspaces were gone through. What was forgotten
    /// stays forgotten.
    pub async fn prune_events(&self, before: Timestamp, sleeper: &dyn Sleeper) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        let mut failure = None;
        let mut after = None;
        loop {
            let (scopes, next) = self.scopes_after(after).await?;
            for scope in scopes {
                let of_scope = self.prune_scope(scope, before, sleeper, &mut pruned).await;
                match of_scope {
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
                        ) =>
                    {
                        return Err(error);
                    }
                    // One workspace that cannot be read keeps no other from forgetting.
                    ended => failure = failure.or(ended.err()),
                }
            }
            if next.is_none() {
                return failure.map_or(Ok(pruned), Err);
            }
            after = next;
        }
    }

    async fn prune_scope(
        &self,
        scope: Scope,
        before: Timestamp,
        sleeper: &dyn Sleeper,
        pruned: &mut Pruned,
    ) -> Result<()> {
        let scoped = self.open(scope.workspace(), scope.mode()).await?;
        let mut after = Some(first_of(Kind::Event, before));
        while let Some(last) = after {
            after = scoped.prune_step(last, pruned).await?;
            if after.is_some() {
                sleeper.sleep(REST).await;
            }
        }
        Ok(())
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
        match inner.commit(claim).await {
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
            if page.documents.is_empty() {
                return Ok(next);
            }
            let configuration = self.inner.reload_configuration(self.scope).await?;
            let mut debts = Debts::of(self, &page.documents, &configuration.webhooks).await?;
            let mut events = page.documents;
            events.retain(|event| !debts.is_owed(event.id));
            if events.is_empty() {
                return Ok(next);
            }
            match self.forget(events, &mut debts).await? {
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

    /// Forgets the first of these events, with their deliveries: as many as one commit is to hold. None where something of
    /// it changed, or somebody else forgot it.
    async fn forget(
        &self,
        mut events: Vec<Document>,
        debts: &mut Debts<'_>,
    ) -> Result<Option<Forgotten>> {
        let asked = events.len();
        // An event goes with all that was delivered of it: left without, it would seem not to have reached anyone.
        let page = loop {
            let query = Query {
                kind: Kind::Delivery,
                clauses: vec![of_events(&events)?],
                after: None,
                limit: STEP_DELIVERIES,
            };
            let page = list(self, query).await?;
            if !page.more || events.len() == 1 {
                break page;
            }
            events.truncate(events.len() / 2);
        };
        for document in &page.documents {
            debts.add(&document.decode()?);
        }
        if events.iter().any(|event| debts.is_owed(event.id)) {
            // It was replayed since.
            return Ok(None);
        }
        // Of one event that was replayed without end, the newest deliveries go first.
        let events = if page.more { Vec::new() } else { events };
        let step = Pruned {
            events: events.len(),
            deliveries: page.documents.len(),
        };
        let is_all = step.events == asked;
        let entries = page.documents.into_iter().chain(events);
        let deletes = entries.map(|document| document.into_entry().map(Write::Delete));
        let batch = Batch {
            scope: self.scope,
            now: self.inner.clock.now(),
            requires: Vec::new(),
            writes: deletes.collect::<Result<_>>()?,
        };
        match self.inner.commit(batch).await {
            Ok(()) => Ok(Some(Forgotten { step, is_all })),
            Err(CommitError::Refused(Refusal::VersionConflict { .. })) => Ok(None),
            Err(CommitError::Refused(refusal)) => {
                Err(Error::internal(format!("the store refused {refusal:?}")))
            }
            Err(CommitError::Store(error)) => Err(store_error(error)),
        }
    }
}

/// Which events are to be kept for the sake of which endpoints.
struct Debts<'a> {
    endpoints: &'a [Webhook],
    pending: HashSet<Id>,
    /// Events, each with an endpoint that gave up on it.
    dead: HashSet<(Id, Id)>,
    /// Events, each with an endpoint that took it.
    taken: HashSet<(Id, Id)>,
}

impl<'a> Debts<'a> {
    async fn of(scoped: &Scoped, events: &[Document], endpoints: &'a [Webhook]) -> Result<Self> {
        let mut debts = Self {
            endpoints,
            pending: HashSet::new(),
            dead: HashSet::new(),
            taken: HashSet::new(),
        };
        let statuses = [
            DeliveryStatus::Pending,
            DeliveryStatus::Dead,
            DeliveryStatus::Succeeded,
        ];
        let clauses = vec![of_events(events)?, with_status(&statuses)?];
        each_delivery(scoped, clauses, |delivery| debts.add(&delivery)).await?;
        Ok(debts)
    }

    fn add(&mut self, delivery: &Delivery) {
        let owed = (delivery.event_id, delivery.webhook_id);
        match delivery.status {
            DeliveryStatus::Pending => {
                self.pending.insert(delivery.event_id);
            }
            DeliveryStatus::Dead => {
                self.dead.insert(owed);
            }
            DeliveryStatus::Succeeded => {
                self.taken.insert(owed);
            }
            DeliveryStatus::Cancelled => {}
        }
    }

    /// Whether an event is on its way, or can be replayed to an endpoint that never took it.
    fn is_owed(&self, event: Id) -> bool {
        self.pending.contains(&event)
            || self.endpoints.iter().any(|webhook| {
                let owed = (event, webhook.id);
                self.dead.contains(&owed) && !self.taken.contains(&owed)
            })
    }
}

/// What one commit forgot.
struct Forgotten {
    step: Pruned,
    /// Whether nothing is left of what was to be forgotten.
    is_all: bool,
}
