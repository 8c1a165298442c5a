//! A copy while it is made: under a name of its own, until it is whole, checked and on the disk.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::backup::StepResult;
use rusqlite::{Connection, OpenFlags};

use super::error::{BackupError, file_error, sqlite_error};
use super::{check_integrity, copy};

/// What the name of a copy ends in until it is whole.
pub(super) const PARTIAL: &str = ".partial";

/// A copy that is being made. Dropped before it is published, it is gone.
pub(super) struct Staged {
    partial: PathBuf,
    file: PathBuf,
}

impl Staged {
    /// Begins a copy that is to be `file`, which must not be there. Nobody but its owner may read it.
    pub fn begin(file: &Path) -> Result<Self, BackupError> {
        if file.exists() {
            return Err(BackupError::Exists(file.to_owned()));
        }
        let partial = beside(file, PARTIAL);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&partial) {
            Ok(_) => Ok(Self {
                partial,
                file: file.to_owned(),
            }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(BackupError::UnderWay(partial))
            }
            Err(error) => Err(file_error(&partial)(error)),
        }
    }

    /// Copies a database, which is at `path`.
    pub fn fill(&self, path: &Path, from: &Connection) -> Result<(), BackupError> {
        let own = sqlite_error(&self.partial);
        let mut to = self.open()?;
        // What a crash leaves of it is thrown away, so nothing need be undone, and one sync at the end does.
        let set_up = to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
        set_up.map_err(&own)?;
        match copy(from, &mut to).map_err(&own)? {
            StepResult::Done => {}
            _ => return Err(BackupError::InUse(path.to_owned())),
        }
        // The copy says of itself, as the original does, that it has a write-ahead log beside it; it is to be one file.
        let alone = to.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
        alone.map_err(&own)
    }

    /// Checks the copy.
    pub fn check(&self) -> Result<(), BackupError> {
        check_integrity(&self.partial, &self.open()?)
    }

    /// Gives the copy its name, once it is on the disk.
    pub fn publish(self) -> Result<(), BackupError> {
        let Self { partial, file } = &self;
        let written = File::open(partial).and_then(|written| written.sync_all());
        written.map_err(file_error(partial))?;
        // A link is refused where a file of the name has come meanwhile, which a rename would replace.
        match fs::hard_link(partial, file) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(file.clone()));
            }
            // There are file systems without links.
            Err(_) => fs::rename(partial, file).map_err(file_error(file))?,
        }
        let _ = fs::remove_file(partial);
        sync_folder(folder_of(file))
    }

    fn open(&self) -> Result<Connection, BackupError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(&self.partial, flags).map_err(sqlite_error(&self.partial))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It is gone where it was published, and where it cannot be deleted the next copy says so.
        let _ = fs::remove_file(&self.partial);
    }
}

/// The path of a file beside another, whose name has this at its end.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Has the names in a folder survive the loss of power.
fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(file_error(folder))?;
    }
    Ok(())
}
