//! The page of a record: its fields, its links both ways, and its timeline.

use relm_core::{ContactInput, Mode, ObjectType, Role};
use serde_json::json;

use super::browser::{CANARY, World, wait};
use super::seed::{link, make, make_in, read};

const EVA: &str = "eva@example.com";

fn of(world: &World, list: &str, id: relm_core::Id) -> String {
    format!("{}/{list}/{id}", world.place)
}

#[test]
fn a_record_shows_its_fields_by_what_they_are_called() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let field =
        json!({ "object_type": "contact", "key": "plan", "label": "Their plan", "type": "text" });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let company = make(&world, ObjectType::Company, json!({ "name": "Acme" }));
    let ada = json!({ "email": "ada@example.com", "first_name": "Ada", "company_id": company.text(),
                      "metadata": { "plan": "pro", "source": { "fair": true } } });
    let ada = make(&world, ObjectType::Contact, ada);
    let page = browser.get(&of(&world, "contacts", ada));
    assert_eq!(page.status, 200, "{}", page.text);
    for shown in [
        "<h1>Ada</h1>",
        "<dt>E-mail</dt><dd>ada@example.com</dd>",
        "<dt>Their plan</dt><dd>pro</dd>",
        "<dt><code>source</code></dt><dd>{&#34;fair&#34;:true}</dd>",
        &format!(
            "<dt>Company</dt><dd><a href=\"{}\">Acme</a>",
            of(&world, "companies", company)
        ),
        &ada.text(),
        "version 1",
        &format!("/v1/contacts/{ada}"),
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    for elsewhere in [
        of(&world, "deals", ada),
        of(&world, "contacts", company),
        of(&world, "contacts", ada).replace("/test/", "/live/"),
    ] {
        assert_eq!(browser.get(&elsewhere).status, 404, "{elsewhere}");
    }
    let other = wait(world.crm.create_workspace("other")).unwrap().id;
    let own = world.place.split('/').nth(2).unwrap();
    let elsewhere = of(&world, "contacts", ada).replace(own, &other.text());
    assert_eq!(browser.get(&elsewhere).status, 404);
}

#[test]
fn links_are_shown_from_both_ends_and_lead_to_the_other() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let company = make(&world, ObjectType::Company, json!({ "name": "Acme" }));
    let contact = json!({ "first_name": "Ada", "company_id": company.text() });
    let contact = make(&world, ObjectType::Contact, contact);
    let deal = make(&world, ObjectType::Deal, json!({ "title": "Engine" }));
    link(&world, contact, deal, Some("champion"));
    for (list, from, other_list, to, name) in [
        ("contacts", contact, "deals", deal, "Engine"),
        ("deals", deal, "contacts", contact, "Ada"),
        ("companies", company, "contacts", contact, "Ada"),
    ] {
        let page = browser.get(&of(&world, list, from));
        let leads = format!("href=\"{}\">{name}</a>", of(&world, other_list, to));
        assert!(page.text.contains(&leads), "{leads}: {}", page.text);
    }
    let page = browser.get(&of(&world, "contacts", contact)).text;
    assert!(page.contains("champion") && page.contains("aria-label=\"to\""));
    let page = browser.get(&of(&world, "deals", deal)).text;
    assert!(page.contains("champion") && page.contains("aria-label=\"from\""));
}

#[test]
fn a_link_is_made_and_removed_by_forms() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let contact = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let deal = make(&world, ObjectType::Deal, json!({ "title": "Engine" }));
    let path = of(&world, "contacts", contact);
    let links = format!("{path}/links");
    for (fields, status, said) in [
        (
            &[("to_type", "deal"), ("to_id", "nothing")][..],
            422,
            "id=\"to-id-hint\">",
        ),
        (
            &[
                ("to_type", "contact"),
                ("to_id", contact.to_string().as_str()),
            ],
            422,
            "<code>to_id</code> must be another record",
        ),
        (
            &[
                ("to_type", "deal"),
                ("to_id", "deal_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"),
                ("label", "kept"),
            ],
            422,
            "value=\"kept\"",
        ),
    ] {
        let page = browser.submit(&path, &links, fields);
        assert_eq!(page.status, status, "{fields:?}: {}", page.text);
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let text = deal.text();
    let fields = [
        ("to_type", "deal"),
        ("to_id", text.as_str()),
        ("label", "champion"),
    ];
    let done = browser.submit(&path, &links, &fields);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = browser.get(done.location());
    assert!(page.text.contains("The two are linked.") && page.text.contains("Engine"));
    let remove = page.text.split("/remove\"").next().unwrap();
    let remove = format!("{links}/{}/remove", remove.rsplit('/').next().unwrap());
    let done = browser.submit(&path, &remove, &[]);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = browser.get(&path).text;
    let (links, timeline) = page.split_once("id=\"timeline\"").unwrap();
    assert!(!links.contains("Engine"));
    // What happened to the two stays told.
    let (unlinked, linked) = (
        timeline.find("<b>Unlinked</b>"),
        timeline.find("<b>Linked</b>"),
    );
    assert!(unlinked.is_some() && unlinked < linked, "{timeline}");
    assert_eq!(timeline.matches(">Engine</a>").count(), 2);
    assert_eq!(timeline.matches(">champion</span>").count(), 2);
    assert_eq!(read(&world, deal)["title"], "Engine");
}

#[test]
fn what_is_said_of_a_link_is_changed_by_a_form() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let contact = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let deal = make(&world, ObjectType::Deal, json!({ "title": "Engine" }));
    let edge = link(&world, contact, deal, Some("champion"));
    let path = of(&world, "contacts", contact);
    let change = format!("{path}/links/{}", edge.id);
    assert!(
        browser
            .get(&path)
            .text
            .contains(&format!("href=\"{change}\""))
    );
    let form = browser.get(&change);
    assert_eq!(form.status, 200, "{}", form.text);
    assert!(form.text.contains("to Engine") && form.text.contains("-X PATCH"));
    let said = |since, until, version| {
        [
            ("inverse_label", "championed by"),
            ("since", since),
            ("until", until),
            ("version", version),
        ]
    };
    let refused = browser.submit(&change, &change, &said("2026-07-02", "2026-07-01", "1"));
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(
        refused.text.contains("value=\"2026-07-01\"")
            && refused.text.contains("id=\"until-hint\">")
    );
    let done = browser.submit(&change, &change, &said("2026-07-02", "", "1"));
    assert_eq!(done.status, 303, "{}", done.text);
    let page = browser.get(done.location()).text;
    assert!(page.contains("The link was changed.") && page.contains("since 2026-07-02"));
    assert!(page.contains("<b>Link changed</b>"), "{page}");
    // Each of the two is told what it is to it.
    let page = browser.get(&of(&world, "deals", deal)).text;
    let links = page.split("id=\"timeline\"").next().unwrap();
    assert!(links.contains(">championed by</span>") && !links.contains(">champion</span>"));
    // What somebody else said meanwhile is not written over unseen.
    let stale = browser.submit(&change, &change, &said("", "", "1"));
    assert_eq!(stale.status, 412, "{}", stale.text);
    assert!(stale.text.contains("name=\"version\" value=\"2\""));
    assert!(
        stale.text.contains("Saved meanwhile: 2026-07-02"),
        "{}",
        stale.text
    );
    // It is changed from the pages of its own records alone.
    let other = make(&world, ObjectType::Contact, json!({ "first_name": "Eva" }));
    let other = format!("{}/links/{}", of(&world, "contacts", other), edge.id);
    assert_eq!(browser.get(&other).status, 404);
}

#[test]
fn each_page_of_a_timeline_has_the_links_of_its_time() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let contact = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let names = ["First", "Second", "Third"];
    let deals = names.map(|name| make(&world, ObjectType::Deal, json!({ "title": name })));
    for n in 0..12 {
        world.clock.advance_millis(60_000);
        match n {
            0 => drop(link(&world, contact, deals[0], None)),
            6 => drop(link(&world, deals[1], contact, Some("buyer"))),
            _ => {}
        }
        world.clock.advance_millis(60_000);
        let input = ContactInput {
            phone: format!("+44 {n}").into(),
            ..Default::default()
        };
        wait(world.scoped().contacts().update(contact, input, None)).unwrap();
    }
    world.clock.advance_millis(60_000);
    link(&world, contact, deals[2], None);
    let timeline = |page: &str| page.split_once("id=\"timeline\"").unwrap().1.to_owned();
    let newest = timeline(&browser.get(&of(&world, "contacts", contact)).text);
    let third = newest.find(">Third</a>").unwrap();
    let (changed, second) = (
        newest.find("+44 11").unwrap(),
        newest.find(">Second</a>").unwrap(),
    );
    assert!(third < changed && changed < second && !newest.contains(">First</a>"));
    assert!(newest.contains("aria-label=\"from\"") && newest.contains(">buyer</span>"));
    let next = newest.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    assert!(next.contains("&until="), "{next}");
    let older = timeline(&browser.get(next.split('#').next().unwrap()).text);
    assert!(older.contains(">First</a>") && older.contains("<b>Created</b>"));
    assert!(!older.contains(">Second</a>") && !older.contains(">Third</a>"));
}

#[test]
fn a_timeline_says_who_changed_what_and_where_it_was_delivered() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let webhooks = format!("{}/webhooks", world.place);
    let fields = [("url", "https://hooks.example.com/relm"), ("enabled", "on")];
    browser.submit(&format!("{webhooks}/new"), &webhooks, &fields);
    let user = world.person("grace@example.com", Role::Editor);
    let company = make(&world, ObjectType::Company, json!({ "name": "Acme" }));
    let contact = json!({ "first_name": "Ada", "company_id": company.text() });
    let contact = make(&world, ObjectType::Contact, contact);
    let scoped = world.scoped().acting_as(user.actor());
    for n in 0..12 {
        let input = ContactInput {
            phone: format!("+44 {n}").into(),
            ..Default::default()
        };
        world.clock.advance_millis(60_000);
        wait(scoped.contacts().update(contact, input, None)).unwrap();
    }
    let path = of(&world, "contacts", contact);
    let page = browser.get(&path);
    for shown in [
        "<b>Changed</b> by grace@example.com",
        "<del>+44 10</del>",
        "<ins>+44 11</ins>",
        "version 13",
        "https://hooks.example.com/relm",
        "badge pending",
        "/events/evt_",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("<b>Created</b>"));
    let next = page.text.split("rel=\"next\" href=\"").nth(1).unwrap();
    let older = browser.get(next.split('"').next().unwrap().split('#').next().unwrap());
    assert!(
        older.text.contains("<b>Created</b> by a program")
            && older.text.contains("<ins>Acme</ins>"),
        "{}",
        older.text
    );
    wait(world.scoped().contacts().delete(contact, None)).unwrap();
    let gone = browser.get(&path);
    assert_eq!(gone.status, 200);
    assert!(
        gone.text.contains("This contact was deleted.") && gone.text.contains("<b>Deleted</b>")
    );
    assert!(gone.text.contains(&format!("action=\"{path}/restore\"")));
}

#[test]
fn whatever_a_record_holds_is_text_and_its_page_stays_small() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let field =
        json!({ "object_type": "activity", "key": "plan", "label": CANARY, "type": "text" });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let contact = make(&world, ObjectType::Contact, json!({ "first_name": CANARY }));
    let call = json!({ "type": CANARY, "subject": CANARY, "body": CANARY, "contact_id": contact.text(),
                       "metadata": { "plan": CANARY, CANARY: CANARY } });
    let call = make(&world, ObjectType::Activity, call);
    link(&world, call, contact, Some(CANARY));
    let path = of(&world, "activities", call);
    for page in ["", "/edit", "/delete"] {
        browser.get(&format!("{path}{page}")).shows_as_text(CANARY);
    }
    browser
        .get(&of(&world, "contacts", contact))
        .shows_as_text(CANARY);
    let fields = [("to_type", CANARY), ("to_id", CANARY), ("label", CANARY)];
    let refused = browser.submit(&path, &format!("{path}/links"), &fields);
    assert_eq!(refused.status, 422);
    refused.shows_as_text(CANARY);
    // The most that a record holds, of what takes most in a page.
    let mut metadata = serde_json::Map::new();
    for n in 0..45 {
        metadata.insert(format!("k{n}"), json!("'".repeat(300)));
    }
    let quotes = "\"".repeat(490);
    let large = json!({ "type": quotes, "subject": quotes, "body": "\"".repeat(19_000), "metadata": metadata });
    let large = make(&world, ObjectType::Activity, large);
    for n in 0..12 {
        let body = json!({ "subject": format!("{n}{quotes}"), "type": format!("{n}{quotes}"), "body": format!("{n}{}", "\"".repeat(19_000)) });
        wait(world.scoped().activities().update_json(large, body, None)).unwrap();
    }
    let page = browser.get(&of(&world, "activities", large));
    assert!(page.text.len() <= 100 * 1024, "{}", page.text.len());
    let live = wait(
        world
            .crm
            .open(world.scoped().scope().workspace(), Mode::Live),
    )
    .unwrap();
    make_in(
        &live,
        ObjectType::Contact,
        json!({ "first_name": "Elsewhere" }),
    );
    assert!(!browser.get(&path).text.contains("Elsewhere"));
}

#[test]
fn deliveries_for_which_a_change_has_no_room_are_a_link_away() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let scoped = world.scoped();
    let body = json!({ "url": "https://hooks.example.com/relm", "event_types": ["*"] });
    let endpoint = wait(scoped.webhooks().subscribe_json(body)).unwrap();
    let endpoint = endpoint.decode().unwrap().id;
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let all = relm_core::ListRequest::default();
    let first = wait(async { scoped.webhooks().deliveries(endpoint, &all).await }).unwrap();
    let record = format!("{}/contacts/{ada}", world.place);
    for made in 1..=7 {
        let page = browser.get(&record);
        assert_eq!(page.text.matches("/deliveries/").count(), made.min(6));
        let is_more = page.text.contains("All deliveries");
        assert_eq!(is_more, made > 6, "{made}: {}", page.text);
        world.clock.advance_millis(1);
        wait(scoped.webhooks().replay(endpoint, first.data[0].id)).unwrap();
    }
    let event = browser.get(&record).text;
    let event = event.split("All deliveries").next().unwrap();
    let event = event.rsplit("href=\"").next().unwrap().split('"').next();
    let event = browser.get(event.unwrap());
    assert_eq!(event.text.matches("/deliveries/").count(), 8);
}
