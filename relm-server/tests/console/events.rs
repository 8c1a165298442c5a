//! Events, as a list and one by one.

use relm_core::{ContactInput, Id, ListRequest, ObjectType, Role};
use serde_json::json;

use super::browser::{CANARY, World, encoded, wait};
use super::seed::make;

const EVA: &str = "eva@example.com";

fn newest(world: &World) -> Id {
    let scoped = world.scoped();
    let listed = wait(async { scoped.events().list(&ListRequest::default()).await });
    listed.unwrap().data[0].id
}

#[test]
fn events_are_listed_newest_first_and_filtered_as_the_api_filters_them() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let events = format!("{}/events", world.place);
    assert!(
        browser
            .get(&events)
            .text
            .contains("Nothing has happened yet.")
    );
    let user = world.person("grace@example.com", Role::Editor);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    make(&world, ObjectType::Deal, json!({ "title": "Engine" }));
    world.clock.advance_millis(1_000);
    let input = ContactInput {
        phone: "1".into(),
        ..Default::default()
    };
    let scoped = world.scoped().acting_as(user.actor());
    wait(scoped.contacts().update(ada, input, None)).unwrap();
    let page = browser.get(&events).text;
    let at = |text: &str| page.find(&format!(">{text}</a>")).unwrap();
    assert!(
        at("contact.updated") < at("deal.created") && at("deal.created") < at("contact.created")
    );
    assert!(page.contains("grace@example.com") && page.contains("a program"));
    let filtered = browser.get(&format!("{events}?filter[type]=deal.created"));
    assert!(filtered.text.contains(">Engine</a>") && !filtered.text.contains(">contact.updated<"));
    let of_one = browser.get(&format!("{events}?filter[record_id]={ada}"));
    assert!(of_one.text.contains(">contact.updated<") && !of_one.text.contains(">Engine</a>"));
    let wrong = browser.get(&format!("{events}?filter[stage]=won"));
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("<code>stage</code>"), "{}", wrong.text);
    let live = browser.get(&events.replace("/test/", "/live/"));
    assert!(live.text.contains("Nothing has happened yet."));
}

#[test]
fn an_event_shows_its_json_in_its_order() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": CANARY }));
    let event = newest(&world);
    let path = format!("{}/events/{event}", world.place);
    let page = browser.get(&path);
    page.shows_as_text(CANARY);
    for shown in [
        format!("{{\n  &#34;id&#34;: &#34;{event}&#34;,\n  &#34;object&#34;: &#34;event&#34;"),
        format!("{}/contacts/{ada}", world.place),
        format!("/v1/events/{event}"),
        "req_".to_owned(),
    ] {
        assert!(page.text.contains(&shown), "{shown}: {}", page.text);
    }
    browser
        .get(&format!("{}/events", world.place))
        .shows_as_text(CANARY);
    assert_eq!(browser.get(&path.replace("/test/", "/live/")).status, 404);
    let query = encoded(&[(&format!("filter[{CANARY}]"), CANARY)]);
    browser
        .get(&format!("{}/events?{query}", world.place))
        .shows_as_text(CANARY);
    let large = json!({ "type": "note", "body": "\"".repeat(19_000) });
    make(&world, ObjectType::Activity, large);
    let event = newest(&world);
    let page = browser.get(&format!("{}/events/{event}", world.place));
    assert!(page.text.contains("This is its beginning") && page.text.len() <= 100 * 1024);
}
