//! SQLite through sqlx: a pool of the store's own, one that a program has, and a database in memory, held to the contract of all
//! stores and compared with the reference.

use std::sync::{Arc, LazyLock};

use relm_conformance::differential;
use relm_core::Store;
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{OpenError, PoolOptions, SeaOrmStore, SqliteStore, migration};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

type Folder = tempfile::TempDir;

fn folder() -> (Folder, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("relm.db").display()
    );
    (folder, url)
}

fn connected() -> (SeaOrmStore, Folder) {
    let (folder, url) = folder();
    let store = RUNTIME.block_on(SeaOrmStore::connect(url, PoolOptions::new()));
    (store.expect("a fresh database opens"), folder)
}

/// A store over a pool as SeaORM opens it, of so many connections.
fn handed(url: &str, connections: u32) -> Result<SeaOrmStore, OpenError> {
    RUNTIME.block_on(async {
        let mut options = ConnectOptions::new(url);
        options.max_connections(connections).sqlx_logging(false);
        if url.contains("memory") {
            options.idle_timeout(None).max_lifetime(None);
        }
        let pool: DatabaseConnection = Database::connect(options).await?;
        migration::migrate(&pool).await?;
        SeaOrmStore::new(pool).await
    })
}

mod conformance_of_our_own_pool {
    relm_conformance::store_conformance!(
        {
            let (store, folder) = super::connected();
            relm_conformance::Guarded::new(std::sync::Arc::new(store), folder)
        },
        |case| super::RUNTIME.block_on(case)
    );
}

/// A pool that is handed over, of the one connection that a database in memory has.
mod conformance_in_memory {
    relm_conformance::store_conformance!(
        super::handed("sqlite::memory:", 1).expect("it opens"),
        |case| super::RUNTIME.block_on(case)
    );
}

#[test]
fn it_does_what_the_reference_does() {
    for seed in 5001..=5040 {
        let (store, _folder) = match seed % 2 {
            0 => connected(),
            _ => {
                let (folder, url) = folder();
                (handed(&url, 4).expect("a fresh database opens"), folder)
            }
        };
        let reference = Arc::new(MemoryStore::new());
        differential::run(reference, Arc::new(store), seed, 60, |run| {
            RUNTIME.block_on(run)
        });
    }
}

#[test]
fn a_database_in_memory_is_refused_where_its_pool_would_lose_it() {
    let refused = handed("sqlite::memory:", 2).expect_err("each has its own, or one goes");
    let is_number = matches!(
        &refused,
        OpenError::Session {
            setting: "max_connections",
            ..
        }
    );
    assert!(is_number, "{refused}");
}

/// The embedded store and one over sqlx open the same file, at once or one after the other.
#[test]
fn a_file_is_one_for_both_drivers() {
    let (folder, url) = folder();
    let path = folder.path().join("relm.db");
    let embedded = SqliteStore::open_file(&path).expect("a fresh database opens");
    let pooled = RUNTIME.block_on(SeaOrmStore::connect(url, PoolOptions::new()));
    let pooled = pooled.expect("it is up to date");
    let reference: Arc<dyn Store> = Arc::new(MemoryStore::new());
    differential::run(reference, Arc::new(pooled), 5100, 60, |run| {
        RUNTIME.block_on(run)
    });
    drop(embedded);
    SqliteStore::open_file(&path).expect("it opens again");
}
