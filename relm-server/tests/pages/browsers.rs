//! Who is shown pages, and who gets JSON at the same paths.

use super::html::text;
use super::site::{BROWSER, HOST, ask, get, site, with_key};

#[test]
fn the_root_leads_a_browser_to_the_documentation() {
    let site = site();
    let led = get(&site, "/");
    assert_eq!(
        (led.status, led.header("location"), led.text.as_str()),
        (302, "/docs", "")
    );
    // Once for the answer itself, once since pages of an allowed origin may read it.
    let vary: Vec<_> = led.headers.get_all("vary").iter().collect();
    assert!(vary.iter().any(|value| *value == "accept"), "{vary:?}");
    for accept in [
        "*/*",
        "application/json",
        "application/json, text/plain, */*",
    ] {
        let root = ask(&site, "GET", "/", &[HOST, ("accept", accept)]);
        assert_eq!(
            (root.status, root.header("content-type")),
            (200, "application/json"),
            "{accept}"
        );
        assert!(root.text.contains("\"guide\":\"/docs\""));
    }
    assert_eq!(
        ask(&site, "GET", "/", &[HOST]).header("content-type"),
        "application/json"
    );
}

#[test]
fn a_browser_that_asks_for_nothing_is_shown_a_way_on() {
    let site = site();
    for path in [
        "/nope",
        "/v1/nope",
        "/docs/nope",
        "/docs/api/nope",
        "/docs/quickstart/cobol",
        "/docs/assets/x.css",
        "/v1/contact",
    ] {
        let page = get(&site, path);
        assert_eq!(page.status, 404, "{path}");
        assert!(
            page.is_html() && page.text.contains("href=\"/docs\""),
            "{path}"
        );
        assert_eq!(page.header("cache-control"), "no-store");
        let program = ask(&site, "GET", path, &[HOST, ("accept", "*/*")]);
        assert_eq!(
            (program.status, program.header("content-type")),
            (404, "application/json"),
            "{path}"
        );
        assert!(program.text.contains("\"not_found\""));
    }
    assert!(
        text(&get(&site, "/v1/contact").text).contains("Did you mean `/v1/contacts`?")
            || text(&get(&site, "/v1/contact").text).contains("Did you mean \"/v1/contacts\"?")
    );
    let hostile = get(&site, "/%3Cscript%3E");
    assert!(
        !hostile
            .text
            .split_once("</head>")
            .unwrap()
            .1
            .contains("<script")
    );
}

#[test]
fn a_program_that_says_it_takes_html_still_gets_its_records_and_errors() {
    let (site, key) = with_key();
    let authorization = format!("Bearer {key}");
    for (path, status) in [
        ("/v1/contacts", 200),
        ("/v1/contacts/con_x", 404),
        ("/v1/contacts?page=2", 400),
    ] {
        let answer = ask(
            &site,
            "GET",
            path,
            &[HOST, BROWSER, ("authorization", &authorization)],
        );
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, "application/json"),
            "{path}"
        );
    }
    assert_eq!(get(&site, "/v1/contacts").status, 401);
    assert_eq!(
        get(&site, "/v1/contacts").header("content-type"),
        "application/json"
    );
}

#[test]
fn pages_are_only_read() {
    let site = site();
    for path in ["/docs", "/docs/api/errors", "/llms.txt", "/docs/search?q=a"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = ask(&site, method, path, &[HOST, BROWSER]);
            assert_eq!(
                (refused.status, refused.header("allow")),
                (405, "GET, HEAD"),
                "{method} {path}"
            );
        }
        let preflight = [
            HOST,
            ("origin", "https://app.example.com"),
            ("access-control-request-method", "GET"),
        ];
        assert_eq!(
            ask(&site, "OPTIONS", path, &preflight).status,
            204,
            "{path}"
        );
    }
    let nowhere = ask(&site, "POST", "/docs/nope", &[HOST, BROWSER]);
    assert_eq!(
        (nowhere.status, nowhere.header("content-type")),
        (404, "application/json")
    );
}

#[test]
fn a_slash_too_much_is_left_out() {
    let site = site();
    for (path, meant) in [
        ("/docs/", "/docs"),
        ("/docs/api/errors/", "/docs/api/errors"),
        ("/docs/quickstart//", "/docs/quickstart"),
        ("/docs/search/?q=key", "/docs/search?q=key"),
    ] {
        let moved = get(&site, path);
        assert_eq!(
            (moved.status, moved.header("location")),
            (308, meant),
            "{path}"
        );
    }
    // It stays on this server, whatever the path says.
    assert_eq!(
        get(&site, "/docs//evil.example/").header("location"),
        "/docs//evil.example"
    );
    assert_eq!(get(&site, "//evil.example/").status, 404);
}
