//! `/openapi.json`: OpenAPI 3.1, generated from the route table and the engine's column tables, so that it cannot
//! say what the code does not do.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Method;
use relm_core::column::{Column, ColumnType};
use relm_core::field::FieldType;
use relm_core::filter::{Operator, filterable};
use relm_core::limits::{
    BATCH_ROWS_MAX, IDEMPOTENCY_KEY_CHARS_MAX, INTEGER_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX,
};
use relm_core::webhook::{API_VERSION, DeliveryStatus, EventType};
use relm_core::{Kind, ObjectType};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome};
use super::routes::{Access, Route, Routes};
use super::schema::READ_ONLY;

/// It says nothing of a workspace, so it is written once.
static DOCUMENT: LazyLock<Bytes> =
    LazyLock::new(|| document(Routes::new().all()).to_string().into());

pub(super) async fn openapi() -> Outcome {
    Ok(Answer::ok(DOCUMENT.clone()))
}

/// The document of these routes.
fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Relm", "version": API_VERSION, "license": { "name": "MIT OR Apache-2.0" } },
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
        "paths": paths,
    })
}

fn operation(route: &Route) -> Value {
    let (status, gives) = route.doc.gives;
    let success = json!({ "description": "Success", "content": content(gives) });
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.doc.summary,
        "parameters": parameters(route),
        "responses": {
            status.to_string(): success,
            "default": { "description": "A failure", "content": content("Error") },
        },
    });
    if let Some(takes) = route.doc.takes {
        operation["requestBody"] = json!({ "required": true, "content": content(takes) });
    }
    if let Access::Keyed(_) = route.access {
        operation["security"] = json!([{ "key": [] }]);
    }
    if route.path == "/v1/associations" && route.method == Method::POST {
        let existing = json!({ "description": "The edge was there", "content": content(gives) });
        operation["responses"]["200"] = existing;
    }
    operation
}

/// `PATCH /v1/contacts/{id}` is `patch_contacts_id`: a path and a method are there once, and so is their name.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/v1");
    let name = path.replace('/', "_").replace(['{', '}', '.'], "");
    format!("{}{name}", route.method.as_str().to_ascii_lowercase())
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn parameter(place: &str, name: &str, schema: Value) -> Value {
    json!({ "in": place, "name": name, "required": place == "path", "schema": schema })
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?;
        name.strip_suffix('}')
    });
    let mut all: Vec<Value> = names.map(|name| parameter("path", name, text())).collect();
    if route.doc.gives.1.ends_with("List") {
        let limit = json!({ "type": "integer", "minimum": 1, "default": PAGE_LIMIT_DEFAULT,
            "description": format!("More than {PAGE_LIMIT_MAX} counts as {PAGE_LIMIT_MAX}.") });
        all.push(parameter("query", "limit", limit));
        all.push(parameter("query", "cursor", text()));
        all.extend(filters(route));
    }
    if route.path == "/v1/search" {
        let mut q = parameter("query", "q", text());
        q["required"] = true.into();
        all.push(q);
        all.push(parameter("query", "types", text()));
    }
    let keyed = matches!(route.access, Access::Keyed(_));
    if keyed && route.method == Method::POST {
        let key =
            json!({ "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS_MAX });
        all.push(parameter("header", "Idempotency-Key", key));
    }
    let one = route.path.ends_with("/{id}") && object_of(route.path).is_some();
    if one && route.method != Method::GET {
        let version = json!({ "type": "string", "examples": ["\"3\""] });
        all.push(parameter("header", "If-Match", version));
    }
    all
}

fn object_of(path: &str) -> Option<ObjectType> {
    match path.strip_prefix("/v1/")?.split('/').next()? {
        "contacts" => Some(ObjectType::Contact),
        "companies" => Some(ObjectType::Company),
        "deals" => Some(ObjectType::Deal),
        "activities" => Some(ObjectType::Activity),
        _ => None,
    }
}

/// The filters that a list takes: each field by its name, and all of them as `filter[field][operator]`.
fn filters(route: &Route) -> Vec<Value> {
    let kind = match route.path {
        "/v1/schema/fields" => Some(Kind::Field),
        "/v1/associations" => Some(Kind::Association),
        "/v1/webhooks" => Some(Kind::Webhook),
        "/v1/webhooks/{id}/deliveries" => Some(Kind::Delivery),
        path => object_of(path).map(ObjectType::kind),
    };
    let Some(kind) = kind else {
        return Vec::new();
    };
    let operators = Operator::ALL.map(Operator::as_str).join(", ");
    let mut filter = parameter("query", "filter", json!({ "type": "object" }));
    filter["style"] = "deepObject".into();
    filter["description"] =
        format!("filter[field][operator]=value; the operators are {operators}.").into();
    let short = filterable(kind).map(|name| {
        let mut short = parameter("query", name, text());
        short["description"] = format!("Short for filter[{name}][eq].").into();
        short
    });
    [filter].into_iter().chain(short).collect()
}

const OBJECTS: [(ObjectType, &str); 4] = [
    (ObjectType::Contact, "Contact"),
    (ObjectType::Company, "Company"),
    (ObjectType::Deal, "Deal"),
    (ObjectType::Activity, "Activity"),
];

fn schemas() -> Value {
    let mut schemas = Map::new();
    let mut add = |name: &str, schema: Value| schemas.insert(name.to_owned(), schema);
    for (object_type, name) in OBJECTS {
        add(name, record(object_type));
        add(&format!("{name}Input"), input(object_type));
    }
    let listed = ["Association", "Field", "Webhook", "Delivery"];
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
    let told = json!({ "mode": mode(), "updated_at": moment() });
    let mut with_secret = told.clone();
    with_secret["secret"] = json!({ "type": "string", "pattern": "^whsec_" });
    add("WebhookInput", object(endpoint(), &[]));
    add("Webhook", stored(endpoint(), told));
    add("NewWebhook", stored(endpoint(), with_secret));
    add("Delivery", stored(delivery(), json!({})));
    add("BatchInput", object(batch(), &["contacts"]));
    add("Batch", whole(batch_report()));
    let deleted = json!({ "id": text(), "object": text(), "deleted": { "const": true } });
    add("Deleted", whole(deleted));
    add("Error", whole(json!({ "error": error() })));
    add("Schema", whole(schema()));
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

fn text() -> Value {
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
    }));
    json!({
        "webhook_id": text(), "event_id": text(), "event_type": text(),
        "status": { "enum": DeliveryStatus::ALL.map(DeliveryStatus::as_str) },
        "attempts": { "type": "array", "items": attempt }, "next_attempt_at": nullable(), "replay_of": nullable(),
        "version": { "type": "integer", "minimum": 1 },
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
        .filter(|column| column.shown && !READ_ONLY.contains(&column.name))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_and_the_route_table_name_the_same() {
        let routes = Routes::new();
        let document = document(routes.all());
        let mut described = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                described.insert(format!("{} {path}", method.to_ascii_uppercase()));
            }
        }
        let served = routes
            .all()
            .iter()
            .map(|route| format!("{} {}", route.method, route.path));
        assert_eq!(described, served.collect());
        assert_eq!(
            described.len(),
            routes.all().len(),
            "no route is there twice"
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(Routes::new().all());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
