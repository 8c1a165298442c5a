//! Every write that the API has, made once.

use relm_core::{KeyAccess, Mode};
use serde_json::{Value, json};

use super::Rehearsal;

/// Makes every write once.
pub fn write_everything(user: &mut Rehearsal<'_>) {
    let hears = json!({ "url": "https://example.com/a", "event_types": ["*"] });
    let missed = user.create("/v1/contacts", json!({ "email": "eva@example.com" }));
    let webhook = user.create("/v1/webhooks", hears);
    let hook = format!("/v1/webhooks/{webhook}");
    let company = user.create("/v1/companies", json!({ "name": "Engines" }));
    let ada = json!({ "email": "ada@example.com", "company_id": company });
    let ada = user.create("/v1/contacts", ada);
    let deal = json!({ "title": "Engine", "primary_contact_id": ada });
    let deal = user.create("/v1/deals", deal);
    let activity = user.create("/v1/activities", json!({ "type": "call" }));
    let field = json!({ "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": ["free", "pro"] } });
    let field = user.create("/v1/schema/fields", field);
    let edge = json!({ "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal });
    let edge = user.create("/v1/associations", edge);
    let said = json!({ "since": "2026-07-02" });
    user.write("PATCH", &format!("/v1/associations/{edge}"), said);
    let key = user.create("/v1/keys", json!({ "scopes": ["deals:read"] }));
    let objects = [
        ("contacts", &ada, json!({ "metadata": { "plan": "pro" } })),
        ("companies", &company, json!({ "name": "Engine Works" })),
        ("deals", &deal, json!({ "stage": "won" })),
        ("activities", &activity, json!({ "subject": "Engine" })),
    ]
    .map(|(plural, id, change)| (format!("/v1/{plural}/{id}"), change));
    for (path, change) in &objects {
        user.write("PATCH", path, change.clone());
    }
    user.write("PATCH", &hook, json!({ "description": "all" }));
    undo_the_last_change(user, &company);
    merge_into_each(user, &objects);
    change_a_field(user, &format!("/v1/schema/fields/{field}"));
    write_a_batch(user);
    upsert_each(user);
    see_to_an_import(user);
    have_delivered(user, &hook, &missed);
    user.write("POST", &format!("/v1/keys/{key}/rotate"), Value::Null);
    let others = [
        format!("/v1/associations/{edge}"),
        format!("/v1/schema/fields/{field}"),
        format!("/v1/keys/{key}"),
        hook,
    ];
    let objects = objects.map(|(path, _)| path);
    for path in others.iter().chain(&objects) {
        user.write("DELETE", path, Value::Null);
    }
    for path in &objects {
        user.write("POST", &format!("{path}/restore"), Value::Null);
    }
    for path in &objects {
        user.write("DELETE", &format!("{path}?purge=true"), Value::Null);
    }
    set_objects(user);
}

/// Makes each object strict, and promotes a field that test mode has.
fn set_objects(user: &mut Rehearsal<'_>) {
    for plural in ["contacts", "companies", "deals", "activities"] {
        let strict = json!({ "unknown_members": "reject" });
        user.write("PATCH", &format!("/v1/schema/{plural}"), strict);
    }
    let live = &user.user;
    let test = live
        .world
        .another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let field = json!({ "object_type": "deal", "key": "promoted", "type": "text" });
    test.create("/v1/schema/fields", field);
    let planned = live.get("/v1/schema/promotion").is(200);
    user.write(
        "POST",
        "/v1/schema/promotion",
        json!({ "plan": planned["plan"] }),
    );
}

/// Merges another record into each.
fn merge_into_each(user: &mut Rehearsal<'_>, objects: &[(String, Value)]) {
    let others = [
        json!({ "phone": "12" }),
        json!({ "name": "Twin" }),
        json!({ "title": "Twin" }),
        json!({ "type": "twin" }),
    ];
    for ((path, _), other) in objects.iter().zip(others) {
        let (list, _) = path.rsplit_once('/').unwrap();
        let twin = user.create(list, other);
        let merged = user.write("POST", &format!("{path}/merge"), json!({ "from": [twin] }));
        assert_eq!(merged["merged_from"], json!([twin]));
    }
}

/// Undoes the request that changed a record last.
fn undo_the_last_change(user: &mut Rehearsal<'_>, id: &str) {
    let events = user.user.get(&format!("/v1/events?record_id={id}"));
    let events = events.is(200);
    let request = events["data"][0]["request_id"].as_str().unwrap();
    let undo = format!("/v1/requests/{request}/undo");
    let undone = user.write("POST", &undo, Value::Null);
    assert_eq!(undone["reverted"][0]["id"], id);
}

/// A definition that changes, as records keep to it and as they do not, and a choice that gets another name.
fn change_a_field(user: &mut Rehearsal<'_>, field: &str) {
    let renamed = json!(["free", { "from": "pro", "to": "team" }]);
    for change in [
        json!({ "label": "Plan", "position": 1, "enforce": "on_change" }),
        json!({ "options": { "choices": renamed } }),
    ] {
        user.write("PATCH", field, change);
    }
    let lost = json!({ "options": { "choices": ["free"] } });
    let error = user.refused(("PATCH", field), &[], lost, 409);
    assert_eq!(
        (&error["code"], &error["count"]),
        (&json!("conflict"), &json!(1))
    );
    let lost = json!({ "options": { "choices": ["free"] }, "force": true });
    user.write("PATCH", field, lost);
}

/// An import that is cancelled, undone, cancelled again and deleted.
fn see_to_an_import(user: &mut Rehearsal<'_>) {
    let import = crate::imports::import(&user.user, "", "email\nimported@example.com\n");
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    for action in ["cancel", "undo", "cancel"] {
        user.write("POST", &format!("{path}/{action}"), Value::Null);
    }
    user.write("DELETE", &path, Value::Null);
}

/// Rows that are created, changed, met twice and refused.
fn write_a_batch(user: &mut Rehearsal<'_>) {
    let rows = json!([
        { "email": "ADA@example.com", "last_name": "Lovelace" }, { "email": "new@example.com" },
        { "email": "new@example.com", "first_name": "Neo" }, { "email": "x" },
        { "company_id": "cmp_01M831K2VY6KP43J43158XNJT9", "email": "lost@example.com" },
    ]);
    let batch = json!({ "dedup_on": ["email"], "contacts": rows });
    user.write("POST", "/v1/contacts/batch", batch);
    let operations = json!([
        { "op": "create", "object": "company", "ref": "works", "data": { "name": "Works" } },
        { "op": "upsert", "object": "contact", "match": { "email": "new@example.com" }, "data": { "company_id": { "$ref": "works" } } },
        { "op": "link", "data": { "from_type": "company", "from_id": { "$ref": "works" }, "to_type": "contact",
          "to_id": "con_01M831K2VY6KP43J43158XNJT9" } },
        { "op": "delete", "object": "contact", "match": { "email": "new@example.com" } },
    ]);
    let batch = json!({ "operations": operations, "atomic": false });
    user.write("POST", "/v1/batch", batch);
}

/// Rows and single records of each object, known by a field that is unique.
fn upsert_each(user: &mut Rehearsal<'_>) {
    for (plural, object, member) in [
        ("contacts", "contact", "first_name"),
        ("companies", "company", "name"),
        ("deals", "deal", "title"),
        ("activities", "activity", "type"),
    ] {
        let field = json!({ "object_type": object, "key": "no", "type": "text", "unique": true });
        user.create("/v1/schema/fields", field);
        let row = |no: &str, text: &str| json!({ member: text, "metadata": { "no": no } });
        let rows = [row("1", "call"), row("2", "note"), row("1", "mail")];
        let batch = json!({ plural: rows, "dedup_on": ["metadata.no"] });
        user.write("POST", &format!("/v1/{plural}/batch"), batch);
        let one = format!("/v1/{plural}?dedup_on=metadata.no");
        user.write("PUT", &one, row("2", "call"));
        user.write("PUT", &one, row("3", "call"));
    }
}

/// What an endpoint can be asked to do; then it is disabled.
fn have_delivered(user: &mut Rehearsal<'_>, hook: &str, missed: &str) {
    user.write("POST", &format!("{hook}/rotate_secret"), Value::Null);
    let ping = user.create(&format!("{hook}/test"), Value::Null);
    let replay = format!("{hook}/replay/{ping}");
    user.write("POST", &replay, Value::Null);
    let since = json!({ "since": "2026-07-02T00:00:00Z" });
    let recovered = user.write("POST", &format!("{hook}/recover"), since);
    assert_eq!(recovered["recovered"], 1, "the event of {missed}");
    user.write("PATCH", hook, json!({ "enabled": false }));
}
