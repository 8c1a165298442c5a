//! `POST /v1/webhooks/:id/recover`: what has not reached an endpoint is delivered once more, and nothing else.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id, ids};

fn subscribe(user: &User<'_>, event_types: Value) -> String {
    let body = json!({ "url": "https://example.com/hooks", "event_types": event_types });
    format!("/v1/webhooks/{}", id(&user.create("/v1/webhooks", body)))
}

fn recover(user: &User<'_>, webhook: &str, body: Value) -> Value {
    user.post(&format!("{webhook}/recover"), body).is(202)
}

/// So many contacts, made in one moment.
fn contacts(user: &User<'_>, prefix: &str, count: usize) {
    let row = |number| json!({ "email": format!("{prefix}{number}@example.com") });
    let rows: Vec<Value> = (0..count).map(row).collect();
    let done = user
        .post("/v1/contacts/batch", json!({ "contacts": rows }))
        .is(200);
    assert_eq!(done["created"], count);
}

/// The ids of the events that were or are to be delivered, newest delivery first.
fn told(user: &User<'_>, webhook: &str, query: &str) -> Vec<Value> {
    let mut told = Vec::new();
    let first = format!("{webhook}/deliveries?limit=200{query}");
    let mut path = first.clone();
    loop {
        let page = user.get(&path).is(200);
        let data = page["data"].as_array().unwrap().iter();
        told.extend(data.map(|delivery| delivery["event_id"].clone()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return told,
        }
    }
}

#[test]
fn events_of_before_the_endpoint_are_delivered_once() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contacts(&user, "a", 3);
    user.create("/v1/deals", json!({ "title": "Engine" }));
    let webhook = subscribe(&user, json!(["contact.created"]));
    let mut expected = json!({
        "object": "recovery", "webhook_id": webhook.rsplit('/').next(), "since": START,
        "until": "2026-07-02T10:00:00.001Z", "recovered": 3, "has_more": false, "next_until": null,
    });
    assert_eq!(
        recover(&user, &webhook, json!({ "since": START })),
        expected
    );
    let created = user.get("/v1/events?type=contact.created").is(200);
    assert_eq!(json!(told(&user, &webhook, "").len()), json!(3));
    for event in ids(&created) {
        assert!(told(&user, &webhook, "&status=pending").contains(&json!(event)));
    }
    expected["recovered"] = json!(0);
    assert_eq!(
        recover(&user, &webhook, json!({ "since": START })),
        expected,
        "what is pending is left alone"
    );
}

#[test]
fn what_was_cancelled_is_recovered() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = subscribe(&user, json!(["*"]));
    user.contact("a@example.com");
    user.patch(&webhook, json!({ "enabled": false })).is(200);
    user.contact("b@example.com");
    user.patch(&webhook, json!({ "enabled": true })).is(200);
    user.contact("c@example.com");
    let done = recover(&user, &webhook, json!({ "since": START }));
    assert_eq!(done["recovered"], 2, "one cancelled, one never told");
    let pending = told(&user, &webhook, "&status=pending");
    assert_eq!(pending.len(), 3);
    for event in ids(&user.get("/v1/events").is(200)) {
        assert!(pending.contains(&json!(event)));
    }
}

#[test]
fn a_range_begins_with_since_and_ends_before_until() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for email in ["a@example.com", "b@example.com", "c@example.com"] {
        user.contact(email);
        world.clock.advance_millis(1_000);
    }
    let webhook = subscribe(&user, json!(["*"]));
    let range =
        json!({ "since": "2026-07-02T12:00:01+02:00", "until": "2026-07-02T10:00:02.000Z" });
    let done = recover(&user, &webhook, range);
    assert_eq!(
        (&done["since"], &done["until"], &done["recovered"]),
        (
            &json!("2026-07-02T10:00:01.000Z"),
            &json!("2026-07-02T10:00:02.000Z"),
            &json!(1)
        )
    );
    let events = ids(&user.get("/v1/events").is(200));
    assert_eq!(told(&user, &webhook, ""), [json!(events[1])]);
}

#[test]
fn a_recovery_of_many_goes_on_where_it_stopped() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contacts(&user, "a", 400);
    world.clock.advance_millis(1_000);
    contacts(&user, "b", 400);
    let webhook = subscribe(&user, json!(["*"]));
    let first = recover(&user, &webhook, json!({ "since": START }));
    let expected = json!({
        "object": "recovery", "webhook_id": webhook.rsplit('/').next(), "since": START,
        "until": "2026-07-02T10:00:01.001Z", "recovered": 500, "has_more": true,
        "next_until": "2026-07-02T10:00:00.001Z",
    });
    assert_eq!(first, expected);
    let rest = json!({ "since": START, "until": first["next_until"] });
    let second = recover(&user, &webhook, rest);
    assert_eq!(
        (
            &second["recovered"],
            &second["has_more"],
            &second["next_until"]
        ),
        (&json!(300), &json!(false), &Value::Null)
    );
    let mut told: Vec<String> = told(&user, &webhook, "")
        .iter()
        .map(Value::to_string)
        .collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 800, "each event once");
}

#[test]
fn a_recovery_is_replayed_under_its_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    let webhook = subscribe(&user, json!(["*"]));
    let send = |since: &str| {
        user.ask("POST", &format!("{webhook}/recover"))
            .header("idempotency-key", "k")
            .json(&json!({ "since": since }))
            .send()
    };
    let first = send(START);
    assert_eq!(first.is(202)["recovered"], 1);
    let again = send(START);
    assert_eq!((202, &first.text), (again.status, &again.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    send("2026-07-02T09:00:00Z").fails(409, "idempotency_conflict", None);
}

#[test]
fn what_a_recovery_refuses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    let webhook = subscribe(&user, json!(["*"]));
    for (body, code, field) in [
        (json!({}), "validation_failed", "since"),
        (json!({ "since": null }), "validation_failed", "since"),
        (
            json!({ "since": "yesterday" }),
            "validation_failed",
            "since",
        ),
        (
            json!({ "since": "2026-07-02" }),
            "validation_failed",
            "since",
        ),
        (
            json!({ "since": 1_782_986_400 }),
            "validation_failed",
            "since",
        ),
        (
            json!({ "since": START, "until": "now" }),
            "validation_failed",
            "until",
        ),
        (
            json!({ "since": START, "until": START }),
            "validation_failed",
            "until",
        ),
        (
            json!({ "since": "2027-01-01T00:00:00Z" }),
            "validation_failed",
            "until",
        ),
        (
            json!({ "since": START, "limit": 5 }),
            "unknown_field",
            "limit",
        ),
    ] {
        let path = format!("{webhook}/recover");
        user.post(&path, body.clone()).fails(422, code, field);
    }
    user.ask("POST", &format!("{webhook}/recover"))
        .send()
        .fails(400, "bad_request", None);
    assert_eq!(told(&user, &webhook, "").len(), 0);
}

#[test]
fn a_ping_of_another_endpoint_is_not_recovered() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let tried = subscribe(&user, json!(["*"]));
    let other = subscribe(&user, json!(["*"]));
    user.post(&format!("{tried}/test"), json!({})).is(202);
    let recovery = recover(&user, &other, json!({ "since": START }));
    assert_eq!(recovery["recovered"], 0);
    user.patch(&other, json!({ "event_types": ["ping"] }))
        .fails(422, "unknown_value", "event_types");
}
