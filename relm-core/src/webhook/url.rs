//! Which URLs an endpoint may have, as far as that can be told without a look-up.
//!
//! Where one leads, the transport judges at every attempt, on the address that it connects to. Here is refused what no
//! attempt could be sent to: its owner hears of it at once, and not from deliveries that are dead a day later.

use std::net::Ipv6Addr;

use crate::check;
use crate::error::{Error, Result};
use crate::limits::WEBHOOK_URL_CHARS_MAX;

/// Characters of a host name (RFC 1035, section 2.3.4).
const NAME_CHARS_MAX: usize = 253;
/// Characters of a name between two of its dots (the same).
const LABEL_CHARS_MAX: usize = 63;

/// A URL by https, or by http where that is allowed, of a host and perhaps a port.
pub(super) fn check(url: String, plain_http: bool) -> Result<String> {
    let url = check::text("url", url, WEBHOOK_URL_CHARS_MAX)?;
    let refuse = |message: &str| Err(Error::invalid("url", message));
    let rest = match url.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if plain_http => rest,
        _ if plain_http => return refuse("`url` must start with https:// or http://."),
        _ => return refuse("`url` must start with https:// in live mode."),
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
    let end = match authority.find(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    if !is_host(host) {
        return refuse(
            "`url` must name a host of letters, digits, `-`, `_` and dots, such as example.com, or an address; a name \
             beyond these is written in its xn-- form.",
        );
    }
    if !is_port(port) {
        return refuse("The port of `url` must be a number from 1 to 65535.");
    }
    Ok(url)
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
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= NAME_CHARS_MAX
        && name.split('.').all(is_label)
        && (!is_numeric(last) || is_ipv4(name))
}

/// Whether a host that ends in this label is an IPv4 address or nothing (<https://url.spec.whatwg.org/#ends-in-a-number-checker>).
fn is_numeric(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit()) || number(label).is_some()
}

/// Whether this is an IPv4 address in any of its spellings: one to four numbers, of which the last fills what is left.
fn is_ipv4(name: &str) -> bool {
    let parts: Option<Vec<u64>> = name.split('.').map(number).collect();
    let Some((last, leading)) = parts.as_deref().and_then(<[u64]>::split_last) else {
        return false;
    };
    leading.len() < 4
        && leading.iter().all(|part| *part <= 255)
        && last >> (32 - 8 * leading.len()) == 0
}

/// A decimal, octal or hexadecimal number of an address.
fn number(label: &str) -> Option<u64> {
    let label = label.to_ascii_lowercase();
    let (digits, radix) = match label.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None if label.len() > 1 && label.starts_with('0') => (&label[1..], 8),
        None => (label.as_str(), 10),
    };
    // `from_str_radix` takes a sign as well.
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_plain.then(|| u64::from_str_radix(digits, radix).ok())?
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
