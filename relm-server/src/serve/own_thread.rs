//! Work that takes a processor for long: on a thread of its own, so that no other request waits for it.
//!
//! The threads that serve sockets are as many as there are processors, and each runs one task until that waits. What parses
//! megabytes, or checks and renders hundreds of rows, would let all others stand for a tenth of a second and more.
//! How many threads there are at once is bounded by the memory that such a request takes; the importer has one more.

use std::panic::resume_unwind;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// Runs a future to its end on a thread of its own. Where this is dropped, so is the future, when it waits next.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let (attended, abandoned) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let thread = spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                // First: what is abandoned before it began does not begin.
                _ = abandoned => None,
                done = work => Some(done),
            }
        })
    });
    let ended = thread.await;
    drop(attended);
    match ended {
        Ok(Some(done)) => done,
        // Only who drops this abandons it.
        Ok(None) => std::future::pending().await,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is being shut down, and this with it.
            Err(_) => std::future::pending().await,
        },
    }
}
