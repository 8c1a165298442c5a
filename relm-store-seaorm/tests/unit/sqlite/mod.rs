//! What the SQLite store costs and how it fails: statements counted, query plans read, files refused, disks filled, databases
//! of before migrated.

mod files;
mod full;
mod held_lock;
mod migration;
mod query_plans;
mod statements;
mod writer;

use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::value::time::ManualClock;
use relm_core::{Clock, Mode, Timestamp};
use rusqlite::Connection;

use super::connection::{open_reader, open_writer, rows};
use super::{SqliteStore, Synchronous};
use crate::recording_store::contact;
use crate::search_equivalence::{BROAD_FROM, equal_the_reference};
use crate::sql::Sql;

#[test]
fn whichever_way_a_search_goes_it_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let stores = BROAD_FROM.map(|broad| {
        let mut store = SqliteStore::open_file(folder.path().join("relm.db")).unwrap();
        store.reads.broad = broad;
        store
    });
    pollster::block_on(equal_the_reference(&stores));
}

/// A search that finds no thread free begins again on the one that will be.
#[test]
fn a_search_that_must_wait_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let stores = BROAD_FROM.map(|broad| {
        let mut store = SqliteStore::open_file(folder.path().join("relm.db")).unwrap();
        store.reads.broad = broad;
        store
    });
    let turns: Vec<_> = stores
        .iter()
        .flat_map(|store| std::iter::from_fn(|| store.reads.walkers.turn_at_once()))
        .collect();
    assert!(turns.len() >= stores.len());
    assert!(
        stores
            .iter()
            .all(|store| store.reads.walkers.turn_at_once().is_none())
    );
    pollster::block_on(equal_the_reference(&stores));
}

#[test]
fn expired_responses_do_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relm.db");
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_751_500_000_000)));
    let store = Arc::new(SqliteStore::open_file(&path).unwrap());
    let crm = Crm::builder(store)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build();
    pollster::block_on(async {
        let workspace = crm.create_workspace("acme").await.unwrap();
        let scoped = crm.open(workspace.id, Mode::Test).await.unwrap();
        let create = async |number: i64| {
            let once = scoped
                .clone()
                .idempotent(&format!("key{number}"), &[0; 32])
                .unwrap();
            once.contacts()
                .create(contact(&format!("user{number}@example.com")))
                .await
                .unwrap();
        };
        for number in 0..20 {
            create(number).await;
        }
        clock.advance_millis(24 * 60 * 60 * 1000);
        for number in 20..30 {
            create(number).await;
        }
    });
    let connection = open_reader(&path, 1024).unwrap();
    for table in ["responses", "response_records"] {
        let kept = Sql::new(&format!("SELECT count(*) FROM {table}"));
        let kept: Vec<i64> = rows(&connection, &kept, |row| row.get(0)).unwrap();
        assert_eq!(kept, [10], "{table}");
    }
}

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open_writer(&folder.path().join("relm.db"), Synchronous::Normal).unwrap();
    super::migration::run(&connection).unwrap();
    (folder, connection)
}
