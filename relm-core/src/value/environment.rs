//! Where the engine takes the time and its randomness from: passed in, so that the same seed gives the same run.

use std::future::poll_fn;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::value::time::timestamp::Timestamp;

/// Tells the time. The engine never asks the system directly, so that a test or a simulation can stand still.
///
/// The two readings answer two questions. What is stored, shown or compared with what somebody else wrote is a
/// [`Timestamp`], which an administrator or a time server may set forward or back. How long something has lasted (a
/// cache, a window, a back-off) is measured by [`Monotonic`] alone.
pub trait Clock: Send + Sync + 'static {
    /// The present moment of the wall clock; it may stand still, jump or go back.
    fn now(&self) -> Timestamp;

    /// The present moment of a monotonic clock, which never goes back and which nobody sets.
    fn monotonic(&self) -> Monotonic;
}

/// A moment of a monotonic clock: only the time between two of them means anything, within one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(i64);

impl Monotonic {
    /// So many milliseconds after the monotonic clock was started; before it, when negative.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// So many milliseconds later; earlier, when negative.
    #[must_use]
    pub const fn saturating_add_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The milliseconds from an earlier moment to this one; negative where that one is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The clock of the operating system. Its monotonic clock may stand still while the machine is suspended.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// When the monotonic clock of this process was started.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        let millis = STARTED.elapsed().as_millis();
        Monotonic::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// A clock that moves only when a test moves it, for tests and simulations.
#[derive(Debug, Default)]
pub struct ManualClock {
    wall_ms: AtomicI64,
    monotonic_ms: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub const fn new(now: Timestamp) -> Self {
        Self {
            wall_ms: AtomicI64::new(now.as_millis()),
            monotonic_ms: AtomicI64::new(0),
        }
    }

    /// Lets so many milliseconds pass: the wall clock and the monotonic clock both move on.
    ///
    /// # Panics
    /// When `millis` is negative: time does not run backwards. [`step_millis`](Self::step_millis) sets a clock back.
    pub fn advance_millis(&self, millis: i64) {
        assert!(millis >= 0, "time does not run backwards: {millis} ms");
        self.wall_ms.fetch_add(millis, Ordering::SeqCst);
        self.monotonic_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// Lets time pass until the wall clock shows `now`; none, where it shows that or more.
    pub fn advance_to(&self, now: Timestamp) {
        let millis = now.as_millis() - self.now().as_millis();
        self.advance_millis(millis.max(0));
    }

    /// Sets the wall clock by so many milliseconds, back when negative, in no time: the monotonic clock does not notice.
    pub fn step_millis(&self, millis: i64) {
        self.wall_ms.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall_ms.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_millis(self.monotonic_ms.load(Ordering::SeqCst))
    }
}

/// Waits, on whatever runtime there is.
#[async_trait]
pub trait Sleeper: Send + Sync + 'static {
    /// Returns once so much time has passed by the [monotonic clock](Clock::monotonic) of the engine, or a little later.
    async fn sleep(&self, duration: Duration);
}

/// Lets whoever else is on this thread go first, on whatever runtime there is. What answers at once however often it is asked, as
/// stores may, has to be waited for of one's own accord.
pub async fn yield_now() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Gives random bytes: of ids, keys and secrets.
pub trait Rng: Send + Sync + 'static {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The randomness of the operating system, fit for secrets.
///
/// It panics where the system has no randomness to give: there is no safe key or secret to go on with.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// The same bytes for the same seed, for tests and simulations.
///
/// Anyone can predict them, so nothing made of them is secret.
#[derive(Debug)]
pub struct SeededRng(AtomicU64);

impl SeededRng {
    /// The sequence that belongs to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Rng for SeededRng {
    /// SplitMix64 (Steele, Lea and Flood, 2014): its state is a counter, so threads share it without a lock.
    fn fill(&self, buffer: &mut [u8]) {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in buffer.chunks_mut(8) {
            let mut word = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    }
}
