//! Activities that are due, over HTTP: the event, where it is read, and the member that says of which moment it told.

use relm_core::Mode;
use relm_core::engine::Reminders;
use serde_json::{Value, json};

use super::session::{User, World, id};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// An hour after the clock's beginning.
const DUE: &str = "2026-07-02T11:00:00.000Z";

fn tell(world: &World) -> usize {
    let reminders = Reminders::new(world.crm.clone());
    pollster::block_on(reminders.tell()).unwrap()
}

fn task(user: &User<'_>, assignee: &str) -> Value {
    let task = json!({ "type": "task", "subject": "Offer", "due_at": DUE, "assignee": assignee });
    user.create("/v1/activities", task)
}

#[test]
fn what_is_due_is_an_event_of_the_system() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = task(&user, "Grace");
    let path = format!("/v1/activities/{}", id(&made));
    assert_eq!((&made["notified_due_at"], tell(&world)), (&json!(null), 0));
    world.clock.advance_millis(HOUR_MS);
    assert_eq!((tell(&world), tell(&world)), (1, 0));
    let now = user.get(&path).is(200);
    assert_eq!(now["version"], 2);
    assert_eq!([&now["notified_due_at"], &now["updated_at"]], [DUE, DUE]);

    let listed = user.get("/v1/events?type=activity.due").is(200);
    let [event] = &listed["data"].as_array().unwrap()[..] else {
        panic!("{listed}");
    };
    assert_eq!(event["type"], "activity.due");
    assert_eq!(
        event["actor"],
        json!({ "type": "system", "id": null, "name": null })
    );
    assert_eq!((&event["data"], &event["previous"]), (&now, &json!({})));
    assert_eq!(
        (&event["created_at"], &event["changed_fields"]),
        (&json!(DUE), &json!([]))
    );
    let feed = user.get("/v1/events?after=0").is(200);
    assert_eq!(
        feed["data"].as_array().unwrap().last().unwrap()["id"],
        event["id"]
    );
    let history = user.get(&format!("{path}/history")).is(200);
    let newest = &history["data"][0];
    assert_eq!(
        [&newest["type"], &newest["version"]],
        [&json!("activity.due"), &json!(2)]
    );
    assert_eq!(newest["changes"], json!({}));
    // Who had read it before is told that it is another by now.
    let stale = user.ask("PATCH", &path).header("if-match", "\"1\"");
    stale.json(&json!({ "subject": "Bill" })).send().error(412);
    let before = user.get(&format!("{path}?at=2026-07-02T10:30:00Z")).is(200);
    assert_eq!(
        (&before["version"], &before["notified_due_at"]),
        (&json!(1), &json!(null))
    );
}

#[test]
fn of_which_moment_was_told_is_for_the_engine_to_say() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = task(&user, "Grace");
    let path = format!("/v1/activities/{}", id(&made));
    let told = json!({ "notified_due_at": DUE });
    user.patch(&path, told.clone())
        .fails(422, "validation_failed", "notified_due_at");
    world.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&world), 1);
    // What is so already may be said again, as by whoever sends back what was read.
    user.patch(&path, told).is(200);
    user.patch(&path, json!({ "done_at": DUE })).is(200);
    user.patch(&path, json!({ "done_at": null })).is(200);
    assert_eq!(tell(&world), 0);
    user.patch(&path, json!({ "due_at": "2026-07-01T00:00:00Z" }))
        .is(200);
    assert_eq!(tell(&world), 1);
}

#[test]
fn endpoints_ask_for_whose_tasks_are_due() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let hook = |path: &str, filter: Value| {
        let url = format!("https://example.com/{path}");
        let hook = json!({ "url": url, "event_types": ["activity.due"], "filter": filter });
        id(&user.create("/v1/webhooks", hook))
    };
    let hers = hook("hers", json!({ "where": { "assignee": ["Grace"] } }));
    let all = hook("all", json!(null));
    let only_due = json!({
        "url": "https://example.com/x", "event_types": ["activity.due"], "filter": { "changed": ["due_at"] },
    });
    user.post("/v1/webhooks", only_due)
        .fails(422, "validation_failed", "filter.changed");
    for assignee in ["Grace", "Ada"] {
        task(&user, assignee);
    }
    world.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&world), 2);
    for (hook, count) in [(hers, 1), (all, 2)] {
        let deliveries = user.get(&format!("/v1/webhooks/{hook}/deliveries")).is(200);
        let deliveries = deliveries["data"].as_array().unwrap();
        assert_eq!(deliveries.len(), count);
        assert!(
            deliveries
                .iter()
                .all(|it| it["event_type"] == "activity.due")
        );
    }
}

#[test]
fn a_purge_leaves_nothing_of_what_was_told() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = task(&user, "Grace");
    world.clock.advance_millis(HOUR_MS);
    assert_eq!(tell(&world), 1);
    let path = format!("/v1/activities/{}?purge=true", id(&made));
    user.delete(&path).is(200);
    let events = user.get("/v1/events?type=activity.due").is(200);
    let event = &events["data"][0];
    assert_eq!(
        (&event["purged"], &event["data"]["subject"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(event["data"]["due_at"], json!(null));
}
