//! API keys that were found valid.

use std::mem::size_of;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::second_chance::{SecondChance, Weigh};
use crate::record::key::Principal;
use crate::value::time::{Monotonic, Timestamp};

const BYTES_MAX: usize = 4 * 1024 * 1024;
/// For how long a key that was found valid is not looked up again: within so long, a key that another process revoked
/// stops everywhere.
pub const KEY_CACHE_MS: i64 = 5_000;

/// SHA-256 of a key.
pub(in crate::engine) type KeyDigest = [u8; 32];

/// What keys open, by their digests.
pub(in crate::engine) struct Principals(RwLock<State>);

struct State {
    /// What each key opens, and until when that holds without another look-up.
    valid: SecondChance<KeyDigest, (Principal, Monotonic)>,
    /// Counts the revocations: what was looked up before one is not remembered after it.
    revocations: u64,
}

/// A look-up under way, which a revocation makes void.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Lookup {
    revocations: u64,
}

impl Principals {
    pub fn new() -> Self {
        Self(RwLock::new(State {
            valid: SecondChance::new(BYTES_MAX),
            revocations: 0,
        }))
    }

    /// What a key opens, as far as that is known without a look-up.
    ///
    /// How old the knowledge is, the monotonic clock says; whether the key has expired, the clock that its expiry is told by.
    pub fn valid(&self, digest: &KeyDigest, now: Monotonic, clock: Timestamp) -> Option<Principal> {
        let state = self.read();
        let (principal, until) = state.valid.get(digest)?;
        (now < *until && principal.holds_at(clock)).then(|| principal.clone())
    }

    /// Whether a key was valid when it was last looked up.
    pub fn was_valid(&self, digest: &KeyDigest) -> bool {
        self.read().valid.get(digest).is_some()
    }

    /// Begins a look-up.
    pub fn begin_lookup(&self) -> Lookup {
        Lookup {
            revocations: self.read().revocations,
        }
    }

    /// Remembers what a look-up found that began at `begun`, unless a key was revoked meanwhile.
    pub fn end_lookup(
        &self,
        lookup: Lookup,
        digest: KeyDigest,
        found: Option<Principal>,
        begun: Monotonic,
    ) {
        let mut state = self.write();
        match found {
            Some(principal) if state.revocations == lookup.revocations => {
                let until = begun.saturating_add_millis(KEY_CACHE_MS);
                state.valid.insert(digest, (principal, until));
            }
            Some(_) | None => state.valid.remove(&digest),
        }
    }

    /// Forgets every key: one was revoked.
    pub fn revoke(&self) {
        let mut state = self.write();
        state.valid.clear();
        state.revocations += 1;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Weigh for (Principal, Monotonic) {
    fn bytes(&self) -> usize {
        let name = self.0.name.as_ref().map_or(0, |name| name.len());
        size_of::<Self>() + name
    }
}
