//! The SQLite store, held to the contract of all stores, and compared with the reference over random operations.

use std::sync::Arc;

use relm_conformance::{Guarded, block_on, differential, simulation};
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{SqliteOptions, SqliteStore, Synchronous};

/// A store in a folder of its own, which goes with it. What a commit does not depend on is not waited for.
fn fresh() -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SqliteOptions::new(folder.path().join("relm.db"));
    let store = SqliteStore::open(options.synchronous(Synchronous::Normal));
    (store.expect("a fresh database opens"), folder)
}

relm_conformance::store_conformance!(guarded());

fn guarded() -> Guarded {
    let (store, folder) = fresh();
    Guarded::new(Arc::new(store), folder)
}

#[test]
fn it_does_what_the_reference_does() {
    for seed in 4001..=4160 {
        let (store, _folder) = fresh();
        let reference = Arc::new(MemoryStore::new());
        differential::run(reference, Arc::new(store), seed, 60, block_on);
    }
}

#[test]
fn histories_of_webhooks_keep_every_promise() {
    for seed in 1..=40 {
        let (store, _folder) = fresh();
        simulation::run(Arc::new(store), seed, 24, block_on);
    }
}
