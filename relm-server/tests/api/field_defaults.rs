//! Defaults of fields over HTTP, and how the document of a workspace types these and limits.

use relm_core::Mode;
use serde_json::json;

use super::field_limits::{FIELDS, body, define};
use super::imports::{import, work_off};
use super::schema_check::SchemaCheck;
use super::session::{World, id};

#[test]
fn a_default_is_given_to_what_is_made_without_a_value() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let plan = json!({ "choices": ["free", "pro"], "default": "free" });
    let mut plan = body("plan", "select", &plan);
    plan["required"] = true.into();
    let plan = user.create(FIELDS, plan);
    define(
        &user,
        "mail",
        "email",
        json!({ "default": "Sales@Example.com" }),
    );
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let given = json!({ "mail": "sales@example.com", "plan": "free" });
    assert_eq!(ada["metadata"], given);
    let none = json!({ "email": "eva@example.com", "metadata": { "mail": null, "plan": "pro" } });
    let none = user.create("/v1/contacts", none);
    assert_eq!(none["metadata"], json!({ "plan": "pro" }));
    let refused = json!({ "email": "x@example.com", "metadata": { "plan": null } });
    user.post("/v1/contacts", refused)
        .fails(422, "validation_failed", "metadata.plan");
    user.post("/v1/contacts", json!({}))
        .fails(422, "identifier_required", None);
    let upsert = "/v1/contacts?dedup_on=email";
    let body = json!({ "email": "eva@example.com", "phone": "1" });
    let kept = user.ask("PUT", upsert).json(&body).send().is(200);
    assert_eq!(kept["metadata"], json!({ "plan": "pro" }));
    let body = json!({ "email": "new@example.com" });
    let made = user.ask("PUT", upsert).json(&body).send().is(201);
    assert_eq!(made["metadata"], given);
    import(
        &user,
        "&dedup_on=email",
        "email,plan\neva@example.com,\nfile@example.com,\n",
    );
    work_off(&world);
    let listed = user
        .get("/v1/contacts?filter[metadata.mail]=sales@example.com")
        .is(200);
    assert_eq!(listed["data"][0]["email"], "file@example.com");
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    let path = format!("{FIELDS}/{}", id(&plan));
    user.patch(&path, json!({ "options": { "choices": ["pro"] } }))
        .fails(422, "unknown_value", "options.default");
    let none = user
        .patch(&path, json!({ "options": { "default": null } }))
        .is(200);
    assert_eq!(none["options"], json!({ "choices": ["free", "pro"] }));
    user.post("/v1/contacts", json!({ "email": "y@example.com" }))
        .fails(422, "validation_failed", "metadata.plan");
}

#[test]
fn the_workspace_s_document_types_limits_and_defaults() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let seats = json!({ "min": 1, "max": 10, "integer": true, "default": 2 });
    define(&user, "seats", "number", seats);
    define(
        &user,
        "code",
        "text",
        json!({ "max_length": 8, "pattern": "^[A-Z]+$" }),
    );
    let document = user.get("/v1/openapi.json").is(200);
    let schemas = &document["components"]["schemas"];
    let member = |schema: &str, key: &str| schemas[schema]["properties"][key].clone();
    assert_eq!(
        member("ContactMetadataCreate", "seats"),
        json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 10, "default": 2, "description": "seats" })
    );
    assert_eq!(
        member("ContactMetadataUpdate", "code"),
        json!({ "type": ["string", "null"], "maxLength": 8, "pattern": "^[A-Z]+$", "description": "code" })
    );
    assert_eq!(
        member("ContactMetadata", "seats"),
        json!({ "type": "number", "description": "seats" }),
        "a record from before the limit has what it has"
    );
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let field = user.get(FIELDS).is(200)["data"][1].clone();
    let faults = check.faults(&schemas["CustomField"], &field);
    assert_eq!(faults, Vec::<String>::new());
    for name in ["CustomFieldCreate", "CustomFieldUpdate"] {
        let options = &schemas[name]["properties"]["options"]["properties"];
        for member in [
            "choices",
            "min",
            "max",
            "integer",
            "max_length",
            "pattern",
            "default",
        ] {
            assert!(
                options[member]["description"].is_string(),
                "{name} {member}"
            );
        }
    }
}
