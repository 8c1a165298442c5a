//! Events in process: how what this engine commits reaches the program that it is part of.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

use super::registry::Registry;
use crate::record::Event;
use crate::value::scope::Scope;

/// Events that wait for one [`EventStream`] which is not polled.
pub const EVENT_STREAM_EVENTS_MAX: usize = 1_024;

/// Whoever listens to the events of one engine.
#[derive(Default)]
pub(super) struct Listeners(Registry<Inbox>);

impl Listeners {
    /// A stream of the events of a scope, from now on.
    pub fn subscribe(self: &Arc<Self>, scope: Scope) -> EventStream {
        let inbox = Arc::new(Inbox::default());
        self.0.add(scope, Arc::clone(&inbox));
        EventStream {
            inbox,
            listeners: Arc::downgrade(self),
        }
    }

    /// Whether anybody listens to the events of a scope.
    pub fn are_there(&self, scope: Scope) -> bool {
        self.0.has(scope)
    }

    /// Gives committed events to all who listen to their scope.
    pub fn publish(&self, scope: Scope, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let wakers = self.0.each(scope, |inbox| inbox.put(events));
        // Whatever a waker does, no lock is held meanwhile.
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The engine is gone, and no event follows.
impl Drop for Listeners {
    fn drop(&mut self) {
        for inbox in self.0.take() {
            let mut queue = inbox.lock();
            queue.is_last = true;
            let waker = queue.waker.take();
            drop(queue);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

/// What waits for one stream to be polled.
#[derive(Default)]
struct Inbox {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Result<Event, MissedEvents>>,
    is_last: bool,
    waker: Option<Waker>,
}

impl Inbox {
    /// Adds events, and gives the waker of who waits for them.
    fn put(&self, events: &[Event]) -> Option<Waker> {
        let mut queue = self.lock();
        for event in events {
            let is_full = queue.items.len() >= EVENT_STREAM_EVENTS_MAX;
            match queue.items.back_mut() {
                Some(Err(missed)) if is_full => missed.count += 1,
                _ if is_full => queue.items.push_back(Err(MissedEvents { count: 1 })),
                _ => queue.items.push_back(Ok(event.clone())),
            }
        }
        queue.waker.take()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of one scope as this engine commits them: see [`Events::subscribe`](super::Events::subscribe), which says what
/// is promised. Dropping it ends the subscription.
#[must_use = "what is dropped receives nothing"]
pub struct EventStream {
    inbox: Arc<Inbox>,
    listeners: Weak<Listeners>,
}

/// Ends when the engine is gone, with all its handles.
impl Stream for EventStream {
    type Item = Result<Event, MissedEvents>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut queue = self.inbox.lock();
        match queue.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if queue.is_last => Poll::Ready(None),
            None => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            listeners.0.remove(&self.inbox);
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

/// A stream was polled too seldom: [`EVENT_STREAM_EVENTS_MAX`] events waited, and this many after them are not in it. They
/// are among those that [`Events::list`](super::Events::list) reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} events came faster than they were taken, and are left out")]
#[non_exhaustive]
pub struct MissedEvents {
    /// How many.
    pub count: u64,
}
