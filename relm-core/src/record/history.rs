//! What an event says of the members of its record: each that changed, from what, to what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::actor::Actor;
use super::event::Event;
use super::event_type::{Change, EventType};
use crate::error::{Error, Result};
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// The members that the engine writes by itself: they are no part of what somebody changed.
const OF_THE_ENGINE: [&str; 7] = [
    "id",
    "object",
    "mode",
    "version",
    "created_at",
    "updated_at",
    "notified_due_at",
];
const METADATA: &str = "metadata";

/// One change of one record: what an event says of it, member by member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When it happened.
    pub at: Timestamp,
    /// The version that the record has since. Versions count by one: one that is left out is a change that is kept no more.
    pub version: i64,
    /// The number of the event in the log, by which events are read in one order; null until somebody has read it there.
    pub seq: Option<i64>,
    /// Who did it; null where it was not recorded yet.
    pub actor: Option<Actor>,
    /// The request that did it; null where it was not recorded yet.
    pub request_id: Option<RequestId>,
    /// The event that has the whole record.
    pub event_id: Id,
    /// What happened, such as `contact.updated`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// The members that changed, those of `metadata` as `metadata.<key>`. A deletion, a restoration and a purge change none, and of
    /// a record that was purged none is told.
    pub changes: BTreeMap<String, MemberChange>,
}

/// What a member was and what it became. What was not there is null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberChange {
    /// Its value before.
    pub from: Value,
    /// Its value since.
    pub to: Value,
}

impl HistoryEntry {
    /// What an event says, which has this number by now.
    pub(crate) fn of(event: Event, seq: Option<i64>) -> Result<Self> {
        let data: Map<String, Value> = event.data.decode()?;
        let version = data.get("version").and_then(Value::as_i64);
        let changes = match event.event_type {
            EventType::Record(..) if event.purged => BTreeMap::new(),
            EventType::Record(_, Change::Created) => created(data),
            EventType::Record(_, Change::Updated | Change::Merged) => {
                member_changes(event.previous, data)
            }
            EventType::Record(_, Change::Deleted | Change::Restored | Change::Purged)
            | EventType::ActivityDue
            | EventType::Association(_)
            | EventType::Field(_)
            | EventType::Ping => BTreeMap::new(),
        };
        Ok(Self {
            at: event.created_at,
            version: version.ok_or_else(|| Error::internal("an event of no version"))?,
            seq,
            actor: event.actor,
            request_id: event.request_id,
            event_id: event.id,
            event_type: event.event_type,
            changes,
        })
    }
}

fn created(data: Map<String, Value>) -> BTreeMap<String, MemberChange> {
    let before = Map::new();
    let members = data.into_iter();
    // An empty list is none.
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let written =
        members.filter(|(name, value)| !OF_THE_ENGINE.contains(&name.as_str()) && !is_empty(value));
    changes(before, written.collect())
}

/// The changes of the members whose old values are known: those of `metadata` one by one.
pub(crate) fn member_changes(
    previous: Map<String, Value>,
    mut data: Map<String, Value>,
) -> BTreeMap<String, MemberChange> {
    data.retain(|name, _| previous.contains_key(name));
    changes(previous, data)
}

fn changes(
    mut before: Map<String, Value>,
    mut after: Map<String, Value>,
) -> BTreeMap<String, MemberChange> {
    let taken = |from: &mut Map<String, Value>| match from.remove(METADATA) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let metadata = (taken(&mut before), taken(&mut after));
    let mut all = BTreeMap::new();
    compare(&mut all, "", before, after);
    compare(&mut all, "metadata.", metadata.0, metadata.1);
    all
}

/// Adds the members that differ, each under its name after `prefix`.
fn compare(
    all: &mut BTreeMap<String, MemberChange>,
    prefix: &str,
    before: Map<String, Value>,
    after: Map<String, Value>,
) {
    for (name, from) in before {
        all.entry(format!("{prefix}{name}")).or_default().from = from;
    }
    for (name, to) in after {
        all.entry(format!("{prefix}{name}")).or_default().to = to;
    }
    all.retain(|_, change| change.from != change.to);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_new_record_changes_what_it_has() {
        let data = json!({
            "id": "con_1", "object": "contact", "email": "a@b.example", "phone": null, "metadata": { "plan": "pro" }, "version": 1,
            "mode": "live", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        assert_eq!(
            json!(created(object(data))),
            json!({
                "email": { "from": null, "to": "a@b.example" },
                "metadata.plan": { "from": null, "to": "pro" },
            })
        );
    }

    #[test]
    fn an_update_changes_the_members_whose_old_values_it_has() {
        let previous = json!({ "phone": "1", "note": null, "gone": 3, "metadata": { "a.b": 1, "kept": [1], "lost": true } });
        let data = json!({
            "phone": null, "note": "n", "email": "same", "metadata": { "a.b": 2, "kept": [1], "won": {} }, "version": 2,
        });
        assert_eq!(
            json!(member_changes(object(previous), object(data))),
            json!({
                "phone": { "from": "1", "to": null },
                "note": { "from": null, "to": "n" },
                // A member that the record has no more.
                "gone": { "from": 3, "to": null },
                "metadata.a.b": { "from": 1, "to": 2 },
                "metadata.lost": { "from": true, "to": null },
                "metadata.won": { "from": null, "to": {} },
            })
        );
    }
}
