//! Deliveries: reading them, and asking for more of them.

use async_trait::async_trait;
use serde_json::Map;

use super::endpoint;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{DELIVERIES_PER_EVENT_MAX, PAGE_LIMIT_MAX};
use crate::query::filter::{Clause, Condition};
use crate::record::{Delivery, DeliveryStatus, Event, EventData, EventDraft, EventType, Webhook};
use crate::record::{Document, Entry};
use crate::store::{Query, Refusal, Write};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Lets one recovery or replay at a time through: a recovery that looked before another one added to what is pending would
/// find the same events missing, and has to look again.
pub(super) fn bump_version(before: Document, mut webhook: Webhook) -> Result<Write> {
    webhook.version += 1;
    Ok(Write::Replace {
        before: before.into_entry()?,
        after: Entry::new(webhook),
    })
}

/// What refers to an event that was deleted meanwhile.
pub(super) fn event_deleted(refusal: Refusal) -> Result<()> {
    match refusal {
        Refusal::Missing(_) => Err(Error::new(
            ErrorKind::NotFound,
            "The event of this delivery is kept no more.",
        )),
        refusal => Err(unexpected(&refusal)),
    }
}

pub(super) struct Replay {
    pub id: Id,
    pub delivery: Id,
}

#[async_trait]
impl Operation for Replay {
    type Output = Reply<Delivery>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Delivery>> {
        let found = plan
            .context()
            .document(Kind::Delivery, self.delivery)
            .await?;
        let found: Option<Delivery> = found.map(|found| found.decode()).transpose()?;
        let replayed = found
            .filter(|delivery| delivery.webhook_id == self.id)
            .ok_or_else(|| Error::not_found("delivery"))?;
        let (before, webhook) = endpoint::require_enabled(plan.context(), self.id).await?;
        let event = plan.context().document(Kind::Event, replayed.event_id);
        let event: Option<Event> = event.await?.map(|event| event.decode()).transpose()?;
        if event.is_some_and(|event| event.purged) {
            return Err(Error::new(
                ErrorKind::NotFound,
                "The record of this delivery was purged: nothing of it is sent again.",
            ));
        }
        check_room(plan.context(), &replayed).await?;
        let id = plan.mint(Kind::Delivery);
        let entry = Entry::new(replayed.replay(id, plan.now()));
        let json = entry.document().json;
        plan.require_exists(replayed.event_id);
        plan.write(Write::Insert(entry));
        plan.write(bump_version(before, webhook)?);
        Ok(Reply::new(Outcome::Accepted, json))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        event_deleted(refusal)
    }
}

/// Refuses one replay too many. What expires of an event, and what a recovery looks at of it, is all its deliveries.
async fn check_room(context: &Context, replayed: &Delivery) -> Result<()> {
    let mut query = Query {
        kind: Kind::Delivery,
        clauses: vec![
            Clause::equal(Kind::Delivery, "event_id", replayed.event_id)?,
            to_endpoint(replayed.webhook_id)?,
        ],
        after: None,
        limit: DELIVERIES_PER_EVENT_MAX,
    };
    let mut seen = 0;
    loop {
        let page = context.list(&query).await?;
        seen += page.documents.len();
        if seen >= DELIVERIES_PER_EVENT_MAX {
            break;
        }
        // A page may end at its bytes.
        query.after = page.documents.last().map(|last| last.id);
        if !page.more {
            return Ok(());
        }
    }
    Err(Error::new(
        ErrorKind::ValidationFailed,
        format!(
            "This webhook has {DELIVERIES_PER_EVENT_MAX} deliveries of this event, which is all that there can be: it is not replayed again."
        ),
    ))
}

pub(super) struct Ping {
    pub id: Id,
}

#[async_trait]
impl Operation for Ping {
    type Output = Reply<Delivery>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Delivery>> {
        let (_, webhook) = endpoint::require_enabled(plan.context(), self.id).await?;
        let draft = EventDraft {
            event_type: EventType::Ping,
            record_id: self.id,
            mode: webhook.mode,
            data: EventData::new(webhook.shown()),
            previous: Map::new(),
            merged_from: Vec::new(),
        };
        let event_id = plan.insert_event(draft);
        let delivery = plan.enqueue_delivery(self.id, event_id, EventType::Ping);
        Ok(Reply::new(Outcome::Accepted, delivery.json))
    }
}

/// Deliveries of these events.
pub(in crate::engine) fn of_events<'a>(
    events: impl IntoIterator<Item = &'a Document>,
) -> Result<Clause> {
    let ids = events.into_iter().map(|event| event.id.into());
    Clause::of_column(Kind::Delivery, "event_id", Condition::In(ids.collect()))
}

/// Deliveries to this endpoint.
pub(super) fn to_endpoint(webhook: Id) -> Result<Clause> {
    Clause::equal(Kind::Delivery, "webhook_id", webhook)
}

/// Deliveries that came to one of these.
pub(in crate::engine) fn with_status(statuses: &[DeliveryStatus]) -> Result<Clause> {
    let statuses = statuses.iter().map(|status| status.as_str().into());
    Clause::of_column(Kind::Delivery, "status", Condition::In(statuses.collect()))
}

/// Shows each delivery that meets these clauses. No more than a page of them is held at a time: a delivery can be replayed
/// any number of times.
pub(in crate::engine) async fn each_delivery(
    context: &Context,
    clauses: Vec<Clause>,
    mut see: impl FnMut(Delivery) + Send,
) -> Result<()> {
    let mut query = Query {
        kind: Kind::Delivery,
        clauses,
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    loop {
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        for document in page.documents {
            see(document.decode()?);
        }
        if !page.more {
            return Ok(());
        }
    }
}

/// The least id of this kind that can be minted at a moment.
pub(in crate::engine) fn first_of(kind: Kind, at: Timestamp) -> Id {
    let millis = at.as_millis().clamp(0, (1 << 48) - 1).unsigned_abs();
    Id::new(kind, u128::from(millis) << 80)
}
