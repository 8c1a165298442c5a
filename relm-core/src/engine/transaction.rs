//! How a change happens: planned, committed with all that belongs to it, and planned anew when something moved.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use hmac::digest::Digest;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::{Idempotency, Scoped, store_error};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::IDEMPOTENCY_TTL_MS;
use crate::record::key::hex;
use crate::record::{Delivery, Event, EventDraft, EventType};
use crate::record::{Entry, Record};
use crate::store::{
    Batch, CommitError, Configuration, QueueKey, Refusal, Require, StoredResponse, Write,
};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// How often a change is planned before the engine gives up. Each round, some commit succeeded: only a record under
/// hundreds of simultaneous changes gets there.
pub(super) const ROUNDS_MAX: usize = 200;

/// What a change amounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It made something.
    Created,
    /// It was done, or there was nothing to do.
    Done,
    /// It was taken on, and happens later.
    Accepted,
}

impl Outcome {
    const fn number(self) -> i64 {
        match self {
            Self::Created => 1,
            Self::Done => 2,
            Self::Accepted => 3,
        }
    }

    fn of(number: i64) -> Result<Self> {
        [Self::Created, Self::Done, Self::Accepted]
            .into_iter()
            .find(|outcome| outcome.number() == number)
            .ok_or_else(|| Error::internal("a stored response has an unknown outcome"))
    }
}

/// The answer to a change, as the JSON that a client gets.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply<T = serde_json::Value> {
    /// What the change amounted to.
    pub outcome: Outcome,
    /// The JSON.
    pub body: Arc<str>,
    /// Whether this repeats the reply to an earlier request with the same idempotency key.
    pub replayed: bool,
    of: PhantomData<fn() -> T>,
}

/// Shows no body: that of a subscription or a rotation holds a secret.
impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("outcome", &self.outcome)
            .field("replayed", &self.replayed)
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Reply<T> {
    /// The reply as a typed value.
    ///
    /// # Errors
    /// `internal_error` when the body is not one.
    pub fn decode(&self) -> Result<T> {
        serde_json::from_str(&self.body).map_err(Error::internal)
    }
}

impl<T> Reply<T> {
    pub(super) fn new(outcome: Outcome, body: impl Into<Arc<str>>) -> Self {
        Self {
            outcome,
            body: body.into(),
            replayed: false,
            of: PhantomData,
        }
    }
}

/// One kind of change.
pub(super) trait Operation<T>: Send {
    /// Reads what it needs and says what to write. Called anew for each round, with a fresh plan.
    fn plan(&mut self, plan: &mut Plan<'_>) -> impl Future<Output = Result<Reply<T>>> + Send;

    /// What a refusal of its own writes means: an error, or another round. A stale record, a changed configuration and
    /// a taken idempotency key never get here: they always mean another round.
    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(Error::internal(format!("the store refused {refusal:?}")))
    }

    /// Whether the reply holds a secret, so that it is sealed where it is kept.
    fn is_secret(&self) -> bool {
        false
    }
}

/// What one round of an operation writes.
pub(super) struct Plan<'a> {
    pub scoped: &'a Scoped,
    pub configuration: Arc<Configuration>,
    pub now: Timestamp,
    pub requires: Vec<Require>,
    pub writes: Vec<Write>,
}

impl Plan<'_> {
    /// A fresh id.
    pub fn mint(&self, kind: Kind) -> Id {
        self.scoped.inner.mint(kind, self.now)
    }

    /// Adds an event, and a delivery for each endpoint that asked for its type.
    pub fn announce(&mut self, told: EventDraft) {
        let event_type = told.event_type;
        let event = Event::new(self.mint(Kind::Event), told);
        let event_id = event.id;
        self.writes.push(Write::Insert(Entry::new(event)));
        let configuration = Arc::clone(&self.configuration);
        for webhook in &configuration.webhooks {
            if webhook.enabled && webhook.event_types.includes(event_type) {
                self.deliver(webhook.id, event_id, event_type);
            }
        }
    }

    /// Adds a delivery, due at once.
    pub fn deliver(&mut self, webhook: Id, event: Id, event_type: EventType) -> Entry {
        let id = self.mint(Kind::Delivery);
        let delivery = Delivery::pending(id, webhook, event, event_type, self.now);
        let entry = Entry::new(delivery);
        self.writes.push(Write::Insert(entry.clone()));
        entry
    }

    /// The queues that the plan adds to.
    fn queues(&self) -> BTreeSet<QueueKey> {
        let scope_key = self.scoped.scope.key();
        let added = self.writes.iter().filter_map(|write| match write {
            Write::Insert(Entry {
                record: Record::Delivery(delivery),
                ..
            }) => Some(QueueKey {
                scope_key,
                webhook: delivery.webhook_id,
            }),
            _ => None,
        });
        added.collect()
    }
}

impl Scoped {
    /// Carries an operation out, once.
    pub(super) async fn execute<T, O: Operation<T>>(&self, mut operation: O) -> Result<Reply<T>> {
        let mut configuration = self.inner.configuration(self.scope).await?;
        // What was read earlier may be out of date. A commit finds that out by itself; what comes to no commit is
        // looked at again before it is answered.
        let mut is_fresh = false;
        for _ in 0..ROUNDS_MAX {
            if let Some(idempotency) = &self.idempotency
                && let Some(reply) = self.remembered(idempotency, &operation).await?
            {
                return Ok(reply);
            }
            let mut plan = Plan {
                scoped: self,
                configuration: Arc::clone(&configuration),
                now: self.inner.clock.now(),
                requires: vec![Require::Configuration(configuration.version)],
                writes: Vec::new(),
            };
            let planned = operation.plan(&mut plan).await;
            let changes_nothing = planned.is_err() || plan.writes.is_empty();
            if changes_nothing && !is_fresh {
                is_fresh = true;
                let fresh = self.inner.reload_configuration(self.scope).await?;
                if fresh.version != configuration.version {
                    configuration = fresh;
                    continue;
                }
            }
            let reply = planned?;
            if let Some(idempotency) = &self.idempotency {
                let response = self.remember(idempotency, &operation, &reply, plan.now)?;
                plan.writes.push(Write::Remember(response));
            }
            if plan.writes.is_empty() {
                return Ok(reply);
            }
            let reconfigures = plan
                .writes
                .iter()
                .any(|write| matches!(write, Write::Reconfigure));
            let queues = plan.queues();
            let batch = Batch {
                scope: self.scope,
                now: plan.now,
                requires: plan.requires,
                writes: plan.writes,
            };
            match self.inner.commit(batch).await {
                Ok(()) => {
                    if reconfigures {
                        self.inner.forget_configuration(self.scope);
                    }
                    self.inner.bell.ring(queues);
                    return Ok(reply);
                }
                Err(CommitError::Store(error)) => return Err(store_error(error)),
                Err(CommitError::Refused(refusal)) => match refusal {
                    Refusal::Configuration => {
                        configuration = self.inner.reload_configuration(self.scope).await?;
                        is_fresh = true;
                    }
                    Refusal::ResponseExists | Refusal::VersionConflict { .. } => {}
                    Refusal::Missing(_)
                    | Refusal::IdConflict { .. }
                    | Refusal::UniqueConflict { .. } => {
                        operation.refused(refusal)?;
                    }
                },
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "The record is being changed by too many requests at once; try again.",
        ))
    }

    /// What a request that cannot be read is refused with: when its key was used, it is another request than that one,
    /// which is what its sender must hear first.
    pub(super) async fn refuse_unread(&self, error: Error) -> Error {
        let Some(idempotency) = &self.idempotency else {
            return error;
        };
        match self.stored_response(idempotency).await {
            Ok(_) => error,
            Err(conflict) => conflict,
        }
    }

    /// The response under a key, if the key was used with this request; a conflict, if with another.
    async fn stored_response(&self, idempotency: &Idempotency) -> Result<Option<StoredResponse>> {
        let key = stored_key(&idempotency.key);
        let now = self.inner.clock.now();
        let stored = self.inner.store.response(self.scope, &key, now).await;
        let stored = stored.map_err(store_error)?;
        if stored
            .as_ref()
            .is_some_and(|stored| stored.fingerprint != idempotency.fingerprint)
        {
            return Err(Error::new(
                ErrorKind::IdempotencyConflict,
                "This `Idempotency-Key` was used with a different request; use a new one.",
            ));
        }
        Ok(stored)
    }

    /// The reply that an earlier request with this key got.
    async fn remembered<T>(
        &self,
        idempotency: &Idempotency,
        operation: &impl Operation<T>,
    ) -> Result<Option<Reply<T>>> {
        let Some(stored) = self.stored_response(idempotency).await? else {
            return Ok(None);
        };
        let body = if operation.is_secret() {
            let purpose = self.seal_purpose();
            let sealer = &self.inner.sealer;
            sealer
                .open(&purpose, &idempotency.key, &stored.body)?
                .into()
        } else {
            stored.body
        };
        Ok(Some(Reply {
            replayed: true,
            ..Reply::new(Outcome::of(stored.outcome)?, body)
        }))
    }

    fn remember<T>(
        &self,
        idempotency: &Idempotency,
        operation: &impl Operation<T>,
        reply: &Reply<T>,
        now: Timestamp,
    ) -> Result<StoredResponse> {
        let body = if operation.is_secret() {
            let purpose = self.seal_purpose();
            let rng = self.inner.rng.as_ref();
            let sealer = &self.inner.sealer;
            sealer
                .seal(&purpose, &idempotency.key, &reply.body, rng)?
                .into()
        } else {
            Arc::clone(&reply.body)
        };
        Ok(StoredResponse {
            key: stored_key(&idempotency.key),
            fingerprint: idempotency.fingerprint,
            outcome: reply.outcome.number(),
            body,
            expires_at: now.saturating_add_millis(IDEMPOTENCY_TTL_MS),
        })
    }

    fn seal_purpose(&self) -> String {
        format!("idempotent response {}", self.scope.key())
    }
}

/// An idempotency key as a store keeps it: a digest, since the key itself opens a sealed response.
fn stored_key(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debug_shows_of_a_reply_holds_no_secret() {
        let reply: Reply = Reply::new(Outcome::Created, r#"{"secret":"whsec_x"}"#);
        let shown = format!("{reply:?}");
        assert_eq!(shown, "Reply { outcome: Created, replayed: false, .. }");
    }
}
