//! The OpenAPI documents, held to what the API does.

use std::cell::RefCell;
use std::collections::BTreeSet;

use relm_core::Mode;
use serde_json::{Map, Value, json};

use super::schema_check::SchemaCheck;
use super::session::{User, World, id, template};

/// Each operation of a document, with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (&**path, &**method, operation))
    })
}

/// The schema of what an operation answers with this status.
fn answered<'a>(document: &'a Value, operation: &'a Value, status: &str) -> &'a Value {
    let check = SchemaCheck {
        document,
        open: false,
    };
    let response = check.resolve(&operation["responses"][status]);
    &response["content"]["application/json"]["schema"]
}

/// Asks, and holds the answer to what the document says of it, to the last member.
fn conforms(document: &Value, user: &User<'_>, method: &str, path: &str, body: Value) -> Value {
    let answer = user.ask(method, path).json(&body).send();
    let operation = &document["paths"][template(path)][method.to_lowercase()];
    let schema = answered(document, operation, &answer.status.to_string());
    assert!(schema.is_object(), "{method} {path}: {}", answer.text);
    let said = answer.json();
    let faults = SchemaCheck {
        document,
        open: false,
    }
    .faults(schema, &said);
    assert_eq!(faults, Vec::<String>::new(), "{method} {path} {said}");
    said
}

#[test]
fn answers_are_as_the_document_says() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let asked = RefCell::new(BTreeSet::new());
    let ask = |method: &str, path: &str, body: Value| {
        let operation = format!("{} {}", method.to_lowercase(), template(path));
        asked.borrow_mut().insert(operation);
        conforms(&document, &user, method, path, body)
    };
    let make = |path: &str, body: Value| id(&ask("POST", path, body));
    let hook = make(
        "/v1/webhooks",
        json!({ "url": "https://example.com", "event_types": ["*"] }),
    );
    let hook = format!("/v1/webhooks/{hook}");
    let contact =
        json!({ "email": "ada@example.com", "metadata": { "plan": "pro", "seats": [1, null] } });
    let contact = make("/v1/contacts", contact);
    let company = make("/v1/companies", json!({ "name": "Engines" }));
    let deal = json!({ "title": "Engine", "value_cents": 1, "close_date": "2026-07-02", "company_id": company });
    let deal = make("/v1/deals", deal);
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
    ask(
        "PATCH",
        &format!("/v1/deals/{deal}"),
        json!({ "title": "Engines", "metadata": { "a": 1 } }),
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
        json!({ "contacts": [{ "email": "x" }, { "email": "grace@example.com" }] }),
    );
    for path in [
        "/v1/contacts",
        "/v1/companies",
        "/v1/deals",
        "/v1/activities",
        "/v1/associations",
        "/v1/schema/fields",
        "/v1/schema",
        "/v1/openapi.json",
        "/v1/webhooks",
        "/v1/search?q=engine",
        "/",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/openapi-3.0.json",
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
    let all = operations(&document).map(|(path, method, _)| format!("{method} {path}"));
    assert_eq!(*asked.borrow(), all.collect());
}

#[test]
fn refusals_are_as_the_document_says() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let contact = user.contact("ada@example.com");
    let one = format!("/v1/contacts/{contact}");
    let refused = |method: &str, path: &str, body: Value| {
        let said = conforms(&document, &user, method, path, body);
        said["error"]["code"].as_str().unwrap().to_owned()
    };
    let taken = json!({ "email": "ADA@example.com" });
    assert_eq!(refused("POST", "/v1/contacts", taken), "conflict");
    assert_eq!(
        refused("POST", "/v1/contacts", json!({})),
        "identifier_required"
    );
    assert_eq!(refused("POST", "/v1/deals", json!({})), "validation_failed");
    assert_eq!(
        refused("PATCH", &one, json!({ "name": "Ada" })),
        "unknown_field"
    );
    assert_eq!(
        refused("GET", "/v1/contacts?nope=1", json!({})),
        "bad_request"
    );
    assert_eq!(
        refused("GET", "/v1/contacts?cursor=x", json!({})),
        "invalid_cursor"
    );
    user.delete(&one).is(200);
    assert_eq!(refused("GET", &one, json!({})), "not_found");
}

#[test]
fn every_example_is_what_its_schema_says() {
    let world = World::new();
    let document = world.stranger().get("/openapi.json").is(200);
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let mut examples = 0;
    let mut hold = |content: &Value, whose: &str| {
        let content = &content["application/json"];
        let several = content["examples"]
            .as_object()
            .into_iter()
            .flat_map(Map::values);
        for example in several
            .map(|one| &one["value"])
            .chain(content.get("example"))
        {
            let faults = check.faults(&content["schema"], example);
            assert_eq!(faults, Vec::<String>::new(), "{whose}");
            examples += 1;
        }
    };
    for (path, method, operation) in operations(&document) {
        let whose = format!("{method} {path}");
        hold(&operation["requestBody"]["content"], &whose);
        let before = operation["responses"].as_object().unwrap();
        for response in before.values() {
            hold(&check.resolve(response)["content"], &whose);
        }
    }
    for (name, webhook) in document["webhooks"].as_object().unwrap() {
        hold(&webhook["post"]["requestBody"]["content"], name);
    }
    assert!(examples > 200, "{examples}");
}

#[test]
fn what_a_create_requires_is_all_that_it_needs() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    for (path, method, operation) in operations(&document) {
        if method != "post" || path.contains('{') || path.ends_with("batch") {
            continue;
        }
        let content = &operation["requestBody"]["content"]["application/json"];
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
                if path == "/v1/contacts" && method == "post" {
                    body["email"] = format!("{name}@example.com").into();
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

#[test]
fn each_operation_of_the_document_is_served_and_named_once() {
    let world = World::new();
    let stranger = world.stranger();
    let document = stranger.get("/openapi.json").is(200);
    let mut operation_ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let path = path.replace(['{', '}'], "");
        let answer = stranger.ask(&method.to_uppercase(), &path).send();
        let keyed = operation["security"] == json!([{ "key": [] }]);
        assert_eq!(
            answer.status,
            if keyed { 401 } else { 200 },
            "{method} {path}"
        );
        assert_eq!(keyed, path.starts_with("/v1/"));
        let name = operation["operationId"].as_str().unwrap();
        assert!(operation_ids.insert(name), "{name} is there twice");
        assert!(
            operation["description"]
                .as_str()
                .is_some_and(|text| text.ends_with('.'))
        );
    }
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

#[test]
fn the_document_of_a_workspace_has_its_custom_fields() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let plan = json!({
        "object_type": "contact", "key": "plan", "type": "select", "required": true,
        "options": { "choices": ["free", "pro"] },
    });
    user.create("/v1/schema/fields", plan);
    let document = user.get("/v1/openapi.json").is(200);
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let create = &document["components"]["schemas"]["ContactCreate"];
    let faults = |metadata: Value| {
        check
            .faults(
                create,
                &json!({ "email": "a@example.com", "metadata": metadata }),
            )
            .len()
    };
    assert_eq!(faults(json!({ "plan": "pro", "other": 1 })), 0);
    assert_ne!(faults(json!({ "plan": "Pro" })), 0);
    assert_ne!(faults(json!({})), 0, "`plan` is required");
    let update = &document["components"]["schemas"]["ContactUpdate"];
    assert_eq!(
        check.faults(update, &json!({ "metadata": { "plan": null } })),
        Vec::<String>::new()
    );
    let stranger = world
        .user("other", Mode::Test)
        .get("/v1/openapi.json")
        .is(200);
    assert_eq!(
        stranger,
        user.get("/openapi.json").is(200),
        "one without any is the general one"
    );
}

#[test]
fn the_document_for_older_tools_says_the_same_in_older_words() {
    let world = World::new();
    let user = world.stranger();
    let [new, old] = ["/openapi.json", "/openapi-3.0.json"].map(|path| user.get(path).is(200));
    assert_eq!(
        (&new["openapi"], &old["openapi"]),
        (&json!("3.1.0"), &json!("3.0.3"))
    );
    let names = |document: &Value| -> Vec<String> {
        operations(document)
            .map(|(path, method, _)| format!("{method} {path}"))
            .collect()
    };
    assert_eq!(names(&new), names(&old));
    let refused = &old["paths"]["/v1/contacts/{id}"]["get"]["responses"];
    assert!(refused.get("304").is_none() && refused.get("404").is_some());
    let text = old.to_string();
    for word in [
        "\"const\":",
        "\"null\"",
        "\"webhooks\":{",
        "\"identifier\":",
        "\"anyOf\":",
    ] {
        assert!(!text.contains(word), "{word}");
    }
    let contact = &old["components"]["schemas"]["Contact"]["properties"];
    assert_eq!(contact["email"]["nullable"], true);
    assert_eq!(contact["object"]["enum"], json!(["contact"]));
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let world = World::new();
    for path in ["/openapi.json", "/openapi-3.0.json"] {
        let document = world.stranger().get(path).is(200);
        let text = document.to_string();
        let used = text.split("\"#/components/").skip(1);
        let used: BTreeSet<&str> = used.map(|rest| rest.split('"').next().unwrap()).collect();
        let sections = document["components"].as_object().unwrap().iter();
        let sections = sections.filter(|(section, _)| *section != "securitySchemes");
        let there = sections.flat_map(|(section, components)| {
            let names = components.as_object().unwrap().keys();
            names.map(move |name| format!("{section}/{name}"))
        });
        let there: BTreeSet<String> = there.collect();
        assert_eq!(used, there.iter().map(String::as_str).collect(), "{path}");
    }
}
