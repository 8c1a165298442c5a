//! What waits too long, what is dropped, and connections that break on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use relm_core::store::{CommitError, Store, Write};
use relm_core::{ContactInput, Crm, ErrorKind, Kind, ListRequest, Mode, Scoped};
use relm_store_seaorm::SeaOrmStore;
use sea_orm::ConnectionTrait;

use crate::throwaway::{RUNTIME, Server, connect};
use crate::{SCOPE, batch, delivery, on_each_server};

on_each_server! {
    what_waits_too_long_is_unavailable_and_not_done
    what_is_retried_over_broken_connections_is_done_once
    an_answer_over_a_broken_connection_is_true_or_says_that_nobody_knows
    a_dropped_commit_is_whole_or_nothing_under_load
}

fn what_waits_too_long_is_unavailable_and_not_done(server: &'static Server) {
    let database = server.database();
    let store = database.open(|options| {
        options
            .connections_max(2)
            .acquire_timeout(Duration::from_millis(400))
            .statement_timeout(Duration::from_secs(1))
    });
    RUNTIME.block_on(async {
        let scoped = workspace(Arc::clone(&store)).await;
        let ada = scoped
            .contacts()
            .create(contact(1))
            .await
            .expect("it is valid");
        let lock = locked(database.url(), "contacts").await;
        let change = || ContactInput {
            phone: "1".into(),
            ..Default::default()
        };
        let contacts = scoped.contacts();
        let begun = Instant::now();
        // Two wait for the row, and the third for a connection.
        let (one, two, three) = tokio::join!(
            contacts.update(ada.id, change(), None),
            contacts.update(ada.id, change(), None),
            async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                contacts.get(ada.id).await
            }
        );
        let kinds = [one.unwrap_err().kind(), two.unwrap_err().kind()];
        assert_eq!(kinds, [ErrorKind::Unavailable; 2]);
        assert_eq!(three.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{:?}",
            begun.elapsed()
        );
        lock.rollback().await.expect("it rolls back");
        assert_eq!(
            contacts.get(ada.id).await.expect("it reads"),
            Some(ada.clone())
        );
        contacts
            .update(ada.id, change(), None)
            .await
            .expect("the row is free");
    });
}

/// Creates contacts under idempotency keys while connections break, each again until it is answered, as a client would.
fn what_is_retried_over_broken_connections_is_done_once(server: &'static Server) {
    const WRITERS: u64 = 6;
    const EACH: u64 = 40;
    let database = server.database();
    let store = database.open(|options| options);
    let beside = connect(server.url());
    let (url, over) = (database.url(), Arc::new(AtomicBool::new(false)));
    let name = url.rsplit('/').next().expect("it has a name").to_owned();
    RUNTIME.block_on(async {
        let scoped = workspace(Arc::clone(&store)).await;
        let breaking = tokio::spawn({
            let over = Arc::clone(&over);
            async move {
                let mut breaks = 0;
                while !over.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(15)).await;
                    break_connections(&beside, &name).await;
                    breaks += 1;
                }
                breaks
            }
        });
        let write = |writer: u64| {
            let scoped = scoped.clone();
            tokio::spawn(async move {
                for n in (0..EACH).map(|n| writer * EACH + n) {
                    let key = format!("key {n}");
                    let once = scoped
                        .clone()
                        .idempotent(&key, &[1; 32])
                        .expect("it is valid");
                    loop {
                        match once.contacts().create(contact(n)).await {
                            Ok(_) => break,
                            Err(error) => {
                                assert!(
                                    matches!(
                                        error.kind(),
                                        ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
                                    ),
                                    "{error:?}"
                                );
                            }
                        }
                    }
                }
            })
        };
        for writer in (0..WRITERS).map(write).collect::<Vec<_>>() {
            writer.await.expect("no writer panics");
        }
        over.store(true, Ordering::Relaxed);
        assert!(
            breaking.await.expect("it ends") > 3,
            "hardly anything broke"
        );
        assert_eq!(count(&scoped, Kind::Contact, &store).await, WRITERS * EACH);
        assert_eq!(count(&scoped, Kind::Event, &store).await, WRITERS * EACH);
    });
}

/// Without an event in it nobody can tell whether a batch was applied: then it says so, and otherwise it tells the truth.
fn an_answer_over_a_broken_connection_is_true_or_says_that_nobody_knows(server: &'static Server) {
    let database = server.database();
    let store = database.open(|options| options);
    let beside = connect(server.url());
    let url = database.url();
    let name = url.rsplit('/').next().expect("it has a name").to_owned();
    RUNTIME.block_on(async {
        let mut told = [0; 3];
        for n in 0..400_u128 {
            let entry = delivery(n, 0);
            let id = entry.record.id();
            let commit = store.commit(batch(Vec::new(), vec![Write::Insert(entry)]));
            let (outcome, ()) = tokio::join!(commit, async {
                tokio::time::sleep(Duration::from_micros(50 * (n as u64 % 40))).await;
                if n % 4 == 0 {
                    break_connections(&beside, &name).await;
                }
            });
            let there = loop {
                match store.get(SCOPE, id).await {
                    Ok(found) => break found.is_some(),
                    Err(error) => assert!(error.is_retryable(), "{error:?}"),
                }
            };
            match outcome {
                Ok(()) => {
                    assert!(there, "an acknowledged write is lost");
                    told[0] += 1;
                }
                Err(CommitError::Store(error)) if error.is_ambiguous() => told[1] += 1,
                Err(CommitError::Store(error)) => {
                    assert!(error.is_retryable() && !there, "{error:?}");
                    told[2] += 1;
                }
                Err(CommitError::Refused(refusal)) => panic!("{refusal:?}"),
            }
        }
        assert!(told[0] > 100, "{told:?}");
    });
}

fn a_dropped_commit_is_whole_or_nothing_under_load(server: &'static Server) {
    let database = server.database();
    let store = database.open(|options| options.connections_max(4));
    RUNTIME.block_on(async {
        let scoped = workspace(Arc::clone(&store)).await;
        for n in 0..200_u64 {
            let contacts = scoped.contacts();
            let limit = Duration::from_micros(n % 20 * 150);
            // Whatever comes of it: the contact and its event come together.
            let _ = tokio::time::timeout(limit, contacts.create(contact(n))).await;
        }
        // Stands behind what still goes on.
        let last = scoped.contacts().create(contact(1000)).await;
        last.expect("the store is usable");
        let contacts = count(&scoped, Kind::Contact, &store).await;
        assert_eq!(contacts, count(&scoped, Kind::Event, &store).await);
        let page = scoped.contacts().list(&ListRequest::default()).await;
        page.expect("the store is usable");
    });
}

/// Locks every row of a table until the connection is dropped.
async fn locked(url: String, table: &'static str) -> sea_orm::DatabaseTransaction {
    use sea_orm::TransactionTrait;
    let beside = sea_orm::Database::connect(url).await.expect("it connects");
    let transaction = beside.begin().await.expect("it begins");
    let sql = format!("UPDATE {table} SET version = version");
    transaction
        .execute_unprepared(&sql)
        .await
        .expect("it locks");
    transaction
}

/// Breaks every connection to a database, its own aside.
async fn break_connections(beside: &sea_orm::DatabaseConnection, database: &str) {
    if beside.get_database_backend() == sea_orm::DbBackend::Postgres {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        beside.execute_unprepared(&sql).await.expect("it kills");
        return;
    }
    let sql = format!("SELECT id FROM information_schema.processlist WHERE db = '{database}'");
    let statement = sea_orm::Statement::from_string(beside.get_database_backend(), sql);
    for row in beside.query_all_raw(statement).await.expect("it lists") {
        let id: u64 = row
            .try_get_by_index::<i64>(0)
            .map(i64::unsigned_abs)
            .or_else(|_| row.try_get_by_index(0))
            .expect("an id");
        // One may be gone by now.
        let _ = beside.execute_unprepared(&format!("KILL {id}")).await;
    }
}

async fn workspace(store: Arc<SeaOrmStore>) -> Scoped {
    let crm = Crm::builder(store).build();
    let workspace = crm.create_workspace("acme").await.expect("a workspace");
    let scoped = crm.open(workspace.id, Mode::Live).await;
    scoped.expect("the workspace is there")
}

fn contact(n: u64) -> ContactInput {
    ContactInput {
        email: format!("ada{n}@example.com").as_str().into(),
        ..Default::default()
    }
}

async fn count(scoped: &Scoped, kind: Kind, store: &SeaOrmStore) -> u64 {
    let query = relm_core::store::Query {
        kind,
        clauses: Vec::new(),
        after: None,
        limit: 10_000,
    };
    loop {
        match store.list(scoped.scope(), &query).await {
            Ok(page) => return page.documents.len() as u64,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
}
