//! Sessions: under tokens of their own, listed, ended by hand and by themselves.

use relm_core::Role;

use super::browser::{Browser, PASSWORD, World};

const EVA: &str = "eva@example.com";

#[test]
fn a_stolen_cookie_is_worth_nothing_after_the_sign_out() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let mut thief = browser.clone();
    let token = thief.get("/console/account").hidden("csrf");
    let page = browser.submit("/console/account", "/console/sign-out", &[]);
    assert_eq!((page.status, page.location()), (303, "/console/sign-in"));
    let set = page.session_cookie();
    assert!(
        set.starts_with("relm_session=; ") && set.contains("Max-Age=0"),
        "{set}"
    );
    assert_eq!(browser.cookie, None);
    assert_eq!(thief.get("/console/account").status, 303);
    let page = thief.post(&world.keys(), &[("csrf", &token), ("access", "full")]);
    assert_eq!(page.status, 403);
    assert_eq!(keys_of(&world), 0);
}

fn keys_of(world: &World) -> usize {
    let request = relm_core::ListRequest::default();
    let keys = super::browser::wait(world.scoped().keys().list(&request));
    keys.unwrap().data.len()
}

#[test]
fn nobody_chooses_the_token_of_somebody_else_s_session() {
    let world = World::new();
    world.person(EVA, Role::Owner);
    let mut attacker = world.signed_in("mallory@example.com", Role::Reader);
    let planted = attacker.cookie.clone();
    let mut victim = Browser::new(&world);
    for chosen in [planted.clone(), Some("relm_session=chosen".to_owned())] {
        victim.cookie.clone_from(&chosen);
        assert_eq!(victim.sign_in(EVA, PASSWORD).status, 303);
        assert_ne!(victim.cookie, chosen);
    }
    assert_eq!(
        attacker.get("/console/account").status,
        303,
        "the planted session has ended"
    );
    assert!(victim.get("/console/account").text.contains(EVA));
    let mut made_up = Browser::new(&world);
    made_up.cookie = Some("relm_session=chosen".to_owned());
    assert_eq!(made_up.get("/console/account").status, 303);
}

#[test]
fn a_person_sees_and_ends_the_sessions_of_their_own() {
    let world = World::new();
    let mut here = world.signed_in(EVA, Role::Reader);
    let mut there = Browser::new(&world);
    there.agent = format!("<b>{}</b> Firefox/133.0 Windows", super::browser::CANARY);
    assert_eq!(there.sign_in(EVA, PASSWORD).status, 303);
    let mut other = world.signed_in("ada@example.com", Role::Owner);
    let page = here.get("/console/account");
    assert!(page.text.contains("this browser") && page.text.contains("Firefox on Windows"));
    let end = page
        .text
        .split("action=\"/console/account/sessions/ses_")
        .nth(1)
        .unwrap();
    let end = format!(
        "/console/account/sessions/ses_{}",
        end.split('"').next().unwrap()
    );
    let ended = other.submit("/console/account", &end, &[]);
    assert_eq!(ended.status, 303);
    assert_eq!(
        there.get("/console/account").status,
        200,
        "it is not hers to end"
    );
    assert_eq!(here.submit("/console/account", &end, &[]).status, 303);
    assert_eq!(there.get("/console/account").status, 303);
    assert_eq!(there.sign_in(EVA, PASSWORD).status, 303);
    let all = here.submit(
        "/console/account",
        "/console/account/sessions/others/end",
        &[],
    );
    assert_eq!(all.status, 303);
    assert_eq!(there.get("/console/account").status, 303);
    assert_eq!(here.get("/console/account").status, 200);
}

#[test]
fn a_session_ends_that_is_not_used_and_at_its_age() {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let world = World::new();
    let mut idle = world.signed_in(EVA, Role::Owner);
    world.clock.advance_millis(12 * HOUR_MS);
    assert_eq!(idle.get("/console/account").status, 303);
    assert_eq!(idle.sign_in(EVA, PASSWORD).status, 303);
    let mut hours = 0;
    while idle.get("/console/account").status == 200 {
        world.clock.advance_millis(11 * HOUR_MS);
        hours += 11;
        assert!(hours <= 7 * 24 + 11, "it never ends");
    }
    assert!(hours >= 7 * 24, "{hours}");
}

#[test]
fn another_password_ends_every_other_session() {
    const NEW: &str = "a new one altogether";
    let world = World::new();
    let mut here = world.signed_in(EVA, Role::Editor);
    let mut there = Browser::new(&world);
    assert_eq!(there.sign_in(EVA, PASSWORD).status, 303);
    let change = |browser: &mut Browser<'_>, current: &str, new: &str, again: &str| {
        let fields = [("current", current), ("password", new), ("again", again)];
        browser.submit("/console/account", "/console/account/password", &fields)
    };
    for (current, new, again, status) in [
        ("wrong", NEW, NEW, 403),
        (PASSWORD, "short", "short", 422),
        (PASSWORD, NEW, PASSWORD, 422),
    ] {
        let page = change(&mut here, current, new, again);
        assert_eq!(page.status, status, "{current} {new}");
        assert!(page.text.contains("class=\"error\""));
    }
    assert_eq!(there.get("/console/account").status, 200);
    let before = here.cookie.clone();
    assert_eq!(change(&mut here, PASSWORD, NEW, NEW).status, 303);
    assert_ne!(here.cookie, before);
    assert_eq!(here.get("/console/account").status, 200);
    assert_eq!(there.get("/console/account").status, 303);
    assert_eq!(there.sign_in(EVA, PASSWORD).status, 403);
    assert_eq!(there.sign_in(EVA, NEW).status, 303);
}
