//! Writes whose clients are gone: so many of them go on, each for so long.
//!
//! A write is not dropped with its client, or whether a change happens would depend on a line's quality. But clients that
//! ask and leave must not fill the store's queue for those who wait. A write that is dropped here leaves the queue it stands
//! in, and nothing of it is applied; one that the store has begun is applied wholly or not at all, as the contract of a store
//! has it of every future that is dropped.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::answer::AnswerBody;

pub(super) struct Unattended {
    places: Arc<Semaphore>,
    time_max: Duration,
}

impl Unattended {
    /// So many writes at once, each for so long.
    pub fn new(writes_max: usize, time_max: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(writes_max)),
            time_max,
        }
    }

    /// Lets a write go on that nobody waits for, if there is a place for it.
    pub fn go_on(&self, mut write: JoinHandle<Response<AnswerBody>>) {
        let place = Arc::clone(&self.places).try_acquire_owned();
        // Without a runtime everything ends.
        let (Ok(place), Ok(runtime)) = (place, Handle::try_current()) else {
            write.abort();
            return;
        };
        let time_max = self.time_max;
        runtime.spawn(async move {
            let _place = place;
            if timeout(time_max, &mut write).await.is_err() {
                write.abort();
            }
        });
    }
}
