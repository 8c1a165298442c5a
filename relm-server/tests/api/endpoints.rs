//! What is done to an endpoint beside changing it: rotating its secret, trying it out.

use relm_core::{Id, Mode, Scope, Store as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::session::{START, User, World, id, whole_list};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn subscribe(user: &User<'_>) -> Value {
    let body = json!({ "url": "https://example.com/hooks", "event_types": ["deal.deleted"] });
    user.create("/v1/webhooks", body)
}

fn path_of(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", id(webhook))
}

/// What payloads are signed with now.
fn secrets(user: &User<'_>, webhook: &Value) -> Vec<String> {
    pollster::block_on(async {
        let scoped = user.world.crm.open(user.workspace, Mode::Live).await;
        let id = Id::parse(&id(webhook)).unwrap();
        let secrets = scoped.unwrap().webhooks().secrets(id).await;
        let secrets = secrets.unwrap().unwrap();
        let secrets = secrets.iter().map(|secret| secret.expose().to_owned());
        secrets.collect()
    })
}

#[test]
fn an_endpoint_shows_its_state_and_its_secret_once() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user);
    let mut expected = json!({
        "id": made["id"], "object": "webhook", "url": "https://example.com/hooks", "event_types": ["deal.deleted"],
        "filter": null, "description": null, "enabled": true, "disabled_reason": null, "failing_since": null,
        "previous_secret_expires_at": null, "header_names": [], "mode": "live", "secret": made["secret"],
        "created_at": START, "updated_at": START,
    });
    assert_eq!(made, expected);
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(user.get(&path_of(&made)).is(200), expected);
    assert_eq!(
        user.get("/v1/webhooks").is(200),
        whole_list(json!([expected]))
    );
}

#[test]
fn what_the_engine_knows_of_an_endpoint_cannot_be_written() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = path_of(&subscribe(&user));
    for (name, value) in [
        ("disabled_reason", json!("failing")),
        ("failing_since", json!(START)),
        ("previous_secret_expires_at", json!(START)),
        ("mode", json!("test")),
        ("created_at", json!("2026-07-01T00:00:00.000Z")),
    ] {
        let same = user.get(&path).is(200)[name].clone();
        user.patch(&path, json!({ name: same })).is(200);
        user.patch(&path, json!({ name: value }))
            .fails(422, "validation_failed", name);
    }
}

#[test]
fn a_rotation_shows_the_new_secret_once() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user);
    let path = path_of(&made);
    world.clock.advance_millis(1_000);
    let rotate = format!("{path}/rotate_secret");
    let rotated = user.ask("POST", &rotate).send().is(200);
    let mut expected = made.clone();
    expected["secret"] = rotated["secret"].clone();
    expected["updated_at"] = json!("2026-07-02T10:00:01.000Z");
    expected["previous_secret_expires_at"] = json!("2026-07-03T10:00:01.000Z");
    assert_eq!(rotated, expected);
    let new = rotated["secret"].as_str().unwrap();
    let old = made["secret"].as_str().unwrap();
    assert!(
        new.starts_with("whsec_") && new.len() == old.len() && new != old,
        "{new}"
    );
    assert_eq!(secrets(&user, &made), [new, old]);
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(user.get(&path).is(200), expected);
    assert_eq!(
        user.get("/v1/webhooks").is(200),
        whole_list(json!([expected]))
    );
    world.clock.advance_millis(DAY_MS);
    assert_eq!(secrets(&user, &made), [new]);
}

#[test]
fn the_old_secret_signs_for_as_long_as_is_asked() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user);
    let rotate = format!("{}/rotate_secret", path_of(&made));
    for (body, expires_at, count) in [
        (json!({ "expires_in": 0 }), Value::Null, 1),
        (
            json!({ "expires_in": 60 }),
            json!("2026-07-02T10:01:00.000Z"),
            2,
        ),
        (
            json!({ "expires_in": 604_800 }),
            json!("2026-07-09T10:00:00.000Z"),
            3,
        ),
        (
            json!({ "expires_in": null }),
            json!("2026-07-09T10:00:00.000Z"),
            4,
        ),
    ] {
        let rotated = user.post(&rotate, body.clone()).is(200);
        assert_eq!(rotated["previous_secret_expires_at"], expires_at, "{body}");
        assert_eq!(secrets(&user, &made).len(), count, "{body}");
    }
    let before = secrets(&user, &made);
    for value in [
        json!(-1),
        json!(604_801),
        json!(1.5),
        json!("60"),
        json!(true),
    ] {
        let refused = user.post(&rotate, json!({ "expires_in": value }));
        refused.fails(422, "validation_failed", "expires_in");
    }
    user.post(&rotate, json!({ "expires": 60 }))
        .fails(422, "unknown_field", "expires");
    user.post(&rotate, json!([]))
        .fails(400, "bad_request", None);
    assert_eq!(secrets(&user, &made), before, "a refusal rotates nothing");
}

#[test]
fn there_are_five_secrets_at_most() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user);
    let rotate = format!("{}/rotate_secret", path_of(&made));
    for _ in 0..4 {
        user.post(&rotate, json!({})).is(200);
    }
    let refused = user.post(&rotate, json!({})).error(422);
    let message = "There can be at most 5 secrets at once; wait until one has expired.";
    let expected =
        json!({ "code": "validation_failed", "message": message, "field": "expires_in" });
    assert_eq!(refused, expected);
    // One that replaces the current secret at once adds none.
    user.post(&rotate, json!({ "expires_in": 0 })).is(200);
    world.clock.advance_millis(DAY_MS);
    user.post(&rotate, json!({})).is(200);
    assert_eq!(secrets(&user, &made).len(), 2);
}

#[test]
fn a_rotation_is_replayed_and_its_secret_is_sealed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user);
    let rotate = format!("{}/rotate_secret", path_of(&made));
    let send = || {
        user.ask("POST", &rotate)
            .header("idempotency-key", "k")
            .send()
    };
    let first = send();
    world.clock.advance_millis(1_000);
    let again = send();
    assert_eq!((200, &first.text), (again.status, &again.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(secrets(&user, &made).len(), 2, "it was rotated once");

    let scope = Scope::new(user.workspace, Mode::Live);
    let digest = Sha256::digest("k".as_bytes());
    let key: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let now = relm_core::Timestamp::parse(START).unwrap();
    let kept = pollster::block_on(world.store.response(scope, &key, now));
    let kept = kept.unwrap().unwrap().body;
    let webhook = Id::parse(&id(&made)).unwrap();
    let record = pollster::block_on(world.store.get(scope, webhook));
    let record = record.unwrap().unwrap().json;
    for secret in secrets(&user, &made) {
        assert!(first.text.contains(&secret) || made["secret"] == *secret);
        assert!(!kept.contains(&secret) && !record.contains(&secret));
    }
}

#[test]
fn a_ping_is_delivered_whatever_the_endpoint_subscribed_to() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = subscribe(&user);
    let other = subscribe(&user);
    let path = path_of(&webhook);
    let asked = user.ask("POST", &format!("{path}/test")).send();
    let accepted = asked.is(202);
    let expected = json!({
        "id": accepted["id"], "object": "delivery", "webhook_id": webhook["id"], "event_id": accepted["event_id"],
        "event_type": "ping", "status": "pending", "attempts": [], "next_attempt_at": START, "replay_of": null,
        "version": 1, "created_at": START,
    });
    assert_eq!(accepted, expected);
    assert_eq!(
        user.get(&format!("{path}/deliveries?event_type=ping"))
            .is(200),
        whole_list(json!([accepted]))
    );
    assert_eq!(
        user.get(&format!("{}/deliveries", path_of(&other))).is(200),
        whole_list(json!([]))
    );

    let event = accepted["event_id"].as_str().unwrap();
    let shown = user.get(&path).is(200);
    let expected = json!({
        "id": event, "object": "event", "type": "ping", "created_at": START, "mode": "live",
        "api_version": "2026-07-02", "actor": { "type": "api_key", "id": user.key_id, "name": null },
        "request_id": asked.header("x-request-id"), "seq": 1, "data": shown, "previous": {}, "changed_fields": [],
    });
    assert_eq!(
        user.get(&format!("/v1/events/{event}")).is(200),
        expected,
        "it holds no secret"
    );
}

#[test]
fn a_disabled_endpoint_has_nothing_delivered() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = path_of(&subscribe(&user));
    let disabled = user.patch(&path, json!({ "enabled": false })).is(200);
    assert_eq!(disabled["disabled_reason"], "requested");
    let message = "The webhook is disabled: enable it before you have anything delivered.";
    let expected = json!({ "code": "validation_failed", "message": message, "field": "enabled" });
    for (action, body) in [("test", json!({})), ("recover", json!({ "since": START }))] {
        let refused = user.post(&format!("{path}/{action}"), body);
        assert_eq!(refused.error(422), expected, "{action}");
    }
    user.post(&format!("{path}/rotate_secret"), json!({}))
        .is(200);
    let enabled = user.patch(&path, json!({ "enabled": true })).is(200);
    assert_eq!(enabled["disabled_reason"], Value::Null);
    user.post(&format!("{path}/test"), json!({})).is(202);
}
