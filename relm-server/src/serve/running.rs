//! A request while it is being answered: for how long it goes on once nobody waits for the answer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use hyper::Response;
use tokio::task::JoinHandle;

use super::answer::AnswerBody;
use super::unattended::Unattended;

pub(super) type Answering = Pin<Box<dyn Future<Output = Response<AnswerBody>> + Send>>;

/// How a request ended.
pub(super) enum Ended {
    Answered(Response<AnswerBody>),
    Panicked,
    ClientGone,
}

/// A request that is being answered. A read ends when it is dropped, and so does a write that is not
/// [accepted](Acceptance); one that is goes on [unattended](Unattended).
pub(super) struct Running<'a> {
    answering: Answering,
    is_safe: bool,
    acceptance: Acceptance,
    unattended: &'a Unattended,
}

/// Whether a request was found to be whole, and its sender to be allowed what it asks for. Until then nobody but its sender is
/// interested in it: what strangers send and leave takes no place of a write.
#[derive(Clone, Default)]
pub(super) struct Acceptance(Arc<AtomicBool>);

impl Acceptance {
    pub fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<'a> Running<'a> {
    /// `is_safe` says that nothing is committed for it which a client could ask about.
    pub fn new(
        answering: Answering,
        is_safe: bool,
        acceptance: Acceptance,
        unattended: &'a Unattended,
    ) -> Self {
        Self {
            answering,
            is_safe,
            acceptance,
            unattended,
        }
    }

    /// Answers it, as long as its client is there, which is when what `gone` makes has not ended. What is done at once, as most
    /// reads of an embedded store are, is done where its connection is, and `gone` is never asked.
    pub async fn attended<G: Future<Output = ()>>(mut self, gone: impl FnOnce() -> G) -> Ended {
        let first = poll_fn(|cx| Poll::Ready(poll_caught(&mut self.answering, cx)));
        match first.await {
            Poll::Ready(ended) => ended,
            // Boxed, so that a request that need not wait has no room for it.
            Poll::Pending => Box::pin(self.awaited(gone())).await,
        }
    }

    async fn awaited(self, gone: impl Future<Output = ()>) -> Ended {
        let Self {
            mut answering,
            is_safe,
            acceptance,
            unattended,
        } = self;
        if is_safe {
            tokio::select! {
                biased;
                ended = poll_fn(|cx| poll_caught(&mut answering, cx)) => ended,
                () = gone => Ended::ClientGone,
            }
        } else {
            let mut task = Task {
                handle: Some(tokio::spawn(answering)),
                acceptance,
                unattended,
            };
            tokio::select! {
                biased;
                ended = task.ended() => ended,
                () = gone => Ended::ClientGone,
            }
        }
    }
}

/// What a panic leaves is dropped, and never polled again.
fn poll_caught(answering: &mut Answering, cx: &mut std::task::Context<'_>) -> Poll<Ended> {
    match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ended::Answered),
        Err(_) => Poll::Ready(Ended::Panicked),
    }
}

/// A write in a task of its own: hyper drops what it awaits when a connection ends.
struct Task<'a> {
    /// None once it has ended.
    handle: Option<JoinHandle<Response<AnswerBody>>>,
    acceptance: Acceptance,
    unattended: &'a Unattended,
}

impl Task<'_> {
    async fn ended(&mut self) -> Ended {
        let Some(handle) = &mut self.handle else {
            return Ended::Panicked;
        };
        let ended = handle.await;
        self.handle = None;
        ended.map_or(Ended::Panicked, Ended::Answered)
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        match self.handle.take() {
            Some(handle) if self.acceptance.is_given() => self.unattended.go_on(handle),
            Some(handle) => handle.abort(),
            None => {}
        }
    }
}
