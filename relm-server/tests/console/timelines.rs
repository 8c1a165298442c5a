//! What a timeline has no room for: how much that is, and where it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use relm_core::{ContactInput, Id, ObjectType, Role};
use relm_store_memory::MemoryStore;
use serde_json::json;

use super::browser::{Answered, Browser, World, wait};
use super::counting::Counting;
use super::seed::{link, make};

const EVA: &str = "eva@example.com";

fn change(world: &World, contact: Id, phone: &str) {
    world.clock.advance_millis(60_000);
    let input = ContactInput {
        phone: phone.into(),
        ..ContactInput::default()
    };
    wait(world.scoped().contacts().update(contact, input, None)).unwrap();
    world.clock.advance_millis(60_000);
}

fn deals(world: &World, count: usize) -> Vec<Id> {
    let deals = (0..count).map(|n| {
        make(
            world,
            ObjectType::Deal,
            json!({ "title": format!("Deal {n}") }),
        )
    });
    deals.collect()
}

/// Where a link with this text leads.
#[track_caller]
fn href(page: &str, text: &str) -> String {
    let before = page.split(&format!("\">{text}</a>")).next().unwrap();
    assert_ne!(before, page, "{text}: {page}");
    let href = before.rsplit("href=\"").next().unwrap();
    let href = href.replace("&#38;", "&");
    href.split('#').next().unwrap().to_owned()
}

fn timeline(page: &Answered) -> &str {
    assert_eq!(page.status, 200, "{}", page.text);
    page.text.split_once("id=\"timeline\"").unwrap().1
}

fn linked(page: &Answered) -> usize {
    timeline(page).matches("<b>Linked</b>").count()
}

/// The rows of the list of events that a link leads to, all pages of it.
fn listed(browser: &mut Browser<'_>, list: &str) -> usize {
    let page = browser.get(list);
    assert_eq!(page.status, 200, "{list}: {}", page.text);
    assert!(!page.text.contains("rel=\"next\""), "{}", page.text);
    page.text.matches(">association.created</a>").count()
}

#[test]
fn links_for_which_a_timeline_has_no_room_are_a_link_away() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let deals = deals(&world, 25);
    world.clock.advance_millis(60_000);
    for deal in &deals {
        link(&world, ada, *deal, None);
    }
    let path = format!("{}/contacts/{ada}", world.place);
    let page = browser.get(&path);
    assert_eq!(linked(&page), 10);
    let shown = timeline(&page);
    assert!(shown.contains("<p>More links: <a"), "{shown}");
    assert!(!shown.contains("all to this contact"), "{shown}");
    let all = href(shown, "all from this contact");
    assert!(
        all.ends_with(&format!("/events?filter[from_id]={ada}")),
        "{all}"
    );
    assert_eq!(listed(&mut browser, &all), 25);
    let deal = browser.get(&format!("{}/deals/{}", world.place, deals[0]));
    assert_eq!(linked(&deal), 1);
    assert!(!timeline(&deal).contains("More links"));

    for deal in &deals[..10] {
        link(&world, *deal, ada, Some("buyer"));
    }
    let page = browser.get(&path);
    assert_eq!(linked(&page), 20);
    assert!(
        !timeline(&page).contains("all to this contact"),
        "ten are all of them"
    );
    link(&world, deals[10], ada, Some("buyer"));
    let page = browser.get(&path);
    assert_eq!(linked(&page), 20);
    let both = "all from this contact</a>, <a href=";
    assert!(timeline(&page).contains(both), "{}", page.text);
    let all = href(timeline(&page), "all to this contact");
    assert_eq!(listed(&mut browser, &all), 11);

    // Each page of the timeline leads to those of its own time.
    for n in 0..10 {
        change(&world, ada, &format!("+44 {n}"));
    }
    let other = make(&world, ObjectType::Deal, json!({ "title": "Other" }));
    link(&world, ada, other, None);
    let newest = browser.get(&path);
    assert_eq!(linked(&newest), 1);
    assert!(!timeline(&newest).contains("More links"));
    let older = browser.get(&href(timeline(&newest), "Older →"));
    assert_eq!(linked(&older), 20);
    let all = href(timeline(&older), "all from this contact");
    assert!(all.contains("&filter[created_at][lt]="), "{all}");
    assert_eq!(listed(&mut browser, &all), 25);
}

/// Adds seven endpoints, each a little after the one before.
fn subscribe(world: &World) {
    for n in 0..7 {
        let url = format!("https://hooks.example.com/{n}");
        let body = json!({ "url": url, "event_types": ["contact.created"] });
        wait(world.scoped().webhooks().subscribe_json(body)).unwrap();
        world.clock.advance_millis(1);
    }
}

#[test]
fn an_event_has_deliveries_to_more_endpoints_than_are_read_at_once() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    subscribe(&world);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    for n in 0..2 {
        change(&world, ada, &format!("+44 {n}"));
    }
    let page = browser.get(&format!("{}/contacts/{ada}", world.place));
    let shown = timeline(&page);
    let places: Vec<Option<usize>> = (0..7)
        .map(|n| shown.find(&format!(">https://hooks.example.com/{n}</a>")))
        .collect();
    // The newest endpoint first; one has no room.
    assert!(places[0].is_none() && places[1..].iter().all(Option::is_some));
    assert!(places[1..].is_sorted_by(|older, newer| older > newer));
    let event = browser.get(&href(
        shown,
        "All deliveries<span class=\"hidden\"> of 2026-11-29 09:00 UTC</span>",
    ));
    for n in 0..7 {
        assert!(
            event
                .text
                .contains(&format!("https://hooks.example.com/{n}"))
        );
    }
}

#[test]
fn deliveries_to_a_few_endpoints_are_read_at_once() {
    let store = Arc::new(MemoryStore::new());
    let world = World::over(store.clone(), None);
    let browser = world.signed_in(EVA, Role::Reader);
    subscribe(&world);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    // Lists pass one by one, once all are there that come without the answers of others.
    let counting = Arc::new(Counting::new(store, 0));
    let is_over = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let passing = scope.spawn(|| {
            let mut most = 0;
            for _ in 0..10_000 {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
                let running = counting.running();
                most = running.max(most);
                counting.let_pass(running.min(1));
            }
            most
        });
        let world = World::over(counting.clone(), None);
        let page = browser
            .of(&world)
            .get(&format!("{}/contacts/{ada}", world.place));
        is_over.store(true, Ordering::SeqCst);
        assert!(timeline(&page).contains("All deliveries"), "{}", page.text);
        passing.join().unwrap()
    });
    assert!((2..=4).contains(&most), "{most} at once");
}

#[test]
fn deliveries_that_many_others_leave_no_room_for_are_a_link_away() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let scoped = world.scoped();
    let body = json!({ "url": "https://hooks.example.com/relm", "event_types": ["*"] });
    let endpoint = wait(scoped.webhooks().subscribe_json(body)).unwrap();
    let endpoint = endpoint.decode().unwrap().id;
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    change(&world, ada, "+44 1");
    let path = format!("{}/contacts/{ada}", world.place);
    assert!(!timeline(&browser.get(&path)).contains("All deliveries"));
    let all = relm_core::ListRequest::default();
    let newest = wait(async { scoped.webhooks().deliveries(endpoint, &all).await }).unwrap();
    for _ in 0..14 {
        world.clock.advance_millis(1);
        wait(scoped.webhooks().replay(endpoint, newest.data[0].id)).unwrap();
    }
    let page = browser.get(&path);
    let (changed, created) = timeline(&page).split_once("<b>Created</b>").unwrap();
    assert_eq!(changed.matches("/deliveries/").count(), 6);
    assert_eq!(created.matches("/deliveries/").count(), 0);
    let hidden = "All deliveries<span class=\"hidden\"> of 2026-11-29 09:00 UTC</span>";
    let event = browser.get(&href(created, hidden));
    assert_eq!(event.text.matches("/deliveries/").count(), 1);
}
