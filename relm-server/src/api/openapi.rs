//! `/openapi.json`: OpenAPI 3.1, generated from the route table and the engine's column tables, so that it cannot
//! say what the code does not do.

use relm_core::column::{Column, ColumnType};
use relm_core::field::FieldType;
use relm_core::filter::filterable;
use relm_core::limits::{BATCH_ROWS_MAX, INTEGER_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};
use relm_core::webhook::{API_VERSION, DeliveryStatus, EventType};
use relm_core::{Kind, ObjectType};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome};
use super::routes::{Access, Route, Routes};

pub(super) async fn openapi() -> Outcome {
    Ok(Answer::ok(document(Routes::new().all()).to_string()))
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
    let failure = json!({ "description": "A failure", "content": content("Error") });
    let mut operation = json!({
        "summary": route.doc.summary,
        "parameters": parameters(route),
        "responses": {
            status.to_string(): { "description": "Success", "content": content(gives) },
            "default": failure,
        },
    });
    if let Some(takes) = route.doc.takes {
        operation["requestBody"] = json!({ "required": true, "content": content(takes) });
    }
    if matches!(route.access, Access::Keyed(_)) {
        operation["security"] = json!([{ "key": [] }]);
    }
    operation
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn parameters(route: &Route) -> Vec<Value> {
    let named = |place: &str, name: &str, required: bool, schema: Value| json!({ "in": place, "name": name, "required": required, "schema": schema });
    let in_path = route.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(named("path", name, true, json!({ "type": "string" })))
    });
    let mut all: Vec<Value> = in_path.collect();
    if route.doc.gives.1 == "List" {
        let limit = json!({ "type": "integer", "minimum": 1, "default": PAGE_LIMIT_DEFAULT,
            "description": format!("More than {PAGE_LIMIT_MAX} counts as {PAGE_LIMIT_MAX}.") });
        all.push(named("query", "limit", false, limit));
        all.push(named("query", "cursor", false, json!({ "type": "string" })));
    }
    for name in filters(route) {
        let text =
            json!({ "type": "string", "description": format!("Short for filter[{name}][eq].") });
        all.push(named("query", name, false, text));
    }
    if route.path == "/v1/search" {
        all.push(named("query", "q", true, json!({ "type": "string" })));
        all.push(named("query", "types", false, json!({ "type": "string" })));
    }
    if route.method == hyper::Method::POST && matches!(route.access, Access::Keyed(_)) {
        let key = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        all.push(named("header", "Idempotency-Key", false, key));
    }
    let conditional = route.path.ends_with("/{id}") && object_of(route.path).is_some();
    if conditional && route.method != hyper::Method::GET {
        let version = json!({ "type": "string", "examples": ["\"3\""] });
        all.push(named("header", "If-Match", false, version));
    }
    all
}

fn object_of(path: &str) -> Option<ObjectType> {
    let plural = path.strip_prefix("/v1/")?.split('/').next()?;
    match plural {
        "contacts" => Some(ObjectType::Contact),
        "companies" => Some(ObjectType::Company),
        "deals" => Some(ObjectType::Deal),
        "activities" => Some(ObjectType::Activity),
        _ => None,
    }
}

/// The names that a list takes as filters.
fn filters(route: &Route) -> Vec<&'static str> {
    if route.method != hyper::Method::GET || route.doc.gives.1 != "List" {
        return Vec::new();
    }
    let kind = match route.path {
        "/v1/schema/fields" => Some(Kind::Field),
        "/v1/associations" => Some(Kind::Association),
        "/v1/webhooks" => Some(Kind::Webhook),
        "/v1/webhooks/{id}/deliveries" => Some(Kind::Delivery),
        path => object_of(path).map(ObjectType::kind),
    };
    kind.into_iter().flat_map(filterable).collect()
}

fn schemas() -> Value {
    let mut schemas = Map::new();
    for (object_type, name) in ObjectType::ALL
        .into_iter()
        .zip(["Contact", "Company", "Deal", "Activity"])
    {
        schemas.insert(name.to_owned(), record(object_type));
        schemas.insert(format!("{name}Input"), input(object_type));
    }
    let text = || json!({ "type": "string" });
    let nullable = || json!({ "type": ["string", "null"] });
    let types = ObjectType::ALL.map(ObjectType::as_str);
    let edge = json!({ "from_type": { "enum": types }, "from_id": text(), "to_type": { "enum": types },
        "to_id": text(), "label": nullable() });
    let field = json!({ "object_type": { "enum": types }, "key": { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$" },
        "label": text(), "type": { "enum": FieldType::ALL.map(FieldType::as_str) }, "required": { "type": "boolean" },
        "options": { "type": "object", "properties": { "choices": { "type": "array", "items": text() } } } });
    let event_types = EventType::all().map(EventType::as_str).chain(["*"]);
    let endpoint = json!({ "url": text(),
        "event_types": { "type": "array", "minItems": 1, "items": { "enum": event_types.collect::<Vec<_>>() } },
        "description": nullable(), "enabled": { "type": "boolean" } });
    let attempt = json!({ "type": "object", "properties": { "at": moment(), "status_code": { "type": ["integer", "null"] },
        "error": nullable(), "duration_ms": { "type": "integer" } } });
    let delivery = json!({ "webhook_id": text(), "event_id": text(), "event_type": text(),
        "status": { "enum": DeliveryStatus::ALL.map(DeliveryStatus::as_str) },
        "attempts": { "type": "array", "items": attempt }, "next_attempt_at": { "type": ["string", "null"] },
        "replay_of": nullable() });
    let others = [
        (
            "AssociationInput",
            object(edge.clone(), &["from_type", "from_id", "to_type", "to_id"]),
        ),
        ("Association", stored(edge)),
        (
            "FieldInput",
            object(field.clone(), &["object_type", "key", "type"]),
        ),
        ("Field", stored(field)),
        ("WebhookInput", object(endpoint.clone(), &[])),
        ("Webhook", stored(endpoint)),
        ("Delivery", stored(delivery)),
        (
            "BatchInput",
            object(
                json!({
                    "contacts": { "type": "array", "minItems": 1, "maxItems": BATCH_ROWS_MAX, "items": reference("ContactInput") },
                    "dedup_on": { "type": "array", "items": { "const": "email" } }, "atomic": { "type": "boolean" },
                }),
                &["contacts"],
            ),
        ),
        (
            "Batch",
            object(
                json!({ "object": { "const": "batch" }, "data": { "type": "array", "items": batch_row() },
            "created": count(), "updated": count(), "unchanged": count(), "failed": count() }),
                &["object", "data"],
            ),
        ),
        (
            "List",
            object(
                json!({ "object": { "const": "list" }, "data": { "type": "array" },
            "has_more": { "type": "boolean" }, "next_cursor": nullable() }),
                &["object", "data", "has_more", "next_cursor"],
            ),
        ),
        (
            "Deleted",
            object(
                json!({ "id": text(), "object": text(), "deleted": { "const": true } }),
                &["id", "object", "deleted"],
            ),
        ),
        ("Error", object(json!({ "error": error() }), &["error"])),
        ("Schema", json!({ "type": "object" })),
        (
            "Health",
            object(json!({ "status": { "const": "ok" } }), &["status"]),
        ),
        ("OpenApi", json!({ "type": "object" })),
    ];
    schemas.extend(others.map(|(name, schema)| (name.to_owned(), schema)));
    Value::Object(schemas)
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What the engine adds to what a client wrote.
fn stored(mut properties: Value) -> Value {
    properties["id"] = json!({ "type": "string" });
    properties["object"] = json!({ "type": "string" });
    properties["created_at"] = moment();
    object(properties, &["id", "object", "created_at"])
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn batch_row() -> Value {
    object(
        json!({ "index": count(), "status": { "enum": ["created", "updated", "unchanged", "failed"] },
            "id": { "type": ["string", "null"] },
            "contact": { "oneOf": [reference("Contact"), { "type": "null" }] },
            "error": { "type": ["object", "null"] } }),
        &["index", "status"],
    )
}

fn error() -> Value {
    let text = || json!({ "type": "string" });
    object(
        json!({ "code": text(), "message": text(), "field": text(), "suggestion": text(), "existing_id": text(),
            "valid_options": { "type": "array", "items": text() }, "request_id": text() }),
        &["code", "message", "request_id"],
    )
}

/// A record as it is answered: every member is there.
fn record(object_type: ObjectType) -> Value {
    let mut properties = writable(object_type);
    properties.insert(
        "id".to_owned(),
        json!({ "type": "string",
        "pattern": format!("^{}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$", object_type.kind().prefix()) }),
    );
    properties.insert(
        "object".to_owned(),
        json!({ "const": object_type.as_str() }),
    );
    properties.insert(
        "version".to_owned(),
        json!({ "type": "integer", "minimum": 1 }),
    );
    properties.insert("mode".to_owned(), json!({ "enum": ["live", "test"] }));
    properties.insert("created_at".to_owned(), moment());
    properties.insert("updated_at".to_owned(), moment());
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// A record as it is written.
fn input(object_type: ObjectType) -> Value {
    json!({ "type": "object", "properties": writable(object_type), "additionalProperties": false })
}

fn writable(object_type: ObjectType) -> Map<String, Value> {
    let mut properties: Map<String, Value> = object_type
        .columns()
        .iter()
        .filter(|column| column.shown && !matches!(column.name, "created_at" | "updated_at"))
        .map(|column| (column.name.to_owned(), property(column)))
        .collect();
    properties.insert("metadata".to_owned(), json!({ "type": ["object", "null"] }));
    properties
}

fn property(column: &Column) -> Value {
    match column.ty {
        ColumnType::Text { chars_max } => {
            json!({ "type": ["string", "null"], "maxLength": chars_max })
        }
        ColumnType::Id(_) => json!({ "type": ["string", "null"] }),
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
