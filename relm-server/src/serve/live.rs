//! An answer that goes on: what its client is told as it happens, until the client leaves or the server is to stop.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::StreamExt;
use tokio::sync::watch;

use super::Stage;

/// The body of an answer that goes on. It is asked for its next piece once the kernel has taken nearly all of those before: a
/// client that does not read is waited for, within [`Pace`](super::Pace), and nothing is made for it.
pub type LiveBody = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// The same body, which ends in order once the server is to stop.
pub(super) fn until_draining(live: LiveBody, mut stage: watch::Receiver<Stage>) -> LiveBody {
    let draining = async move {
        // Whoever sends the stage outlives every connection.
        let _ = stage.wait_for(|stage| *stage >= Stage::Draining).await;
    };
    Box::pin(live.take_until(Box::pin(draining)))
}
