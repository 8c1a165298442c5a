//! Deleted records: `?deleted=true`, and `/v1/{objects}/:id/restore`.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{User, World, id, ids, whole_list};

/// A contact and a deal that are associated, and the paths of them.
fn associated(user: &User<'_>) -> ([String; 2], Value) {
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    let ada = id(&user.create("/v1/contacts", ada));
    let deal = json!({ "title": "Engine", "primary_contact_id": ada });
    let deal = id(&user.create("/v1/deals", deal));
    let edge = json!({ "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal, "label": "buys" });
    let edge = user.create("/v1/associations", edge);
    let paths = [format!("/v1/contacts/{ada}"), format!("/v1/deals/{deal}")];
    (paths, edge)
}

#[test]
fn a_deleted_record_is_listed_and_restored() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ([ada, deal], edge) = associated(&user);
    let before = user.get(&ada).is(200);
    world.clock.advance_millis(1_000);
    let deleted = user.delete(&ada).is(200);
    let expected = json!({ "id": before["id"], "object": "contact", "deleted": true });
    assert_eq!(deleted, expected);
    user.delete(&ada).fails(404, "not_found", None);
    user.get(&ada).fails(404, "not_found", None);
    let nothing = whole_list(json!([]));
    for path in ["/v1/contacts", "/v1/associations", "/v1/search?q=ada"] {
        assert_eq!(user.get(path).is(200), nothing, "{path}");
    }
    // Whoever holds its id goes on holding it.
    assert_eq!(
        user.get(&deal).is(200)["primary_contact_id"],
        before["id"],
        "{before}"
    );
    let mut last = before.clone();
    last["version"] = json!(2);
    last["updated_at"] = json!("2026-07-02T10:00:01.000Z");
    let trash = user.get("/v1/contacts?deleted=true").is(200);
    assert_eq!(trash, whole_list(json!([last])));
    assert_eq!(user.get("/v1/deals?deleted=true").is(200), nothing);
    assert_eq!(user.get("/v1/contacts?deleted=false").is(200), nothing);

    world.clock.advance_millis(1_000);
    let restored = user.post(&format!("{ada}/restore"), json!({}));
    last["version"] = json!(3);
    last["updated_at"] = json!("2026-07-02T10:00:02.000Z");
    assert_eq!(restored.is(200), last);
    assert_eq!(restored.header("etag"), "\"3\"");
    assert_eq!(user.get(&ada).is(200), last);
    let edges = user.get("/v1/associations").is(200);
    let mut back = edge.clone();
    back["version"] = json!(2);
    back["updated_at"] = last["updated_at"].clone();
    assert_eq!(edges, whole_list(json!([back])));
    assert_eq!(user.get("/v1/contacts?deleted=true").is(200), nothing);
    let again = user.post(&format!("{ada}/restore"), json!({})).error(404);
    assert_eq!(again["code"], "not_found");
    let message = again["message"].as_str().unwrap();
    assert!(message.contains("no such contact in the trash"), "{again}");
    let events = user.get("/v1/events?limit=2").is(200);
    let told = &events["data"][0];
    assert_eq!(
        (&told["type"], &told["data"]),
        (&json!("association.created"), &back)
    );
    let event = &events["data"][1];
    assert_eq!(event["type"], "contact.restored");
    assert_eq!((&event["data"], &event["previous"]), (&last, &json!({})));
}

#[test]
fn an_address_that_was_taken_meanwhile_is_in_the_way() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let first = user.contact("ada@example.com");
    let restore = format!("/v1/contacts/{first}/restore");
    user.delete(&format!("/v1/contacts/{first}")).is(200);
    let second = user.contact("ADA@example.com");
    let error = user.post(&restore, json!({})).error(409);
    let said = [&error["code"], &error["field"], &error["existing_id"]];
    assert_eq!(said, [&json!("conflict"), &json!("email"), &json!(second)]);
    let moved = json!({ "email": "eva@example.com" });
    user.patch(&format!("/v1/contacts/{second}"), moved).is(200);
    user.post(&restore, json!({})).is(200);
}

#[test]
fn a_restoration_heeds_versions_keys_and_scopes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let restore = format!("{ada}/restore");
    user.delete(&ada).is(200);
    let matching = |tag: &str| {
        let ask = user.ask("POST", &restore).header("if-match", tag);
        ask.header("idempotency-key", "k").send()
    };
    matching("\"1\"").fails(412, "version_conflict", None);
    let restored = matching("\"2\"");
    assert!(!restored.has_header("idempotent-replayed"));
    assert_eq!(restored.is(200)["version"], 3);
    let replayed = matching("\"2\"");
    assert_eq!(replayed.header("idempotent-replayed"), "true");
    assert_eq!(replayed.text, restored.text);

    user.delete(&ada).is(200);
    for (scope, status) in [("contacts:read", 403), ("deals:write", 403)] {
        let made = user.create("/v1/keys", json!({ "scopes": [scope] }));
        let weak = User {
            key: Some(made["secret"].as_str().unwrap().to_owned()),
            world: user.world,
            workspace: user.workspace,
            key_id: user.key_id,
        };
        let refused = weak.post(&restore, json!({}));
        assert_eq!(refused.status, status, "{scope}");
        assert!(refused.text.contains("contacts:write"), "{}", refused.text);
    }
    let query = user.post(&format!("{restore}?x=1"), json!({}));
    query.fails(400, "bad_request", "x");
}

#[test]
fn the_trash_is_paged_and_takes_no_filters() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut deleted = Vec::new();
    for n in 0..5 {
        deleted.push(user.contact(&format!("{n}@example.com")));
    }
    for contact in &deleted {
        user.delete(&format!("/v1/contacts/{contact}")).is(200);
    }
    deleted.reverse();
    let first = user.get("/v1/contacts?deleted=true&limit=3").is(200);
    assert_eq!(ids(&first), deleted[..3]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = user.get(&format!("/v1/contacts?deleted=true&cursor={cursor}"));
    let rest = rest.is(200);
    assert_eq!(
        (ids(&rest), &rest["has_more"]),
        (deleted[3..].to_vec(), &json!(false))
    );
    for elsewhere in [
        format!("/v1/contacts?cursor={cursor}"),
        format!("/v1/deals?deleted=true&cursor={cursor}"),
    ] {
        user.get(&elsewhere).fails(400, "invalid_cursor", "cursor");
    }
    for (path, field) in [
        ("/v1/contacts?deleted=true&email=x@example.com", "email"),
        ("/v1/contacts?deleted=true&filter[id][in]=x", "id"),
        ("/v1/contacts?deleted=1", "deleted"),
        ("/v1/contacts?deleted=true&deleted=true", "deleted"),
        ("/v1/associations?deleted=true", "deleted"),
        ("/v1/contacts?archived=true", "archived"),
    ] {
        user.get(path).fails(400, "bad_request", field);
    }
    let hint = user.get("/v1/contacts?include_deleted=true").error(400);
    assert_eq!(hint["suggestion"], "deleted=true");
}
