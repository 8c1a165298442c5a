//! The same request twice, and other requests under its key.

use relm_core::{KeyAccess, Mode};
use serde_json::{Value, json};

use super::session::{Answered, User, World, id, ids};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn post(user: &User<'_>, key: &str, path: &str, body: &Value) -> Answered {
    user.ask("POST", path)
        .header("idempotency-key", key)
        .json(body)
        .send()
}

#[track_caller]
fn replays(first: &Answered, again: &Answered) {
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert!(!first.has_header("idempotent-replayed"));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
}

#[test]
fn every_post_replays_byte_for_byte() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let edge = json!({ "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal });
    let rows = json!({ "contacts": [{ "email": "c@example.com" }, { "email": "x" }] });
    for (path, body, status) in [
        ("/v1/contacts", json!({ "email": "b@example.com" }), 201),
        ("/v1/companies", json!({ "name": "Engines" }), 201),
        ("/v1/deals", json!({ "title": "Engine" }), 201),
        ("/v1/activities", json!({ "type": "call" }), 201),
        ("/v1/contacts/batch", rows, 200),
        ("/v1/associations", edge.clone(), 201),
        (
            "/v1/schema/fields",
            json!({ "object_type": "deal", "key": "plan", "type": "text" }),
            201,
        ),
        (
            "/v1/webhooks",
            json!({ "url": "https://example.com", "event_types": ["*"] }),
            201,
        ),
    ] {
        let first = post(&user, path, path, &body);
        assert_eq!(first.status, status, "{}", first.text);
        world.clock.advance_millis(1_000);
        replays(&first, &post(&user, path, path, &body));
    }
    // The same edge without the key is there already, and says so: 200.
    user.post("/v1/associations", edge).is(200);
    let webhook = &ids(&user.get("/v1/webhooks").is(200))[0];
    user.contact("d@example.com");
    let deliveries = || {
        ids(&user
            .get(&format!("/v1/webhooks/{webhook}/deliveries"))
            .is(200))
    };
    let path = format!("/v1/webhooks/{webhook}/replay/{}", deliveries()[0]);
    let replay = || {
        user.ask("POST", &path)
            .header("idempotency-key", "again")
            .send()
    };
    let first = replay();
    assert_eq!(first.status, 202);
    replays(&first, &replay());
    assert_eq!(deliveries().len(), 2);
    let test = || {
        post(
            &user,
            "ping",
            &format!("/v1/webhooks/{webhook}/test"),
            &json!({}),
        )
    };
    let first = test();
    assert_eq!(first.status, 202);
    replays(&first, &test());
    assert_eq!(deliveries().len(), 3);
}

#[test]
fn a_secret_is_replayed_too() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "url": "https://example.com", "event_types": ["*"] });
    let first = post(&user, "k", "/v1/webhooks", &body);
    let again = post(&user, "k", "/v1/webhooks", &body);
    replays(&first, &again);
    assert!(
        again.json()["secret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
}

#[test]
fn spelling_does_not_make_another_request() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let send = |body: &'static str| {
        let ask = user.ask("POST", "/v1/deals").header("idempotency-key", "k");
        ask.text(body).send()
    };
    let first = send(r#"{"title":"Engine","value_cents":100}"#);
    assert_eq!(first.status, 201);
    for body in [
        r#"{ "value_cents" : 100 , "title" : "Engine" }"#,
        r#"{"title":"\u0045ngine","value_cents":1e2}"#,
        "\n{\"title\":\"Engine\",\"value_cents\":100.0}\n",
    ] {
        replays(&first, &send(body));
    }
    let conflict = json!({
        "code": "idempotency_conflict",
        "message": "This `Idempotency-Key` was used with a different request; use a new one.",
    });
    for body in [
        r#"{"title":"Engine"}"#,
        r#"{"title":"Engine","value_cents":100,"stage":null}"#,
    ] {
        assert_eq!(send(body).error(409), conflict, "{body}");
    }
    let elsewhere = post(&user, "k", "/v1/companies", &json!({ "name": "Engines" }));
    assert_eq!(elsewhere.error(409), conflict, "another path");
    assert_eq!(ids(&user.get("/v1/deals").is(200)).len(), 1);
    assert_eq!(ids(&user.get("/v1/companies").is(200)).len(), 0);
}

#[test]
fn a_key_is_of_one_workspace_and_mode_but_not_of_an_api_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let colleague = world.another_key(user.workspace, Mode::Live, KeyAccess::Full);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    let body = json!({ "email": "ada@example.com" });
    let first = post(&user, "k", "/v1/contacts", &body);
    replays(&first, &post(&colleague, "k", "/v1/contacts", &body));
    for stranger in [&test, &other] {
        let own = post(
            stranger,
            "k",
            "/v1/contacts",
            &json!({ "email": "other@example.com" }),
        );
        assert_eq!(own.status, 201);
        assert!(!own.has_header("idempotent-replayed"));
    }
}

#[test]
fn a_failure_is_not_remembered() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    let send = |email: &str| post(&user, "k", "/v1/contacts", &json!({ "email": email }));
    send("Ada@example.com").fails(409, "conflict", "email");
    send("nobody").fails(422, "validation_failed", "email");
    user.delete(&format!("/v1/contacts/{ada}")).is(200);
    let first = send("Ada@example.com");
    assert_eq!(first.status, 201);
    replays(&first, &send("Ada@example.com"));
}

#[test]
fn a_replay_does_not_look_at_what_changed_since() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "email": "ada@example.com" });
    let first = post(&user, "k", "/v1/contacts", &body);
    user.delete(&format!("/v1/contacts/{}", id(&first.json())))
        .is(200);
    user.contact("ada@example.com");
    let field =
        json!({ "object_type": "contact", "key": "plan", "type": "text", "required": true });
    user.create("/v1/schema/fields", field);
    replays(&first, &post(&user, "k", "/v1/contacts", &body));
}

#[test]
fn a_key_is_kept_for_a_day() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "name": "Engines" });
    let first = post(&user, "k", "/v1/companies", &body);
    world.clock.advance_millis(DAY_MS - 1);
    replays(&first, &post(&user, "k", "/v1/companies", &body));
    world.clock.advance_millis(1);
    let anew = post(&user, "k", "/v1/companies", &body);
    assert_ne!(anew.is(201)["id"], first.json()["id"]);
}

#[test]
fn a_key_has_1_to_255_ascii_characters() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let send = |keys: &[&[u8]]| {
        let mut ask = user
            .ask("POST", "/v1/companies")
            .json(&json!({ "name": "Engines" }));
        for key in keys {
            ask = ask.header("idempotency-key", *key);
        }
        ask.send()
    };
    let wrong: [&[&[u8]]; 6] = [
        &[b""],
        &[&[b'k'; 256]],
        &["schlüssel".as_bytes()],
        &[&[0xff]],
        &[b"a", b"a"],
        &[b"a", b"b"],
    ];
    for keys in wrong {
        assert_eq!(send(keys).error(400)["code"], "bad_request", "{keys:?}");
    }
    send(&[&[b'k'; 255]]).is(201);
    send(&[b"a b~"]).is(201);
}

#[test]
fn other_methods_ignore_a_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let send = |method: &str, body: Value| {
        let ask = user.ask(method, &path).header("idempotency-key", "k");
        ask.header("idempotency-key", "").json(&body).send()
    };
    assert_eq!(send("PATCH", json!({ "phone": "1" })).is(200)["version"], 2);
    assert_eq!(send("PATCH", json!({ "phone": "2" })).is(200)["version"], 3);
    send("GET", json!({})).is(200);
    send("DELETE", json!({})).is(200);
    send("DELETE", json!({})).fails(404, "not_found", None);
}

#[test]
fn concurrent_duplicates_have_one_effect() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "email": "ada@example.com" });
    let answers: Vec<Answered> = std::thread::scope(|threads| {
        let send = || post(&user, "k", "/v1/contacts", &body);
        let asked: Vec<_> = (0..8).map(|_| threads.spawn(send)).collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (201, &answers[0].text));
    }
    let replayed = answers
        .iter()
        .filter(|answer| answer.has_header("idempotent-replayed"));
    assert_eq!(replayed.count(), 7);
}

#[test]
fn a_used_key_is_a_conflict_even_for_a_body_that_cannot_be_read() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let used = post(
        &user,
        "key",
        "/v1/contacts",
        &json!({ "email": "ada@example.com" }),
    );
    assert_eq!(used.status, 201, "{}", used.text);
    let hook = json!({ "url": "https://example.com", "event_types": ["*"] });
    let hook = format!("/v1/webhooks/{}", id(&user.create("/v1/webhooks", hook)));
    for (path, body) in [
        ("/v1/contacts", json!({ "emial": "ada@example.com" })),
        ("/v1/contacts/batch", json!({ "contacts": 1 })),
        ("/v1/schema/fields", json!({ "key": 1 })),
        ("/v1/associations", json!({ "from_type": "planet" })),
        ("/v1/webhooks", json!({ "url": 1 })),
        (
            &format!("{hook}/rotate_secret"),
            json!({ "expires_in": "1" }),
        ),
        (&format!("{hook}/recover"), json!({ "since": 1 })),
    ] {
        let refused = post(&user, "key", path, &body);
        assert_eq!(refused.status, 409, "{path}: {}", refused.text);
        assert_eq!(post(&user, "another", path, &body).status, 422, "{path}");
    }
}
