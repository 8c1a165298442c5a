//! One time slice of one endpoint: leases its deliveries, a few at a time, and has them sent side by side.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::attempt::{Attempted, DeliverySender, Target};
use super::budget::AttemptPermit;
use super::worker::{EndpointWorker, Leased, State, WorkerSignals};
use crate::engine::context::Context;
use crate::engine::resources::cancelling::cancel_some;
use crate::engine::resources::{endpoint, secrets};
use crate::error::{Error, Result};
use crate::query::filter::Clause;
use crate::record::{Actor, Delivery, Document, Webhook};
use crate::store::{Lease, Query, QueueKey};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// What a time slice came to.
#[derive(Default)]
pub(super) struct Finished {
    /// Whether more is due at once.
    pub has_more: bool,
    /// When a delivery that was sent is due again.
    pub due_at: Option<Timestamp>,
    attempts: usize,
    successes: usize,
}

impl Finished {
    /// Whether all that was sent failed.
    pub fn delivered_nothing(&self) -> bool {
        self.attempts > 0 && self.successes == 0
    }

    fn count(&mut self, attempted: &Attempted) {
        self.attempts += 1;
        self.successes += usize::from(attempted.is_taken);
        self.due_at = self.due_at.into_iter().chain(attempted.due_at).min();
    }
}

/// A delivery to send, with its permit, its target and its event.
type Leases<'a> = (AttemptPermit<'a>, Target, Document, Option<Document>);

/// A time slice that is under way.
pub(super) struct Slice<'a> {
    sender: &'a DeliverySender,
    context: &'a Context,
    endpoint: Id,
    signals: &'a WorkerSignals,
    worker: EndpointWorker,
    attempts: FuturesUnordered<BoxFuture<'a, (Id, Result<Attempted>)>>,
    /// The deliveries of the attempts, as they were leased: whatever becomes of a lease, none is sent twice as it was.
    sending: HashMap<Id, Arc<str>>,
    finished: Finished,
    failure: Option<Error>,
}

impl<'a> Slice<'a> {
    /// Sends what is due at one endpoint: until nothing is, or until its worker is preempted or stopped.
    pub async fn run(
        sender: &DeliverySender,
        key: QueueKey,
        signals: &WorkerSignals,
    ) -> Result<Finished> {
        let context = Context::open(&sender.components, key.scope, Actor::SYSTEM.into()).await?;
        let mut slice = Slice {
            sender,
            context: &context,
            endpoint: key.webhook,
            signals,
            worker: EndpointWorker::new(),
            attempts: FuturesUnordered::new(),
            sending: HashMap::new(),
            finished: Finished::default(),
            failure: None,
        };
        let has_more = slice.work().await;
        if let Some(error) = slice.failure {
            return Err(error);
        }
        slice.finished.has_more = has_more || signals.take_more_work();
        Ok(slice.finished)
    }

    /// Goes from state to state; whether more is due at the end.
    async fn work(&mut self) -> bool {
        loop {
            self.signals.interrupt(&mut self.worker);
            match self.worker.state() {
                State::Starting | State::Leasing => self.lease().await,
                State::Sending { .. } | State::Draining { .. } => self.await_attempt().await,
                State::Ended { has_more } => return has_more,
            }
        }
    }

    /// Leases, and begins attempts at what it was given.
    async fn lease(&mut self) {
        let lease = lease(
            self.sender,
            self.context,
            self.endpoint,
            self.worker.under_way(),
        );
        let (leased, ended) = beside(lease, &mut self.attempts).await;
        let mut over = Vec::with_capacity(ended.len());
        for (delivery, ended) in ended {
            over.push(delivery);
            self.attempt_ended(ended);
        }
        match leased {
            Ok((mut leased, deliveries)) => {
                for delivery in deliveries {
                    leased.begun += usize::from(self.begin(delivery, &mut over));
                }
                self.worker.leased(leased);
            }
            // What is under way is recorded whatever comes of this: dropped, it would be sent again.
            Err(error) => self.fail(error),
        }
        for delivery in over {
            self.sending.remove(&delivery);
        }
    }

    /// Begins an attempt, unless it is under way. `over` are the deliveries whose attempts ended while the store was asked.
    fn begin(&mut self, leased: Leases<'a>, over: &mut Vec<Id>) -> bool {
        let (permit, target, delivery, event) = leased;
        let (sender, context, id) = (self.sender, self.context, delivery.id);
        // A wall clock that was set forward ended its lease, and not its attempt, which may have ended since the store was
        // asked.
        if self.sending.get(&id) == Some(&delivery.json) {
            return false;
        }
        over.retain(|ended| *ended != id);
        self.sending.insert(id, Arc::clone(&delivery.json));
        let attempt = async move {
            let ended = sender.attempt(context, &target, delivery, event).await;
            drop(permit);
            (id, ended)
        };
        self.attempts.push(attempt.boxed());
        true
    }

    /// Awaits the end of an attempt, or that there is more to lease, which needs no attempt to end.
    async fn await_attempt(&mut self) {
        let next = poll_fn(|context| match self.signals.poll_more_work(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => self.attempts.poll_next_unpin(context),
        });
        match next.await {
            Some((delivery, ended)) => {
                self.sending.remove(&delivery);
                self.attempt_ended(ended);
            }
            None => self.worker.more_work(),
        }
    }

    fn attempt_ended(&mut self, ended: Result<Attempted>) {
        self.worker.attempt_ended();
        match ended {
            Ok(attempted) => self.finished.count(&attempted),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: Error) {
        self.failure = Some(error);
        self.worker.stop();
    }
}

/// Leases what is due at an endpoint, as far as its window and the budget leave room beside so many attempts. Where the
/// endpoint takes nothing, some of what is pending is cancelled instead.
async fn lease<'a>(
    sender: &'a DeliverySender,
    context: &Context,
    endpoint: Id,
    under_way: usize,
) -> Result<(Leased, Vec<Leases<'a>>)> {
    let mut leased = Leased {
        window: 1,
        has_more: true,
        begun: 0,
    };
    let Some(target) = target(context, endpoint).await? else {
        leased.has_more = cancel_some(context, endpoint).await?;
        return Ok((leased, Vec::new()));
    };
    if target.webhook.failing_since.is_none() {
        leased.window = sender.options.per_endpoint.max(1);
    }
    // Before the lease: until it is answered, others ask for permits as well.
    let wanted = leased.window.saturating_sub(under_way);
    let permits = sender.budget.acquire(wanted, under_way == 0);
    if permits.is_empty() {
        return Ok((leased, Vec::new()));
    }
    let deliveries = due_deliveries(sender, context, endpoint, permits.len()).await?;
    leased.has_more = deliveries.len() == permits.len();
    let leases = permits.into_iter().zip(deliveries);
    let leases =
        leases.map(|(permit, (delivery, event))| (permit, target.clone(), delivery, event));
    Ok((leased, leases.collect()))
}

/// Whom to send to, or none where the endpoint takes nothing.
async fn target(context: &Context, id: Id) -> Result<Option<Target>> {
    let Some(document) = endpoint::find(context, id).await? else {
        return Ok(None);
    };
    let webhook: Webhook = document.decode()?;
    if !webhook.enabled {
        return Ok(None);
    }
    let secrets = secrets::open(context.components(), &webhook)?;
    let headers = secrets::open_headers(context.components(), &webhook)?;
    Ok(Some(Target::new(webhook, secrets, headers)))
}

/// Leases deliveries, and reads their events.
async fn due_deliveries(
    sender: &DeliverySender,
    context: &Context,
    endpoint: Id,
    limit: usize,
) -> Result<Vec<(Document, Option<Document>)>> {
    let now = sender.environment().now();
    let lease = Lease {
        scope: context.scope(),
        webhook: endpoint,
        now,
        until: now.saturating_add_millis(sender.options.lease_ms()),
        limit,
    };
    let mut with_events = Vec::with_capacity(limit);
    for document in context.lease(&lease).await? {
        let delivery: Delivery = document.decode()?;
        with_events.push((document, delivery.event_id));
    }
    let events = events(context, with_events.iter().map(|(_, event)| *event)).await?;
    Ok(with_events
        .into_iter()
        .map(|(document, event)| (document, events.get(&event).cloned()))
        .collect())
}

/// The events of these ids, in one read unless they are large.
async fn events(context: &Context, ids: impl Iterator<Item = Id>) -> Result<HashMap<Id, Document>> {
    let ids: Vec<Id> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = Query {
        kind: Kind::Event,
        limit: ids.len(),
        clauses: vec![Clause::ids(ids)],
        after: None,
    };
    let mut by_id = HashMap::new();
    loop {
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        by_id.extend(page.documents.into_iter().map(|event| (event.id, event)));
        if !page.more {
            return Ok(by_id);
        }
    }
}

/// What something comes to, and what the attempts beside it came to meanwhile: a store that takes its time must not keep
/// them from their deadlines.
async fn beside<T, F: Future>(
    work: impl Future<Output = T>,
    attempts: &mut FuturesUnordered<F>,
) -> (T, Vec<F::Output>) {
    let mut work = pin!(work);
    let mut ended = Vec::new();
    let done = poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        while let Poll::Ready(Some(attempt)) = attempts.poll_next_unpin(context) {
            ended.push(attempt);
        }
        Poll::Pending
    });
    (done.await, ended)
}
