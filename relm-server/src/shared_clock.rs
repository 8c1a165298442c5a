//! One clock for all replicas: the database's. Leases, expiry and the windows of the rate limit mean the same moment on
//! each of them, however far apart their own clocks are.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use relm_core::store::StoreError;
use relm_core::value::time::{Monotonic, SystemClock};
use relm_core::{Clock, Timestamp};
use relm_store_seaorm::SeaOrmStore;

/// How often the two clocks are compared.
const COMPARE_EVERY: Duration = Duration::from_secs(30);
/// An answer that took longer says too little of the moment at which it was given.
const ROUND_TRIP_MAX_MS: i64 = 1_000;

/// The database's wall clock, carried on by the monotonic clock of this process: whoever sets this machine's wall clock changes
/// nothing.
#[derive(Debug)]
pub struct SharedClock {
    /// What the wall clock shows when the monotonic clock shows nothing.
    started_at_ms: AtomicI64,
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        let started_at_ms = self.started_at_ms.load(Ordering::Relaxed);
        let elapsed_ms = self.monotonic().millis_since(Monotonic::default());
        Timestamp::from_millis(started_at_ms.saturating_add(elapsed_ms))
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }
}

impl SharedClock {
    /// A clock that agrees with the database's from now on. It goes on by itself while the database is away.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn follow(store: Arc<SeaOrmStore>) -> Result<Arc<Self>, StoreError> {
        let clock = Arc::new(Self::of_this_machine());
        clock.compare(&store).await?;
        let following = Arc::clone(&clock);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(COMPARE_EVERY).await;
                if let Err(error) = following.compare(&store).await {
                    tracing::debug!(%error, "the time of the database could not be read");
                }
            }
        });
        Ok(clock)
    }

    /// Until the time of the database was read in good time.
    fn of_this_machine() -> Self {
        let elapsed_ms = SystemClock.monotonic().millis_since(Monotonic::default());
        let started_at_ms = SystemClock.now().as_millis() - elapsed_ms;
        Self {
            started_at_ms: AtomicI64::new(started_at_ms),
        }
    }

    async fn compare(&self, store: &SeaOrmStore) -> Result<(), StoreError> {
        let asked = self.monotonic();
        let database_time = store.now().await?;
        let answered = self.monotonic();
        if let Some(started_at_ms) = started_at_ms(asked, database_time, answered) {
            self.started_at_ms.store(started_at_ms, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// What a wall clock showed when our monotonic clock showed nothing, if it was read somewhere between two moments of ours; none
/// where these are too far apart.
fn started_at_ms(asked: Monotonic, database_time: Timestamp, answered: Monotonic) -> Option<i64> {
    let took_ms = answered.millis_since(asked);
    let middle_ms = asked.millis_since(Monotonic::default()) + took_ms / 2;
    (took_ms <= ROUND_TRIP_MAX_MS).then(|| database_time.as_millis() - middle_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(asked: i64, told: i64, answered: i64) -> Option<i64> {
        let [asked, answered] = [asked, answered].map(Monotonic::from_millis);
        started_at_ms(asked, Timestamp::from_millis(told), answered)
    }

    #[test]
    fn the_time_is_that_of_the_middle_of_the_question() {
        assert_eq!(started(1_000, 5_010, 1_020), Some(4_000));
        assert_eq!(started(1_000, 400, 1_000), Some(-600));
    }

    #[test]
    fn a_slow_answer_says_nothing() {
        assert_eq!(started(1_000, 5_000, 2_001), None);
    }

    #[test]
    fn a_shared_clock_goes_on_by_the_monotonic_clock() {
        let clock = SharedClock {
            started_at_ms: AtomicI64::new(7_000),
        };
        let before = clock.monotonic().millis_since(Monotonic::default());
        let now = clock.now().as_millis();
        let after = clock.monotonic().millis_since(Monotonic::default());
        assert!((7_000 + before..=7_000 + after).contains(&now));
    }
}
