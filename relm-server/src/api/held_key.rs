//! The key of an answer that goes on: whether it still opens what it opened at the beginning.

use std::sync::Arc;
use std::time::Duration;

use relm_core::engine::{Crm, PresentedKey};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Keys that are looked up at once. All who hold one key find at the same moment that it has to be asked for again: the first
/// asks the store, and the others, who wait for their turn, find what it brought.
pub(super) const HELD_LOOKUPS_MAX: usize = 4;
/// How long the turn and the look-up may take together.
const LOOKUP_WAIT_MAX: Duration = Duration::from_secs(5);

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
        if self.crm.cached_principal(&self.key).is_some() {
            return true;
        }
        let look_up = async {
            let _turn = self.lookups.acquire().await.ok()?;
            self.crm.look_up(&self.key).await.ok()?
        };
        matches!(timeout(LOOKUP_WAIT_MAX, look_up).await, Ok(Some(_)))
    }
}
