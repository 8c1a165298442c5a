//! Answers on their way out: each holds its memory until the last of its bytes is the kernel's. One that goes on is made
//! piece by piece, as they are taken, and each piece holds its own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};

use super::live::LiveBody;
use super::memory::MemoryPermit;

/// An answer that breaks off before it is whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off")]
pub(super) struct Cut;

/// The body of an answer.
pub(super) struct AnswerBody(Content);

enum Content {
    /// One piece.
    Whole(Option<CountedBytes>),
    Live(LiveBody),
}

/// Bytes and the memory that they were given; hyper drops both together, once the bytes are written or cannot be.
pub(super) struct CountedBytes {
    bytes: Bytes,
    _memory: Option<Arc<MemoryPermit>>,
}

impl AnswerBody {
    pub fn new(bytes: Bytes, memory: Option<MemoryPermit>) -> Self {
        let is_empty = bytes.is_empty();
        Self(Content::Whole((!is_empty).then_some(CountedBytes {
            bytes,
            _memory: memory.map(Arc::new),
        })))
    }

    pub fn live(body: LiveBody) -> Self {
        Self(Content::Live(body))
    }
}

impl Body for AnswerBody {
    type Data = CountedBytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<CountedBytes>, Cut>>> {
        let bytes = match &mut self.0 {
            Content::Whole(bytes) => bytes.take(),
            Content::Live(live) => {
                let next = ready!(live.as_mut().poll_next(context));
                if next.as_ref().is_some_and(|piece| piece.is_cut) {
                    return Poll::Ready(Some(Err(Cut)));
                }
                next.map(|piece| CountedBytes {
                    bytes: piece.bytes,
                    _memory: piece.memory,
                })
            }
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Content::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        let left = match &self.0 {
            Content::Whole(bytes) => bytes.as_ref().map_or(0, CountedBytes::remaining),
            Content::Live(_) => return SizeHint::default(),
        };
        SizeHint::with_exact(left as u64)
    }
}

impl Buf for CountedBytes {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}
