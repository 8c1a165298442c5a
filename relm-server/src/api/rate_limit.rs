//! How many requests a workspace and mode may make: a window of one minute, counted honestly.
//!
//! A process that is alone counts for itself. Replicas share a window by slices: each has a number, and is claimed through
//! the store by the one replica that then gives it out, request by request. So the limit holds over all of them, at the
//! price of one commit in so many requests.
//!
//! A window begins with a minute of the wall clock, which replicas agree on, and ends when the monotonic clock says so: a wall clock
//! that is set forward or back makes no window longer or shorter.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use relm_core::value::time::Monotonic;
use relm_core::{Crm, Scope, Timestamp};
use tokio::time::timeout;

const WINDOW_MS: i64 = 60_000;
/// Slices of a window that replicas share.
const SLICES: u32 = 20;
/// How far the wall clock, which follows the database's, may be behind the monotonic clock at the end of a window without having been
/// set back.
const DRIFT_MAX_MS: i64 = 5_000;
/// How long the store may take to say whose a slice is. A process without an answer takes it as its own.
const CLAIM_WAIT_MAX: Duration = Duration::from_millis(500);

/// Counts requests by scope, in windows that begin with each minute of the wall clock.
#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: u32,
    /// Whether other processes give out slices of the same windows.
    shared: bool,
    current: Mutex<CurrentWindow>,
}

/// The current window: no past one is remembered.
#[derive(Debug, Default)]
struct CurrentWindow {
    name: WindowName,
    /// The latest minute that any window was named by.
    latest_minute: i64,
    /// None before the first window.
    ends: Option<Monotonic>,
    shares: HashMap<Scope, Share>,
}

/// What replicas call a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct WindowName {
    minute: i64,
    /// How often the wall clock was set back to this minute or an earlier one: the slices of a minute that comes again are not
    /// those that were claimed the first time.
    pass: u32,
}

impl fmt::Display for WindowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minute, pass } = self;
        match pass {
            0 => write!(f, "{minute}"),
            _ => write!(f, "{minute}.{pass}"),
        }
    }
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
    /// One claim at a time: the scope's other requests wait for it, and find what it brought.
    claiming: Arc<tokio::sync::Mutex<()>>,
}

/// The window of a request, as its answer shows it.
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

/// The limit that answers show where there is none: that nothing remained would make the careful ones wait.
const UNLIMITED: u32 = u32::MAX;

/// A slice that must be claimed before another request is counted.
struct UnclaimedSlice {
    window: WindowName,
    slice: u32,
    claiming: Arc<tokio::sync::Mutex<()>>,
}

impl CurrentWindow {
    /// Begins the next window, where the last one is over. How many milliseconds the current one lasts on.
    fn roll_over(&mut self, now: Timestamp, moment: Monotonic) -> i64 {
        if let Some(ends) = self.ends {
            let left_ms = ends.millis_since(moment);
            if left_ms > 0 {
                return left_ms;
            }
        }
        let now_ms = now.as_millis();
        let mut minute = now_ms.div_euclid(WINDOW_MS);
        let last = self.ends.map(|_| self.name.minute);
        if last == Some(minute) {
            minute = (now_ms + DRIFT_MAX_MS).div_euclid(WINDOW_MS);
        }
        if last.is_some_and(|last| minute <= last) {
            self.name.pass += 1;
        } else if minute > self.latest_minute {
            self.name.pass = 0;
        }
        self.name.minute = minute;
        self.latest_minute = self.latest_minute.max(minute);
        let left_ms = (minute + 1) * WINDOW_MS - now_ms;
        self.ends = Some(moment.saturating_add_millis(left_ms));
        self.shares.clear();
        left_ms
    }
}

/// A slice that was asked for. Where the request is dropped before the answer, the store may have given the slice to this
/// process: it counts as its own then, or nobody would use it.
struct PendingClaim<'a> {
    limiter: &'a RateLimiter,
    scope: Scope,
    window: WindowName,
    slice: u32,
    is_ours: bool,
}

impl Drop for PendingClaim<'_> {
    fn drop(&mut self) {
        self.limiter
            .record_claim(self.scope, self.window, self.slice, self.is_ours);
    }
}

impl RateLimiter {
    /// So many requests in a window; 0 for no limit.
    pub fn new(limit: u32, shared: bool) -> Self {
        Self {
            limit: if limit == 0 { UNLIMITED } else { limit },
            shared,
            current: Mutex::default(),
        }
    }

    /// The window of a request that is counted for nobody.
    pub fn full_window(&self, now: Timestamp) -> Window {
        let left_ms = WINDOW_MS - now.as_millis().rem_euclid(WINDOW_MS);
        self.window(now, left_ms, self.limit, true)
    }

    /// Counts a request of `scope`.
    pub async fn count(&self, crm: &Crm, scope: Scope) -> Window {
        let claim = |name: String| async move { crm.claim(&name, WINDOW_MS).await };
        self.count_by(crm, scope, claim).await
    }

    /// The same, where `claim` asks whether a slice of this name is still free.
    async fn count_by<F>(&self, crm: &Crm, scope: Scope, claim: impl Fn(String) -> F) -> Window
    where
        F: Future<Output = relm_core::Result<bool>>,
    {
        let claiming = match self.try_count(crm, scope) {
            Ok(window) => return window,
            Err(wanted) => wanted.claiming,
        };
        let _one = claiming.lock().await;
        loop {
            let UnclaimedSlice { window, slice, .. } = match self.try_count(crm, scope) {
                Ok(window) => return window,
                Err(wanted) => wanted,
            };
            let (workspace, mode) = (scope.workspace(), scope.mode());
            let name = format!("rate {workspace} {mode} {window} {slice}");
            let mut asked = PendingClaim {
                limiter: self,
                scope,
                window,
                slice,
                is_ours: true,
            };
            let claimed = timeout(CLAIM_WAIT_MAX, claim(name)).await;
            // A database that is away or slow grants nothing else either: this process then counts for itself.
            asked.is_ours = !matches!(claimed, Ok(Ok(false)));
        }
    }

    /// Counts a request, as far as it needs no further slice.
    fn try_count(&self, crm: &Crm, scope: Scope) -> Result<Window, UnclaimedSlice> {
        let now = crm.now();
        if self.limit == UNLIMITED {
            return Ok(self.full_window(now));
        }
        let mut current = self.lock();
        let left_ms = current.roll_over(now, crm.monotonic());
        let window = current.name;
        let share = current.shares.entry(scope).or_default();
        if !self.shared {
            share.granted = self.limit;
            share.next_slice = SLICES;
        }
        let allowed = share.counted < share.granted;
        if !allowed && share.next_slice < SLICES {
            return Err(UnclaimedSlice {
                window,
                slice: share.next_slice,
                claiming: Arc::clone(&share.claiming),
            });
        }
        share.counted += u32::from(allowed);
        let unclaimed = self.limit - self.before(share.next_slice);
        let remaining = share.granted - share.counted + unclaimed;
        drop(current);
        Ok(self.window(now, left_ms, remaining, allowed))
    }

    /// Takes in whether a slice is this process's.
    fn record_claim(&self, scope: Scope, window: WindowName, slice: u32, is_ours: bool) {
        let mut current = self.lock();
        if current.name != window {
            return;
        }
        let share = current.shares.entry(scope).or_default();
        share.next_slice = share.next_slice.max(slice + 1);
        if is_ours {
            share.granted += self.before(slice + 1) - self.before(slice);
        }
    }

    /// The requests of all slices before this one: together they are exactly the limit.
    fn before(&self, slice: u32) -> u32 {
        let requests = u64::from(self.limit) * u64::from(slice) / u64::from(SLICES);
        u32::try_from(requests).unwrap_or(self.limit)
    }

    fn window(&self, now: Timestamp, left_ms: i64, remaining: u32, allowed: bool) -> Window {
        let reset_ms = now.as_millis() + left_ms;
        Window {
            limit: self.limit,
            remaining,
            // To the nearest second: the two clocks were read one after the other.
            reset_unix_s: (reset_ms + 500).div_euclid(1000),
            allowed,
            retry_after_s: u64::try_from(left_ms).unwrap_or(0).div_ceil(1000).max(1),
        }
    }

    // A panic under the lock leaves whole counts behind.
    fn lock(&self) -> MutexGuard<'_, CurrentWindow> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
