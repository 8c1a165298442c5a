//! Settings of objects over HTTP: whether `metadata` takes members that no custom field is for.

use relm_core::Mode;
use serde_json::{Value, json};

use super::imports::{import, work_off};
use super::schema_check::SchemaCheck;
use super::session::{User, World, id};

const SETTINGS: &str = "/v1/schema/contacts";

fn settings(unknown_members: &str) -> Value {
    json!({ "object": "object_settings", "object_type": "contact", "unknown_members": unknown_members })
}

fn set(user: &User<'_>, unknown_members: &str) -> Value {
    user.patch(SETTINGS, json!({ "unknown_members": unknown_members }))
        .is(200)
}

fn plan(user: &User<'_>) -> String {
    let body = json!({ "object_type": "contact", "key": "plan", "type": "text" });
    id(&user.create("/v1/schema/fields", body))
}

#[test]
fn settings_are_read_and_changed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    assert_eq!(user.get(SETTINGS).is(200), settings("accept"));
    assert_eq!(user.patch(SETTINGS, json!({})).is(200), settings("accept"));
    assert_eq!(set(&user, "reject"), settings("reject"));
    assert_eq!(user.get(SETTINGS).is(200), settings("reject"));
    let again = user.patch(SETTINGS, settings("reject"));
    assert_eq!(again.is(200), settings("reject"));
    let schema = user.get("/v1/schema").is(200);
    let strict = schema["objects"].as_array().unwrap().iter();
    let strict: Vec<&Value> = strict.map(|object| &object["unknown_members"]).collect();
    assert_eq!(strict, ["reject", "accept", "accept", "accept"]);
    assert_eq!(schema["objects"][0]["custom_fields"], json!([]));
    let others = world.user("other", Mode::Live);
    assert_eq!(others.get(SETTINGS).is(200), settings("accept"));
    // It is kept as what is said of the member `metadata`.
    let fields = user.get("/v1/schema/fields").is(200);
    let [definition] = &fields["data"].as_array().unwrap()[..] else {
        panic!("one definition: {fields}");
    };
    for (name, value) in [
        ("key", json!("metadata")),
        ("type", json!("json")),
        ("built_in", json!(true)),
        ("unknown_members", json!("reject")),
    ] {
        assert_eq!(definition[name], value);
    }
    let path = format!("/v1/schema/fields/{}", id(definition));
    user.patch(&path, json!({ "unknown_members": "accept" }))
        .fails(422, "validation_failed", "unknown_members");
    user.patch(&path, json!({ "required": true }))
        .fails(422, "validation_failed", None);
    user.delete(&path).is(200);
    assert_eq!(user.get(SETTINGS).is(200), settings("accept"));
}

#[test]
fn what_settings_refuse() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (body, code, field) in [
        (
            json!({ "unknown_members": "no" }),
            "unknown_value",
            "unknown_members",
        ),
        (
            json!({ "unknown_members": null }),
            "validation_failed",
            "unknown_members",
        ),
        (
            json!({ "unknown_members": true }),
            "validation_failed",
            "unknown_members",
        ),
        (
            json!({ "object_type": "deal" }),
            "validation_failed",
            "object_type",
        ),
        (json!({ "unknown": "reject" }), "unknown_field", "unknown"),
    ] {
        user.patch(SETTINGS, body).fails(422, code, field);
    }
    user.get("/v1/schema/contact").fails(404, "not_found", None);
    let matched = user
        .ask("PATCH", SETTINGS)
        .header("if-match", "\"1\"")
        .json(&json!({ "unknown_members": "reject" }))
        .send();
    matched.fails(400, "bad_request", "If-Match");
    let dry = user
        .ask("PATCH", SETTINGS)
        .header("relm-dry-run", "true")
        .json(&json!({ "unknown_members": "reject" }))
        .send();
    assert_eq!(dry.is(200), settings("reject"));
    assert_eq!(user.get(SETTINGS).is(200), settings("accept"));
}

#[test]
fn a_member_that_no_field_is_for_is_refused_with_the_nearest() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    plan(&user);
    let body = json!({ "email": "ada@example.com", "metadata": { "paln": "pro" } });
    let before = user.create("/v1/contacts", body.clone());
    set(&user, "reject");
    let late = json!({ "email": "eva@example.com", "metadata": { "paln": "pro" } });
    let expected = json!({
        "code": "unknown_field", "field": "metadata.paln", "suggestion": "plan", "valid_options": ["plan"],
        "message": "`metadata` of a contact takes defined members alone, and no custom field is called `paln`. Did you mean `plan`?",
    });
    assert_eq!(user.post("/v1/contacts", late.clone()).error(422), expected);
    let upsert = user
        .ask("PUT", "/v1/contacts?dedup_on=email")
        .json(&late)
        .send();
    assert_eq!(upsert.error(422), expected);
    let operation = json!({ "op": "create", "object": "contact", "data": late });
    let refused = user.post("/v1/batch", json!({ "operations": [operation] }));
    refused.fails(422, "unknown_field", "operations[0].data.metadata.paln");
    let rows = json!({ "contacts": [late] });
    let rows = user.post("/v1/contacts/batch", rows).is(200);
    assert_eq!(
        rows["data"][0]["error"]["field"],
        "contacts[0].metadata.paln"
    );
    let path = format!("/v1/contacts/{}", id(&before));
    user.patch(&path, json!({ "metadata": { "paln": "free" } }))
        .fails(422, "unknown_field", "metadata.paln");
    let kept = user.patch(&path, json!({ "phone": "1", "metadata": body["metadata"] }));
    assert_eq!(kept.is(200)["metadata"], json!({ "paln": "pro" }));
    let query = "&mapping=%7B%22Plan%22%3A%22metadata.paln%22%7D";
    let queued = import(&user, query, "email,Plan\nnew@example.com,pro\n");
    work_off(&world);
    let errors = user.get(&format!("/v1/imports/{}/errors", id(&queued)));
    assert!(
        errors.text.contains("unknown_field,metadata.paln"),
        "{}",
        errors.text
    );
}

#[test]
fn the_workspace_s_document_takes_defined_members_alone() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    set(&user, "reject");
    let faults = |metadata: Value, schema: &str| {
        let document = user.get("/v1/openapi.json").is(200);
        let check = SchemaCheck {
            document: &document,
            open: false,
        };
        let schema = &document["components"]["schemas"][schema];
        let contact = json!({ "email": "a@example.com", "metadata": metadata });
        check.faults(schema, &contact).len()
    };
    assert_eq!(faults(json!({}), "ContactCreate"), 0);
    assert_ne!(faults(json!({ "plan": "pro" }), "ContactCreate"), 0);
    plan(&user);
    assert_eq!(faults(json!({ "plan": "pro" }), "ContactCreate"), 0);
    assert_ne!(faults(json!({ "x": 1 }), "ContactCreate"), 0);
    assert_eq!(
        faults(json!({ "x": 1 }), "ContactUpdate"),
        0,
        "it may be there"
    );
    let company = json!({ "name": "Engines", "metadata": { "x": 1 } });
    let document = user.get("/v1/openapi.json").is(200);
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let schema = &document["components"]["schemas"]["CompanyCreate"];
    assert_eq!(check.faults(schema, &company), Vec::<String>::new());
}
