//! Runs what the scheduler asks for, and reports to it what came of that.

use std::collections::HashMap;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::attempt::DeliverySender;
use super::looks::Queues;
use super::replanning::replan;
use super::scheduler::{Action, Event, Health, Scheduler, SliceResult};
use super::slice::{self, Slice};
use super::worker::WorkerSignals;
use crate::error::{Error, ErrorKind, Result};
use crate::store::QueueKey;
use crate::value::environment::Sleeper;
use crate::value::time::{Monotonic, Timestamp};

/// Queues that one statement of a reconciliation reads.
const QUEUES_READ: usize = 500;

/// A scheduler, and the futures that do what it asks for.
pub(super) struct Driver<'a> {
    sender: &'a DeliverySender,
    scheduler: Scheduler,
    /// The workers that run, by their endpoint.
    workers: HashMap<QueueKey, Arc<WorkerSignals>>,
    /// The slices of the workers, and a reconciliation beside them: a store that takes its time to list queues holds up
    /// nothing that is under way.
    running: FuturesUnordered<BoxFuture<'a, Report>>,
    /// Whether queues are looked at for what a clock planned that was set back.
    is_replanning: bool,
}

/// What a future came to.
pub(super) enum Report {
    Slice(QueueKey, Result<slice::Finished>),
    Queues(Result<Queues>),
    /// Queues were looked at for what a clock planned that was set back; what went wrong.
    Replanned(Option<Error>),
}

/// What a driver waited for.
pub(super) enum Woken {
    Stopped,
    Reported(Report),
    Happened(Event),
}

impl<'a> Driver<'a> {
    pub fn new(sender: &'a DeliverySender, scheduler: Scheduler) -> Self {
        Self {
            sender,
            scheduler,
            workers: HashMap::new(),
            running: FuturesUnordered::new(),
            is_replanning: false,
        }
    }

    /// Has the scheduler hear of an event, and does what it asks for.
    pub fn handle(&mut self, event: Event) {
        for action in self
            .scheduler
            .handle(event, self.sender.environment().monotonic())
        {
            match action {
                Action::StartSlice(endpoint) => self.start_slice(endpoint),
                Action::Signal(endpoint, signal) => {
                    if let Some(worker) = self.workers.get(&endpoint) {
                        worker.send(signal);
                    }
                }
                Action::Reconcile => {
                    let queues = list_queues(self.sender).map(Report::Queues);
                    self.running.push(queues.boxed());
                }
            }
        }
    }

    fn start_slice(&mut self, endpoint: QueueKey) {
        let signals = Arc::new(WorkerSignals::default());
        self.workers.insert(endpoint, Arc::clone(&signals));
        let sender = self.sender;
        let slice = async move {
            let ended = Slice::run(sender, endpoint, &signals).await;
            Report::Slice(endpoint, ended)
        };
        self.running.push(slice.boxed());
    }

    /// Passes on what a future came to; what went wrong in it.
    pub fn report(&mut self, report: Report) -> Option<Error> {
        let (event, failure) = match report {
            Report::Queues(Ok(queues)) => {
                self.start_replanning(&queues);
                (self.reconciled(queues), None)
            }
            Report::Replanned(failure) => {
                // What is due sooner now, the next reconciliation tells.
                self.is_replanning = false;
                return failure;
            }
            Report::Queues(Err(error)) => (Event::ReconcileFailed, Some(error)),
            Report::Slice(endpoint, ended) => {
                self.workers.remove(&endpoint);
                let (result, failure) = self.slice_result(ended);
                (Event::SliceEnded(endpoint, result), failure)
            }
        };
        self.handle(event);
        failure
    }

    /// Looks at what waits for long, beside whatever is under way: a worker sees to its endpoint itself.
    fn start_replanning(&mut self, queues: &Queues) {
        if self.is_replanning {
            return;
        }
        let idle = queues
            .iter()
            .filter(|(key, _)| !self.workers.contains_key(key));
        let idle: Queues = idle.map(|(key, due_at)| (*key, *due_at)).collect();
        let sender = self.sender;
        sender.looks.forget_all_but(queues);
        let suspects = sender.looks.suspects(sender.environment(), &idle);
        if !suspects.is_empty() {
            self.is_replanning = true;
            let replanned = async move { Report::Replanned(replan(sender, suspects).await.1) };
            self.running.push(replanned.boxed());
        }
    }

    /// The queues, as an event.
    pub fn reconciled(&self, queues: Queues) -> Event {
        let due = queues.into_iter();
        Event::Reconciled(
            due.map(|(key, due_at)| (key, self.moment(due_at)))
                .collect(),
        )
    }

    fn slice_result(&self, ended: Result<slice::Finished>) -> (SliceResult, Option<Error>) {
        match ended {
            Ok(finished) => {
                let due_at = match finished.has_more {
                    true => Some(self.sender.environment().monotonic()),
                    false => finished.due_at.map(|due_at| self.moment(due_at)),
                };
                let health = match finished.delivered_nothing() {
                    true => Health::Unhealthy,
                    false => Health::Healthy,
                };
                (SliceResult::Finished { health, due_at }, None)
            }
            Err(error) => {
                let result = match error.kind() {
                    ErrorKind::Unavailable | ErrorKind::OutcomeUnknown => SliceResult::StoreFailed,
                    _ => SliceResult::Faulted,
                };
                (result, Some(error))
            }
        }
    }

    /// When a moment of the wall clock comes, as the wall clock stands now. Where it is set meanwhile, the next
    /// reconciliation tells.
    fn moment(&self, at: Timestamp) -> Monotonic {
        let clock = self.sender.environment();
        let wait_ms = at.as_millis().saturating_sub(clock.now().as_millis());
        clock.monotonic().saturating_add_millis(wait_ms)
    }

    /// Whether a worker is in its time slice.
    pub fn has_workers(&self) -> bool {
        !self.workers.is_empty()
    }

    /// What the next future to end came to; it never comes where none runs.
    pub async fn next_report(&mut self) -> Report {
        match self.running.next().await {
            Some(report) => report,
            None => pending().await,
        }
    }

    /// Waits for whatever happens first.
    pub async fn next(&mut self, sleeper: &dyn Sleeper, stop: impl Future<Output = ()>) -> Woken {
        let sender = self.sender;
        let wait_ms = self.scheduler.next_wakeup().map(|at| {
            let wait_ms = at.millis_since(sender.environment().monotonic());
            wait_ms.max(0).unsigned_abs()
        });
        let timer = async {
            match wait_ms {
                Some(wait_ms) => sleeper.sleep(Duration::from_millis(wait_ms)).await,
                None => pending().await,
            }
            Woken::Happened(Event::TimePassed)
        };
        let notified = async {
            let endpoints = poll_fn(|context| sender.components.wakeups().poll(context)).await;
            Woken::Happened(Event::Notified(endpoints))
        };
        let stopped = stop.map(|()| Woken::Stopped);
        let reported = self.next_report().map(Woken::Reported);
        first(stopped, first(notified, first(reported, timer))).await
    }
}

/// Whichever of two futures ends first; where both have, the one named first.
async fn first<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    select(pin!(one), pin!(other)).await.factor_first().0
}

/// Every queue of the store.
pub(super) async fn list_queues(sender: &DeliverySender) -> Result<Queues> {
    let mut all = Queues::new();
    let mut after = None;
    loop {
        let storage = sender.components.storage();
        let queues = storage.queues(after, QUEUES_READ).await?;
        all.extend(queues.iter().map(|queue| (queue.key, queue.due_at)));
        match queues.last() {
            Some(last) if queues.len() == QUEUES_READ => after = Some(last.key),
            Some(_) | None => return Ok(all),
        }
    }
}
