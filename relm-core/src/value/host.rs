//! Which texts name a host, and which two names are one.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The one form of a domain name: lower case, and `xn--` where it has letters beyond ASCII. None where the text is no
/// domain name.
///
/// It is UTS 46's ToASCII, non-transitional, of letters, digits and hyphens alone (STD 3), so that `BÜCHER.example`,
/// `bücher。example` and `xn--bcher-kva.example` are one. <https://www.unicode.org/reports/tr46/>
pub fn ascii(name: &str) -> Option<Cow<'_, str>> {
    let hyphens = Hyphens::CheckFirstLast;
    let name = name.as_bytes();
    Uts46::new()
        .to_ascii(name, AsciiDenyList::STD3, hyphens, DnsLength::Verify)
        .ok()
}

/// A domain name as people read it: `bücher.example` for `xn--bcher-kva.example`.
pub fn readable(name: &str) -> Cow<'_, str> {
    let (readable, _) =
        Uts46::new().to_unicode(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    readable
}

/// The bare host of whatever people copy when they are asked for a domain: a name, or a URL, of which scheme, `www.`, port,
/// path and the dot at its end are left out. None where there is no domain name of two labels at least: an address is
/// none, and neither is a name with a user before it, which is an e-mail address more often than not.
///
/// The bare host of a bare host is itself.
pub fn bare(text: &str) -> Option<String> {
    let text = text.trim();
    let after_scheme = match text.split_once("//") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => text,
    };
    let authority = after_scheme.split(['/', '\\', '?', '#']).next()?;
    let name = match authority.split_once(':') {
        Some((name, port)) if port.is_empty() || port.parse::<u16>().is_ok() => name,
        Some(_) => return None,
        None => authority,
    };
    // What people search for is a name more often than not. Letters beyond ASCII may stand for a dot.
    if name.is_ascii() && !name.contains('.') {
        return None;
    }
    let name = ascii(name.strip_suffix(['.', '。']).unwrap_or(name))?;
    let mut name: &str = &name;
    while let Some(rest) = name.strip_prefix("www.").filter(|rest| rest.contains('.')) {
        name = rest;
    }
    let (_, top) = name.rsplit_once('.')?;
    // No top-level domain is a number: what ends in one is an IPv4 address, or a slip.
    let is_number = top.bytes().all(|byte| byte.is_ascii_digit());
    (!is_number).then(|| name.to_owned())
}

/// `https:`, or nothing before the two slashes.
fn is_scheme(text: &str) -> bool {
    let Some(scheme) = text.strip_suffix(':') else {
        return text.is_empty();
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|char: char| char.is_ascii_alphabetic()) && scheme.bytes().all(fits)
}

/// What a company's domain is compared by: its bare host, or the text itself where it has none.
pub fn key(text: &str) -> Cow<'_, str> {
    match bare(text) {
        Some(host) => Cow::Owned(host),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_copy_is_reduced_to_its_bare_host() {
        for text in [
            "example.com",
            "EXAMPLE.com",
            " example.com\n",
            "example.com.",
            "www.example.com",
            "WWW.www.example.com.",
            "https://example.com",
            "HTTPS://www.Example.COM:8443/about/us?x=1#top",
            "http://example.com?x",
            "//example.com/x",
            "ftp://example.com:/",
            "example.com/about//us",
            "example.com:443",
            "example.com#x",
            "ｅｘａｍｐｌｅ．ｃｏｍ",
        ] {
            assert_eq!(bare(text).as_deref(), Some("example.com"), "{text:?}");
        }
        for (text, host) in [
            ("www.com", "www.com"),
            ("shop.example.co.uk", "shop.example.co.uk"),
            ("1and1.example", "1and1.example"),
            ("a--b.example", "a--b.example"),
            ("http.example/x", "http.example"),
        ] {
            assert_eq!(bare(text).as_deref(), Some(host), "{text:?}");
        }
    }

    #[test]
    fn the_spellings_of_an_international_name_are_one() {
        for (host, spellings) in [
            (
                "xn--bcher-kva.example",
                &[
                    "bücher.example",
                    "BÜCHER.Example",
                    "bu\u{308}cher.example",
                    "XN--BCHER-KVA.example",
                    "https://www.bücher.example/",
                ][..],
            ),
            // Non-transitional: ß is a letter of its own, and not two.
            ("xn--strae-oqa.de", &["straße.de", "STRAẞE.de"]),
            ("strasse.de", &["strasse.de", "STRASSE.DE"]),
            (
                "xn--11b1b9f.xn--h2brj9c",
                &["नोक.भारत", "नोक。भारत", "xn--11b1b9f.xn--h2brj9c"],
            ),
        ] {
            for spelling in spellings {
                assert_eq!(bare(spelling).as_deref(), Some(host), "{spelling}");
            }
            assert_eq!(bare(&readable(host)).as_deref(), Some(host));
        }
    }

    #[test]
    fn what_has_no_host_is_none() {
        for text in [
            "",
            " ",
            ".",
            "no domain at all",
            "acme",
            "localhost",
            "https://",
            "https:///path",
            "exa mple.com",
            "example..com",
            ".example.com",
            "-example.com",
            "example-.com",
            "exam_ple.com",
            "example.com, example.org",
            "ada@example.com",
            "https://user:secret@example.com/",
            "mailto:ada@example.com",
            "example.com:http",
            "example.com:70000",
            "192.0.2.1",
            "http://192.0.2.1:8080/",
            "[2001:db8::1]",
            "xn--a.example",
            "a\u{0}.example",
            "%65xample.com",
            &format!("{}.example", "a".repeat(64)),
            &format!("{}example", "abcdefg.".repeat(32)),
        ] {
            assert_eq!(bare(text), None, "{text:?}");
            assert_eq!(key(text), text, "it is compared as it is");
        }
    }

    proptest! {
        #[test]
        fn a_bare_host_is_its_own(text in "(https?://)?(www\\.){0,2}[a-zA-Zäß0-9-]{1,6}(\\.[a-zA-ZÄé-]{1,4}){0,3}[:/.]?[0-9]{0,3}", any: String) {
            for text in [text, any] {
                if let Some(host) = bare(&text) {
                    prop_assert_eq!(bare(&host), Some(host));
                }
            }
        }
    }
}
