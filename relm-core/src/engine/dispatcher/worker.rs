//! One endpoint's lane: its deliveries, leased a few at a time and sent side by side, for one turn.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::Dispatcher;
use super::attempt::{Attempted, Target};
use super::scheduler::Nudge;
use crate::engine::context::Context;
use crate::engine::resources::cancelling::cancel_some;
use crate::engine::resources::{endpoint, secrets};
use crate::error::{Error, Result};
use crate::query::filter::{Clause, Condition, Target as FilterTarget};
use crate::record::Document;
use crate::record::column::ColumnValue;
use crate::record::{Delivery, Webhook};
use crate::store::{Lease, Query, QueueKey};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// What a turn came to.
#[derive(Default)]
pub(super) struct TurnEnd {
    /// When the endpoint is due again, as far as its lane knows.
    pub due_at: Option<Timestamp>,
    attempts: usize,
    taken: usize,
}

impl TurnEnd {
    /// Whether what was sent came to nothing.
    pub fn took_nothing(&self) -> bool {
        self.attempts > 0 && self.taken == 0
    }

    /// Counts an attempt; what kept it from its end, if anything did.
    fn hear(&mut self, ended: Result<Attempted>) -> Option<Error> {
        match ended {
            Ok(attempted) => {
                self.attempts += 1;
                self.taken += usize::from(attempted.is_taken);
                self.due_at = earlier(self.due_at, attempted.due_at);
                None
            }
            Err(error) => Some(error),
        }
    }
}

impl Dispatcher {
    /// Sends what is due at one endpoint: until nothing is or, where others wait, what one lease takes.
    pub(super) async fn lane(&self, key: QueueKey, nudge: &Nudge) -> Result<TurnEnd> {
        let mut end = TurnEnd::default();
        let components = self.crm.components();
        let Some(scope) = components.scope_of_key(key.scope_key).await? else {
            return Ok(end);
        };
        let scoped = Context::open(components, scope).await?;
        let mut attempts = FuturesUnordered::new();
        // Their deliveries, as they were taken: whatever becomes of a lease, none is sent a second time as it was.
        let mut sending: HashMap<Id, Arc<str>> = HashMap::new();
        let mut failure = None;
        // Whether the last lease left nothing due.
        let mut drained = false;
        // How many attempts may be under way.
        let mut window = 1;
        // Every turn is good for a lease.
        let mut has_leased = false;
        loop {
            let is_over = nudge.is_stopping() || (has_leased && nudge.is_turn_over());
            if !is_over && !drained && failure.is_none() && attempts.len() < window {
                has_leased = true;
                let look = self.look(&scoped, key.webhook, attempts.len());
                let (look, ended) = beside(look, &mut attempts).await;
                let mut over = Vec::with_capacity(ended.len());
                for (delivery, ended) in ended {
                    over.push(delivery);
                    failure = end.hear(ended).or(failure);
                }
                // What is under way is recorded whatever comes of this: dropped, it would be sent again.
                match look {
                    Ok(look) => {
                        (drained, window) = (look.drained, look.window);
                        for (place, target, delivery, event) in look.taken {
                            let (scoped, id) = (&scoped, delivery.id);
                            // A wall clock that was set forward ended its lease, and not its attempt, which may have ended
                            // since the store was asked.
                            if sending.get(&id) == Some(&delivery.json) {
                                continue;
                            }
                            over.retain(|ended| *ended != id);
                            sending.insert(id, Arc::clone(&delivery.json));
                            attempts.push(async move {
                                let ended = self.attempt(scoped, &target, delivery, event).await;
                                drop(place);
                                (id, ended)
                            });
                        }
                    }
                    Err(error) => failure = Some(error),
                }
                for delivery in over {
                    sending.remove(&delivery);
                }
            }
            // Half a window is let go by before the next lease, so that one lease takes several.
            let enough = attempts.len() / 2;
            while attempts.len() > enough {
                match next(&mut attempts, nudge).await {
                    Some((delivery, ended)) => {
                        sending.remove(&delivery);
                        failure = end.hear(ended).or(failure);
                    }
                    None => {
                        drained = false;
                        break;
                    }
                }
            }
            if attempts.is_empty() && (is_over || drained || failure.is_some()) {
                break;
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        if !drained {
            end.due_at = Some(self.crm.now());
        }
        Ok(end)
    }

    /// Takes what is due, as far as there is room beside so many attempts, or gives some of it up where the endpoint takes
    /// none.
    async fn look(&self, scoped: &Context, webhook: Id, under_way: usize) -> Result<Look<'_>> {
        let mut look = Look {
            window: 1,
            drained: true,
            taken: Vec::new(),
        };
        let Some(target) = self.target(scoped, webhook).await? else {
            look.drained = !cancel_some(scoped, webhook).await?;
            return Ok(look);
        };
        look.window = self.window(&target);
        // Before the lease: until it is answered, others ask for room as well.
        let room = self.reserve(look.window, under_way);
        if room.is_empty() {
            look.drained = false;
            return Ok(look);
        }
        let taken = self.take(scoped, webhook, room.len()).await?;
        look.drained = taken.len() < room.len();
        let taken = room.into_iter().zip(taken);
        look.taken = taken
            .map(|(place, (delivery, event))| (place, target.clone(), delivery, event))
            .collect();
        Ok(look)
    }

    /// Whom to send to, or none where the endpoint takes nothing.
    async fn target(&self, scoped: &Context, id: Id) -> Result<Option<Target>> {
        let Some(document) = endpoint::find(scoped, id).await? else {
            return Ok(None);
        };
        let webhook: Webhook = document.decode()?;
        if !webhook.enabled {
            return Ok(None);
        }
        let secrets = secrets::open(scoped.components(), &webhook)?;
        Ok(Some(Target::new(webhook, secrets)))
    }

    /// How many attempts at an endpoint may be under way.
    fn window(&self, target: &Target) -> usize {
        match target.webhook.failing_since {
            Some(_) => 1,
            None => self.options.per_endpoint.max(1),
        }
    }

    /// Room for as many more attempts as a window allows in which so many are under way.
    fn reserve(&self, window: usize, under_way: usize) -> Vec<UnderWay<'_>> {
        let wanted = window.saturating_sub(under_way);
        let least = usize::from(under_way == 0);
        let room =
            |of_all: usize| wanted.min(self.options.in_all.saturating_sub(of_all).max(least));
        let count = |of_all| Some(of_all + room(of_all));
        let counted = self
            .under_way
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        let before = counted.unwrap_or_else(|of_all| of_all);
        (0..room(before)).map(|_| UnderWay(self)).collect()
    }

    /// Leases deliveries, and reads their events.
    async fn take(
        &self,
        scoped: &Context,
        webhook: Id,
        limit: usize,
    ) -> Result<Vec<(Document, Option<Document>)>> {
        let now = self.crm.now();
        let lease = Lease {
            scope: scoped.scope(),
            webhook,
            now,
            until: now.saturating_add_millis(self.options.lease_ms()),
            limit,
        };
        let taken = scoped.lease(&lease).await?;
        let mut with_events = Vec::with_capacity(taken.len());
        for document in taken {
            let delivery: Delivery = document.decode()?;
            with_events.push((document, delivery.event_id));
        }
        let events = events(scoped, with_events.iter().map(|(_, event)| *event)).await?;
        Ok(with_events
            .into_iter()
            .map(|(document, event)| (document, events.get(&event).cloned()))
            .collect())
    }
}

/// What a look at an endpoint came to.
struct Look<'a> {
    /// How many attempts may be under way.
    window: usize,
    /// Whether nothing more is due.
    drained: bool,
    /// What was leased: the room for it, to whom, the delivery, and its event.
    taken: Vec<(UnderWay<'a>, Target, Document, Option<Document>)>,
}

/// The events of these ids, in one read unless they are large.
async fn events(scoped: &Context, ids: impl Iterator<Item = Id>) -> Result<HashMap<Id, Document>> {
    let ids: Vec<ColumnValue<'static>> = ids.map(ColumnValue::from).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = Query {
        kind: Kind::Event,
        limit: ids.len(),
        clauses: vec![Clause {
            target: FilterTarget::Id,
            condition: Condition::In(ids),
        }],
        after: None,
    };
    let mut by_id = HashMap::new();
    loop {
        let page = scoped.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        by_id.extend(page.documents.into_iter().map(|event| (event.id, event)));
        if !page.more {
            return Ok(by_id);
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What the next attempt to end came to; none when there is more to take, which needs no attempt to end.
async fn next<T, F: Future<Output = T>>(
    attempts: &mut FuturesUnordered<F>,
    nudge: &Nudge,
) -> Option<T> {
    poll_fn(|context| {
        nudge.waker.register(context.waker());
        if nudge.has_more() {
            return Poll::Ready(None);
        }
        attempts.poll_next_unpin(context)
    })
    .await
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

/// The room of one attempt, from before its delivery is taken until it has ended or is dropped; counted by
/// [`Dispatcher::reserve`].
struct UnderWay<'a>(&'a Dispatcher);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
