//! One attempt: signed, sent, and recorded by a write that requires the delivery as it was taken.

use std::sync::Arc;
use std::time::Duration;

use super::Dispatcher;
use crate::engine::context::Context;
use crate::engine::resources::cancelling::cancel_pending;
use crate::engine::resources::endpoint;
use crate::engine::storage::store_error;
use crate::engine::transaction::ATTEMPTS_MAX;
use crate::error::{Error, Result};
use crate::record::{Attempt, Delivery, DisabledReason, Verdict, Webhook};
use crate::record::{Document, Entry};
use crate::store::{Batch, CommitError, Refusal, Write};
use crate::value::id::Kind;
use crate::value::time::Timestamp;
use crate::webhook::signature::{sign_all, standard_signature};
use crate::webhook::{Answer, Message, SendError};

/// A delivery has failed for good measure, rather than once by accident, from its second failure on.
const FAILURES_MIN: usize = 2;

/// An endpoint, as the attempts of one lease see it.
#[derive(Clone)]
pub(super) struct Target {
    pub webhook: Arc<Webhook>,
    secrets: Arc<[String]>,
}

impl Target {
    pub fn new(webhook: Webhook, secrets: Vec<String>) -> Self {
        Self {
            webhook: Arc::new(webhook),
            secrets: secrets.into(),
        }
    }
}

/// What an attempt came to.
pub(super) struct Attempted {
    /// When the delivery is due again, if it is.
    pub due_at: Option<Timestamp>,
    /// Whether the endpoint took it.
    pub is_taken: bool,
}

impl Dispatcher {
    /// Sends a delivery once and records it.
    pub(super) async fn attempt(
        &self,
        scoped: &Context,
        target: &Target,
        taken: Document,
        event: Option<Document>,
    ) -> Result<Attempted> {
        let mut delivery: Delivery = taken.decode()?;
        let Some(event) = event else {
            // It was replayed in the moment in which its event was forgotten.
            delivery.cancel();
            let due_at = self.record(scoped, target, taken, delivery, None).await?;
            let is_taken = false;
            return Ok(Attempted { due_at, is_taken });
        };
        let (at, begun) = (self.crm.now(), self.crm.monotonic());
        let message = self.message(target, &delivery, &event, at);
        let outcome = self.transport.send(message).await;
        let duration_ms = self.crm.monotonic().millis_since(begun);
        let attempt = Attempt::new(at, duration_ms, &outcome);
        let schedule = &self.options.schedule;
        delivery.record(attempt, self.crm.now(), &outcome, schedule, self.chance());
        let due_at = self.record(scoped, target, taken, delivery, Some(&outcome));
        Ok(Attempted {
            due_at: due_at.await?,
            is_taken: Verdict::of(&outcome) == Verdict::Taken,
        })
    }

    fn message(
        &self,
        target: &Target,
        delivery: &Delivery,
        event: &Document,
        at: Timestamp,
    ) -> Message {
        let Target { webhook, secrets } = target;
        let body = Arc::clone(&event.json);
        let seconds = at.as_millis().div_euclid(1000);
        let id = event.id.to_string();
        let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let standard = all
            .iter()
            .filter_map(|secret| standard_signature(secret, &id, seconds, body.as_bytes()));
        let standard: Vec<String> = standard.collect();
        let signature = sign_all(&all, seconds, body.as_bytes());
        let mut message = Message::new(&webhook.url, webhook.mode, body, self.options.timeout);
        message.headers = vec![
            ("content-type", "application/json".to_owned()),
            ("relm-signature", signature),
            ("relm-delivery-id", delivery.id.to_string()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", standard.join(" ")),
        ];
        message
    }

    fn chance(&self) -> u32 {
        let mut bytes = [0; 4];
        self.crm.components().environment().rng().fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// Records an attempt, with what it means for the endpoint, in one commit; when the delivery is due again, if it is.
    async fn record(
        &self,
        scoped: &Context,
        target: &Target,
        taken: Document,
        delivery: Delivery,
        outcome: Option<&Result<Answer, SendError>>,
    ) -> Result<Option<Timestamp>> {
        let id = delivery.webhook_id;
        let before = taken.into_entry()?;
        for _ in 0..ATTEMPTS_MAX {
            let mut writes = Vec::with_capacity(3);
            let changed = match outcome {
                Some(outcome) => self.judge(scoped, target, &delivery, outcome).await?,
                None => None,
            };
            let disables = changed
                .as_ref()
                .is_some_and(|(_, webhook)| !webhook.enabled);
            // Of this round alone: in the next one the endpoint may be as good as ever.
            let mut after = delivery.clone();
            if disables && after.next_attempt_at.is_some() {
                after.give_up();
            }
            let due_at = after.next_attempt_at;
            writes.push(Write::Replace {
                before: before.clone(),
                after: Entry::new(after),
            });
            if let Some((before, webhook)) = changed {
                let after = Entry::new(webhook);
                writes.push(Write::Replace { before, after });
            }
            if disables {
                writes.push(Write::Reconfigure);
            }
            let batch = Batch {
                scope: scoped.scope(),
                now: self.crm.now(),
                requires: Vec::new(),
                writes,
            };
            match scoped.storage().commit(batch).await {
                Ok(()) if disables => {
                    scoped.forget_configuration();
                    cancel_pending(scoped, id).await;
                    return Ok(None);
                }
                Ok(()) => return Ok(due_at),
                Err(CommitError::Refused(Refusal::VersionConflict { write: 0 })) => {
                    // Somebody else sent it too, and recorded that, or cancelled it.
                    let there = scoped.document(Kind::Delivery, before.record.id()).await?;
                    if there.is_none_or(|there| there.json != before.json) {
                        return Ok(None);
                    }
                }
                // The endpoint was changed meanwhile.
                Err(CommitError::Refused(Refusal::VersionConflict { .. })) => {}
                Err(CommitError::Refused(refusal)) => {
                    return Err(Error::internal(format!("the store refused {refusal:?}")));
                }
                Err(CommitError::Store(error)) => return Err(store_error(error)),
            }
        }
        Err(Error::internal(
            "an attempt could not be recorded: its endpoint never stands still",
        ))
    }

    /// What an attempt changes of its endpoint: as it is now, and as it becomes.
    async fn judge(
        &self,
        scoped: &Context,
        target: &Target,
        delivery: &Delivery,
        outcome: &Result<Answer, SendError>,
    ) -> Result<Option<(Entry, Webhook)>> {
        let verdict = Verdict::of(outcome);
        let at = delivery.attempts.last().map(|attempt| attempt.at);
        let at = at.unwrap_or(delivery.created_at);
        let failures = delivery.attempts.len();
        // Most failures change nothing, which what was read with the lease is enough to tell. Success must look again:
        // the endpoint may have been found failing while this was under way, and is not any more.
        let changes = self.change(&target.webhook, verdict, at, failures);
        if changes.is_none() && verdict != Verdict::Taken {
            return Ok(None);
        }
        let Some(document) = endpoint::find(scoped, target.webhook.id).await? else {
            return Ok(None);
        };
        let webhook: Webhook = document.decode()?;
        if webhook.url != target.webhook.url {
            // What came back tells of where the endpoint was: its owner has moved it since.
            return Ok(None);
        }
        let Some(mut changed) = self.change(&webhook, verdict, at, failures) else {
            return Ok(None);
        };
        changed.version += 1;
        Ok(Some((document.into_entry()?, changed)))
    }

    fn change(
        &self,
        webhook: &Webhook,
        verdict: Verdict,
        at: Timestamp,
        failures: usize,
    ) -> Option<Webhook> {
        let changed = match (verdict, webhook.failing_since) {
            _ if !webhook.enabled => return None,
            (Verdict::Gone, _) => {
                let mut gone = webhook.clone();
                gone.disable(DisabledReason::Gone);
                gone
            }
            (Verdict::Taken, Some(_)) => Webhook {
                failing_since: None,
                ..webhook.clone()
            },
            (Verdict::Failed, None) if failures >= FAILURES_MIN => Webhook {
                failing_since: Some(at),
                ..webhook.clone()
            },
            // It may have had nothing to take since: one failure after that is as good as a first one.
            (Verdict::Failed, Some(since))
                if failures >= FAILURES_MIN && self.is_too_long(since, at) =>
            {
                let mut failing = webhook.clone();
                failing.disable(DisabledReason::Failing);
                failing
            }
            (Verdict::Taken | Verdict::Failed, _) => return None,
        };
        Some(changed)
    }

    fn is_too_long(&self, since: Timestamp, at: Timestamp) -> bool {
        let failing_ms = (at.as_millis() - since.as_millis()).max(0).unsigned_abs();
        let limit = self.options.disable_after;
        limit.is_some_and(|limit| Duration::from_millis(failing_ms) >= limit)
    }
}
