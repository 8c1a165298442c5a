//! A transaction that a program holds, and that changes of the engine are part of.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Store;

/// A transaction of a store, which the program commits: what [`Crm::within`](crate::Crm::within) takes.
///
/// Inside it, a [`Store`] keeps what every store promises, but for three things that follow from whose transaction it is:
/// - what it commits is seen by calls within the transaction at once, and by others once the program has committed;
/// - a read of several statements need not see one moment, where the transaction itself does not;
/// - contention is a failure ([`TransactionFailure::Conflict`](super::TransactionFailure::Conflict)): nothing is tried
///   again that the program may have decided something by.
///
/// Once the transaction has ended, every call fails.
pub trait StoreTransaction: Send + Sync {
    /// The store as the transaction sees it.
    fn store(&self) -> Arc<dyn Store>;

    /// What is done once the transaction is committed. The transaction [runs](AfterCommit::run) it then, and drops it where it
    /// is rolled back.
    fn after_commit(&self) -> Arc<AfterCommit>;
}

/// What is to be done once a transaction is committed, in the order in which it was added.
#[derive(Default)]
pub struct AfterCommit {
    effects: Mutex<Vec<Effect>>,
}

type Effect = Box<dyn FnOnce() + Send>;

impl AfterCommit {
    /// Adds something to do.
    pub fn add(&self, effect: impl FnOnce() + Send + 'static) {
        self.lock().push(Box::new(effect));
    }

    /// Does all of it: the transaction is committed.
    pub fn run(&self) {
        let effects = std::mem::take(&mut *self.lock());
        effects.into_iter().for_each(|effect| effect());
    }

    /// Leaves all of it to a transaction that this one was part of, and that decides.
    pub fn hand_to(&self, outer: &Self) {
        let effects = std::mem::take(&mut *self.lock());
        outer.lock().extend(effects);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Effect>> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AfterCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterCommit").finish_non_exhaustive()
    }
}
