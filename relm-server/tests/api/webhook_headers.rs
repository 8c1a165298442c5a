//! Header fields that the owner of an endpoint adds to its requests.

use relm_core::{Crm, Mode, Store};
use serde_json::{Value, json};

use super::attempts::Desk;
use super::session::{User, World, id};

const CANARY: &str = "Bearer canary-5f1c";

fn subscribe(user: &User<'_>, headers: Value) -> Value {
    let body =
        json!({ "url": "https://example.com/hooks", "event_types": ["*"], "headers": headers });
    user.create("/v1/webhooks", body)
}

/// The header fields of the last request beyond Relm's own.
fn added(desk: &Desk<'_>) -> Vec<(String, String)> {
    let headers = desk.sent().pop().unwrap().headers.into_iter();
    let owned = headers.map(|(name, value)| (name.into_owned(), value));
    owned.skip(6).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn requests_carry_what_their_owner_adds() {
    let world = World::new();
    let desk = Desk::new(&world, []);
    let change = json!({ "headers": { "X-Region": "eu west", "Authorization": CANARY } });
    let shown = desk.user.patch(&desk.endpoint, change).is(200);
    assert_eq!(shown["header_names"], json!(["authorization", "x-region"]));
    desk.user.contact("ada@example.com");
    desk.send();
    let both = [pair("authorization", CANARY), pair("x-region", "eu west")];
    assert_eq!(added(&desk), both);
    // What is not named stays, null removes.
    for (change, left) in [
        (json!({ "description": "x" }), &both[..]),
        (
            json!({ "headers": { "x-REGION": null, "x-none": null } }),
            &both[..1],
        ),
        (json!({ "headers": {} }), &both[..1]),
        (json!({ "headers": null }), &[]),
    ] {
        desk.user.patch(&desk.endpoint, change).is(200);
        desk.user
            .post(&format!("{}/test", desk.endpoint), json!({}))
            .is(202);
        desk.send();
        assert_eq!(added(&desk), left);
    }
}

#[test]
fn values_are_kept_sealed_and_never_shown() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user, json!({ "Authorization": CANARY }));
    assert_eq!(made["header_names"], json!(["authorization"]));
    assert_eq!(made.get("headers"), None);
    let path = format!("/v1/webhooks/{}", id(&made));
    for text in [
        made.to_string(),
        user.get(&path).text,
        user.get("/v1/webhooks").text,
        user.post(&format!("{path}/rotate_secret"), json!({})).text,
        user.post(&format!("{path}/test"), json!({})).text,
        user.get("/v1/events").text,
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
    let scope = relm_core::Scope::new(user.workspace, Mode::Live);
    let kept = world.store.everything(scope).concat();
    assert!(
        kept.contains("authorization") && !kept.contains("canary"),
        "{kept}"
    );
    // Another master key: resealing takes the header fields along.
    let reseal = |keys: [[u8; 32]; 2]| {
        let store = world.store.clone() as std::sync::Arc<dyn Store>;
        let [new, old] = keys;
        let crm = Crm::builder(store)
            .sealing_key(new)
            .sealing_key(old)
            .build();
        pollster::block_on(crm.reseal_secrets()).unwrap()
    };
    assert_eq!(reseal([[8; 32], [7; 32]]), 1);
    let resealed = world.store.everything(scope).concat();
    assert_ne!(resealed, kept);
    assert_eq!(reseal([[9; 32], [8; 32]]), 1);
}

#[test]
fn the_same_value_again_changes_nothing() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = subscribe(&user, json!({ "x-api-key": "one" }));
    let path = format!("/v1/webhooks/{}", id(&made));
    let scope = relm_core::Scope::new(user.workspace, Mode::Live);
    let before = world.store.everything(scope);
    user.patch(&path, json!({ "headers": { "X-Api-Key": "one" } }))
        .is(200);
    assert_eq!(world.store.everything(scope), before);
    user.patch(&path, json!({ "headers": { "X-Api-Key": "two" } }))
        .is(200);
    assert_ne!(world.store.everything(scope), before);
}

#[test]
fn an_endpoint_that_moves_to_another_server_takes_no_header_along() {
    let world = World::new();
    let desk = Desk::new(&world, []);
    let headers = json!({ "headers": { "authorization": CANARY } });
    for (url, names) in [
        (
            "https://EXAMPLE.com:443/other?x=1",
            json!(["authorization"]),
        ),
        ("https://example.com:8443/other", json!([])),
        ("https://example.org/hooks", json!([])),
        ("https://api.example.com/hooks", json!([])),
    ] {
        let home = json!({ "url": "https://example.com/hooks" });
        desk.user.patch(&desk.endpoint, home).is(200);
        desk.user.patch(&desk.endpoint, headers.clone()).is(200);
        let moved = desk
            .user
            .patch(&desk.endpoint, json!({ "url": url }))
            .is(200);
        assert_eq!(moved["header_names"], names, "{url}");
    }
    let both = json!({ "url": "https://example.net/", "headers": { "x-new": "1" } });
    let moved = desk.user.patch(&desk.endpoint, both).is(200);
    assert_eq!(moved["header_names"], json!(["x-new"]));
}

#[test]
fn what_no_request_can_carry_is_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let many: serde_json::Map<String, Value> =
        (0..11).map(|n| (format!("x-{n}"), json!("1"))).collect();
    let long = "x".repeat(1_001);
    for (headers, field) in [
        (json!("x-api-key: 1"), "headers"),
        (json!(["x-api-key"]), "headers"),
        (json!({ "x api": "1" }), "headers"),
        (json!({ "": "1" }), "headers"),
        (json!({ "x-é": "1" }), "headers"),
        (json!({ ("x".repeat(101)): "1" }), "headers"),
        (Value::Object(many), "headers"),
        (json!({ "x-a": 1 }), "headers.x-a"),
        (json!({ "x-a": "" }), "headers.x-a"),
        (json!({ "x-a": " b" }), "headers.x-a"),
        (json!({ "x-a": "b\r\nhost: c" }), "headers.x-a"),
        (json!({ "x-a": "é" }), "headers.x-a"),
        (json!({ "x-a": long }), "headers.x-a"),
        (json!({ "x-a": "sealed:-:AAAA" }), "headers.x-a"),
        (json!({ "Host": "evil.example" }), "headers.host"),
        (json!({ "Content-Length": "1" }), "headers.content-length"),
        (
            json!({ "transfer-encoding": "chunked" }),
            "headers.transfer-encoding",
        ),
        (json!({ "Relm-Signature": "1" }), "headers.relm-signature"),
        (json!({ "webhook-id": "1" }), "headers.webhook-id"),
    ] {
        let body =
            json!({ "url": "https://example.com/", "event_types": ["*"], "headers": headers });
        let answer = user.post("/v1/webhooks", body);
        answer.fails(422, "validation_failed", field);
    }
    assert_eq!(user.get("/v1/webhooks").is(200)["data"], json!([]));
    // A value is not repeated in an error: it may be a secret.
    let body = json!({ "url": "https://example.com/", "event_types": ["*"], "headers": { "x-a": "canary\n" } });
    assert!(!user.post("/v1/webhooks", body).text.contains("canary"));
}
