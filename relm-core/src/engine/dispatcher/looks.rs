//! Which queues were looked at for what a wall clock planned that was set back since: one look at each, until something changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::environment::Environment;
use crate::limits::PAGE_LIMIT_MAX;
use crate::store::QueueKey;
use crate::value::time::{Monotonic, Timestamp};

/// When each endpoint is due that has something pending.
pub(super) type Queues = BTreeMap<QueueKey, Timestamp>;

/// A queue of which something is due within so long is not looked at: no clock delays that by more.
const AHEAD_MS: i64 = 10_000;
/// How far two readings of a clock, or the clocks of two machines, may differ without anything having been set.
pub(super) const TOLERANCE_MS: i64 = 1_000;
/// Deliveries of a queue that are looked at, the earliest first, once what is due first has changed. Those after them are
/// looked at when these are sent.
const LATER_LOOK: usize = 20;

/// What queues were found to be due first, and right so, since the clock was last set back.
#[derive(Default)]
pub(super) struct Looks(Mutex<HashMap<QueueKey, Look>>);

#[derive(Clone, Copy)]
struct Look {
    due_at: Timestamp,
    /// What the wall clock showed when the monotonic clock showed nothing.
    clock_began_ms: i64,
}

/// A queue to look at.
#[derive(Clone, Copy)]
pub(super) struct Suspect {
    pub key: QueueKey,
    /// When the first of it is due, or the first lease of it ends.
    pub due_at: Timestamp,
    /// Of how many deliveries, the earliest first.
    pub limit: usize,
    clock_began_ms: i64,
}

impl Looks {
    /// The queues to look at: those of which nothing is due soon, unless they were looked at already.
    pub fn suspects(&self, clock: &Environment, queues: &Queues) -> Vec<Suspect> {
        let now_ms = clock.now().as_millis();
        let clock_began_ms =
            now_ms.saturating_sub(clock.monotonic().millis_since(Monotonic::default()));
        let looks = self.lock();
        let suspect = |(key, due_at): (&QueueKey, &Timestamp)| {
            let known = looks.get(key).filter(|known| {
                let set_back_ms = known.clock_began_ms.saturating_sub(clock_began_ms);
                set_back_ms <= TOLERANCE_MS
            });
            let limit = match known {
                Some(known) if known.due_at == *due_at => return None,
                Some(_) => LATER_LOOK,
                None => PAGE_LIMIT_MAX,
            };
            Some(Suspect {
                key: *key,
                due_at: *due_at,
                limit,
                clock_began_ms,
            })
        };
        let is_far = |due_at: &Timestamp| due_at.as_millis().saturating_sub(now_ms) > AHEAD_MS;
        let far = queues.iter().filter(|(_, due_at)| is_far(due_at));
        far.filter_map(suspect).collect()
    }

    /// Takes note that a queue is due when it should be: it stays so until the first of it has changed, or the clock is set back.
    pub fn found_right(&self, suspect: Suspect) {
        let look = Look {
            due_at: suspect.due_at,
            clock_began_ms: suspect.clock_began_ms,
        };
        self.lock().insert(suspect.key, look);
    }

    /// Forgets queues that are gone.
    pub fn forget_all_but(&self, queues: &Queues) {
        self.lock().retain(|key, _| queues.contains_key(key));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QueueKey, Look>> {
        // A panic under the lock leaves whole looks behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
