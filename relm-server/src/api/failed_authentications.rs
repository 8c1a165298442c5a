//! Who shows keys that are none: counted by peer, so that guessing does not pay.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use relm_core::value::time::Monotonic;

use crate::serve::Peer;

/// Requests of one peer in a window that show no valid key, before the next such is told to wait.
pub(super) const FAILURES_MAX: u32 = 100;
const WINDOW_MS: i64 = 60_000;
/// Peers that are counted at once. Whoever comes when there are so many is treated as if they had failed too often, which
/// those with a valid key do not notice.
const PEERS_MAX: usize = 10_000;

/// The failures of the current window.
#[derive(Debug, Default)]
pub(super) struct FailedAuthentications(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    end: Monotonic,
    peers: HashMap<Peer, u32>,
}

impl FailedAuthentications {
    /// Counts a failure of `peer`; the seconds that it must wait for another try where there were too many.
    pub fn count(&self, peer: Peer, now: Monotonic) -> Option<u64> {
        // A panic under the lock leaves whole counts behind.
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= window.end {
            window.end = now.saturating_add_millis(WINDOW_MS);
            window.peers.clear();
        }
        let wait_ms = window.end.millis_since(now);
        let has_room = window.peers.len() < PEERS_MAX;
        let failures = match window.peers.get_mut(&peer) {
            Some(failures) => failures,
            None if has_room => window.peers.entry(peer).or_default(),
            None => return Some(seconds(wait_ms)),
        };
        *failures = failures.saturating_add(1);
        (*failures > FAILURES_MAX).then(|| seconds(wait_ms))
    }

    /// Whether `peer` has failed as often as it may.
    pub fn is_suspect(&self, peer: Peer, now: Monotonic) -> bool {
        let window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_failed_often = match window.peers.get(&peer) {
            Some(failures) => *failures >= FAILURES_MAX,
            None => window.peers.len() >= PEERS_MAX,
        };
        now < window.end && has_failed_often
    }
}

fn seconds(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn at(millis: i64) -> Monotonic {
        Monotonic::from_millis(millis)
    }

    fn peer(number: u32) -> Peer {
        IpAddr::from(Ipv4Addr::from(number)).into()
    }

    #[test]
    fn a_peer_waits_for_the_next_window_once_it_failed_too_often() {
        let failures = FailedAuthentications::default();
        for _ in 0..FAILURES_MAX {
            assert!(!failures.is_suspect(peer(1), at(5_000)));
            assert_eq!(failures.count(peer(1), at(5_000)), None);
        }
        assert!(failures.is_suspect(peer(1), at(5_000)));
        assert_eq!(failures.count(peer(1), at(5_001)), Some(60));
        assert_eq!(failures.count(peer(1), at(64_999)), Some(1));
        assert_eq!(failures.count(peer(2), at(64_999)), None, "another peer");
        assert!(!failures.is_suspect(peer(1), at(65_000)));
        assert_eq!(failures.count(peer(1), at(65_000)), None, "another window");
    }

    #[test]
    fn the_table_is_bounded_and_whoever_finds_it_full_waits() {
        let failures = FailedAuthentications::default();
        let peers = u32::try_from(PEERS_MAX).unwrap();
        assert!((0..peers).all(|number| failures.count(peer(number), at(0)).is_none()));
        assert!(failures.is_suspect(peer(peers), at(0)));
        assert_eq!(failures.count(peer(peers), at(0)), Some(60));
        assert_eq!(failures.count(peer(0), at(0)), None, "one that is counted");
        assert_eq!(failures.0.lock().unwrap().peers.len(), PEERS_MAX);
        assert_eq!(failures.count(peer(peers), at(60_000)), None);
    }
}
