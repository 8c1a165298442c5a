//! An answer that goes on: what its client is told as it happens, until the client leaves or the server is to stop.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::StreamExt;
use tokio::io::Interest;
use tokio::sync::watch;

use super::connection::Stage;
use super::memory::MemoryPermit;
use super::presence::Socket;

/// The body of an answer that goes on. It is asked for its next piece once the kernel has taken nearly all of those before: a
/// client that does not read is waited for, within [`Pace`](super::Pace), and nothing is made for it.
pub type LiveBody = Pin<Box<dyn Stream<Item = LivePiece> + Send>>;

/// What a client is told at once.
#[derive(Clone, Debug)]
pub struct LivePiece {
    /// The bytes.
    pub bytes: Bytes,
    /// The memory that they take, of the budget of answers, until they are written: shared by all who are told the same bytes. None
    /// for a line or two.
    pub memory: Option<Arc<MemoryPermit>>,
    /// Whether the answer breaks off here, and is to be seen to have done so: the connection ends, and these bytes are not sent.
    pub is_cut: bool,
}

impl LivePiece {
    /// The end of an answer that is not whole.
    pub const fn cut() -> Self {
        Self {
            bytes: Bytes::new(),
            memory: None,
            is_cut: true,
        }
    }
}

/// A line or two.
impl From<Bytes> for LivePiece {
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            memory: None,
            is_cut: false,
        }
    }
}

/// The same body, which ends in order once the server is to stop where it `ends_early`, and at once where its client is found to be gone: hyper would
/// notice by what it writes after that.
pub(super) fn until_over(
    live: LiveBody,
    mut stage: watch::Receiver<Stage>,
    socket: Weak<Socket>,
    ends_early: bool,
) -> LiveBody {
    let over = async move {
        tokio::select! {
            // Whoever sends the stage outlives every connection.
            _ = stage.wait_for(|stage| *stage >= Stage::Draining), if ends_early => {}
            () = has_failed(socket) => {}
        }
    };
    Box::pin(live.take_until(Box::pin(over)))
}

/// Ends when an error is on a socket, or it is closed.
async fn has_failed(socket: Weak<Socket>) {
    if let Some(socket) = socket.upgrade() {
        // Should this fail, the runtime is being shut down.
        let _ = socket.tcp().ready(Interest::ERROR).await;
    }
}
