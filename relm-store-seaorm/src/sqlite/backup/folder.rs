//! A folder of backups, whose names tell of which database they are and when they were begun.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use relm_core::Timestamp;

use super::error::{BackupError, file_error};
use super::file::to_file;
use super::staged::PARTIAL;

/// How the time in a name is written: no colon, which some file systems do not take; later names sort after earlier ones.
const SHAPE: &str = "0000-00-00T000000.000Z";
const EXTENSION: &str = ".db";

/// A folder of backups of one database.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a> {
    /// The database.
    pub database: &'a Path,
    /// Where its backups are.
    pub path: &'a Path,
}

impl Folder<'_> {
    /// The name of a backup: of `relm.db`, `relm-2026-11-29T102233.123Z.db`.
    fn name(&self, begun: Timestamp) -> String {
        format!("{}{}{EXTENSION}", self.prefix(), stamp(begun))
    }

    fn prefix(&self) -> String {
        let stem = self.database.file_stem().unwrap_or_default();
        format!("{}-", stem.to_string_lossy())
    }

    /// The time in the name of a file, if the file is a backup of this database.
    fn time_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        let time = name.strip_prefix(&*self.prefix())?;
        let time = time.strip_suffix(EXTENSION)?;
        is_stamp(time).then_some(time)
    }
}

/// A moment as the name of a file tells it.
pub(super) fn stamp(moment: Timestamp) -> String {
    moment.to_string().replace(':', "")
}

fn is_stamp(text: &str) -> bool {
    let digits = |shape: u8| {
        if shape == b'0' {
            b'0'..=b'9'
        } else {
            shape..=shape
        }
    };
    text.len() == SHAPE.len()
        && text
            .bytes()
            .zip(SHAPE.bytes())
            .all(|(byte, shape)| digits(shape).contains(&byte))
}

/// Copies a database, while others read and write it, to a file of a folder, whose name tells the time.
///
/// # Errors
/// As for [`to_file`].
pub fn to_folder(folder: Folder<'_>, now: Timestamp) -> Result<PathBuf, BackupError> {
    let file = folder.path.join(folder.name(now));
    to_file(folder.database, &file)?;
    Ok(file)
}

/// Deletes all backups of a folder but the newest, of which so many are kept, `made` among them; and what copies that were
/// begun before it left when they were ended in their midst. Files of other names are nobody's backups, and are left. What was deleted.
///
/// # Errors
/// [`BackupError::File`]: what had been deleted by then is gone.
pub fn remove_older(
    folder: Folder<'_>,
    made: &Path,
    keep: NonZeroUsize,
) -> Result<Vec<PathBuf>, BackupError> {
    let made = made.file_name().unwrap_or_default().to_string_lossy();
    let own_time = folder.time_in(&made).unwrap_or_default();
    let (mut older, mut partial) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder.path).map_err(file_error(folder.path))? {
        let name = entry.map_err(file_error(folder.path))?.file_name();
        let Some(name) = name.to_str() else { continue };
        let whole = name.strip_suffix(PARTIAL).unwrap_or(name);
        match folder.time_in(whole) {
            Some(_) if whole == made => {}
            Some(_) if whole == name => older.push(name.to_owned()),
            Some(time) if time < own_time => partial.push(name.to_owned()),
            Some(_) | None => {}
        }
    }
    // Names differ in their times alone.
    older.sort_unstable_by(|one, other| other.cmp(one));
    let beyond = older.into_iter().skip(keep.get() - 1);
    let mut removed = Vec::new();
    for name in beyond.chain(partial) {
        let path = folder.path.join(name);
        fs::remove_file(&path).map_err(file_error(&path))?;
        removed.push(path);
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_database_and_the_time() {
        let folder = Folder {
            database: Path::new("/var/lib/relm/crm.sqlite"),
            path: Path::new("/backups"),
        };
        let name = folder.name(Timestamp::from_millis(1_751_500_000_001));
        assert_eq!(name, "crm-2025-07-02T234640.001Z.db");
        assert_eq!(folder.time_in(&name), Some("2025-07-02T234640.001Z"));
        for other in [
            "crm.db",
            "crm-.db",
            "crm-old.db",
            "crm-2025-07-02T234640.001Z.db.partial",
            "crm-2025-07-02T23:4640.00Z.db",
            "other-2025-07-02T234640.001Z.db",
            "crm-2-2025-07-02T234640.001Z.db",
        ] {
            assert_eq!(folder.time_in(other), None, "{other}");
        }
    }

    #[test]
    fn the_newest_are_kept_and_the_one_that_was_made_whatever_the_clock_says() {
        let there = tempfile::tempdir().unwrap();
        let folder = Folder {
            database: Path::new("relm.db"),
            path: there.path(),
        };
        let name = |millis: i64| folder.name(Timestamp::from_millis(1_751_500_000_000 + millis));
        let others = [
            "notes.txt",
            "relm.db",
            "relm-mine.db",
            "other-2025-07-02T234640.001Z.db",
        ];
        let partial = |millis: i64| format!("{}{PARTIAL}", name(millis));
        let all = [name(1), name(2), name(3), name(9), partial(2), partial(5)];
        for file in all.iter().map(String::as_str).chain(others) {
            fs::write(there.path().join(file), "").unwrap();
        }
        let made = there.path().join(name(3));
        let keep = NonZeroUsize::new(2).unwrap();
        let removed = remove_older(folder, &made, keep).unwrap();
        let expected = [name(2), name(1), partial(2)].map(|name| there.path().join(name));
        assert_eq!(removed, expected);
        for file in [name(3), name(9), partial(5)]
            .iter()
            .map(String::as_str)
            .chain(others)
        {
            assert!(there.path().join(file).exists(), "{file}");
        }
    }
}
