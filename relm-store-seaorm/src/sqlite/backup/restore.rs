//! Putting a backup where the database is, which is kept aside.
//!
//! The database is overwritten in one transaction of SQLite's, under a lock that whoever opens it waits for. A file that were put in its place
//! by a rename would leave a server that is just starting with the old file in its hands and the new one under its name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use relm_core::Timestamp;
use rusqlite::backup::StepResult;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{BackupError, sqlite_error};
use super::folder::stamp;
use super::staged::{Staged, beside};
use super::{check_integrity, check_is_relm, copy, open};
use crate::open_error::OpenError;
use crate::sqlite::migration;

/// How long a command that reads the database for a moment is waited for. A server has it open all the time.
const IN_USE_AFTER: Duration = Duration::from_secs(1);

/// Makes `database` what a backup holds, once that was checked. Where there is a database, it is kept in a file beside it, whose path is given
/// back, unless it may not `replace` one. A backup of an older version is brought up to date when it is opened.
///
/// # Errors
/// [`BackupError`]: the database is as it was, but where it [says otherwise](BackupError::Broken).
pub fn restore(
    backup: &Path,
    database: &Path,
    replace: bool,
    now: Timestamp,
) -> Result<Option<PathBuf>, BackupError> {
    let source = open(backup)?;
    // One snapshot, lest anybody changes the backup after it was checked.
    let snapshot = source.execute_batch("PRAGMA query_only = ON; BEGIN");
    snapshot.map_err(sqlite_error(backup))?;
    check_is_relm(backup, &source)?;
    check_integrity(backup, &source)?;
    if !database.exists() {
        put(backup, &source, database)?;
        return Ok(None);
    }
    if is_same(backup, database) {
        return Err(BackupError::Same(backup.to_owned()));
    }
    if !replace {
        return Err(BackupError::Exists(database.to_owned()));
    }
    overwrite(backup, &source, database, now).map(Some)
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Puts a backup where nothing is.
fn put(backup: &Path, source: &Connection, database: &Path) -> Result<(), BackupError> {
    for log in ["-wal", "-journal"].map(|ending| beside(database, ending)) {
        if log.exists() {
            return Err(BackupError::Leftover(log));
        }
    }
    let staged = Staged::begin(database)?;
    staged.fill(backup, source)?;
    staged.publish()
}

/// Overwrites a database; where the former one is kept.
fn overwrite(
    backup: &Path,
    source: &Connection,
    database: &Path,
    now: Timestamp,
) -> Result<PathBuf, BackupError> {
    let mut target = lock(database)?;
    let aside = beside(database, &format!(".before-{}", stamp(now)));
    let staged = Staged::begin(&aside)?;
    staged.fill(database, &target)?;
    staged.publish()?;
    match copy(source, &mut target) {
        Ok(StepResult::Done) => Ok(aside),
        // Nothing was written, and what is as it was needs no second copy.
        Ok(_) => {
            let _ = std::fs::remove_file(&aside);
            Err(BackupError::InUse(backup.to_owned()))
        }
        // What was written may be there, or not all of what was there before.
        Err(error) => Err(BackupError::Broken {
            path: database.to_owned(),
            kept: aside,
            source: error.into(),
        }),
    }
}

/// Opens a database that nobody has open, so that nobody can, and moves its log into it.
fn lock(database: &Path) -> Result<Connection, BackupError> {
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            BackupError::InUse(database.to_owned())
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => BackupError::Unreadable {
            path: database.to_owned(),
            source: error.into(),
        },
        Some(_) | None => sqlite_error(database)(error),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let target = Connection::open_with_flags(database, flags).map_err(failed)?;
    let locked = target.busy_timeout(IN_USE_AFTER).and_then(|()| {
        // Its log, and the index of that, go with the mode that needs them.
        let alone = || target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
        alone()?;
        // Held until the connection is closed. Whoever came in between is heard of here.
        target.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")?;
        alone()?;
        target.execute_batch("PRAGMA synchronous = EXTRA")
    });
    locked.map_err(failed)?;
    // An empty file is as good as none; a newer database makes way for a backup from before it. What is not Relm's stays.
    match migration::check_open(&target, true) {
        Ok(_) | Err(OpenError::Newer { .. }) => Ok(target),
        Err(OpenError::Database(source)) => Err(BackupError::Unreadable {
            path: database.to_owned(),
            source,
        }),
        Err(source) => Err(BackupError::Refused {
            path: database.to_owned(),
            source,
        }),
    }
}
