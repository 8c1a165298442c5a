//! What is said where there is no room left, or where nothing may be written: that nothing was applied; and what is done
//! about it.

use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::record::Document;
use relm_core::store::{CommitError, Store, StoreError, Unwritable};
use relm_core::{ContactInput, ErrorKind, ListRequest, Mode, Scoped};
use rusqlite::ffi;

use crate::sqlite::connection::store_error;
use crate::sqlite::writer::GroupError;
use crate::sqlite::{SqliteOptions, SqliteStore};

/// Pages that hold the tables and a few dozen contacts.
const PAGES_MAX: u32 = 140;

fn contact(n: usize) -> ContactInput {
    ContactInput {
        email: format!("ada{n}@example.com").as_str().into(),
        first_name: "x".repeat(400).as_str().into(),
        ..Default::default()
    }
}

async fn all(scoped: &Scoped) -> (usize, usize) {
    let count = async |page: relm_core::Result<relm_core::List>| -> usize {
        page.expect("reads go on").data.len()
    };
    let request = ListRequest::default().limit(200);
    let contacts = count(scoped.contacts().list(&request).documents().await).await;
    let events = count(scoped.events().list(&request).documents().await).await;
    (contacts, events)
}

#[test]
fn what_there_is_no_room_for_is_not_applied_and_known_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relm.db");
    let limited = SqliteOptions {
        pages_max: Some(PAGES_MAX),
        ..SqliteOptions::new(&path)
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(limited).unwrap());
    pollster::block_on(async {
        let crm = Crm::builder(Arc::clone(&store)).build();
        let workspace = crm.create_workspace("acme").await.unwrap().id;
        let scoped = crm.open(workspace, Mode::Live).await.unwrap();
        crm.ready().await.expect("there is room");
        let mut made = 0;
        let full = loop {
            match scoped.contacts().create(contact(made)).await {
                Ok(_) => made += 1,
                Err(error) => break error,
            }
            assert!(made < 200, "the limit is not reached");
        };
        assert!(made > 5, "there is hardly any room: {made}");
        let told = (full.kind(), full.reason());
        assert_eq!(told, (ErrorKind::Unavailable, Some("disk_full")));
        assert!(full.message().contains("nothing was applied"));
        assert_eq!(all(&scoped).await, (made, made));
        let unready = crm.ready().await.unwrap_err();
        assert_eq!(unready.reason(), Some("disk_full"));

        drop((crm, scoped, store));
        let crm = Crm::new(SqliteStore::open_file(&path).unwrap());
        crm.ready().await.expect("there is room again");
        let scoped = crm.open(workspace, Mode::Live).await.unwrap();
        scoped.contacts().create(contact(made)).await.unwrap();
        assert_eq!(all(&scoped).await, (made + 1, made + 1));
    });
}

fn failure(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

#[test]
fn a_failed_commit_is_in_doubt_unless_it_is_known_not_to_be_there() {
    let said = |failed: GroupError| {
        let error: StoreError = failed.answer();
        (error.is_ambiguous(), error.why_unwritable())
    };
    let full = (false, Some(Unwritable::DiskFull));
    let read_only = (false, Some(Unwritable::ReadOnly));
    for (code, before, committing) in [
        (ffi::SQLITE_FULL, full, full),
        (ffi::SQLITE_READONLY, read_only, read_only),
        (ffi::SQLITE_IOERR_FSYNC, (false, None), (true, None)),
        (ffi::SQLITE_BUSY, (false, None), (true, None)),
    ] {
        assert_eq!(said(GroupError::Before(failure(code))), before, "{code}");
        assert_eq!(
            said(GroupError::Committing(failure(code))),
            committing,
            "{code}"
        );
        assert_eq!(store_error(failure(code)).why_unwritable(), before.1);
    }
}

/// A commit whose future was dropped before the writer came to it is not applied any more, and nobody waits for it.
#[test]
fn what_nobody_waits_for_is_not_begun() {
    use std::sync::mpsc;

    use futures_channel::oneshot;
    use relm_core::store::Batch;

    use crate::plan::{Expect, Step};
    use crate::sql::Sql;
    use crate::sqlite::writer::{self, Job, Work};

    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let (jobs, waiting) = mpsc::channel();
    let (committed, commits) = mpsc::channel();
    let job = |table: &str| {
        let (answer, answered) = oneshot::channel::<Result<Vec<Document>, CommitError>>();
        let batch = Batch {
            scope: relm_core::Scope::SYSTEM,
            now: relm_core::Timestamp::default(),
            requires: Vec::new(),
            writes: Vec::new(),
        };
        let plan = vec![Step {
            sql: Sql::new(&format!("CREATE TABLE {table} (number)")),
            expect: Expect::Any,
        }];
        let work = Work::Commit { plan, batch };
        jobs.send(Job { work, answer }).unwrap();
        answered
    };
    let (first, dropped, last) = (job("first"), job("dropped"), job("last"));
    drop((dropped, jobs));
    writer::run(&connection, &waiting, &committed);
    for answered in [first, last] {
        let answer = pollster::block_on(answered);
        answer.expect("it is answered").expect("it is applied");
    }
    drop(committed);
    assert_eq!(commits.iter().count(), 1, "they were one group");
    let tables = "SELECT group_concat(name) FROM sqlite_schema";
    let tables: String = connection.query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, "first,last");
}
