//! What a case is given: a fresh store, and a way to run futures on it from many threads.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use relm_core::store::{Batch, CommitError, Configuration, Refusal, Require, Store, Write};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

/// A future that a [`BlockOn`] runs.
pub type CaseFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs a future to its end on the thread that calls. Many threads call at once.
pub type BlockOn = for<'a> fn(CaseFuture<'a>);

/// Runs a future that needs no runtime.
pub fn block_on(future: CaseFuture<'_>) {
    pollster::block_on(future);
}

/// How long a future that waits for something other than a wake is given before it is dropped.
const WAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// The moment of every batch that does not care about time: 2026-07-02T10:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_782_986_400_000);

/// Asserts that what a store returned is what the contract asks for.
macro_rules! assert_contract {
    ($returned:expr, $asked:expr $(,)?) => {
        $crate::subject::assert_contract!($returned, $asked, "")
    };
    ($returned:expr, $asked:expr, $($context:tt)+) => {
        match (&$returned, &$asked) {
            (returned, asked) if *returned == *asked => {}
            (returned, asked) => $crate::subject::differs(returned, asked, &format!($($context)+)),
        }
    };
}
pub(crate) use assert_contract;

/// Ends a case: the store returned one value, and the contract asks for another.
#[track_caller]
pub(crate) fn differs<R, A>(returned: &R, asked: &A, context: &str) -> !
where
    R: fmt::Debug + ?Sized,
    A: fmt::Debug + ?Sized,
{
    let of = if context.is_empty() { "" } else { " of: " };
    panic!(
        "the store returned\n    {returned:?}\nthe contract asks for\n    {asked:?}{of}{context}"
    );
}

/// A fresh store, in any of the forms in which a test may give it.
pub trait Fresh {
    /// The store, and what must outlive it.
    fn open(self) -> (Arc<dyn Store>, Box<dyn Any>);
}

impl<S: Store> Fresh for S {
    fn open(self) -> (Arc<dyn Store>, Box<dyn Any>) {
        (Arc::new(self), Box::new(()))
    }
}

/// A shared store and what must outlive it, such as the temporary folder that it keeps its files in.
pub struct Guarded {
    store: Arc<dyn Store>,
    guard: Box<dyn Any>,
}

impl Guarded {
    /// A store with its guard.
    pub fn new(store: Arc<dyn Store>, guard: impl Any) -> Self {
        let guard = Box::new(guard);
        Self { store, guard }
    }
}

impl Fresh for Guarded {
    fn open(self) -> (Arc<dyn Store>, Box<dyn Any>) {
        (self.store, self.guard)
    }
}

/// The store under test.
#[derive(Clone)]
pub struct Subject {
    store: Arc<dyn Store>,
    block_on: BlockOn,
}

impl Deref for Subject {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        self.store.as_ref()
    }
}

impl Subject {
    pub(crate) fn new(store: Arc<dyn Store>, block_on: BlockOn) -> Self {
        Self { store, block_on }
    }

    /// The store, shared.
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The whole configuration of a scope.
    pub(crate) async fn configured(&self, scope: Scope) -> Configuration {
        let configuration = self.configuration(scope, None).await;
        let configuration = configuration.expect("the store has a configuration");
        Arc::unwrap_or_clone(configuration)
    }

    /// Commits these writes, which nothing forbids.
    pub(crate) async fn apply(&self, scope: Scope, writes: Vec<Write>) {
        if let Err(error) = self.commit(batch(scope, Vec::new(), writes)).await {
            panic!("the store must apply the batch, but: {error:?}");
        }
    }

    /// The refusal of a batch that must be refused.
    pub(crate) async fn refusal(&self, scope: Scope, writes: Vec<Write>) -> Refusal {
        self.refusal_of(batch(scope, Vec::new(), writes)).await
    }

    /// The refusal of a batch that must be refused.
    pub(crate) async fn refusal_of(&self, batch: Batch) -> Refusal {
        refused(self.commit(batch).await).expect("the store must refuse the batch")
    }

    /// Runs all of these at once, each on a thread of its own, and gives what came of each.
    pub(crate) fn race<T: Send>(
        &self,
        contenders: impl IntoIterator<Item = impl Future<Output = T> + Send>,
    ) -> Vec<T> {
        let contenders: Vec<_> = contenders.into_iter().collect();
        let start = Barrier::new(contenders.len());
        thread::scope(|scope| {
            let run = |contender| {
                let start = &start;
                scope.spawn(move || {
                    let mut outcome = None;
                    start.wait();
                    (self.block_on)(Box::pin(async { outcome = Some(contender.await) }));
                    outcome.expect("a future that was run to its end has an outcome")
                })
            };
            let threads: Vec<_> = contenders.into_iter().map(run).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, T>| match thread.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            threads.into_iter().map(join).collect()
        })
    }
}

/// A batch at [`NOW`].
pub(crate) fn batch(scope: Scope, requires: Vec<Require>, writes: Vec<Write>) -> Batch {
    Batch {
        scope,
        now: NOW,
        requires,
        writes,
    }
}

/// The refusal that a commit ended with, or none where it succeeded.
pub(crate) fn refused(outcome: Result<(), CommitError>) -> Option<Refusal> {
    match outcome {
        Ok(()) => None,
        Err(CommitError::Refused(refusal)) => Some(refusal),
        Err(CommitError::Store(error)) => panic!("the store failed: {error:?}"),
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a future so many times, each after it asked to be, and drops it. Whether it ended before that.
pub(crate) fn polled<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    for poll in 0..polls {
        if poll > 0 {
            // Another wake of this thread may end the wait early: then one poll is one too many, which is allowed.
            thread::park_timeout(WAKE_TIMEOUT);
        }
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut context) {
            return Some(outcome);
        }
    }
    None
}
