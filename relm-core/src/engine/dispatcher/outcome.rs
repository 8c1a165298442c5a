//! What the outcome of an attempt means for its endpoint, beside its delivery.

use std::time::Duration;

use crate::error::Result;
use crate::record::{Delivery, DisabledReason, Verdict, Webhook};
use crate::value::time::Timestamp;
use crate::webhook::{Answer, SendError};

/// From so many failures of one delivery on, its endpoint counts as failing: one failure is an accident.
const FAILURES_MIN: usize = 2;

/// An attempt, as it concerns its endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub verdict: Verdict,
    /// When the attempt was made.
    at: Timestamp,
    /// How many attempts the delivery had with it: where this one failed, all of them failed.
    attempts: usize,
}

impl Outcome {
    /// The outcome of the last attempt of a delivery, which was answered so.
    pub fn new(delivery: &Delivery, answer: &Result<Answer, SendError>) -> Self {
        let at = delivery.attempts.last().map(|attempt| attempt.at);
        Self {
            verdict: Verdict::of(answer),
            at: at.unwrap_or(delivery.created_at),
            attempts: delivery.attempts.len(),
        }
    }

    /// What becomes of the endpoint, if anything does. It is disabled when it is gone, or when it has been failing for
    /// `disable_after`.
    pub fn change(self, webhook: &Webhook, disable_after: Option<Duration>) -> Option<Webhook> {
        if !webhook.enabled {
            return None;
        }
        let is_failing = self.attempts >= FAILURES_MIN;
        match (self.verdict, webhook.failing_since) {
            (Verdict::Gone, _) => Some(disabled(webhook, DisabledReason::Gone)),
            (Verdict::Taken, Some(_)) => Some(Webhook {
                failing_since: None,
                ..webhook.clone()
            }),
            (Verdict::Failed, None) if is_failing => Some(Webhook {
                failing_since: Some(self.at),
                ..webhook.clone()
            }),
            // It may have been sent nothing since: one failure after that is again an accident.
            (Verdict::Failed, Some(since))
                if is_failing && self.is_too_late(since, disable_after) =>
            {
                Some(disabled(webhook, DisabledReason::Failing))
            }
            (Verdict::Taken | Verdict::Failed, _) => None,
        }
    }

    fn is_too_late(self, failing_since: Timestamp, disable_after: Option<Duration>) -> bool {
        let failing_ms = self.at.as_millis() - failing_since.as_millis();
        let failing = Duration::from_millis(failing_ms.max(0).unsigned_abs());
        disable_after.is_some_and(|limit| failing >= limit)
    }
}

fn disabled(webhook: &Webhook, reason: DisabledReason) -> Webhook {
    let mut disabled = webhook.clone();
    disabled.disable(reason);
    disabled
}
