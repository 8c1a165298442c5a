//! SQLite in memory, held to the contract of all stores, and compared with the reference over random operations.

use std::sync::Arc;

use relm_conformance::{block_on, differential};
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{SqliteOptions, SqliteStore};

fn fresh() -> SqliteStore {
    SqliteStore::open(SqliteOptions::in_memory()).expect("a fresh database opens")
}

relm_conformance::store_conformance!(fresh());

#[test]
fn it_does_what_the_reference_does() {
    for seed in 3001..=3160 {
        let reference = Arc::new(MemoryStore::new());
        differential::run(reference, Arc::new(fresh()), seed, 60, block_on);
    }
}
