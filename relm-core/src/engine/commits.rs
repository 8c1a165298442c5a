//! How a commit wakes those in its own process who follow the log of its scope. It only saves time: they look by
//! themselves for what nobody notified them of.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures_util::task::AtomicWaker;

use super::registry::Registry;
use crate::value::scope::Scope;

/// Whoever follows the log of a scope.
#[derive(Default)]
pub(super) struct Commits(Registry<Notice>);

/// That something was committed since a follower last looked.
#[derive(Default)]
struct Notice {
    is_given: AtomicBool,
    waker: AtomicWaker,
}

impl Commits {
    /// Follows a scope, from now on.
    pub fn follow(self: &Arc<Self>, scope: Scope) -> Following {
        let notice = Arc::new(Notice::default());
        self.0.add(scope, Arc::clone(&notice));
        Following {
            notice,
            commits: Arc::clone(self),
        }
    }

    /// Wakes those who follow a scope: an event was committed there.
    pub fn notify(&self, scope: Scope) {
        // Whatever a waker does, no lock is held meanwhile.
        for notice in self.0.each(scope, |notice| Some(Arc::clone(notice))) {
            notice.is_given.store(true, Ordering::Release);
            notice.waker.wake();
        }
    }
}

/// One who follows a scope. Dropping it ends that.
pub(super) struct Following {
    notice: Arc<Notice>,
    commits: Arc<Commits>,
}

impl Following {
    /// Waits until something was committed since this last returned. One task at a time waits here.
    pub async fn noticed(&self) {
        poll_fn(|context| {
            self.notice.waker.register(context.waker());
            match self.notice.is_given.swap(false, Ordering::Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.commits.0.remove(&self.notice);
    }
}
