//! The OpenAPI documents, held to what the API does.

mod answers;
mod requests;

use std::collections::BTreeSet;

use relm_core::Mode;
use serde_json::{Value, json};

use super::schema_check::SchemaCheck;
use super::session::World;

/// Each operation of a document, with its path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (&**path, &**method, operation))
    })
}

#[test]
fn each_operation_of_the_document_is_served_and_named_once() {
    let world = World::new();
    let stranger = world.stranger();
    let document = stranger.get("/openapi.json").is(200);
    let tags = document["tags"].as_array().unwrap().iter();
    let tags: BTreeSet<&str> = tags.map(|tag| tag["name"].as_str().unwrap()).collect();
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
        let [tag] = operation["tags"].as_array().unwrap().as_slice() else {
            panic!("{method} {path} has one tag");
        };
        assert!(tags.contains(tag.as_str().unwrap()), "{tag} is described");
        let name = operation["operationId"].as_str().unwrap();
        assert!(operation_ids.insert(name), "{name} is there twice");
        assert!(
            operation["description"]
                .as_str()
                .is_some_and(|text| text.ends_with('.'))
        );
    }
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
