//! The file: its tables, who may write to it, and which files are refused.

use relm_core::Kind;
use relm_core::record::columns;
use rusqlite::Connection;

use super::database;
use crate::migration::is_added_after;
use crate::open_error::OpenError;
use crate::sql::{Sql, table};
use crate::sqlite::SqliteStore;
use crate::sqlite::connection::{open_reader, rows};

#[test]
fn a_newer_or_foreign_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relm.db");
    drop(SqliteStore::open_file(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute(
            "INSERT INTO relm_migrations VALUES (9999, 'from the future')",
            [],
        )
        .unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        SqliteStore::open_file(&path),
        Err(OpenError::Newer { found: 9999, .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute("CREATE TABLE mine (x)", [])
        .unwrap();
    assert!(matches!(
        SqliteStore::open_file(&foreign),
        Err(OpenError::Foreign(None))
    ));

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, vec![b'x'; 10_000]).unwrap();
    assert!(matches!(
        SqliteStore::open_file(&garbage),
        Err(OpenError::Database(_))
    ));
    assert_eq!(std::fs::read(&garbage).unwrap(), vec![b'x'; 10_000]);
    assert!(SqliteStore::open_file(folder.path().join("none/relm.db")).is_err());
}

#[test]
fn readers_cannot_write() {
    let (folder, _connection) = database();
    let reader = open_reader(&folder.path().join("relm.db"), 1024).unwrap();
    assert!(reader.execute("DELETE FROM contacts", []).is_err());
}

#[test]
fn the_tables_have_the_columns_of_the_records() {
    let (_folder, connection) = database();
    for kind in Kind::ALL {
        let sql = Sql::new(&format!(
            "SELECT name FROM pragma_table_info('{}')",
            table(kind)
        ));
        let found: Vec<String> = rows(&connection, &sql, |row| row.get(0)).unwrap();
        let own = columns(kind).iter().map(|column| column.name);
        let (added, made): (Vec<&str>, Vec<&str>) =
            own.partition(|name| is_added_after(0, table(kind), name));
        let expected: Vec<&str> = ["scope", "id", "version"]
            .into_iter()
            .chain(made)
            .chain(["doc"])
            .collect();
        // What a kind has in this store alone, and what it has since, comes after.
        let (first, rest) = found.split_at(expected.len());
        assert_eq!(first, expected, "{kind:?}");
        assert!(
            added.iter().all(|name| rest.iter().any(|it| it == name)),
            "{kind:?}: {rest:?}"
        );
    }
}
