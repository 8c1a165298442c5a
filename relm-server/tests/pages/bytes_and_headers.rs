//! What each page costs and what it may do: its size, its files, its headers, and what a browser keeps of it.

use bytes::Bytes;
use hyper::Request;

use super::html::attributes;
use super::site::{HOST, all_pages, ask, get, site};

/// A page, uncompressed.
const PAGE_BYTES_MAX: usize = 64 * 1024;

#[test]
fn a_page_is_small_loads_three_files_and_runs_nothing_of_its_own() {
    let site = site();
    let mut pages = all_pages(&site);
    for path in ["/docs/search?q=a", "/nope"] {
        pages.insert(path.to_owned(), get(&site, path));
    }
    for (path, page) in pages {
        let html = &page.text;
        assert!(html.len() <= PAGE_BYTES_MAX, "{path}: {}", html.len());
        let policy = page.header("content-security-policy");
        for (name, part) in [
            ("nothing else", "default-src 'none';"),
            ("own style", "style-src 'self';"),
            ("own script", "script-src 'self';"),
            ("no frame", "frame-ancestors 'none';"),
            ("no base", "base-uri 'none';"),
            ("own form", "form-action 'self';"),
        ] {
            assert!(policy.contains(part), "{path}: {name}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("://") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(page.is_html(), "{path}");
        let (head, body) = html.split_once("</head>").unwrap();
        let files: Vec<_> = attributes(head, "href")
            .into_iter()
            .chain(attributes(head, "src"))
            .collect();
        assert_eq!(files.len(), 3, "{path}: {files:?}");
        assert!(
            files.iter().all(|file| file.starts_with("/docs/assets/")),
            "{path}: {files:?}"
        );
        for inline in [
            " src=",
            " style=",
            "<style",
            "<script",
            " onclick=",
            " onload=",
            "javascript:",
        ] {
            assert!(!body.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn files_are_kept_for_ever_under_names_that_change_with_them() {
    let site = site();
    let page = get(&site, "/docs").text;
    let head = page.split("</head>").next().unwrap();
    for (path, content_type) in attributes(head, "href")
        .into_iter()
        .chain(attributes(head, "src"))
        .zip([
            "text/css; charset=utf-8",
            "image/svg+xml",
            "text/javascript; charset=utf-8",
        ])
    {
        let file = get(&site, &path);
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, content_type),
            "{path}"
        );
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(
            !file.text.contains("http://") || file.text.contains("http://www.w3.org/2000/svg"),
            "{path}"
        );
        let (stem, extension) = path.rsplit_once('.').unwrap();
        let older = format!("{}0.{extension}", &stem[..stem.len() - 1]);
        let gone = get(
            &site,
            if older == path {
                "/docs/assets/x.css"
            } else {
                &older
            },
        );
        assert_eq!(gone.status, 404, "{older}");
    }
}

#[test]
fn a_browser_that_has_a_page_is_not_sent_it_again() {
    let site = site();
    for path in [
        "/docs",
        "/docs/api/errors",
        "/docs/quickstart/python",
        "/llms.txt",
    ] {
        let page = get(&site, path);
        assert_eq!(page.header("cache-control"), "no-cache");
        let tag = page.header("etag").to_owned();
        assert_eq!(get(&site, path).header("etag"), tag, "{path}");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = ask(&site, "GET", path, &[HOST, ("if-none-match", &known)]);
            assert_eq!(
                (again.status, again.text.as_str(), again.header("etag")),
                (304, "", &*tag),
                "{path}: {known}"
            );
            assert!(!again.headers.contains_key("content-type"));
            assert_eq!(again.header("cache-control"), "no-cache");
        }
        // It is another page where the server is reached otherwise.
        let elsewhere = ask(
            &site,
            "GET",
            path,
            &[("host", "other.example"), ("if-none-match", &tag)],
        );
        assert_eq!(elsewhere.status, 200, "{path}");
        assert_ne!(elsewhere.header("etag"), tag);
    }
}

#[test]
fn whatever_answers_get_answers_head_alike() {
    let site = site();
    for path in ["/docs", "/docs/search?q=a", "/llms.txt", "/docs/", "/nope"] {
        let headers = [HOST, super::site::BROWSER];
        let (get, head) = (
            ask(&site, "GET", path, &headers),
            ask(&site, "HEAD", path, &headers),
        );
        assert_eq!(
            (get.status, get.headers),
            (head.status, head.headers),
            "{path}"
        );
    }
}

#[test]
fn pages_that_nobody_takes_hold_a_bounded_memory() {
    let site = site();
    let open = |path: &str| {
        let request = Request::builder().uri(path).header(HOST.0, HOST.1);
        pollster::block_on(site.handle(request.body(Bytes::new()).unwrap()))
    };
    let mut held = Vec::new();
    let refused = loop {
        let page = open("/llms.txt");
        if page.status() != 200 {
            break page;
        }
        held.push(page);
        assert!(held.len() < 1_000, "nothing bounds them");
    };
    let bytes: usize = held.iter().map(|page| page.body().len()).sum();
    assert!(bytes <= 16 * 1024 * 1024, "{bytes}");
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    // Programs are served all the while, and so are pages once a reader has taken what it asked for.
    assert_eq!(open("/healthz").status(), 200);
    held.pop();
    assert_eq!(open("/llms.txt").status(), 200);
}
