//! `/v1/{objects}/:id/history`, and what a record was at a moment.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id};

/// A contact that was created and updated, a second later, and the path of it.
fn changed(user: &User<'_>, world: &World) -> (String, [Value; 2]) {
    let ada = json!({ "email": "ada@example.com", "phone": "1", "metadata": { "plan": "free" } });
    let first = user.create("/v1/contacts", ada);
    let path = format!("/v1/contacts/{}", id(&first));
    world.clock.advance_millis(1_000);
    let change = json!({ "phone": null, "metadata": { "plan": "pro" } });
    let second = user.patch(&path, change).is(200);
    (path, [first, second])
}

#[test]
fn a_history_says_who_changed_what_from_what_to_what() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (path, _) = changed(&user, &world);
    world.clock.advance_millis(1_000);
    user.delete(&path).is(200);
    let history = user.get(&format!("{path}/history")).is(200);
    let events = user.get("/v1/events").is(200);
    let entry = |place: usize, event_type: &str, at: &str, changes: Value| {
        json!({
            "at": at, "version": 3 - place, "seq": 3 - place, "actor": { "type": "api_key", "id": user.key_id, "name": null },
            "request_id": events["data"][place]["request_id"], "event_id": events["data"][place]["id"], "type": event_type,
            "changes": changes,
        })
    };
    // The memory store numbers in its commits.
    let expected = json!([
        entry(0, "contact.deleted", "2026-07-02T10:00:02.000Z", json!({})),
        entry(
            1,
            "contact.updated",
            "2026-07-02T10:00:01.000Z",
            json!({
                "metadata.plan": { "from": "free", "to": "pro" },
                "phone": { "from": "1", "to": null },
                "phones": { "from": [{ "phone": "1", "label": null }], "to": [] },
            })
        ),
        entry(
            2,
            "contact.created",
            START,
            json!({
                "email": { "from": null, "to": "ada@example.com" },
                "metadata.plan": { "from": null, "to": "free" },
                "phone": { "from": null, "to": "1" },
                "emails": { "from": null, "to": [{ "email": "ada@example.com", "label": null }] },
                "phones": { "from": null, "to": [{ "phone": "1", "label": null }] },
            })
        ),
    ]);
    assert_eq!(
        history,
        json!({
            "object": "list", "data": expected, "has_more": false, "next_cursor": null, "truncated_before": null,
        })
    );

    let first = user.get(&format!("{path}/history?limit=2")).is(200);
    assert_eq!(first["data"], json!([expected[0], expected[1]]));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = user.get(&format!("{path}/history?limit=2&cursor={cursor}"));
    assert_eq!(second.is(200)["data"], json!([expected[2]]));
    let until = user.get(&format!("{path}/history?at=2026-07-02T10:00:01.500Z"));
    assert_eq!(until.is(200)["data"], json!([expected[1], expected[2]]));
}

#[test]
fn a_record_is_read_as_it_was_at_a_moment() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (path, [first, second]) = changed(&user, &world);
    let at = |moment: &str| user.get(&format!("{path}?at={moment}"));
    assert_eq!(at(START).is(200), first);
    assert_eq!(at(START).header("etag"), "\"1\"");
    assert_eq!(at("2026-07-02T10:00:01Z").is(200), second);
    assert_eq!(at("2026-07-02T12:00:01%2B02:00").is(200), second);
    at("2026-07-02T09:59:59.999Z").fails(404, "not_found", None);
    world.clock.advance_millis(1_000);
    user.delete(&path).is(200);
    user.get(&path).fails(404, "not_found", None);
    assert_eq!(at("2026-07-02T10:00:01.999Z").is(200), second);
    at("2026-07-02T10:00:02Z").fails(404, "not_found", None);
}

#[test]
fn what_is_kept_no_more_is_gone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (path, [_, second]) = changed(&user, &world);
    let before = relm_core::Timestamp::parse("2026-07-02T10:00:01Z").unwrap();
    let deleted = world.crm.delete_expired_events(before, &NoSleep);
    assert_eq!(pollster::block_on(deleted).unwrap().events, 1);
    let history = user.get(&format!("{path}/history")).is(200);
    assert_eq!(history["truncated_before"], "2026-07-02T10:00:01.000Z");
    assert_eq!(history["data"].as_array().unwrap().len(), 1);
    user.get(&format!("{path}?at={START}"))
        .fails(410, "gone", "at");
    let now = user.get(&format!("{path}?at=2026-07-02T10:00:01Z"));
    assert_eq!(now.is(200), second);
}

#[test]
fn a_history_of_what_is_not_there_is_not_found() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let stranger = world.user("other", Mode::Live);
    let (path, _) = changed(&user, &world);
    let test = world.another_key(user.workspace, Mode::Test, relm_core::KeyAccess::Full);
    for other in [&stranger, &test] {
        for query in ["/history", "?at=2026-07-02T10:00:01Z"] {
            let answered = other.get(&format!("{path}{query}"));
            answered.fails(404, "not_found", None);
        }
    }
    let of_a_deal = path.replace("contacts", "deals");
    user.get(&format!("{of_a_deal}/history"))
        .fails(404, "not_found", None);
    for (query, at) in [
        ("history?at=yesterday", "at"),
        ("history?limit=0", "limit"),
        ("history?before=1", "before"),
        ("history?email=a", "email"),
    ] {
        user.get(&format!("{path}/{query}"))
            .fails(400, "bad_request", at);
    }
    user.get(&format!("{path}/history?cursor=x"))
        .fails(400, "invalid_cursor", "cursor");
}

/// Rests not at all.
struct NoSleep;

#[async_trait::async_trait]
impl relm_core::engine::Sleeper for NoSleep {
    async fn sleep(&self, _: std::time::Duration) {}
}
