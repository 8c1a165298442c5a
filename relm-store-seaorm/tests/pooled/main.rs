//! What the pooled store does where something breaks, where many migrate at once, and where several processes share a
//! database: on PostgreSQL and on MariaDB.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

mod throwaway;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use relm_core::record::workspace::Workspace;
use relm_core::record::{Delivery, EventType};
use relm_core::record::{Document, Entry};
use relm_core::store::{Batch, CommitError, Lease, Require, Store, StoredResponse, Write};
use relm_core::{
    ContactInput, Crm, ErrorKind, Id, Kind, ListRequest, Mode, Scope, Scoped, Timestamp,
};
use relm_store_seaorm::{OpenError, PoolOptions, SeaOrmStore};
use sea_orm::ConnectionTrait;
use throwaway::{RUNTIME, Server, Throwaway, connect};

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

const NOW: Timestamp = Timestamp::from_millis(1_782_986_400_000);
const SCOPE: Scope = Scope::new(Id::new(Kind::Workspace, 7), Mode::Live);

/// Makes a test for each server of a function of one.
macro_rules! on_each_server {
    ($($name:ident)*) => {
        mod postgres {
            $(
                #[test_requirements::requires(postgres)]
                #[test]
                fn $name() {
                    super::$name(&super::POSTGRES);
                }
            )*
        }
        mod mariadb {
            $(
                #[test_requirements::requires(mariadb)]
                #[test]
                fn $name() {
                    super::$name(&super::MARIADB);
                }
            )*
        }
    };
}

on_each_server! {
    three_processes_migrate_an_empty_database_together
    a_database_of_another_version_or_program_is_refused
    what_waits_too_long_is_unavailable_and_not_done
    what_is_retried_over_broken_connections_is_done_once
    an_answer_over_a_broken_connection_is_true_or_says_that_nobody_knows
    no_delivery_is_leased_to_two
    expired_responses_are_forgotten_in_time
    a_dropped_commit_is_whole_or_nothing_under_load
    the_database_tells_the_time
}

fn batch(requires: Vec<Require>, writes: Vec<Write>) -> Batch {
    Batch {
        scope: SCOPE,
        now: NOW,
        requires,
        writes,
    }
}

/// The entry of a delivery to one of three endpoints, due so many milliseconds after now.
fn delivery(n: u128, due: i64) -> Entry {
    let id = Id::new(Kind::Delivery, n);
    let webhook = Id::new(Kind::Webhook, n % 3);
    let event = Id::new(Kind::Event, n);
    let event_type = EventType::all().next().expect("there are types");
    let json = format!(
        r#"{{"id":"{id}","object":"delivery","webhook_id":"{webhook}","event_id":"{event}","event_type":"{}","status":"pending",
        "attempts":[],"next_attempt_at":"{}","replay_of":null,"version":1,"created_at":"{NOW}"}}"#,
        event_type.as_str(),
        NOW.saturating_add_millis(due),
    );
    let json = json.into();
    Document { id, json }
        .into_entry()
        .expect("it is a delivery")
}

fn response(n: u64) -> Write {
    Write::Remember(StoredResponse {
        key: format!("key {n}"),
        fingerprint: [1; 32],
        outcome: 0,
        body: "{}".into(),
        expires_at: NOW.saturating_add_millis(1),
    })
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

fn three_processes_migrate_an_empty_database_together(server: &'static Server) {
    let database = server.empty();
    RUNTIME.block_on(async {
        let open = |_| tokio::spawn(SeaOrmStore::connect(database.url(), PoolOptions::new()));
        let stores: Vec<_> = (0..3).map(open).collect();
        for store in stores {
            let store = store.await.expect("no panic").expect("it comes up");
            let read = store
                .configuration(SCOPE, None)
                .await
                .expect("its tables work");
            assert_eq!(read.version, 0);
            store.close().await;
        }
    });
}

async fn open_error(url: &str, options: PoolOptions) -> OpenError {
    match SeaOrmStore::connect(url, options).await {
        Err(error) => error,
        Ok(_) => panic!("it must not open"),
    }
}

fn a_database_of_another_version_or_program_is_refused(server: &'static Server) {
    let database = server.empty();
    let beside = connect(&database.url());
    RUNTIME.block_on(async {
        let (url, options) = (database.url(), PoolOptions::new());
        let behind = open_error(&url, options.clone().migrate(false)).await;
        assert!(matches!(behind, OpenError::Behind { found: 0, .. }));
        let run = async |sql| beside.execute_unprepared(sql).await.expect("it runs");
        run("CREATE TABLE deals (whatever INTEGER)").await;
        let foreign = open_error(&url, options.clone()).await;
        assert!(matches!(foreign, OpenError::Foreign(Some("deals"))));
        // Tables of other names are no concern of ours.
        run("DROP TABLE deals").await;
        run("CREATE TABLE their_deals (whatever INTEGER)").await;
        let store = SeaOrmStore::connect(&url, options.clone()).await;
        let store = store.expect("it opens");
        store.close().await;
        run("INSERT INTO relm_migrations (version, name) VALUES (9999, 'later')").await;
        let newer = open_error(&url, options).await;
        assert!(matches!(newer, OpenError::Newer { found: 9999, .. }));
        beside.close().await.expect("it closes");
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

fn leased(lease_of: u128, until: i64, limit: usize) -> Lease {
    Lease {
        scope: SCOPE,
        webhook: Id::new(Kind::Webhook, lease_of),
        now: NOW,
        until: NOW.saturating_add_millis(until),
        limit,
    }
}

fn no_delivery_is_leased_to_two(server: &'static Server) {
    let database = server.database();
    let stores: Vec<_> = (0..2).map(|_| database.open(|options| options)).collect();
    RUNTIME.block_on(async {
        let workspace = Workspace::new(SCOPE.workspace(), "acme".into(), "secret".into(), NOW);
        let workspace = Batch {
            scope: Scope::SYSTEM,
            ..batch(
                Vec::new(),
                vec![Write::Insert(Entry::new(workspace.unwrap()))],
            )
        };
        stores[0].commit(workspace).await.expect("it is new");
        let writes = (0..300).map(|n| Write::Insert(delivery(n, -(n as i64))));
        let commit = stores[0].commit(batch(Vec::new(), writes.collect()));
        commit.await.expect("nothing forbids it");
        let take = |n: usize| {
            let store = Arc::clone(&stores[n % 2]);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let some = store.lease(&leased(1, 1000, 7)).await.expect("it leases");
                    if some.is_empty() {
                        return taken;
                    }
                    let due = |document: &Document| {
                        let delivery: Delivery = document.decode().expect("it is one");
                        delivery.next_attempt_at
                    };
                    assert!(some.is_sorted_by_key(due), "the earliest come first");
                    taken.extend(some.into_iter().map(|document| document.id));
                }
            })
        };
        let mut taken = Vec::new();
        for task in (0..6).map(take).collect::<Vec<_>>() {
            taken.extend(task.await.expect("no panic"));
        }
        taken.sort_unstable();
        let all: Vec<Id> = (0..300)
            .filter(|n| n % 3 == 1)
            .map(|n| Id::new(Kind::Delivery, n))
            .collect();
        assert_eq!(taken, all);
        let queues = stores[0].queues(None, 10).await.expect("it reads");
        let due: Vec<_> = queues.iter().map(|queue| queue.due_at).collect();
        let first = |due| NOW.saturating_add_millis(due);
        assert_eq!(due, [first(-297), first(1000), first(-299)]);
        let rest = stores[1]
            .queues(Some(queues[0].key), 1)
            .await
            .expect("it reads");
        assert_eq!(rest, queues[1..2]);
        let rest = stores[1]
            .queues(Some(queues[2].key), 1)
            .await
            .expect("it reads");
        assert_eq!(rest, []);
    });
}

fn expired_responses_are_forgotten_in_time(server: &'static Server) {
    let database = server.database();
    let store = database.open(|options| options);
    RUNTIME.block_on(async {
        for n in 0..15 {
            let commit = store.commit(batch(Vec::new(), vec![response(n)]));
            commit.await.expect("the key is free");
        }
        let later = Batch {
            now: NOW.saturating_add_millis(10),
            ..batch(Vec::new(), vec![response(99)])
        };
        store.commit(later).await.expect("the key is free");
        let beside = sea_orm::Database::connect(database.url())
            .await
            .expect("it connects");
        let kept = || {
            let sql = "SELECT key_digest FROM responses WHERE key_digest <> 'key 99'";
            let backend = beside.get_database_backend();
            beside.query_all_raw(sea_orm::Statement::from_string(backend, sql))
        };
        let begun = Instant::now();
        while !kept().await.expect("it reads").is_empty() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "they are still there"
            );
        }
        beside.close().await.expect("it closes");
    });
}

fn a_dropped_commit_is_whole_or_nothing_under_load(server: &'static Server) {
    let database: Throwaway = server.database();
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

fn the_database_tells_the_time(server: &'static Server) {
    let throwaway = server.database();
    let store = throwaway.open(|options| options);
    RUNTIME.block_on(async {
        let ours = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ours = i64::try_from(ours.unwrap().as_millis()).unwrap();
        let told = store.now().await.unwrap().as_millis();
        // It is the same machine, and no unit or time zone is within a minute of another.
        assert!((told - ours).abs() < 60_000, "{told} and {ours}");
    });
}
