//! Broken stores: what the cases themselves are tested with.
//!
//! Each takes a store that keeps every promise and breaks one of them. The cases that name that promise must fail on
//! it; a case that no broken store can make fail would say nothing about a store, so each is named by one at least.

mod awaited;
mod chosen;
mod commits;
mod configurations;
mod erasure;
mod filters;
mod flaws;
mod keys;
mod leases;
mod lists;
mod logs;
mod moments;
mod pages;
mod preconditions;
mod queues;
mod reads;
mod searches;
mod volumes_reads;
mod volumes_writes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use relm_core::store::Store;

use crate::intercept::{Intercept, Intercepted};
use crate::{BlockOn, Case, Fresh, Guarded};

/// A way to break a store, and who must notice.
#[derive(Clone, Copy)]
pub struct BrokenStore {
    /// What is wrong with it.
    pub name: &'static str,
    /// Breaks a correct store.
    pub wrap: fn(Arc<dyn Store>) -> Arc<dyn Store>,
    /// The cases that must fail.
    pub noticed_by: &'static [&'static str],
}

/// Makes one `#[test]` per broken store, which asserts that the cases that name its flaw fail on it.
///
/// The expression is that of [`store_conformance!`](crate::store_conformance), and gives a store that is correct.
#[macro_export]
macro_rules! broken_stores {
    ($fresh:expr $(,)?) => {
        $crate::broken_stores!($fresh, $crate::block_on);
    };
    ($fresh:expr, $block_on:expr $(,)?) => {
        $crate::for_each_broken_store!(broken_store_tests($fresh, $block_on));
    };
}

/// Expands to `#[test] fn a_torn_commit_is_noticed() { assert_noticed("a_torn_commit", || fresh(), block_on) } …`.
#[doc(hidden)]
#[macro_export]
macro_rules! broken_store_tests {
    (($fresh:expr, $block_on:expr) $($file:ident { $($flaw:ident $name:ident [$($case:ident)*])* })*) => {
        $($(
            #[test]
            fn $name() {
                $crate::mutants::assert_noticed(stringify!($name), || $fresh, $block_on);
            }
        )*)*
    };
}

/// Holds the broken store of this name to each case that must notice it.
///
/// # Panics
/// When one of them does not fail.
pub fn assert_noticed<F: Fresh>(name: &str, fresh: impl Fn() -> F, block_on: BlockOn) {
    let Some(broken) = BROKEN_STORES.iter().find(|broken| broken.name == name) else {
        panic!("there is no broken store {name}");
    };
    for case in broken.noticed_by {
        let Some(case) = Case::named(case) else {
            panic!("{name} names the case {case}, which does not exist");
        };
        let (store, guard) = fresh().open();
        let store = Guarded::new((broken.wrap)(store), guard);
        let outcome = catch_unwind(AssertUnwindSafe(|| case.run(store, block_on)));
        assert!(outcome.is_err(), "{} does not notice {name}", case.name);
    }
}

fn wrap<I: Intercept + Default>(store: Arc<dyn Store>) -> Arc<dyn Store> {
    let by = Arc::new(I::default());
    Arc::new(Intercepted { store, by })
}

macro_rules! broken_store_table {
    (() $($file:ident { $($flaw:ident $name:ident [$($case:ident)*])* })*) => {
        /// Every broken store.
        pub const BROKEN_STORES: &[BrokenStore] = &[$($(
            BrokenStore {
                name: stringify!($name),
                wrap: wrap::<$file::$flaw>,
                noticed_by: &[$(stringify!($case)),*],
            },
        )*)*];
    };
}

crate::for_each_broken_store!(broken_store_table());

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::BROKEN_STORES;
    use crate::CASES;

    #[test]
    fn every_case_fails_on_some_broken_store() {
        let noticed: BTreeSet<&str> = BROKEN_STORES
            .iter()
            .flat_map(|broken| broken.noticed_by)
            .copied()
            .collect();
        let cases: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(cases, noticed);
    }
}
