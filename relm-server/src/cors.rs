//! Which web pages may read answers: the CORS protocol (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! A browser asks before a page sends a request to another origin (a *preflight*), and shows the page an answer only where
//! the answer allows it. Nothing is allowed unless the operator names origins; credentials that a browser keeps never are.

use std::str::FromStr;

use hyper::Method;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::http::uri::{Scheme, Uri};

/// The origins whose pages may read answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    /// None.
    #[default]
    Off,
    /// Every one.
    Any,
    /// These, as browsers write them.
    Origins(Vec<HeaderValue>),
}

const ANY: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What a page may send beside what every page may.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Relm-Dry-Run, Relm-Version",
);
/// What a page may read beside what every page may.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "Allow, ETag, Idempotent-Replayed, Relm-Dry-Run, Relm-Notice, Relm-Version, Retry-After, WWW-Authenticate, \
     X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id",
);
/// For how long a browser need not ask again: two hours, which is the most that Chromium heeds.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("7200");

impl Cors {
    /// What a preflight is answered with; none where the request is none, or not of an origin that is allowed.
    pub(crate) fn preflight(&self, head: &Parts) -> Option<HeaderMap> {
        let asks = head.method == Method::OPTIONS
            && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        self.allowed(head.headers.get(ORIGIN)?)?;
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
        Some(headers)
    }

    /// Adds to an answer what lets a page of this origin read it.
    pub(crate) fn allow(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if let Self::Origins(_) = self {
            // A cache must not show one origin's answer to another.
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(allowed) = origin.and_then(|origin| self.allowed(origin)) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
    }

    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self {
            Self::Off => None,
            Self::Any => Some(ANY),
            Self::Origins(all) => all.contains(origin).then(|| origin.clone()),
        }
    }
}

impl FromStr for Cors {
    type Err = String;

    /// Reads `*`, or a comma-separated list of origins; nothing at all is none.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Ok(Self::Off),
            "*" => Ok(Self::Any),
            list => list
                .split(',')
                .map(origin)
                .collect::<Result<_, _>>()
                .map(Self::Origins),
        }
    }
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let text = text.trim();
    let refuse = |why: &str| {
        Err(format!(
            "`{text}` {why}: write an origin as a browser does, such as https://app.example.com, or `*`"
        ))
    };
    if text == "*" {
        return refuse("is every origin, and stands alone");
    }
    let Ok(uri) = text.parse::<Uri>() else {
        return refuse("is no URL");
    };
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return refuse("has no scheme and host");
    };
    if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
        return refuse("is neither http nor https");
    }
    let written = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
    if text != written || authority.as_str().contains('@') {
        return refuse("has more than a scheme, a host in small letters and a port");
    }
    let is_default = [("https", ":443"), ("http", ":80")];
    if is_default
        .iter()
        .any(|(of, port)| scheme == *of && written.ends_with(port))
    {
        return refuse("names the port that its scheme has anyway");
    }
    HeaderValue::try_from(written).or_else(|_| refuse("is no URL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        assert_eq!("".parse(), Ok(Cors::Off));
        assert_eq!(" * ".parse(), Ok(Cors::Any));
        let two = ["https://app.example.com", "http://localhost:3000"];
        let values = two.map(HeaderValue::from_static).to_vec();
        assert_eq!(two.join(", ").parse(), Ok(Cors::Origins(values)));
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for text in [
            "https://app.example.com/",
            "https://app.example.com/x",
            "https://App.example.com",
            "https://user@app.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "app.example.com",
            "ftp://app.example.com",
            "null",
            "https://a.example,*",
            "https://a.example,,https://b.example",
        ] {
            let error = text.parse::<Cors>().unwrap_err();
            assert!(
                error.contains("such as https://app.example.com"),
                "{text}: {error}"
            );
        }
    }
}
