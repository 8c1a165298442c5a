//! Changes of custom fields that are refused: for records, for a renaming that is under way, and for what a key may do.

use relm_core::Mode;
use serde_json::{Value, json};

use super::field_changes::{choices, on, plan};
use super::keys::with_key;
use super::session::{User, World, id};

/// Twice so many contacts with a plan.
fn many(user: &User<'_>, half: usize, plan: &str) {
    let contact = json!({ "metadata": { "plan": plan } });
    for _ in 0..2 {
        let contacts = vec![contact.clone(); half];
        let made = user.post("/v1/contacts/batch", json!({ "contacts": contacts }));
        assert_eq!(made.is(200)["created"], half);
    }
}

#[test]
fn a_change_is_refused_with_all_its_reasons() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let pro = on(&user, "pro");
    let bare = ["a@example.com", "b@example.com"].map(|email| user.contact(email));
    let mut body = choices(json!(["free"]));
    body["required"] = json!(true);
    let refused = user.patch(&path, body).error(409);
    let expected = json!({
        "code": "conflict", "field": "options.choices", "count": 1, "ids": [pro],
        "message": "1 contact record has a choice that would be removed (pro) in `metadata.plan`. 2 contact records have no value in \
                    `metadata.plan`. Change them first, or send `\"force\": true`: it binds each of them from its next write on.",
    });
    assert_eq!(refused, expected);
    let mut body = choices(json!(["free"]));
    (body["force"], body["enforce"]) = (json!(true), json!("on_change"));
    user.patch(&path, body).is(200);
    let both = json!({ "required": true, "enforce": "always" });
    let refused = user.patch(&path, both).error(409);
    let expected = json!({
        "code": "conflict", "field": "required", "count": 2, "ids": [bare[1], bare[0]],
        "message": "2 contact records have no value in `metadata.plan`. 1 contact record does not keep to the definition in \
                    `metadata.plan`. Change them first, or send `\"force\": true`: it binds each of them from its next write on.",
    });
    assert_eq!(refused, expected);
}

#[test]
fn a_field_cannot_be_removed_while_a_choice_is_renamed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    many(&user, 450, "pro");
    user.patch(&path, json!({ "enforce": "on_change" })).is(200);
    let renamed = choices(json!(["free", { "from": "pro", "to": "team" }]));
    let began = user.patch(&path, renamed.clone()).is(202);
    assert_eq!(began["options"]["renaming"][0]["from"], "pro");
    user.delete(&path)
        .fails(409, "conflict", "options.renaming");
    // The former name is no other value than the new one.
    let usage = user.get(&format!("{path}/usage")).is(200);
    assert_eq!(
        (&usage["invalid"], &usage["choices"][1]["count"]),
        (&json!(0), &json!(900))
    );
    user.patch(&path, json!({ "enforce": "always" })).is(200);
    let mistyped = choices(json!(["free", { "from": "prp", "to": "team" }, "more"]));
    user.patch(&path, mistyped)
        .fails(422, "unknown_value", "options.choices");
    let done = user.patch(&path, renamed).is(200);
    assert!(done["options"].get("renaming").is_none());
    user.delete(&path).is(200);
}

#[test]
fn what_concerns_records_needs_their_scopes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let contact = on(&user, "pro");
    let limited = |scopes: Value| with_key(&user, json!({ "scopes": scopes }));
    let fields = limited(json!(["fields:read", "fields:write"]));
    let reader = limited(json!(["fields:read", "fields:write", "contacts:read"]));
    let writer = limited(json!(["fields:write", "contacts:write"]));
    let both = limited(json!(["fields:write", "contacts:read", "contacts:write"]));
    let renamed = choices(json!(["free", { "from": "pro", "to": "team" }]));
    for (key, body, needed) in [
        (&fields, json!({ "required": true }), "`contacts:read`"),
        (&fields, json!({ "enforce": "always" }), "`contacts:read`"),
        (&fields, choices(json!(["free"])), "`contacts:read`"),
        (&fields, renamed.clone(), "`contacts:write`"),
        (&reader, renamed.clone(), "`contacts:write`"),
        (&writer, renamed.clone(), "`contacts:read`"),
    ] {
        let error = key.patch(&path, body).error(403);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(needed), "{message}");
    }
    let usage = format!("{path}/usage");
    fields.get(&usage).fails(403, "forbidden", None);
    reader.get(&usage).is(200);
    fields.patch(&path, json!({ "label": "Plan" })).is(200);
    reader.patch(&path, choices(json!(["pro"]))).is(200);
    let unchanged = user.get(&format!("/v1/contacts/{contact}")).is(200);
    assert_eq!(unchanged["version"], 1);
    let renamed = choices(json!([{ "from": "pro", "to": "team" }]));
    both.patch(&path, renamed.clone()).is(200);
    let nowhere = "/v1/schema/fields/fld_01M831GNF9KYA241N0ATBGWAZ1";
    fields.patch(nowhere, renamed).fails(404, "not_found", None);
    fields
        .get(&format!("{nowhere}/usage"))
        .fails(404, "not_found", None);
}

#[test]
fn an_operation_of_a_batch_has_few_warnings() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let metadata = json!({ "a": "y", "b": "y", "c": "y", "d": "y" });
    let contact = id(&user.create("/v1/contacts", json!({ "metadata": metadata })));
    for key in ["a", "b", "c", "d"] {
        let body = json!({
            "object_type": "contact", "key": key, "type": "select", "enforce": "on_change", "options": { "choices": ["x"] },
        });
        user.create("/v1/schema/fields", body);
    }
    let update = json!({ "op": "update", "id": contact, "data": { "phone": "1" } });
    let report = user.post("/v1/batch", json!({ "operations": [update] }));
    let report = report.is(200);
    let warnings = report["data"][0]["record"]["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 3);
    let is_short = |warning: &Value| warning.get("valid_options").is_none();
    assert!(warnings.iter().all(is_short), "{report}");
    let alone = user.patch(&format!("/v1/contacts/{contact}"), json!({ "phone": "2" }));
    let warnings = alone.is(200)["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 4);
    assert_eq!(warnings[0]["valid_options"], json!(["x"]));
}
