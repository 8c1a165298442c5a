//! PostgreSQL, held to the contract of all stores and compared with the reference, in two locales.

mod throwaway;

use std::sync::Arc;

use relm_store_memory::MemoryStore;
use throwaway::{RUNTIME, Server};

/// A server whose databases are of the locale C.UTF-8.
static SERVER: Server = Server::named("RELM_TEST_POSTGRES_URL");
/// One whose `LC_CTYPE` is C: nothing beyond ASCII has an upper case there.
static SERVER_C: Server = Server::named("RELM_TEST_POSTGRES_C_URL");

mod conformance {
    relm_core::store_conformance!(super::SERVER.fresh(), |case| super::SERVER.run(case));
}

mod conformance_c {
    relm_core::store_conformance!(super::SERVER_C.fresh(), |case| super::SERVER_C.run(case));
}

#[test]
fn it_does_what_the_reference_does() {
    compare(&SERVER, 1);
}

#[test]
fn it_does_what_the_reference_does_in_another_locale() {
    compare(&SERVER_C, 1001);
}

fn compare(server: &'static Server, first: u64) {
    if server.url().is_none() {
        return;
    }
    for seed in first..first + 60 {
        let (store, _database) = server.fresh();
        let reference = Arc::new(MemoryStore::new());
        RUNTIME.block_on(relm_core::conformance::model::run(
            reference, store, seed, 60,
        ));
    }
}
