//! Who decides where endpoints may lead, beside the engine.

use crate::error::Result;
use crate::value::scope::Mode;

/// Decides which targets an endpoint may have before anything is sent there, as far as that is known without a look-up.
///
/// The [`Transport`](super::Transport) has the last word, on the address that it connects to. What it is sure to refuse, this
/// refuses when the endpoint is made: its owner hears of it at once, and not from deliveries that are dead a day later. A
/// program gives both from one rule, as `relm-server` does.
pub trait TargetPolicy: Send + Sync {
    /// Checks the URL of an endpoint that is made, moved or enabled, which the engine has found well-formed. An endpoint
    /// that is enabled already is not checked again.
    ///
    /// # Errors
    /// `validation_failed` at `url`, with the target, the reason, and what would be right.
    fn check(&self, mode: Mode, url: &str) -> Result<()>;
}

/// Takes every URL: the policy of an engine that was given none, whose transport alone decides.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyTarget;

impl TargetPolicy for AnyTarget {
    fn check(&self, _: Mode, _: &str) -> Result<()> {
        Ok(())
    }
}
