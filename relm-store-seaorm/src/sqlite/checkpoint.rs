//! Moves the write-ahead log into the database, on a thread of its own, so that no commit waits for it.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

use super::held_lock::HeldLock;

/// Pages from which readers are waited for, so that the log is begun anew: 256 MiB.
const PAGES_MAX: i64 = 64_000;
/// Commits between two looks at the log.
const COMMITS_BETWEEN: usize = 64;
/// How long the writer is quiet before what the log holds is moved.
const QUIET: Duration = Duration::from_secs(1);

pub(super) struct Checkpointer {
    connection: Connection,
    /// What readers hold, and leave before the log is moved.
    lock: Arc<HeldLock>,
    /// Why the last checkpoint failed, if it did: the log is told of a cause once, and not with every try.
    failing: RefCell<Option<String>>,
}

impl Checkpointer {
    pub fn open(path: &Path, lock: Arc<HeldLock>) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        // It waits for no one: a checkpoint that finds the database busy does less, and comes again.
        connection.execute_batch("PRAGMA busy_timeout = 50")?;
        Ok(Self {
            connection,
            lock,
            failing: RefCell::default(),
        })
    }

    /// Checkpoints until the writer is gone, and once more at the end.
    pub fn run(&self, commits: &Receiver<()>) {
        let mut since = 0;
        loop {
            let heard = commits.recv_timeout(QUIET);
            // After a commit it is at an old place, and after a while without one somebody else may wait for it.
            self.lock.release();
            match heard {
                Ok(()) => {
                    since += 1 + commits.try_iter().count();
                    if since >= COMMITS_BETWEEN {
                        since = 0;
                        self.checkpoint();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if since > 0 {
                        since = 0;
                        self.checkpoint();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.pragma("TRUNCATE");
                    return;
                }
            }
        }
    }

    fn checkpoint(&self) {
        // PASSIVE says how long the log is and copies what it can; it never blocks a writer or a reader.
        let pages = self.pragma("PASSIVE");
        if pages > PAGES_MAX {
            self.pragma("RESTART");
        }
    }

    fn pragma(&self, mode: &str) -> i64 {
        self.lock.release();
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let done = self.connection.query_row(&sql, [], |row| row.get(1));
        let failure = done.as_ref().err().map(ToString::to_string);
        let before = self.failing.replace(failure.clone());
        match failure {
            Some(error) if before.as_ref() != Some(&error) => {
                tracing::warn!(error, mode, "a checkpoint failed; it is tried again later");
            }
            None if before.is_some() => tracing::info!("checkpoints succeed again"),
            Some(_) | None => {}
        }
        done.unwrap_or(0)
    }
}
