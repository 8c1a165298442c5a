//! Who may ask: keys, and their rights.

use relm_core::record::Entry;
use relm_core::store::{Batch, Write};
use relm_core::{ApiKey, Id, KeyAccess, Kind, Mode, Scope, Store as _, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::session::{START, World, id};

const HOW: &str = "Send an API key: Authorization: Bearer sk_live_… or sk_test_….";
const WITHOUT_SCHEME: &str = "Put `Bearer ` before the API key: Authorization: Bearer sk_live_….";
const NO_KEY: &str = "An API key begins with sk_live_ or sk_test_; what follows `Bearer` does not.";
const SEVERAL: &str = "Send one `Authorization` header, with one API key.";
const UNKNOWN: &str = "This API key is not known, was revoked, or has expired.";

#[test]
fn a_request_needs_a_valid_key_and_says_what_is_wrong_with_another() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = user.key.clone().unwrap();
    let stranger = world.stranger();
    let unauthorized = |message| json!({ "code": "unauthorized", "message": message });
    for (value, message) in [
        (String::new(), HOW),
        ("Bearer".to_owned(), HOW),
        ("Bearer ".to_owned(), HOW),
        (
            format!("Basic {key}"),
            "The scheme is `Bearer`, not `Basic`: Authorization: Bearer sk_live_….",
        ),
        (
            format!("token {key}"),
            "The scheme is `Bearer`, not `Token`: Authorization: Bearer sk_live_….",
        ),
        (
            format!("Bearer: {key}"),
            "There is no `:` after `Bearer`: Authorization: Bearer sk_live_….",
        ),
        (format!("Digest {key}"), HOW),
        ("Bearer sk_live_ü".to_owned(), HOW),
        (key.clone(), WITHOUT_SCHEME),
        ("Bearer hunter2".to_owned(), NO_KEY),
        (format!("Bearer Bearer {key}"), NO_KEY),
        (format!("Bearer {key}x"), UNKNOWN),
        (format!("Bearer {}", &key[..key.len() - 1]), UNKNOWN),
        (
            format!("Bearer {}", key.replace("sk_live_", "sk_test_")),
            UNKNOWN,
        ),
        (format!("Bearer sk_live_{}", "0".repeat(43)), UNKNOWN),
        (format!("Bearer {key} {key}"), UNKNOWN),
        ("Bearer sk_".to_owned(), UNKNOWN),
    ] {
        let ask = stranger.ask("GET", "/v1/contacts");
        let answer = ask.header("authorization", value.as_bytes()).send();
        assert_eq!(answer.error(401), unauthorized(message), "{value}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(stranger.get("/v1/contacts").error(401), unauthorized(HOW));
    for name in ["x-api-key", "api-key", "X-Auth-Token"] {
        let ask = stranger.ask("GET", "/v1/contacts");
        let answer = ask.header(name, key.as_bytes()).send();
        let message =
            "The API key goes into another header: Authorization: Bearer sk_live_… or sk_test_….";
        assert_eq!(answer.error(401), unauthorized(message), "{name}");
    }
    let twice = user
        .ask("GET", "/v1/contacts")
        .header("authorization", format!("Bearer {key}"));
    assert_eq!(twice.send().error(401), unauthorized(SEVERAL));
    for value in [format!("bearer {key}"), format!("BEARER   {key}")] {
        stranger
            .ask("GET", "/v1/contacts")
            .header("authorization", value)
            .send()
            .is(200);
    }
}

#[test]
fn a_key_that_was_never_made_costs_no_look_up() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = user.key.clone().unwrap();
    assert_eq!(key.len(), "sk_live_".len() + 43 + 6);
    world.store.unplug();
    let ask = |key: &str| {
        let ask = world.stranger().ask("GET", "/v1/contacts");
        ask.header("authorization", format!("Bearer {key}")).send()
    };
    // Each character of a key is of consequence to its checksum.
    for place in "sk_live_".len()..key.len() {
        let other = if key.as_bytes()[place] == b'0' {
            "1"
        } else {
            "0"
        };
        let mut mistyped = key.clone();
        mistyped.replace_range(place..=place, other);
        ask(&mistyped).fails(401, "unauthorized", None);
    }
    ask(&key.replace("sk_live_", "sk_test_")).fails(401, "unauthorized", None);
    ask(&key).fails(503, "unavailable", None);
}

#[test]
fn a_key_from_before_there_were_checksums_stays_valid() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let secret = format!("sk_test_{}", "k".repeat(43));
    let mut digest = String::new();
    for byte in Sha256::digest(secret.as_bytes()) {
        digest.push_str(&format!("{byte:02x}"));
    }
    let key: ApiKey = serde_json::from_value(json!({
        "id": Id::new(Kind::Key, 1), "workspace_id": user.workspace, "mode": "test", "name": null, "access": "full",
        "prefix": "sk_test_kkkk", "last_four": "kkkk", "digest": digest, "version": 1, "created_at": START,
        "revoked_at": null,
    }))
    .unwrap();
    let batch = Batch {
        scope: Scope::SYSTEM,
        now: Timestamp::parse(START).unwrap(),
        requires: Vec::new(),
        writes: vec![Write::Insert(Entry::new(key))],
    };
    pollster::block_on(world.store.commit(batch)).unwrap();
    let ask = world.stranger().ask("GET", "/v1/contacts");
    ask.header("authorization", format!("Bearer {secret}"))
        .send()
        .is(200);
}

#[test]
fn a_key_is_checked_before_the_rest_of_the_request() {
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
    for (method, path, resource) in [
        ("POST", "/v1/contacts", "contacts"),
        ("POST", "/v1/contacts/batch", "contacts"),
        ("PUT", "/v1/contacts?dedup_on=email", "contacts"),
        ("POST", "/v1/deals/batch", "deals"),
        ("PATCH", &*one, "contacts"),
        ("DELETE", &one, "contacts"),
        ("POST", "/v1/companies", "companies"),
        ("POST", "/v1/deals", "deals"),
        ("POST", "/v1/activities", "activities"),
        ("POST", "/v1/schema/fields", "fields"),
        ("DELETE", "/v1/schema/fields/fld_x", "fields"),
        ("POST", "/v1/associations", "associations"),
        ("PATCH", "/v1/associations/asc_x", "associations"),
        ("DELETE", "/v1/associations/asc_x", "associations"),
        ("POST", "/v1/webhooks", "webhooks"),
        ("PATCH", &endpoint, "webhooks"),
        ("DELETE", &endpoint, "webhooks"),
        ("POST", &format!("{endpoint}/replay/dlv_x"), "webhooks"),
        ("POST", &format!("{endpoint}/rotate_secret"), "webhooks"),
        ("POST", &format!("{endpoint}/test"), "webhooks"),
        ("POST", &format!("{endpoint}/recover"), "webhooks"),
        ("POST", "/v1/keys", "keys"),
        ("DELETE", "/v1/keys/key_x", "keys"),
    ] {
        let refused = reader.ask(method, path).text("{").send();
        let message =
            format!("This request needs the scope `{resource}:write`, which this API key has not.");
        let expected = json!({ "code": "forbidden", "message": message });
        assert_eq!(refused.error(403), expected, "{method} {path}");
    }
    user.get(&one).is(200);
}
