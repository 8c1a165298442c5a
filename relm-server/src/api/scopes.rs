//! What a key may do.

use relm_core::{Error, ErrorKind, KeyScope, Principal};

use super::answer::ApiError;

/// Refuses a key that may not do this.
pub(super) fn check_scope(principal: &Principal, needed: KeyScope) -> Result<(), ApiError> {
    if principal.scopes.cover(needed) {
        return Ok(());
    }
    let message = format!("This request needs the scope `{needed}`, which this API key has not.");
    Err(Error::new(ErrorKind::Forbidden, message).into())
}
