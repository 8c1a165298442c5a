//! What the document says that a request may and must hold, the API takes.

use std::collections::BTreeSet;

use relm_core::Mode;
use serde_json::{Value, json};

use super::operations;
use crate::schema_check::SchemaCheck;
use crate::session::{World, id};

#[test]
fn what_a_create_requires_is_all_that_it_needs() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    for (path, method, operation) in operations(&document) {
        // A promotion names the plan that it is of.
        let names_another = path.ends_with("batch") || path.ends_with("promotion");
        if method != "post" || path.contains('{') || names_another {
            continue;
        }
        let content = &operation["requestBody"]["content"]["application/json"];
        // A file is no JSON.
        if content.is_null() {
            continue;
        }
        let schema = SchemaCheck {
            document: &document,
            open: false,
        }
        .resolve(&content["schema"]);
        let required = schema["required"].as_array().into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        for name in &required {
            let mut less = content["example"].clone();
            less.as_object_mut().unwrap().remove(*name);
            let error = user.post(path, less).error(422);
            assert_eq!(error["field"], **name, "{path} {error}");
        }
        let mut least = content["example"].clone();
        // A select needs choices, and a contact one value.
        least.as_object_mut().unwrap().retain(|name, _| {
            required.contains(&&**name) || ["email", "options"].contains(&&**name)
        });
        if path == "/v1/associations" {
            least["from_id"] = user.contact("grace@example.com").into();
            least["to_id"] = id(&user.create("/v1/deals", json!({ "title": "Engine" }))).into();
        }
        user.create(path, least);
    }
}

/// Gives a body what only one record, or a few, can have.
fn tell_apart(path: &str, body: &mut Value, name: &str) {
    match path {
        "/v1/contacts" => body["email"] = format!("{name}@example.com").into(),
        "/v1/webhooks" => {
            body["url"] = format!("https://{}.example.com", name.replace('_', "-")).into();
        }
        _ => {}
    }
}

#[test]
fn null_is_taken_where_the_document_says_so() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let mut asked = 0;
    for (path, body) in [
        (
            "/v1/contacts",
            json!({ "email": "ada@example.com", "first_name": "Ada" }),
        ),
        ("/v1/companies", json!({ "name": "Engines" })),
        ("/v1/deals", json!({ "title": "Engine" })),
        ("/v1/activities", json!({ "type": "call" })),
        (
            "/v1/webhooks",
            json!({ "url": "https://example.com", "event_types": ["*"] }),
        ),
    ] {
        let one = format!("{path}/{}", id(&user.create(path, body.clone())));
        let write = |method: &str| {
            let path = if method == "post" {
                path.to_owned()
            } else {
                format!("{path}/{{id}}")
            };
            let body = &document["paths"][path][method]["requestBody"];
            check.resolve(&body["content"]["application/json"]["schema"])
        };
        for (method, at) in [("post", path), ("patch", &*one)] {
            for (name, member) in write(method)["properties"].as_object().unwrap() {
                let mut body = if method == "post" {
                    body.clone()
                } else {
                    json!({})
                };
                if method == "post" {
                    tell_apart(path, &mut body, name);
                }
                body[name] = Value::Null;
                let takes_null = check.faults(member, &Value::Null).is_empty();
                let answer = user.ask(&method.to_uppercase(), at).json(&body).send();
                let expected = match (takes_null, method) {
                    (false, _) => 422,
                    (true, "post") => 201,
                    (true, _) => 200,
                };
                assert_eq!(
                    answer.status, expected,
                    "{method} {at} {name}: {}",
                    answer.text
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
}

/// A value that a filter of this schema takes.
fn value(name: &str, schema: &Value) -> &'static str {
    let schema = if schema["type"] == "array" {
        &schema["items"]
    } else {
        schema
    };
    match (schema["type"].as_str().unwrap(), schema["format"].as_str()) {
        ("boolean", _) => "true",
        ("integer" | "number", _) => "1",
        ("string", Some("date")) => "2026-07-02",
        ("string", Some("date-time")) => "2026-07-02T10:00:00Z",
        _ if name.contains("id][") => "con_01M831GNCPRF8TSE3RBV4BJ3VS",
        _ if name.contains("ilike") => "%25a%25",
        _ => "a",
    }
}

#[test]
fn every_filter_of_the_document_is_one_of_the_list_s() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = json!({ "object_type": "deal", "key": "seats", "type": "number" });
    user.create("/v1/schema/fields", field);
    let webhook = json!({ "url": "https://example.com", "event_types": ["*"] });
    let webhook = id(&user.create("/v1/webhooks", webhook));
    let document = user.get("/v1/openapi.json").is(200);
    let mut filters = BTreeSet::new();
    for (path, _, operation) in operations(&document) {
        let mut names = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let Some(name) = parameter["name"].as_str() else {
                continue;
            };
            assert!(names.insert(name), "{path}: {name} is there twice");
            if name.starts_with("filter[") {
                let at = path.replace("{id}", &webhook);
                let value = value(name, &parameter["schema"]);
                user.get(&format!("{at}?{name}={value}")).is(200);
                filters.insert(format!("{path} {name}"));
            }
        }
    }
    assert!(filters.len() > 400, "{}", filters.len());
    assert!(filters.contains("/v1/deals filter[metadata.seats][gte]"));
    assert!(filters.contains("/v1/deals filter[stage][in]"));
    assert!(
        !filters.contains("/v1/webhooks filter[enabled][gt]"),
        "a boolean has no order"
    );
}
