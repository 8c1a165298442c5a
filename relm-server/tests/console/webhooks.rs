//! Endpoints: added, changed, given another secret and deleted by forms.

use relm_core::record::EventType;
use relm_core::{ListRequest, Role, Webhook};

use super::browser::{Answered, Browser, CANARY, World, wait};

pub const EVA: &str = "eva@example.com";
pub const URL: &str = "https://hooks.example.com/relm";

pub fn webhooks(world: &World) -> String {
    format!("{}/webhooks", world.place)
}

fn add(browser: &mut Browser<'_>, world: &World, fields: &[(&str, &str)]) -> Answered {
    let list = webhooks(world);
    browser.submit(&format!("{list}/new"), &list, fields)
}

pub fn all(world: &World) -> Vec<Webhook> {
    let scoped = world.scoped();
    let listed = wait(async { scoped.webhooks().list(&ListRequest::default()).await });
    listed.unwrap().data
}

/// The secret on the page that shows it.
fn secret(page: &Answered) -> String {
    let shown = page.text.split("aria-label=\"The secret\"><code>").nth(1);
    let shown = shown.unwrap_or_else(|| panic!("{}", page.text));
    shown.split('<').next().unwrap().replace("&#61;", "=")
}

fn secrets(world: &World) -> Vec<String> {
    let (scoped, id) = (world.scoped(), all(world)[0].id);
    let found = wait(async { scoped.webhooks().secrets(id).await });
    let found = found.unwrap().unwrap();
    found
        .iter()
        .map(|secret| secret.expose().to_owned())
        .collect()
}

#[test]
fn an_endpoint_is_added_and_its_secret_shown_once() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let list = webhooks(&world);
    assert!(browser.get(&list).text.contains("No endpoint yet."));
    let page = browser.get(&format!("{list}/new"));
    assert!(
        page.text
            .contains("POST http://crm.example.com:8080/v1/webhooks")
    );
    let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let fields = [
        ("csrf", token.as_str()),
        ("nonce", &nonce),
        ("url", URL),
        ("description", "the shop"),
        ("enabled", "on"),
        ("event_type", "contact.created"),
        ("event_type", "deal.updated"),
        ("headers", "X-Key: k\r\n"),
    ];
    let made = browser.post(&list, &fields);
    assert_eq!(made.status, 201, "{}", made.text);
    let shown = secret(&made);
    assert_eq!(secrets(&world), std::slice::from_ref(&shown));
    assert_eq!(
        secret(&browser.post(&list, &fields)),
        shown,
        "sent again, it adds no other"
    );
    let [endpoint] = &all(&world)[..] else {
        panic!("one endpoint")
    };
    let path = format!("{list}/{}", endpoint.id);
    for page in [browser.get(&list), browser.get(&path)] {
        for has in [
            URL,
            "the shop",
            "contact.created",
            "deal.updated",
            "badge enabled",
        ] {
            assert!(page.text.contains(has), "{has}: {}", page.text);
        }
        assert!(!page.text.contains(&shown) && !page.text.contains("contact.deleted"));
    }
    assert!(
        browser
            .get(&path)
            .text
            .contains("<code class=\"scope\">x-key</code>")
    );
    assert_eq!(browser.get(&path.replace("/test/", "/live/")).status, 404);
    assert!(
        browser
            .get(&list.replace("/test/", "/live/"))
            .text
            .contains("No endpoint yet.")
    );
}

#[test]
fn what_the_api_refuses_is_said_at_the_field_and_keeps_what_was_typed() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    for (fields, at, kept) in [
        (
            &[("url", "ftp://x"), ("description", "kept")][..],
            "url-hint",
            "value=\"kept\"",
        ),
        (
            &[("url", ""), ("event_type", "deal.created")],
            "url-hint",
            "aria-label=\"deal.created\" checked",
        ),
        (
            &[("url", URL), ("event_type", "deal.won")],
            "types-hint",
            URL,
        ),
        (
            &[("url", URL), ("headers", "Host: x")],
            "headers-hint",
            "Host: x",
        ),
        (
            &[("url", URL), ("headers", "no colon")],
            "headers-hint",
            "no colon",
        ),
    ] {
        let page = add(&mut browser, &world, fields);
        assert_eq!(page.status, 422, "{fields:?}: {}", page.text);
        let said = format!("class=\"error\" id=\"{at}\"");
        assert!(page.text.contains(&said), "{fields:?}: {}", page.text);
        assert!(page.text.contains(kept), "{fields:?}: {kept}");
        assert!(
            !page.text.split("<main").nth(1).unwrap().contains('`'),
            "{fields:?}"
        );
    }
    assert!(all(&world).is_empty());
}

#[test]
fn an_endpoint_is_changed_disabled_and_deleted() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let fields = [("url", URL), ("enabled", "on"), ("headers", "X-Key: k")];
    assert_eq!(add(&mut browser, &world, &fields).status, 201);
    let path = format!("{}/{}", webhooks(&world), all(&world)[0].id);
    let edit = format!("{path}/edit");
    let page = browser.get(&edit);
    assert!(
        page.text.contains(&format!("value=\"{URL}\""))
            && page.text.contains("Remove <code>x-key</code>")
    );
    let fields = [
        ("url", URL),
        ("description", "d"),
        ("event_type", "deal.created"),
        ("remove_header", "x-key"),
    ];
    let saved = browser.submit(&edit, &edit, &fields);
    assert_eq!(saved.status, 303, "{}", saved.text);
    let page = browser.get(saved.location());
    for shown in [
        "The endpoint was saved.",
        "badge disabled",
        "as somebody asked",
        "deal.created",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("x-key") && !page.text.contains("Send test"));
    let wrong = browser.submit(&edit, &edit, &[("url", "nothing"), ("enabled", "on")]);
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(wrong.text.contains("value=\"nothing\""));
    assert_eq!(all(&world)[0].url, URL);
    let delete = format!("{path}/delete");
    assert!(browser.get(&delete).text.contains("Delete this endpoint?"));
    assert_eq!(all(&world).len(), 1, "asking deletes nothing");
    let elsewhere = delete.replace("/test/", "/live/");
    assert_eq!(browser.submit(&delete, &elsewhere, &[]).status, 404);
    let done = browser.submit(&delete, &delete, &[]);
    assert!(
        browser
            .get(done.location())
            .text
            .contains("The endpoint was deleted")
    );
    assert!(all(&world).is_empty());
}

#[test]
fn a_secret_is_rotated_and_the_old_one_signs_for_as_long_as_was_said() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let old = secret(&add(
        &mut browser,
        &world,
        &[("url", URL), ("enabled", "on")],
    ));
    let path = format!("{}/{}", webhooks(&world), all(&world)[0].id);
    let rotate = format!("{path}/rotate");
    let wrong = browser.submit(&rotate, &rotate, &[("expires_in", "long")]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("<code>expires_in</code>"),
        "{}",
        wrong.text
    );
    let page = browser.get(&rotate);
    let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let fields = [
        ("csrf", token.as_str()),
        ("nonce", &nonce),
        ("expires_in", "3600"),
    ];
    let made = browser.post(&rotate, &fields);
    let new = secret(&made);
    assert!(
        made.text.contains("until 2026-11-29 10:00 UTC"),
        "{}",
        made.text
    );
    assert_eq!(
        secret(&browser.post(&rotate, &fields)),
        new,
        "sent again, it is the same"
    );
    assert_eq!(secrets(&world), [new.clone(), old]);
    assert!(
        browser
            .get(&path)
            .text
            .contains("signs beside the new one until")
    );
    let at_once = browser.submit(&rotate, &rotate, &[("expires_in", "0")]);
    assert!(
        at_once.text.contains("signs nothing any more"),
        "{}",
        at_once.text
    );
    assert_eq!(secrets(&world), [secret(&at_once)]);
}

#[test]
fn whatever_an_endpoint_says_is_text() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let fields = [("url", URL), ("description", CANARY), ("enabled", "on")];
    assert_eq!(add(&mut browser, &world, &fields).status, 201);
    let path = format!("{}/{}", webhooks(&world), all(&world)[0].id);
    for page in [webhooks(&world), path.clone(), format!("{path}/edit")] {
        browser.get(&page).shows_as_text(CANARY);
    }
    let fields = [
        ("url", CANARY),
        ("description", CANARY),
        ("event_type", CANARY),
        ("headers", CANARY),
    ];
    let refused = add(&mut browser, &world, &fields);
    assert_eq!(refused.status, 422);
    refused.shows_as_text(CANARY);
    let recover = format!("{path}/recover");
    let refused = browser.submit(&recover, &recover, &[("since", CANARY), ("until", CANARY)]);
    assert_eq!(refused.status, 422, "{}", refused.text);
    refused.shows_as_text(CANARY);
    let asked = super::browser::encoded(&[("filter[status]", CANARY), ("since", CANARY)]);
    browser
        .get(&format!("{path}?{asked}"))
        .shows_as_text(CANARY);
    browser
        .get(&format!("{recover}?{asked}"))
        .shows_as_text(CANARY);
}

#[test]
fn a_form_undoes_nothing_that_was_changed_meanwhile() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let typed = [
        ("url", URL),
        ("enabled", "on"),
        ("event_type", "deal.created"),
    ];
    assert_eq!(add(&mut browser, &world, &typed).status, 201);
    let id = all(&world)[0].id;
    let path = format!("{}/{id}", webhooks(&world));
    let form = browser.get(&format!("{path}/edit"));
    let disabled = serde_json::json!({ "enabled": false, "event_types": ["deal.updated"] });
    wait(world.scoped().webhooks().update_json(id, disabled)).unwrap();
    let [csrf, was_url] = ["csrf", "was.url"].map(|name| form.hidden(name));
    assert_eq!(was_url, URL);
    let fields = [
        ("csrf", csrf.as_str()),
        ("was.url", &was_url),
        ("was.description", ""),
        ("was.event_type", "deal.created"),
        ("was.enabled", "on"),
        ("url", URL),
        ("description", "the shop"),
        ("event_type", "deal.created"),
        ("enabled", "on"),
    ];
    for field in &fields[2..5] {
        let hidden = format!("name=\"{}\" value=\"{}\"", field.0, field.1);
        assert!(form.text.contains(&hidden), "{hidden}");
    }
    assert_eq!(browser.post(&format!("{path}/edit"), &fields).status, 303);
    let endpoint = &all(&world)[0];
    assert_eq!(endpoint.description.as_deref(), Some("the shop"));
    assert!(!endpoint.enabled, "somebody disabled it");
    let types = serde_json::to_value(&endpoint.event_types).unwrap();
    assert_eq!(types, serde_json::json!(["deal.updated"]));
}

#[test]
fn each_type_of_event_has_a_tick_under_its_heading() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let page = browser.get(&format!("{}/new", webhooks(&world)));
    let table = page.text.split("<table class=\"scopes\">").nth(1).unwrap();
    let headings = table.matches("<th scope=\"col\">").count();
    let rows = table.matches("<th scope=\"row\">").count();
    let places = table.matches("<td>").count() - 1;
    assert!(
        rows > 0 && places == rows * headings,
        "{rows} rows, {headings} headings, {places} places"
    );
    // What cannot happen has no tick in its place.
    let ticks = table.matches("name=\"event_type\"").count();
    assert_eq!(ticks, EventType::all().count());
    let of_links = table.split(">association</th>").nth(1).unwrap();
    let of_links: Vec<&str> = of_links
        .split("</tr>")
        .next()
        .unwrap()
        .split("<td>")
        .collect();
    let is_ticked = |place: usize| of_links[place].contains("type=\"checkbox\"");
    assert_eq!(
        [1, 2, 3, 4, 5].map(is_ticked),
        [true, true, true, false, false]
    );
    assert!(table.contains(">purged</th>"));
}

#[test]
fn the_values_of_headers_are_not_shown_again() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let typed = [
        ("url", URL),
        ("enabled", "on"),
        ("headers", "X-Key: hunter2"),
    ];
    let made = add(&mut browser, &world, &typed);
    assert_eq!(made.status, 201);
    assert!(
        made.text.contains("X-Key") && !made.text.contains("hunter2"),
        "{}",
        made.text
    );
}
