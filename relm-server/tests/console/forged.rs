//! Requests that another site, another session or nobody at all had a browser send.

use relm_core::{Id, Kind, Role};

use super::browser::{ORIGIN, World, encoded};

/// Every path that takes a form, but for those by which one signs in.
fn forms(world: &World) -> Vec<String> {
    let (key, user, session) = (
        Id::new(Kind::Key, 1),
        Id::new(Kind::User, 1),
        Id::new(Kind::Session, 1),
    );
    let keys = world.keys();
    vec![
        "/console/sign-out".to_owned(),
        "/console/account/password".to_owned(),
        format!("/console/account/sessions/{session}/end"),
        "/console/account/sessions/others/end".to_owned(),
        "/console/users".to_owned(),
        format!("/console/users/{user}/link"),
        format!("/console/users/{user}/remove"),
        keys.clone(),
        format!("{keys}/{key}/revoke"),
        format!("{}/schema/deal", world.place),
        format!("{}/schema/deal/settings", world.place),
        format!("{}/schema/deal/pipeline", world.place),
        format!("{}/schema/promotion", world.place).replace("/test/", "/live/"),
        format!(
            "{}/schema/deal/{}/remove",
            world.place,
            Id::new(Kind::Field, 1)
        ),
        format!(
            "{}/schema/deal/{}/edit",
            world.place,
            Id::new(Kind::Field, 1)
        ),
        format!("{keys}/{key}/rotate"),
    ]
    .into_iter()
    .chain(of_records(world))
    .chain(of_webhooks(world))
    .chain(of_imports(world))
    .collect()
}

fn of_records(world: &World) -> Vec<String> {
    let place = &world.place;
    let (deal, link) = (Id::new(Kind::Deal, 1), Id::new(Kind::Association, 1));
    vec![
        format!("{place}/contacts"),
        format!("{place}/contacts/merge"),
        format!("{place}/deals/board"),
        format!("{place}/requests/req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB/undo"),
        format!("{place}/deals/{deal}/edit"),
        format!("{place}/deals/{deal}/delete"),
        format!("{place}/deals/{deal}/restore"),
        format!("{place}/deals/{deal}/links"),
        format!("{place}/deals/{deal}/links/{link}"),
        format!("{place}/deals/{deal}/links/{link}/remove"),
    ]
}

fn of_imports(world: &World) -> Vec<String> {
    let imports = format!("{}/imports", world.place);
    let import = format!("{imports}/{}", Id::new(Kind::Import, 1));
    let of_one = ["cancel", "undo", "delete"].map(|word| format!("{import}/{word}"));
    [imports, import].into_iter().chain(of_one).collect()
}

fn of_webhooks(world: &World) -> Vec<String> {
    let webhooks = format!("{}/webhooks", world.place);
    let (webhook, delivery) = (Id::new(Kind::Webhook, 1), Id::new(Kind::Delivery, 1));
    let words = ["edit", "rotate", "recover", "delete", "test"];
    let of_one = words.map(|word| format!("{webhooks}/{webhook}/{word}"));
    let replay = format!("{webhooks}/{webhook}/deliveries/{delivery}/replay");
    [webhooks, replay].into_iter().chain(of_one).collect()
}

#[test]
fn a_form_from_another_site_is_refused() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let token = browser.get("/console/account").hidden("csrf");
    let body = encoded(&[("csrf", &token), ("access", "full")]);
    let mut paths = forms(&world);
    paths.push("/console/sign-in".to_owned());
    paths.push(world_link(&world));
    for path in paths {
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "http://crm.example.com:8081")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", ORIGIN)],
            &[("host", "evil.example"), ("origin", ORIGIN)],
        ] {
            let page = browser.send("POST", &path, headers, &body);
            assert_eq!(page.status, 403, "{path} {headers:?}");
            assert!(page.text.contains("another site"), "{}", page.text);
            assert!(!page.headers.contains_key("set-cookie"));
        }
    }
    assert_eq!(browser.get("/console/account").status, 200);
}

fn world_link(world: &World) -> String {
    let user = world.person("ada@example.com", Role::Reader);
    let link = super::browser::wait(world.crm.accounts().renew_link(user.id));
    super::browser::path_of(&link.unwrap())
}

#[test]
fn a_form_without_the_token_of_its_session_is_refused() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    let mut other = world.signed_in("ada@example.com", Role::Owner);
    let own = browser.get("/console/account").hidden("csrf");
    let foreign = other.get("/console/account").hidden("csrf");
    assert_ne!(own, foreign);
    for path in forms(&world) {
        for token in ["", "x", &foreign, &own[1..], &format!("{own}0")] {
            let fields = [("csrf", token), ("access", "full")];
            let page = browser.post(&path, &fields);
            assert_eq!(page.status, 403, "{path} {token}");
            assert!(page.text.contains("out of date"), "{}", page.text);
        }
        assert_eq!(browser.post(&path, &[]).status, 403, "{path}");
    }
    assert_eq!(browser.get("/console/account").status, 200);
    // A token is no session.
    let mut nobody = super::browser::Browser::new(&world);
    for path in forms(&world) {
        assert_eq!(nobody.post(&path, &[("csrf", &own)]).status, 403, "{path}");
    }
}

#[test]
fn a_page_is_changed_by_no_link() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    for path in forms(&world) {
        let page = browser.get(&format!("{path}?access=full"));
        assert!(
            [200, 400, 404, 405].contains(&page.status),
            "{path}: {}",
            page.status
        );
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let page = browser.send(method, &path, &[("origin", ORIGIN)], "");
            assert_eq!(page.status, 405, "{method} {path}");
            assert!(page.header("allow").contains("POST"));
        }
    }
    assert_eq!(browser.get("/console/account").status, 200);
}
