//! Where the server is reached, as pages print it in the place of the address in the documents.

use std::fmt;
use std::str::FromStr;

use hyper::header::{HOST, HeaderMap};

/// The address in the documents and the files of the quickstart, and of a server that is started without settings.
pub(crate) const DOCUMENTED: &str = "http://127.0.0.1:8080";

/// Bytes of a host name and its port (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 255 + ":65535".len();

/// A scheme and a host, such as `https://crm.example.com`: nothing that HTML or a shell would take for more than text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Where a request came: over http, since the server speaks that alone, to the host that it names. None where that is no
    /// host; whoever names none, as HTTP/1.0 allows, is shown the address in the documents.
    pub(crate) fn of_request(headers: &HeaderMap) -> Option<Self> {
        let Some(host) = headers.get(HOST) else {
            return Some(Self(DOCUMENTED.to_owned()));
        };
        let host = host.to_str().ok().filter(|host| is_host(host))?;
        Some(Self(format!("http://{host}")))
    }

    /// It, reached by https.
    #[cfg(feature = "console")]
    pub(crate) fn by_https(self) -> Self {
        match self.0.strip_prefix("http://") {
            Some(host) => Self(format!("https://{host}")),
            None => self,
        }
    }

    /// Whether it is reached by https.
    #[cfg(feature = "console")]
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// It, as a text without a `/` at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with this in the place of the address in the documents.
    pub(crate) fn put_into(&self, text: &str) -> String {
        text.replace(DOCUMENTED, &self.0)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let whole = text.strip_suffix('/').unwrap_or(text);
        let host = whole
            .strip_prefix("https://")
            .or_else(|| whole.strip_prefix("http://"));
        match host {
            Some(host) if is_host(host) => Ok(Self(whole.to_owned())),
            _ => Err(format!(
                "`{text}` is not where a server is reached: write a scheme, a host and, if need be, a port, such as https://crm.example.com"
            )),
        }
    }
}

/// Whether this is a host with or without a port. The marks that RFC 3986 allows in a name beyond these are in no name that is
/// used, and mean something to a shell into which an example is copied.
fn is_host(text: &str) -> bool {
    if text.len() > HOST_BYTES_MAX {
        return false;
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
            return is_address && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
        }
        None => text
            .split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !host.is_empty() && host.bytes().all(is_name) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn of_host(host: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_bytes(host).unwrap());
        BaseUrl::of_request(&headers).map(|base| base.to_string())
    }

    #[test]
    fn a_request_says_where_it_came() {
        for host in [
            "localhost:8080",
            "crm.example.com",
            "10.0.0.1:80",
            "[::1]:8080",
            "[fe80::1]",
            "crm_1",
        ] {
            assert_eq!(of_host(host.as_bytes()), Some(format!("http://{host}")));
        }
        let unnamed = BaseUrl::of_request(&HeaderMap::new());
        assert_eq!(unnamed.unwrap().as_str(), DOCUMENTED);
    }

    #[test]
    fn what_html_or_a_shell_would_run_is_no_host() {
        let long = "a".repeat(HOST_BYTES_MAX + 1);
        let hosts = [
            "",
            "a b",
            "\"><script>alert(1)</script>",
            "$(id)",
            "`id`",
            "a;id",
            "a&b",
            "a|b",
            "user@host",
            "a:b",
            "a:",
            "a:99999",
            "a:+1",
            "a:1:2",
            "[::1",
            "[x]",
            "::1",
            "a/b",
            "a'b",
            "a%41",
            "é",
            &long,
        ];
        for host in hosts {
            assert_eq!(of_host(host.as_bytes()), None, "{host}");
        }
        assert_eq!(of_host(b"a\xff"), None);
    }

    #[test]
    fn an_operator_says_where_the_server_is_reached() {
        for (text, base) in [
            ("https://crm.example.com", "https://crm.example.com"),
            ("http://crm:8080/", "http://crm:8080"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().as_str(), base);
        }
        for text in [
            "",
            "crm.example.com",
            "ftp://a",
            "https://a/b",
            "https://a?b",
            "https://",
            "https://u@a",
            "https://a$b",
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            assert!(error.contains("such as https://crm.example.com"), "{error}");
        }
    }
}
