//! Why a database was not copied, or not restored.

use std::path::{Path, PathBuf};

use crate::open_error::OpenError;

/// Why a database was not copied, or not restored. No file has a name then that it had not before, and a database that was to be
/// replaced is as it was, but where it [says otherwise](Self::Broken).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no such file.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// A file is a database of SQLite's without anything in it.
    #[error("{} is an empty database, and none of Relm's", .0.display())]
    Empty(PathBuf),
    /// A file is no database of Relm's, or one that is newer than this program.
    #[error("{}: {source}", .path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: OpenError,
    },
    /// SQLite finds that a database contradicts itself.
    #[error("{} is damaged, as SQLite's integrity check finds: {found}", .path.display())]
    Damaged {
        /// The file; of a copy that was being made, what was copied.
        path: PathBuf,
        /// The first of what is wrong.
        found: String,
    },
    /// A file of the name that was asked for is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The backup and the database that it is to replace are one file.
    #[error("{} is the database itself", .0.display())]
    Same(PathBuf),
    /// A file is there that a copy of this name is written to before it is whole.
    #[error(
        "{} is there: another backup is writing it, or one was ended in its midst; delete it if none is under way", .0.display()
    )]
    UnderWay(PathBuf),
    /// Somebody has the database open that is to be replaced.
    #[error("{} is in use: stop the server, and whatever else has it open, first", .0.display())]
    InUse(PathBuf),
    /// A log of a former database lies where one is to be put. SQLite would apply it to what is restored.
    #[error("{} is left of a database that is not there: move it away first", .0.display())]
    Leftover(PathBuf),
    /// The database that is to be replaced cannot be read, so that it cannot be kept either.
    #[error(
        "{} cannot be read as a database, and is left alone: {source}; move it away, and restore to where nothing is", .path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// SQLite failed while it overwrote a database. It undoes what it had written, now or when the database is opened next, unless the disk
    /// that failed keeps it from that: the copy that was made before is left for that.
    #[error(
        "{}: {source}; what the database was before is kept in {}", .path.display(), .kept.display()
    )]
    Broken {
        /// The database.
        path: PathBuf,
        /// The copy of what it was before.
        kept: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// SQLite fails.
    #[error("{}: {source}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What a failure of SQLite's about this file is.
pub(super) fn sqlite_error(path: &Path) -> impl Fn(rusqlite::Error) -> BackupError + '_ {
    |error| BackupError::Sqlite {
        path: path.to_owned(),
        source: error.into(),
    }
}

/// What a failure of the system's about this file is.
pub(super) fn file_error(path: &Path) -> impl Fn(std::io::Error) -> BackupError + '_ {
    |source| BackupError::File {
        path: path.to_owned(),
        source,
    }
}
