//! How a commit wakes the dispatcher in its own process. It only saves time: the dispatcher polls for what nobody notified
//! it of.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::store::QueueKey;

/// Queues that something was added to since the dispatcher last polled.
#[derive(Default)]
pub(super) struct Wakeups {
    queues: Mutex<BTreeSet<QueueKey>>,
    waker: AtomicWaker,
}

impl Wakeups {
    /// Wakes the dispatcher for these queues.
    pub fn notify(&self, queues: BTreeSet<QueueKey>) {
        if queues.is_empty() {
            return;
        }
        self.lock().extend(queues);
        self.waker.wake();
    }

    /// The queues that were notified of, as soon as there are any. One task at a time waits here.
    pub fn poll(&self, context: &Context<'_>) -> Poll<BTreeSet<QueueKey>> {
        self.waker.register(context.waker());
        let queues = std::mem::take(&mut *self.lock());
        if queues.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(queues)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<QueueKey>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
