//! When the store fails: what clients are told, and what they are not.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{Answered, World, ids};

#[test]
fn a_store_that_cannot_be_reached_is_503() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    world.store.unplug();
    let message = "The store is not available at the moment; nothing was applied, try again.";
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
    // A key that is not remembered cannot be checked.
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

#[test]
fn a_change_that_may_have_been_applied_says_so_and_how_to_find_out() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let send = || {
        let ask = user
            .ask("POST", "/v1/contacts")
            .header("idempotency-key", "k");
        ask.json(&json!({ "email": "ada@example.com" })).send()
    };
    world.store.lose_answers();
    let lost = send();
    let error = lost.error(503);
    assert_eq!(error["code"], "outcome_unknown");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("may have been applied") && message.contains("same `Idempotency-Key`"),
        "{message}"
    );
    assert_eq!(lost.header("retry-after"), "1");
    world.store.mend();
    let again = send();
    assert_eq!(again.header("idempotent-replayed"), "true");
    let list = user.get("/v1/contacts").is(200);
    assert_eq!(list["data"], json!([again.is(201)]), "it was applied once");
}

/// What is said of a change in whose midst something panicked, whether or not it was made.
fn may_have_been_applied(answer: &Answered) {
    let message = "Something failed on our side while the change was made: it may have been applied, whole, or not at all. \
                   Send the request again with the same `Idempotency-Key`, or read what became of it.";
    let expected = json!({ "code": "outcome_unknown", "message": message });
    assert_eq!(answer.error(503), expected);
    assert_eq!(answer.header("retry-after"), "1");
}

#[test]
fn a_panic_in_a_change_says_that_it_may_have_been_applied_and_how_to_find_out() {
    for is_applied in [true, false] {
        let world = World::new();
        let user = world.user("acme", Mode::Live);
        let ask = |method: &str, path: &str, body: &Value| {
            let ask = user.ask(method, path).header("idempotency-key", path);
            ask.json(body).send()
        };
        let make = json!({ "title": "Engine" });
        let rows = json!({ "contacts": [{ "email": "ada@example.com" }] });
        user.get("/v1/deals").is(200);
        world.store.break_commits(is_applied);
        may_have_been_applied(&ask("POST", "/v1/deals", &make));
        may_have_been_applied(&ask("POST", "/v1/contacts/batch", &rows));
        world.store.mend();
        for (path, body, status) in [
            ("/v1/deals", &make, 201),
            ("/v1/contacts/batch", &rows, 200),
        ] {
            let again = ask("POST", path, body);
            assert_eq!(again.has_header("idempotent-replayed"), is_applied);
            again.is(status);
        }
        let deal = format!("/v1/deals/{}", ids(&user.get("/v1/deals").is(200))[0]);
        for (method, status) in [("PATCH", 200), ("DELETE", 404)] {
            world.store.break_commits(is_applied);
            may_have_been_applied(&ask(method, &deal, &json!({ "stage": "won" })));
            world.store.mend();
            let now = user.get(&deal);
            match is_applied {
                true => assert_eq!(now.status, status, "{method}"),
                false => assert_eq!(now.is(200)["version"], 1, "{method}"),
            }
        }
    }
}

#[test]
fn a_panic_where_nothing_changes_says_that_nothing_was_applied() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let message = "Something failed on our side; nothing was applied.";
    let expected = json!({ "code": "internal_error", "message": message });
    world.store.break_reads();
    for (method, dry_run) in [("GET", "false"), ("PATCH", "true"), ("DELETE", "true")] {
        let ask = user.ask(method, &path).json(&json!({ "phone": "1" }));
        let answer = ask.header("relm-dry-run", dry_run).send();
        assert_eq!(answer.error(500), expected, "{method}");
        assert!(!answer.has_header("retry-after"));
        assert_eq!(answer.has_header("relm-dry-run"), dry_run == "true");
    }
}

#[test]
fn a_full_disk_is_said_by_every_write_and_by_readyz_until_there_is_room() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    user.get("/readyz").is(200);
    world.store.fill();
    user.get("/readyz").is(200);
    for (method, path) in [("PATCH", &*path), ("DELETE", &path), ("POST", "/v1/deals")] {
        let body = match method {
            "POST" => json!({ "title": "Sale" }),
            _ => json!({ "phone": "1" }),
        };
        let error = user.ask(method, path).json(&body).send().error(503);
        let told = (&error["code"], &error["reason"]);
        assert_eq!(told, (&json!("unavailable"), &json!("disk_full")));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("nothing was applied"), "{message}");
    }
    for _ in 0..2 {
        let unready = user.get("/readyz").error(503);
        assert_eq!(unready["reason"], "disk_full");
        // The next one tries whether there is room.
        world.clock.advance_millis(1_000);
    }
    assert_eq!(user.get(&path).is(200)["version"], 1, "reads go on");
    world.store.mend();
    user.get("/readyz").is(200);
    user.get("/readyz").is(200);
    world.store.fill();
    user.patch(&path, json!({ "phone": "1" }))
        .fails(503, "unavailable", None);
    world.store.mend();
    user.patch(&path, json!({ "phone": "1" })).is(200);
    user.get("/readyz").is(200);
}
