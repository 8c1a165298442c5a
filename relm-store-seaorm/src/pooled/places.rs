//! The queue for the pool: who is let in has a connection soon, and who gives up waiting leaves nothing behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::{Cause, Failure};
use super::liveness::Liveness;

/// Dropped by a caller that waits no longer.
pub(super) type Caller = oneshot::Sender<()>;
/// Tells that a caller waits no longer.
pub(super) type Gone = oneshot::Receiver<()>;

/// As many places as the pool has connections.
#[derive(Clone, Debug)]
pub(super) struct Places {
    max: usize,
    free: Arc<Semaphore>,
    timeout: Duration,
    liveness: Arc<Liveness>,
}

impl Places {
    pub fn new(places: u32, timeout: Duration, liveness: Arc<Liveness>) -> Self {
        Self {
            max: places as usize,
            free: Arc::new(Semaphore::new(places as usize)),
            timeout,
            liveness,
        }
    }

    /// How many are taken, of how many.
    pub fn taken(&self) -> (usize, usize) {
        let taken = self.max.saturating_sub(self.free.available_permits());
        (taken, self.max)
    }

    /// Waits for a place, as long as the caller does. What is let in is carried to its end.
    ///
    /// # Errors
    /// There is none in time, the database is away, or nobody waits any more. Nothing was begun.
    pub async fn take(&self, gone: Gone) -> Result<OwnedSemaphorePermit, Failure> {
        self.liveness.check()?;
        let free = Arc::clone(&self.free);
        let said = tokio::select! {
            biased;
            place = tokio::time::timeout(self.timeout, free.acquire_owned()) => match place {
                Ok(Ok(place)) => return Ok(place),
                // The semaphore is never closed.
                Ok(Err(_)) | Err(_) => "every connection to the database is in use",
            },
            _ = gone => "nobody waits any more",
            () = self.liveness.is_found_away() => "the database does not answer",
        };
        Err(Failure::Away(Cause::Said(said)))
    }
}
