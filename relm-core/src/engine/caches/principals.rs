//! API keys that were found valid.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::mem::size_of;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::second_chance::{SecondChance, Weigh};
use crate::record::Actor;
use crate::record::key::Principal;
use crate::value::id::Id;
use crate::value::time::{Monotonic, Timestamp};

const BYTES_MAX: usize = 4 * 1024 * 1024;
/// For how long a key that was found valid is not looked up again: within so long, a key that another process revoked
/// stops everywhere.
pub const KEY_CACHE_MS: i64 = 5_000;
/// Revocations that are remembered for the look-ups that were under way: one that began before all of them brings nothing that
/// is kept.
const REVOCATIONS_REMEMBERED: usize = 1_000;

/// What a key is remembered by: 128 bits of a keyed hash.
type Fingerprint = [u64; 2];

/// What keys open, by their fingerprints.
///
/// A fingerprint is SipHash's under a random key that nobody outside this cache learns, so that nobody can compute one, or
/// find two texts that have the same. It costs a tenth of SHA-256, by which the store knows keys, and every request needs it.
pub(in crate::engine) struct Principals {
    hasher: RandomState,
    state: RwLock<State>,
}

struct State {
    /// What each key opens, and until when that holds without another look-up.
    valid: SecondChance<Fingerprint, (Principal, Monotonic)>,
    /// Counts the revocations.
    revocations: u64,
    /// The keys of the last of them, the latest last: what was looked up of one before its revocation is not remembered after it.
    revoked: VecDeque<Id>,
}

/// A look-up under way, which a revocation of its key makes void.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Lookup {
    revocations: u64,
}

impl Principals {
    pub fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            state: RwLock::new(State {
                valid: SecondChance::new(BYTES_MAX),
                revocations: 0,
                revoked: VecDeque::new(),
            }),
        }
    }

    /// What a key opens, as far as that is known without a look-up.
    ///
    /// How old the knowledge is, the monotonic clock says; whether the key has expired, the clock that its expiry is told by.
    pub fn valid(&self, secret: &str, now: Monotonic, clock: Timestamp) -> Option<Principal> {
        let fingerprint = self.fingerprint(secret);
        let state = self.read();
        let (principal, until) = state.valid.get(&fingerprint)?;
        (now < *until && principal.holds_at(clock)).then(|| principal.clone())
    }

    /// Whether a key was valid when it was last looked up.
    pub fn was_valid(&self, secret: &str) -> bool {
        let fingerprint = self.fingerprint(secret);
        self.read().valid.get(&fingerprint).is_some()
    }

    /// Begins a look-up.
    pub fn begin_lookup(&self) -> Lookup {
        Lookup {
            revocations: self.read().revocations,
        }
    }

    /// Remembers what a look-up found that began at `begun`, unless the key was revoked meanwhile.
    pub fn end_lookup(
        &self,
        lookup: Lookup,
        secret: &str,
        found: Option<Principal>,
        begun: Monotonic,
    ) {
        let fingerprint = self.fingerprint(secret);
        let mut state = self.write();
        match found {
            Some(principal) if !state.is_void(lookup, principal.key_id) => {
                let until = begun.saturating_add_millis(KEY_CACHE_MS);
                state.valid.insert(fingerprint, (principal, until));
            }
            Some(_) | None => state.valid.remove(&fingerprint),
        }
    }

    /// Forgets a key that was revoked, and no other.
    pub fn revoke(&self, key: Id) {
        let mut state = self.write();
        state.valid.remove_where(|(known, _)| known.key_id == key);
        state.revocations += 1;
        if state.revoked.len() == REVOCATIONS_REMEMBERED {
            state.revoked.pop_front();
        }
        state.revoked.push_back(key);
    }

    /// Two hashes, each of a number and the key.
    fn fingerprint(&self, secret: &str) -> Fingerprint {
        [0_u8, 1].map(|half| self.hasher.hash_one((half, secret)))
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a key was revoked since its look-up began, as far as anybody remembers.
    fn is_void(&self, lookup: Lookup, key: Id) -> bool {
        let since = self.revocations - lookup.revocations;
        let since = usize::try_from(since).unwrap_or(usize::MAX);
        since > self.revoked.len() || self.revoked.iter().rev().take(since).any(|it| *it == key)
    }
}

impl Weigh for (Principal, Monotonic) {
    fn bytes(&self) -> usize {
        let Actor { id, name, .. } = &*self.0.actor;
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>() + size_of::<Actor>() + text(id) + text(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::key::{KeyAccess, KeyScopes};
    use crate::value::id::Kind;
    use crate::value::scope::{Mode, Scope};

    const NOW: Monotonic = Monotonic::from_millis(0);

    fn secret(key: u128) -> String {
        format!("sk_live_{key}")
    }

    fn id(key: u128) -> Id {
        Id::new(Kind::Key, key)
    }

    fn find(known: &Principals, lookup: Lookup, key: u128) {
        let principal = Principal {
            key_id: id(key),
            scope: Scope::new(Id::new(Kind::Workspace, 1), Mode::Live),
            access: KeyAccess::Full,
            scopes: KeyScopes::default(),
            expires_at: None,
            actor: Actor::SYSTEM.into(),
        };
        known.end_lookup(lookup, &secret(key), Some(principal), NOW);
    }

    fn is_known(known: &Principals, key: u128) -> bool {
        let clock = Timestamp::from_millis(0);
        known.valid(&secret(key), NOW, clock).is_some()
    }

    #[test]
    fn a_revocation_forgets_its_key_and_no_other() {
        let known = Principals::new();
        for key in 1..=3 {
            find(&known, known.begin_lookup(), key);
        }
        known.revoke(id(2));
        let left = [1, 2, 3].map(|key| is_known(&known, key));
        assert_eq!(left, [true, false, true]);
    }

    #[test]
    fn what_was_looked_up_before_its_revocation_is_not_remembered_after_it() {
        let known = Principals::new();
        let lookups = [1, 2].map(|key| (key, known.begin_lookup()));
        known.revoke(id(1));
        for (key, lookup) in lookups {
            find(&known, lookup, key);
        }
        assert_eq!([1, 2].map(|key| is_known(&known, key)), [false, true]);
        find(&known, known.begin_lookup(), 1);
        assert!(is_known(&known, 1), "it was looked up after that");
    }

    #[test]
    fn a_look_up_that_took_longer_than_revocations_are_remembered_brings_nothing() {
        let known = Principals::new();
        let lookup = known.begin_lookup();
        known.revoke(id(1));
        for _ in 0..REVOCATIONS_REMEMBERED - 1 {
            known.revoke(id(2));
        }
        find(&known, lookup, 3);
        assert!(is_known(&known, 3));
        known.revoke(id(2));
        for key in [1, 4] {
            find(&known, lookup, key);
            assert!(!is_known(&known, key));
        }
        assert_eq!(known.read().revoked.len(), REVOCATIONS_REMEMBERED);
    }

    #[test]
    fn both_halves_of_a_fingerprint_depend_on_the_key_and_on_the_cache() {
        let (cache, other) = (Principals::new(), Principals::new());
        let fingerprint = cache.fingerprint("sk_live_a");
        assert_eq!(cache.fingerprint("sk_live_a"), fingerprint);
        for different in [
            cache.fingerprint("sk_live_b"),
            other.fingerprint("sk_live_a"),
            [fingerprint[1], fingerprint[0]],
        ] {
            assert_ne!(different[0], fingerprint[0]);
            assert_ne!(different[1], fingerprint[1]);
        }
    }
}
