//! What the API says of itself: `/v1/schema` and `/openapi.json`, held to what it does.

use std::collections::BTreeSet;

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{User, World, id, template};

fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_schema_shows_objects_fields_and_types() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = json!({ "object_type": "company", "key": "plan", "type": "bool" });
    let field = user.create("/v1/schema/fields", field);
    let schema = user.get("/v1/schema").is(200);
    let operators = [
        "eq", "neq", "gt", "gte", "lt", "lte", "ilike", "in", "is_null",
    ];
    let ordered = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "is_null"];
    let text = |name: &str| json!({ "name": name, "type": "text", "max_characters": 500, "read_only": false, "operators": operators });
    let engines = |name: &str, ty: &str| json!({ "name": name, "type": ty, "read_only": true, "operators": ordered });
    let company = json!({
        "object_type": "company",
        "id_prefix": "cmp_",
        "fields": [
            engines("id", "id"),
            text("name"),
            text("domain"),
            engines("created_at", "timestamp"),
            engines("updated_at", "timestamp"),
        ],
        "custom_fields": [field],
    });
    assert_eq!(schema["objects"][1], company);
    assert_eq!(
        schema["field_types"],
        json!(["text", "number", "date", "bool", "select"])
    );
    assert_eq!(schema["operators"], json!(operators));
    assert_eq!(schema["event_types"].as_array().unwrap().len(), 12);
    assert_eq!(
        (&schema["object"], &schema["api_version"]),
        (&json!("schema"), &json!("2026-07-02"))
    );
}

#[test]
fn every_bound_of_the_engine_is_published() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let published = user.get("/v1/schema").is(200)["limits"].clone();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../relm-core/src/limits.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let bounds = source
        .lines()
        .filter(|line| line.starts_with("pub const"))
        .count();
    let published = published.as_object().unwrap();
    assert_eq!(published.len(), bounds, "{published:?}");
    assert!(published.values().all(Value::is_u64));
}

/// Asks, and holds the answer to what the document says of it: its status, and the names of all its members.
fn conforms(document: &Value, user: &User<'_>, method: &str, path: &str, body: Value) -> Value {
    let answer = user.ask(method, path).json(&body).send();
    let operation = &document["paths"][template(path)][method.to_lowercase()];
    let success = &operation["responses"][answer.status.to_string()];
    let reference = success["content"]["application/json"]["schema"]["$ref"].as_str();
    let reference = reference.unwrap_or_else(|| panic!("{method} {path}: {}", answer.text));
    let schema = document.pointer(&reference[1..]).unwrap();
    let said = answer.json();
    assert_eq!(
        names(&said),
        names(&schema["properties"]),
        "{method} {path}"
    );
    let required = schema["required"].as_array().unwrap().iter();
    let required: BTreeSet<&str> = required.map(|name| name.as_str().unwrap()).collect();
    assert_eq!(
        names(&said),
        required,
        "{method} {path} always has all members"
    );
    said
}

#[test]
fn answers_are_as_the_document_says() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let ask =
        |method: &str, path: &str, body: Value| conforms(&document, &user, method, path, body);
    let make = |path: &str, body: Value| id(&ask("POST", path, body));
    let hook = make(
        "/v1/webhooks",
        json!({ "url": "https://example.com", "event_types": ["*"] }),
    );
    let hook = format!("/v1/webhooks/{hook}");
    let contact = make("/v1/contacts", json!({ "email": "ada@example.com" }));
    let company = make("/v1/companies", json!({ "name": "Engines" }));
    let deal = make("/v1/deals", json!({ "title": "Engine" }));
    let activity = make("/v1/activities", json!({ "type": "call" }));
    let edge =
        json!({ "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": deal });
    let edge_id = make("/v1/associations", edge.clone());
    assert_eq!(
        make("/v1/associations", edge),
        edge_id,
        "200 is in the document too"
    );
    let field = make(
        "/v1/schema/fields",
        json!({ "object_type": "contact", "key": "plan", "type": "text" }),
    );
    let deliveries = ask("GET", &format!("{hook}/deliveries"), json!({}));
    ask(
        "POST",
        &format!("{hook}/replay/{}", id(&deliveries["data"][0])),
        json!({}),
    );
    ask("POST", &format!("{hook}/rotate_secret"), json!({}));
    ask("POST", &format!("{hook}/test"), json!({}));
    let since = json!({ "since": "2026-07-02T00:00:00Z" });
    ask("POST", &format!("{hook}/recover"), since);
    let events = ask("GET", "/v1/events", json!({}));
    let event = format!("/v1/events/{}", id(&events["data"][0]));
    ask("GET", &event, json!({}));
    ask(
        "POST",
        "/v1/contacts/batch",
        json!({ "contacts": [{ "email": "x" }] }),
    );
    for path in [
        "/v1/contacts",
        "/v1/companies",
        "/v1/deals",
        "/v1/activities",
        "/v1/associations",
        "/v1/schema/fields",
        "/v1/schema",
        "/v1/webhooks",
        "/v1/search?q=a",
        "/healthz",
        "/readyz",
    ] {
        ask("GET", path, json!({}));
    }
    ask("DELETE", &format!("/v1/associations/{edge_id}"), json!({}));
    ask("DELETE", &format!("/v1/schema/fields/{field}"), json!({}));
    for path in [
        format!("/v1/contacts/{contact}"),
        format!("/v1/companies/{company}"),
        format!("/v1/deals/{deal}"),
        format!("/v1/activities/{activity}"),
        hook,
    ] {
        for method in ["GET", "PATCH", "DELETE"] {
            ask(method, &path, json!({}));
        }
    }
}

#[test]
fn each_operation_of_the_document_is_served_and_named_once() {
    let world = World::new();
    let stranger = world.stranger();
    let document = stranger.get("/openapi.json").is(200);
    let mut operation_ids = BTreeSet::new();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path.replace(['{', '}'], "");
            let answer = stranger.ask(&method.to_uppercase(), &path).send();
            let keyed = operation["security"].is_array();
            assert_eq!(
                answer.status,
                if keyed { 401 } else { 200 },
                "{method} {path}"
            );
            assert_eq!(keyed, path.starts_with("/v1/"));
            operation_ids.insert(operation["operationId"].as_str().unwrap());
            operations += 1;
        }
    }
    assert_eq!(operation_ids.len(), operations);
}

#[test]
fn the_parameters_of_a_list_are_its_filters() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let mut filters = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"]
            .as_array()
            .filter(|_| !path.contains('{'));
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if matches!(name, "limit" | "cursor" | "q" | "types" | "filter") {
                continue;
            }
            user.get(&format!("{path}?filter[{name}][is_null]=false"))
                .is(200);
            filters += 1;
        }
    }
    assert!(filters > 40, "{filters}");
}
