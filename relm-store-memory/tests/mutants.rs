//! The suite itself, tested: each broken store must fail the cases that name what it breaks.

use relm_store_memory::MemoryStore;

relm_conformance::broken_stores!(MemoryStore::new());
