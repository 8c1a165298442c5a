//! One clock for all replicas: the database's. Leases, expiry and the windows of the rate limit mean the same moment on
//! each of them, however far apart their own clocks are.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use relm_core::store::StoreError;
use relm_core::time::SystemClock;
use relm_core::{Clock, Timestamp};
use relm_store_seaorm::PooledStore;

/// How often the two clocks are compared.
const COMPARE_EVERY: Duration = Duration::from_secs(30);
/// An answer that took longer says too little of the moment at which it was given.
const ROUND_TRIP_MAX_MS: i64 = 1_000;

/// The clock of this machine, corrected by what the database's says.
#[derive(Debug, Default)]
pub struct SharedClock {
    offset_ms: AtomicI64,
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        let offset_ms = self.offset_ms.load(Ordering::Relaxed);
        SystemClock.now().saturating_add_millis(offset_ms)
    }
}

impl SharedClock {
    /// A clock that agrees with the database's from now on. It goes on by itself while the database is away.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn follow(store: Arc<PooledStore>) -> Result<Arc<Self>, StoreError> {
        let clock = Arc::new(Self::default());
        clock.compare(&store).await?;
        let following = Arc::clone(&clock);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(COMPARE_EVERY).await;
                if let Err(error) = following.compare(&store).await {
                    tracing::debug!(%error, "the database did not tell the time");
                }
            }
        });
        Ok(clock)
    }

    async fn compare(&self, store: &PooledStore) -> Result<(), StoreError> {
        let asked = SystemClock.now().as_millis();
        let told = store.now().await?.as_millis();
        let answered = SystemClock.now().as_millis();
        if let Some(offset_ms) = offset_ms(asked, told, answered) {
            self.offset_ms.store(offset_ms, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// How far a clock is ahead that told a time somewhere between two moments of ours; none where these are too far apart.
fn offset_ms(asked: i64, told: i64, answered: i64) -> Option<i64> {
    let took = answered - asked;
    let is_near = (0..=ROUND_TRIP_MAX_MS).contains(&took);
    is_near.then(|| told - (asked + took / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_measured_from_the_middle_of_the_question() {
        assert_eq!(offset_ms(1_000, 5_010, 1_020), Some(4_000));
        assert_eq!(offset_ms(1_000, 400, 1_000), Some(-600));
    }

    #[test]
    fn a_slow_answer_and_a_clock_that_jumped_say_nothing() {
        assert_eq!(offset_ms(1_000, 5_000, 2_001), None);
        assert_eq!(offset_ms(1_000, 5_000, 999), None);
    }
}
