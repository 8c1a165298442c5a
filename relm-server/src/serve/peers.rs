//! Who connects, as far as it is known: by address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bits of an IPv6 address that name a network: whoever has one address has all of such a network (RFC 6177).
const NETWORK_BITS: u32 = 64;

/// How long nothing is logged after a line about a peer that has too many connections.
const LOG_PAUSE: Duration = Duration::from_secs(60);

/// The address that a connection comes from, or the network of 64 bits where it is IPv6. Behind a proxy it is the proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let network = u128::from(address) >> NETWORK_BITS << NETWORK_BITS;
                Ipv6Addr::from(network).into()
            }
        })
    }
}

/// The connections that each peer has.
pub(super) struct Peers {
    /// Connections of one peer; 0 for no bound.
    connections_max: usize,
    open: Mutex<HashMap<Peer, usize>>,
    /// When a line about a peer that had too many was last logged.
    logged_at: Mutex<Option<Instant>>,
}

/// One connection of a peer; it counts until this is dropped.
pub(super) struct CountedConnection {
    peers: Arc<Peers>,
    peer: Peer,
}

impl Peers {
    pub fn new(connections_max: usize) -> Arc<Self> {
        Arc::new(Self {
            connections_max,
            open: Mutex::default(),
            logged_at: Mutex::default(),
        })
    }

    /// Counts a connection of `peer`, unless it has as many as it may.
    pub fn count(self: &Arc<Self>, peer: Peer) -> Option<CountedConnection> {
        let mut open = self.open();
        let connections = open.entry(peer).or_default();
        if self.connections_max > 0 && *connections >= self.connections_max {
            return None;
        }
        *connections += 1;
        drop(open);
        Some(CountedConnection {
            peers: Arc::clone(self),
            peer,
        })
    }

    /// Logs a connection that was one too many, now and then: an operator whose proxy has them all must know.
    pub fn log_excess(&self, peer: Peer) {
        let mut logged_at = self
            .logged_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if logged_at.is_none_or(|logged_at| logged_at.elapsed() >= LOG_PAUSE) {
            *logged_at = Some(Instant::now());
            let Peer(address) = peer;
            tracing::warn!(
                %address,
                connections_max = self.connections_max,
                "an address has as many connections as RELM_CONNECTIONS_PER_PEER allows; further ones are closed"
            );
        }
    }

    // A panic under the lock leaves whole counts behind.
    fn open(&self) -> MutexGuard<'_, HashMap<Peer, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        if let Entry::Occupied(mut connections) = self.peers.open().entry(self.peer) {
            *connections.get_mut() -= 1;
            if *connections.get() == 0 {
                connections.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn a_peer_is_an_address_or_a_network_of_64_bits() {
        assert_eq!(peer("192.0.2.1"), peer("::ffff:192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:0:0:1"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
    }

    #[test]
    fn a_peer_has_so_many_connections_and_no_more() {
        let peers = Peers::new(2);
        let first = peers.count(peer("192.0.2.1")).unwrap();
        let _second = peers.count(peer("192.0.2.1")).unwrap();
        assert!(peers.count(peer("192.0.2.1")).is_none());
        assert!(peers.count(peer("192.0.2.2")).is_some(), "another peer");
        drop(first);
        assert!(peers.count(peer("192.0.2.1")).is_some());
    }

    #[test]
    fn a_peer_that_left_is_forgotten() {
        let peers = Peers::new(1);
        drop(peers.count(peer("192.0.2.1")));
        assert!(peers.open().is_empty());
    }

    #[test]
    fn no_bound_refuses_nobody() {
        let peers = Peers::new(0);
        let many: Vec<_> = (0..5_000).map(|_| peers.count(peer("192.0.2.1"))).collect();
        assert!(many.iter().all(Option::is_some));
    }
}
