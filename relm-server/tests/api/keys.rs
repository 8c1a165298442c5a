//! API keys over HTTP: scopes of every route, what a key may give, when it ends, and that it is shown once.

use relm_core::{Id, KeyAccess, KeyScope, Kind, Mode, Timestamp};
use serde_json::{Value, json};

use super::session::{User, World, id, ids};

/// Whoever holds the key of an answer.
pub fn holder<'a>(user: &User<'a>, made: &Value) -> User<'a> {
    User {
        world: user.world,
        workspace: user.workspace,
        key_id: Id::parse(made["id"].as_str().unwrap()).unwrap(),
        key: Some(made["secret"].as_str().unwrap().to_owned()),
    }
}

/// Somebody with a key that the user makes of this body.
pub fn with_key<'a>(user: &User<'a>, body: Value) -> User<'a> {
    holder(user, &user.create("/v1/keys", body))
}

/// Method, path with ids that nobody has, and the scope that the document names.
fn operations(user: &User<'_>) -> Vec<(String, String, String)> {
    let document = user.get("/openapi.json").is(200);
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let says = operation["description"].as_str().unwrap();
            let Some((_, scope)) = says.split_once("Needs the scope `") else {
                let is_held_by_content = says.contains("Needs the write scope of everything")
                    || says.contains("Needs the scope to ");
                assert_eq!(
                    operation["security"] == json!([]),
                    !is_held_by_content,
                    "{method} {path}"
                );
                continue;
            };
            let scope = scope.split_once('`').unwrap().0.to_owned();
            let path = path.replace("{id}", "x").replace("{delivery_id}", "x");
            all.push((method.to_uppercase(), path, scope));
        }
    }
    all
}

#[test]
fn every_route_is_held_to_the_scope_that_the_document_names() {
    let world = World::with_rate_limit(0);
    let user = world.user("acme", Mode::Live);
    let operations = operations(&user);
    assert!(operations.len() >= 45, "{}", operations.len());
    for scope in KeyScope::all().map(|scope| scope.to_string()) {
        let key = with_key(&user, json!({ "scopes": [scope] }));
        for (method, path, needed) in &operations {
            let answer = key.ask(method, path).text("{").send();
            let (resource, action) = scope.split_once(':').unwrap();
            let of_all = resource == "*" && needed.ends_with(&format!(":{action}"));
            if scope == *needed || of_all {
                assert_ne!(answer.status, 403, "{scope} on {method} {path}");
                continue;
            }
            let message =
                format!("This request needs the scope `{needed}`, which this API key has not.");
            let expected = json!({ "code": "forbidden", "message": message });
            assert_eq!(answer.error(403), expected, "{scope} on {method} {path}");
        }
    }
}

#[test]
fn a_key_is_shown_whole_once() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let body = json!({ "name": "import", "scopes": ["deals:write", "contacts:read"], "expires_at": "2026-07-03T00:00:00Z" });
    let mut made = user.create("/v1/keys", body);
    let secret = made.as_object_mut().unwrap().remove("secret").unwrap();
    let secret = secret.as_str().unwrap().to_owned();
    let hint = format!("{}…{}", &secret[..12], &secret[secret.len() - 4..]);
    let expected = json!({
        "id": made["id"], "object": "api_key", "name": "import", "scopes": ["contacts:read", "deals:write"], "read_only": false,
        "hint": hint, "mode": "test", "created_by": { "type": "api_key", "id": user.key_id, "name": null },
        "created_at": made["created_at"], "expires_at": "2026-07-03T00:00:00.000Z", "revoked_at": null, "last_used_at": null,
        "replaced_by": null,
    });
    assert_eq!(made, expected);
    let list = user.get("/v1/keys");
    assert_eq!(list.is(200)["data"][0], expected);
    assert!(!list.text.contains(&secret[12..secret.len() - 4]) && !list.text.contains("digest"));
    let full = user.create("/v1/keys", json!({}));
    assert_eq!(full["scopes"], json!(["*:read", "*:write"]));
    let reader = user.create("/v1/keys", json!({ "scopes": ["*:read"] }));
    assert_eq!(reader["read_only"], true);
}

#[test]
fn keys_are_paged_and_of_their_workspace_and_mode() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    let made: Vec<String> = (0..3)
        .map(|_| id(&user.create("/v1/keys", json!({}))))
        .collect();
    let first = user.get("/v1/keys?limit=2").is(200);
    assert_eq!(ids(&first), [made[2].clone(), made[1].clone()]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = user
        .get(&format!("/v1/keys?limit=2&cursor={cursor}"))
        .is(200);
    assert_eq!(ids(&second), [made[0].clone(), user.key_id.to_string()]);
    assert_eq!(second["has_more"], false);
    for stranger in [&test, &other] {
        assert_eq!(
            ids(&stranger.get("/v1/keys").is(200)),
            [stranger.key_id.to_string()]
        );
        stranger
            .get(&format!("/v1/keys?cursor={cursor}"))
            .fails(400, "invalid_cursor", "cursor");
    }
    user.get("/v1/keys?digest=x")
        .fails(400, "bad_request", "digest");
}

#[test]
fn a_key_gives_no_more_than_it_has() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let last = "2026-07-03T00:00:00.000Z";
    let body = json!({ "scopes": ["keys:write", "deals:read"], "expires_at": last });
    let giver = with_key(&user, body);
    for (body, field) in [
        (json!({ "expires_at": last }), "scopes"),
        (
            json!({ "scopes": ["*:read"], "expires_at": last }),
            "scopes",
        ),
        (
            json!({ "scopes": ["deals:read", "deals:write"], "expires_at": last }),
            "scopes",
        ),
        (json!({ "scopes": ["deals:read"] }), "expires_at"),
        (
            json!({ "scopes": ["deals:read"], "expires_at": "2026-07-03T00:00:00.001Z" }),
            "expires_at",
        ),
    ] {
        giver.post("/v1/keys", body).fails(403, "forbidden", field);
    }
    let given = with_key(
        &giver,
        json!({ "scopes": ["deals:read"], "expires_at": last }),
    );
    given.get("/v1/deals").is(200);
    given.get("/v1/contacts").fails(403, "forbidden", None);
    for (body, code, field) in [
        (json!({ "scopes": [] }), "validation_failed", "scopes"),
        (
            json!({ "scopes": "deals:read" }),
            "validation_failed",
            "scopes",
        ),
        (
            json!({ "scopes": ["deal:read"] }),
            "unknown_value",
            "scopes",
        ),
        (
            json!({ "expires_at": "2026-07-02T10:00:00Z" }),
            "validation_failed",
            "expires_at",
        ),
        (json!({ "access": "full" }), "unknown_field", "access"),
    ] {
        user.post("/v1/keys", body).fails(422, code, field);
    }
}

#[test]
fn a_key_ends_when_it_says_whatever_is_remembered_of_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = with_key(&user, json!({ "expires_at": "2026-07-02T10:00:02Z" }));
    let at = |text| Timestamp::parse(text).unwrap();
    world.clock.advance_to(at("2026-07-02T10:00:01.999Z"));
    key.get("/v1/contacts").is(200);
    world.clock.advance_to(at("2026-07-02T10:00:02Z"));
    key.get("/v1/contacts").fails(401, "unauthorized", None);
    user.get("/v1/contacts").is(200);
}

#[test]
fn a_deleted_key_opens_nothing_and_stays_in_the_list() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = with_key(&user, json!({}));
    key.get("/v1/contacts").is(200);
    let path = format!("/v1/keys/{}", key.key_id);
    let gone = user.delete(&path).is(200);
    assert_eq!(
        gone,
        json!({ "id": key.key_id, "object": "api_key", "deleted": true })
    );
    key.get("/v1/contacts").fails(401, "unauthorized", None);
    let list = user.get("/v1/keys").is(200);
    assert!(list["data"][0]["revoked_at"].is_string());
    assert_eq!(user.delete(&path).is(200), gone);
    user.delete(&format!("/v1/keys/{}", Id::new(Kind::Key, 9)))
        .fails(404, "not_found", None);
}

#[test]
fn a_key_is_made_once_under_an_idempotency_key_and_kept_sealed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let make = |user: &User<'_>, body: Value| {
        let ask = user.ask("POST", "/v1/keys").header("idempotency-key", "k");
        ask.json(&body).send()
    };
    let made = make(&user, json!({}));
    let again = make(&user, json!({}));
    assert_eq!(made.is(201), again.is(201));
    assert!(again.has_header("idempotent-replayed") && !made.has_header("idempotent-replayed"));
    make(&user, json!({ "name": "x" })).fails(409, "idempotency_conflict", None);
    make(&user, json!({ "name": 1 })).fails(409, "idempotency_conflict", None);
    assert_ne!(make(&test, json!({})).is(201)["id"], made.json()["id"]);
    // What the key would not have been given is not replayed to it either.
    let weak = with_key(&user, json!({ "scopes": ["keys:write"] }));
    make(&weak, json!({})).fails(403, "forbidden", "scopes");
}

#[test]
fn a_dry_run_makes_and_revokes_no_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let dry = |method: &str, path: &str| {
        let ask = user.ask(method, path).header("relm-dry-run", "true");
        ask.json(&json!({})).send()
    };
    let made = holder(&user, &dry("POST", "/v1/keys").is(201));
    made.get("/v1/contacts").fails(401, "unauthorized", None);
    dry("DELETE", &format!("/v1/keys/{}", user.key_id)).is(200);
    let list = user.get("/v1/keys").is(200);
    assert_eq!(ids(&list), [user.key_id.to_string()]);
    assert_eq!(list["data"][0]["revoked_at"], Value::Null);
}

#[test]
fn events_name_the_key_that_made_them() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let key = with_key(
        &user,
        json!({ "name": "import", "scopes": ["contacts:write"] }),
    );
    key.contact("ada@example.com");
    let events = user.get("/v1/events").is(200);
    let actor = json!({ "type": "api_key", "id": key.key_id, "name": "import" });
    assert_eq!(events["data"][0]["actor"], actor);
}
