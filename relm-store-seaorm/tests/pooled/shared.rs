//! What processes that share a database have in common: deliveries, expired responses, the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use relm_core::limits::BATCH_ROWS_MAX;
use relm_core::record::workspace::Workspace;
use relm_core::record::{Delivery, Document, Entry};
use relm_core::store::{Batch, Lease, Store, StoredResponse, Write};
use relm_core::{Id, Kind, Scope};
use sea_orm::ConnectionTrait;

use crate::throwaway::{RUNTIME, Server};
use crate::{NOW, SCOPE, batch, delivery, on_each_server};

on_each_server! {
    no_delivery_is_leased_to_two
    expired_responses_are_forgotten_in_time
    the_database_tells_the_time
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
            let commit = store.commit(batch(Vec::new(), vec![response(n, 1)]));
            commit.await.expect("the key is free");
        }
        let later = Batch {
            now: NOW.saturating_add_millis(10),
            ..batch(Vec::new(), vec![response(99, 1_000)])
        };
        store.commit(later).await.expect("the key is free");
        let beside = sea_orm::Database::connect(database.url())
            .await
            .expect("it connects");
        let kept = || {
            let sql = "SELECT key_digest FROM responses WHERE key_digest <> 'key 99' \
                       UNION ALL SELECT key_digest FROM response_records WHERE key_digest <> 'key 99'";
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

fn leased(lease_of: u128, until: i64, limit: usize) -> Lease {
    Lease {
        scope: SCOPE,
        webhook: Id::new(Kind::Webhook, lease_of),
        now: NOW,
        until: NOW.saturating_add_millis(until),
        limit,
    }
}

/// A response of the largest batch, which expires after so many milliseconds.
fn response(n: u128, millis: i64) -> Write {
    const ROWS: u128 = BATCH_ROWS_MAX as u128;
    let about = (n * ROWS..(n + 1) * ROWS).map(|record| Id::new(Kind::Contact, record));
    Write::Remember(StoredResponse {
        key: format!("key {n}"),
        fingerprint: [1; 32],
        outcome: 0,
        body: "{}".into(),
        expires_at: NOW.saturating_add_millis(millis),
        about: about.collect(),
    })
}
