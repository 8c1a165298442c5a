//! One attempt: signed, sent, and recorded by a write that requires the delivery as it was leased.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;

use super::budget::AttemptBudget;
use super::looks::Looks;
use super::options::DispatchOptions;
use super::outcome::Outcome;
use crate::engine::components::Components;
use crate::engine::context::Context;
use crate::engine::environment::Environment;
use crate::engine::resources::cancelling::cancel_pending;
use crate::engine::resources::endpoint;
use crate::engine::transaction::{Planned, Transaction, transact, unexpected};
use crate::error::{Error, Result};
use crate::record::{Attempt, Delivery, DeliveryStatus, Document, Entry, Verdict, Webhook};
use crate::store::{Batch, Refusal, Write};
use crate::value::id::Kind;
use crate::value::time::Timestamp;
use crate::webhook::signature::{sign_all, standard_signature};
use crate::webhook::{Message, Transport};

/// Sends deliveries, for all workers of a dispatcher.
pub(super) struct DeliverySender {
    pub components: Arc<Components>,
    pub options: DispatchOptions,
    pub budget: AttemptBudget,
    pub looks: Looks,
    transport: Arc<dyn Transport>,
}

/// An endpoint, as the attempts of one lease see it.
#[derive(Clone)]
pub(super) struct Target {
    pub webhook: Arc<Webhook>,
    secrets: Arc<[String]>,
    /// What its owner adds to its requests.
    headers: Arc<[(String, String)]>,
}

impl Target {
    pub fn new(webhook: Webhook, secrets: Vec<String>, headers: Vec<(String, String)>) -> Self {
        Self {
            webhook: Arc::new(webhook),
            secrets: secrets.into(),
            headers: headers.into(),
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

impl DeliverySender {
    pub fn new(
        components: Arc<Components>,
        transport: Arc<dyn Transport>,
        options: DispatchOptions,
    ) -> Self {
        Self {
            components,
            budget: AttemptBudget::new(options.in_all),
            options,
            looks: Looks::default(),
            transport,
        }
    }

    pub fn environment(&self) -> &Environment {
        self.components.environment()
    }

    /// Sends a delivery once and records it.
    pub async fn attempt(
        &self,
        context: &Context,
        target: &Target,
        leased: Document,
        event: Option<Document>,
    ) -> Result<Attempted> {
        let mut delivery: Delivery = leased.decode()?;
        let outcome = match event {
            Some(event) if is_purged(&event)? => {
                // It was replayed, or leased, in the moment in which its event was erased.
                delivery = delivery.erased();
                None
            }
            Some(event) => Some(self.send(target, &mut delivery, &event).await),
            // It was replayed in the moment in which its event was deleted.
            None => {
                delivery.cancel();
                None
            }
        };
        let endpoint = delivery.webhook_id;
        let mut record = RecordAttempt {
            context,
            target,
            disable_after: self.options.disable_after,
            before: leased.into_entry()?,
            delivery,
            outcome,
            is_contested: false,
        };
        let recorded = transact(context.storage(), &mut record).await?;
        if recorded.disables {
            context.forget_configuration();
            cancel_pending(context, endpoint).await;
        }
        Ok(Attempted {
            due_at: recorded.due_at,
            is_taken: outcome.is_some_and(|outcome| outcome.verdict == Verdict::Taken),
        })
    }

    /// Sends a delivery, and adds the attempt to it.
    async fn send(&self, target: &Target, delivery: &mut Delivery, event: &Document) -> Outcome {
        let clock = self.environment();
        let (at, begun) = (clock.now(), clock.monotonic());
        let message = self.message(target, delivery, event, at);
        let answer = self.transport.send(message).await;
        let duration_ms = clock.monotonic().millis_since(begun);
        let attempt = Attempt::new(at, duration_ms, &answer);
        let schedule = &self.options.schedule;
        delivery.record(attempt, clock.now(), &answer, schedule, self.jitter());
        Outcome::new(delivery, &answer)
    }

    fn message(
        &self,
        target: &Target,
        delivery: &Delivery,
        event: &Document,
        at: Timestamp,
    ) -> Message {
        let Target {
            webhook,
            secrets,
            headers,
        } = target;
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
        let ours = [
            ("content-type", "application/json".to_owned()),
            ("relm-signature", signature),
            ("relm-delivery-id", delivery.id.to_string()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", standard.join(" ")),
        ];
        let ours = ours.map(|(name, value)| (Cow::Borrowed(name), value));
        let owners = headers.iter().cloned();
        let owners = owners.map(|(name, value)| (Cow::Owned(name), value));
        message.headers = ours.into_iter().chain(owners).collect();
        message
    }

    fn jitter(&self) -> u32 {
        let mut bytes = [0; 4];
        self.environment().rng().fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }
}

/// Whether what an event said of its record is erased.
fn is_purged(event: &Document) -> Result<bool> {
    #[derive(Deserialize)]
    struct Mark {
        #[serde(default)]
        purged: bool,
    }
    event.decode().map(|Mark { purged }| purged)
}

/// Records an attempt, with what it means for the endpoint, in one commit.
struct RecordAttempt<'a> {
    context: &'a Context,
    target: &'a Target,
    disable_after: Option<Duration>,
    /// The delivery as it was leased, and as it becomes.
    before: Entry,
    delivery: Delivery,
    outcome: Option<Outcome>,
    /// Whether the last commit found the delivery changed.
    is_contested: bool,
}

/// What was recorded: nothing, where somebody else was faster.
#[derive(Default)]
struct Recorded {
    /// When the delivery is due again, if it is.
    due_at: Option<Timestamp>,
    /// Whether the endpoint was disabled.
    disables: bool,
}

#[async_trait]
impl Transaction for RecordAttempt<'_> {
    type Output = Recorded;

    async fn plan(&mut self) -> Result<Planned<Recorded>> {
        if self.is_contested && self.is_superseded().await? {
            return Ok(Planned::Done(Recorded::default()));
        }
        let change = match self.outcome {
            Some(outcome) => self.endpoint_change(outcome).await?,
            None => None,
        };
        let disables = change.as_ref().is_some_and(|(_, webhook)| !webhook.enabled);
        // A copy: in the next attempt to commit the endpoint may be as good as ever.
        let mut after = self.delivery.clone();
        if disables && after.next_attempt_at.is_some() {
            after.give_up();
        }
        let due_at = after.next_attempt_at;
        let batch = Batch {
            scope: self.context.scope(),
            now: self.context.environment().now(),
            requires: Vec::new(),
            writes: writes(self.before.clone(), after, change),
        };
        Ok(Planned::Commit(batch, Recorded { due_at, disables }))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            // The delivery, or else the endpoint, was changed meanwhile.
            Refusal::VersionConflict { write } => {
                self.is_contested = write == 0;
                Ok(())
            }
            Refusal::Configuration
            | Refusal::Missing(_)
            | Refusal::IdConflict { .. }
            | Refusal::UniqueConflict { .. }
            | Refusal::ResponseExists => Err(unexpected(&conflict)),
        }
    }

    fn exhausted(&self) -> Error {
        Error::internal("an attempt could not be recorded: its endpoint was changed each time")
    }
}

impl RecordAttempt<'_> {
    /// Whether somebody else sent the delivery too, and recorded that, or cancelled it. Where it was planned anew meanwhile, and
    /// nothing else, what was sent is an attempt of it all the same.
    async fn is_superseded(&mut self) -> Result<bool> {
        let id = self.before.record.id();
        let Some(there) = self.context.document(Kind::Delivery, id).await? else {
            return Ok(true);
        };
        if there.json == self.before.json {
            return Ok(false);
        }
        let current: Delivery = there.decode()?;
        let attempts = self.delivery.attempts.len() - usize::from(self.outcome.is_some());
        if current.status != DeliveryStatus::Pending || current.attempts.len() != attempts {
            return Ok(true);
        }
        self.delivery.version = current.version + 1;
        self.before = there.into_entry()?;
        Ok(false)
    }

    /// What an attempt changes of its endpoint: as it is now, and as it becomes.
    async fn endpoint_change(&self, outcome: Outcome) -> Result<Option<(Entry, Webhook)>> {
        let known = &self.target.webhook;
        // Most failures change nothing, which what was read with the lease is enough to tell. A success must look again:
        // the endpoint may have been found failing while this was under way, and is not any more.
        let changes = outcome.change(known, self.disable_after).is_some();
        if !changes && outcome.verdict != Verdict::Taken {
            return Ok(None);
        }
        let Some(document) = endpoint::find(self.context, known.id).await? else {
            return Ok(None);
        };
        let webhook: Webhook = document.decode()?;
        if webhook.url != known.url {
            // The answer is that of where the endpoint was: its owner has moved it since.
            return Ok(None);
        }
        let Some(mut changed) = outcome.change(&webhook, self.disable_after) else {
            return Ok(None);
        };
        changed.version += 1;
        Ok(Some((document.into_entry()?, changed)))
    }
}

/// The delivery first: by that place its version conflict is known.
fn writes(before: Entry, after: Delivery, change: Option<(Entry, Webhook)>) -> Vec<Write> {
    let after = Entry::new(after);
    let mut writes = vec![Write::Replace { before, after }];
    if let Some((before, webhook)) = change {
        let disables = !webhook.enabled;
        let after = Entry::new(webhook);
        writes.push(Write::Replace { before, after });
        if disables {
            writes.push(Write::Reconfigure);
        }
    }
    writes
}
