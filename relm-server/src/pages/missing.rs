//! What a browser is shown where there is nothing to show.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use serde::Deserialize;

use super::layout::Layout;
use crate::html::{answer, render};

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing<'a> {
    layout: Layout,
    title: &'a str,
    message: &'a str,
}

/// The message in the answer that a program gets.
#[derive(Deserialize)]
struct Envelope {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    message: String,
}

/// 404, with what the API says of the path.
pub(super) fn page(refused: &Bytes) -> Response<Bytes> {
    let said = serde_json::from_slice(refused).map(|Envelope { error }| error.message);
    let message = said.unwrap_or_else(|_| "There is no such path.".to_owned());
    answer::made(StatusCode::NOT_FOUND, html("Not found", &message))
}

/// 405.
pub(super) fn not_allowed() -> Response<Bytes> {
    answer::not_allowed(html(
        "Pages are only read",
        "This is a page: it takes GET and HEAD.",
    ))
}

/// 400: what names no host cannot be told where the server is reached (RFC 9112, section 3.2).
pub(super) fn no_host() -> Response<Bytes> {
    let message = "The Host header of the request is not a host with or without a port.";
    answer::made(
        StatusCode::BAD_REQUEST,
        html("Where is this server?", message),
    )
}

fn html(title: &str, message: &str) -> String {
    render(&Missing {
        layout: Layout::of(""),
        title,
        message,
    })
}
