//! What an owner, an editor and a reader may do.

use relm_core::Role::{Editor, Owner, Reader};
use relm_core::{Id, Kind, Role};

use super::browser::{Browser, World};

const REQUEST: &str = "req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";

/// A path, and who may read and write there at least.
type Right = (&'static str, Option<Role>, Option<Role>);

const OF_PEOPLE: [Right; 5] = [
    ("/console/account", Some(Reader), None),
    ("/console/workspaces", Some(Reader), None),
    ("/console/users", Some(Reader), Some(Owner)),
    ("/console/users/USER/link", None, Some(Owner)),
    ("/console/users/USER/remove", Some(Owner), Some(Owner)),
];

const OF_RECORDS: [Right; 19] = [
    ("search", Some(Reader), None),
    ("events", Some(Reader), None),
    ("events/EVENT", Some(Reader), None),
    ("requests/REQUEST/undo", Some(Editor), Some(Editor)),
    ("contacts", Some(Reader), Some(Editor)),
    ("contacts/new", Some(Editor), None),
    ("contacts/trash", Some(Reader), None),
    ("contacts/duplicates", Some(Reader), None),
    ("contacts/merge", Some(Editor), Some(Editor)),
    ("contacts/CONTACT/merge", Some(Editor), None),
    ("contacts/CONTACT", Some(Reader), None),
    ("contacts/CONTACT/edit", Some(Editor), Some(Editor)),
    ("contacts/CONTACT/delete", Some(Editor), Some(Editor)),
    ("contacts/CONTACT/restore", None, Some(Editor)),
    ("contacts/CONTACT/links", None, Some(Editor)),
    ("contacts/CONTACT/links/LINK", Some(Editor), Some(Editor)),
    ("contacts/CONTACT/links/LINK/remove", None, Some(Editor)),
    ("activities", Some(Reader), Some(Editor)),
    ("deals/board", Some(Reader), Some(Editor)),
];

const OF_SETTINGS: [Right; 20] = [
    ("keys", Some(Reader), Some(Editor)),
    ("keys/new", Some(Editor), None),
    ("keys/KEY/rotate", Some(Editor), Some(Editor)),
    ("keys/KEY/revoke", Some(Editor), Some(Editor)),
    ("schema/deal", Some(Reader), Some(Editor)),
    ("schema/deal/new", Some(Editor), None),
    ("schema/promotion", Some(Editor), Some(Editor)),
    ("schema/deal/pipeline", Some(Editor), Some(Editor)),
    ("schema/deal/settings", None, Some(Editor)),
    ("schema/deal/FIELD/edit", Some(Editor), Some(Editor)),
    ("schema/deal/FIELD/remove", Some(Editor), Some(Editor)),
    ("webhooks", Some(Reader), Some(Editor)),
    ("webhooks/new", Some(Editor), None),
    ("webhooks/WEBHOOK", Some(Reader), None),
    ("webhooks/WEBHOOK/edit", Some(Editor), Some(Editor)),
    ("webhooks/WEBHOOK/rotate", Some(Editor), Some(Editor)),
    ("webhooks/WEBHOOK/recover", Some(Editor), Some(Editor)),
    ("webhooks/WEBHOOK/delete", Some(Editor), Some(Editor)),
    ("webhooks/WEBHOOK/test", None, Some(Editor)),
    ("webhooks/WEBHOOK/deliveries/DELIVERY", Some(Reader), None),
];

const OF_DELIVERIES: [Right; 1] = [(
    "webhooks/WEBHOOK/deliveries/DELIVERY/replay",
    None,
    Some(Editor),
)];

const OF_FILES: [Right; 9] = [
    // Whoever may not is refused before the token of the address is looked at: `imports.rs`.
    ("imports", Some(Reader), None),
    ("imports/new", Some(Editor), None),
    ("imports/IMPORT", Some(Reader), Some(Editor)),
    ("imports/IMPORT/errors", Some(Reader), None),
    ("imports/IMPORT/conflicts", Some(Reader), None),
    ("imports/IMPORT/cancel", None, Some(Editor)),
    ("imports/IMPORT/undo", Some(Editor), Some(Editor)),
    ("imports/IMPORT/delete", Some(Editor), Some(Editor)),
    ("contacts/export", Some(Reader), None),
];

/// What each path needs, by its method.
fn rights(world: &World) -> Vec<(&'static str, String, Role)> {
    let with_ids = |path: &str| {
        [
            ("USER", Kind::User),
            ("EVENT", Kind::Event),
            ("CONTACT", Kind::Contact),
            ("LINK", Kind::Association),
            ("KEY", Kind::Key),
            ("FIELD", Kind::Field),
            ("WEBHOOK", Kind::Webhook),
            ("DELIVERY", Kind::Delivery),
            ("IMPORT", Kind::Import),
        ]
        .into_iter()
        .fold(path.replace("REQUEST", REQUEST), |path, (name, kind)| {
            path.replace(name, &Id::new(kind, 1).text())
        })
    };
    let of_workspace = [&OF_RECORDS[..], &OF_SETTINGS, &OF_DELIVERIES, &OF_FILES].concat();
    let of_workspace = of_workspace
        .into_iter()
        .map(|(path, get, post)| (format!("{}/{}", world.place, with_ids(path)), get, post));
    let of_people = OF_PEOPLE.map(|(path, get, post)| (with_ids(path), get, post));
    let each = of_people.into_iter().chain(of_workspace);
    let each = each.flat_map(|(path, get, post)| {
        let get = get.map(|least| ("GET", path.clone(), least));
        let post = post.map(|least| ("POST", path, least));
        get.into_iter().chain(post)
    });
    each.collect()
}

#[test]
fn each_role_may_do_what_it_says() {
    let world = World::new();
    let mut people: Vec<(Role, Browser<'_>)> = Role::ALL
        .into_iter()
        .map(|role| (role, world.signed_in(&format!("{role}@example.com"), role)))
        .collect();
    for (method, path, least) in rights(&world) {
        for (role, browser) in &mut people {
            let token = browser.get("/console/account").hidden("csrf");
            let answer = match method {
                "GET" => browser.get(&path),
                _ => browser.post(&path, &[("csrf", &token)]),
            };
            let may = Role::ALL.iter().position(|one| one == role)
                <= Role::ALL.iter().position(|one| *one == least);
            let refused = answer.status == 403;
            assert_eq!(refused, !may, "{role} {method} {path}: {}", answer.text);
            assert!(
                !refused
                    || answer.text.contains(&format!("You are a {role} here"))
                    || answer.text.contains(&format!("You are an {role} here"))
            );
        }
        if method == "GET" {
            assert_eq!(Browser::new(&world).get(&path).status, 303, "{path}");
        }
    }
}

#[test]
fn a_reader_is_offered_nothing_that_is_refused() {
    let world = World::new();
    let mut reader = world.signed_in("ada@example.com", Role::Reader);
    world.person("eva@example.com", Role::Owner);
    let mut owner = world.signed_in("bob@example.com", Role::Owner);
    super::seed::everything(&world, &mut owner);
    let mut pages = vec![world.keys()];
    for list in [
        "contacts",
        "companies",
        "deals",
        "activities",
        "events",
        "webhooks",
        "contacts/trash",
        "deals/board",
    ] {
        pages.push(format!("{}/{list}", world.place));
    }
    let mut of_one = Vec::new();
    for path in &pages {
        let page = reader.get(path);
        let links = page.text.split("class=\"name\" href=\"").skip(1);
        of_one.extend(links.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(of_one.len() > 8, "{of_one:?}");
    pages.extend(of_one);
    for path in &pages {
        let page = reader.get(path);
        for never in [
            "/new",
            "/edit",
            "/delete",
            "/rotate",
            "Revoke",
            "Send again",
            ">Undo",
        ] {
            assert!(!page.text.contains(never), "{path}: {never}");
        }
        let forms = page.text.matches("method=\"post\"").count();
        assert_eq!(forms, 1, "{path}: signing out alone");
    }
    let users = reader.get("/console/users");
    assert!(users.text.contains("eva@example.com"));
    let forms = users.text.matches("method=\"post\"").count();
    assert_eq!(forms, 1, "signing out alone");
}
