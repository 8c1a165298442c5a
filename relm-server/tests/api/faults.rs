//! When the store fails: what clients are told, and what they are not.

use relm_core::Mode;
use serde_json::json;

use super::session::World;

#[test]
fn a_store_that_cannot_be_reached_is_503() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    world.store.unplug();
    let message = "The store is not available at the moment; try again.";
    let expected = json!({ "code": "unavailable", "message": message });
    for (method, path) in [
        ("GET", &*path),
        ("PATCH", &path),
        ("DELETE", &path),
        ("GET", "/v1/contacts"),
        ("GET", "/v1/search?q=a"),
        ("GET", "/readyz"),
    ] {
        let answer = user.ask(method, path).json(&json!({ "phone": "1" })).send();
        assert_eq!(answer.error(503), expected, "{method} {path}");
        assert_eq!(answer.header("retry-after"), "1");
    }
    user.get("/healthz").is(200);
    // A key that is not remembered cannot be judged.
    world.clock.advance_millis(60_000);
    user.get("/v1/contacts").fails(503, "unavailable", None);
    world.store.mend();
    assert_eq!(user.get(&path).is(200)["version"], 1, "nothing was applied");
}

#[test]
fn a_fault_of_ours_is_500_and_says_nothing_of_the_store() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    world.store.corrupt();
    let message = "Something failed on our side; nothing was applied.";
    let expected = json!({ "code": "internal_error", "message": message });
    let answer = user.post("/v1/contacts", json!({ "email": "grace@example.com" }));
    assert_eq!(answer.error(500), expected);
    assert!(!answer.has_header("retry-after"));
    assert_eq!(user.get("/v1/contacts").error(500), expected);
}

#[test]
fn a_key_is_not_used_up_by_a_fault() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.get("/v1/contacts").is(200);
    let send = || {
        let ask = user
            .ask("POST", "/v1/contacts")
            .header("idempotency-key", "k");
        ask.json(&json!({ "email": "ada@example.com" })).send()
    };
    world.store.unplug();
    send().fails(503, "unavailable", None);
    world.store.mend();
    send().is(201);
}
