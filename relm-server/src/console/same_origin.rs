//! Whether a request comes from this server's own pages: what another site has a browser send is refused.

use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN};

use crate::html::BaseUrl;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whether a form may have been sent from a page of this server. `told` is where the server is reached, if an operator said
/// that; otherwise the page must be of the host that the request names.
///
/// Browsers say where a form comes from, in `Origin` and over https in `Sec-Fetch-Site` too. Who says neither is no browser,
/// which nobody else can have send anything.
pub(super) fn is_own(headers: &HeaderMap, told: Option<&BaseUrl>) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let is_own_site = sites.all(|site| site == "same-origin" || site == "none");
    let mut origins = headers.get_all(ORIGIN).iter();
    is_own_site
        && origins.all(|origin| {
            origin
                .to_str()
                .is_ok_and(|origin| is_ours(origin, headers, told))
        })
}

fn is_ours(origin: &str, headers: &HeaderMap, told: Option<&BaseUrl>) -> bool {
    if let Some(told) = told {
        return without_default_port(origin)
            .eq_ignore_ascii_case(without_default_port(told.as_str()));
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    ["https", "http"].into_iter().any(|scheme| {
        let ours = host.map(|host| format!("{scheme}://{host}"));
        ours.is_some_and(|ours| {
            without_default_port(&ours).eq_ignore_ascii_case(without_default_port(origin))
        })
    })
}

fn without_default_port(origin: &str) -> &str {
    let port = match origin.starts_with("https:") {
        true => ":443",
        false => ":80",
    };
    origin.strip_suffix(port).unwrap_or(origin)
}

/// Whether a browser came from a page of another site: it does not send the cookie of a session then.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let sites = headers.get_all(SEC_FETCH_SITE).iter();
    sites
        .into_iter()
        .any(|site| site == "cross-site" || site == "same-site")
}

/// Where the server is reached, as far as a request tells. That a proxy ended https is said by the browser, when it sends a form,
/// and by most proxies.
pub(super) fn base(headers: &HeaderMap) -> Option<BaseUrl> {
    let base = BaseUrl::of_request(headers)?;
    Some(match is_by_https(headers) {
        true => base.by_https(),
        false => base,
    })
}

fn is_by_https(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let mut proxies = headers.get_all(X_FORWARDED_PROTO).iter();
    origins.any(|origin| origin.as_bytes().starts_with(b"https://"))
        || proxies.any(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    const SELF: (&str, &str) = ("host", "crm.example.com:8080");
    type Pairs = &'static [(&'static str, &'static str)];

    #[test]
    fn a_form_comes_from_here_or_is_refused() {
        const CASES: [(bool, Pairs); 14] = [
            (true, &[SELF]),
            (true, &[SELF, ("origin", "http://crm.example.com:8080")]),
            (true, &[SELF, ("origin", "https://crm.example.com:8080")]),
            (true, &[("host", "a.b"), ("origin", "http://a.b:80")]),
            (true, &[SELF, ("sec-fetch-site", "same-origin")]),
            (true, &[SELF, ("sec-fetch-site", "none")]),
            (false, &[SELF, ("origin", "http://crm.example.com")]),
            (false, &[SELF, ("origin", "http://evil.example")]),
            (false, &[SELF, ("origin", "null")]),
            (false, &[("origin", "http://evil.example")]),
            (
                false,
                &[SELF, ("origin", "http://crm.example.com:8080.e.example")],
            ),
            (false, &[SELF, ("sec-fetch-site", "same-site")]),
            (false, &[SELF, ("sec-fetch-site", "cross-site")]),
            (
                false,
                &[
                    SELF,
                    ("origin", "http://crm.example.com:8080"),
                    ("sec-fetch-site", "cross-site"),
                ],
            ),
        ];
        for (expected, pairs) in CASES {
            assert_eq!(is_own(&headers(pairs), None), expected, "{pairs:?}");
        }
    }

    #[test]
    fn where_it_is_told_no_other_origin_counts() {
        const CASES: [(bool, Pairs); 4] = [
            (true, &[SELF, ("origin", "https://crm.example.com")]),
            (true, &[SELF, ("origin", "https://CRM.example.com:443")]),
            (false, &[SELF, ("origin", "http://crm.example.com:8080")]),
            (false, &[SELF, ("origin", "http://crm.example.com")]),
        ];
        let told: BaseUrl = "https://crm.example.com".parse().unwrap();
        for (expected, pairs) in CASES {
            assert_eq!(is_own(&headers(pairs), Some(&told)), expected, "{pairs:?}");
        }
    }
}
