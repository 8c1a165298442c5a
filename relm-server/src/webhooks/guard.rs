//! Where a connection is made: to an address that was judged, or not at all.
//!
//! The guard is the connector itself and not a resolver under one: hyper-util's own connector asks no resolver about a
//! host that is an address already. A name is looked up once, each address that it has is judged, and the socket is
//! opened to one that passed, so that no second look-up can answer otherwise (DNS rebinding).

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use relm_core::Mode;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::allow::AllowNets;
use super::deadline;
use super::public::is_public;
use super::resolve::Resolve;
use super::target::{Host, Target, Wrong};

/// Addresses of one name that are tried, so that a name with a thousand addresses is no port scan.
const ADDRESSES_TRIED_MAX: usize = 6;

/// Opens the connections of one mode.
#[derive(Clone)]
pub(super) struct Guard(Arc<Rules>);

/// What one mode may reach.
pub(super) struct Rules {
    pub(super) mode: Mode,
    pub(super) allow_nets: AllowNets,
    pub(super) resolver: Arc<dyn Resolve>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NotConnected {
    /// The URL leads nowhere.
    Wrong(Wrong),
    /// The host has no address that webhooks may reach. Which it has is not said: it would map the network inside.
    NotPublic(Host),
    /// Plain HTTP, to an address that must be spoken to by HTTPS.
    NeedsHttps,
    /// The host has no address.
    NotFound,
    /// No address answered; this is what the last one said.
    Io(io::Error),
}

impl Guard {
    pub(super) fn new(rules: Rules) -> Self {
        Self(Arc::new(rules))
    }
}

impl Service<Uri> for Guard {
    type Response = TokioIo<TcpStream>;
    type Error = NotConnected;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotConnected>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotConnected>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let rules = Arc::clone(&self.0);
        let deadline = deadline::current();
        Box::pin(async move {
            let target = Target::of(&uri).map_err(NotConnected::Wrong)?;
            let addresses = rules.addresses(&target).await?;
            let stream = connect(&addresses, target.port, deadline).await;
            stream.map(TokioIo::new).map_err(NotConnected::Io)
        })
    }
}

impl Rules {
    /// The addresses of a target that may be connected to: one at least.
    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, NotConnected> {
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                let looked_up = self.resolver.resolve(name).await;
                looked_up.map_err(|_| NotConnected::NotFound)?
            }
        };
        if found.is_empty() {
            return Err(NotConnected::NotFound);
        }
        self.choose(target, &found)
    }

    /// Those of the addresses that may be connected to, in their order.
    fn choose(&self, target: &Target, found: &[IpAddr]) -> Result<Vec<IpAddr>, NotConnected> {
        let reachable = found.iter().filter(|address| self.may_reach(**address));
        let (allowed, by_https): (Vec<IpAddr>, Vec<IpAddr>) =
            reachable.partition(|address| !target.plain || self.may_speak_plainly(**address));
        match (allowed.is_empty(), by_https.is_empty()) {
            (false, _) => Ok(allowed),
            (true, false) => Err(NotConnected::NeedsHttps),
            (true, true) => Err(NotConnected::NotPublic(target.host.clone())),
        }
    }

    fn may_reach(&self, address: IpAddr) -> bool {
        let by_mode = match self.mode {
            Mode::Live => false,
            Mode::Test => address.is_loopback(),
        };
        is_public(address) || by_mode || self.allow_nets.contains(address)
    }

    fn may_speak_plainly(&self, address: IpAddr) -> bool {
        match self.mode {
            Mode::Live => self.allow_nets.contains(address),
            Mode::Test => true,
        }
    }
}

/// Connects to the first address that answers. Each may take an equal share of the time that those before it left, so
/// that one which swallows packets does not use up the time of the next.
async fn connect(addresses: &[IpAddr], port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    let tried = addresses.len().min(ADDRESSES_TRIED_MAX);
    for (address, left) in addresses.iter().zip((1..=tried).rev()) {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / u32::try_from(left).unwrap_or(1);
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        last = match timeout_at(now + share, connecting).await {
            Ok(Ok(stream)) => {
                // Head and body are written apart; neither should wait for the other's acknowledgement.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
    }
    Err(last)
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(wrong) => wrong.fmt(f),
            Self::NotPublic(host) => write!(f, "{host} is not a public address"),
            Self::NeedsHttps => f.write_str("plain http is not allowed: use https"),
            Self::NotFound => f.write_str("name not found"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotConnected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Wrong(wrong) => Some(wrong),
            Self::Io(error) => Some(error),
            Self::NotPublic(_) | Self::NeedsHttps | Self::NotFound => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::SystemResolver;
    use super::*;

    /// What of `found` a name may be connected at; an error as its text.
    fn chosen(mode: Mode, allow: &str, url: &str, found: &[&str]) -> Result<Vec<String>, String> {
        let rules = Rules {
            mode,
            allow_nets: allow.parse().unwrap(),
            resolver: Arc::new(SystemResolver::default()),
        };
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
