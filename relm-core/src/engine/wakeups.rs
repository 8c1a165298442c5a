//! How a commit wakes the dispatcher in its own process. It only saves time: what nobody rang for, a look finds.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::store::QueueKey;

/// Queues that something was added to since the dispatcher last looked.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<BTreeSet<QueueKey>>,
    waker: AtomicWaker,
}

impl Bell {
    /// Rings for these queues.
    pub fn ring(&self, queues: BTreeSet<QueueKey>) {
        if queues.is_empty() {
            return;
        }
        self.lock().extend(queues);
        self.waker.wake();
    }

    /// The queues that were rung for, as soon as there are any. One task at a time waits here.
    pub fn poll(&self, context: &Context<'_>) -> Poll<BTreeSet<QueueKey>> {
        self.waker.register(context.waker());
        let rung = std::mem::take(&mut *self.lock());
        if rung.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(rung)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<QueueKey>> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
