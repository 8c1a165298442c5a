//! Events, by what they are about: one schema for each kind of record, told apart by their `type`.

use relm_core::record::EventType;
use relm_core::{ObjectType, RequestId};
use serde_json::{Map, Value, json};

use super::parts::{Schemas, id_pattern, one_of, reference};

/// The schema of what endpoints receive.
pub(crate) const PAYLOAD: &str = "WebhookPayload";

/// Each with the schema of its `data`.
const SCHEMAS: [(&str, &str); 7] = [
    ("ContactEvent", "Contact"),
    ("CompanyEvent", "Company"),
    ("DealEvent", "Deal"),
    ("ActivityEvent", "Activity"),
    ("AssociationEvent", "Association"),
    ("CustomFieldEvent", "CustomField"),
    ("PingEvent", "Webhook"),
];

/// The schema of the events of this type.
const fn schema_of(event_type: EventType) -> &'static str {
    match event_type {
        EventType::Record(ObjectType::Contact, _) => "ContactEvent",
        EventType::Record(ObjectType::Company, _) => "CompanyEvent",
        EventType::Record(ObjectType::Deal, _) => "DealEvent",
        EventType::Record(ObjectType::Activity, _) | EventType::ActivityDue => "ActivityEvent",
        EventType::Association(_) => "AssociationEvent",
        EventType::Field(_) => "CustomFieldEvent",
        EventType::Ping => "PingEvent",
    }
}

/// Adds these, and makes `Event` one of them.
pub(super) fn add(all: &mut Schemas) {
    let mut event = all["Event"].clone();
    event["properties"]["seq"] = json!({
        "type": ["integer", "null"], "format": "int64", "minimum": 1,
        "description": "Its number in the log, by which events are read in one order; null until somebody has read it there. Where an \
                        event is read, and not where it is delivered.",
    });
    event["properties"]["changed_fields"] = json!({
        "type": "array", "items": { "type": "string" },
        "description": "The names of the members whose old values are in `previous`; where an event is read, and not where it is \
                        delivered.",
    });
    let members = &mut event["properties"];
    members["actor"] = json!({
        "anyOf": [reference("Actor"), { "type": "null" }],
        "description": "Who did it. An event from before this was recorded has none: null where it is read, absent where it is delivered.",
    });
    members["request_id"] = json!({
        "type": ["string", "null"], "pattern": id_pattern(RequestId::PREFIX),
        "description": "The request that did it, as in its header `X-Request-Id`: all events of one batch have the same. An event from \
                        before this was recorded has none, as with `actor`.",
    });
    for (name, data) in SCHEMAS {
        let types = EventType::all().chain([EventType::Ping]);
        let types: Vec<EventType> = types.filter(|ty| schema_of(*ty) == name).collect();
        all.insert(name.to_owned(), of_types(&event, &types, reference(data)));
    }
    let mut any = one_of(&SCHEMAS.map(|(name, _)| name));
    any["description"] = all["Event"]["description"].take();
    let mut payload = any.clone();
    let types = EventType::all().chain([EventType::Ping]);
    let mapping = types.map(|ty| {
        (
            ty.as_str().to_owned(),
            reference(schema_of(ty))["$ref"].take(),
        )
    });
    let mapping: Map<String, Value> = mapping.collect();
    // What clients read has none: generators of Rust make a `type` of it that they then look for twice.
    payload["discriminator"] = json!({ "propertyName": "type", "mapping": mapping });
    all.insert(PAYLOAD.to_owned(), payload);
    all["Event"] = any;
}

/// Adds where the next page of a feed begins to what a list is.
pub(super) fn add_next_after(all: &mut Schemas) {
    let list = &mut all["EventList"];
    list["description"] = "A page: newest first or, with `after`, in the order of `seq`.".into();
    let members = &mut list["properties"];
    members["next_cursor"]["description"] =
        "Passed back as `cursor`, it gives the next page; null where there is none, and with `after`.".into();
    members["next_after"] = json!({
        "type": "integer", "format": "int64", "minimum": 0,
        "description": "With `after`: passed back as `after`, it gives what comes next. It is there on an empty page too.",
    });
}

/// Adds since when a history is whole to what a list is.
pub(super) fn add_truncated_before(all: &mut Schemas) {
    let list = &mut all["HistoryEntryList"];
    list["properties"]["truncated_before"] = json!({
        "type": ["string", "null"], "format": "date-time",
        "description": "Changes before this moment are missing, since they are kept no more; null where the page is whole.",
    });
    if let Some(required) = list["required"].as_array_mut() {
        required.push("truncated_before".into());
    }
}

fn of_types(event: &Value, types: &[EventType], mut data: Value) -> Value {
    let mut event = event.clone();
    let members = &mut event["properties"];
    let names: Vec<&str> = types.iter().map(|ty| ty.as_str()).collect();
    members["type"] =
        json!({ "type": "string", "enum": names, "description": members["type"]["description"] });
    data["description"] = members["data"]["description"].take();
    members["data"] = data;
    event
}
