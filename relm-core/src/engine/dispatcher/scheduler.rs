//! Who gets a time slice, and when: a pure function of an event and the time, which gives actions.
//!
//! There is no clock, no store and no future in here. What the scheduler knows is data: which endpoints have a worker, which
//! wait for a time slice (`waiting.rs`), who was unhealthy in the last one, and when it reconciles next. So a table of
//! events tests it, and a simulation drives it through any history.
//!
//! - An endpoint has one worker at most, and a worker one time slice. Where more endpoints have something due than there
//!   are workers, whoever had a slice longest ago is next, and those that have a worker are preempted: they end after the
//!   lease that they have.
//! - **Bulkhead.** Endpoints that were unhealthy in their last slice get half of the workers at most: however many hang,
//!   there are workers for those that answer.
//! - **Reconciling.** Notifications are an optimisation: they tell of commits of this process. What other processes
//!   committed, and what a crash left, is found in the store's queues, once a second.

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use self::waiting::Health;
use self::waiting::{LastSlice, Waiting};
use crate::store::QueueKey;
use crate::value::time::Monotonic;

/// How often the store's queues are listed.
pub const RECONCILE_MS: i64 = 1_000;
/// How long an endpoint backs off whose slice met a store that cannot be reached.
pub const STORE_RETRY_MS: i64 = 1_000;
/// How long an endpoint backs off whose slice met what waiting alone does not mend, such as a secret that does not open.
pub const FAULT_RETRY_MS: i64 = 60_000;
/// Time slices for which an endpoint is remembered to have had one when it has nothing pending any more.
const SLICES_REMEMBERED: u64 = 16_384;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing, but that time passed.
    TimePassed,
    /// This process committed deliveries for these endpoints.
    Notified(BTreeSet<QueueKey>),
    /// The store listed every endpoint that has something pending, and when it is due. What was committed while they were
    /// listed may be missing.
    Reconciled(BTreeMap<QueueKey, Monotonic>),
    /// The store could not list them.
    ReconcileFailed,
    /// A worker reported the end of its time slice.
    SliceEnded(QueueKey, SliceResult),
    /// No further work is to begin.
    Stopped,
}

/// What a time slice came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceResult {
    /// The worker did its work.
    Finished {
        /// Whether the endpoint took anything.
        health: Health,
        /// When it is next due, as far as its worker knows.
        due_at: Option<Monotonic>,
    },
    /// The store could not be reached.
    StoreFailed,
    /// Something failed that waiting alone does not mend.
    Faulted,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start a worker for this endpoint; report [`Event::SliceEnded`].
    StartSlice(QueueKey),
    /// Signal the worker of this endpoint.
    Signal(QueueKey, WorkerSignal),
    /// List the store's queues; report [`Event::Reconciled`] or [`Event::ReconcileFailed`].
    Reconcile,
}

/// What a worker is told during its time slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerSignal {
    /// More is due at its endpoint.
    MoreWork,
    /// Others wait for a worker: what is leased is the last of this slice.
    Preempt,
    /// The dispatcher stops: nothing more is leased.
    Stop,
}

/// When the store's queues are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reconcile {
    /// When whoever drives the scheduler does so.
    OnDemand,
    DueAt(Monotonic),
    UnderWay,
}

/// A worker, as the scheduler knows it.
#[derive(Debug)]
struct Worker {
    health: Health,
    is_preempted: bool,
}

/// Decides who gets a time slice.
pub struct Scheduler {
    workers_max: usize,
    /// The endpoints that have a worker.
    workers: BTreeMap<QueueKey, Worker>,
    waiting: Waiting,
    last_slices: HashMap<QueueKey, LastSlice>,
    /// The number of the last slice of all.
    slices: u64,
    reconcile: Reconcile,
    is_stopped: bool,
}

impl Scheduler {
    /// A scheduler of so many workers, one at least, which asks for no list of queues.
    pub fn on_demand(workers_max: usize) -> Self {
        Self {
            workers_max: workers_max.max(1),
            workers: BTreeMap::new(),
            waiting: Waiting::default(),
            last_slices: HashMap::new(),
            slices: 0,
            reconcile: Reconcile::OnDemand,
            is_stopped: false,
        }
    }

    /// A scheduler of so many workers, which asks for the list of queues at once, and then every [`RECONCILE_MS`].
    pub fn reconciling(workers_max: usize, now: Monotonic) -> Self {
        Self {
            reconcile: Reconcile::DueAt(now),
            ..Self::on_demand(workers_max)
        }
    }

    /// Takes note of what happened by `now`, and says what is to be done.
    pub fn handle(&mut self, event: Event, now: Monotonic) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::TimePassed => {}
            Event::Notified(endpoints) => {
                for endpoint in endpoints {
                    self.work_found(endpoint, now, now, &mut actions);
                }
            }
            Event::Reconciled(queues) => {
                self.forget_all_but(&queues);
                for (endpoint, due_at) in queues {
                    self.work_found(endpoint, due_at, now, &mut actions);
                }
                self.reconcile_later(now);
            }
            Event::ReconcileFailed => self.reconcile_later(now),
            Event::SliceEnded(endpoint, result) => self.slice_ended(endpoint, result, now),
            Event::Stopped => {
                self.is_stopped = true;
                let stop = |endpoint: &QueueKey| Action::Signal(*endpoint, WorkerSignal::Stop);
                actions.extend(self.workers.keys().map(stop));
            }
        }
        if !self.is_stopped {
            self.start_slices(now, &mut actions);
            self.start_reconcile(now, &mut actions);
        }
        actions
    }

    /// When [`Event::TimePassed`] is to be reported if nothing else happens before.
    pub fn next_wakeup(&self) -> Option<Monotonic> {
        let reconcile = match self.reconcile {
            Reconcile::DueAt(at) => Some(at),
            Reconcile::OnDemand | Reconcile::UnderWay => None,
        };
        reconcile.into_iter().chain(self.waiting.next_due()).min()
    }

    fn work_found(
        &mut self,
        endpoint: QueueKey,
        due_at: Monotonic,
        now: Monotonic,
        actions: &mut Vec<Action>,
    ) {
        if !self.workers.contains_key(&endpoint) {
            let last = self.last_slice(endpoint);
            self.waiting.schedule(endpoint, due_at, last);
        } else if due_at <= now {
            actions.push(Action::Signal(endpoint, WorkerSignal::MoreWork));
        }
    }

    /// What has nothing pending any more waits for no slice, and its last one is forgotten after a while.
    fn forget_all_but(&mut self, queues: &BTreeMap<QueueKey, Monotonic>) {
        self.waiting
            .retain(|endpoint| queues.contains_key(&endpoint));
        let remembered = self.slices.saturating_sub(SLICES_REMEMBERED);
        self.last_slices
            .retain(|endpoint, last| last.number > remembered || queues.contains_key(endpoint));
    }

    fn slice_ended(&mut self, endpoint: QueueKey, result: SliceResult, now: Monotonic) {
        if self.workers.remove(&endpoint).is_none() {
            return;
        }
        let mut last = self.last_slice(endpoint);
        let back_off_ms = match result {
            SliceResult::Finished { health, due_at } => {
                last.health = health;
                self.last_slices.insert(endpoint, last);
                if let Some(due_at) = due_at {
                    self.waiting.schedule(endpoint, due_at, last);
                }
                return;
            }
            SliceResult::StoreFailed => STORE_RETRY_MS,
            SliceResult::Faulted => FAULT_RETRY_MS,
        };
        let until = now.saturating_add_millis(back_off_ms);
        self.waiting.back_off(endpoint, until, last);
    }

    fn last_slice(&self, endpoint: QueueKey) -> LastSlice {
        self.last_slices.get(&endpoint).copied().unwrap_or_default()
    }

    /// Starts slices as far as there are workers; where endpoints wait on, others are preempted.
    fn start_slices(&mut self, now: Monotonic, actions: &mut Vec<Action>) {
        self.waiting.fall_due(now);
        let unhealthy_max = self.workers_max.div_ceil(2);
        let unhealthy = |worker: &&Worker| worker.health == Health::Unhealthy;
        let mut unhealthy_count = self.workers.values().filter(unhealthy).count();
        let needs_any_worker = loop {
            let healthy_only = unhealthy_count >= unhealthy_max;
            let Some((endpoint, last)) = self.waiting.next(healthy_only) else {
                break false;
            };
            if self.workers.len() >= self.workers_max {
                break true;
            }
            unhealthy_count += last.health.index();
            self.start_slice(endpoint, last);
            actions.push(Action::StartSlice(endpoint));
        };
        if self.waiting.is_anyone_ready() {
            self.preempt(needs_any_worker, actions);
        }
    }

    fn start_slice(&mut self, endpoint: QueueKey, last: LastSlice) {
        self.waiting.remove(endpoint);
        self.slices += 1;
        let number = self.slices;
        self.last_slices
            .insert(endpoint, LastSlice { number, ..last });
        let worker = Worker {
            health: last.health,
            is_preempted: false,
        };
        self.workers.insert(endpoint, worker);
    }

    /// Preempts every worker; where a healthy one would make no room for those that wait, the unhealthy ones alone.
    fn preempt(&mut self, needs_any_worker: bool, actions: &mut Vec<Action>) {
        for (endpoint, worker) in &mut self.workers {
            let makes_room = needs_any_worker || worker.health == Health::Unhealthy;
            if makes_room && !worker.is_preempted {
                worker.is_preempted = true;
                actions.push(Action::Signal(*endpoint, WorkerSignal::Preempt));
            }
        }
    }

    fn start_reconcile(&mut self, now: Monotonic, actions: &mut Vec<Action>) {
        match self.reconcile {
            Reconcile::DueAt(at) if at <= now => {
                self.reconcile = Reconcile::UnderWay;
                actions.push(Action::Reconcile);
            }
            Reconcile::DueAt(_) | Reconcile::OnDemand | Reconcile::UnderWay => {}
        }
    }

    fn reconcile_later(&mut self, now: Monotonic) {
        self.reconcile = match self.reconcile {
            Reconcile::OnDemand => Reconcile::OnDemand,
            Reconcile::DueAt(_) | Reconcile::UnderWay => {
                Reconcile::DueAt(now.saturating_add_millis(RECONCILE_MS))
            }
        };
    }
}
