//! The pages of the documents.

use askama::Template;
use bytes::Bytes;
use hyper::Response;

use super::Asked;
use super::layout::{Crumb, Layout};

/// A document of `docs/`, as `build.rs` prints it.
pub(super) struct Document {
    pub title: &'static str,
    pub pages: &'static [Page],
}

/// A page of it.
pub(super) struct Page {
    pub path: &'static str,
    pub title: &'static str,
    /// What stands beneath the title.
    html: &'static str,
    pub sections: &'static [Section],
}

/// A heading of a page and what stands beneath it, in words. The first is the page's own.
pub(super) struct Section {
    pub level: usize,
    pub title: &'static str,
    pub anchor: &'static str,
    pub text: &'static str,
}

pub(super) static DOCUMENTS: &[Document] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage {
    layout: Layout,
    page: &'static Page,
    crumbs: Vec<Crumb>,
    previous: Option<&'static Page>,
    next: Option<&'static Page>,
}

/// Every page, in the order in which they are read.
pub(super) fn all() -> impl Iterator<Item = (&'static Document, &'static Page)> {
    DOCUMENTS
        .iter()
        .flat_map(|document| document.pages.iter().map(move |page| (document, page)))
}

pub(super) fn page(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    let path = asked.head.uri.path();
    let place = all().position(|(_, page)| page.path == path)?;
    let (document, page) = all().nth(place)?;
    let at = |place: usize| all().nth(place).map(|(_, page)| page);
    Some(asked.rendered(page.path, || DocumentPage {
        layout: Layout::of(page.path),
        page,
        crumbs: crumbs(document, page),
        previous: place.checked_sub(1).and_then(at),
        next: at(place + 1),
    }))
}

/// What the page is a part of.
fn crumbs(document: &'static Document, page: &'static Page) -> Vec<Crumb> {
    let first = &document.pages[0];
    match first.path == page.path {
        true => Vec::new(),
        false => vec![Crumb {
            path: first.path,
            title: first.title,
        }],
    }
}
