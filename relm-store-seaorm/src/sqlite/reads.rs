//! Where reads run: the short ones where they are called, those that may be long on threads apart.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use futures_channel::oneshot;
use relm_core::store::StoreError;
use rusqlite::Connection;

use super::held_lock::HeldLock;
use super::reader::Readers;
use super::walkers::{Turn, Walkers};
use crate::open_error::OpenError;
use crate::search::BROAD;

/// Page caches of the readers that run where they are called, in KiB: what all of them together may hold.
const READER_CACHE_KIB: usize = 40 * 1024;
/// Page cache of a reader that walks, in KiB.
const WALKER_CACHE_KIB: usize = 2 * 1024;
/// The connections that read, and the threads for reads that may be long.
pub(super) struct Reads {
    /// Connections of the reads that run where they are called.
    pub here: Arc<Readers>,
    /// Threads for reads that may be long.
    pub walkers: Walkers,
    /// The connections of those.
    pub walking: Arc<Readers>,
    /// Entries that make a word broad to a search.
    pub broad: usize,
}

impl Reads {
    /// Reads of the database in this file.
    pub fn start(path: PathBuf, lock: Arc<HeldLock>) -> Result<Self, OpenError> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            here: Arc::new(Readers::new(
                path.clone(),
                READER_CACHE_KIB / threads,
                Arc::clone(&lock),
            )),
            walkers: Walkers::start()?,
            walking: Arc::new(Readers::new(path, WALKER_CACHE_KIB, lock)),
            broad: BROAD,
        })
    }

    /// Reads on a thread apart, where a read may be long.
    pub async fn apart<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.walking);
        self.work_apart(self.walkers.turn(), move || readers.with(read))
            .await
    }

    /// Does this on a thread apart.
    pub async fn work_apart<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.walkers.run(turn, move || {
            // A caller that went away does not want the answer.
            if !answer.is_canceled() {
                let _ = answer.send(work());
            }
        });
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::fault("a read panicked")))
    }
}
