//! The search of the documentation.

use super::html::{attributes, text};
use super::site::{get, site};

/// Where the results lead, best first.
fn results(query: &str) -> Vec<String> {
    let page = get(&site(), &format!("/docs/search?q={query}"));
    assert_eq!(
        (page.status, page.header("cache-control")),
        (200, "no-store")
    );
    let results = page
        .text
        .split("<ol>")
        .nth(1)
        .unwrap_or_default()
        .split("</ol>")
        .next()
        .unwrap()
        .to_owned();
    attributes(&results, "href")
}

#[test]
fn a_section_is_found_by_its_words() {
    assert_eq!(results("idempotency")[0], "/docs/api/idempotency");
    assert_eq!(
        results("Rotating+SECRET")[0],
        "/docs/webhooks#rotating-the-secret"
    );
    assert!(results("if-match").contains(&"/docs/api/responses#entity-tags".to_owned()));
    assert!(results("pgbouncer").contains(&"/docs/deploy#pgbouncer".to_owned()));
    // What stands in examples alone is found, too.
    assert!(results("katherine").contains(&"/docs/api/idempotency".to_owned()));
    assert!(results("zzz").is_empty());
    assert!(results("idempotency+zzz").is_empty());
}

#[test]
fn results_lead_to_places_that_are_there() {
    let site = site();
    let found = results("the");
    assert_eq!(found.len(), 20, "as many as are shown");
    for link in found {
        let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let page = get(&site, path);
        assert_eq!(page.status, 200, "{link}");
        assert!(
            anchor.is_empty() || attributes(&page.text, "id").iter().any(|id| id == anchor),
            "{link}"
        );
    }
}

#[test]
fn what_is_searched_for_is_shown_as_text() {
    let site = site();
    for query in [
        "%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "%3Cimg+src=x%3E",
        "'%22",
        "%00%ff",
        "%",
    ] {
        let page = get(&site, &format!("/docs/search?q={query}"));
        assert_eq!(page.status, 200);
        let body = page.text.split_once("</head>").unwrap().1;
        assert!(
            !body.contains("<script") && !body.contains("<img"),
            "{query}"
        );
    }
    let page = get(&site, "/docs/search?q=%3Cb%3E");
    assert!(text(&page.text).contains("No section has all of <b>."));
}

#[test]
fn nothing_that_is_searched_for_makes_a_page_large() {
    let site = site();
    let long = "e+".repeat(4_000);
    for query in [
        "",
        "q=",
        "q=e",
        "x=1&q=a&q=b",
        &format!("q={long}"),
        &format!("q={}", "%C3%A9".repeat(1_300)),
    ] {
        let page = get(&site, &format!("/docs/search?{query}"));
        assert_eq!(page.status, 200);
        assert!(page.text.len() < 32 * 1024, "{}", page.text.len());
    }
}
