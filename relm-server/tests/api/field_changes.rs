//! Custom fields that change: what is asked of a change, what it means for records, and choices that get other names.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id};

const FIELDS: &str = "/v1/schema/fields";

/// A `select` of contacts with these choices; its path.
pub fn plan(user: &User<'_>, choices: &[&str]) -> String {
    let body = json!({
        "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": choices },
    });
    format!("{FIELDS}/{}", id(&user.create(FIELDS, body)))
}

pub fn on(user: &User<'_>, plan: &str) -> String {
    id(&user.create("/v1/contacts", json!({ "metadata": { "plan": plan } })))
}

pub fn choices(choices: Value) -> Value {
    json!({ "options": { "choices": choices } })
}

#[test]
fn a_definition_is_read_and_changed_as_a_record_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let made = user.get(&path);
    assert_eq!(made.header("etag"), "\"1\"");
    let known = user
        .ask("GET", &path)
        .header("if-none-match", "\"1\"")
        .send();
    assert_eq!(known.status, 304);
    let body = json!({ "label": "Plan", "description": "What they pay for", "required": true, "position": 3, "enforce": "on_change" });
    let changed = user
        .ask("PATCH", &path)
        .header("if-match", "\"1\"")
        .json(&body)
        .send();
    assert_eq!((changed.status, &*changed.header("etag")), (200, "\"2\""));
    let expected = json!({
        "id": made.is(200)["id"], "object": "field", "object_type": "contact", "key": "plan", "label": "Plan",
        "description": "What they pay for", "type": "select", "required": true, "enforce": "on_change",
        "options": { "choices": ["free", "pro"] }, "position": 3, "version": 2, "mode": "live", "unique": false,
        "created_at": START, "updated_at": START,
    });
    assert_eq!(changed.json(), expected);
    let late = user
        .ask("PATCH", &path)
        .header("if-match", "\"1\"")
        .json(&body)
        .send();
    late.fails(412, "version_conflict", None);
    // As it is shown, it may be sent again.
    let again = user.patch(&path, expected.clone());
    assert_eq!((&*again.header("etag"), again.json()), ("\"2\"", expected));
    let late = user.ask("DELETE", &path).header("if-match", "\"1\"").send();
    late.fails(412, "version_conflict", None);
    user.ask("DELETE", &path)
        .header("if-match", "\"2\"")
        .send()
        .is(200);
    user.get(&path).fails(404, "not_found", None);
    user.patch(&path, body).fails(404, "not_found", None);
    user.get(&format!("{path}/usage"))
        .fails(404, "not_found", None);
}

#[test]
fn what_a_change_of_a_definition_refuses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    for (name, value) in [
        ("key", json!("tier")),
        ("type", json!("text")),
        ("object_type", json!("deal")),
    ] {
        let refused = user.patch(&path, json!({ name: value })).error(422);
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("validation_failed"), &json!(name))
        );
        assert!(
            refused["message"]
                .as_str()
                .unwrap()
                .contains("cannot be changed")
        );
    }
    for (name, value, code) in [
        ("version", json!(7), "validation_failed"),
        ("required", json!(null), "validation_failed"),
        ("enforce", json!("never"), "unknown_value"),
        ("position", json!(1.5), "validation_failed"),
        ("label", json!(" "), "validation_failed"),
        ("unique", json!(true), "validation_failed"),
    ] {
        user.patch(&path, json!({ name: value }))
            .fails(422, code, name);
    }
}

#[test]
fn fields_are_shown_by_their_positions() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (key, position) in [
        ("a", json!(null)),
        ("b", json!(2)),
        ("c", json!(-1)),
        ("d", json!(null)),
    ] {
        let body =
            json!({ "object_type": "deal", "key": key, "type": "text", "position": position });
        user.create(FIELDS, body);
    }
    let schema = user.get("/v1/schema").is(200);
    let deal = schema["objects"].as_array().unwrap();
    let deal = deal.iter().find(|it| it["object_type"] == "deal").unwrap();
    let keys = deal["custom_fields"].as_array().unwrap().iter();
    let keys: Vec<&str> = keys.map(|field| field["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["c", "b", "a", "d"]);
}

#[test]
fn a_change_that_records_do_not_keep_to_says_how_many_and_which() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let ids: Vec<String> = (0..12).map(|_| on(&user, "pro")).collect();
    let bare = user.contact("bare@example.com");
    let first: Vec<&String> = ids.iter().rev().take(10).collect();
    let refused = user.patch(&path, choices(json!(["free"]))).error(409);
    let expected = json!({
        "code": "conflict", "field": "options.choices", "count": 12, "ids": first,
        "message": "12 contact records have a choice that would be removed (pro) in `metadata.plan`. Change them first, or send \
                    `\"force\": true`: it binds each of them from its next write on.",
    });
    assert_eq!(refused, expected);
    let refused = user.patch(&path, json!({ "required": true })).error(409);
    assert_eq!(
        (&refused["field"], &refused["count"], &refused["ids"]),
        (&json!("required"), &json!(1), &json!([bare]))
    );
    let dry = user.ask("PATCH", &path).header("relm-dry-run", "true");
    let dry = dry.json(&json!({ "required": true })).send();
    assert_eq!(dry.error(409), refused);
    // What is deleted counts for nothing.
    user.delete(&format!("/v1/contacts/{bare}")).is(200);
    user.patch(&path, json!({ "required": true })).is(200);
    let mut forced = choices(json!(["free", "team"]));
    forced["force"] = json!(true);
    let forced = user.patch(&path, forced).is(200);
    assert_eq!(forced["options"]["choices"], json!(["free", "team"]));
    let contact = format!("/v1/contacts/{}", ids[0]);
    user.patch(&contact, json!({ "phone": "1" }))
        .fails(422, "unknown_value", "metadata.plan");
}

#[test]
fn what_a_write_leaves_as_it_is_has_warnings() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let pro = format!("/v1/contacts/{}", on(&user, "pro"));
    let mut body = choices(json!(["free"]));
    (body["force"], body["enforce"]) = (json!(true), json!("on_change"));
    user.patch(&path, body).is(200);
    let warned = user.patch(&pro, json!({ "phone": "1" }));
    assert_eq!(&*warned.header("etag"), "\"2\"");
    let warned = warned.is(200);
    let expected = json!([{
        "code": "unknown_value", "message": "`metadata.plan` must be one of free, not \"pro\".", "field": "metadata.plan",
        "valid_options": ["free"],
    }]);
    assert_eq!(
        (&warned["warnings"], &warned["phone"]),
        (&expected, &json!("1"))
    );
    let unchanged = user.patch(&pro, json!({ "phone": "1" })).is(200);
    assert_eq!(
        (&unchanged["warnings"], &unchanged["version"]),
        (&expected, &json!(2))
    );
    assert!(
        user.get(&pro).is(200).get("warnings").is_none(),
        "what is kept has none"
    );
    user.patch(&pro, json!({ "metadata": { "plan": "team" } }))
        .fails(422, "unknown_value", "metadata.plan");
    let fixed = user
        .patch(&pro, json!({ "metadata": { "plan": "free" } }))
        .is(200);
    assert!(fixed.get("warnings").is_none());
    let other = user.post("/v1/contacts", json!({ "metadata": { "plan": "pro" } }));
    other.fails(422, "unknown_value", "metadata.plan");
    // To enforce it again is a change that records may not keep to.
    user.patch(&pro, json!({ "metadata": { "plan": null } }))
        .is(200);
    user.patch(&path, json!({ "required": true, "force": true }))
        .is(200);
    let refused = user.patch(&path, json!({ "enforce": "always" })).error(409);
    assert_eq!(
        (&refused["field"], &refused["count"]),
        (&json!("enforce"), &json!(1))
    );
}

#[test]
fn a_renamed_choice_is_renamed_where_it_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let contact = format!("/v1/contacts/{}", on(&user, "pro"));
    let deal = user.create(
        "/v1/deals",
        json!({ "title": "A", "metadata": { "plan": "pro" } }),
    );
    let renamed = choices(json!(["free", { "from": "pro", "to": "team" }]));
    let answered = user.patch(&path, renamed.clone());
    assert_eq!(answered.header("etag"), "\"3\"");
    assert_eq!(
        answered.is(200)["options"],
        json!({ "choices": ["free", "team"] })
    );
    let renamed_one = user.get(&contact).is(200);
    assert_eq!(
        (&renamed_one["metadata"], &renamed_one["version"]),
        (&json!({ "plan": "team" }), &json!(2))
    );
    assert_eq!(user.get(&format!("/v1/deals/{}", id(&deal))).is(200), deal);
    assert_eq!(user.patch(&path, renamed).is(200)["version"], 3);
    let history = user.get(&format!("{contact}/history")).is(200);
    let entry = &history["data"][0];
    assert_eq!(
        entry["changes"],
        json!({ "metadata.plan": { "from": "pro", "to": "team" } })
    );
    assert_eq!(
        (&entry["actor"]["type"], &entry["actor"]["id"]),
        (&json!("api_key"), &json!(user.key_id))
    );
    let events = user.get("/v1/events").is(200);
    let events = events["data"].as_array().unwrap();
    let types: Vec<&str> = events
        .iter()
        .take(3)
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["field.updated", "contact.updated", "field.updated"]);
    assert!(
        events[..3]
            .iter()
            .all(|it| it["request_id"] == events[0]["request_id"])
    );
    let began = &events[2];
    assert_eq!(
        began["previous"],
        json!({ "options": { "choices": ["free", "pro"] } })
    );
    assert_eq!(began["changed_fields"], json!(["options"]));
    let renaming = &began["data"]["options"]["renaming"];
    assert_eq!(
        (&renaming[0]["from"], &renaming[0]["to"]),
        (&json!("pro"), &json!("team"))
    );
    user.get("/v1/contacts?filter[metadata.plan]=team").is(200);
}

#[test]
fn a_usage_counts_values_and_choices() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for plan in ["pro", "free", "pro", "gone"] {
        on(&user, plan);
    }
    user.contact("bare@example.com");
    let path = plan(&user, &["free", "pro", "team"]);
    let usage = user.get(&format!("{path}/usage")).is(200);
    let field = path.rsplit('/').next().unwrap();
    let count = |choice: &str, count: u32| json!({ "choice": choice, "count": count });
    let expected = json!({
        "object": "field_usage", "field_id": field, "records": 5, "with_value": 4, "invalid": 1,
        "choices": [count("free", 1), count("pro", 2), count("team", 0)], "has_more": false, "next_cursor": null,
    });
    assert_eq!(usage, expected);
    user.get(&format!("{path}/usage?cursor=x"))
        .fails(400, "invalid_cursor", "cursor");
    user.get(&format!("{path}/usage?limit=5"))
        .fails(400, "bad_request", "limit");
    let list = user.get("/v1/contacts?limit=1").is(200);
    let foreign = list["next_cursor"].as_str().unwrap();
    user.get(&format!("{path}/usage?cursor={foreign}"))
        .fails(400, "invalid_cursor", "cursor");
}
