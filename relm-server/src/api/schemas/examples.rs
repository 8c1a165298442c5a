//! An example of each shape. Those of records and of what is written stand in `examples.json`; the rest is made of them.

use std::sync::LazyLock;

use relm_core::engine::Definitions;
use relm_core::record::{API_VERSION, Change, EventType, list_named};
use relm_core::{Kind, ObjectType};
use serde_json::{Map, Value, json};

use super::described::{About, Health, WorkspaceSchema};
use super::parts::{RECORDS, name_of};
use crate::api::code::Code;

static EXAMPLES: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("examples.json")).expect("a test reads the file, too")
});

/// The id of a request: that which is refused, or made an event.
pub(crate) const REQUEST_ID: &str = "req_01M831K2VY6KP43J43158XNJT9";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A key that was never made: its checksum is none.
const API_KEY: &str = "sk_test_Ab12exampleexampleexampleexampleexampleexamplewXyZ";

/// An example of a schema.
pub(crate) fn of(schema: &str) -> Option<Value> {
    if let Some(item) = schema.strip_suffix("List") {
        let data = [of(item)?];
        return Some(
            json!({ "object": "list", "data": data, "has_more": false, "next_cursor": null }),
        );
    }
    match schema {
        _ if schema.ends_with("Merge") => merge(schema.strip_suffix("Merge")?),
        _ if schema.ends_with("Duplicate") => duplicate(schema.strip_suffix("Duplicate")?),
        "About" => Some(json!(About::THIS)),
        "Health" => Some(json!(Health::OK)),
        "SearchResult" => of("Contact"),
        "Event" => {
            let mut event = event(EventType::Record(ObjectType::Deal, Change::Updated))?;
            event["changed_fields"] = json!(["stage"]);
            Some(event)
        }
        "WebhookWithSecret" => {
            let mut webhook = of("Webhook")?;
            webhook["secret"] = SECRET.into();
            Some(webhook)
        }
        "ApiKeyWithSecret" => {
            let mut key = of("ApiKey")?;
            key["secret"] = API_KEY.into();
            Some(key)
        }
        "WorkspaceSchema" => Some(beginning(json!(WorkspaceSchema::of(
            &Definitions::default()
        )))),
        "OpenApiDocument" => Some(json!({ "openapi": "3.1.0" })),
        _ => EXAMPLES.get(schema).cloned(),
    }
}

/// The first of all that the schema lists.
fn beginning(mut schema: Value) -> Value {
    if let Some(objects) = schema["objects"].as_array_mut() {
        objects.truncate(1);
    }
    if let Some(fields) = schema["objects"][0]["fields"].as_array_mut() {
        fields.truncate(2);
    }
    schema["limits"] = json!({ "batch_rows": schema["limits"]["batch_rows"] });
    schema
}

/// The id of a record of this kind.
pub(crate) fn id(kind: Kind) -> Option<String> {
    let record = RECORDS.iter().find(|(of, _)| *of == kind);
    let name = match record {
        Some((_, name)) => name,
        None if kind == Kind::Import => "ImportJob",
        None => "ApiKey",
    };
    Some(of(name)?["id"].as_str()?.to_owned())
}

/// That a record of this kind is gone.
pub(crate) fn deleted(kind: Kind) -> Option<Value> {
    Some(json!({ "id": id(kind)?, "object": kind.name(), "deleted": true }))
}

/// An event as an endpoint receives it.
pub(crate) fn event(ty: EventType) -> Option<Value> {
    let (data, previous) = match ty {
        EventType::Record(ObjectType::Deal, Change::Updated) => {
            ("Deal", json!({ "stage": "open" }))
        }
        EventType::Record(of, Change::Purged) => return purged(of),
        EventType::Record(of, Change::Merged) => return merged(of),
        EventType::Record(object_type, _) => (name_of(object_type), json!({})),
        EventType::ActivityDue => return due(),
        EventType::Association(_) => ("Association", json!({})),
        EventType::Field(_) => ("CustomField", json!({})),
        EventType::Ping => ("Webhook", json!({})),
    };
    Some(json!({
        "id": "evt_01M831GNQ7T0X5V9C8K2R4W6ZB", "object": "event", "type": ty, "created_at": "2026-11-23T01:49:48.135Z",
        "mode": "test", "api_version": API_VERSION,
        "actor": { "type": "api_key", "id": "key_01M831G4WQ8N3K6T0V5X9Z2B7D", "name": "default" }, "request_id": REQUEST_ID,
        "data": of(data)?, "previous": previous,
    }))
}

/// That an activity is due: the engine itself says so.
fn due() -> Option<Value> {
    let mut event = event(EventType::Record(ObjectType::Activity, Change::Created))?;
    event["type"] = json!(EventType::ActivityDue);
    event["actor"] = json!({ "type": "system", "id": null, "name": null });
    let due_at = event["created_at"].clone();
    let data = event["data"].as_object_mut()?;
    for name in ["due_at", "notified_due_at"] {
        data.insert(name.to_owned(), due_at.clone());
    }
    Some(event)
}

/// That another record of this type was merged into one.
fn merged(of: ObjectType) -> Option<Value> {
    let mut event = event(EventType::Record(of, Change::Created))?;
    event["type"] = json!(EventType::Record(of, Change::Merged));
    event["merged_from"] = json!([twin(name_of(of))?["id"]]);
    Some(event)
}

/// What is merged into a record of this schema.
fn merge(name: &str) -> Option<Value> {
    let twin = twin(name)?;
    let field = match name {
        "Contact" => "phone",
        "Company" => "domain",
        "Deal" => "stage",
        _ => "subject",
    };
    Some(json!({ "from": [twin["id"]], "fields": { field: twin["id"] } }))
}

/// Two records of this schema that are most likely one.
fn duplicate(name: &str) -> Option<Value> {
    let reason = match name {
        "Contact" => "phone",
        "Company" => "name",
        _ => "name_and_company",
    };
    let records = [twin(name)?, of(name)?];
    Some(
        json!({ "object": "duplicate_group", "reason": reason, "records": records, "has_more": false }),
    )
}

/// A record of this schema like the one that is its example, but for its id.
fn twin(name: &str) -> Option<Value> {
    let mut twin = of(name)?;
    let id = twin["id"].as_str()?;
    let (prefix, _) = id.split_once('_')?;
    twin["id"] = json!(format!("{prefix}_01M831GNQ7T0X5V9C8K2R4W6ZC"));
    Some(twin)
}

/// That a record of this type was purged: of its members the ids and the version are left.
fn purged(of: ObjectType) -> Option<Value> {
    let mut event = event(EventType::Record(of, Change::Deleted))?;
    event["type"] = json!(EventType::Record(of, Change::Purged));
    let created_at = event["data"]["created_at"].clone();
    for (name, value) in event["data"].as_object_mut()? {
        *value = match (of, name.as_str()) {
            (_, "id" | "object" | "mode" | "version" | "created_at") => continue,
            (_, "updated_at" | "occurred_at") => created_at.clone(),
            (_, "metadata") => json!({}),
            (of, name) if list_named(of.kind(), name).is_some() => json!([]),
            (ObjectType::Company, "name")
            | (ObjectType::Deal, "title")
            | (ObjectType::Activity, "type") => json!(""),
            _ => Value::Null,
        };
    }
    Some(event)
}

/// A refusal with this code.
pub(crate) fn refusal(code: Code) -> Value {
    let meaning = code.meaning();
    let message = match meaning.strip_prefix(|first: char| first.is_ascii_lowercase()) {
        Some(rest) => format!("{}{rest}.", meaning[..1].to_ascii_uppercase()),
        None => format!("{meaning}."),
    };
    json!({ "error": { "code": code.as_str(), "message": message, "request_id": REQUEST_ID } })
}

#[cfg(test)]
mod tests {
    use relm_core::engine::{BatchReport, Recovery, Undone};
    use relm_core::record::{Delivery, Event};
    use relm_core::{Activity, Association, Company, Contact, Deal, Field};
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn is_a<T: DeserializeOwned + Serialize>(schema: &str) {
        let example = of(schema).unwrap();
        let read: T = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(json!(read), example, "{schema}");
    }

    #[test]
    fn each_example_of_a_record_is_one() {
        is_a::<Contact>("Contact");
        is_a::<Company>("Company");
        is_a::<Deal>("Deal");
        is_a::<Activity>("Activity");
        is_a::<Association>("Association");
        is_a::<Field>("CustomField");
        is_a::<Delivery>("Delivery");
        is_a::<Recovery>("Recovery");
        is_a::<Undone>("Undo");
        let batch: BatchReport = serde_json::from_value(of("ContactBatch").unwrap()).unwrap();
        assert_eq!(batch.data.len(), batch.created + batch.failed);
        for ty in EventType::all().chain([EventType::Ping]) {
            let event: Event = serde_json::from_value(event(ty).unwrap()).unwrap();
            assert_eq!(event.event_type, ty);
        }
    }
}
