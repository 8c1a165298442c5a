//! Changes of one scope: an operation says what to write, and its plan adds the event and the deliveries of that change.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::addresses::{self as several_addresses, are_ready};
use super::context::Context;
use super::effects::Effects;
use super::spans;
use super::transaction::{Planned, Transaction, transact, unexpected};
use super::unique_values::{self, Kept, KnownValues, takes_further};
use super::wanted::{EventView, KnownConditions};
use crate::error::Result;
use crate::record::unique_member::{addresses, any_indexed};
use crate::record::{
    Delivery, Document, Entry, Event, EventDraft, EventType, Origin, Record, UniqueValue, Webhook,
};
use crate::store::{Batch, Configuration, QueueKey, Refusal, Require, Write};
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// One kind of change of a scope.
#[async_trait]
pub(super) trait Operation: Send {
    /// What it comes to.
    type Output: Send;

    /// Reads what it needs and says what to write. Called once for each attempt, with a fresh plan.
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Self::Output>;

    /// What a conflict of its own writes means: an error, or another attempt. A version conflict and a changed
    /// configuration never get here: they always mean another attempt.
    ///
    /// # Errors
    /// What the conflict means to the caller.
    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        Err(unexpected(&conflict))
    }
}

/// What one attempt of an operation writes.
pub(super) struct Plan<'a> {
    context: &'a Context,
    configuration: Arc<Configuration>,
    now: Timestamp,
    request_id: Option<RequestId>,
    requires: Vec<Require>,
    writes: Vec<Write>,
    /// What is known of unique values, by their keys.
    unique_values: KnownValues,
    conditions: KnownConditions,
}

impl<'a> Plan<'a> {
    fn new(context: &'a Context, configuration: Arc<Configuration>) -> Self {
        Self {
            context,
            now: context.environment().now(),
            request_id: context.request_id(),
            requires: vec![Require::Configuration(configuration.version)],
            configuration,
            writes: Vec::new(),
            unique_values: KnownValues::default(),
            conditions: KnownConditions::default(),
        }
    }

    pub fn context(&self) -> &'a Context {
        self.context
    }

    /// What the plan is validated against, and its commit requires.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The moment of the change.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A fresh id.
    pub fn mint(&self, kind: Kind) -> Id {
        self.context.environment().mint(kind, self.now)
    }

    /// Requires that a record exists.
    pub fn require_exists(&mut self, id: Id) {
        let require = Require::Exists(id);
        if !self.requires.contains(&require) {
            self.requires.push(require);
        }
    }

    /// Requires that these records exist.
    pub fn require_each(&mut self, mut ids: BTreeSet<Id>) {
        for require in &self.requires {
            if let Require::Exists(id) = require {
                ids.remove(id);
            }
        }
        self.requires.extend(ids.into_iter().map(Require::Exists));
    }

    /// Adds a write, and gives its place.
    pub fn write(&mut self, write: Write) -> usize {
        self.writes.push(write);
        self.writes.len() - 1
    }

    /// Takes in who the store says has a unique value, so that it is not asked again.
    pub fn know_unique_value(&mut self, key: String, found: Option<Document>) {
        self.unique_values.insert(key, found);
    }

    /// Has the values of unique members go with the records that the plan writes. Where no member was made unique, there is nothing to do.
    async fn keep_unique_values(&mut self) -> Result<()> {
        let with_addresses = self.keeps_addresses();
        if !with_addresses && !any_indexed(&self.configuration.fields) {
            return Ok(());
        }
        let known = mem::take(&mut self.unique_values);
        let (of, writes) = (&self.configuration, &self.writes);
        for kept in unique_values::kept(self.context, of, writes, with_addresses, known).await? {
            let write = match kept {
                Kept::New { index, key, record } => {
                    let id = self.mint(Kind::UniqueValue);
                    Write::Insert(Entry::new(UniqueValue::of(id, index, key, record)))
                }
                Kept::Other(write) => write,
            };
            self.write(write);
        }
        Ok(())
    }

    /// Whether all addresses of contacts are kept apart by an index. What is not committed finds out about further ones all the same.
    fn keeps_addresses(&self) -> bool {
        addresses(&self.configuration.fields).is_some()
            || self.context.storage().is_trial()
            || takes_further(&self.writes)
    }

    /// Whether every write must know first that contacts can have several addresses. What is staged is looked at as a whole.
    fn needs_addresses(&self) -> bool {
        let storage = self.context.storage();
        !storage.is_trial()
            && !storage.is_staging()
            && takes_further(&self.writes)
            && !are_ready(&self.configuration)
    }

    /// Adds an event, and enqueues a delivery for each endpoint that wants it: the transactional outbox.
    pub fn record_event(&mut self, draft: EventDraft) {
        let event_type = draft.event_type;
        let configuration = Arc::clone(&self.configuration);
        let event = EventView::new(&draft);
        let wants = |webhook: &&Webhook| webhook.enabled && self.is_wanted_by(webhook, &event);
        let wanted = configuration.webhooks.iter().filter(wants);
        let wanted: Vec<Id> = wanted.map(|webhook| webhook.id).collect();
        let event_id = self.insert_event(draft);
        for webhook in wanted {
            self.enqueue_delivery(webhook, event_id, event_type);
        }
    }

    /// Whether an endpoint wants an event.
    pub fn is_wanted_by(&mut self, webhook: &Webhook, event: &EventView<'_>) -> bool {
        let fields = &self.configuration.fields;
        event.is_wanted_by(webhook, fields, &mut self.conditions)
    }

    /// The request that the events are made for. A change that no request asked for is one of its own.
    pub fn request_id(&mut self) -> RequestId {
        let environment = self.context.environment();
        let minted = || environment.mint_request();
        *self.request_id.get_or_insert_with(minted)
    }

    /// Who makes the change, and for which request.
    pub fn origin(&mut self) -> Origin {
        Origin {
            actor: self.context.actor().clone(),
            request_id: self.request_id(),
        }
    }

    /// Adds an event alone.
    pub fn insert_event(&mut self, draft: EventDraft) -> Id {
        let origin = self.origin();
        let event = Event::new(self.mint(Kind::Event), origin, draft);
        let id = event.id;
        self.write(Write::Insert(Entry::new(event)));
        id
    }

    /// Adds a delivery, due at once.
    pub fn enqueue_delivery(&mut self, webhook: Id, event: Id, event_type: EventType) -> Entry {
        let id = self.mint(Kind::Delivery);
        let delivery = Delivery::pending(id, webhook, event, event_type, self.now);
        let entry = Entry::new(delivery);
        self.write(Write::Insert(entry.clone()));
        entry
    }

    fn into_batch(self) -> Batch {
        Batch {
            scope: self.context.scope(),
            now: self.now,
            requires: self.requires,
            writes: self.writes,
        }
    }
}

/// What the commit of these writes means to the rest of the engine.
pub(super) fn effects_of(context: &Context, writes: &[Write]) -> Effects {
    let scope = context.scope();
    let added = writes.iter().filter_map(|write| match write {
        Write::Insert(Entry {
            record: Record::Delivery(delivery),
            ..
        }) => Some(QueueKey {
            scope,
            webhook: delivery.webhook_id,
        }),
        _ => None,
    });
    let mut all = writes.iter();
    let reconfigures = all.any(|write| matches!(write, Write::Reconfigure));
    let events = events_to_publish(context, writes);
    Effects {
        queues: added.collect(),
        events: (!events.is_empty())
            .then_some((scope, events))
            .into_iter()
            .collect(),
        reconfigured: reconfigures.then_some(scope).into_iter().collect(),
        logged: insert_event(writes).then_some(scope).into_iter().collect(),
        revoked: BTreeSet::new(),
    }
}

fn insert_event(writes: &[Write]) -> bool {
    writes.iter().any(|write| match write {
        Write::Insert(entry) => entry.record.kind() == Kind::Event,
        _ => false,
    })
}

/// The changes among the events, where anybody listens to them. A ping is none: it goes to its endpoint alone.
fn events_to_publish(context: &Context, writes: &[Write]) -> Vec<Event> {
    if !context.listeners().are_there(context.scope()) {
        return Vec::new();
    }
    let events = writes.iter().filter_map(|write| match write {
        Write::Insert(Entry {
            record: Record::Event(event),
            ..
        }) if event.event_type != EventType::Ping => Some(Event::clone(event)),
        _ => None,
    });
    events.collect()
}

/// The configuration that an operation is planned against.
enum Basis {
    /// As the engine last read it.
    Cached,
    /// A commit found that it has changed: to be read.
    Outdated,
    /// Read since the operation began. What the engine remembers may be older: a slower read of another change can end later.
    Fresh(Arc<Configuration>),
}

/// The transaction of one operation.
pub(super) struct Change<'a, O> {
    operation: O,
    attempts: Attempts<'a>,
}

impl<'a, O: Operation> Change<'a, O> {
    pub fn new(context: &'a Context, operation: O) -> Self {
        Self {
            operation,
            attempts: Attempts {
                context,
                basis: Basis::Cached,
                effects: Effects::default(),
            },
        }
    }
}

/// What the attempts of an operation have in common, whatever the operation is.
struct Attempts<'a> {
    context: &'a Context,
    basis: Basis,
    effects: Effects,
}

impl<'a> Attempts<'a> {
    /// A fresh plan.
    fn begin(&mut self) -> BoxFuture<'_, Result<Plan<'a>>> {
        Box::pin(async move {
            let configuration = match &self.basis {
                Basis::Cached => self.context.configuration().await?,
                Basis::Outdated => self.reload_configuration().await?,
                Basis::Fresh(configuration) => Arc::clone(configuration),
            };
            Ok(Plan::new(self.context, configuration))
        })
    }

    /// What a plan comes to, which its operation is [done](Result::is_ok) with; or none, where it is out of date.
    fn end<'s>(
        &'s mut self,
        mut plan: Plan<'a>,
        is_done: bool,
    ) -> BoxFuture<'s, Result<Option<Batch>>> {
        Box::pin(async move {
            if is_done && plan.needs_addresses() {
                several_addresses::prepare(self.context).await?;
                self.basis = Basis::Outdated;
                return Ok(None);
            }
            let kept = match is_done {
                true => plan.keep_unique_values().await,
                false => Ok(()),
            };
            // A commit finds out by itself that the configuration has changed; what comes to no commit is planned once more
            // against a fresh one before it is answered.
            let changes_nothing = !is_done || kept.is_err() || plan.writes.is_empty();
            if changes_nothing && matches!(self.basis, Basis::Cached) {
                let fresh = self.reload_configuration().await?;
                if fresh.version != plan.configuration.version {
                    return Ok(None);
                }
            }
            kept?;
            let batch = plan.into_batch();
            self.effects = effects_of(self.context, &batch.writes);
            Ok(Some(batch))
        })
    }

    async fn reload_configuration(&mut self) -> Result<Arc<Configuration>> {
        let fresh = self.context.reload_configuration().await?;
        self.basis = Basis::Fresh(Arc::clone(&fresh));
        Ok(fresh)
    }
}

#[async_trait]
impl<O: Operation> Transaction for Change<'_, O> {
    type Output = O::Output;

    async fn plan(&mut self) -> Result<Planned<O::Output>> {
        let mut plan = self.attempts.begin().await?;
        let planned = self.operation.plan(&mut plan).await;
        match self.attempts.end(plan, planned.is_ok()).await? {
            Some(batch) => Ok(Planned::Commit(batch, planned?)),
            None => Ok(Planned::Retry),
        }
    }

    /// Lets the rest of this engine know.
    fn committed(&mut self) {
        let effects = mem::take(&mut self.attempts.effects);
        self.attempts.context.publish(effects);
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::Configuration => {
                self.attempts.basis = Basis::Outdated;
                Ok(())
            }
            Refusal::VersionConflict { .. } => Ok(()),
            // Somebody took a value meanwhile: the next attempt finds who has it.
            Refusal::UniqueConflict { holder, .. } if holder.kind() == Kind::UniqueValue => Ok(()),
            Refusal::ResponseExists
            | Refusal::Missing(_)
            | Refusal::IdConflict { .. }
            | Refusal::UniqueConflict { .. } => self.operation.refused(conflict),
        }
    }
}

/// Carries an operation out, whatever the idempotency key of its context.
pub(super) async fn apply<O: Operation>(context: &Context, operation: O) -> Result<O::Output> {
    let mut change = Change::new(context, operation);
    let transacted = transact(context.storage(), &mut change);
    spans::change::<O, _>(context.scope(), transacted).await
}
