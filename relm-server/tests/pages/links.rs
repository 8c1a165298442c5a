//! Where links lead, and that the pages have all that the documents have.

use std::collections::HashSet;
use std::path::Path;

use super::html::{attributes, text};
use super::site::{all_pages, ask, get, site};

const DOCUMENTS: [(&str, &str); 3] = [
    ("/docs/api", include_str!("../../../docs/API.md")),
    ("/docs/webhooks", include_str!("../../../docs/WEBHOOKS.md")),
    ("/docs/deploy", include_str!("../../../docs/DEPLOY.md")),
];

#[test]
fn every_link_leads_to_a_page_and_a_place_on_it() {
    let site = site();
    let pages = all_pages(&site);
    assert!(pages.len() >= 30, "{:?}", pages.keys());
    let repository = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");
    for (path, page) in &pages {
        for link in attributes(&page.text, "href") {
            if let Some(file) = link.strip_prefix(repository) {
                let file = file.split('#').next().unwrap();
                let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
                assert!(root.join(file).exists(), "{path}: {link}");
                continue;
            }
            if link.starts_with("https://") {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if target.is_empty() { path } else { target };
            let found = ask(&site, "GET", target, &[]);
            assert_eq!(found.status, 200, "{path}: {link}");
            let has_place =
                anchor.is_empty() || attributes(&found.text, "id").iter().any(|id| id == anchor);
            assert!(has_place, "{path}: {link}");
        }
    }
}

#[test]
fn no_place_is_on_a_page_twice() {
    for (path, page) in all_pages(&site()) {
        let ids = attributes(&page.text, "id");
        let distinct: HashSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{path}: {ids:?}");
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
        assert!(
            page.text.matches("aria-current=\"page\"").count() >= 2,
            "{path}: the way to it is marked"
        );
    }
}

/// A heading's place on GitHub.
fn slug(title: &str) -> String {
    let title = title.to_lowercase().replace(' ', "-");
    title
        .chars()
        .filter(|char| char.is_alphanumeric() || "-_".contains(*char))
        .collect()
}

#[test]
fn pages_have_every_heading_every_paragraph_and_every_example() {
    let site = site();
    let pages = all_pages(&site);
    for (path, document) in DOCUMENTS {
        let beneath = format!("{path}/");
        let of_it = pages
            .iter()
            .filter(|(at, _)| *at == path || at.starts_with(&beneath));
        let html: String = of_it.map(|(_, page)| page.text.as_str()).collect();
        let ids = attributes(&html, "id");
        let words = words(&text(&html));
        let mut in_code = false;
        let (mut headings, mut paragraphs) = (0, 0);
        for line in document.lines() {
            if line.starts_with("```") {
                in_code = !in_code;
                continue;
            }
            if line.starts_with("BASE=") || line.trim_start().starts_with("|--") {
                continue;
            }
            if let Some((_, title)) = line
                .split_once("# ")
                .filter(|_| line.starts_with('#') && !in_code)
            {
                headings += 1;
                assert!(ids.contains(&slug(title)), "{path}: {title}");
            }
            // Numbers of a list are the browser's, and where links lead is not read.
            let line = line.trim_start_matches(|char: char| char.is_ascii_digit() && !in_code);
            let read = if in_code {
                line.to_owned()
            } else {
                without_links(line)
            };
            let read = read
                .replace("$BASE", "http://crm.example.com:8080")
                .replace("http://127.0.0.1:8080", "http://crm.example.com:8080");
            let read = self::words(&read);
            paragraphs += usize::from(!read.is_empty());
            assert!(words.contains(&read), "{path}: {line}");
        }
        assert!(headings > 10 && paragraphs > 100, "{path}");
    }
}

/// `[text](place)` as `text`.
fn without_links(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The letters and digits of a text, which no mark-up changes.
fn words(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).collect()
}

#[test]
fn one_text_has_all_documents() {
    let site = site();
    let all = get(&site, "/llms.txt");
    assert_eq!(
        (all.status, all.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
    assert!(all.text.starts_with("# Relm\n\n> "), "{}", &all.text[..80]);
    for (_, document) in DOCUMENTS {
        let base = "http://crm.example.com:8080";
        let printed = document
            .replace("$BASE", base)
            .replace("http://127.0.0.1:8080", base);
        assert!(all.text.contains(&printed));
    }
    for line in all
        .text
        .lines()
        .take_while(|line| !line.starts_with("# The API"))
    {
        if let Some((_, link)) = line.split_once("](http://crm.example.com:8080") {
            assert_eq!(get(&site, link.trim_end_matches(')')).status, 200, "{link}");
        }
    }
}
