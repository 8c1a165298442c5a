//! What one step of the work on an import comes to, and what is between two of them.

use std::future::poll_fn;
use std::task::Poll;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A piece of the work was done.
    Worked,
    /// It is not there any more, has another status by now, or somebody else works on it.
    Lost,
}

/// Lets others have the thread, whatever runs them: waits once, and is woken at once. A store in memory never waits by itself, and a whole import would
/// be one poll.
pub(super) async fn give_way() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
