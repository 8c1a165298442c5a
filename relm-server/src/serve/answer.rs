//! Answers on their way out: each holds its memory until the last of its bytes is the kernel's.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};

use super::memory::MemoryPermit;

/// The body of an answer: one piece.
pub(super) struct AnswerBody(Option<CountedBytes>);

/// Bytes and the memory that they were given; hyper drops both together, once the bytes are written or cannot be.
pub(super) struct CountedBytes {
    bytes: Bytes,
    _memory: Option<MemoryPermit>,
}

impl AnswerBody {
    pub fn new(bytes: Bytes, memory: Option<MemoryPermit>) -> Self {
        let is_empty = bytes.is_empty();
        Self((!is_empty).then_some(CountedBytes {
            bytes,
            _memory: memory,
        }))
    }
}

impl Body for AnswerBody {
    type Data = CountedBytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<CountedBytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.0.as_ref().map_or(0, CountedBytes::remaining);
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
