//! The cookies: one holds the token of a session, one tells that a person has signed in with the browser before.

use hyper::header::{COOKIE, HeaderMap, HeaderValue};
use relm_core::limits::SESSION_MS;

use super::device;

/// Begins a name where the server is reached by https: browsers keep a cookie of such a name only with `Secure`, for the whole
/// host, and from this host itself.
const SECURE_PREFIX: &str = "__Host-";
const SESSION: &str = "relm_session";
const DEVICE: &str = "relm_device";
/// Bytes of a token at most.
const TOKEN_BYTES_MAX: usize = 128;

/// The token of a session that a request shows. Where the server is known to be reached by https, no other cookie than the one
/// that proves to come from there counts.
pub(super) fn token(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    shown(headers, SESSION, is_https)
}

/// What a browser shows that a person has signed in with before.
pub(super) fn device(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    shown(headers, DEVICE, is_https).filter(|token| device::may_be(token))
}

fn shown<'a>(headers: &'a HeaderMap, cookie: &str, is_https: bool) -> Option<&'a str> {
    let prefixes: &[&str] = match is_https {
        true => &[SECURE_PREFIX],
        false => &[SECURE_PREFIX, ""],
    };
    let shown = |prefix: &&str| {
        let lines = headers.get_all(COOKIE).iter();
        let lines = lines.filter_map(|line| line.to_str().ok());
        let mut cookies = lines.flat_map(|line| line.split(';')).map(str::trim);
        cookies.find_map(|shown| {
            let rest = shown.strip_prefix(*prefix)?.strip_prefix(cookie)?;
            rest.strip_prefix('=')
        })
    };
    let token = prefixes.iter().find_map(shown)?;
    let is_token = |token: &&str| {
        let is_plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_plain && !token.is_empty() && token.len() <= TOKEN_BYTES_MAX
    };
    Some(token).filter(is_token)
}

/// What has a browser keep the token of a session.
pub(super) fn kept(token: &str, is_https: bool) -> HeaderValue {
    set(SESSION, token, SESSION_MS / 1_000, is_https)
}

/// What has a browser keep that a person has signed in with it.
pub(super) fn kept_device(token: &str, is_https: bool) -> HeaderValue {
    set(DEVICE, token, device::KNOWN_SECONDS, is_https)
}

/// What has a browser forget the session.
pub(super) fn forgotten(is_https: bool) -> HeaderValue {
    set(SESSION, "", 0, is_https)
}

fn set(name: &str, token: &str, seconds: i64, is_https: bool) -> HeaderValue {
    let (prefix, secure) = match is_https {
        true => (SECURE_PREFIX, "; Secure"),
        false => ("", ""),
    };
    let cookie = format!(
        "{prefix}{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::try_from(cookie).expect("a token is letters and digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_says_where_it_belongs() {
        assert_eq!(
            kept("abc", true),
            "__Host-relm_session=abc; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            forgotten(false),
            "relm_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            kept_device("abc", false),
            "relm_device=abc; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict"
        );
    }

    #[test]
    fn a_token_is_found_among_other_cookies_and_by_https_under_its_own_name_alone() {
        let shown = |cookies: &[&'static str], is_https| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(COOKIE, HeaderValue::from_static(cookie));
            }
            token(&headers, is_https).map(str::to_owned)
        };
        let both = ["a=b; relm_session=plain", "__Host-relm_session=secure; c=d"];
        assert_eq!(shown(&both, true).as_deref(), Some("secure"));
        assert_eq!(shown(&both, false).as_deref(), Some("secure"));
        assert_eq!(shown(&both[..1], false).as_deref(), Some("plain"));
        for (cookies, is_https) in [
            (&both[..1], true),
            (&["relm_session="], false),
            (&["relm_session=a b"], false),
            (&["xrelm_session=a; relm_sessions=a"], false),
            (&[], false),
        ] {
            assert_eq!(shown(cookies, is_https), None, "{cookies:?}");
        }
    }
}
