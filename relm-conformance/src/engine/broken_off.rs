//! A store that fails from some commit on: what was begun then is broken off.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use relm_core::store::{Batch, CommitError, Store, StoreError};

use crate::intercept::Intercept;

/// Fails every commit after so many.
pub(crate) struct BreaksOff(AtomicUsize);

impl BreaksOff {
    pub fn after(commits: usize) -> Self {
        Self(AtomicUsize::new(commits))
    }
}

#[async_trait]
impl Intercept for BreaksOff {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let less = |left: usize| left.checked_sub(1);
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        match left {
            Ok(_) => store.commit(batch).await,
            Err(_) => Err(StoreError::unavailable("it is gone").into()),
        }
    }
}
