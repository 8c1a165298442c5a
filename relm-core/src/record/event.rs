//! Events: what happened to a record, exactly as receivers get it.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::record::actor::{Actor, Origin};
use crate::record::association::Association;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::event_type::EventType;
use crate::record::metadata;
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// The version of the API whose shapes records and events have.
pub const API_VERSION: &str = "2026-07-02";

/// What happened, once. Its JSON is, byte for byte, the body that every attempt and replay sends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Event {
    /// `evt_` and a ULID: what a receiver tells repetitions by.
    pub id: Id,
    /// Always `event`.
    pub object: EventTag,
    /// What happened to what.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When it happened: the moment in the id.
    pub created_at: Timestamp,
    /// Whether it happened to a live or a test record.
    pub mode: Mode,
    /// The version of the API that the event is written in.
    pub api_version: String,
    /// Who did it. Events from before this was recorded have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The request that did it: all events of one batch have the same. Events from before this was recorded have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// Whether its record was purged since: of `data` the `id` and the `version` are left, of an association of such a record also which two
    /// it linked, and of `previous` nothing. Left out where it was not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub purged: bool,
    /// Of records that were merged into this one, their ids. Left out of every other event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<Id>,
    /// The record after the change; of a deleted one, its last state, whose version counts the deletion; of a purged one, its `id`
    /// and its `version`, and nothing in the other members; the association, or the definition of the custom field, of which the version
    /// counts the removal too; of a ping, the endpoint.
    pub data: EventData,
    /// The old values of the members that an update changed, `version` and `updated_at` aside.
    pub previous: Map<String, Value>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// The `object` member of an [`Event`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EventTag {
    /// Its one value.
    #[default]
    #[serde(rename = "event")]
    Event,
}

/// The record that an event is about, as JSON: of one that was written just now, the very text of its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventData {
    json: Arc<str>,
    record_id: Option<Id>,
    /// Of an association, where it leads from and to.
    ends: Option<(Id, Id)>,
}

impl EventData {
    /// What is JSON already, as a record's document is: nobody reads it again to see that.
    pub fn new(json: impl Into<Arc<str>>) -> Self {
        Self {
            json: json.into(),
            record_id: None,
            ends: None,
        }
    }

    /// A record's JSON, of which is known whose it is.
    pub(super) fn of_record(json: Arc<str>, record_id: Id) -> Self {
        Self {
            json,
            record_id: Some(record_id),
            ends: None,
        }
    }

    /// An association's JSON.
    pub(crate) fn of_association(json: Arc<str>, edge: &Association) -> Self {
        Self {
            json,
            record_id: Some(edge.id),
            ends: Some((edge.from_id, edge.to_id)),
        }
    }

    /// The JSON.
    pub fn get(&self) -> &str {
        &self.json
    }

    /// Of an association, where it leads from and to.
    pub(crate) fn ends(&self) -> Option<(Id, Id)> {
        self.ends
    }

    pub(crate) fn json(&self) -> Arc<str> {
        Arc::clone(&self.json)
    }

    /// The record as its type: that of the [event's](EventType).
    ///
    /// # Errors
    /// `internal_error` when it is not one of that type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.json).map_err(Error::internal)
    }
}

/// The members of a record's JSON that say which record it is, and between which it is.
#[derive(Default, Deserialize)]
struct Identified {
    id: Option<Id>,
    from_id: Option<Id>,
    to_id: Option<Id>,
}

impl Serialize for EventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.json).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let identified = serde_json::from_str(raw.get());
        let Identified { id, from_id, to_id } = identified.unwrap_or_default();
        Ok(Self {
            record_id: id,
            ends: from_id.zip(to_id),
            json: Box::<str>::from(raw).into(),
        })
    }
}

impl Columns for Event {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("type", 40, |it: &Self| Some(it.event_type.as_str())),
        Column::any_id("record_id", Self::record_id).indexed(),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
        Column::any_id("from_id", |it: &Self| Some(it.data.ends?.0)).indexed(),
        Column::any_id("to_id", |it: &Self| Some(it.data.ends?.1)).indexed(),
        Column::made("request_id", 40, |it: &Self| Some(it.request_id?.text())).indexed(),
    ];
}

/// An event before it has an id.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// What happened to what.
    pub event_type: EventType,
    /// The record that changed.
    pub record_id: Id,
    /// Live or test.
    pub mode: Mode,
    /// The record after the change, or its last state.
    pub data: EventData,
    /// The old values of the members that an update changed.
    pub previous: Map<String, Value>,
    /// The records that were merged into it: of a merge alone.
    pub merged_from: Vec<Id>,
}

impl Event {
    /// The event of this id.
    pub fn new(id: Id, origin: Origin, draft: EventDraft) -> Self {
        Self {
            id,
            object: EventTag::Event,
            event_type: draft.event_type,
            created_at: id.timestamp(),
            mode: draft.mode,
            api_version: API_VERSION.to_owned(),
            actor: Some(origin.actor),
            request_id: Some(origin.request_id),
            purged: false,
            merged_from: draft.merged_from,
            data: EventData {
                record_id: Some(draft.record_id),
                ..draft.data
            },
            previous: draft.previous,
        }
    }

    /// Counts how often it was written: it is written once more where its record is purged.
    pub const fn version(&self) -> i64 {
        if self.purged { 2 } else { 1 }
    }

    /// Whether it says no more of its record than that there was one.
    pub(crate) fn is_erased(&self) -> bool {
        self.purged || self.event_type.is_purge()
    }

    /// The record that it is about: the `id` in its data.
    pub fn record_id(&self) -> Option<Id> {
        self.data.record_id
    }

    /// What [`Serialize`] gives, without reading `data` once more to see that it is JSON: every change has an event.
    pub(crate) fn to_json(&self) -> String {
        let Self {
            id,
            object: EventTag::Event,
            event_type,
            created_at,
            mode,
            api_version,
            actor,
            request_id,
            purged,
            merged_from,
            data,
            previous,
        } = self;
        let purged = if *purged { r#""purged":true,"# } else { "" };
        let merged = match merged_from.is_empty() {
            true => String::new(),
            false => {
                let ids = serde_json::to_string(merged_from).expect("ids always serialise");
                [r#""merged_from":"#, &ids, ","].concat()
            }
        };
        let actor = actor.as_ref().map_or_else(String::new, |actor| {
            let actor = serde_json::to_string(actor).expect("texts always serialise");
            [r#""actor":"#, &actor, ","].concat()
        });
        let request = request_id.map_or_else(String::new, |id| {
            [r#""request_id":""#, &id.text(), r#"","#].concat()
        });
        // A third of what formatting costs.
        [
            r#"{"id":""#,
            &id.text(),
            r#"","object":"event","type":""#,
            event_type.as_str(),
            r#"","created_at":""#,
            &created_at.text(),
            r#"","mode":""#,
            mode.as_str(),
            r#"","api_version":""#,
            api_version,
            r#"","#,
            &actor,
            &request,
            purged,
            &merged,
            r#""data":"#,
            data.get(),
            r#","previous":"#,
            &metadata::text_of(previous),
            "}",
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::actor::ActorType;
    use crate::record::event_type::Change;
    use crate::record::object_type::ObjectType;
    use crate::value::id::Kind;

    #[test]
    fn an_event_renders_as_it_serialises() {
        let record_id = Id::new(Kind::Contact, 1);
        let data: Arc<str> =
            format!(r#"{{"id":"{record_id}","first_name":"\"Ada\"\n","version":7}}"#).into();
        let previous = json!({ "first_name": "A \"da\"", "metadata": {} });
        for previous in [json!({}), previous] {
            let draft = EventDraft {
                event_type: EventType::Record(ObjectType::Contact, Change::Updated),
                record_id,
                mode: Mode::Test,
                data: EventData::new(Arc::clone(&data)),
                previous: serde_json::from_value(previous).unwrap(),
                merged_from: Vec::new(),
            };
            let name = Some("\"Eva\"".to_owned());
            let origin = Origin {
                actor: Actor::new(ActorType::User, Some("42".to_owned()), name).unwrap(),
                request_id: RequestId::new(7),
            };
            let event = Event::new(Id::new(Kind::Event, 1 << 100), origin, draft);
            assert_eq!(event.to_json(), serde_json::to_string(&event).unwrap());
            let read: Event = serde_json::from_str(&event.to_json()).unwrap();
            assert_eq!(read.data, event.data);
            assert_eq!(read.record_id(), Some(record_id));
            assert_eq!(
                (&read.actor, read.request_id),
                (&event.actor, event.request_id)
            );
            let erased = read.clone().erased().unwrap();
            assert_eq!(erased.to_json(), serde_json::to_string(&erased).unwrap());
            assert!(!erased.to_json().contains("Ada"), "{}", erased.to_json());
            let again: Event = serde_json::from_str(&erased.to_json()).unwrap();
            assert_eq!((again.version(), again.record_id()), (2, Some(record_id)));
            assert_eq!(again.created_at, event.created_at);
            let mut merge = read.clone();
            merge.merged_from = vec![Id::new(Kind::Contact, 2), Id::new(Kind::Contact, 3)];
            assert_eq!(merge.to_json(), serde_json::to_string(&merge).unwrap());
            let again: Event = serde_json::from_str(&merge.to_json()).unwrap();
            assert_eq!(again.merged_from, merge.merged_from);
            // As events were before these two were recorded.
            let mut older = read;
            (older.actor, older.request_id) = (None, None);
            assert_eq!(older.to_json(), serde_json::to_string(&older).unwrap());
            assert!(!older.to_json().contains("actor"));
            let read: Event = serde_json::from_str(&older.to_json()).unwrap();
            assert_eq!((read.actor, read.request_id), (None, None));
        }
    }
}
