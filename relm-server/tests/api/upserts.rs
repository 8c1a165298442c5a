//! Rows and single records that are known by unique members.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{World, id};

/// A unique field of an object.
fn unique(object_type: &str) -> Value {
    json!({ "object_type": object_type, "key": "no", "type": "text", "unique": true })
}

#[test]
fn a_put_makes_a_record_once_and_changes_it_then() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = "/v1/contacts?dedup_on=email";
    let ada = json!({ "email": "ada@example.com", "first_name": "Ada" });
    let made = user.ask("PUT", path).json(&ada).send();
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.is(201);
    let same = user.ask("PUT", path).json(&ada).send();
    assert_eq!(same.is(200), made);
    let more = json!({ "email": "ADA@example.com", "phone": "1" });
    let stale = user.ask("PUT", path).header("if-match", "\"7\"");
    assert_eq!(
        stale.json(&more).send().error(412)["code"],
        "version_conflict"
    );
    let changed = user.ask("PUT", path).header("if-match", "\"1\"");
    let changed = changed.json(&more).send().is(200);
    assert_eq!(changed["id"], made["id"]);
    assert_eq!(
        (&changed["first_name"], &changed["phone"]),
        (&json!("Ada"), &json!("1"))
    );
    let new = json!({ "email": "new@example.com" });
    let expected = user.ask("PUT", path).header("if-match", "\"1\"");
    expected.json(&new).send().error(412);
    let dry = user.ask("PUT", path).header("relm-dry-run", "true");
    dry.json(&new).send().is(201);
    let once = || {
        let ask = user.ask("PUT", path).header("idempotency-key", "k");
        ask.json(&new).send()
    };
    let first = once().is(201);
    let again = once();
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.is(201), first);
}

#[test]
fn a_put_says_by_what_a_record_is_known() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let put = |path: &str, body: Value| user.ask("PUT", path).json(&body).send();
    let none = put("/v1/deals", json!({ "title": "A" })).error(400);
    assert_eq!(none["field"], "dedup_on");
    let unknown = put("/v1/deals?dedup_on=title", json!({ "title": "A" })).error(422);
    assert_eq!(unknown["code"], "unknown_value");
    let unknown = put("/v1/contacts?dedup_on=emial", json!({})).error(422);
    assert_eq!(unknown["suggestion"], "email");
    let other = put("/v1/contacts?match=email", json!({})).error(400);
    assert_eq!(other["suggestion"], "dedup_on");
}

#[test]
fn every_object_has_batches_of_rows() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (plural, object, member) in [
        ("contacts", "contact", "first_name"),
        ("companies", "company", "name"),
        ("deals", "deal", "title"),
        ("activities", "activity", "type"),
    ] {
        user.post("/v1/schema/fields", unique(object)).is(201);
        let row = |no: &str, text: &str| json!({ member: text, "metadata": { "no": no } });
        let rows = [
            row("1", "call"),
            row("1", "call"),
            row("1", "note"),
            json!({ member: 5 }),
        ];
        let batch = json!({ plural: rows, "dedup_on": ["metadata.no"] });
        let done = user.post(&format!("/v1/{plural}/batch"), batch).is(200);
        let counts = ["created", "unchanged", "updated", "failed"].map(|name| done[name].clone());
        assert_eq!(counts, [1, 1, 1, 1].map(Value::from), "{plural}");
        assert_eq!(done["data"][2][object][member], "note");
        let failed = &done["data"][3];
        assert_eq!(failed["error"]["field"], format!("{plural}[3].{member}"));
        let atomic = json!({ plural: [row("1", "call")], "atomic": true });
        let error = user.post(&format!("/v1/{plural}/batch"), atomic).error(409);
        assert_eq!(error["field"], format!("{plural}[0].metadata.no"));
        assert_eq!(error["existing_id"], done["data"][0]["id"]);
    }
    let eleven = vec!["email"; 11];
    let batch = json!({ "contacts": [{}], "dedup_on": eleven });
    let error = user.post("/v1/contacts/batch", batch).error(422);
    assert_eq!(error["field"], "dedup_on");
}

#[test]
fn values_of_several_records_are_ambiguous() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.post("/v1/schema/fields", unique("contact")).is(201);
    let ada = json!({ "email": "ada@example.com" });
    let ada = id(&user.post("/v1/contacts", ada).is(201));
    let eva = id(&user
        .post("/v1/contacts", json!({ "metadata": { "no": "1" } }))
        .is(201));
    let both = json!({ "email": "ada@example.com", "metadata": { "no": "1" } });
    let put = user.ask("PUT", "/v1/contacts?dedup_on=email,metadata.no");
    let error = put.json(&both).send().error(409);
    assert_eq!(error["code"], "ambiguous_match");
    assert_eq!(error["ids"], json!([ada, eva]));
    let operation = json!({
        "op": "update", "object": "contact", "match": { "email": "ada@example.com", "metadata.no": "1" }, "data": { "phone": "1" },
    });
    let error = user
        .post("/v1/batch", json!({ "operations": [operation] }))
        .error(409);
    assert_eq!(error["code"], "ambiguous_match");
    let unknown = json!({
        "op": "delete", "object": "company", "match": { "name": "Acme" },
    });
    let error = user
        .post("/v1/batch", json!({ "operations": [unknown] }))
        .error(422);
    assert_eq!(error["field"], "operations[0].match");
}
