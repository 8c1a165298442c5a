//! Databases that are opened: by several processes at once, of another version, of another program.

use relm_core::store::Store;
use relm_store_seaorm::{OpenError, PoolOptions, SeaOrmStore};
use sea_orm::ConnectionTrait;

use crate::throwaway::{RUNTIME, Server, connect};
use crate::{SCOPE, on_each_server};

on_each_server! {
    three_processes_migrate_an_empty_database_together
    a_database_of_another_version_or_program_is_refused
    connections_in_use_are_told
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

fn connections_in_use_are_told(server: &'static Server) {
    let database = server.empty();
    RUNTIME.block_on(async {
        let options = PoolOptions::new().connections_max(3);
        let opened = SeaOrmStore::connect(database.url(), options).await;
        let store = opened.expect("it comes up");
        assert_eq!(store.connections(), (0, 3));
        let transaction = store.begin().await.expect("it begins");
        assert_eq!(store.connections(), (1, 3));
        transaction.rollback().await.expect("it ends");
        // The connection is given back by a task of its own.
        while store.connections() != (0, 3) {
            tokio::task::yield_now().await;
        }
        store.close().await;
    });
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

pub async fn open_error(url: &str, options: PoolOptions) -> OpenError {
    match SeaOrmStore::connect(url, options).await {
        Err(error) => error,
        Ok(_) => panic!("it must not open"),
    }
}
