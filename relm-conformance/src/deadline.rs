//! The time that a case has: a store that never answers, or answers for ever, fails its case instead of holding up the
//! run.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use relm_core::store::Store;

use crate::intercept::{Intercept, Intercepted};

/// How long a case may take. It tells "never" from "slowly": many times what the slowest case takes where everything is
/// slow, so that no machine is too slow for it.
const CASE_MAX: Duration = Duration::from_secs(120);

/// How often a case may call its store: many times as often as any does. It tells "never" from "slowly" where the time does
/// not: what asks the store again and again without waiting for anything ends here.
const CALLS_MAX: u64 = 500_000;

/// Runs `case` on the store, on a thread of its own, and waits for it.
///
/// # Panics
/// When `case` panics, with what it said; and when it does not end in time, with what it waits for. What still runs then
/// is left behind: nothing can stop it.
pub(crate) fn within<T: Send + 'static>(
    name: &str,
    store: Arc<dyn Store>,
    case: impl FnOnce(Arc<dyn Store>) -> T + Send + 'static,
) -> T {
    within_time(CASE_MAX, name, store, case)
}

fn within_time<T: Send + 'static>(
    most: Duration,
    name: &str,
    store: Arc<dyn Store>,
    case: impl FnOnce(Arc<dyn Store>) -> T + Send + 'static,
) -> T {
    let by = Arc::new(Watch::default());
    let watched = Intercepted {
        store,
        by: Arc::clone(&by),
    };
    let (alive, ended) = channel::<()>();
    let run = move || {
        // Dropped when the case ends, however it does.
        let _alive = alive;
        case(Arc::new(watched))
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    let thread = thread.expect("a thread starts");
    if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(most) {
        panic!("{name} did not end within {most:?}: {}", by.calls());
    }
    thread
        .join()
        .unwrap_or_else(|panic: Box<dyn Any + Send>| resume_unwind(panic))
}

/// Knows which calls of a store wait for their answer.
#[derive(Default)]
pub(crate) struct Watch {
    calls: Mutex<Calls>,
}

/// The calls of a store: how many were made, which was the last, and how many of each method are unanswered.
#[derive(Default)]
struct Calls {
    made: u64,
    last: &'static str,
    unanswered: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls of the store, the last of `{}`; unanswered: {:?}",
            self.made, self.last, self.unanswered
        )
    }
}

impl Watch {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no call waits for its answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.calls().unanswered.is_empty()
    }
}

impl Intercept for Watch {
    /// Counts a call, which is unanswered until what this gives is dropped.
    fn call(&self, method: &'static str, _: &dyn Debug) -> Box<dyn Send + '_> {
        let mut calls = self.calls();
        calls.made += 1;
        calls.last = method;
        assert!(
            calls.made <= CALLS_MAX,
            "what the case waits for never happens: it has made {calls}"
        );
        *calls.unanswered.entry(method).or_default() += 1;
        Box::new(Call {
            watch: self,
            method,
        })
    }
}

/// A call that is unanswered, and was not given up.
struct Call<'a> {
    watch: &'a Watch,
    method: &'static str,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let unanswered = &mut self.watch.calls().unanswered;
        let left = unanswered.get(self.method).map_or(0, |count| count - 1);
        match left {
            0 => unanswered.remove(self.method),
            _ => unanswered.insert(self.method, left),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use async_trait::async_trait;
    use futures_util::future::FutureExt;
    use relm_core::record::Document;
    use relm_core::store::{
        Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query,
        Queue, QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
    };
    use relm_core::value::id::{Id, Kind};
    use relm_core::value::scope::Scope;
    use relm_core::value::time::Timestamp;

    use super::*;
    use crate::block_on;

    /// Never answers.
    struct Silent;

    #[async_trait]
    impl Store for Silent {
        async fn get(&self, _: Scope, _: Id) -> Result<Option<Document>, StoreError> {
            pending().await
        }
        async fn find(
            &self,
            _: Scope,
            _: Kind,
            _: &[String],
        ) -> Result<Vec<Option<Document>>, StoreError> {
            pending().await
        }
        async fn list(&self, _: Scope, _: &Query) -> Result<Page, StoreError> {
            pending().await
        }
        async fn search(&self, _: Scope, _: &Search) -> Result<SearchPage, StoreError> {
            pending().await
        }
        async fn configuration(
            &self,
            _: Scope,
            _: Option<Arc<Configuration>>,
        ) -> Result<Arc<Configuration>, StoreError> {
            pending().await
        }
        async fn response(
            &self,
            _: Scope,
            _: &str,
            _: Timestamp,
        ) -> Result<Option<StoredResponse>, StoreError> {
            pending().await
        }
        async fn responses_about(
            &self,
            _: Scope,
            _: Id,
            _: Option<&str>,
            _: usize,
        ) -> Result<Vec<String>, StoreError> {
            pending().await
        }
        async fn commit(&self, _: Batch) -> Result<(), CommitError> {
            pending().await
        }
        async fn log(&self, _: Scope, _: i64, _: usize) -> Result<LogPage, StoreError> {
            pending().await
        }
        async fn numbers(&self, _: Scope, _: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
            pending().await
        }
        async fn queues(&self, _: Option<QueueKey>, _: usize) -> Result<Vec<Queue>, StoreError> {
            pending().await
        }
        async fn awaited(&self, _: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
            pending().await
        }
        async fn lease(&self, _: &Lease) -> Result<Vec<Document>, StoreError> {
            pending().await
        }
    }

    /// What a case says that panics, or has no end.
    fn said(
        most: Duration,
        case: impl FnOnce(Arc<dyn Store>) + Send + 'static,
    ) -> Box<dyn Any + Send> {
        let run = || within_time(most, "the_case", Arc::new(Silent), case);
        catch_unwind(AssertUnwindSafe(run)).expect_err("the case fails")
    }

    #[test]
    fn a_call_that_is_never_answered_fails_its_case() {
        let panic = said(Duration::from_millis(20), |store| {
            block_on(Box::pin(async {
                let asked = Box::pin(store.configuration(Scope::SYSTEM, None));
                let _ = futures_util::future::join(asked, store.queues(None, 1)).await;
            }));
        });
        let said = panic.downcast_ref::<String>().expect("it says something");
        assert_eq!(
            said,
            "the_case did not end within 20ms: 2 calls of the store, the last of `queues`; \
             unanswered: {\"configuration\": 1, \"queues\": 1}"
        );
    }

    #[test]
    fn a_case_that_calls_its_store_for_ever_fails() {
        let panic = said(CASE_MAX, |store| {
            for _ in 0..=CALLS_MAX {
                let _ = store.queues(None, 1).now_or_never();
            }
        });
        let said = panic.downcast_ref::<String>().expect("it says something");
        assert_eq!(
            said,
            "what the case waits for never happens: it has made 500001 calls of the store, the last of `queues`; \
             unanswered: {}"
        );
    }

    #[test]
    fn what_a_case_gives_or_says_comes_through() {
        let seven = within_time(CASE_MAX, "the_case", Arc::new(Silent), |_| 7);
        assert_eq!(seven, 7);
        let panic = said(CASE_MAX, |_| panic!("it is broken"));
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"it is broken"));
    }
}
