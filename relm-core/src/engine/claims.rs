//! Claims: what one process does for all that share a store. A claim is an entry of the store that expires, as a response
//! under an idempotency key is.

use super::components::Components;
use crate::error::Result;
use crate::store::{Batch, CommitError, StoredResponse, Write};
use crate::value::scope::Scope;

/// Whether this is the first claim of a name within so many milliseconds.
pub(super) async fn claim(components: &Components, name: &str, for_ms: i64) -> Result<bool> {
    let now = components.environment().now();
    let claim = Batch {
        scope: Scope::SYSTEM,
        now,
        requires: Vec::new(),
        writes: vec![Write::Remember(StoredResponse {
            key: format!("claim {name}"),
            fingerprint: [0; 32],
            outcome: 0,
            body: "".into(),
            expires_at: now.saturating_add_millis(for_ms),
            about: Vec::new(),
        })],
    };
    match components.storage().commit(claim).await {
        Ok(()) => Ok(true),
        Err(CommitError::Refused(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
