//! The reference store, held to the contract of all stores.

use relm_store_memory::MemoryStore;

relm_conformance::store_conformance!(MemoryStore::new());
