//! Thousands of histories of webhooks over the reference store: what the engine promises of them, held to.

use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::Arc;

use relm_conformance::mutants::BROKEN_STORES;
use relm_conformance::{block_on, simulation};
use relm_store_memory::MemoryStore;

const STEPS: usize = 24;

/// Plays the histories of these seeds.
fn play(seeds: Range<u64>) {
    let (mut sent, mut ended) = (0, [0; 3]);
    for seed in seeds {
        let played = simulation::run(Arc::new(MemoryStore::new()), seed, STEPS, block_on);
        sent += played.sent;
        for (total, count) in ended.iter_mut().zip(played.ended) {
            *total += count;
        }
    }
    // Histories in which little of this came to pass would prove little.
    assert!(sent > 4_000 && ended.iter().all(|count| *count > 500));
}

#[test]
fn histories_keep_every_promise() {
    play(0..500);
}

#[test]
fn more_histories_keep_every_promise() {
    play(500..1_000);
}

#[test]
fn still_more_histories_keep_every_promise() {
    play(1_000..1_500);
}

#[test]
fn yet_more_histories_keep_every_promise() {
    play(1_500..2_000);
}

/// The model is of use: it notices stores over which the engine cannot keep its promises.
#[test]
fn broken_stores_are_noticed() {
    for name in [
        "a_lost_delivery_is_noticed",
        "a_lost_reconfigure_is_noticed",
        "a_change_of_an_endpoint_that_is_lost_is_noticed",
        "an_unchecked_configuration_is_noticed",
        "a_forgotten_version_is_noticed",
        "a_stale_configuration_is_noticed",
    ] {
        let mut named = BROKEN_STORES.iter().filter(|broken| broken.name == name);
        let Some(broken) = named.next() else {
            panic!("there is no broken store {name}");
        };
        let is_noticed = (0..300).any(|seed| {
            let history = || {
                let store = (broken.wrap)(Arc::new(MemoryStore::new()));
                simulation::run(store, seed, STEPS, block_on)
            };
            catch_unwind(history).is_err()
        });
        assert!(is_noticed, "no history notices {name}");
    }
}
