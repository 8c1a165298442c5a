//! PostgreSQL, held to the contract of all stores and compared with the reference, in two locales.

mod throwaway;

use std::sync::Arc;

use relm_conformance::differential;
use relm_store_memory::MemoryStore;
use test_requirements::requires;
use throwaway::{RUNTIME, Server};

/// A server whose databases are of the locale C.UTF-8.
static SERVER: Server = Server::named("RELM_TEST_POSTGRES_URL");
/// One whose `LC_CTYPE` is C: nothing beyond ASCII has an upper case there.
static SERVER_C: Server = Server::named("RELM_TEST_POSTGRES_C_URL");

mod conformance {
    relm_conformance::store_conformance!(
        #[test_requirements::requires(postgres)];
        super::SERVER.guarded(),
        |case| super::RUNTIME.block_on(case)
    );
}

/// A locale decides how texts compare and what their capitals are, which the contract asks of stores: the engine's cases would ask it again.
mod contract_c {
    relm_conformance::store_contract!(
        #[test_requirements::requires(postgres_c)];
        super::SERVER_C.guarded(),
        |case| super::RUNTIME.block_on(case)
    );
}

#[requires(postgres)]
#[test]
fn it_does_what_the_reference_does() {
    compare(&SERVER, 1);
}

#[requires(postgres_c)]
#[test]
fn it_does_what_the_reference_does_in_another_locale() {
    compare(&SERVER_C, 1001);
}

fn compare(server: &'static Server, first: u64) {
    for seed in first..first + 60 {
        let (store, _database) = server.fresh();
        let reference = Arc::new(MemoryStore::new());
        differential::run(reference, store, seed, 60, |run| RUNTIME.block_on(run));
    }
}
