//! Answers for people: their headers, and whether a browser has them already.

use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use relm_core::value::hex::hex;
use sha2::{Digest, Sha256};

use super::BaseUrl;
use crate::entity_tag::is_known;

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// A browser asks whether it still has the page.
const ASK: &str = "no-cache";
/// The name of a file says what is in it.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NEVER: &str = "no-store";

/// What a page may load and do: its own style, script and icon, and a search. Nothing is inline, nothing from elsewhere, and nobody
/// shows it in a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What every answer says alike.
const FIXED: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Bytes of a digest that tell two pages apart.
const TAG_BYTES: usize = 12;

/// A text that was made once, in which the address in the documents stands for that of the server.
pub(crate) struct Rendered {
    text: String,
    digest: [u8; 32],
}

impl Rendered {
    pub fn new(text: String) -> Self {
        Self {
            digest: Sha256::digest(&text).into(),
            text,
        }
    }

    /// The text as whoever asks at `base` is shown it; 304 where they have it.
    pub fn answer(
        &self,
        headers: &HeaderMap,
        base: &BaseUrl,
        content_type: &'static str,
    ) -> Response<Bytes> {
        let tag = Sha256::new()
            .chain_update(self.digest)
            .chain_update(base.as_str())
            .finalize();
        let tag = format!("\"{}\"", short_name(&tag));
        let mut response = match is_known(headers, &tag) {
            true => not_modified(),
            false => with_body(StatusCode::OK, content_type, base.put_into(&self.text)),
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(ASK));
        headers.extend(HeaderValue::try_from(tag).map(|tag| (ETAG, tag)));
        response
    }
}

/// A file whose name changes with what is in it.
pub(crate) fn file(content_type: &'static str, bytes: &'static [u8]) -> Response<Bytes> {
    let mut response = with_body(StatusCode::OK, content_type, bytes);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    response
}

/// HTML that is made for one request.
pub(crate) fn made(status: StatusCode, html: String) -> Response<Bytes> {
    let mut response = with_body(status, HTML, html);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    response
}

/// HTML of whoever signed in, or wants to: a form in it names the page that it is sent from, to this server alone. (Under
/// `no-referrer` browsers send `Origin: null` with a form, which could come from anywhere.)
#[cfg(feature = "console")]
pub(crate) fn private(status: StatusCode, html: String) -> Response<Bytes> {
    let mut response = made(status, html);
    response
        .headers_mut()
        .insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A file for whoever is signed in, which is to be kept and not shown: nothing in it runs.
#[cfg(feature = "console")]
pub(crate) fn download() -> Response<Bytes> {
    let mut response = bodyless(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    response
}

/// 303: what was asked for is done, and this is where to go on.
#[cfg(feature = "console")]
pub(crate) fn see_other(path: &str) -> Response<Bytes> {
    let mut response = bodyless(StatusCode::SEE_OTHER);
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(path).map(|path| (LOCATION, path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// 302 to a page, for those who want HTML.
pub(crate) fn led_to(path: &'static str) -> Response<Bytes> {
    let mut response = bodyless(StatusCode::FOUND);
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static(path));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    response
}

/// 503: other readers hold what pages may take.
pub(crate) fn busy() -> Response<Bytes> {
    const MESSAGE: &str = "Too many pages are being read at once. Try again in a second.\n";
    let mut response = with_body(StatusCode::SERVICE_UNAVAILABLE, TEXT, MESSAGE);
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    response
}

/// 308: the path without what was too much.
pub(crate) fn moved(path: &str) -> Response<Bytes> {
    let mut response = bodyless(StatusCode::PERMANENT_REDIRECT);
    let location = HeaderValue::from_str(path).map(|path| (LOCATION, path));
    response.headers_mut().extend(location);
    response
}

/// 405: pages are read alone.
pub(crate) fn not_allowed(html: String) -> Response<Bytes> {
    let mut response = made(StatusCode::METHOD_NOT_ALLOWED, html);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn not_modified() -> Response<Bytes> {
    bodyless(StatusCode::NOT_MODIFIED)
}

fn bodyless(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    let fixed = FIXED.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(fixed);
    response
}

fn with_body(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = bodyless(status);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.map(|_| body.into())
}

/// The beginning of a digest, as a name.
pub(crate) fn short_name(digest: &[u8]) -> String {
    hex(&digest[..TAG_BYTES])
}
