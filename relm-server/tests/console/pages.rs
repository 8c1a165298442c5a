//! What every page costs and may do, and that it works without JavaScript.

use std::collections::BTreeMap;

use relm_core::Role;

use super::browser::{Answered, Browser, World};
use super::seed;

const PAGE_BYTES_MAX: usize = 100 * 1024;

/// The values of an attribute, in their order.
fn attributes(html: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let values = html.split(&start).skip(1);
    values
        .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
        .collect()
}

/// Pages that whoever signed in is shown, and pages that anybody is.
fn all(world: &World) -> Vec<(String, Answered)> {
    let mut owner = world.signed_in("eva@example.com", Role::Owner);
    world.person("ada@example.com", Role::Editor);
    let fields = [("access", "full")];
    let made = owner.submit(&format!("{}/new", world.keys()), &world.keys(), &fields);
    let secret = seed::everything(world, &mut owner);
    let mut nobody = Browser::new(world);
    let input = relm_core::UserInput {
        email: "bob@example.com".to_owned(),
        name: None,
        role: Role::Reader,
    };
    let link = super::browser::wait(world.crm.accounts().invite(input)).unwrap();
    let link = super::browser::path_of(&link);
    let mut pages = vec![
        ("a new key".to_owned(), made),
        ("a new secret".to_owned(), secret),
        (link.clone(), nobody.get(&link)),
        ("signing in".to_owned(), nobody.get("/console/sign-in")),
        ("a failure".to_owned(), nobody.sign_in("x", "y")),
        (
            "nothing".to_owned(),
            nobody.get("/console/nothing/at/all/of/this"),
        ),
        (
            "nothing for an owner".to_owned(),
            owner.get("/console/ws_x/live/keys"),
        ),
        (
            "arrival".to_owned(),
            nobody.send("GET", "/console", &[("sec-fetch-site", "cross-site")], ""),
        ),
    ];
    pages.extend(crawl(&mut owner, vec![world.keys()]));
    pages
}

/// The pages that links lead to from these, and from those that they lead to.
pub fn crawl(browser: &mut Browser<'_>, mut paths: Vec<String>) -> BTreeMap<String, Answered> {
    let mut pages = BTreeMap::new();
    while let Some(path) = paths.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let page = browser.get(&path);
        let links = attributes(&page.text, "href").into_iter();
        let links =
            links.filter(|link| link.starts_with("/console/") && !link.contains("/assets/"));
        let links = links.map(|link| link.split('#').next().unwrap().to_owned());
        paths.extend(links);
        pages.insert(path, page);
    }
    pages
}

#[test]
fn a_page_is_small_loads_three_files_and_runs_nothing_of_its_own() {
    let world = World::new();
    let pages = all(&world);
    assert!(pages.len() >= 60, "{}", pages.len());
    for (path, page) in &pages {
        assert!(
            [200, 201, 403, 404].contains(&page.status),
            "{path}: {}",
            page.status
        );
        assert!(page.text.len() <= PAGE_BYTES_MAX, "{path}");
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none';",
            "style-src 'self';",
            "script-src 'self';",
            "form-action 'self';",
            "base-uri 'none';",
            "frame-ancestors 'none';",
        ] {
            assert!(policy.contains(part), "{path}: {part}");
        }
        for never in ["unsafe", "://", "*"] {
            assert!(!policy.contains(never), "{path}: {never}");
        }
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
        let (head, body) = page.text.split_once("</head>").unwrap();
        let files = [attributes(head, "href"), attributes(head, "src")].concat();
        assert_eq!(files.len(), 3, "{path}: {files:?}");
        assert!(
            files
                .iter()
                .all(|file| file.starts_with("/console/assets/"))
        );
        for inline in [
            " style=",
            "<style",
            "<script",
            " onclick=",
            " onload=",
            "javascript:",
            "<iframe",
        ] {
            assert!(!body.contains(inline), "{path}: {inline}");
        }
        assert_eq!(body.matches("<h1").count(), 1, "{path}");
        assert_eq!(body.matches("<main").count(), 1, "{path}");
    }
}

#[test]
fn every_link_leads_somewhere_and_every_form_has_its_token() {
    let world = World::new();
    let pages = all(&world);
    for (path, page) in &pages {
        for form in page.text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let (tag, _) = form.split_once('>').unwrap();
            // What is asked for stands in the address, and changes nothing.
            if tag.contains(" method=\"get\"") {
                assert!(!form.contains("csrf"), "{path}: {form}");
                assert!(form.contains("type=\"submit\""), "{path}: {form}");
                continue;
            }
            assert!(tag.contains(" method=\"post\""), "{path}: {form}");
            let is_own = path.starts_with("/console/link/") || form.contains("/console/sign-in");
            assert!(
                is_own
                    || form.contains("name=\"csrf\" value=\"")
                    || (tag.contains("?upload=") && tag.contains("multipart/form-data")),
                "{path}: {form}"
            );
            // The many buttons of a board say no type: it is this one.
            let is_sent = form.contains("type=\"submit\"") || form.contains("<button name=");
            assert!(is_sent, "{path}: {form}");
        }
        // Each field is named for whoever does not see it.
        for field in page
            .text
            .split("<input")
            .skip(1)
            .map(|rest| rest.split('>').next().unwrap())
        {
            let id = field
                .split(" id=\"")
                .nth(1)
                .map(|rest| rest.split('"').next().unwrap());
            let is_labelled = id.is_some_and(|id| page.text.contains(&format!("for=\"{id}\"")));
            let is_choice = field.contains("type=\"radio\"");
            let named = is_labelled || is_choice || field.contains("aria-label=");
            assert!(
                named || field.contains("type=\"hidden\""),
                "{path}: {field}"
            );
        }
        let ids = attributes(&page.text, "id");
        let mut distinct = ids.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), ids.len(), "{path}: {ids:?}");
    }
    let mut browser = Browser::new(&world);
    for (path, page) in &pages {
        let links = attributes(&page.text, "href").into_iter();
        for link in links.filter(|link| link.starts_with('/')) {
            let found = browser.get(&link).status;
            assert!([200, 303].contains(&found), "{path}: {link} is {found}");
        }
    }
}

#[test]
fn files_are_kept_for_ever_under_names_that_change_with_them() {
    let world = World::new();
    let page = Browser::new(&world).get("/console/sign-in").text;
    let head = page.split("</head>").next().unwrap();
    let files = [attributes(head, "href"), attributes(head, "src")].concat();
    let types = [
        "text/css; charset=utf-8",
        "image/svg+xml",
        "text/javascript; charset=utf-8",
    ];
    for (path, content_type) in files.iter().zip(types) {
        let file = Browser::new(&world).get(path);
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, content_type)
        );
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    assert_eq!(
        Browser::new(&world).get("/console/assets/x.css").status,
        404
    );
}

#[test]
fn the_mode_is_in_the_address_and_unmistakable() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Reader);
    let test = browser.get(&world.keys());
    assert!(test.text.contains("class=\"console test\"") && test.text.contains("Test mode."));
    let live = world.keys().replace("/test/", "/live/");
    assert!(attributes(&test.text, "href").contains(&live));
    let live = browser.get(&live);
    assert!(!live.text.contains("Test mode."));
    for path in ["/console", &world.place] {
        let first = browser.get(path);
        assert!(first.location().ends_with("/contacts"), "{path}");
    }
    for path in [
        world.keys().replace("/test/", "/demo/"),
        "/console/ws_01K1V9Y2ZP6W4T8Q0R5N7M3XJB/live/keys".to_owned(),
        "/console/key_01K1V9Y2ZP6W4T8Q0R5N7M3XJB/live/keys".to_owned(),
    ] {
        assert_eq!(browser.get(&path).status, 404, "{path}");
    }
}

#[test]
fn a_host_that_is_none_is_refused_and_not_shown() {
    let world = World::new();
    for host in ["a\"><script>", "$(id)", "a b", ""] {
        let page = Browser::new(&world).send("GET", "/console/sign-in", &[("host", host)], "");
        assert_eq!(page.status, 400, "{host}");
        assert!(host.is_empty() || !page.text.contains(host), "{host}");
    }
}

#[test]
fn the_api_and_the_documentation_are_where_they_were() {
    let world = World::new();
    let mut browser = world.signed_in("eva@example.com", Role::Owner);
    // A session is no key.
    assert_eq!(browser.get("/v1/contacts").status, 401);
    assert_eq!(browser.get("/docs").status, 200);
    assert_eq!(browser.get("/consoles").status, 404);
}
