//! The suite itself, tested: each broken store must fail the cases that name what it breaks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use relm_conformance::mutants::BROKEN_STORES;
use relm_conformance::{Guarded, block_on, run};
use relm_store_memory::MemoryStore;

relm_conformance::broken_stores!(MemoryStore::new());

/// A store that forgets its unique keys fails two dozen cases: each says which of them to read first.
#[test]
fn a_case_names_the_more_basic_case_that_fails_too() {
    let broken = BROKEN_STORES
        .iter()
        .find(|broken| broken.name == "a_key_held_twice_is_noticed")
        .expect("there is such a store");
    let fresh = || Guarded::new((broken.wrap)(Arc::new(MemoryStore::new())), ());
    let read = |name: &str| {
        let failure = catch_unwind(AssertUnwindSafe(|| run(name, fresh, block_on)));
        let failure = failure.expect_err("the case fails");
        failure.downcast_ref::<String>().expect("a text").clone()
    };
    let replace = read("a_replace_needs_a_free_key");
    let first = "Read `a_unique_key_is_held_by_one_record` first";
    assert!(replace.contains(first), "{replace}");
    let basic = read("a_unique_key_is_held_by_one_record");
    assert!(!basic.contains("Read `"), "{basic}");
}
