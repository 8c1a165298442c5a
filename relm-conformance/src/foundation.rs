//! Which case to read first: what a store gets wrong at its foundation makes many other cases fail.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{BlockOn, Case, Fresh};

/// The cases that others build on, the most basic first.
const FOUNDATION: [&str; 14] = [
    "a_commit_is_seen_by_every_later_call",
    "documents_come_back_byte_for_byte",
    "a_refused_batch_leaves_nothing",
    "an_insert_needs_a_free_id",
    "a_replace_needs_the_version_that_was_read",
    "a_unique_key_is_held_by_one_record",
    "a_list_is_ordered_by_descending_id",
    "more_is_exact_on_a_full_page",
    "records_stay_in_their_scope",
    "reconfigure_counts_by_one",
    "a_response_comes_back_exactly",
    "a_lease_gives_what_is_due_earliest_first",
    "a_lease_holds_what_it_gave",
    "a_log_has_every_event_once",
];

/// Holds a fresh store to the case of this name.
///
/// # Panics
/// When the store breaks the promise: with the most basic case that it fails as well, where there is one, since that is the
/// one to mend first.
pub fn run<F: Fresh>(name: &str, fresh: impl Fn() -> F, block_on: BlockOn) {
    let Err(failure) = outcome(name, fresh(), block_on) else {
        return;
    };
    let failure = text_of(failure.as_ref());
    let before = FOUNDATION.iter().take_while(|basic| **basic != name);
    for basic in before {
        if let Err(cause) = outcome(basic, fresh(), block_on) {
            let cause = text_of(cause.as_ref());
            panic!(
                "{failure}\n\nRead `{basic}` first: the store fails that more basic case, too: {cause}"
            );
        }
    }
    panic!("{failure}");
}

fn outcome(name: &str, fresh: impl Fresh, block_on: BlockOn) -> Result<(), Box<dyn Any + Send>> {
    let Some(case) = Case::named(name) else {
        panic!("there is no case {name}");
    };
    catch_unwind(AssertUnwindSafe(|| case.run(fresh, block_on)))
}

/// What a panic said.
fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("the case panicked")
}
