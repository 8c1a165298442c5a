//! The whole suite, of the engine too, over a store that is one transaction.

use relm_conformance::Guarded;
use relm_core::store::StoreTransaction;
use relm_store_seaorm::SeaOrmStore;

use crate::bed::{Bed, MARIADB, POSTGRES};
use crate::throwaway::{RUNTIME, Server};

/// A transaction, and what must outlive its store.
fn within(store: &SeaOrmStore, guard: impl std::any::Any) -> Guarded {
    let transaction = RUNTIME.block_on(store.begin());
    let transaction = transaction.expect("it begins");
    Guarded::new(transaction.store(), (transaction, guard))
}

fn on(server: &'static Server) -> Guarded {
    let throwaway = server.database();
    let store = throwaway.open(|options| options);
    within(&store, throwaway)
}

mod on_postgres {
    relm_conformance::store_conformance!(
        #[test_requirements::requires(postgres)];
        super::on(&super::POSTGRES),
        |case| super::RUNTIME.block_on(case)
    );
}

mod on_mariadb {
    relm_conformance::store_conformance!(
        #[test_requirements::requires(mariadb)];
        super::on(&super::MARIADB),
        |case| super::RUNTIME.block_on(case)
    );
}

mod on_sqlite {
    relm_conformance::store_conformance!(
        {
            let bed = super::Bed::sqlite_alone();
            super::within(&bed.0, bed.1)
        },
        |case| super::RUNTIME.block_on(case)
    );
}
