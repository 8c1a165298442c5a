//! Letting others run, on whatever runtime there is.

use std::future::poll_fn;
use std::task::Poll;

/// Lets whoever else is on this thread go first. Some stores answer at once: what reads on and on of those has to wait of its own
/// accord.
pub(super) async fn yield_now() {
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
