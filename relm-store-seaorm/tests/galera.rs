//! Two nodes of a Galera cluster, written to at once: no error of the cluster's own reaches a caller, and what must be one
//! is one.

mod throwaway;

use std::sync::Arc;

use relm_core::store::{Query, Store};
use relm_core::{AssociationInput, CompanyInput, ContactInput, Crm, ErrorKind, Kind, Mode, Scoped};
use relm_store_seaorm::{PoolOptions, SeaOrmStore};
use sea_orm::ConnectionTrait;
use test_requirements::requires;
use throwaway::{RUNTIME, connect};

/// A store on each node, over one fresh database.
fn nodes(name: &str) -> [Arc<SeaOrmStore>; 2] {
    let urls = std::env::var("RELM_TEST_GALERA_URLS");
    let urls = urls.expect("set RELM_TEST_GALERA_URLS to run these tests");
    let name = format!("relm_{name}_{}", std::process::id());
    let create = format!("CREATE DATABASE {name}");
    let urls: Vec<&str> = urls.split(',').collect();
    let [one, other] = urls[..] else {
        panic!("the variable names two nodes");
    };
    let beside = [connect(one), connect(other)];
    RUNTIME.block_on(async {
        let made = beside[0].execute_unprepared(&create).await;
        made.expect("it is made");
        // The other node knows of it.
        let wait = "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1";
        let waited = beside[1].execute_unprepared(wait).await;
        waited.expect("it catches up");
        let open = |url: &str| {
            let (server, _) = url.rsplit_once('/').expect("it names a database");
            let url = format!("{server}/{name}");
            tokio::spawn(SeaOrmStore::connect(url, PoolOptions::new()))
        };
        // Both migrate.
        let (one, other) = (open(one), open(other));
        let up = |opened: Result<Result<SeaOrmStore, _>, _>| {
            let opened: Result<SeaOrmStore, relm_store_seaorm::OpenError> =
                opened.expect("no panic");
            Arc::new(opened.expect("it comes up"))
        };
        [up(one.await), up(other.await)]
    })
}

/// One workspace, on each node.
async fn workspace(nodes: &[Arc<SeaOrmStore>; 2]) -> [Scoped; 2] {
    let store = |node: usize| Arc::clone(&nodes[node]) as Arc<dyn Store>;
    let [one, other] = [0, 1].map(|node| Crm::builder(store(node)).build());
    let workspace = one.create_workspace("acme").await.expect("it is made");
    // The other node must know it at once.
    [
        one.open(workspace.id, Mode::Live)
            .await
            .expect("it is there"),
        other
            .open(workspace.id, Mode::Live)
            .await
            .expect("it is there"),
    ]
}

async fn count(store: &SeaOrmStore, scoped: &Scoped, kind: Kind) -> usize {
    let query = Query {
        kind,
        clauses: Vec::new(),
        after: None,
        limit: 10_000,
    };
    let page = store.list(scoped.scope(), &query).await;
    page.expect("it lists").documents.len()
}

#[requires(galera)]
#[test]
fn one_address_and_one_request_make_one_record_on_two_nodes() {
    const ROUNDS: usize = 25;
    const CONTENDERS: usize = 6;
    let nodes = nodes("requests");
    RUNTIME.block_on(async {
        let scoped = workspace(&nodes).await;
        for round in 0..ROUNDS {
            let send = |contender: usize| {
                let scoped = scoped[contender % 2].clone();
                tokio::spawn(async move {
                    let once = scoped.clone().idempotent(&format!("key {round}"), &[1; 32]);
                    let input = ContactInput {
                        email: format!("once{round}@example.com").as_str().into(),
                        ..Default::default()
                    };
                    let same = once.expect("it is valid").contacts().create(input).await;
                    let input = ContactInput {
                        email: format!("Ada{round}@example.com").as_str().into(),
                        ..Default::default()
                    };
                    let taken = scoped.contacts().create(input).await;
                    (same.expect("the same request, the same answer"), taken)
                })
            };
            let tasks: Vec<_> = (0..CONTENDERS).map(send).collect();
            let mut created = 0;
            let mut same = Vec::new();
            for task in tasks {
                let (contact, taken) = task.await.expect("no panic");
                same.push(contact);
                match taken {
                    Ok(_) => created += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
                }
            }
            assert_eq!(created, 1, "round {round}");
            assert!(same.iter().all(|contact| *contact == same[0]), "{same:?}");
        }
        for (node, scoped) in nodes.iter().zip(&scoped) {
            assert_eq!(count(node, scoped, Kind::Contact).await, 2 * ROUNDS);
            assert_eq!(count(node, scoped, Kind::Event).await, 2 * ROUNDS);
        }
    });
}

#[requires(galera)]
#[test]
fn no_update_is_lost_and_no_edge_leads_to_what_another_node_deleted() {
    const ROUNDS: usize = 20;
    let nodes = nodes("edges");
    RUNTIME.block_on(async {
        let scoped = workspace(&nodes).await;
        let input = ContactInput {
            email: "ada@example.com".into(),
            ..Default::default()
        };
        let ada = scoped[0]
            .contacts()
            .create(input)
            .await
            .expect("it is valid");
        for round in 0..ROUNDS {
            let input = CompanyInput {
                name: "Shop".into(),
                ..Default::default()
            };
            let shop = scoped[round % 2].companies().create(input).await;
            let shop = shop.expect("it is valid").id;
            let link = AssociationInput {
                from_id: ada.id,
                to_id: shop,
                label: None,
                attributes: Default::default(),
            };
            let (one, other) = (scoped[0].clone(), scoped[1].clone());
            let linked = tokio::spawn(async move { one.associations().link(link).await });
            let deleted = tokio::spawn(async move { other.companies().delete(shop, None).await });
            if let Err(error) = linked.await.expect("no panic") {
                assert_eq!(error.kind(), ErrorKind::InvalidReference, "{error:?}");
            }
            deleted.await.expect("no panic").expect("it is there");
            assert_eq!(
                count(&nodes[0], &scoped[0], Kind::Association).await,
                0,
                "round {round}"
            );
            let change = |n: usize| {
                let scoped = scoped[n % 2].clone();
                let phone = format!("{round} {n}");
                tokio::spawn(async move {
                    let change = ContactInput {
                        phone: phone.as_str().into(),
                        ..Default::default()
                    };
                    scoped.contacts().update(ada.id, change, None).await
                })
            };
            for change in (0..4).map(change).collect::<Vec<_>>() {
                change.await.expect("no panic").expect("it is there");
            }
        }
        let ada = scoped[1].contacts().get(ada.id).await.expect("it reads");
        let version = ada.expect("it is there").version;
        assert_eq!(version, 1 + 4 * ROUNDS as i64, "an update was lost");
    });
}
