//! How an SQLite database is opened.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How to open a [`SqliteStore`](super::SqliteStore).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    pub(super) path: PathBuf,
    pub(super) synchronous: Synchronous,
    pub(super) migrate: bool,
    /// Pages that the database may grow to, in tests alone: to them it is a full disk.
    pub(super) pages_max: Option<u32>,
}

impl SqliteOptions {
    /// A database in this file, made where there is none.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            synchronous: Synchronous::default(),
            migrate: true,
            pages_max: None,
        }
    }

    /// A database of its own in this process's memory, gone with the store. Its readers and its writer wait for each other,
    /// which those of a file do not.
    pub fn in_memory() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Connections that name the same database of this VFS share it: https://sqlite.org/inmemorydb.html
        Self::new(format!("file:/relm-{number}?vfs=memdb"))
    }

    /// Sets whether opening brings the tables up to date; it does unless it is said. Where it does not, a database that is
    /// behind is refused.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Sets what must have reached the disk when a commit is acknowledged.
    #[must_use]
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }
}

/// What must have reached the disk when a commit is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The commit: it survives the loss of power.
    #[default]
    Full,
    /// Earlier commits: the last ones may be lost with the power, never with the process.
    Normal,
}
