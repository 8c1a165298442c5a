//! Retention: events that are old and that nothing holds are deleted with their deliveries, and so is what is in the trash for
//! long; in small steps.

mod imports;
mod trash;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::components::Components;
use super::context::Context;
use super::resources::deliveries::{each_delivery, first_of, of_events, with_status};
use super::resources::fields::{
    finish_renamings as finish_scope, finish_unique_indexes as end_indexes,
};
use super::resources::merging::finish_merges as finish_merges_of_scope;
use super::resources::purge::Rest;
use super::resources::undo::finish_undos;
use super::transaction::{ATTEMPTS_MAX, Planned, Transaction, transact, unexpected};
use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::Clause;
use crate::record::{Actor, Delivery, DeliveryStatus, Document, Webhook};
use crate::store::{Batch, Page, Query, Refusal, Write};
use crate::value::environment::Sleeper;
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Events of one step: its commit holds up others for a few milliseconds at most.
const STEP_EVENTS: usize = 100;
/// Deliveries of one commit.
const STEP_DELIVERIES: usize = 500;
/// The rest between two steps.
const REST: Duration = Duration::from_millis(50);

/// What retention deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// How many events.
    pub events: usize,
    /// How many deliveries of theirs.
    pub deliveries: usize,
}

/// Deletes the events of before a moment, in all workspaces, each with its deliveries.
pub(super) async fn delete_expired(
    components: &Arc<Components>,
    before: Timestamp,
    sleeper: &dyn Sleeper,
) -> Result<Deleted> {
    let mut deleted = Deleted::default();
    in_all_scopes(components, before, sleeper, Expiring::Events(&mut deleted)).await?;
    Ok(deleted)
}

/// Deletes from the trash what was deleted before a moment, in all workspaces; how many records.
pub(super) async fn delete_expired_trash(
    components: &Arc<Components>,
    before: Timestamp,
    sleeper: &dyn Sleeper,
) -> Result<usize> {
    let mut records = 0;
    in_all_scopes(components, before, sleeper, Expiring::Trash(&mut records)).await?;
    Ok(records)
}

/// Goes on with the renamings of choices that left something, in all workspaces; how many were ended.
pub(super) async fn finish_renamings(
    components: &Arc<Components>,
    sleeper: &dyn Sleeper,
) -> Result<usize> {
    let mut ended = 0;
    let before = Timestamp::MAX;
    in_all_scopes(components, before, sleeper, Expiring::Renamings(&mut ended)).await?;
    Ok(ended)
}

/// Goes on with the indexes of unique values that are being made or taken away, in all workspaces; how many were ended.
pub(super) async fn finish_unique_indexes(
    components: &Arc<Components>,
    sleeper: &dyn Sleeper,
) -> Result<usize> {
    let mut ended = 0;
    let (before, indexes) = (Timestamp::MAX, Expiring::UniqueIndexes(&mut ended));
    in_all_scopes(components, before, sleeper, indexes).await?;
    Ok(ended)
}

/// Goes on with the merges that left something to be moved, in all workspaces; how many were ended.
pub(super) async fn finish_merges(
    components: &Arc<Components>,
    sleeper: &dyn Sleeper,
) -> Result<usize> {
    let mut ended = 0;
    let before = Timestamp::MAX;
    in_all_scopes(components, before, sleeper, Expiring::Merges(&mut ended)).await?;
    Ok(ended)
}

/// Deletes the imports that have ended before a moment, in all workspaces, and puts those that go on into the queue again; how many were
/// deleted.
pub(super) async fn delete_expired_imports(
    components: &Arc<Components>,
    before: Timestamp,
    sleeper: &dyn Sleeper,
) -> Result<usize> {
    let mut deleted = 0;
    in_all_scopes(components, before, sleeper, Expiring::Imports(&mut deleted)).await?;
    Ok(deleted)
}

/// What expires or is to be ended, and how much of it was.
enum Expiring<'a> {
    Events(&'a mut Deleted),
    Trash(&'a mut usize),
    Renamings(&'a mut usize),
    UniqueIndexes(&'a mut usize),
    Merges(&'a mut usize),
    Imports(&'a mut usize),
}

async fn in_all_scopes(
    components: &Arc<Components>,
    before: Timestamp,
    sleeper: &dyn Sleeper,
    mut expiring: Expiring<'_>,
) -> Result<()> {
    let rest = Rest::new(sleeper, REST);
    let mut failure = None;
    let mut after = None;
    loop {
        let (scopes, next) = components.scopes_after(after).await?;
        for scope in scopes {
            let context = Context::open(components, scope, Actor::SYSTEM.into()).await;
            let of_scope = match (context, &mut expiring) {
                (Ok(context), Expiring::Events(deleted)) => {
                    delete_of_scope(&context, before, sleeper, deleted).await
                }
                (Ok(context), Expiring::Trash(records)) => {
                    trash::empty(&context, before, rest, records).await
                }
                (Ok(context), Expiring::Renamings(ended)) => {
                    finish_scope(&context, rest).await.map(|all| **ended += all)
                }
                (Ok(context), Expiring::UniqueIndexes(ended)) => {
                    end_indexes(&context, rest).await.map(|all| **ended += all)
                }
                (Ok(context), Expiring::Merges(ended)) => {
                    finish_merging(&context, rest, ended).await
                }
                (Ok(context), Expiring::Imports(deleted)) => {
                    imports::see_to(components, &context, before, rest, deleted).await
                }
                (Err(error), _) => Err(error),
            };
            match of_scope {
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
                    ) =>
                {
                    return Err(error);
                }
                // One workspace that cannot be read keeps no other from its retention.
                ended => failure = failure.or(ended.err()),
            }
        }
        if next.is_none() {
            return failure.map_or(Ok(()), Err);
        }
        after = next;
    }
}

/// Ends the merges of one scope, and the undos of merges.
async fn finish_merging(context: &Context, rest: Rest<'_>, ended: &mut usize) -> Result<()> {
    let merges = finish_merges_of_scope(context, rest).await;
    *ended += finish_undos(context, rest).await?;
    merges.map(|merges| *ended += merges)
}

async fn delete_of_scope(
    context: &Context,
    before: Timestamp,
    sleeper: &dyn Sleeper,
    deleted: &mut Deleted,
) -> Result<()> {
    let mut after = Some(first_of(Kind::Event, before));
    while let Some(last) = after {
        let mut deletion = Deletion {
            context,
            after: last,
        };
        let step = transact(context.storage(), &mut deletion).await?;
        deleted.events += step.deleted.events;
        deleted.deliveries += step.deleted.deliveries;
        if step.is_all {
            after = step.next;
            if after.is_some() {
                sleeper.sleep(REST).await;
            }
        }
    }
    Ok(())
}

/// Somebody else changed it meanwhile: the next attempt reads what is left.
fn overtaken(conflict: Refusal) -> Result<()> {
    match conflict {
        Refusal::VersionConflict { .. } => Ok(()),
        conflict => Err(unexpected(&conflict)),
    }
}

fn exhausted(context: &Context, what: &str) -> Error {
    let workspace = context.scope().workspace();
    Error::internal(format!(
        "{what} of {workspace} conflicted with other changes {ATTEMPTS_MAX} times"
    ))
}

/// Deletes what may be deleted of the next events below an id: as much as one commit is to hold.
struct Deletion<'a> {
    context: &'a Context,
    after: Id,
}

/// What one commit deletes.
struct Step {
    deleted: Deleted,
    /// Whether nothing is left of what was to be deleted of these events.
    is_all: bool,
    /// The last event that was looked at, if there are more below it.
    next: Option<Id>,
}

#[async_trait]
impl Transaction for Deletion<'_> {
    type Output = Step;

    async fn plan(&mut self) -> Result<Planned<Step>> {
        let query = Query {
            kind: Kind::Event,
            clauses: Vec::new(),
            after: Some(self.after),
            limit: STEP_EVENTS,
        };
        let page = self.context.list(&query).await?;
        let next = page.documents.last().map(|last| last.id);
        let next = next.filter(|_| page.more);
        let mut events = page.documents;
        let nothing = Step {
            deleted: Deleted::default(),
            is_all: true,
            next,
        };
        if events.is_empty() {
            return Ok(Planned::Done(nothing));
        }
        let configuration = self.context.reload_configuration().await?;
        let holds = RetentionHolds::of(self.context, &events, &configuration.webhooks);
        let mut holds = holds.await?;
        events.retain(|event| !holds.is_held(event.id));
        if events.is_empty() {
            return Ok(Planned::Done(nothing));
        }
        let expired = events.len();
        let page = self.deliveries(&mut events).await?;
        for document in &page.documents {
            holds.add(&document.decode()?);
        }
        if events.iter().any(|event| holds.is_held(event.id)) {
            // It was replayed since.
            return Ok(Planned::Retry);
        }
        // One event that was replayed without end goes in several commits.
        let events = if page.more { Vec::new() } else { events };
        let step = Step {
            deleted: Deleted {
                events: events.len(),
                deliveries: page.documents.len(),
            },
            is_all: events.len() == expired,
            next,
        };
        let entries = page.documents.into_iter().chain(events);
        let deletes = entries.map(|document| document.into_entry().map(Write::Delete));
        let batch = Batch {
            scope: self.context.scope(),
            now: self.context.environment().now(),
            requires: Vec::new(),
            writes: deletes.collect::<Result<_>>()?,
        };
        Ok(Planned::Commit(batch, step))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        overtaken(conflict)
    }

    fn exhausted(&self) -> Error {
        exhausted(self.context, "expired events")
    }
}

impl Deletion<'_> {
    /// The deliveries of the first of these events, of as many as one commit is to hold; the others are taken away. An event
    /// goes with all its deliveries: left without, it would seem not to have reached anyone. One that has more of them than
    /// a commit is to hold loses its successes last: a failure without the success after it would hold the event.
    async fn deliveries(&self, events: &mut Vec<Document>) -> Result<Page> {
        loop {
            let page = self
                .first_deliveries(vec![of_events(events.iter())?])
                .await?;
            if !page.more {
                return Ok(page);
            }
            if events.len() == 1 {
                let statuses = [DeliveryStatus::Dead, DeliveryStatus::Cancelled];
                let clauses = vec![of_events(events.iter())?, with_status(&statuses)?];
                let unsuccessful = self.first_deliveries(clauses).await?.documents;
                return Ok(match unsuccessful.is_empty() {
                    true => page,
                    false => Page {
                        documents: unsuccessful,
                        more: true,
                    },
                });
            }
            events.truncate(events.len() / 2);
        }
    }

    async fn first_deliveries(&self, clauses: Vec<Clause>) -> Result<Page> {
        let query = Query {
            kind: Kind::Delivery,
            clauses,
            after: None,
            limit: STEP_DELIVERIES,
        };
        self.context.list(&query).await
    }
}

/// Which events are kept for the sake of which endpoints: those with a pending delivery, and those that can be replayed to
/// an endpoint that never took them.
struct RetentionHolds<'a> {
    endpoints: &'a [Webhook],
    pending: HashSet<Id>,
    /// Events, each with an endpoint that gave up on it.
    dead: HashSet<(Id, Id)>,
    /// Events, each with an endpoint that took it.
    succeeded: HashSet<(Id, Id)>,
}

impl<'a> RetentionHolds<'a> {
    async fn of(context: &Context, events: &[Document], endpoints: &'a [Webhook]) -> Result<Self> {
        let mut holds = Self {
            endpoints,
            pending: HashSet::new(),
            dead: HashSet::new(),
            succeeded: HashSet::new(),
        };
        let statuses = [
            DeliveryStatus::Pending,
            DeliveryStatus::Dead,
            DeliveryStatus::Succeeded,
        ];
        let clauses = vec![of_events(events)?, with_status(&statuses)?];
        each_delivery(context, clauses, |delivery| holds.add(&delivery)).await?;
        Ok(holds)
    }

    fn add(&mut self, delivery: &Delivery) {
        let pair = (delivery.event_id, delivery.webhook_id);
        match delivery.status {
            DeliveryStatus::Pending => {
                self.pending.insert(delivery.event_id);
            }
            DeliveryStatus::Dead => {
                self.dead.insert(pair);
            }
            DeliveryStatus::Succeeded => {
                self.succeeded.insert(pair);
            }
            DeliveryStatus::Cancelled => {}
        }
    }

    fn is_held(&self, event: Id) -> bool {
        self.pending.contains(&event)
            || self.endpoints.iter().any(|webhook| {
                let pair = (event, webhook.id);
                self.dead.contains(&pair) && !self.succeeded.contains(&pair)
            })
    }
}
