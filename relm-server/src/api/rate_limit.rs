//! How many requests a workspace and mode may make: a window of one minute, counted honestly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use relm_core::Timestamp;

const WINDOW_MS: i64 = 60_000;

/// Counts requests by scope, in windows that begin with each minute of the clock.
#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: u32,
    minute: Mutex<Minute>,
}

/// The current window: no past one is remembered.
#[derive(Debug, Default)]
struct Minute {
    number: i64,
    counts: HashMap<i64, u32>,
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

impl RateLimiter {
    /// So many requests in a window; 0 for no limit.
    pub fn new(limit: u32) -> Self {
        Self {
            limit: if limit == 0 { UNLIMITED } else { limit },
            minute: Mutex::default(),
        }
    }

    /// The window of a request that is counted for nobody.
    pub fn untouched(&self, now: Timestamp) -> Window {
        self.window(now, 0)
    }

    /// Counts a request of `scope`.
    pub fn count(&self, scope: i64, now: Timestamp) -> Window {
        if self.limit == UNLIMITED {
            return self.untouched(now);
        }
        let number = now.as_millis().div_euclid(WINDOW_MS);
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that goes back stays in the window that was begun.
        if number > minute.number {
            minute.number = number;
            minute.counts.clear();
        }
        let count = minute.counts.entry(scope).or_default();
        *count = count.saturating_add(1);
        let count = *count;
        drop(minute);
        self.window(now, count)
    }

    fn window(&self, now: Timestamp, count: u32) -> Window {
        let minute = now.as_millis().div_euclid(WINDOW_MS);
        let reset_ms = (minute + 1) * WINDOW_MS;
        let left_ms = reset_ms - now.as_millis();
        Window {
            limit: self.limit,
            remaining: self.limit.saturating_sub(count),
            reset_unix_s: reset_ms / 1000,
            allowed: count <= self.limit,
            retry_after_s: u64::try_from(left_ms).unwrap_or(0).div_ceil(1000).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_window_allows_its_limit_and_begins_anew_with_the_minute() {
        let rates = RateLimiter::new(2);
        assert_eq!(rates.count(1, at(61_000)).remaining, 1);
        assert_eq!(rates.count(1, at(62_000)).remaining, 0);
        let refused = rates.count(1, at(119_001));
        assert!(!refused.allowed);
        assert_eq!((refused.reset_unix_s, refused.retry_after_s), (120, 1));
        assert!(
            rates.count(2, at(119_001)).allowed,
            "another scope has a window of its own"
        );
        assert!(rates.count(1, at(120_000)).allowed);
    }

    #[test]
    fn no_limit_refuses_nothing() {
        let rates = RateLimiter::new(0);
        assert!((0..10_000).all(|_| rates.count(1, at(0)).allowed));
        assert_eq!(rates.count(1, at(0)).remaining, UNLIMITED);
    }
}
