//! The page of API keys: what it makes works as what the API makes, and it says the same of it.

use relm_core::{ActorType, ContactInput, ListRequest, Role, ShownKey};

use super::browser::{Answered, Browser, CANARY, World, wait};

const EVA: &str = "eva@example.com";

fn create(browser: &mut Browser<'_>, world: &World, fields: &[(&str, &str)]) -> Answered {
    let new = format!("{}/new", world.keys());
    browser.submit(&new, &world.keys(), fields)
}

/// The key on the page that shows it.
fn secret(page: &Answered) -> String {
    assert_eq!(page.status, 201, "{}", page.text);
    let shown = page
        .text
        .split("aria-label=\"The key\"><code>")
        .nth(1)
        .unwrap();
    shown.split('<').next().unwrap().to_owned()
}

fn keys(world: &World) -> Vec<ShownKey> {
    let keys = wait(world.scoped().keys().list(&ListRequest::default())).unwrap();
    keys.data.iter().map(|key| key.decode().unwrap()).collect()
}

#[test]
fn a_key_is_shown_once_and_works() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let empty = browser.get(&world.keys());
    assert!(empty.text.contains("No key yet"));
    let page = create(
        &mut browser,
        &world,
        &[
            ("name", "nightly import"),
            ("access", "full"),
            ("day", "2027-02-27"),
        ],
    );
    let key = secret(&page);
    assert!(key.starts_with("sk_test_"), "{key}");
    // The line to try it with is whole, and names the server.
    let line = format!(
        "curl http://crm.example.com:8080/v1/contacts \\\n  -H &#34;Authorization: Bearer {key}&#34;"
    );
    assert!(page.text.contains(&line), "{}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");
    let principal = wait(world.crm.authenticate(&key))
        .unwrap()
        .expect("it works");
    assert_eq!(principal.scope, world.scoped().scope());
    let [made] = &keys(&world)[..] else {
        panic!("one key")
    };
    let maker = made.created_by.as_ref().unwrap();
    assert_eq!(
        (maker.actor_type, maker.name.as_deref()),
        (ActorType::User, Some(EVA))
    );
    assert!(maker.id.as_deref().unwrap().starts_with("usr_"));
    let ends = made.expires_at.unwrap().to_string();
    assert_eq!(ends, "2027-02-27T23:59:59.000Z");

    let list = browser.get(&world.keys()).text;
    assert!(!list.contains(&key));
    for shown in [
        "nightly import",
        &made.hint,
        "Full access",
        "by eva@example.com",
        "2027-02-27",
        "active",
    ] {
        assert!(list.contains(shown), "{shown}");
    }
    let live = browser.get(&world.keys().replace("/test/", "/live/"));
    assert!(live.text.contains("No key yet"), "another mode has its own");
}

#[test]
fn a_form_that_is_sent_twice_makes_one_key() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let page = browser.get(&format!("{}/new", world.keys()));
    let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let send = |browser: &mut Browser<'_>, name: &str| {
        let fields = [
            ("csrf", token.as_str()),
            ("nonce", &nonce),
            ("name", name),
            ("access", "full"),
        ];
        browser.post(&world.keys(), &fields)
    };
    let first = secret(&send(&mut browser, "one"));
    world.clock.advance_millis(1_000);
    assert_eq!(secret(&send(&mut browser, "one")), first);
    let other = send(&mut browser, "two");
    assert_eq!(other.status, 409, "{}", other.text);
    assert_eq!(keys(&world).len(), 1);
}

#[test]
fn a_key_has_the_scopes_that_are_ticked() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    for (fields, scopes, tries) in [
        (
            &[("access", "read_only")][..],
            &["*:read"][..],
            Some("/v1/contacts"),
        ),
        (
            &[
                ("access", "chosen"),
                ("scope", "deals:read"),
                ("scope", "deals:write"),
            ],
            &["deals:read", "deals:write"],
            Some("/v1/deals"),
        ),
        (
            &[("access", "chosen"), ("scope", "contacts:write")],
            &["contacts:write"],
            None,
        ),
    ] {
        let page = create(&mut browser, &world, fields);
        let principal = wait(world.crm.authenticate(&secret(&page)))
            .unwrap()
            .unwrap();
        let given: Vec<_> = principal
            .scopes
            .iter()
            .map(|scope| scope.to_string())
            .collect();
        assert_eq!(given, scopes);
        match tries {
            Some(path) => assert!(page.text.contains(&format!("8080{path} "))),
            None => assert!(!page.text.contains("Try it")),
        }
    }
}

#[test]
fn what_is_wrong_is_said_at_the_field_and_keeps_what_was_typed() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let long = "x".repeat(501);
    for (fields, at, kept) in [
        (
            &[("name", "n"), ("access", "chosen")][..],
            "scopes-error",
            "value=\"n\"",
        ),
        (
            &[("access", "chosen"), ("scope", "deals:fly")],
            "scopes-error",
            "value=\"chosen\"",
        ),
        (&[("name", &long), ("access", "full")], "name-hint", &long),
        (
            &[("access", "full"), ("day", "2020-01-01")],
            "day-hint",
            "value=\"2020-01-01\"",
        ),
        (
            &[("access", "full"), ("day", "tomorrow")],
            "day-hint",
            "value=\"tomorrow\"",
        ),
        (
            &[("access", "full"), ("scope", "deals:read"), ("name", "n")],
            "scopes-error",
            "aria-label=\"deals:read\" checked",
        ),
        (
            &[("access", "all"), ("name", "n")],
            "scopes-error",
            "value=\"n\"",
        ),
    ] {
        let page = create(&mut browser, &world, fields);
        assert_eq!(page.status, 422, "{fields:?}: {}", page.text);
        let said = format!("class=\"error\" id=\"{at}\"");
        assert!(page.text.contains(&said), "{fields:?}: {}", page.text);
        assert!(page.text.contains(kept), "{fields:?}: {kept}");
    }
    assert!(keys(&world).is_empty());
}

#[test]
fn a_key_is_revoked_after_it_was_asked_for() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let page = create(&mut browser, &world, &[("access", "full")]);
    let key = secret(&page);
    let id = keys(&world)[0].id;
    let revoke = format!("{}/{id}/revoke", world.keys());
    let asked = browser.get(&revoke);
    assert!(asked.text.contains("Revoke Unnamed?") && asked.text.contains("DELETE"));
    assert!(
        wait(world.crm.authenticate(&key)).unwrap().is_some(),
        "asking revokes nothing"
    );
    let elsewhere = revoke.replace("/test/", "/live/");
    assert_eq!(browser.get(&elsewhere).status, 404);
    assert_eq!(browser.submit(&revoke, &elsewhere, &[]).status, 404);
    let done = browser.submit(&revoke, &revoke, &[]);
    assert_eq!(done.status, 303);
    assert!(wait(world.crm.authenticate(&key)).unwrap().is_none());
    let list = browser.get(done.location());
    assert!(list.text.contains("The key was revoked") && list.text.contains("revoked 2026-11-29"));
    assert!(browser.get(&revoke).text.contains("does not work any more"));
}

#[test]
fn what_a_key_may_do_is_chosen_before_its_form_is_filled_in() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let new = format!("{}/new", world.keys());
    for (access, has_scopes) in [
        ("", false),
        ("full", false),
        ("read_only", false),
        ("chosen", true),
    ] {
        let page = browser.get(&format!("{new}?access={access}"));
        assert_eq!(page.text.contains("name=\"scope\""), has_scopes, "{access}");
        let meant = if access.is_empty() { "full" } else { access };
        assert_eq!(page.hidden("access"), meant);
        assert_eq!(page.text.matches("type=\"radio\"").count(), 0);
    }
}

#[test]
fn a_key_is_rotated_and_the_old_one_works_for_as_long_as_was_said() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let old = secret(&create(
        &mut browser,
        &world,
        &[("name", "n"), ("access", "read_only")],
    ));
    let id = keys(&world)[0].id;
    let rotate = format!("{}/{id}/rotate", world.keys());
    let asked = browser.get(&rotate);
    assert!(
        asked.text.contains("Rotate n") && asked.text.contains(&format!("/v1/keys/{id}/rotate"))
    );
    let elsewhere = rotate.replace("/test/", "/live/");
    assert_eq!(browser.get(&elsewhere).status, 404);
    assert_eq!(
        browser
            .submit(&rotate, &elsewhere, &[("overlap_seconds", "0")])
            .status,
        404
    );
    let wrong = browser.submit(&rotate, &rotate, &[("overlap_seconds", "soon")]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("<code>overlap_seconds</code>"),
        "{}",
        wrong.text
    );
    let page = browser.get(&rotate);
    let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let fields = [
        ("csrf", token.as_str()),
        ("nonce", &nonce),
        ("overlap_seconds", "3600"),
    ];
    let made = browser.post(&rotate, &fields);
    let new = secret(&made);
    assert!(
        made.text.contains("works until 2026-11-29 10:00 UTC"),
        "{}",
        made.text
    );
    assert_eq!(
        secret(&browser.post(&rotate, &fields)),
        new,
        "sent again, it gives the same key"
    );
    assert_eq!(keys(&world).len(), 2);
    let works = |key: &str| wait(world.crm.authenticate(key)).unwrap().is_some();
    assert!(works(&old) && works(&new));
    world.clock.advance_millis(3_601_000);
    assert!(!works(&old) && works(&new));
    assert!(browser.get(&rotate).text.contains("rotated already"));
}

#[test]
fn a_key_says_when_it_was_last_used() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let input = relm_core::KeyInput::default();
    let made = wait(world.scoped().keys().create(input, None)).unwrap();
    let key = made.decode().unwrap().secret.unwrap();
    let list = browser.get(&world.keys()).text;
    assert!(
        list.contains("data-label=\"Last used\"><span class=\"quiet\">never"),
        "{list}"
    );
    let asked = [("authorization", format!("Bearer {key}"))];
    let asked = [("authorization", asked[0].1.as_str())];
    assert_eq!(browser.send("GET", "/v1/contacts", &asked, "").status, 200);
    wait(world.crm.write_key_uses()).unwrap();
    let list = browser.get(&world.keys()).text;
    assert!(
        list.contains("data-label=\"Last used\">2026-11-29 09:00 UTC"),
        "{list}"
    );
}

#[test]
fn older_keys_are_a_page_on() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    for n in 0..51 {
        let input = relm_core::KeyInput {
            name: Some(format!("key-{n}.")),
            ..Default::default()
        };
        wait(world.scoped().keys().create(input, None)).unwrap();
    }
    let first = browser.get(&world.keys());
    assert!(first.text.contains("key-50.") && !first.text.contains("key-0."));
    let next = first.text.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = browser.get(&next);
    assert!(second.text.contains("key-0.") && second.text.contains("Newest"));
    let altered = browser.get(&format!("{}?cursor=x", world.keys()));
    assert_eq!(altered.status, 400);
    assert!(first.text.len() < 100 * 1024, "{}", first.text.len());
}

#[test]
fn a_name_is_text_wherever_it_is_shown() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let fields = [("name", CANARY), ("access", "full")];
    create(&mut browser, &world, &fields).shows_as_text(CANARY);
    browser.get(&world.keys()).shows_as_text(CANARY);
    let id = keys(&world)[0].id;
    let revoke = format!("{}/{id}/revoke", world.keys());
    browser.get(&revoke).shows_as_text(CANARY);
    let fields = [("name", CANARY), ("access", CANARY), ("day", CANARY)];
    let refused = create(&mut browser, &world, &fields);
    assert_eq!(refused.status, 422);
    refused.shows_as_text(CANARY);
}

#[test]
fn what_a_person_does_is_told_of_as_theirs() {
    let world = World::new();
    let user = world.person(EVA, Role::Owner);
    let scoped = world.scoped().acting_as(user.actor());
    let input = ContactInput {
        email: "ada@example.com".into(),
        ..Default::default()
    };
    wait(scoped.contacts().create(input)).unwrap();
    let events = wait(async { scoped.events().list(&ListRequest::default()).await }).unwrap();
    let actor = events.data[0].actor.clone().unwrap();
    assert_eq!(
        (actor.actor_type, actor.id),
        (ActorType::User, Some(user.id.to_string()))
    );
}
