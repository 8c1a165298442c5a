//! The shapes that the OpenAPI document names.

use relm_core::ObjectType;
use relm_core::limits::{BATCH_ROWS_MAX, INTEGER_MAX, SECRET_OVERLAP_SECONDS_MAX};
use relm_core::record::column::{Column, ColumnType};
use relm_core::record::field::FieldType;
use relm_core::record::{DeliveryStatus, DisabledReason, EventType};
use serde_json::{Map, Value, json};

use super::reference;
use crate::api::schema::READ_ONLY;

pub(super) const OBJECTS: [(ObjectType, &str); 4] = [
    (ObjectType::Contact, "Contact"),
    (ObjectType::Company, "Company"),
    (ObjectType::Deal, "Deal"),
    (ObjectType::Activity, "Activity"),
];

pub(super) fn schemas() -> Value {
    let mut schemas = Map::new();
    let mut add = |name: &str, schema: Value| schemas.insert(name.to_owned(), schema);
    for (object_type, name) in OBJECTS {
        add(name, record(object_type));
        add(&format!("{name}Input"), input(object_type));
    }
    let listed = ["Association", "Field", "Webhook", "Delivery", "Event"];
    for name in OBJECTS.map(|(_, name)| name).into_iter().chain(listed) {
        add(&format!("{name}List"), list(reference(name)));
    }
    let any = OBJECTS.map(|(_, name)| reference(name));
    add("SearchList", list(json!({ "oneOf": any })));
    let ends = ["from_type", "from_id", "to_type", "to_id"];
    add("AssociationInput", object(edge(), &ends));
    add("Association", stored(edge(), json!({ "mode": mode() })));
    add(
        "FieldInput",
        object(field(), &["object_type", "key", "type"]),
    );
    add("Field", stored(field(), json!({ "mode": mode() })));
    let reasons = DisabledReason::ALL.map(DisabledReason::as_str).into_iter();
    let reasons: Vec<Value> = reasons.map(Value::from).chain([Value::Null]).collect();
    let told = json!({
        "mode": mode(), "updated_at": moment(), "disabled_reason": { "enum": reasons },
        "failing_since": nullable(), "previous_secret_expires_at": nullable(),
    });
    let mut with_secret = told.clone();
    with_secret["secret"] = json!({ "type": "string", "pattern": "^whsec_" });
    add("WebhookInput", object(endpoint(), &[]));
    add("Webhook", stored(endpoint(), told));
    add("NewWebhook", stored(endpoint(), with_secret));
    let seconds = json!({ "type": "integer", "minimum": 0, "maximum": SECRET_OVERLAP_SECONDS_MAX });
    add("RotateInput", object(json!({ "expires_in": seconds }), &[]));
    add("Delivery", stored(delivery(), json!({})));
    let range = json!({ "since": moment(), "until": moment() });
    add("RecoverInput", object(range, &["since"]));
    add("Recovery", whole(recovery()));
    add("Event", stored(event(), json!({})));
    add("BatchInput", object(batch(), &["contacts"]));
    add("Batch", whole(batch_report()));
    let deleted = json!({ "id": text(), "object": text(), "deleted": { "const": true } });
    add("Deleted", whole(deleted));
    add("Error", whole(json!({ "error": error() })));
    add("Schema", whole(schema()));
    let root = json!({
        "object": { "const": "api" }, "name": text(), "version": text(), "api_version": text(), "openapi": text(),
        "guide": text(),
    });
    add("Root", whole(root));
    add("Health", whole(json!({ "status": { "const": "ok" } })));
    add("OpenApi", json!({ "type": "object" }));
    Value::Object(schemas)
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

/// An object that always has all of its members.
fn whole(properties: Value) -> Value {
    let names = properties.as_object().into_iter().flat_map(Map::keys);
    let required: Vec<String> = names.cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What a client wrote, and what the engine adds to it.
fn stored(mut written: Value, added: Value) -> Value {
    written["id"] = text();
    written["object"] = text();
    written["created_at"] = moment();
    for (name, schema) in added.as_object().into_iter().flatten() {
        written[name] = schema.clone();
    }
    whole(written)
}

fn list(item: Value) -> Value {
    whole(json!({
        "object": { "const": "list" }, "data": { "type": "array", "items": item },
        "has_more": { "type": "boolean" }, "next_cursor": nullable(),
    }))
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

fn nullable() -> Value {
    json!({ "type": ["string", "null"] })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn mode() -> Value {
    json!({ "enum": ["live", "test"] })
}

fn object_type() -> Value {
    json!({ "enum": ObjectType::ALL.map(ObjectType::as_str) })
}

fn edge() -> Value {
    json!({
        "from_type": object_type(), "from_id": text(), "to_type": object_type(), "to_id": text(), "label": nullable(),
    })
}

fn field() -> Value {
    let choices = json!({ "type": "array", "items": text() });
    json!({
        "object_type": object_type(), "key": { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$" }, "label": text(),
        "type": { "enum": FieldType::ALL.map(FieldType::as_str) }, "required": { "type": "boolean" },
        "options": { "type": "object", "properties": { "choices": choices } },
    })
}

fn endpoint() -> Value {
    let names = EventType::all().map(EventType::as_str).chain(["*"]);
    let event_types = json!({ "enum": names.collect::<Vec<_>>() });
    json!({
        "url": text(), "event_types": { "type": "array", "minItems": 1, "items": event_types },
        "description": nullable(), "enabled": { "type": "boolean" },
    })
}

fn delivery() -> Value {
    let attempt = whole(json!({
        "at": moment(), "status_code": { "type": ["integer", "null"] }, "error": nullable(), "duration_ms": count(),
        "response": nullable(),
    }));
    json!({
        "webhook_id": text(), "event_id": text(), "event_type": text(),
        "status": { "enum": DeliveryStatus::ALL.map(DeliveryStatus::as_str) },
        "attempts": { "type": "array", "items": attempt }, "next_attempt_at": nullable(), "replay_of": nullable(),
        "version": { "type": "integer", "minimum": 1 },
    })
}

fn recovery() -> Value {
    json!({
        "object": { "const": "recovery" }, "webhook_id": text(), "since": moment(), "until": moment(),
        "recovered": count(), "has_more": { "type": "boolean" }, "next_until": nullable(),
    })
}

fn event() -> Value {
    let names = EventType::all().chain([EventType::Ping]);
    let names: Vec<&str> = names.map(EventType::as_str).collect();
    json!({
        "type": { "enum": names }, "mode": mode(), "api_version": text(), "data": { "type": "object" },
        "previous": { "type": "object" }, "changed_fields": { "type": "array", "items": text() },
    })
}

fn batch() -> Value {
    let row = reference("ContactInput");
    let rows = json!({ "type": "array", "minItems": 1, "maxItems": BATCH_ROWS_MAX, "items": row });
    json!({
        "contacts": rows, "dedup_on": { "type": "array", "items": { "const": "email" } }, "atomic": { "type": "boolean" },
    })
}

fn batch_report() -> Value {
    let row = whole(json!({
        "index": count(), "status": { "enum": ["created", "updated", "unchanged", "failed"] }, "id": nullable(),
        "contact": { "oneOf": [reference("Contact"), { "type": "null" }] }, "error": { "type": ["object", "null"] },
    }));
    json!({
        "object": { "const": "batch" }, "data": { "type": "array", "items": row },
        "created": count(), "updated": count(), "unchanged": count(), "failed": count(),
    })
}

fn schema() -> Value {
    let texts = json!({ "type": "array", "items": text() });
    json!({
        "object": { "const": "schema" }, "api_version": text(), "field_types": texts, "operators": texts,
        "event_types": texts, "objects": { "type": "array", "items": { "type": "object" } },
        "limits": { "type": "object", "additionalProperties": { "type": "integer" } },
    })
}

fn error() -> Value {
    object(
        json!({
            "code": text(), "message": text(), "field": text(), "suggestion": text(), "existing_id": text(),
            "reason": text(),
            "valid_options": { "type": "array", "items": text() }, "request_id": text(),
        }),
        &["code", "message", "request_id"],
    )
}

/// A record as it is answered: every member is there.
fn record(object_type: ObjectType) -> Value {
    let prefix = object_type.kind().prefix();
    let pattern = format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$");
    let mut members = Value::Object(writable(object_type));
    members["id"] = json!({ "type": "string", "pattern": pattern });
    members["object"] = json!({ "const": object_type.as_str() });
    members["version"] = json!({ "type": "integer", "minimum": 1 });
    members["mode"] = mode();
    members["created_at"] = moment();
    members["updated_at"] = moment();
    whole(members)
}

/// A record as it is written.
fn input(object_type: ObjectType) -> Value {
    json!({ "type": "object", "properties": writable(object_type) })
}

fn writable(object_type: ObjectType) -> Map<String, Value> {
    let columns = object_type.columns().iter();
    let mut members: Map<String, Value> = columns
        .filter(|column| column.filterable && !READ_ONLY.contains(&column.name))
        .map(|column| (column.name.to_owned(), property(column)))
        .collect();
    let metadata = json!({ "type": ["object", "null"] });
    members.insert("metadata".to_owned(), metadata);
    members
}

fn property(column: &Column) -> Value {
    match column.ty {
        ColumnType::Text { chars_max } => {
            json!({ "type": ["string", "null"], "maxLength": chars_max })
        }
        ColumnType::Id(_) => nullable(),
        ColumnType::Integer => {
            json!({ "type": ["integer", "null"], "minimum": -INTEGER_MAX, "maximum": INTEGER_MAX })
        }
        ColumnType::Boolean => json!({ "type": ["boolean", "null"] }),
        ColumnType::Date => json!({ "type": ["string", "null"], "format": "date" }),
        ColumnType::Timestamp => json!({ "type": ["string", "null"], "format": "date-time" }),
        ColumnType::Json => json!({}),
    }
}
