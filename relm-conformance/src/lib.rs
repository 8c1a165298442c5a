//! The suite that every [`Store`](relm_core::Store) passes, whole: there are no flags for what a store cannot do.
//!
//! A store's whole test file is
//!
//! ```text
//! relm_conformance::store_conformance!(MyStore::in_memory());
//! ```
//!
//! which makes one `#[test]` of each case. The expression is evaluated for each of them and gives a fresh, empty store:
//! a `Store`, or [`Guarded`]: a shared store and what must outlive it, such as a temporary folder. A store that needs a runtime says how to run a future on it, from whatever thread asks:
//!
//! ```text
//! static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap()); // of many threads
//! relm_conformance::store_conformance!(fresh(), |future| RUNTIME.block_on(future));
//! ```
//!
//! Attributes that every test is to have come first, such as one that ignores them where there is no server:
//! `store_conformance!(#[requires(postgres)]; fresh(), …)`.
//!
//! Four parts:
//! - the **cases**, each of which holds a store to one sentence of the [contract](relm_core::store), or the engine over it
//!   to one of the engine's promises;
//! - the **[differential test](mod@differential)**, which compares a store with another one over random operations;
//! - the **[simulation](mod@simulation)**, which plays random histories of webhooks over a store and holds the
//!   engine to what it promises of them;
//! - the **[mutants](mod@mutants)**, by which the cases themselves are tested: each breaks one promise of a store that
//!   keeps them all, and the cases that name that promise must fail on it.
//!
//! Whatever is run has two minutes, so that a store that never answers fails and holds up nobody. A case that fails says
//! what the store returned and what the contract asks for, and which more basic case the store fails as well: that one is
//! to be read first.
//!
//! Architecture invariant: no case sleeps, knows which store it tests, or shares anything with another case.

mod cases;
#[cfg(test)]
mod columns;
mod deadline;
pub mod differential;
mod engine;
mod foundation;
mod intercept;
pub mod mutants;
mod records;
pub mod simulation;
mod store;
mod subject;
mod varied;

pub use foundation::run;
pub use subject::{BlockOn, CaseFuture, Fresh, Guarded, Subject, block_on};

/// One promise, as code that panics where it is broken.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is promised: the name of its test.
    pub name: &'static str,
    run: fn(Subject) -> CaseFuture<'static>,
}

impl Case {
    /// The case of this name.
    pub fn named(name: &str) -> Option<Self> {
        CASES.iter().copied().find(|case| case.name == name)
    }

    /// Holds a fresh store to the case.
    ///
    /// # Panics
    /// When the store breaks the promise, or the case does not end within two minutes.
    pub fn run(self, fresh: impl Fresh, block_on: BlockOn) {
        let (store, guard) = fresh.open();
        deadline::within(self.name, store, move |store| {
            block_on((self.run)(Subject::new(store, block_on)));
        });
        drop(guard);
    }
}

/// Makes one `#[test]` per case of a store: see [the crate](crate).
#[macro_export]
macro_rules! store_conformance {
    ($(#[$attribute:meta])+; $fresh:expr, $block_on:expr $(,)?) => {
        $crate::for_each_case!(conformance_tests([$(#[$attribute])+] $fresh, $block_on));
    };
    ($fresh:expr $(,)?) => {
        $crate::store_conformance!($fresh, $crate::block_on);
    };
    ($fresh:expr, $block_on:expr $(,)?) => {
        $crate::for_each_case!(conformance_tests([] $fresh, $block_on));
    };
}

/// The cases of the contract of stores alone, without those of the engine: for another way to open a store that the whole suite
/// holds to its promises already. It takes attributes, a fresh store and how to run a future, as [`store_conformance!`] does.
#[macro_export]
macro_rules! store_contract {
    ($(#[$attribute:meta])*; $fresh:expr, $block_on:expr $(,)?) => {
        $crate::for_each_case!(contract_tests([$(#[$attribute])*] $fresh, $block_on));
    };
}

/// Expands to `conformance_test!([…] fresh(), block_on) keys_compare_by_code_point); …`.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($with:tt $($module:tt { $($name:ident)* })*) => {
        $($($crate::conformance_test!($with $name);)*)*
    };
}

/// Expands to what [`conformance_tests!`] expands to, of the modules of the contract.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($with:tt $($module:tt { $($name:ident)* })*) => {
        $($crate::contract_tests_of!($with $module $($name)*);)*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests_of {
    ($with:tt [store::$file:ident] $($name:ident)*) => {
        $($crate::conformance_test!($with $name);)*
    };
    ($with:tt [engine::$file:ident] $($name:ident)*) => {};
}

/// Expands to `#[test] fn keys_compare_by_code_point() { run("keys_compare_by_code_point", || fresh(), block_on) }`.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_test {
    (([$($attributes:tt)*] $fresh:expr, $block_on:expr) $name:ident) => {
        $($attributes)*
        #[test]
        fn $name() {
            $crate::run(stringify!($name), || $fresh, $block_on);
        }
    };
}

/// Expands `case!([store::keys] none_is_no_key)` to what runs `store::keys::none_is_no_key`.
macro_rules! case {
    // The engine makes its workspaces itself.
    ([store::$file:ident] $name:ident) => {
        |subject| {
            Box::pin(async {
                records::insert_workspaces(&subject).await;
                store::$file::$name(subject).await;
            })
        }
    };
    ([engine::$file:ident] $name:ident) => {
        |subject| Box::pin(engine::$file::$name(subject))
    };
}

/// Expands to `pub const CASES: &[Case] = &[Case { name: "…", run: |subject| Box::pin(engine::…(subject)) }, …];`.
macro_rules! case_table {
    (() $($module:tt { $($name:ident)* })*) => {
        /// Every case, in the order of the contract.
        pub const CASES: &[Case] = &[$($(
            Case {
                name: stringify!($name),
                run: case!($module $name),
            },
        )*)*];
    };
}

crate::for_each_case!(case_table());
