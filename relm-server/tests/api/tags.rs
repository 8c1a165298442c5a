//! What people bring along of each record: tags, a set of texts that is replaced, or changed by what is added and removed; who looks after
//! it; and a whole name.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{User, World, id, ids};

const LISTS: [(&str, &str); 4] = [
    ("contacts", r#"{"email": "ada@example.com"}"#),
    ("companies", r#"{"name": "Engines"}"#),
    ("deals", r#"{"title": "Engine"}"#),
    ("activities", r#"{"type": "call"}"#),
];

fn made(user: &User<'_>, list: &str, body: &str, tags: Value) -> Value {
    let mut body: Value = serde_json::from_str(body).unwrap();
    body["tags"] = tags;
    user.create(&format!("/v1/{list}"), body)
}

#[test]
fn each_object_has_tags_that_are_found_changed_and_told_of() {
    for (list, body) in LISTS {
        let world = World::new();
        let user = world.user("acme", Mode::Live);
        let record = made(&user, list, body, json!([" lead ", "2026", "lead"]));
        assert_eq!(record["tags"], json!(["lead", "2026"]), "{list}");
        let path = format!("/v1/{list}/{}", id(&record));
        let change = json!({ "tags": { "add": ["vip", "2026"], "remove": ["lead", "cold"] } });
        let changed = user.patch(&path, change.clone()).is(200);
        assert_eq!(
            (&changed["tags"], &changed["version"]),
            (&json!(["2026", "vip"]), &json!(2))
        );
        // What changes nothing is no change: neither the same again, nor the same in another order.
        for same in [change, json!({ "tags": ["vip", "2026"] })] {
            assert_eq!(user.patch(&path, same).is(200), changed);
        }
        let found = |query: &str| {
            let found = user.get(&format!("/v1/{list}?{query}")).is(200);
            ids(&found).len()
        };
        assert_eq!(found("filter[tags]=vip"), 1);
        assert_eq!(found("tags=2026&filter[tags][in]=nobody,vip"), 1);
        assert_eq!(found("filter[tags]=VIP"), 0);
        assert_eq!(found("filter[tags][neq]=vip"), 0);
        assert_eq!(
            found("filter[tags][neq]=lead&filter[tags][is_null]=false"),
            1
        );
        let searched = user.get(&format!(
            "/v1/search?q=vip&types={}",
            record["object"].as_str().unwrap()
        ));
        assert_eq!(ids(&searched.is(200)), [id(&record)], "{list}");
        let events = user
            .get(&format!("/v1/events?filter[record_id]={}", id(&record)))
            .is(200);
        assert_eq!(
            events["data"][0]["previous"],
            json!({ "tags": ["lead", "2026"] })
        );
        let history = user.get(&format!("{path}/history")).is(200);
        let first = &history["data"][0]["changes"]["tags"];
        assert_eq!(
            *first,
            json!({ "from": ["lead", "2026"], "to": ["2026", "vip"] })
        );
        assert_eq!(
            user.patch(&path, json!({ "tags": null })).is(200)["tags"],
            json!([])
        );
        assert_eq!(found("filter[tags][is_null]=true"), 1);
    }
}

#[test]
fn rows_and_upserts_take_what_is_added_and_removed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    made(&user, LISTS[0].0, LISTS[0].1, json!(["lead"]));
    let rows = json!({ "dedup_on": ["email"], "contacts": [
        { "email": "ada@example.com", "tags": { "add": ["vip"] } },
        { "email": "grace@example.com", "tags": { "add": ["vip"], "remove": ["lead"] } },
        { "email": "ada@example.com", "tags": { "remove": ["lead"] } },
    ]});
    let report = user.post("/v1/contacts/batch", rows).is(200);
    let tags = |row: usize| report["data"][row]["contact"]["tags"].clone();
    assert_eq!(
        [tags(0), tags(1), tags(2)],
        [json!(["lead", "vip"]), json!(["vip"]), json!(["vip"])]
    );
    let put = user.ask("PUT", "/v1/contacts?dedup_on=email");
    let body = json!({ "email": "ada@example.com", "tags": { "add": ["2026"] } });
    assert_eq!(
        put.json(&body).send().is(200)["tags"],
        json!(["vip", "2026"])
    );
}

#[test]
fn what_tags_cannot_be_is_named() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    for (tags, field) in [
        (json!("vip"), "tags"),
        (json!([1]), "tags"),
        (json!([""]), "tags"),
        (json!(["x".repeat(65)]), "tags"),
        (json!(many), "tags"),
        (json!({}), "tags"),
        (json!({ "add": "vip" }), "tags.add"),
        (json!({ "add": ["a"], "remove": ["a"] }), "tags"),
    ] {
        let body = json!({ "email": "ada@example.com", "tags": tags });
        user.post("/v1/contacts", body)
            .fails(422, "validation_failed", field);
    }
    let body = json!({ "email": "ada@example.com", "tags": { "push": ["a"] } });
    let error = user.post("/v1/contacts", body).error(422);
    assert_eq!(
        (&error["field"], &error["suggestion"]),
        (&json!("tags.push"), &json!("add"))
    );
    for (query, said) in [
        ("filter[tags][ilike]=v%25", "of type list"),
        ("filter[tags][contains]=vip", "`filter[tags]=vip`"),
    ] {
        let error = user.get(&format!("/v1/contacts?{query}")).error(400);
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

/// A member of `metadata` that is called as tags are is what it was before there were any.
#[test]
fn tags_in_metadata_stay_what_they_are() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "email": "ada@example.com", "metadata": { "tags": ["vip", "early bird"] } });
    let made = user.create("/v1/contacts", body);
    assert_eq!(
        (&made["tags"], &made["metadata"]["tags"]),
        (&json!([]), &json!(["vip", "early bird"]))
    );
    assert_eq!(ids(&user.get("/v1/search?q=early").is(200)), [id(&made)]);
    assert_eq!(
        ids(&user.get("/v1/contacts?filter[tags]=vip").is(200)),
        [""; 0]
    );
}

/// An endpoint hears of changes of tags, and of those alone, if it asks for that.
#[test]
fn an_endpoint_asks_for_changes_of_tags() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = json!({
        "url": "https://example.com", "event_types": ["contact.updated"],
        "filter": { "changed": ["tags"], "where": { "tags": ["vip"] } },
    });
    let made_hook = user.post("/v1/webhooks", webhook);
    let hook = id(&made_hook.is(201));
    let contact = made(&user, LISTS[0].0, LISTS[0].1, json!([]));
    let path = format!("/v1/contacts/{}", id(&contact));
    for change in [
        json!({ "phone": "1" }),
        json!({ "tags": { "add": ["lead"] } }),
        json!({ "tags": { "add": ["vip"] } }),
        json!({ "phone": "2" }),
    ] {
        user.patch(&path, change).is(200);
    }
    let sent = user.get(&format!("/v1/webhooks/{hook}/deliveries")).is(200);
    assert_eq!(sent["data"].as_array().unwrap().len(), 1, "{sent}");
}

/// Who looks after a record is asked for; a contact is not known by that, nor by its tags.
#[test]
fn an_owner_is_asked_for_and_identifies_nobody() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (list, body) in LISTS.into_iter().take(3) {
        let mut body: Value = serde_json::from_str(body).unwrap();
        body["owner"] = json!("grace@example.com");
        let record = user.create(&format!("/v1/{list}"), body);
        let found = user
            .get(&format!("/v1/{list}?filter[owner]=grace@example.com"))
            .is(200);
        assert_eq!(ids(&found), [id(&record)], "{list}");
        let path = format!("/v1/{list}/{}", id(&record));
        assert_eq!(
            user.patch(&path, json!({ "owner": null })).is(200)["owner"],
            Value::Null
        );
        let left = user
            .get(&format!("/v1/{list}?filter[owner][is_null]=false"))
            .is(200);
        assert_eq!(ids(&left), [""; 0]);
    }
    for body in [json!({ "owner": "Grace" }), json!({ "tags": ["vip"] })] {
        user.post("/v1/contacts", body)
            .fails(422, "identifier_required", None);
    }
    let error = user
        .post("/v1/deals", json!({ "title": "A", "owner_id": "x" }))
        .error(422);
    assert_eq!(error["suggestion"], "owner");
}

/// A name that was not given in parts is kept as it was written, and found by its words.
#[test]
fn a_whole_name_is_kept_as_it_was_written() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.create("/v1/contacts", json!({ "name": "Ng Mei-Ling" }));
    let parts = (&made["name"], &made["first_name"], &made["last_name"]);
    assert_eq!(parts, (&json!("Ng Mei-Ling"), &Value::Null, &Value::Null));
    assert_eq!(ids(&user.get("/v1/search?q=mei+ng").is(200)), [id(&made)]);
    let found = user.get("/v1/contacts?filter[name][ilike]=ng%25").is(200);
    assert_eq!(ids(&found), [id(&made)]);
    let parts = user.create(
        "/v1/contacts",
        json!({ "first_name": "Ada", "last_name": "Lovelace" }),
    );
    assert_eq!(parts["name"], Value::Null, "it is made of no parts");
}
