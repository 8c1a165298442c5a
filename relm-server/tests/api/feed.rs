//! `/v1/events?after=`: what happened, in one order.

use relm_core::Mode;
use relm_core::engine::Sleeper;
use serde_json::{Value, json};

use super::session::{User, World, id};

fn page(user: &User<'_>, query: &str) -> Value {
    user.get(&format!("/v1/events?{query}")).is(200)
}

/// The numbers and types of a page.
fn said(page: &Value) -> Vec<(i64, &str)> {
    let events = page["data"].as_array().unwrap().iter();
    let said = events.map(|event| {
        (
            event["seq"].as_i64().unwrap(),
            event["type"].as_str().unwrap(),
        )
    });
    said.collect()
}

#[test]
fn a_feed_goes_on_by_its_numbers() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let empty = page(&user, "after=0");
    let nothing = json!({ "object": "list", "data": [], "has_more": false, "next_cursor": null, "next_after": 0 });
    assert_eq!(empty, nothing);
    let contact = user.contact("ada@example.com");
    user.create("/v1/deals", json!({ "title": "Engine" }));
    user.delete(&format!("/v1/contacts/{contact}")).is(200);
    let first = page(&user, "after=0&limit=2");
    assert_eq!(said(&first), [(1, "contact.created"), (2, "deal.created")]);
    assert_eq!(
        (&first["has_more"], &first["next_after"]),
        (&json!(true), &json!(2))
    );
    let rest = page(&user, "after=2&limit=2");
    assert_eq!(said(&rest), [(3, "contact.deleted")]);
    assert_eq!(
        (&rest["has_more"], &rest["next_after"]),
        (&json!(false), &json!(3))
    );
    let end = page(&user, "after=3");
    assert_eq!((&end["data"], &end["next_after"]), (&json!([]), &json!(3)));
    assert_eq!(page(&user, "after=latest"), end);
    // An event is shown as it is elsewhere.
    let event = &rest["data"][0];
    assert_eq!(
        user.get(&format!("/v1/events/{}", id(event))).is(200),
        *event
    );
    let other = world.user("other", Mode::Live);
    assert_eq!(page(&other, "after=0"), nothing);
}

#[test]
fn the_end_of_a_log_is_behind_all_that_waits_for_a_number() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for n in 0..7 {
        user.contact(&format!("{n}@example.com"));
    }
    world.store.number_in_steps(2);
    let end = page(&user, "after=latest");
    assert_eq!((&end["data"], &end["next_after"]), (&json!([]), &json!(7)));
}

#[test]
fn a_feed_takes_the_filters_of_the_list() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = user.contact("ada@example.com");
    for n in 0..3 {
        user.create("/v1/deals", json!({ "title": format!("Engine {n}") }));
    }
    for (query, seqs, next_after, has_more) in [
        ("type=deal.created&limit=2", vec![2, 3], 3, true),
        ("type=contact.created", vec![1], 4, false),
        (
            "filter[type][in]=contact.created,deal.created",
            vec![1, 2, 3, 4],
            4,
            false,
        ),
        ("type=deal.deleted", vec![], 4, false),
        (&format!("record_id={contact}"), vec![1], 4, false),
    ] {
        let read = page(&user, &format!("after=0&{query}"));
        let found: Vec<i64> = said(&read).into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(found, seqs, "{query}");
        assert_eq!(
            (&read["next_after"], &read["has_more"]),
            (&json!(next_after), &json!(has_more)),
            "{query}"
        );
    }
}

#[test]
fn what_is_no_number_of_the_feed_is_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    for after in [
        "",
        "-1",
        "1.0",
        "evt_1",
        "last",
        "99999999999999999999",
        "%2B1",
    ] {
        let error = user.get(&format!("/v1/events?after={after}")).error(400);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("bad_request"), &json!("after")),
            "{after}"
        );
        let given = after.replace("%2B", "+");
        assert!(
            error["message"].as_str().unwrap().contains(&given),
            "{error}"
        );
    }
    // It was never given: of another workspace, say.
    let beyond = user.get("/v1/events?after=2").error(400);
    let message = beyond["message"].as_str().unwrap();
    assert!(
        message.contains("not 2") && message.contains("is 1"),
        "{message}"
    );
    user.get("/v1/events?after=0&after=1")
        .fails(400, "bad_request", "after");
    user.get("/v1/events?after=0&cursor=x")
        .fails(400, "bad_request", "cursor");
    user.get("/v1/events?after=0&limit=0")
        .fails(400, "bad_request", "limit");
    user.get("/v1/contacts?after=0")
        .fails(400, "bad_request", "after");
    let large = user.get("/v1/events?after=0&limit=500");
    assert!(large.header("relm-notice").contains("next_after"));
}

struct NoSleep;

#[async_trait::async_trait]
impl Sleeper for NoSleep {
    async fn sleep(&self, _: std::time::Duration) {}
}

#[test]
fn what_is_deleted_is_gone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    user.contact("eva@example.com");
    world.clock.advance_millis(1_000);
    let before = world.crm.now();
    user.contact("kim@example.com");
    pollster::block_on(world.crm.delete_expired_events(before, &NoSleep)).unwrap();
    let gone = user.get("/v1/events?after=1").error(410);
    let message = "Events after 1 are kept no more: read the records themselves again, and go on with `after=2`.";
    let expected = json!({
        "code": "gone", "message": message, "field": "after", "suggestion": "2", "oldest_seq": 3,
    });
    assert_eq!(gone, expected);
    assert_eq!(said(&page(&user, "after=2")), [(3, "contact.created")]);
}

#[test]
fn a_stream_has_the_events_of_the_feed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for n in 0..7 {
        user.contact(&format!("{n}@example.com"));
        user.create("/v1/deals", json!({ "title": "Engine" }));
    }
    let told = user.get("/v1/events/stream?after=3&types=deal.created");
    let mut blocks = told.text.split("\n\n");
    assert_eq!(blocks.next(), Some("retry: 1000"));
    for seq in [4, 6, 8, 10, 12, 14] {
        let lines: Vec<&str> = blocks.next().unwrap().lines().collect();
        let [id, name, data] = lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!((id, name), (&*format!("id: {seq}"), "event: deal.created"));
        let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let path = format!("/v1/events/{}", super::session::id(&event));
        assert_eq!(user.get(&path).is(200), event);
    }
    assert_eq!(blocks.next(), Some(""));
    // What a browser says when it comes back goes before the URL.
    let resumed = user.ask("GET", "/v1/events/stream?after=3");
    let resumed = resumed.header("last-event-id", "13").send();
    assert_eq!(resumed.text.matches("id: ").count(), 1);
    let now = user.get("/v1/events/stream");
    assert_eq!(now.text, "retry: 1000\n\n");
}
