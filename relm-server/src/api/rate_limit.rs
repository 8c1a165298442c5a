//! How many requests a workspace and mode may make: a window of one minute, counted honestly.
//!
//! A process that is alone counts for itself. Replicas share a window by slices: each has a number, and is claimed through
//! the store by the one replica that then gives it out, request by request. So the limit holds over all of them, at the
//! price of one commit in so many requests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use relm_core::{Crm, Timestamp};

const WINDOW_MS: i64 = 60_000;
/// Slices of a window that replicas share.
const SLICES: u32 = 20;

/// Counts requests by scope, in windows that begin with each minute of the clock.
#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: u32,
    /// Whether other processes give out slices of the same windows.
    shared: bool,
    minute: Mutex<Minute>,
    /// One claim at a time: those who wait for it find what it brought.
    claiming: tokio::sync::Mutex<()>,
}

/// The current window: no past one is remembered.
#[derive(Debug, Default)]
struct Minute {
    number: i64,
    shares: HashMap<i64, Share>,
}

/// What a process has of a scope's window.
#[derive(Debug, Default)]
struct Share {
    /// Requests that it may count.
    granted: u32,
    /// Requests that it has counted.
    counted: u32,
    /// The first slice that is not known to be taken.
    next_slice: u32,
}

/// What a request is told of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Requests of a window; more than anyone makes when there is no limit.
    pub limit: u32,
    /// Requests left of it.
    pub remaining: u32,
    /// When the next window begins.
    pub reset_unix_s: i64,
    /// Whether this request is within the limit.
    pub allowed: bool,
    /// Seconds until the next window.
    pub retry_after_s: u64,
}

/// What clients are told where there is no limit: that nothing remained would make the careful ones wait.
const UNLIMITED: u32 = u32::MAX;

/// A slice that must be claimed before another request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    minute: i64,
    slice: u32,
}

impl RateLimiter {
    /// So many requests in a window; 0 for no limit.
    pub fn new(limit: u32, shared: bool) -> Self {
        Self {
            limit: if limit == 0 { UNLIMITED } else { limit },
            shared,
            minute: Mutex::default(),
            claiming: tokio::sync::Mutex::default(),
        }
    }

    /// The window of a request that is counted for nobody.
    pub fn untouched(&self, now: Timestamp) -> Window {
        self.window(now, self.limit, true)
    }

    /// Counts a request of `scope`.
    pub async fn count(&self, crm: &Crm, scope: i64) -> Window {
        if let Ok(window) = self.try_count(scope, crm.now()) {
            return window;
        }
        let _one = self.claiming.lock().await;
        loop {
            let Wanted { minute, slice } = match self.try_count(scope, crm.now()) {
                Ok(window) => return window,
                Err(wanted) => wanted,
            };
            let name = format!("rate {scope} {minute} {slice}");
            // A database that is away grants nothing else either: this process then counts for itself.
            let is_ours = crm.claim(&name, WINDOW_MS).await.unwrap_or(true);
            self.learn(scope, Wanted { minute, slice }, is_ours);
        }
    }

    /// Counts a request, as far as it needs no further slice.
    fn try_count(&self, scope: i64, now: Timestamp) -> Result<Window, Wanted> {
        if self.limit == UNLIMITED {
            return Ok(self.untouched(now));
        }
        let mut current = self.lock();
        let minute = now.as_millis().div_euclid(WINDOW_MS);
        // A clock that goes back stays in the window that was begun.
        if minute > current.number {
            current.number = minute;
            current.shares.clear();
        }
        let minute = current.number;
        let share = current.shares.entry(scope).or_default();
        if !self.shared {
            share.granted = self.limit;
            share.next_slice = SLICES;
        }
        let allowed = share.counted < share.granted;
        if !allowed && share.next_slice < SLICES {
            let slice = share.next_slice;
            return Err(Wanted { minute, slice });
        }
        share.counted += u32::from(allowed);
        let unclaimed = self.limit - self.before(share.next_slice);
        let left = share.granted - share.counted + unclaimed;
        drop(current);
        Ok(self.window(now, left, allowed))
    }

    /// Takes in whether a slice is this process's.
    fn learn(&self, scope: i64, wanted: Wanted, is_ours: bool) {
        let Wanted { minute, slice } = wanted;
        let mut current = self.lock();
        if current.number != minute {
            return;
        }
        let share = current.shares.entry(scope).or_default();
        share.next_slice = slice + 1;
        if is_ours {
            share.granted += self.before(slice + 1) - self.before(slice);
        }
    }

    /// The requests of all slices before this one: together they are exactly the limit.
    fn before(&self, slice: u32) -> u32 {
        let requests = u64::from(self.limit) * u64::from(slice) / u64::from(SLICES);
        u32::try_from(requests).unwrap_or(self.limit)
    }

    fn window(&self, now: Timestamp, remaining: u32, allowed: bool) -> Window {
        let minute = now.as_millis().div_euclid(WINDOW_MS);
        let reset_ms = (minute + 1) * WINDOW_MS;
        let left_ms = reset_ms - now.as_millis();
        Window {
            limit: self.limit,
            remaining,
            reset_unix_s: reset_ms / 1000,
            allowed,
            retry_after_s: u64::try_from(left_ms).unwrap_or(0).div_ceil(1000).max(1),
        }
    }

    // A panic under the lock leaves whole counts behind.
    fn lock(&self) -> MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use relm_core::Store;
    use relm_core::time::ManualClock;
    use relm_store_memory::MemoryStore;

    use super::*;

    /// An engine whose clock stands at a moment, over a store that may have others.
    fn crm(store: &Arc<dyn Store>, clock: &Arc<ManualClock>) -> Crm {
        let builder = Crm::builder(Arc::clone(store));
        builder.clock(Arc::clone(clock) as _).build()
    }

    fn alone() -> (Crm, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        (crm(&store, &clock), clock)
    }

    fn count(rates: &RateLimiter, crm: &Crm, scope: i64) -> Window {
        pollster::block_on(rates.count(crm, scope))
    }

    #[test]
    fn a_window_allows_its_limit_and_begins_anew_with_the_minute() {
        for shared in [false, true] {
            let (crm, clock) = alone();
            let rates = RateLimiter::new(2, shared);
            clock.set(Timestamp::from_millis(61_000));
            assert_eq!(count(&rates, &crm, 1).remaining, 1);
            clock.set(Timestamp::from_millis(62_000));
            assert_eq!(count(&rates, &crm, 1).remaining, 0);
            clock.set(Timestamp::from_millis(119_001));
            let refused = count(&rates, &crm, 1);
            assert!(!refused.allowed);
            assert_eq!((refused.reset_unix_s, refused.retry_after_s), (120, 1));
            let other = count(&rates, &crm, 2);
            assert!(other.allowed, "another scope has a window of its own");
            clock.set(Timestamp::from_millis(120_000));
            assert!(count(&rates, &crm, 1).allowed);
        }
    }

    #[test]
    fn replicas_share_a_window() {
        for limit in [1, 7, 20, 600, 6_001] {
            let clock = Arc::new(ManualClock::default());
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let replicas = [(); 3].map(|()| (RateLimiter::new(limit, true), crm(&store, &clock)));
            let mut allowed = 0;
            for request in 0..2 * limit as usize + 50 {
                let (rates, crm) = &replicas[request % 3];
                let window = count(rates, crm, 1);
                allowed += u32::from(window.allowed);
                assert!(window.remaining <= limit);
            }
            assert_eq!(allowed, limit, "all of it, and no more");
        }
    }

    #[test]
    fn no_limit_refuses_nothing() {
        let (crm, _) = alone();
        let rates = RateLimiter::new(0, true);
        assert!((0..10_000).all(|_| count(&rates, &crm, 1).allowed));
        assert_eq!(count(&rates, &crm, 1).remaining, UNLIMITED);
    }
}
