//! What pages on their way out may hold of memory: anybody may ask for them, and read as slowly as an answer may be read.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::html::answer;

/// Bytes of pages that their readers have not taken, of all readers together.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// The bytes that are left.
pub(super) struct Budget(Arc<Semaphore>);

/// A body and its share of the budget, which it gives back when its last byte is the kernel's, or cannot be.
struct Held {
    bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BYTES_MAX)))
    }
}

impl Budget {
    /// The page, whose body holds its share; 503 where there is none.
    pub fn hold(&self, page: Response<Bytes>) -> Response<Bytes> {
        let bytes = u32::try_from(page.body().len()).unwrap_or(u32::MAX);
        match Arc::clone(&self.0).try_acquire_many_owned(bytes) {
            Ok(share) => page.map(|bytes| {
                Bytes::from_owner(Held {
                    bytes,
                    _share: share,
                })
            }),
            Err(_) => answer::busy(),
        }
    }
}
