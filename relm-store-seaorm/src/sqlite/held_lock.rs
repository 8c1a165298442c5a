//! A read that is held open, so that other reads share its lock.
//!
//! A read of a write-ahead log locks the place in the log that it reads up to, which is a system call, and so is the unlocking. SQLite counts
//! who has the lock within the process: while somebody has it, nobody else calls the system. So where reads come one upon another, a
//! connection that reads nothing has it. <https://sqlite.org/walformat.html#locks>
//!
//! Whoever holds an old place keeps the log from being begun anew: it is left before each checkpoint, and taken again at the place of
//! the next reads.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connection::{begin_snapshot, end_snapshot, open_reader};

/// How long a lock is held before it is taken anew, at the place that reads have by then.
pub(super) const HELD: Duration = Duration::from_millis(1);
/// Reads since it was last looked at which are worth it: taking a lock anew costs about as much as two of them save.
pub(super) const READS_MIN: u64 = 8;
/// Page cache of a connection that reads one page, in KiB.
const CACHE_KIB: usize = 16;

/// The lock of the reads of one store.
pub(super) struct HeldLock {
    path: PathBuf,
    /// Whether there is a log: without one whoever reads is in the way of whoever writes.
    has_log: bool,
    started: Instant,
    /// When it is looked at again, in microseconds since the start.
    next_look_us: AtomicU64,
    /// Reads since it was looked at.
    reads: AtomicU64,
    holder: Mutex<Holder>,
}

/// Who has the lock, or had it.
#[derive(Default)]
struct Holder {
    connection: Option<Connection>,
    is_open: bool,
}

impl HeldLock {
    /// The lock of a database in this file, which has a write-ahead log, or none as one in memory.
    pub fn new(path: PathBuf, has_log: bool) -> Self {
        Self {
            path,
            has_log,
            started: Instant::now(),
            next_look_us: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            holder: Mutex::default(),
        }
    }

    /// Called with each read, which begins now.
    pub fn read(&self, now: Instant) {
        if !self.has_log {
            return;
        }
        let reads = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        let now_us = micros(now.saturating_duration_since(self.started));
        let due_us = self.next_look_us.load(Ordering::Relaxed);
        if now_us < due_us {
            return;
        }
        let next_us = now_us + micros(HELD);
        let order = Ordering::Relaxed;
        let changed = self
            .next_look_us
            .compare_exchange(due_us, next_us, order, order);
        // One of those who find it due.
        if changed.is_ok() {
            self.reads.store(0, Ordering::Relaxed);
            match reads >= READS_MIN {
                true => self.acquire(),
                false => self.release(),
            }
        }
    }

    #[cfg(test)]
    pub fn is_held(&self) -> bool {
        self.lock().is_open
    }

    /// Leaves it, until reads are worth it again.
    pub fn release(&self) {
        self.lock().release();
    }

    fn acquire(&self) {
        // Whoever leaves it is about to wait for those who have it.
        let Ok(mut holder) = self.holder.try_lock() else {
            return;
        };
        holder.release();
        if holder.connection.is_none() {
            holder.connection = open_reader(&self.path, CACHE_KIB).ok();
        }
        let taken = holder.connection.as_ref().map(|connection| {
            begin_snapshot(connection)?;
            let mut read = connection.prepare_cached("SELECT 1 FROM sqlite_schema LIMIT 1")?;
            read.query_row([], |_| Ok(()))
        });
        match taken {
            Some(Ok(())) => holder.is_open = true,
            // Reads do without: what is wrong, they find out.
            Some(Err(_)) | None => *holder = Holder::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder {
    fn release(&mut self) {
        if std::mem::take(&mut self.is_open)
            && let Some(connection) = &self.connection
            && end_snapshot(connection).is_err()
        {
            self.connection = None;
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
