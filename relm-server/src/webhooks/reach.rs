//! What webhooks may reach: the one rule, for endpoints that are made and for connections that are opened.

use std::net::IpAddr;

use hyper::Uri;
use relm_core::webhook::TargetPolicy;
use relm_core::{Error, ErrorKind, Mode};

use super::allow::AllowNets;
use super::connect_error::ConnectError;
use super::options::TransportOptions;
use super::public::is_public;
use super::target::Target;

/// What the operator lets webhooks of both modes reach: the policy of an engine whose transport is an
/// [`HttpTransport`](super::HttpTransport) of the same options.
#[derive(Clone, Debug)]
pub struct Reach {
    live: Rules,
    test: Rules,
}

/// What one mode may reach.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    mode: Mode,
    allow_nets: AllowNets,
    allow_loopback: bool,
}

impl Reach {
    /// What a transport of these options reaches.
    pub fn new(options: &TransportOptions) -> Self {
        Self {
            live: Rules::new(Mode::Live, options),
            test: Rules::new(Mode::Test, options),
        }
    }
}

/// Decides about addresses, and the names that mean loopback everywhere. Where another name leads is known when it is looked up.
impl TargetPolicy for Reach {
    fn check(&self, mode: Mode, url: &str) -> relm_core::Result<()> {
        let rules = match mode {
            Mode::Live => &self.live,
            Mode::Test => &self.test,
        };
        let refuse = |message: String| Error::new(ErrorKind::ValidationFailed, message).at("url");
        let uri: Uri = url
            .parse()
            .map_err(|_| refuse("`url` is not a URL that can be sent to.".to_owned()))?;
        let target = Target::of(&uri).map_err(|wrong| refuse(format!("`url`: {wrong}.")))?;
        match target.host.known_addresses() {
            None => Ok(()),
            Some(addresses) => match rules.choose(&target, &addresses) {
                Ok(_) => Ok(()),
                Err(error) => Err(refuse(rules.explain(&error, &addresses))),
            },
        }
    }
}

impl Rules {
    pub(super) fn new(mode: Mode, options: &TransportOptions) -> Self {
        Self {
            mode,
            allow_nets: options.allow_nets.clone(),
            allow_loopback: options.allow_loopback,
        }
    }

    /// Those of the addresses that may be connected to, in their order.
    pub(super) fn choose(
        &self,
        target: &Target,
        found: &[IpAddr],
    ) -> Result<Vec<IpAddr>, ConnectError> {
        let reachable = found.iter().filter(|address| self.may_reach(**address));
        let (allowed, by_https): (Vec<IpAddr>, Vec<IpAddr>) =
            reachable.partition(|address| !target.plain || self.may_speak_plainly(**address));
        match (allowed.is_empty(), by_https.is_empty()) {
            (false, _) => Ok(allowed),
            (true, false) => Err(ConnectError::NeedsHttps),
            (true, true) => Err(ConnectError::NotPublic(target.host.clone())),
        }
    }

    fn may_reach(&self, address: IpAddr) -> bool {
        let by_mode = match self.mode {
            Mode::Live => false,
            Mode::Test => self.allow_loopback && address.is_loopback(),
        };
        is_public(address) || by_mode || self.allow_nets.contains(address)
    }

    fn may_speak_plainly(&self, address: IpAddr) -> bool {
        match self.mode {
            Mode::Live => self.allow_nets.contains(address),
            Mode::Test => true,
        }
    }

    /// What the owner of an endpoint reads, and can pass on to the operator.
    fn explain(&self, error: &ConnectError, addresses: &[IpAddr]) -> String {
        let is_loopback = addresses.iter().all(IpAddr::is_loopback);
        let setting = match self.mode {
            Mode::Test if is_loopback => {
                "with RELM_WEBHOOK_ALLOW_LOOPBACK=1 in test mode, or with RELM_WEBHOOK_ALLOW_NETS"
            }
            Mode::Test | Mode::Live => "with RELM_WEBHOOK_ALLOW_NETS",
        };
        match error {
            ConnectError::NeedsHttps => "`url` must start with https://: plain http leads to the networks of RELM_WEBHOOK_ALLOW_NETS alone.".to_owned(),
            ConnectError::NotPublic(_) | ConnectError::Url(_) | ConnectError::NotFound | ConnectError::Io(_) => format!(
                "Nothing can be delivered to `url`: {error}. Use the public address of your service; whoever runs this \
                 server can allow others, {setting}."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of `found` a name may be connected at; an error as its text.
    fn chosen(mode: Mode, allow: &str, url: &str, found: &[&str]) -> Result<Vec<String>, String> {
        let options = TransportOptions {
            allow_nets: allow.parse().unwrap(),
            allow_loopback: true,
            ..TransportOptions::default()
        };
        let rules = Rules::new(mode, &options);
        let target = Target::of(&url.parse().unwrap()).unwrap();
        let found: Vec<IpAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
        let chosen = rules.choose(&target, &found);
        chosen
            .map(|addresses| addresses.iter().map(ToString::to_string).collect())
            .map_err(|error| error.to_string())
    }

    const MIXED: [&str; 5] = ["127.0.0.1", "1.1.1.1", "10.0.0.1", "::1", "2606:4700::1111"];

    #[test]
    fn only_the_public_addresses_of_a_name_are_connected_to_in_their_order() {
        let public = Ok(vec!["1.1.1.1".to_owned(), "2606:4700::1111".to_owned()]);
        assert_eq!(chosen(Mode::Live, "", "https://a/", &MIXED), public);
        let none = Err("a is not a public address".to_owned());
        assert_eq!(
            chosen(Mode::Live, "", "https://a/", &["10.0.0.1", "::1"]),
            none
        );
    }

    #[test]
    fn test_mode_adds_loopback_and_nothing_else() {
        let found = chosen(Mode::Test, "", "http://a/", &MIXED).unwrap();
        assert_eq!(found, ["127.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"]);
    }

    #[test]
    fn the_operator_s_networks_are_open_in_both_modes() {
        for mode in [Mode::Live, Mode::Test] {
            let found = chosen(mode, "10.0.0.0/24", "https://a/", &["10.0.0.1", "10.0.1.1"]);
            assert_eq!(found, Ok(vec!["10.0.0.1".to_owned()]));
        }
    }

    #[test]
    fn plain_http_in_live_mode_reaches_the_operator_s_networks_alone() {
        let found = chosen(Mode::Live, "10.0.0.0/24", "http://a/", &MIXED);
        assert_eq!(found, Ok(vec!["10.0.0.1".to_owned()]));
        let needs = Err("plain http is not allowed: use https".to_owned());
        assert_eq!(chosen(Mode::Live, "", "http://a/", &MIXED), needs);
        let none = Err("127.0.0.1 is not a public address".to_owned());
        assert_eq!(
            chosen(Mode::Live, "", "http://127.1/", &["127.0.0.1"]),
            none
        );
    }
}
