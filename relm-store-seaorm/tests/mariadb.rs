//! MariaDB, held to the contract of all stores and compared with the reference.

mod throwaway;

use std::sync::Arc;

use relm_conformance::differential;
use relm_store_memory::MemoryStore;
use test_requirements::requires;
use throwaway::{RUNTIME, Server};

static SERVER: Server = Server::named("RELM_TEST_MARIADB_URL");

mod conformance {
    relm_conformance::store_conformance!(
        #[test_requirements::requires(mariadb)];
        super::SERVER.guarded(),
        |case| super::RUNTIME.block_on(case)
    );
}

#[requires(mariadb)]
#[test]
fn it_does_what_the_reference_does() {
    for seed in 2001..=2060 {
        let (store, _database) = SERVER.fresh();
        let reference = Arc::new(MemoryStore::new());
        differential::run(reference, store, seed, 60, |run| RUNTIME.block_on(run));
    }
}
