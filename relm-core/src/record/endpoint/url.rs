//! Which URLs an endpoint may have, as far as that is known without a look-up.
//!
//! The transport checks the address that it connects to at every attempt. Here is refused what no
//! attempt could be sent to: its owner hears of it at once, and not from deliveries that are dead a day later.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{Error, Result};
use crate::limits::WEBHOOK_URL_CHARS_MAX;
use crate::record::check;
use crate::record::hint;
use crate::value::{host, text};

/// Characters of a host name (RFC 1035, section 2.3.4).
const NAME_CHARS_MAX: usize = 253;
/// Characters of a name between two of its dots (the same).
const LABEL_CHARS_MAX: usize = 63;

/// A URL by https, or by http where that is allowed, of a host and perhaps a port.
pub(super) fn check(url: String, plain_http: bool) -> Result<String> {
    let url = check::text("url", url, WEBHOOK_URL_CHARS_MAX)?;
    if let Some(char) = text::invisible(&url) {
        return Err(check::twin("url", &url, char, |_| None));
    }
    let refuse = |message: &str| Err(Error::invalid("url", message));
    let rest = match url.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if plain_http => rest,
        _ => return Err(hint::url_meant(&url).on(without_scheme(plain_http))),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refuse("`url` must not hold a user name or password.");
    }
    let is_unsendable = |c: char| c.is_whitespace() || c.is_control() || "<>`".contains(c);
    let query = url.split('#').next().and_then(|url| url.split_once('?'));
    let is_quoted = query.is_some_and(|(_, query)| query.contains('"'));
    if authority.is_empty() || url.contains(is_unsendable) || is_quoted {
        return refuse("`url` must be an absolute URL such as https://example.com/hooks/relm.");
    }
    let (host, port) = authority.split_at(end_of_host(authority));
    if !is_host(host) {
        let error = Error::invalid(
            "url",
            "`url` must name a host of letters, digits, `-`, `_` and dots, such as example.com, or an address; a name \
             beyond these is written in its xn-- form.",
        );
        let meant = host::ascii(host).filter(|ascii| !host.is_ascii() && is_host(ascii));
        return Err(match meant {
            Some(ascii) => error.suggest(&[&url.replacen(host, &ascii, 1)]),
            None => error,
        });
    }
    if !is_port(port) {
        return refuse("The port of `url` must be a number from 1 to 65535.");
    }
    Ok(url)
}

/// A URL that passed the [check](check), in the spelling that all URLs of one target share: the host in lower case and as one
/// address or name, no port that its scheme implies, no fragment.
pub(super) fn comparable(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = authority.split_at(end_of_host(authority));
    let bare = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let literal = bare
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let six = literal.and_then(|literal| literal.parse::<Ipv6Addr>().ok());
    let host = match (ipv4_host(&bare), six) {
        (Ok(Some(address)), _) => address.to_string(),
        (_, Some(address)) => address.to_string(),
        (Ok(None) | Err(_), None) => bare,
    };
    let implied = if scheme == "https" { "443" } else { "80" };
    let port = match port.trim_start_matches(':').trim_start_matches('0') {
        "" => implied,
        port => port,
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{host}:{port}{slash}{path}")
}

/// Where the host ends in an authority, and a port may begin.
/// Scheme, host and port of a URL that passed the [check](check), in the spelling of [`comparable`].
pub(super) fn origin(url: &str) -> String {
    let mut comparable = comparable(url);
    let host = comparable.find("://").map_or(0, |at| at + 3);
    let end = comparable[host..].find(['/', '?']);
    comparable.truncate(end.map_or(comparable.len(), |at| host + at));
    comparable
}

fn end_of_host(authority: &str) -> usize {
    match authority.find(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    }
}

fn without_scheme(plain_http: bool) -> Error {
    let message = if plain_http {
        "`url` must start with https:// or http://."
    } else {
        "`url` must start with https:// in live mode."
    };
    Error::invalid("url", message)
}

fn is_host(host: &str) -> bool {
    if let Some(literal) = host.strip_prefix('[') {
        let address = literal.strip_suffix(']').map(str::parse::<Ipv6Addr>);
        return matches!(address, Some(Ok(_)));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=LABEL_CHARS_MAX).contains(&label.len()) && label.bytes().all(fits)
    };
    name.len() <= NAME_CHARS_MAX && name.split('.').all(is_label) && ipv4_host(name).is_ok()
}

/// The address that a host stands for in a URL; none where it is a name. A dot at its end is left out by whoever asks.
///
/// IPv4 has many spellings: one to four numbers, each decimal, octal or hexadecimal, of which the last fills what is left.
/// `127.1`, `0x7f.1` and `2130706433` are 127.0.0.1, to a browser as to `inet_aton`. A transport that checks addresses is to
/// read a host as the engine does.
///
/// # Errors
/// `validation_failed` where it ends in a number and is no address: no top-level domain is a number
/// (<https://url.spec.whatwg.org/#ends-in-a-number-checker>).
pub fn ipv4_host(host: &str) -> Result<Option<Ipv4Addr>> {
    let host = host.to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if !is_decimal && parse_number(last).is_none() {
        return Ok(None);
    }
    let message = "The host of `url` ends in a number and is not an IPv4 address.";
    let address = parse_ipv4(&host).ok_or_else(|| Error::invalid("url", message))?;
    Ok(Some(address))
}

fn parse_ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.split('.').map(parse_number).collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    let filled = u32::try_from(leading.len())
        .ok()
        .filter(|&parts| parts < 4)?;
    let bits_left = 32 - 8 * filled;
    if leading.iter().any(|&part| part > 255) || *last >> bits_left != 0 {
        return None;
    }
    let leading = leading.iter().fold(0, |bits, part| bits << 8 | part);
    u32::try_from(leading << bits_left | last)
        .ok()
        .map(Ipv4Addr::from_bits)
}

fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    // `from_str_radix` takes a sign, which no part of an address has.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// What follows the host: nothing, or a colon and a port, which may be left out.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some("") => true,
        Some(digits) => {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number && digits.parse::<u16>().is_ok_and(|port| port > 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let error = check(url.to_owned(), true).expect_err(url);
        assert_eq!(error.field(), Some("url"), "{url}");
        error.message().to_owned()
    }

    #[test]
    fn what_can_be_sent_to_is_kept_as_it_is() {
        for url in [
            "https://example.com",
            "https://example.com./hooks?token=a&b=%20#c",
            "https://a_b-c.xn--mnchen-3ya.de:8443/hooks/{id}|\u{e9}",
            "http://127.0.0.1:3000?x=1",
            "https://example.com:/",
            "https://[::1]:65535/",
            "https://[2606:4700::1111]",
            "https://1.2.3.4./",
            "https://127.1/",
            "https://0X7f.1/",
            "https://2130706433/",
            "https://0300.0xa8.1/",
            "https://0x.com/",
            "https://1.2.3.4a/",
            "https://a/\"quoted\"?in#\"the\"",
        ] {
            assert_eq!(check(url.to_owned(), true).expect(url), url);
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for url in [
            "https://a..b/",
            "https://.a/",
            "https://./",
            "https://exa^mple.com/",
            "https://m\u{fc}nchen.de/",
            "https://%31/",
            "https://example.com\\x/",
            "https://:80/",
            "https://[::1/",
            "https://[::1%25eth0]/",
            "https://[127.0.0.1]/",
            "https://a]/",
            "https://256.0.0.1/",
            "https://1.2.3.4.5/",
            "https://1.2.3.256",
            "https://0x100000000/",
            "https://a.1/",
            "https://1.2.3.08/",
            &format!("https://{}.example/", "a".repeat(64)),
            &format!("https://{}a/", "abcdefg.".repeat(32)),
        ] {
            assert!(refused(url).contains("must name a host"), "{url}");
        }
    }

    #[test]
    fn a_port_is_a_number_that_a_port_can_have() {
        for url in [
            "https://a:0/",
            "https://a:65536",
            "https://a:+80/",
            "https://a:x/",
            "https://a:80:80/",
            "https://[::1]x/",
            "https://[::1]:0/",
        ] {
            assert!(refused(url).contains("port"), "{url}");
        }
    }

    #[test]
    fn one_place_has_many_spellings() {
        for spellings in [
            &[
                "https://example.com",
                "https://EXAMPLE.com./",
                "https://example.com:443/#x",
                "https://example.com:/",
            ][..],
            &[
                "http://127.0.0.1/a?b",
                "http://0x7f.1:80/a?b",
                "http://2130706433:080/a?b#c",
            ],
            &["https://[::1]:8443/?x", "https://[0:0:0:0:0:0:0:1]:8443?x"],
        ] {
            for spelling in spellings {
                check((*spelling).to_owned(), true).expect(spelling);
                assert_eq!(comparable(spelling), comparable(spellings[0]), "{spelling}");
            }
        }
        let all = [
            "https://example.com/",
            "http://example.com/",
            "https://example.com/A",
            "https://example.com/a",
            "https://example.com/?a",
            "https://example.com:80/",
            "https://www.example.com/",
            "https://[::1]/",
        ];
        let targets: std::collections::HashSet<String> = all.into_iter().map(comparable).collect();
        assert_eq!(targets.len(), all.len());
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in [
            "https://",
            "https:///x",
            "https://?x",
            "https://a/b c",
            "https://a/<b>",
            "https://a/`b`",
            "https://a/?b=\"c\"",
            "https://a/\u{a0}",
        ] {
            assert!(refused(url).contains("absolute URL"), "{url}");
        }
        assert!(refused("https://user@a/").contains("user name"));
        assert!(refused("HTTPS://a/").contains("must start with"));
        assert!(check("http://a/".to_owned(), false).is_err());
    }
}
