//! How a commit wakes those in its own process who follow the log of its scope. It only saves time: they look by
//! themselves for what nobody notified them of.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::task::AtomicWaker;

use crate::value::scope::Scope;

/// Whoever follows the log of a scope.
#[derive(Default)]
pub(super) struct Commits {
    /// How many there are: a commit that nobody follows asks no more than this.
    count: AtomicUsize,
    followers: Mutex<Vec<(Scope, Arc<Notice>)>>,
}

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
        let mut followers = self.lock();
        followers.push((scope, Arc::clone(&notice)));
        self.count.store(followers.len(), Ordering::Relaxed);
        drop(followers);
        Following {
            notice,
            commits: Arc::clone(self),
        }
    }

    /// Wakes those who follow a scope: an event was committed there.
    pub fn notify(&self, scope: Scope) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let followers = self.lock();
        let of_scope = followers.iter().filter(|(of, _)| *of == scope);
        let notices: Vec<Arc<Notice>> = of_scope.map(|(_, notice)| Arc::clone(notice)).collect();
        drop(followers);
        // Whatever a waker does, no lock is held meanwhile.
        for notice in notices {
            notice.is_given.store(true, Ordering::Release);
            notice.waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Scope, Arc<Notice>)>> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
        let mut followers = self.commits.lock();
        followers.retain(|(_, notice)| !Arc::ptr_eq(notice, &self.notice));
        self.commits.count.store(followers.len(), Ordering::Relaxed);
    }
}
