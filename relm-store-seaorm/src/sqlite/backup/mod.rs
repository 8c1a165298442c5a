//! Copies of a database that is in use, and putting one back.
//!
//! A backup is one snapshot: what was committed when copying began, and nothing of what comes after. It is copied page by page through
//! SQLite, checked, and on the disk before it has its name. What is copied is the file as it is: a secret that is sealed stays sealed, and one that is
//! not is in the backup too, which is why nobody but the file's owner may read it.
//!
//! Everything here blocks the thread that calls it for as long as the file takes to copy and to check.

mod error;
mod file;
mod folder;
mod restore;
mod staged;

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use self::error::BackupError;
use self::error::sqlite_error;
pub use self::file::to_file;
pub use self::folder::{Folder, remove_older, to_folder};
pub use self::restore::restore;
use super::migration;

/// How long a copy waits for a program that has the whole file to itself for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What the integrity check finds, of which so much is told.
const FINDINGS_MAX: u32 = 3;

/// Opens a database that is there, to read it. It may be in use.
fn open(path: &Path) -> Result<Connection, BackupError> {
    if !path.exists() {
        return Err(BackupError::Missing(path.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    let connection = opened.map_err(sqlite_error(path))?;
    let set_up = connection.busy_timeout(BUSY_TIMEOUT);
    set_up.map_err(sqlite_error(path))?;
    Ok(connection)
}

/// Refuses what is no database of Relm's, or one of a newer version.
fn check_is_relm(path: &Path, connection: &Connection) -> Result<(), BackupError> {
    match migration::check_open(connection, true) {
        Ok(0) => Err(BackupError::Empty(path.to_owned())),
        Ok(_) => Ok(()),
        Err(source) => Err(BackupError::Refused {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Has SQLite read all of a database, and compare its tables with their indexes.
fn check_integrity(path: &Path, connection: &Connection) -> Result<(), BackupError> {
    let findings = || {
        let mut statement =
            connection.prepare(&format!("PRAGMA integrity_check({FINDINGS_MAX})"))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let found = match findings() {
        Ok(found) if found == ["ok"] => return Ok(()),
        // One finding is a heading and lines below it.
        Ok(found) => found.join("; ").replace('\n', " "),
        Err(error) if is_damage(&error) => error.to_string(),
        Err(error) => return Err(sqlite_error(path)(error)),
    };
    Err(BackupError::Damaged {
        path: path.to_owned(),
        found,
    })
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Makes one database what another one is, in one transaction of the former and from one snapshot of the latter.
fn copy(from: &Connection, to: &mut Connection) -> rusqlite::Result<StepResult> {
    Backup::new(from, to)?.step(-1)
}
