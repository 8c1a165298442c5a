//! When API keys were last used, as far as it waits to be written.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::record::key::ApiKey;
use crate::value::time::Timestamp;

/// Keys whose use waits to be written. The use of one more is noted when it is looked up again.
const PENDING_MAX: usize = 10_000;
const MINUTE_MS: i64 = 60_000;

/// The minutes in which keys were last used, by their digests, as far as they wait to be written.
#[derive(Default)]
pub(in crate::engine) struct KeyUses(Mutex<BTreeMap<String, Timestamp>>);

impl KeyUses {
    /// Notes that a key was used. A minute of which that is written already is not written again.
    pub fn note(&self, key: &ApiKey, now: Timestamp) {
        let minute = now.saturating_add_millis(-now.as_millis().rem_euclid(MINUTE_MS));
        if !is_news(key, minute) {
            return;
        }
        let mut pending = self.lock();
        if pending.len() < PENDING_MAX || pending.contains_key(&key.digest) {
            pending.insert(key.digest.clone(), minute);
        }
    }

    /// Takes what waits, of so many keys at most.
    pub fn take(&self, keys: usize) -> BTreeMap<String, Timestamp> {
        let mut pending = self.lock();
        let rest = pending.keys().nth(keys).cloned();
        let rest = rest.map_or_else(BTreeMap::new, |first| pending.split_off(&first));
        std::mem::replace(&mut *pending, rest)
    }

    /// Has what was taken wait again, but for keys that were used meanwhile.
    pub fn put_back(&self, taken: BTreeMap<String, Timestamp>) {
        let mut pending = self.lock();
        for (digest, minute) in taken {
            pending.entry(digest).or_insert(minute);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a key was not known to be used in this minute or later.
pub(in crate::engine) fn is_news(key: &ApiKey, minute: Timestamp) -> bool {
    key.last_used_at.is_none_or(|known| known < minute)
}
