//! Stores over pools that a program has: held to the contract of all stores, and refused where they are not set as a store
//! needs them. Above its pool such a store is the one that `postgres.rs` and `mariadb.rs` hold to the engine's cases too.

mod throwaway;

use std::sync::Arc;

use relm_core::{ContactInput, Crm, Kind, ListRequest, Mode, Store};
use relm_store_seaorm::{OpenError, SeaOrmStore};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use test_requirements::requires;
use throwaway::{RUNTIME, Server};

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

mod contract_on_postgres {
    relm_conformance::store_contract!(
        #[test_requirements::requires(postgres)];
        super::POSTGRES.guarded_handed(),
        |case| super::RUNTIME.block_on(case)
    );
}

mod contract_on_mariadb {
    relm_conformance::store_contract!(
        #[test_requirements::requires(mariadb)];
        super::MARIADB.guarded_handed(),
        |case| super::RUNTIME.block_on(case)
    );
}

/// Somebody else's code may leave a connection inside a transaction that the pool knows nothing of. What is acknowledged on it
/// is there when the connection is not any more.
#[requires(postgres)]
#[test]
fn what_is_acknowledged_on_a_connection_that_was_left_in_a_transaction_is_kept() {
    let database = POSTGRES.database();
    RUNTIME.block_on(async {
        let mut options = ConnectOptions::new(database.url());
        options.max_connections(1).sqlx_logging(false);
        let pool = Database::connect(options).await.expect("it connects");
        let store = SeaOrmStore::new(pool.clone()).await.expect("it opens");
        let store = Arc::new(store);
        let crm = Crm::builder(Arc::clone(&store) as Arc<dyn Store>).build();
        let workspace = crm.create_workspace("acme").await.expect("it is made");
        let scoped = crm.open(workspace.id, Mode::Live).await;
        let scoped = scoped.expect("it is there");
        let left = pool.execute_unprepared("BEGIN").await;
        left.expect("it begins");
        let input = ContactInput {
            email: "ada@example.com".into(),
            ..Default::default()
        };
        scoped.contacts().create(input).await.expect("it is valid");
        pool.close().await.expect("it closes");
    });
    let store = database.open(|options| options);
    RUNTIME.block_on(async {
        let crm = Crm::builder(store as Arc<dyn Store>).build();
        let workspaces = crm.workspaces().await.expect("it lists");
        let scoped = crm.open(workspaces[0].id, Mode::Live).await;
        let scoped = scoped.expect("it is there");
        let page = scoped.contacts().list(&ListRequest::default()).await;
        assert_eq!(page.expect("it lists").data.len(), 1);
        assert_eq!(scoped.scope().workspace().kind(), Kind::Workspace);
    });
}

/// A server's own defaults will not do on MariaDB: a transaction would not see what was linked while it waited for a lock.
#[requires(mariadb)]
#[test]
fn a_pool_of_another_isolation_is_refused_with_what_to_set() {
    let database = MARIADB.database();
    let refused = RUNTIME.block_on(async {
        let pool = Database::connect(database.url())
            .await
            .expect("it connects");
        let refused = SeaOrmStore::new(pool.clone()).await;
        pool.close().await.expect("it closes");
        refused
    });
    let error = refused.expect_err("its isolation is repeatable read");
    let said = error.to_string();
    assert!(
        matches!(
            &error,
            OpenError::Session {
                setting: "transaction_isolation",
                ..
            }
        ),
        "{said}"
    );
    assert!(
        said.contains("REPEATABLE-READ") && said.contains("READ-COMMITTED"),
        "{said}"
    );
}

#[requires(postgres)]
#[test]
fn a_database_without_tables_is_refused_until_it_is_migrated() {
    let database = POSTGRES.empty();
    RUNTIME.block_on(async {
        let pool = Database::connect(database.url())
            .await
            .expect("it connects");
        let behind = SeaOrmStore::new(pool.clone()).await;
        let behind = behind.expect_err("there are no tables");
        assert!(
            matches!(behind, OpenError::Behind { found: 0, .. }),
            "{behind}"
        );
        let migrated = relm_store_seaorm::migration::migrate(&pool).await;
        migrated.expect("it migrates");
        SeaOrmStore::new(pool.clone())
            .await
            .expect("it is up to date");
        pool.close().await.expect("it closes");
    });
}
