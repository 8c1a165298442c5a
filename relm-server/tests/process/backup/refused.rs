//! What cannot be copied or restored, and what is said of it.

use std::fs;

use super::super::command_line::{failed, printed};
use super::super::server::relm;
use super::names;

/// Command lines, and what each fails with, beside the databases that the test makes.
const REFUSED: &[(&[&str], &str)] = &[
    (&["backup", "one.db"], "one.db is there already"),
    (
        &["backup", "none/one.db"],
        "none/one.db.partial: No such file or directory (os error 2)",
    ),
    (
        &["backup", "none/backups/"],
        "none/backups/: No such file or directory (os error 2)",
    ),
    (
        &["backup", "one.db", "--keep", "2"],
        "one.db: File exists (os error 17)",
    ),
    (
        &["backup", "two.db", "--database", "sqlite://text.db"],
        "text.db: the database cannot be opened: file is not a database",
    ),
    (
        &["backup", "two.db", "--database", "sqlite://empty.db"],
        "empty.db is an empty database, and none of Relm's",
    ),
    (
        &["backup", "two.db", "--database", "memory:"],
        "memory: is gone with the process that serves it: there is nothing to copy",
    ),
    (
        &[
            "backup",
            "two.db",
            "--database",
            "postgres://relm:hunter2@127.0.0.1:1/relm",
        ],
        "postgres://127.0.0.1:1/relm is no SQLite file: it is copied with `pg_dump`, and restored with `pg_restore`, as docs/DEPLOY.md says under \"Backups\"",
    ),
    (
        &[
            "restore",
            "two.db",
            "--database",
            "mysql://relm:hunter2@127.0.0.1:1/relm",
        ],
        "mysql://127.0.0.1:1/relm is no SQLite file: it is copied with `mariadb-dump`, and restored with `mariadb`, as docs/DEPLOY.md says under \"Backups\"",
    ),
    (
        &["restore", "none.db", "--replace"],
        "there is no database at none.db",
    ),
    (
        &["restore", "relm.db", "--replace"],
        "relm.db is the database itself",
    ),
    (
        &["restore", "text.db", "--replace"],
        "text.db: the database cannot be opened: file is not a database",
    ),
    (
        &["restore", "empty.db", "--replace"],
        "empty.db is an empty database, and none of Relm's",
    ),
    (
        &["restore", "one.db"],
        "relm.db is there already: with --replace it is overwritten, and kept in a file beside it",
    ),
    (
        &[
            "restore",
            "one.db",
            "--replace",
            "--database",
            "sqlite://text.db",
        ],
        "text.db cannot be read as a database, and is left alone: file is not a database; move it away, and restore to where nothing is",
    ),
    (
        &["restore", "one.db", "--database", "sqlite://stray/relm.db"],
        "stray/relm.db-wal is left of a database that is not there: move it away first",
    ),
];

#[test]
fn what_cannot_be_copied_or_restored_is_said_in_one_line_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let said = failed(path, &["backup", "one.db"]);
    let there = format!("there is no database at {}", path.join("relm.db").display());
    assert!(
        said.contains(&there) && said.contains("--database"),
        "{said}"
    );
    printed(path, &["migrate"]);
    printed(path, &["backup", "one.db"]);
    fs::write(path.join("text.db"), "no database at all".repeat(100)).unwrap();
    fs::write(path.join("empty.db"), "").unwrap();
    fs::create_dir(path.join("stray")).unwrap();
    fs::write(path.join("stray/relm.db-wal"), "x").unwrap();
    // A file of zeros where pages were: the head is as it was.
    let whole = fs::read(path.join("one.db")).unwrap();
    let mut torn = whole.clone();
    torn[8192..].fill(0);
    fs::write(path.join("torn.db"), torn).unwrap();
    fs::write(path.join("cut.db"), &whole[..whole.len() / 2]).unwrap();
    let before = names(path);
    for (args, said) in REFUSED {
        assert_eq!(
            failed(path, args),
            format!("relm-server: {said}\n"),
            "{args:?}"
        );
    }
    for damaged in ["torn.db", "cut.db"] {
        let said = failed(path, &["restore", damaged, "--replace"]);
        assert!(
            said.starts_with(&format!("relm-server: {damaged}")) && said.contains("malformed"),
            "{said}"
        );
        let said = failed(
            path,
            &[
                "backup",
                "two.db",
                "--database",
                &format!("sqlite://{damaged}"),
            ],
        );
        assert!(said.contains("malformed"), "{said}");
    }
    assert_eq!(names(path), before);
    let output = relm(path)
        .args(["backup", ".", "--keep", "0"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && stderr.contains("'0' for '--keep <N>'"),
        "{stderr}"
    );
}
