//! Webhook endpoints and deliveries, as the API shows them. Nothing is sent here.

use relm_core::{KeyAccess, Mode};
use serde_json::{Value, json};

use super::session::{START, User, World, id, ids, whole_list};

const URL: &str = "https://example.com/hooks";

fn subscribe(user: &User<'_>, event_types: Value) -> String {
    id(&user.create(
        "/v1/webhooks",
        json!({ "url": URL, "event_types": event_types }),
    ))
}

fn deliveries(user: &User<'_>, webhook: &str) -> Value {
    user.get(&format!("/v1/webhooks/{webhook}/deliveries"))
        .is(200)
}

fn told(user: &User<'_>, webhook: &str) -> Vec<Value> {
    let list = deliveries(user, webhook);
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event_type"].clone())
        .collect()
}

#[test]
fn an_endpoint_is_changed_and_deleted() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!(
        "/v1/webhooks/{}",
        subscribe(&user, json!(["contact.created"]))
    );
    let mut expected = user.get(&path).is(200);
    assert_eq!(user.patch(&path, json!({})).is(200), expected);
    world.clock.advance_millis(1_000);
    let change = json!({ "url": "https://example.com/b", "event_types": ["*"], "description": "B", "enabled": false });
    for (name, value) in change.as_object().unwrap() {
        expected[name] = value.clone();
    }
    expected["updated_at"] = json!("2026-07-02T10:00:01.000Z");
    expected["disabled_reason"] = json!("requested");
    assert_eq!(user.patch(&path, change).is(200), expected);
    assert_eq!(
        user.get("/v1/webhooks").is(200),
        whole_list(json!([expected]))
    );
    assert_eq!(
        user.get("/v1/webhooks?enabled=true").is(200),
        whole_list(json!([]))
    );

    let gone = json!({ "id": id(&expected), "object": "webhook", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);
    let message = "There is no such webhook in this workspace and mode.";
    let absent = json!({ "code": "not_found", "message": message });
    assert_eq!(user.delete(&path).error(404), absent);
    assert_eq!(user.get(&path).error(404), absent);
    assert_eq!(user.patch(&path, json!({})).error(404), absent);
    assert_eq!(user.get(&format!("{path}/deliveries")).error(404), absent);
}

#[test]
fn what_an_endpoint_refuses() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    for (name, value, code) in [
        ("url", json!(null), "validation_failed"),
        ("url", json!("http://example.com"), "validation_failed"),
        ("url", json!("ftp://example.com"), "validation_failed"),
        ("url", json!("https://"), "validation_failed"),
        ("url", json!("https://exämple.com/"), "validation_failed"),
        (
            "url",
            json!("https://example.com:99999/"),
            "validation_failed",
        ),
        (
            "url",
            json!("https://user:password@example.com"),
            "validation_failed",
        ),
        (
            "url",
            json!(format!("https://example.com/{}", "x".repeat(2_000))),
            "validation_failed",
        ),
        ("event_types", json!(null), "validation_failed"),
        ("event_types", json!([]), "validation_failed"),
        ("event_types", json!([1]), "validation_failed"),
        ("event_types", json!(["contact.create"]), "unknown_value"),
        ("enabled", json!("no"), "validation_failed"),
        ("description", json!("x".repeat(501)), "validation_failed"),
        ("secret", json!("whsec_mine"), "validation_failed"),
    ] {
        let mut body = json!({ "url": URL, "event_types": ["contact.created"] });
        body[name] = value;
        live.post("/v1/webhooks", body).fails(422, code, name);
    }
    let unknown = json!({ "url": URL, "event_types": ["contact.craeted"] });
    let error = live.post("/v1/webhooks", unknown).error(422);
    // The first of them: there are more than an error lists.
    assert_eq!(error["valid_options"].as_array().unwrap().len(), 28);
    assert_eq!(error["suggestion"], "contact.created");
    test.create(
        "/v1/webhooks",
        json!({ "url": "http://127.0.0.1:9000/", "event_types": ["*"] }),
    );
    let webhook = subscribe(&live, json!("*"));
    assert_eq!(
        live.get(&format!("/v1/webhooks/{webhook}")).is(200)["event_types"],
        json!(["*"])
    );
}

#[test]
fn what_shows_no_version_takes_none() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/webhooks/{}", subscribe(&user, json!(["*"])));
    for method in ["PATCH", "DELETE"] {
        let ask = user
            .ask(method, &path)
            .json(&json!({}))
            .header("if-match", "\"1\"");
        ask.send().fails(400, "bad_request", "If-Match");
    }
    for method in ["PATCH", "DELETE"] {
        user.ask(method, &path)
            .json(&json!({}))
            .header("if-match", "*")
            .send()
            .is(200);
    }
}

#[test]
fn each_matching_change_makes_a_delivery() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let all = subscribe(&user, json!(["*"]));
    let some = subscribe(&user, json!(["contact.created", "deal.deleted"]));
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    user.patch(&path, json!({ "phone": "1" })).is(200);
    user.patch(&path, json!({ "phone": "1" })).is(200);
    user.patch(&path, json!({ "phone": 1 }))
        .fails(422, "validation_failed", "phone");
    user.delete(&path).is(200);
    assert_eq!(
        told(&user, &all),
        ["contact.deleted", "contact.updated", "contact.created"]
    );
    assert_eq!(told(&user, &some), ["contact.created"]);
    let delivery = &deliveries(&user, &some)["data"][0];
    let expected = json!({
        "id": id(delivery), "object": "delivery", "webhook_id": some, "event_id": delivery["event_id"],
        "event_type": "contact.created", "status": "pending", "attempts": [], "next_attempt_at": START,
        "replay_of": null, "version": 1, "created_at": START,
    });
    assert_eq!(delivery, &expected);
    assert!(id(delivery).starts_with("dlv_"));
    assert!(delivery["event_id"].as_str().unwrap().starts_with("evt_"));

    let list = format!("/v1/webhooks/{all}/deliveries");
    let find = |query: &str| ids(&user.get(&format!("{list}?{query}")).is(200)).len();
    assert_eq!(
        (
            find("status=pending"),
            find("status=dead"),
            find("event_type=contact.updated")
        ),
        (3, 0, 1)
    );
    user.get(&format!("{list}?attempts=1"))
        .fails(400, "bad_request", "attempts");
    let page = user.get(&format!("{list}?limit=1")).is(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let elsewhere = user.get(&format!("/v1/webhooks/{some}/deliveries?cursor={cursor}"));
    elsewhere.fails(400, "invalid_cursor", "cursor");
}

#[test]
fn a_batch_tells_of_each_row_that_changed_something() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = subscribe(&user, json!(["*"]));
    let rows = json!([
        { "email": "ada@example.com" },
        { "email": "ada@example.com", "phone": "1" },
        { "email": "ada@example.com", "phone": "1" },
        { "email": "ada" },
    ]);
    user.post(
        "/v1/contacts/batch",
        json!({ "contacts": rows, "dedup_on": ["email"] }),
    )
    .is(200);
    assert_eq!(
        told(&user, &webhook),
        ["contact.updated", "contact.created"]
    );
}

#[test]
fn a_delivery_is_replayed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = subscribe(&user, json!(["*"]));
    let other = subscribe(&user, json!(["deal.created"]));
    user.contact("ada@example.com");
    let first = deliveries(&user, &webhook)["data"][0].clone();
    world.clock.advance_millis(1_000);
    let replay = |webhook: &str, delivery: &str| {
        let path = format!("/v1/webhooks/{webhook}/replay/{delivery}");
        user.ask("POST", &path).send()
    };
    let replayed = replay(&webhook, &id(&first)).is(202);
    let mut expected = first.clone();
    expected["id"] = replayed["id"].clone();
    expected["replay_of"] = first["id"].clone();
    for name in ["created_at", "next_attempt_at"] {
        expected[name] = json!("2026-07-02T10:00:01.000Z");
    }
    assert_eq!(replayed, expected);
    assert_ne!(replayed["id"], first["id"]);
    assert_eq!(
        deliveries(&user, &webhook),
        whole_list(json!([replayed, first]))
    );

    let message = "There is no such delivery in this workspace and mode.";
    let absent = json!({ "code": "not_found", "message": message });
    let nowhere = replay(&webhook, "dlv_01K1V9Y2ZP6W4T8Q0R5N7M3XJB");
    assert_eq!(nowhere.error(404), absent);
    for delivery in ["x", &webhook] {
        replay(&webhook, delivery).fails(404, "not_found", None);
    }
    assert_eq!(
        replay(&other, &id(&first)).error(404),
        absent,
        "another webhook's delivery"
    );
}

#[test]
fn disabling_an_endpoint_cancels_what_is_pending() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = subscribe(&user, json!(["*"]));
    user.contact("ada@example.com");
    let path = format!("/v1/webhooks/{webhook}");
    user.patch(&path, json!({ "enabled": false })).is(200);
    user.contact("grace@example.com");
    let list = deliveries(&user, &webhook);
    let delivery = &list["data"][0];
    assert_eq!(ids(&list).len(), 1, "a disabled endpoint is told nothing");
    assert_eq!(
        (&delivery["status"], &delivery["next_attempt_at"]),
        (&json!("cancelled"), &json!(null))
    );
    let replay = format!("{path}/replay/{}", id(delivery));
    user.ask("POST", &replay)
        .send()
        .fails(422, "validation_failed", "enabled");
    user.patch(&path, json!({ "enabled": true })).is(200);
    user.ask("POST", &replay).send().is(202);
}

#[test]
fn a_mode_sees_its_own_events() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let webhook = subscribe(&test, json!(["*"]));
    live.contact("ada@example.com");
    assert_eq!(deliveries(&test, &webhook), whole_list(json!([])));
}

#[test]
fn an_endpoint_may_be_sent_back_as_it_was_read() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = subscribe(&user, json!(["*"]));
    let path = format!("/v1/webhooks/{webhook}");
    let read = user.get(&path).is(200);
    assert_eq!(user.patch(&path, read.clone()).is(200), read);
    let refused = user.patch(&path, json!({ "mode": "test" })).is(422);
    assert_eq!(refused["error"]["field"], "mode");
}
