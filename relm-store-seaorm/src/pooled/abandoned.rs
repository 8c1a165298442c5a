//! Commits whose futures were dropped: they go on, and what follows them waits for them.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use relm_core::store::{CommitError, StoreError};
use tokio::task::JoinHandle;

use super::places::Caller;

pub(super) type Committed = Result<(), CommitError>;

/// Commits whose futures were dropped, by scope. Later commits of their scope, by this process, stand behind them: who
/// gave up a commit and begins another knows what follows what.
#[derive(Default)]
pub(super) struct Abandoned {
    count: AtomicUsize,
    commits: Mutex<Vec<(i64, JoinHandle<Committed>)>>,
}

impl Abandoned {
    fn push(&self, scope: i64, commit: JoinHandle<Committed>) {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.retain(|(_, commit)| !commit.is_finished());
        commits.push((scope, commit));
        self.count.store(commits.len(), Ordering::Release);
    }

    pub fn take(&self, scope: i64) -> Vec<JoinHandle<Committed>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others) = commits.drain(..).partition(|(other, _)| *other == scope);
        let own: Vec<_> = own;
        *commits = others;
        self.count.store(commits.len(), Ordering::Release);
        own.into_iter().map(|(_, commit)| commit).collect()
    }
}

/// Waits for a commit, and remembers it where nobody does any more.
pub(super) struct Watched {
    scope: i64,
    commit: Option<JoinHandle<Committed>>,
    abandoned: Arc<Abandoned>,
    /// Dropped with this: a commit that still waits for its turn then ends, and nothing was begun.
    _caller: Caller,
}

impl Watched {
    pub fn new(
        scope: i64,
        commit: JoinHandle<Committed>,
        caller: Caller,
        abandoned: &Arc<Abandoned>,
    ) -> Self {
        Self {
            scope,
            commit: Some(commit),
            abandoned: Arc::clone(abandoned),
            _caller: caller,
        }
    }
}

impl Future for Watched {
    type Output = Committed;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Committed> {
        let Some(commit) = &mut self.commit else {
            return Poll::Pending;
        };
        let Poll::Ready(ended) = Pin::new(commit).poll(context) else {
            return Poll::Pending;
        };
        self.commit = None;
        let gone = |_| Err(StoreError::ambiguous("a commit's task did not end").into());
        Poll::Ready(ended.unwrap_or_else(gone))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(commit) = self.commit.take() {
            self.abandoned.push(self.scope, commit);
        }
    }
}
