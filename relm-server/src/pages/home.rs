//! `/` and `/docs`: where whoever opens the printed address arrives.

use askama::Template;
use bytes::Bytes;
use hyper::Response;

use super::Asked;
use super::accepts::prefers_html;
use super::layout::Layout;
use super::quickstart::{LANGUAGES, Language, Snippet, snippet};
use crate::html::answer;

const PATH: &str = "/docs";

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    layout: Layout,
    version: &'static str,
    create: &'static Snippet,
    languages: &'static [Language],
}

/// `/` leads whoever wants HTML to the documentation, and is the API's for all others.
pub(super) fn way_in(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    prefers_html(&asked.head.headers).then(|| answer::led_to(PATH))
}

pub(super) fn page(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    Some(asked.rendered(PATH, || Home {
        layout: Layout::of(PATH),
        version: env!("CARGO_PKG_VERSION"),
        create: snippet(&LANGUAGES[0], "create"),
        languages: LANGUAGES,
    }))
}
