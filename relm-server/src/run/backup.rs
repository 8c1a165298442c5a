//! `relm-server backup` and `restore`: copies of an SQLite file. Databases with servers of their own have programs for it.

use std::num::NonZeroUsize;
use std::path::Path;

use super::database::driver;
use super::outcome::{CommandError, Out};
use crate::config::{Database, DatabaseArgs};

pub(super) fn backup(
    args: &DatabaseArgs,
    to: &Path,
    keep: Option<NonZeroUsize>,
    out: &mut Out,
) -> Result<(), CommandError> {
    sqlite::backup(file_of(args)?, to, keep, out)
}

pub(super) fn restore(
    args: &DatabaseArgs,
    backup: &Path,
    replace: bool,
    out: &mut Out,
) -> Result<(), CommandError> {
    sqlite::restore(file_of(args)?, backup, replace, out)
}

/// The file that the database is; of another one, who copies it.
fn file_of(args: &DatabaseArgs) -> Result<&Path, CommandError> {
    match &args.database {
        Database::Sqlite(path) => Ok(path),
        Database::Memory => {
            Err("memory: is gone with the process that serves it: there is nothing to copy".into())
        }
        Database::Server(url) => {
            let programs = match driver(url).0 {
                "mysql" => "`mariadb-dump`, and restored with `mariadb`",
                _ => "`pg_dump`, and restored with `pg_restore`",
            };
            Err(format!(
                "{} is no SQLite file: it is copied with {programs}, as docs/DEPLOY.md says under \"Backups\"",
                args.database
            )
            .into())
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::num::NonZeroUsize;
    use std::path::{Path, PathBuf};

    use relm_core::Timestamp;
    use relm_store_seaorm::sqlite::backup::{self, BackupError, Folder};

    use super::super::administration::say;
    use super::super::database::no_database;
    use super::{CommandError, Out};

    pub fn backup(
        database: &Path,
        to: &Path,
        keep: Option<NonZeroUsize>,
        out: &mut Out,
    ) -> Result<(), CommandError> {
        let path = to.display();
        if !to.is_dir() {
            // Whoever ends a path so, or counts copies, means a folder.
            if keep.is_none() && !path.to_string().ends_with('/') {
                backup::to_file(database, to).map_err(explain)?;
                return say(out, format_args!("{path}"));
            }
            if !database.exists() {
                return Err(no_database(database).into());
            }
            make_folder(to).map_err(|error| format!("{path}: {error}"))?;
        }
        let folder = Folder { database, path: to };
        let made = backup::to_folder(folder, Timestamp::now()).map_err(explain)?;
        say(out, format_args!("{}", made.display()))?;
        if let Some(keep) = keep {
            for removed in backup::remove_older(folder, &made, keep).map_err(explain)? {
                tracing::info!(path = %removed.display(), "an older backup was deleted");
            }
        }
        Ok(())
    }

    pub fn restore(
        database: &Path,
        from: &Path,
        replace: bool,
        out: &mut Out,
    ) -> Result<(), CommandError> {
        let kept = backup::restore(from, database, replace, Timestamp::now());
        let kept: Option<PathBuf> = kept.map_err(|error| match error {
            BackupError::Exists(path) if path == database => format!(
                "{} is there already: with --replace it is overwritten, and kept in a file beside it",
                path.display()
            )
            .into(),
            other => CommandError::from(other),
        })?;
        say(
            out,
            format_args!("{} is what {} holds", database.display(), from.display()),
        )?;
        match kept {
            Some(kept) => say(
                out,
                format_args!("What it was before is kept in {}", kept.display()),
            ),
            None => Ok(()),
        }
    }

    /// Makes a folder, for its owner alone, but none that it would be in: those are of a path that was mistyped, or not mounted.
    fn make_folder(path: &Path) -> std::io::Result<()> {
        let mut folder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(path)
    }

    fn explain(error: BackupError) -> CommandError {
        match error {
            BackupError::Missing(path) => no_database(&path).into(),
            other => other.into(),
        }
    }
}

#[cfg(not(feature = "sqlite"))]
mod sqlite {
    use std::num::NonZeroUsize;
    use std::path::Path;

    use super::super::database::left_out;
    use super::{CommandError, Out};
    use crate::config::Database;

    pub fn backup(
        database: &Path,
        _: &Path,
        _: Option<NonZeroUsize>,
        _: &mut Out,
    ) -> Result<(), CommandError> {
        Err(left_out(&Database::Sqlite(database.to_owned()), "sqlite"))
    }

    pub fn restore(database: &Path, _: &Path, _: bool, _: &mut Out) -> Result<(), CommandError> {
        Err(left_out(&Database::Sqlite(database.to_owned()), "sqlite"))
    }
}
