//! Who may ask: keys, their rights, and how often they may.

use relm_core::{KeyAccess, Mode};
use serde_json::json;

use super::session::{Answered, START_S, World, id};

#[test]
fn a_request_needs_a_valid_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = user.key.clone().unwrap();
    let stranger = world.stranger();
    let message = "Send a valid API key as Authorization: Bearer sk_live_… or sk_test_….";
    let expected = json!({ "code": "unauthorized", "message": message });
    for value in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        key.clone(),
        format!("Basic {key}"),
        format!("Bearer {key}x"),
        format!("Bearer {}", &key[..key.len() - 1]),
        format!("Bearer {}", key.replace("sk_live_", "sk_test_")),
        format!("Bearer sk_live_{}", "0".repeat(43)),
        format!("Bearer {key} {key}"),
        "Bearer sk_live_ü".to_owned(),
    ] {
        let ask = stranger.ask("GET", "/v1/contacts");
        let answer = ask.header("authorization", value.as_bytes()).send();
        assert_eq!(answer.error(401), expected, "{value}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(stranger.get("/v1/contacts").error(401), expected);
    let twice = user
        .ask("GET", "/v1/contacts")
        .header("authorization", format!("Bearer {key}"));
    assert_eq!(twice.send().error(401), expected);
    for value in [format!("bearer {key}"), format!("BEARER   {key}")] {
        stranger
            .ask("GET", "/v1/contacts")
            .header("authorization", value)
            .send()
            .is(200);
    }
}

#[test]
fn a_key_is_judged_before_the_rest_of_the_request() {
    let world = World::new();
    let stranger = world.stranger();
    for (method, path) in [
        ("GET", "/v1/contacts?limit=0"),
        ("GET", "/v1/contacts?a=%zz"),
        ("POST", "/v1/contacts"),
    ] {
        let ask = stranger
            .ask(method, path)
            .header("relm-version", "1999-01-01");
        ask.text("{").send().fails(401, "unauthorized", None);
    }
}

#[test]
fn a_revoked_key_opens_nothing() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.get("/v1/contacts").is(200);
    pollster::block_on(world.crm.revoke_key(user.key_id)).unwrap();
    user.get("/v1/contacts").fails(401, "unauthorized", None);
}

#[test]
fn a_read_only_key_reads() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let one = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let hook = json!({ "url": "https://example.com", "event_types": ["*"] });
    let endpoint = format!("/v1/webhooks/{}", id(&user.create("/v1/webhooks", hook)));
    let reader = world.another_key(user.workspace, Mode::Live, KeyAccess::ReadOnly);
    for path in [
        "/v1/contacts",
        &one,
        "/v1/search?q=a",
        "/v1/schema",
        "/v1/schema/fields",
        "/v1/associations",
        "/v1/webhooks",
        &endpoint,
        &format!("{endpoint}/deliveries"),
        "/v1/events",
    ] {
        assert_eq!(reader.get(path).is(200), user.get(path).is(200), "{path}");
    }
    let message = "This API key may only read; use one with full access.";
    let expected = json!({ "code": "forbidden", "message": message });
    for (method, path) in [
        ("POST", "/v1/contacts"),
        ("POST", "/v1/contacts/batch"),
        ("PATCH", &one),
        ("DELETE", &one),
        ("POST", "/v1/companies"),
        ("POST", "/v1/deals"),
        ("POST", "/v1/activities"),
        ("POST", "/v1/schema/fields"),
        ("DELETE", "/v1/schema/fields/fld_x"),
        ("POST", "/v1/associations"),
        ("DELETE", "/v1/associations/asc_x"),
        ("POST", "/v1/webhooks"),
        ("PATCH", &endpoint),
        ("DELETE", &endpoint),
        ("POST", &format!("{endpoint}/replay/dlv_x")),
        ("POST", &format!("{endpoint}/rotate_secret")),
        ("POST", &format!("{endpoint}/test")),
        ("POST", &format!("{endpoint}/recover")),
    ] {
        let refused = reader.ask(method, path).text("{").send();
        assert_eq!(refused.error(403), expected, "{method} {path}");
    }
    user.get(&one).is(200);
}

#[test]
fn each_answer_counts_the_requests_that_are_left() {
    let world = World::with_rate_limit(3);
    let user = world.user("acme", Mode::Live);
    let colleague = world.another_key(user.workspace, Mode::Live, KeyAccess::Full);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let window = |answer: &Answered| {
        let names = [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ];
        names.map(|name| answer.number(name))
    };
    world.clock.advance_millis(20_500);
    let end = START_S + 60;
    assert_eq!(window(&user.get("/v1/contacts")), [3, 2, end]);
    assert_eq!(
        window(&user.get("/v1/contacts?limit=0")),
        [3, 1, end],
        "failures count"
    );
    assert_eq!(
        window(&colleague.get("/v1/contacts/x")),
        [3, 0, end],
        "by workspace and mode"
    );
    let refused = user.post("/v1/contacts", json!({ "email": "ada@example.com" }));
    let message = "Too many requests; try again in 40 s.";
    assert_eq!(
        refused.error(429),
        json!({ "code": "rate_limited", "message": message })
    );
    assert_eq!(refused.header("retry-after"), "40");
    assert_eq!(window(&refused), [3, 0, end]);
    assert_eq!(
        window(&test.get("/v1/contacts")),
        [3, 2, end],
        "the other mode has its own"
    );
    assert_eq!(window(&world.stranger().get("/v1/contacts")), [3, 3, end]);
    world.clock.advance_millis(39_500);
    assert_eq!(window(&user.get("/v1/contacts")), [3, 2, end + 60]);
    assert_eq!(
        user.get("/v1/contacts").is(200)["data"],
        json!([]),
        "what was refused was not done"
    );
}

#[test]
fn without_a_limit_plenty_remains() {
    let world = World::with_rate_limit(0);
    let user = world.user("acme", Mode::Live);
    let answer = user.get("/v1/contacts");
    assert_eq!(
        answer.number("x-ratelimit-limit"),
        answer.number("x-ratelimit-remaining")
    );
    assert!(answer.number("x-ratelimit-remaining") > 1_000_000);
}
