//! The life of an API key: when it was last used, and how it gives way to its successor.

use relm_core::{Id, KeyAccess, Kind, Mode, Timestamp};
use serde_json::{Value, json};

use super::keys::{holder, with_key};
use super::session::{Answered, User, World};

/// A key as its list shows it.
fn shown(user: &User<'_>, key: &User<'_>) -> Value {
    user.get(&format!("/v1/keys/{}", key.key_id)).is(200)
}

fn rotate<'a>(user: &User<'a>, key: &User<'_>, body: Value) -> User<'a> {
    let path = format!("/v1/keys/{}/rotate", key.key_id);
    holder(user, &user.create(&path, body))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_key_alone_is_shown_as_the_list_shows_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let other = world.user("other", Mode::Live);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let key = with_key(&user, json!({ "name": "import" }));
    assert_eq!(shown(&user, &key), user.get("/v1/keys").is(200)["data"][0]);
    let path = format!("/v1/keys/{}", key.key_id);
    for stranger in [&other, &test] {
        stranger.get(&path).fails(404, "not_found", None);
        let rotation = stranger.post(&format!("{path}/rotate"), json!({}));
        rotation.fails(404, "not_found", None);
    }
}

#[test]
fn a_key_tells_the_minute_in_which_it_was_last_used() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = with_key(&user, json!({}));
    let write = || pollster::block_on(world.crm.write_key_uses()).unwrap();
    let last_used = || shown(&user, &key)["last_used_at"].clone();
    world.clock.advance_to(at("2026-07-02T10:07:59Z"));
    assert_eq!((write(), last_used()), (1, Value::Null));
    key.get("/v1/contacts").is(200);
    assert_eq!(
        (write(), last_used()),
        (2, json!("2026-07-02T10:07:00.000Z"))
    );
    // Within the same minute nothing is written, however often it is used.
    key.get("/v1/contacts").is(200);
    assert_eq!(write(), 0);
    world.clock.advance_to(at("2026-07-02T10:09:00Z"));
    key.get("/v1/contacts").is(200);
    let version = |key: &User<'_>| {
        pollster::block_on(world.crm.key(key.key_id))
            .unwrap()
            .version
    };
    assert_eq!((write(), version(&key)), (1, 3));
    assert_eq!(last_used(), "2026-07-02T10:09:00.000Z");
    // A key that is refused was not used; what the clock says when it steps back is no later use.
    world.clock.advance_to(at("2026-07-02T10:20:00Z"));
    pollster::block_on(world.crm.revoke_key(key.key_id)).unwrap();
    key.get("/v1/contacts").fails(401, "unauthorized", None);
    write();
    assert_eq!(last_used(), "2026-07-02T10:09:00.000Z");
}

#[test]
fn the_uses_of_many_keys_are_written_once_each() {
    let world = World::with_rate_limit(0);
    let user = world.user("acme", Mode::Live);
    let keys: Vec<User<'_>> = (0..203).map(|_| with_key(&user, json!({}))).collect();
    for key in &keys {
        key.get("/v1/contacts").is(200);
    }
    // The user's own key beside them.
    assert_eq!(pollster::block_on(world.crm.write_key_uses()).unwrap(), 204);
    for key in &keys {
        assert_eq!(
            shown(&user, key)["last_used_at"],
            "2026-07-02T10:00:00.000Z"
        );
    }
    assert_eq!(pollster::block_on(world.crm.write_key_uses()).unwrap(), 0);
}

#[test]
fn uses_that_cannot_be_written_wait() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.get("/v1/contacts").is(200);
    world.store.unplug();
    assert!(pollster::block_on(world.crm.write_key_uses()).is_err());
    world.store.mend();
    assert_eq!(pollster::block_on(world.crm.write_key_uses()).unwrap(), 1);
}

#[test]
fn a_rotated_key_works_beside_its_successor_for_as_long_as_was_said() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "name": "import", "scopes": ["contacts:read"] });
    let old = with_key(&user, body);
    old.get("/v1/contacts").is(200);
    let new = rotate(&user, &old, json!({ "overlap_seconds": 2 }));
    assert_ne!(old.key, new.key);
    let (was, is) = (shown(&user, &old), shown(&user, &new));
    assert_eq!(
        (&was["expires_at"], &was["replaced_by"]),
        (&json!("2026-07-02T10:00:02.000Z"), &is["id"])
    );
    assert_eq!(
        (
            &is["name"],
            &is["scopes"],
            &is["expires_at"],
            &is["replaced_by"]
        ),
        (&was["name"], &was["scopes"], &Value::Null, &Value::Null)
    );
    let actor = json!({ "type": "api_key", "id": user.key_id, "name": null });
    assert_eq!(is["created_by"], actor);
    for key in [&old, &new] {
        key.get("/v1/contacts").is(200);
        key.get("/v1/deals").fails(403, "forbidden", None);
    }
    world.clock.advance_to(at("2026-07-02T10:00:02Z"));
    old.get("/v1/contacts").fails(401, "unauthorized", None);
    new.get("/v1/contacts").is(200);
}

#[test]
fn without_an_overlap_the_old_key_is_revoked() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let old = with_key(&user, json!({}));
    old.get("/v1/contacts").is(200);
    let new = rotate(&user, &old, json!({ "overlap_seconds": 0 }));
    old.get("/v1/contacts").fails(401, "unauthorized", None);
    new.get("/v1/contacts").is(200);
    assert!(shown(&user, &old)["revoked_at"].is_string());
}

#[test]
fn a_successor_lives_as_long_as_the_old_key_did_and_an_old_key_no_longer() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let old = with_key(&user, json!({ "expires_at": "2026-07-02T11:00:00Z" }));
    world.clock.advance_to(at("2026-07-02T10:30:00Z"));
    let new = rotate(&user, &old, json!({}));
    assert_eq!(shown(&user, &new)["expires_at"], "2026-07-02T11:30:00.000Z");
    // A day would be longer.
    assert_eq!(shown(&user, &old)["expires_at"], "2026-07-02T11:00:00.000Z");
    let next = rotate(&user, &new, json!({ "expires_at": "2026-07-05T00:00:00Z" }));
    assert_eq!(
        shown(&user, &next)["expires_at"],
        "2026-07-05T00:00:00.000Z"
    );
}

#[test]
fn a_rotation_is_refused_with_what_would_be_right() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = with_key(&user, json!({}));
    let path = format!("/v1/keys/{}/rotate", key.key_id);
    for (body, code, field) in [
        (
            json!({ "overlap_seconds": -1 }),
            "validation_failed",
            "overlap_seconds",
        ),
        (
            json!({ "overlap_seconds": 2_592_001 }),
            "validation_failed",
            "overlap_seconds",
        ),
        (
            json!({ "overlap_seconds": "1" }),
            "validation_failed",
            "overlap_seconds",
        ),
        (
            json!({ "expires_at": "2026-07-02T10:00:00Z" }),
            "validation_failed",
            "expires_at",
        ),
        (json!({ "expires_in": 1 }), "unknown_field", "expires_in"),
    ] {
        user.post(&path, body).fails(422, code, field);
    }
    assert_eq!(shown(&user, &key)["replaced_by"], Value::Null);
    let new = rotate(&user, &key, json!({}));
    let again = user.post(&path, json!({})).error(409);
    assert_eq!(again["existing_id"], json!(new.key_id));
    let revoked = with_key(&user, json!({}));
    user.delete(&format!("/v1/keys/{}", revoked.key_id)).is(200);
    let ended = with_key(&user, json!({ "expires_at": "2026-07-02T10:00:01Z" }));
    world.clock.advance_to(at("2026-07-02T10:00:01Z"));
    for (key, how) in [(&revoked, "was revoked at"), (&ended, "expired at")] {
        let answer = user.post(&format!("/v1/keys/{}/rotate", key.key_id), json!({}));
        let error = answer.error(409);
        assert!(error["message"].as_str().unwrap().contains(how), "{error}");
    }
    let nobody = Id::new(Kind::Key, 9);
    user.post(&format!("/v1/keys/{nobody}/rotate"), json!({}))
        .fails(404, "not_found", None);
}

#[test]
fn a_key_rotates_no_key_into_more_than_it_could_give() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let weak = with_key(&user, json!({ "scopes": ["keys:write", "deals:read"] }));
    let path = |key: &User<'_>| format!("/v1/keys/{}/rotate", key.key_id);
    let answer = weak.post(&path(&user), json!({}));
    answer.fails(403, "forbidden", "scopes");
    user.get("/v1/contacts").is(200);
    let last = "2026-07-03T00:00:00.000Z";
    let body = json!({ "scopes": ["keys:write", "deals:read"], "expires_at": last });
    let ending = with_key(&user, body);
    let deals = with_key(&user, json!({ "scopes": ["deals:read"] }));
    let answer = ending.post(&path(&deals), json!({}));
    answer.fails(403, "forbidden", "expires_at");
    ending.create(&path(&deals), json!({ "expires_at": last }));
}

/// Asks for a rotation under an idempotency key.
fn once(user: &User<'_>, key: &User<'_>, body: &Value) -> Answered {
    let path = format!("/v1/keys/{}/rotate", key.key_id);
    let ask = user.ask("POST", &path).header("idempotency-key", "k");
    ask.json(body).send()
}

#[test]
fn a_key_that_rotates_itself_is_told_its_successor_again() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "overlap_seconds": 60 });
    let made = once(&user, &user, &body).is(201);
    world.clock.advance_to(at("2026-07-02T10:00:30Z"));
    assert_eq!(once(&user, &user, &body).is(201), made);
}

#[test]
fn a_stored_rotation_is_not_told_to_a_key_that_could_not_have_made_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let endless = with_key(&user, json!({ "scopes": ["keys:write"] }));
    let body = json!({ "scopes": ["keys:write"], "expires_at": "2027-07-02T00:00:00Z" });
    let ending = with_key(&user, body);
    let rotation = json!({ "overlap_seconds": 60 });
    once(&user, &endless, &rotation).is(201);
    once(&ending, &endless, &rotation).fails(403, "forbidden", "expires_at");
    let equal = with_key(&user, json!({ "scopes": ["keys:write"] }));
    once(&equal, &endless, &rotation).is(201);
}

#[test]
fn a_rotation_happens_once_under_an_idempotency_key_and_never_in_a_dry_run() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = with_key(&user, json!({}));
    let path = format!("/v1/keys/{}/rotate", key.key_id);
    let dry = user.ask("POST", &path).header("relm-dry-run", "true");
    let dry = holder(
        &user,
        &dry.json(&json!({ "overlap_seconds": 0 })).send().is(201),
    );
    dry.get("/v1/contacts").fails(401, "unauthorized", None);
    key.get("/v1/contacts").is(200);
    let once = || {
        let ask = user.ask("POST", &path).header("idempotency-key", "k");
        ask.json(&json!({ "overlap_seconds": 0 })).send()
    };
    let made = once().is(201);
    assert_eq!(once().is(201), made);
    holder(&user, &made).get("/v1/contacts").is(200);
}
