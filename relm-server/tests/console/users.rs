//! Who may sign in: invited by links, removed with all sessions.

use relm_core::Role;

use super::browser::{Answered, Browser, CANARY, ORIGIN, PASSWORD, World};

/// The path of the link that a page shows.
fn link(page: &Answered) -> String {
    let shown = page.text.split("aria-label=\"The link\"><code>").nth(1);
    let shown = shown.unwrap_or_else(|| panic!("{}", page.text));
    let url = shown.split('<').next().unwrap();
    url.strip_prefix(ORIGIN).unwrap().to_owned()
}

#[test]
fn a_person_is_invited_by_a_link_and_removed_at_once() {
    let world = World::new();
    let mut owner = world.signed_in("eva@example.com", Role::Owner);
    let invite = |browser: &mut Browser<'_>, email: &str, role: &str| {
        let fields = [("email", email), ("name", ""), ("role", role)];
        browser.submit("/console/users", "/console/users", &fields)
    };
    for (email, role, status, said) in [
        ("ada", "editor", 422, "email-error"),
        ("EVA@example.com", "editor", 409, "already"),
        (
            "ada@example.com",
            "admin",
            422,
            "Choose what the person may do",
        ),
    ] {
        let page = invite(&mut owner, email, role);
        assert_eq!(page.status, status, "{}", page.text);
        assert!(page.text.contains(said), "{}", page.text);
    }
    let first = link(&invite(&mut owner, "ada@example.com", "editor"));
    let mut ada = Browser::new(&world);
    assert!(ada.get(&first).text.contains("ada@example.com"));
    assert_eq!(
        ada.sign_in("ada@example.com", PASSWORD).status,
        403,
        "not yet"
    );

    let id = first.split('/').nth(3).unwrap();
    let renew = format!("/console/users/{id}/link");
    let second = link(&owner.submit("/console/users", &renew, &[]));
    assert_eq!(ada.get(&first).status, 404, "the newer one replaced it");
    let fields = [
        ("email", "eve@example.com"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    assert_eq!(ada.post(&second, &fields).status, 303);
    let account = ada.get("/console/account");
    assert!(account.text.contains("ada@example.com") && account.text.contains("editor"));

    let remove = format!("/console/users/{id}/remove");
    assert!(owner.get(&remove).text.contains("Remove ada@example.com?"));
    assert_eq!(owner.submit(&remove, &remove, &[]).status, 303);
    assert_eq!(ada.get("/console/account").status, 303);
    assert_eq!(ada.sign_in("ada@example.com", PASSWORD).status, 403);
    let own = owner.get("/console/users").text;
    assert!(!own.contains("ada@example.com"));
}

#[test]
fn the_only_owner_stays() {
    let world = World::new();
    let eva = world.person("eva@example.com", Role::Owner);
    let mut owner = Browser::new(&world);
    owner.sign_in("eva@example.com", PASSWORD);
    let remove = format!("/console/users/{}/remove", eva.id);
    let page = owner.submit(&remove, &remove, &[]);
    assert_eq!(page.status, 409);
    assert!(page.text.contains("only owner"));
    assert_eq!(owner.get("/console/users").status, 200);
}

#[test]
fn a_reset_sets_another_password_and_ends_what_was() {
    let world = World::new();
    let eva = world.person("eva@example.com", Role::Owner);
    let mut before = Browser::new(&world);
    before.sign_in("eva@example.com", PASSWORD);
    let link = super::browser::wait(world.crm.accounts().renew_link(eva.id)).unwrap();
    assert_eq!(
        before.get("/console/account").status,
        200,
        "making a link ends nothing"
    );
    let path = super::browser::path_of(&link);
    let mut after = Browser::new(&world);
    let fields = [
        ("password", "another one altogether"),
        ("again", "another one altogether"),
    ];
    assert_eq!(after.post(&path, &fields).status, 303);
    assert_eq!(before.get("/console/account").status, 303);
    assert_eq!(before.sign_in("eva@example.com", PASSWORD).status, 403);
    assert_eq!(after.get("/console/account").status, 200);
}

#[test]
fn a_name_is_text_wherever_it_is_shown() {
    let world = World::new();
    let mut owner = world.signed_in("eva@example.com", Role::Owner);
    let fields = [
        ("email", "ada@example.com"),
        ("name", CANARY),
        ("role", "owner"),
    ];
    let page = owner.submit("/console/users", "/console/users", &fields);
    page.shows_as_text(CANARY);
    let path = link(&page);
    owner.get("/console/users").shows_as_text(CANARY);
    let mut ada = Browser::new(&world);
    ada.get(&path).shows_as_text(CANARY);
    let fields = [
        ("name", CANARY),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    assert_eq!(ada.post(&path, &fields).status, 303);
    ada.get("/console/account").shows_as_text(CANARY);
    ada.get(&world.keys()).shows_as_text(CANARY);
    let fields = [("email", CANARY), ("name", CANARY), ("role", CANARY)];
    owner
        .submit("/console/users", "/console/users", &fields)
        .shows_as_text(CANARY);
    Browser::new(&world)
        .sign_in(CANARY, "x")
        .shows_as_text(CANARY);
    let path = format!("/console/{}", super::browser::encoded(&[("x", CANARY)]));
    assert!(!owner.get(&path).text.contains("<script>alert"));
}
