//! Files: bodies that are taken in as they arrive, at a pace, and never held whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::http::request::Parts;
use tokio::time::{Instant, timeout};

use super::memory::MemoryPermit;
use super::receive::{BodyMemory, check_body_type};
use super::running::Acceptance;
use super::{Allowance, FileBody, Limits, Pace, Refusal};

/// Memory that is held for a file while it arrives: what hyper has of it, and the rows that wait for others to be kept with them.
const FILE_BYTES: usize = 8 * 1024 * 1024;
/// How often a file that is smaller counts: its bytes, and the rows that are made of them.
const SMALL_FILE_FACTOR: u64 = 8;

/// Checks what is said of a file before any of it is read, and takes the memory that it needs.
pub(super) async fn check_file(
    memory: &BodyMemory,
    allowance: &Allowance,
    head: &Parts,
    body: &Incoming,
) -> Result<MemoryPermit, Refusal> {
    check_body_type(head, allowance.body)?;
    let bytes_max = allowance.body_bytes_max;
    let declared = body.size_hint().exact();
    if declared.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(Refusal::PayloadTooLarge(bytes_max));
    }
    let permit = memory.of_file(allowance.tenant, file_bytes(declared)).await;
    permit.ok_or(Refusal::Busy)
}

/// What is held for a file of so many bytes, if it says how many.
fn file_bytes(declared: Option<u64>) -> usize {
    let bytes = declared.map(|bytes| bytes.saturating_mul(SMALL_FILE_FACTOR));
    let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
    bytes.unwrap_or(FILE_BYTES).min(FILE_BYTES)
}

/// A file on its way in.
pub(super) struct IncomingFile {
    body: Incoming,
    pace: Pace,
    /// How long its sender was waited for in this window, and what came in it.
    waited: Duration,
    window_bytes: usize,
    bytes: usize,
    bytes_max: usize,
    is_whole: Arc<AtomicBool>,
    acceptance: Acceptance,
    has_ended: bool,
}

impl IncomingFile {
    pub fn new(body: Incoming, limits: &Limits, bytes_max: usize, acceptance: Acceptance) -> Self {
        Self {
            body,
            pace: limits.file_pace,
            waited: Duration::ZERO,
            window_bytes: 0,
            bytes: 0,
            bytes_max,
            is_whole: Arc::default(),
            acceptance,
            has_ended: false,
        }
    }

    /// Whether all of it was taken in, as of when that is asked.
    pub fn is_whole(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_whole)
    }

    /// Its pieces.
    pub fn pieces(self) -> FileBody {
        let pieces = stream::unfold(self, |mut file| async move {
            let piece = file.next().await?;
            file.has_ended |= piece.is_err();
            Some((piece, file))
        });
        pieces.boxed()
    }

    async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        loop {
            if self.has_ended {
                return None;
            }
            let frame = match self.frame().await {
                Ok(frame) => frame,
                Err(refusal) => return Some(Err(refusal)),
            };
            let Some(frame) = frame else {
                // Whoever sent all of it has asked for what it says, and may leave.
                self.acceptance.give();
                self.is_whole.store(true, Ordering::Relaxed);
                return None;
            };
            let Ok(frame) = frame else {
                let message = "The body did not arrive whole.";
                return Some(Err(Refusal::BadRequest(message)));
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            self.bytes += data.len();
            self.window_bytes += data.len();
            if self.bytes > self.bytes_max {
                return Some(Err(Refusal::PayloadTooLarge(self.bytes_max)));
            }
            return Some(Ok(data));
        }
    }

    /// The next frame, which must come in time: where too little came while it was waited for the sender as long as a window is, the file
    /// ends. Time that is taken for what came is not the sender's.
    async fn frame(&mut self) -> Result<Option<Result<Frame<Bytes>, hyper::Error>>, Refusal> {
        let Pace {
            window_bytes_min,
            window,
        } = self.pace;
        loop {
            let began = Instant::now();
            let left = window.saturating_sub(self.waited);
            match timeout(left, self.body.frame()).await {
                Ok(frame) => {
                    self.waited += began.elapsed();
                    return Ok(frame);
                }
                Err(_) if self.window_bytes < window_bytes_min => return Err(Refusal::BodyTimeout),
                Err(_) => (self.window_bytes, self.waited) = (0, Duration::ZERO),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tenant;
    use super::*;

    #[test]
    fn a_small_file_holds_little() {
        assert_eq!(file_bytes(Some(300)), 2400);
        assert_eq!(file_bytes(Some(1024 * 1024 + 1)), FILE_BYTES);
        assert_eq!(file_bytes(Some(u64::MAX)), FILE_BYTES);
        assert_eq!(file_bytes(None), FILE_BYTES);
    }

    #[tokio::test]
    async fn files_take_nothing_from_what_is_sent_whole() {
        let bytes_max = 64 * 1024 * 1024;
        let memory = BodyMemory::new(bytes_max, Duration::MAX, Duration::ZERO);
        let (mut files, mut whole) = (Vec::new(), Vec::new());
        for tenant in 0..16 {
            files.extend(memory.of_file(Tenant(tenant), FILE_BYTES).await);
            let mib = 1024 * 1024;
            whole.extend(memory.of_large(Tenant(tenant), mib).await);
        }
        assert_eq!((files.len(), whole.len()), (4, 16));
    }
}
