//! A server in memory, and those who ask it.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::{HeaderMap, Request};
use relm_core::{Crm, KeyAccess, Mode};
use relm_server::api::Api;
use relm_server::pages::Pages;
use relm_server::site::Site;
use relm_store_memory::MemoryStore;

use super::html::attributes;

/// What Chromium sends.
pub const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
);

pub const HOST: (&str, &str) = ("host", "crm.example.com:8080");

pub fn site() -> Site {
    reached_at(None)
}

/// A server that was told where it is reached.
pub fn reached_at(base: Option<&str>) -> Site {
    let api =
        Api::new(Crm::new(MemoryStore::new()), 0).cors("https://app.example.com".parse().unwrap());
    Site::new(api, Pages::new(base.map(|base| base.parse().unwrap())))
}

/// A server, and a key of it.
pub fn with_key() -> (Site, String) {
    let crm = Crm::new(MemoryStore::new());
    let key = pollster::block_on(async {
        let workspace = crm.create_workspace("acme").await.unwrap();
        let key = crm
            .create_key(workspace.id, Mode::Live, KeyAccess::Full, None)
            .await;
        key.unwrap().secret
    });
    (Site::new(Api::new(crm, 0), Pages::new(None)), key)
}

#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    /// The one value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let all: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(all.len(), 1, "one {name} in {:?}", self.headers);
        all[0].to_str().unwrap()
    }

    pub fn is_html(&self) -> bool {
        self.headers
            .get("content-type")
            .is_some_and(|value| value == "text/html; charset=utf-8")
    }
}

pub fn ask(site: &Site, method: &str, path: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = pollster::block_on(site.handle(request.body(Bytes::new()).unwrap()));
    let (head, body) = response.into_parts();
    Answered {
        status: head.status.as_u16(),
        headers: head.headers,
        text: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub fn get(site: &Site, path: &str) -> Answered {
    ask(site, "GET", path, &[HOST, BROWSER])
}

/// Every page that links lead to from `/docs`, by its path.
pub fn all_pages(site: &Site) -> BTreeMap<String, Answered> {
    let mut pages = BTreeMap::new();
    let mut to_read = vec!["/docs".to_owned()];
    while let Some(path) = to_read.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let page = get(site, &path);
        assert_eq!(page.status, 200, "{path}");
        if page.is_html() {
            let links = attributes(&page.text, "href").into_iter();
            let links = links
                .filter(|link| link.starts_with("/docs") && !link.starts_with("/docs/assets/"));
            to_read.extend(links.map(|link| link.split('#').next().unwrap().to_owned()));
        }
        pages.insert(path, page);
    }
    pages
}
