//! How a request wakes whoever works on imports in its own process.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures_util::task::AtomicWaker;

/// That there is something to work on. It only saves time: the worker looks at the queue by itself.
#[derive(Default)]
pub(super) struct ImportNotice {
    is_given: AtomicBool,
    waker: AtomicWaker,
}

impl ImportNotice {
    pub fn give(&self) {
        self.is_given.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Waits until it was given since this last returned. One task at a time waits here.
    pub async fn taken(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            match self.is_given.swap(false, Ordering::Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}
