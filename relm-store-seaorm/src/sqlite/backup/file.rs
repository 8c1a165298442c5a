//! A copy under the name that was asked for.

use std::path::Path;

use super::error::BackupError;
use super::staged::Staged;
use super::{check_is_relm, open};

/// Copies a database, while others read and write it, to a file that is not there yet.
///
/// # Errors
/// [`BackupError`]: there is no file of that name then, and nothing else was changed.
pub fn to_file(database: &Path, file: &Path) -> Result<(), BackupError> {
    let source = open(database)?;
    check_is_relm(database, &source)?;
    let staged = Staged::begin(file)?;
    staged.fill(database, &source)?;
    staged.check()?;
    staged.publish()
}
