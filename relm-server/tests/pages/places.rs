//! Where the server is reached, in every line of every page.

use super::site::{BROWSER, HOST, all_pages, ask, get, reached_at, site};

#[test]
fn every_example_names_the_server_that_shows_it() {
    let site = site();
    for (path, page) in all_pages(&site) {
        for other in ["127.0.0.1:8080", "$BASE"] {
            assert!(!page.text.contains(other), "{path}: {other}");
        }
    }
    for path in [
        "/docs",
        "/docs/api/contacts",
        "/docs/webhooks",
        "/docs/quickstart/go",
        "/llms.txt",
        "/docs/search?q=curl",
    ] {
        assert!(
            get(&site, path)
                .text
                .contains("http://crm.example.com:8080"),
            "{path}"
        );
    }
}

#[test]
fn an_operator_who_says_where_it_is_reached_is_believed() {
    let site = reached_at(Some("https://crm.example.com"));
    for host in ["10.0.0.7:8080", "\"><script>"] {
        let page = ask(
            &site,
            "GET",
            "/docs/api/contacts",
            &[("host", host), BROWSER],
        );
        assert_eq!(page.status, 200);
        assert!(
            page.text
                .contains("curl -X POST https://crm.example.com/v1/contacts")
        );
        assert!(!page.text.contains(host));
    }
}

#[test]
fn a_request_through_a_proxy_says_nothing_that_anybody_could_say() {
    let forged = [
        HOST,
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    let page = ask(&site(), "GET", "/docs", &forged);
    assert!(
        page.text.contains("http://crm.example.com:8080") && !page.text.contains("evil.example")
    );
}

#[test]
fn a_host_that_is_none_is_refused_and_not_shown() {
    let site = site();
    for host in [
        "a\"><script>alert(1)</script>",
        "$(id)",
        "a;id",
        "user@crm.example.com",
        "a b",
        "a:port",
        "",
    ] {
        for path in ["/docs", "/docs/search?q=a", "/llms.txt"] {
            let page = ask(&site, "GET", path, &[("host", host), BROWSER]);
            assert_eq!(page.status, 400, "{path}: {host}");
            assert!(
                host.is_empty() || !page.text.contains(host),
                "{path}: {host}"
            );
            assert_eq!(page.header("cache-control"), "no-store");
        }
    }
    // HTTP/1.0 knows hosts without names.
    assert!(
        ask(&site, "GET", "/docs", &[])
            .text
            .contains("http://127.0.0.1:8080")
    );
}
