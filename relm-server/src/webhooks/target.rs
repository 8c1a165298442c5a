//! What a URL names: a scheme, an address or a name, and a port.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::Uri;
use relm_core::record::ipv4_host;

/// Characters of a host name (RFC 1035, section 2.3.4).
const NAME_CHARS_MAX: usize = 253;

/// Where a URL leads, as far as that can be seen without a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) plain: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

/// The host of a URL. Every spelling of an address is an address here: nothing that means one is left to be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Address(IpAddr),
    /// In lower case, as it was written otherwise: a trailing dot keeps a look-up from appending search domains.
    Name(String),
}

/// Why a URL leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    #[error("not an absolute URL")]
    NotAbsolute,
    #[error("webhooks are sent by https and http alone")]
    Scheme,
    #[error("the URL holds a user name or password")]
    UserInfo,
    #[error("the URL's host is neither a name nor an address")]
    Host,
    #[error("the URL's port is not between 1 and 65535")]
    Port,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`] for what is wrong with it.
    pub(super) fn of(uri: &Uri) -> Result<Self, UrlError> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(UrlError::NotAbsolute);
        };
        let plain = match scheme {
            "https" => false,
            "http" => true,
            _ => return Err(UrlError::Scheme),
        };
        if authority.as_str().contains('@') {
            return Err(UrlError::UserInfo);
        }
        let host = Host::parse(authority.host())?;
        // `Authority::port` gives nothing for a port that is no number below 65536, as if there were none.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("" | ":") => Ok(if plain { 80 } else { 443 }),
            Some(port) => port
                .trim_start_matches(':')
                .parse()
                .map_err(|_| UrlError::Port),
            None => Err(UrlError::Host),
        }?;
        if port == 0 {
            return Err(UrlError::Port);
        }
        Ok(Self { plain, host, port })
    }
}

impl Host {
    /// Reads a host as the URL standard does (<https://url.spec.whatwg.org/#host-parsing>), less percent-encoding and
    /// names beyond ASCII, which are refused.
    fn parse(text: &str) -> Result<Self, UrlError> {
        if let Some(literal) = text.strip_prefix('[') {
            // No zone: which interface a link-local address lies at is no endpoint's to say.
            let address = literal
                .strip_suffix(']')
                .and_then(|inner| inner.parse().ok());
            return address
                .map(|address: Ipv6Addr| Self::Address(address.into()))
                .ok_or(UrlError::Host);
        }
        let name = text.to_ascii_lowercase();
        let bare = name.strip_suffix('.').unwrap_or(&name);
        if let Some(address) = ipv4_host(bare).map_err(|_| UrlError::Host)? {
            return Ok(Self::Address(address.into()));
        }
        let fits = bare.len() <= NAME_CHARS_MAX
            && bare.split('.').all(|label| !label.is_empty())
            && bare
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if fits {
            Ok(Self::Name(name))
        } else {
            Err(UrlError::Host)
        }
    }

    /// The addresses that a host stands for whoever looks it up: its own, or for `localhost` and the names under it those of
    /// loopback (<https://www.rfc-editor.org/rfc/rfc6761#section-6.3>).
    pub(super) fn known_addresses(&self) -> Option<Vec<IpAddr>> {
        match self {
            Self::Address(address) => Some(vec![*address]),
            Self::Name(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                let last = name.rsplit('.').next();
                (last == Some("localhost"))
                    .then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
            }
        }
    }
}

/// The host as the owner of the endpoint may read it.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, UrlError> {
        Target::of(&url.parse().map_err(|_| UrlError::NotAbsolute)?)
    }

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        let loopback = Host::Address(IpAddr::from([127, 0, 0, 1]));
        for spelling in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0X7F.1",
            "0x7f.0.0.0x1",
            "0177.0.0.01",
            "017700000001",
            "127.0x0.00.1",
        ] {
            let found = target(&format!("https://{spelling}/hook"));
            assert_eq!(found.unwrap().host, loopback, "{spelling}");
        }
        let zero = Host::Address(IpAddr::from([0, 0, 0, 0]));
        for spelling in ["0", "0x", "0.0.0.0", "0x.0x"] {
            assert_eq!(
                target(&format!("http://{spelling}")).unwrap().host,
                zero,
                "{spelling}"
            );
        }
        let six = Host::Address("::1".parse().unwrap());
        for spelling in ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"] {
            assert_eq!(
                target(&format!("https://{spelling}:8443")).unwrap().host,
                six
            );
        }
    }

    #[test]
    fn a_host_that_ends_in_a_number_is_an_address_or_nothing() {
        for wrong in [
            "1.2.3.4.5",
            "256.0.0.1",
            "1.2.3.256",
            "4294967296",
            "a.1",
            "0x1g.1",
            "08",
            "1..2",
        ] {
            assert_eq!(
                target(&format!("https://{wrong}/")),
                Err(UrlError::Host),
                "{wrong}"
            );
        }
    }

    #[test]
    fn names_are_lowered_and_keep_their_trailing_dot() {
        for (host, name) in [
            ("Hooks.Example", "hooks.example"),
            ("localhost.", "localhost."),
            ("a_b-c.x1", "a_b-c.x1"),
        ] {
            assert_eq!(
                target(&format!("https://{host}/")).unwrap().host,
                Host::Name(name.into())
            );
        }
        for wrong in [
            ".",
            "a..b",
            ".a",
            "a..",
            "%31",
            "a+b",
            "a!b",
            "[v1.a]",
            "[fe80::1%25eth0]",
            "[::1",
        ] {
            assert!(target(&format!("https://{wrong}/")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_port_is_the_scheme_s_unless_it_is_named() {
        let port = |url: &str| target(url).map(|target| target.port);
        assert_eq!(port("https://a"), Ok(443));
        assert_eq!(port("http://a/"), Ok(80));
        assert_eq!(port("HTTPS://a:8443?x"), Ok(8443));
        assert_eq!(port("https://[::1]:22"), Ok(22));
        for wrong in [
            "https://a:0",
            "https://a:65536",
            "https://a:99999999",
            "https://a:x",
            "https://a:8:8",
        ] {
            assert!(port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn other_schemes_credentials_and_relative_urls_are_refused() {
        assert_eq!(target("ftp://a/"), Err(UrlError::Scheme));
        assert_eq!(target("https://user@a/"), Err(UrlError::UserInfo));
        assert_eq!(target("https://a:b@c/"), Err(UrlError::UserInfo));
        for relative in ["/hook", "a", "", "https:", "https:///x", "https:/a"] {
            assert!(target(relative).is_err(), "{relative}");
        }
    }
}
