//! The key of an answer that goes on: whether it still opens what it opened at the beginning.

use std::sync::Arc;
use std::time::Duration;

use relm_core::engine::{Crm, PresentedKey};
use relm_core::{Error, ErrorKind};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer::ApiError;

/// Keys that are looked up at once. All who hold one key find at the same moment that it has to be asked for again: the first
/// asks the store, and the others, who wait for their turn, find what it brought.
pub(super) const HELD_LOOKUPS_MAX: usize = 4;
/// How long the turn and the look-up may take together.
const LOOKUP_WAIT_MAX: Duration = Duration::from_secs(5);

const ENDED: &str = "The API key was revoked or has expired since this request began; send it again with another key.";

const UNTOLD: &str = "The store did not say in time whether the API key is still valid; try again.";

/// A key that was valid when its request was admitted.
#[derive(Debug)]
pub(super) struct HeldKey {
    pub crm: Crm,
    pub key: PresentedKey<'static>,
    /// Shared by all who hold keys.
    pub lookups: Arc<Semaphore>,
}

impl HeldKey {
    /// Whether a request with this key would be admitted now. Where the store does not say so, it would not.
    pub async fn is_valid(&self) -> bool {
        self.check().await.is_ok()
    }

    /// Refuses what a request with this key would be refused now.
    pub async fn check(&self) -> Result<(), ApiError> {
        if self.crm.cached_principal(&self.key).is_some() {
            return Ok(());
        }
        let look_up = async {
            let Ok(_turn) = self.lookups.acquire().await else {
                return Err(ApiError::internal());
            };
            self.crm.look_up(&self.key).await.map_err(ApiError::from)
        };
        match timeout(LOOKUP_WAIT_MAX, look_up).await {
            Ok(Ok(Some(_))) => Ok(()),
            Ok(Ok(None)) => Err(Error::new(ErrorKind::Unauthorized, ENDED).into()),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Error::new(ErrorKind::Unavailable, UNTOLD).into()),
        }
    }
}
