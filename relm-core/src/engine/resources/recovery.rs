//! Recovery: delivering what has not reached an endpoint in a range of time.

use std::collections::HashSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::deliveries::{
    bump_version, each_delivery, event_deleted, first_of, of_events, to_endpoint, with_status,
};
use super::endpoint;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::wanted::EventView;
use crate::error::{Error, Result};
use crate::limits::{PAGE_LIMIT_MAX, RECOVER_DELIVERIES_MAX, RECOVER_EVENTS_MAX};
use crate::query::filter::{Clause, Comparison, Condition, Target};
use crate::record::input::{Reader, read_as_json};
use crate::record::patch::Patch;
use crate::record::{DeliveryStatus, Document, EventType, Webhook};
use crate::store::{Query, Refusal};
use crate::value::id::{Id, Kind};
use crate::value::spelling::OtherNames;
use crate::value::time::Timestamp;

/// Which events to deliver once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RecoveryCreate")
)]
pub struct RecoverInput {
    /// The earliest moment of the range.
    pub since: Timestamp,
    /// The moment before which the range ends. Default: now.
    pub until: Option<Timestamp>,
}

/// What other APIs call the two ends of a range of time.
const OTHER_NAMES: OtherNames = &[
    (
        &["from", "start", "after", "begin", "start_time", "from_date"],
        &["since"],
    ),
    (&["to", "end", "before", "end_time", "to_date"], &["until"]),
];

read_as_json!(RecoverInput, |reader| reader.all_of(RecoverInput::read));

/// What a recovery did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Recovery {
    /// Always `recovery`.
    pub object: RecoveryTag,
    /// The endpoint that events are delivered to.
    pub webhook_id: Id,
    /// The earliest moment of the range.
    pub since: Timestamp,
    /// The moment before which events were looked at.
    pub until: Timestamp,
    /// How many deliveries were made.
    pub recovered: usize,
    /// Whether older events of the range were not looked at. A recovery of the same `since` with `until` set to
    /// `next_until` goes on.
    pub has_more: bool,
    /// The `until` of the recovery that goes on; null where nothing is left.
    pub next_until: Option<Timestamp>,
}

/// The `object` member of a [`Recovery`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        reader.knowing(OTHER_NAMES);
        let since = reader.timestamp("since")?;
        let until = match reader.timestamp("until")? {
            Patch::Keep | Patch::Clear => None,
            Patch::Set(until) => Some(until),
        };
        let Patch::Set(since) = since else {
            // An unknown member is reported before a missing one: it is most likely the same.
            let missing = || {
                let message = "`since` is required: a time such as 2026-07-02T10:00:00Z.";
                Error::invalid("since", message)
            };
            return Err(reader.unknown().unwrap_or_else(missing));
        };
        Ok(Self { since, until })
    }
}

pub(super) struct Recover {
    pub id: Id,
    pub input: RecoverInput,
}

#[async_trait]
impl Operation for Recover {
    type Output = Reply<Recovery>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Recovery>> {
        let (before, webhook) = endpoint::require_enabled(plan.context(), self.id).await?;
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
            plan.write(bump_version(before, webhook)?);
        }
        let json = serde_json::to_string(&recovery).map_err(Error::internal)?;
        Ok(Reply::new(Outcome::Accepted, json))
    }

    /// An event was deleted meanwhile: the next attempt does not find it.
    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            Refusal::Missing(_) => Ok(()),
            refusal => event_deleted(refusal),
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
    let newest = plan.context().list(&newest).await?.documents.pop();
    let newest = newest.map_or(plan.now(), |event| event.id.timestamp());
    Ok(newest.max(plan.now()).saturating_add_millis(1))
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
        let page = plan.context().list(&query).await?;
        let reached = reached(plan.context(), webhook.id, &page.documents).await?;
        for document in &page.documents {
            looked_at += 1;
            let Typed { event_type, purged } = document.decode()?;
            let is_wanted = !purged && is_wanted(plan, webhook, event_type, document)?;
            let is_missing = is_wanted && !reached.contains(&document.id);
            if is_missing && recovery.recovered == RECOVER_DELIVERIES_MAX {
                recovery.has_more = true;
                // Events of one millisecond may lie on both sides: it is looked at again.
                recovery.next_until = Some(document.id.timestamp().saturating_add_millis(1));
                return Ok(());
            }
            if is_missing {
                plan.enqueue_delivery(webhook.id, document.id, event_type);
                plan.require_exists(document.id);
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

/// Whether an endpoint wants an event of a type: as much of it is read as that takes.
fn is_wanted(
    plan: &mut Plan<'_>,
    webhook: &Webhook,
    event_type: EventType,
    document: &Document,
) -> Result<bool> {
    let includes = webhook.event_types.includes(event_type);
    if !includes || webhook.filter.is_none() {
        return Ok(includes);
    }
    Ok(plan.is_wanted_by(webhook, &EventView::of(&document.decode()?)))
}

/// Those of these events that were delivered to the endpoint, or still may be.
async fn reached(context: &Context, webhook: Id, events: &[Document]) -> Result<HashSet<Id>> {
    let statuses = [DeliveryStatus::Pending, DeliveryStatus::Succeeded];
    let clauses = vec![
        of_events(events)?,
        to_endpoint(webhook)?,
        with_status(&statuses)?,
    ];
    let mut reached = HashSet::new();
    each_delivery(context, clauses, |delivery| {
        reached.insert(delivery.event_id);
    })
    .await?;
    Ok(reached)
}

/// What a recovery looks at of an event: of a purged record nothing is sent again.
#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    event_type: EventType,
    #[serde(default)]
    purged: bool,
}
