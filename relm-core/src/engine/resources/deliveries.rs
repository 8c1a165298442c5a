//! What was and is to be delivered to an endpoint: looking at it, asking for more of it, and giving it up.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::listing::{self, List, ListRequest};
use super::webhooks::{Webhooks, find, or_empty, unknown};
use crate::engine::transaction::{Operation, Outcome, Plan, Reply};
use crate::engine::{Scoped, store_error};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{PAGE_LIMIT_MAX, RECOVER_DELIVERIES_MAX, RECOVER_EVENTS_MAX};
use crate::query::filter::{Clause, Comparison, Condition, Target};
use crate::record::input::{Patch, Reader};
use crate::record::{Delivery, DeliveryStatus, Event, EventData, EventDraft, EventType, Webhook};
use crate::record::{Document, Entry, column_place};
use crate::store::{Lease, Query, Refusal, Require, Write};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Which events to deliver once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoverInput {
    /// The first moment.
    pub since: Timestamp,
    /// The moment before which; now, unless said.
    pub until: Option<Timestamp>,
}

/// What a recovery did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recovery {
    /// Always `recovery`.
    pub object: RecoveryTag,
    /// The endpoint.
    pub webhook_id: Id,
    /// The first moment that was asked for.
    pub since: Timestamp,
    /// The moment before which events were looked at.
    pub until: Timestamp,
    /// How many deliveries were made.
    pub recovered: usize,
    /// Whether older events of the range were not looked at. A recovery of the same `since` with `until` set to
    /// `next_until` goes on.
    pub has_more: bool,
    /// Where to go on.
    pub next_until: Option<Timestamp>,
}

/// The `object` member of a [`Recovery`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryTag {
    /// Its one value.
    #[default]
    #[serde(rename = "recovery")]
    Recovery,
}

impl RecoverInput {
    /// Takes a range from a JSON object.
    ///
    /// # Errors
    /// `validation_failed` when `since` is missing or one of the two is no moment.
    pub fn read(reader: &mut Reader) -> Result<Self> {
        let Patch::Set(since) = reader.timestamp("since")? else {
            return Err(Error::invalid("since", "`since` is required."));
        };
        let until = match reader.timestamp("until")? {
            Patch::Keep | Patch::Clear => None,
            Patch::Set(until) => Some(until),
        };
        Ok(Self { since, until })
    }
}

impl Webhooks<'_> {
    /// One page of an endpoint's deliveries, newest first. Filters: `status`, `event_type`, `event_id`.
    ///
    /// # Errors
    /// `not_found` when there is no such endpoint; `bad_request`, `invalid_cursor`.
    pub async fn deliveries(&self, id: Id, request: &ListRequest) -> Result<List> {
        find(self.scoped, id).await?.ok_or_else(unknown)?;
        let request = request.clone().filter("webhook_id", "eq", &id.to_string());
        listing::list(self.scoped, Kind::Delivery, &request).await
    }

    /// Delivers the event of a delivery once more: the same event and body, from the start of the schedule.
    ///
    /// # Errors
    /// `not_found` when the endpoint has no such delivery, or its event is kept no more; `validation_failed` when the
    /// endpoint is disabled.
    pub async fn replay(&self, id: Id, delivery: Id) -> Result<Reply<Delivery>> {
        self.scoped.execute(Replay { id, delivery }).await
    }

    /// Delivers an event of the type `ping` to one endpoint, whatever it subscribed to.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` when the endpoint is disabled.
    pub async fn test(&self, id: Id) -> Result<Reply<Delivery>> {
        self.scoped.execute(Ping { id }).await
    }

    /// Delivers every event of a range of time that the endpoint subscribed to and that has not reached it: those whose
    /// deliveries are dead or cancelled, and those that it was never to be told of. What was delivered or is pending is
    /// left alone, so that asking twice does nothing twice. The newest go first, and at most 500 at a time: the reply
    /// says where to go on.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` when the endpoint is disabled or the range is empty.
    pub async fn recover(&self, id: Id, input: RecoverInput) -> Result<Reply<Recovery>> {
        self.scoped.execute(Recover { id, input }).await
    }

    /// [`recover`](Self::recover) from a JSON object.
    ///
    /// # Errors
    /// As for `recover`, and whatever is wrong with the JSON's members.
    pub async fn recover_json(&self, id: Id, body: Value) -> Result<Reply<Recovery>> {
        let read = |body| {
            let mut reader = Reader::new(body)?;
            let input = RecoverInput::read(&mut reader)?;
            reader.finish()?;
            Ok(input)
        };
        match read(or_empty(body)) {
            Ok(input) => self.recover(id, input).await,
            Err(error) => Err(self.scoped.refuse_unread(error).await),
        }
    }
}

/// The endpoint, as long as it takes deliveries.
async fn enabled(plan: &mut Plan<'_>, id: Id) -> Result<(Document, Webhook)> {
    let document = find(plan.scoped, id).await?.ok_or_else(unknown)?;
    let webhook: Webhook = document.decode()?;
    if webhook.enabled {
        return Ok((document, webhook));
    }
    Err(Error::invalid(
        "enabled",
        "The webhook is disabled: enable it before you have anything delivered.",
    ))
}

/// Lets one recovery or replay at a time through: a recovery that looked before another one added to what is pending would
/// find the same events missing, and has to look again.
fn more_is_asked_for(before: Document, mut webhook: Webhook) -> Result<Write> {
    webhook.version += 1;
    Ok(Write::Replace {
        before: before.into_entry()?,
        after: Entry::new(webhook),
    })
}

/// What refers to an event that was pruned meanwhile.
fn pruned(refusal: Refusal) -> Result<()> {
    match refusal {
        Refusal::Missing(_) => Err(Error::new(
            ErrorKind::NotFound,
            "The event of this delivery is kept no more.",
        )),
        refusal => Err(Error::internal(format!("the store refused {refusal:?}"))),
    }
}

struct Replay {
    id: Id,
    delivery: Id,
}

impl Operation<Delivery> for Replay {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Delivery>> {
        let found = plan.scoped.document(Kind::Delivery, self.delivery).await?;
        let found: Option<Delivery> = found.map(|found| found.decode()).transpose()?;
        let replayed = found
            .filter(|delivery| delivery.webhook_id == self.id)
            .ok_or_else(|| Error::not_found("delivery"))?;
        let (before, webhook) = enabled(plan, self.id).await?;
        let id = plan.mint(Kind::Delivery);
        let entry = Entry::new(replayed.replay(id, plan.now));
        let json = entry.document().json;
        plan.requires.push(Require::Exists(replayed.event_id));
        plan.writes.push(Write::Insert(entry));
        plan.writes.push(more_is_asked_for(before, webhook)?);
        Ok(Reply::new(Outcome::Accepted, json))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        pruned(refusal)
    }
}

struct Ping {
    id: Id,
}

impl Operation<Delivery> for Ping {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Delivery>> {
        let (_, webhook) = enabled(plan, self.id).await?;
        let told = EventDraft {
            event_type: EventType::Ping,
            record_id: self.id,
            mode: webhook.mode,
            data: EventData::new(webhook.shown()),
            previous: Map::new(),
        };
        let event = Event::new(plan.mint(Kind::Event), told);
        let event_id = event.id;
        plan.writes.push(Write::Insert(Entry::new(event)));
        let delivery = plan.deliver(self.id, event_id, EventType::Ping);
        Ok(Reply::new(Outcome::Accepted, delivery.json))
    }
}

struct Recover {
    id: Id,
    input: RecoverInput,
}

impl Operation<Recovery> for Recover {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Recovery>> {
        let (before, webhook) = enabled(plan, self.id).await?;
        let RecoverInput { since, until } = self.input;
        let until = match until {
            Some(until) => until,
            None => after_all(plan).await?,
        };
        if until <= since {
            return Err(Error::invalid(
                "until",
                "`until` must be later than `since`.",
            ));
        }
        let mut recovery = Recovery {
            object: RecoveryTag::Recovery,
            webhook_id: self.id,
            since,
            until,
            recovered: 0,
            has_more: false,
            next_until: None,
        };
        gather(plan, &webhook, &mut recovery).await?;
        if recovery.recovered > 0 {
            plan.writes.push(more_is_asked_for(before, webhook)?);
        }
        let json = serde_json::to_string(&recovery).map_err(Error::internal)?;
        Ok(Reply::new(Outcome::Accepted, json))
    }

    /// An event was pruned meanwhile: the next round does not find it.
    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            Refusal::Missing(_) => Ok(()),
            refusal => pruned(refusal),
        }
    }
}

/// A moment after every event: where the clock was set back, there are some that seem to be of later than now.
async fn after_all(plan: &Plan<'_>) -> Result<Timestamp> {
    let newest = Query {
        kind: Kind::Event,
        clauses: Vec::new(),
        after: None,
        limit: 1,
    };
    let newest = list(plan.scoped, newest).await?.documents.pop();
    let newest = newest.map_or(plan.now, |event| event.id.timestamp());
    Ok(newest.max(plan.now).saturating_add_millis(1))
}

/// Adds a delivery for each event of the range that has not reached the endpoint, the newest first.
async fn gather(plan: &mut Plan<'_>, webhook: &Webhook, recovery: &mut Recovery) -> Result<()> {
    let mut looked_at = 0;
    let mut after = Some(first_of(Kind::Event, recovery.until));
    loop {
        let query = Query {
            kind: Kind::Event,
            clauses: vec![Clause {
                target: Target::Id,
                condition: Condition::Compare(
                    Comparison::Gte,
                    first_of(Kind::Event, recovery.since).into(),
                ),
            }],
            after,
            limit: PAGE_LIMIT_MAX,
        };
        let page = list(plan.scoped, query).await?;
        let reached = reached(plan.scoped, webhook.id, &page.documents).await?;
        for document in &page.documents {
            looked_at += 1;
            let event_type = event_type(document)?;
            let is_missing =
                webhook.event_types.includes(event_type) && !reached.contains(&document.id);
            if is_missing && recovery.recovered == RECOVER_DELIVERIES_MAX {
                recovery.has_more = true;
                // Events of one millisecond may lie on both sides: it is looked at again.
                recovery.next_until = Some(document.id.timestamp().saturating_add_millis(1));
                return Ok(());
            }
            if is_missing {
                plan.deliver(webhook.id, document.id, event_type);
                plan.requires.push(Require::Exists(document.id));
                recovery.recovered += 1;
            }
        }
        after = page.documents.last().map(|last| last.id);
        if !page.more {
            return Ok(());
        }
        if looked_at >= RECOVER_EVENTS_MAX {
            recovery.has_more = true;
            recovery.next_until = after.map(|last| last.timestamp().saturating_add_millis(1));
            return Ok(());
        }
    }
}

/// Those of these events that were delivered to the endpoint, or still may be.
async fn reached(scoped: &Scoped, webhook: Id, events: &[Document]) -> Result<HashSet<Id>> {
    let statuses = [DeliveryStatus::Pending, DeliveryStatus::Succeeded];
    let clauses = vec![
        of_events(events)?,
        to_endpoint(webhook)?,
        with_status(&statuses)?,
    ];
    let mut reached = HashSet::new();
    each_delivery(scoped, clauses, |delivery| {
        reached.insert(delivery.event_id);
    })
    .await?;
    Ok(reached)
}

/// Deliveries of these events.
pub(in crate::engine) fn of_events<'a>(
    events: impl IntoIterator<Item = &'a Document>,
) -> Result<Clause> {
    Ok(Clause {
        target: Target::Column(column_place(Kind::Delivery, "event_id")?),
        condition: Condition::In(events.into_iter().map(|event| event.id.into()).collect()),
    })
}

/// Deliveries to this endpoint.
fn to_endpoint(webhook: Id) -> Result<Clause> {
    Ok(Clause {
        target: Target::Column(column_place(Kind::Delivery, "webhook_id")?),
        condition: Condition::Compare(Comparison::Eq, webhook.into()),
    })
}

/// Deliveries that came to one of these.
pub(in crate::engine) fn with_status(statuses: &[DeliveryStatus]) -> Result<Clause> {
    let statuses = statuses.iter().map(|status| status.as_str().into());
    Ok(Clause {
        target: Target::Column(column_place(Kind::Delivery, "status")?),
        condition: Condition::In(statuses.collect()),
    })
}

/// Shows each delivery that meets these clauses. No more than a page of them is held at a time: a delivery can be replayed
/// any number of times.
pub(in crate::engine) async fn each_delivery(
    scoped: &Scoped,
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
        let page = list(scoped, query.clone()).await?;
        query.after = page.documents.last().map(|last| last.id);
        for document in page.documents {
            see(document.decode()?);
        }
        if !page.more {
            return Ok(());
        }
    }
}

pub(in crate::engine) async fn list(scoped: &Scoped, query: Query) -> Result<crate::store::Page> {
    let page = scoped.inner.store.list(scoped.scope, &query).await;
    page.map_err(store_error)
}

/// The least id of this kind that can be minted at a moment.
pub(in crate::engine) fn first_of(kind: Kind, at: Timestamp) -> Id {
    let millis = at.as_millis().clamp(0, (1 << 48) - 1).unsigned_abs();
    Id::new(kind, u128::from(millis) << 80)
}

fn event_type(event: &Document) -> Result<EventType> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        event_type: EventType,
    }
    event.decode::<Typed>().map(|typed| typed.event_type)
}

impl Scoped {
    /// Gives up some of what is pending for an endpoint that takes no more; whether there is more. Nothing new can become
    /// pending: the endpoint was disabled or deleted before. What a crash leaves, the dispatcher meets and gives up.
    pub(in crate::engine) async fn cancel_some(&self, webhook: Id) -> Result<bool> {
        let plain = Scoped {
            idempotency: None,
            ..self.clone()
        };
        let reply = plain.execute(Cancel { webhook }).await?;
        Ok(reply.outcome == Outcome::Accepted)
    }
}

/// For how long a cancelling keeps others from what it is about to cancel.
const CANCEL_LEASE_MS: i64 = 1_000;

/// Cancels a page of deliveries, as long as their endpoint takes none. It is accepted where there are more, and done else.
struct Cancel {
    webhook: Id,
}

impl Operation<Value> for Cancel {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let nothing = Arc::<str>::from("null");
        let webhook = find(plan.scoped, self.webhook).await?;
        let webhook: Option<Webhook> = webhook.map(|found| found.decode()).transpose()?;
        if webhook.is_some_and(|webhook| webhook.enabled) {
            // Somebody enabled it again: what is pending is to be sent. Who does so from here on changes the configuration.
            return Ok(Reply::new(Outcome::Done, nothing));
        }
        // A lease finds what is pending by its index, however much was delivered before; until it is over nobody sends what
        // it took. Whatever it moved, the cancelling writes anew.
        let lease = Lease {
            scope: plan.scoped.scope,
            webhook: self.webhook,
            now: Timestamp::MAX,
            until: plan.now.saturating_add_millis(CANCEL_LEASE_MS),
            limit: PAGE_LIMIT_MAX,
        };
        let taken = plan.scoped.inner.lease(&lease).await?;
        let has_more = taken.len() == PAGE_LIMIT_MAX;
        for document in taken {
            let mut delivery: Delivery = document.decode()?;
            delivery.cancel();
            plan.writes.push(Write::Replace {
                before: document.into_entry()?,
                after: Entry::new(delivery),
            });
        }
        let outcome = if has_more {
            Outcome::Accepted
        } else {
            Outcome::Done
        };
        Ok(Reply::new(outcome, nothing))
    }
}
