//! Who fails to sign in: counted by account and by peer, so that guessing takes longer with each guess. A browser that a person has
//! signed in with before is counted by itself: strangers who guess do not keep the person out.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use relm_core::value::email;
use relm_core::value::time::Monotonic;
use sha2::{Digest as _, Sha256};

use super::device::Device;
use crate::serve::Peer;

/// Failures of an account that cost no wait.
const ACCOUNT_FREE: u32 = 5;
/// Failures of a peer that cost no wait: behind a proxy all come from its address.
const PEER_FREE: u32 = 20;
/// The longest wait. Whoever is kept from an account by another's guesses, with a browser that is new to it, waits no longer either.
const WAIT_MAX_MS: i64 = 60_000;
/// How long a failure counts.
const MEMORY_MS: i64 = 15 * 60_000;
/// Accounts, and peers, that are counted at once. One more takes the place of the one that failed longest ago.
const COUNTED_MAX: usize = 10_000;

/// An account, whether there is one or not: a digest of the address, which may be of any length.
pub(super) type Account = [u8; 32];

/// The account that an address names, in whatever spelling.
pub(super) fn account(address: &str) -> Account {
    Sha256::digest(email::key(address)).into()
}

/// Who tries to sign in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visitor {
    /// Somebody with a browser that the account's person has signed in with before.
    Known(Device),
    /// Anybody else, at an account.
    Stranger(Account, Option<Peer>),
}

/// The failures that count.
#[derive(Default)]
pub(super) struct BackOff(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    devices: Table<Device>,
    accounts: Table<Account>,
    peers: Table<Peer>,
}

struct Table<K>(HashMap<K, Failures>);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Monotonic,
}

impl BackOff {
    /// Begins an attempt, which counts as failed until it [succeeded](Self::succeeded): of many at once, no more are made than
    /// one after the other.
    ///
    /// # Errors
    /// The seconds to wait, where it is too soon. Such an attempt does not count.
    pub fn begin(&self, visitor: Visitor, now: Monotonic) -> Result<(), u64> {
        let mut tables = self.tables();
        let wait_ms = match &visitor {
            Visitor::Known(device) => tables.devices.wait_ms(device, ACCOUNT_FREE, now),
            Visitor::Stranger(account, peer) => {
                let of_peer = |peer| tables.peers.wait_ms(peer, PEER_FREE, now);
                let of_account = tables.accounts.wait_ms(account, ACCOUNT_FREE, now);
                of_account.max(peer.as_ref().map_or(0, of_peer))
            }
        };
        if wait_ms > 0 {
            return Err(u64::try_from(wait_ms).unwrap_or(0).div_ceil(1_000));
        }
        match visitor {
            Visitor::Known(device) => tables.devices.count(device, now),
            Visitor::Stranger(account, peer) => {
                tables.accounts.count(account, now);
                if let Some(peer) = peer {
                    tables.peers.count(peer, now);
                }
            }
        }
        Ok(())
    }

    /// The attempt succeeded: the browser, or the account, has a clean slate, and the peer one failure less.
    pub fn succeeded(&self, visitor: Visitor) {
        let mut tables = self.tables();
        match visitor {
            Visitor::Known(device) => drop(tables.devices.0.remove(&device)),
            Visitor::Stranger(account, peer) => {
                tables.accounts.0.remove(&account);
                let failures = peer.and_then(|peer| tables.peers.0.get_mut(&peer));
                if let Some(failures) = failures {
                    failures.count = failures.count.saturating_sub(1);
                }
            }
        }
    }

    // A panic under the lock leaves whole counts behind.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Copy> Table<K> {
    fn wait_ms(&self, key: &K, free: u32, now: Monotonic) -> i64 {
        let Some(failures) = self.0.get(key) else {
            return 0;
        };
        let since_ms = now.millis_since(failures.last);
        if since_ms >= MEMORY_MS || failures.count < free {
            return 0;
        }
        let doublings = (failures.count - free).min(16);
        let wait_ms = (1_000_i64 << doublings).min(WAIT_MAX_MS);
        (wait_ms - since_ms).max(0)
    }

    fn count(&mut self, key: K, now: Monotonic) {
        let is_over = |failures: &Failures| now.millis_since(failures.last) >= MEMORY_MS;
        if self.0.len() >= COUNTED_MAX && !self.0.contains_key(&key) {
            self.0.retain(|_, failures| !is_over(failures));
        }
        if self.0.len() >= COUNTED_MAX && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, failures)| failures.last);
            let oldest = oldest.map(|(key, _)| *key);
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
        let none = Failures {
            count: 0,
            last: now,
        };
        let failures = self.0.entry(key).or_insert(none);
        if is_over(failures) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn at(millis: i64) -> Monotonic {
        Monotonic::from_millis(millis)
    }

    fn peer(number: u32) -> Option<Peer> {
        Some(Peer::from(std::net::IpAddr::from(Ipv4Addr::from(number))))
    }

    #[test]
    fn an_account_waits_longer_with_each_failure_wherever_they_come_from() {
        let back_off = BackOff::default();
        let eva = account("eva@example.com");
        for number in 0..ACCOUNT_FREE {
            back_off
                .begin(Visitor::Stranger(eva, peer(number)), at(0))
                .unwrap();
        }
        let again = account(" EVA@example.com");
        let again = Visitor::Stranger(again, peer(99));
        assert_eq!(back_off.begin(again, at(0)), Err(1));
        back_off
            .begin(Visitor::Stranger(account("ada"), peer(0)), at(0))
            .unwrap();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait = back_off.begin(again, at(now)).unwrap_err();
            waits.push(wait);
            now += i64::try_from(wait).unwrap() * 1_000;
            back_off
                .begin(Visitor::Stranger(eva, None), at(now))
                .unwrap();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        // A browser that the person has signed in with is counted by itself.
        let known = Visitor::Known([7; 32]);
        for _ in 0..ACCOUNT_FREE {
            back_off.begin(known, at(now)).unwrap();
        }
        assert_eq!(back_off.begin(known, at(now)), Err(1));
        back_off.begin(Visitor::Known([8; 32]), at(now)).unwrap();
        back_off.succeeded(known);
        back_off.begin(known, at(now)).unwrap();
        assert!(
            back_off.begin(again, at(now)).is_err(),
            "strangers go on waiting"
        );
        back_off.succeeded(Visitor::Stranger(eva, None));
        back_off.begin(again, at(now)).unwrap();
    }

    #[test]
    fn a_peer_waits_whatever_accounts_it_tries_and_is_forgiven_in_time() {
        let back_off = BackOff::default();
        let stranger = |n: u32, peer| Visitor::Stranger(account(&n.to_string()), peer);
        let try_at = |n: u32, millis| back_off.begin(stranger(n, peer(1)), at(millis));
        for n in 0..PEER_FREE {
            try_at(n, 0).unwrap();
        }
        assert_eq!(try_at(100, 0), Err(1));
        back_off.begin(stranger(100, peer(2)), at(0)).unwrap();
        back_off.succeeded(stranger(0, peer(1)));
        try_at(101, 0).unwrap();
        assert_eq!(try_at(102, 0), Err(1));
        for n in 0..PEER_FREE {
            try_at(200 + n, MEMORY_MS).unwrap();
        }
    }

    #[test]
    fn the_tables_are_bounded() {
        let back_off = BackOff::default();
        let many = u32::try_from(COUNTED_MAX).unwrap() + 10;
        for n in 0..many {
            let stranger = Visitor::Stranger(account(&n.to_string()), peer(n));
            back_off.begin(stranger, at(i64::from(n))).unwrap();
            let mut device = [0; 32];
            device[..4].copy_from_slice(&n.to_be_bytes());
            back_off
                .begin(Visitor::Known(device), at(i64::from(n)))
                .unwrap();
        }
        let tables = back_off.tables();
        assert_eq!(tables.accounts.0.len(), COUNTED_MAX);
        assert_eq!(tables.peers.0.len(), COUNTED_MAX);
        assert_eq!(tables.devices.0.len(), COUNTED_MAX);
        assert!(!tables.accounts.0.contains_key(&account("0")));
    }
}
