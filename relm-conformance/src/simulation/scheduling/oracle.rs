//! The oracle of a scheduler: what must be scheduled, decided by going through all endpoints.

use std::collections::BTreeMap;

use relm_core::engine::scheduler::{
    Action, Event, FAULT_RETRY_MS, Health, RECONCILE_MS, STORE_RETRY_MS, SliceResult, WorkerSignal,
};
use relm_core::store::QueueKey;
use relm_core::value::environment::Monotonic;

pub(super) fn moment(millis: i64) -> Monotonic {
    Monotonic::from_millis(millis)
}

pub(super) fn millis(at: Monotonic) -> i64 {
    at.millis_since(moment(0))
}

/// What the oracle knows of an endpoint.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    state: State,
    /// Which one of all slices its last was.
    number: u64,
    health: Health,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Waiting {
        due_at: i64,
        backs_off: bool,
    },
    Working {
        is_preempted: bool,
    },
}

impl Known {
    fn is_working(&self) -> bool {
        matches!(self.state, State::Working { .. })
    }
}

/// Says what must be scheduled.
pub(super) struct Oracle {
    workers_max: usize,
    slices: u64,
    endpoints: BTreeMap<QueueKey, Known>,
    /// None while it is under way.
    reconcile_at: Option<i64>,
}

impl Oracle {
    pub fn new(workers_max: usize) -> Self {
        Self {
            workers_max,
            slices: 0,
            endpoints: BTreeMap::new(),
            reconcile_at: Some(0),
        }
    }

    pub fn has_workers(&self) -> bool {
        self.working().next().is_some()
    }

    /// Half of one worker is one: it serves the unhealthy, too.
    pub fn has_no_bulkhead(&self) -> bool {
        self.workers_max == 1
    }

    /// What an event must lead to.
    pub fn expected(&mut self, event: &Event, now: i64) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::TimePassed | Event::Stopped => {}
            Event::Notified(endpoints) => {
                for endpoint in endpoints {
                    self.found(*endpoint, now, now, &mut actions);
                }
            }
            Event::Reconciled(queues) => {
                for (endpoint, known) in &mut self.endpoints {
                    if !known.is_working() && !queues.contains_key(endpoint) {
                        known.state = State::Idle;
                    }
                }
                for (endpoint, due_at) in queues {
                    self.found(*endpoint, millis(*due_at), now, &mut actions);
                }
                self.reconcile_at = Some(now + RECONCILE_MS);
            }
            Event::ReconcileFailed => self.reconcile_at = Some(now + RECONCILE_MS),
            Event::SliceEnded(endpoint, result) => self.ended(*endpoint, *result, now),
        }
        while let Some(endpoint) = self.next(now) {
            if self.working().count() >= self.workers_max {
                break;
            }
            self.slices += 1;
            let number = self.slices;
            let known = self.endpoints.entry(endpoint).or_default();
            let is_preempted = false;
            (known.state, known.number) = (State::Working { is_preempted }, number);
            actions.push(Action::StartSlice(endpoint));
        }
        self.preempt(now, &mut actions);
        if self.reconcile_at.is_some_and(|at| at <= now) {
            self.reconcile_at = None;
            actions.push(Action::Reconcile);
        }
        for known in self.endpoints.values_mut() {
            if let State::Waiting { due_at, backs_off } = &mut known.state {
                *backs_off &= *due_at > now;
            }
        }
        actions
    }

    fn found(&mut self, endpoint: QueueKey, due_at: i64, now: i64, actions: &mut Vec<Action>) {
        let known = self.endpoints.entry(endpoint).or_default();
        match &mut known.state {
            State::Working { .. } if due_at <= now => {
                actions.push(Action::Signal(endpoint, WorkerSignal::MoreWork));
            }
            State::Working { .. }
            | State::Waiting {
                backs_off: true, ..
            } => {}
            State::Waiting { due_at: known, .. } => *known = due_at.min(*known),
            state @ State::Idle => {
                let backs_off = false;
                *state = State::Waiting { due_at, backs_off };
            }
        }
    }

    fn ended(&mut self, endpoint: QueueKey, result: SliceResult, now: i64) {
        let known = self.endpoints.entry(endpoint).or_default();
        let backs_off = |wait_ms| State::Waiting {
            due_at: now + wait_ms,
            backs_off: true,
        };
        known.state = match result {
            SliceResult::StoreFailed => backs_off(STORE_RETRY_MS),
            SliceResult::Faulted => backs_off(FAULT_RETRY_MS),
            SliceResult::Finished { health, due_at } => {
                known.health = health;
                due_at.map_or(State::Idle, |due_at| State::Waiting {
                    due_at: millis(due_at),
                    backs_off: false,
                })
            }
        };
    }

    fn working(&self) -> impl Iterator<Item = &Known> {
        self.endpoints.values().filter(|known| known.is_working())
    }

    /// Those that wait though something is due: when each had its last slice, since when it is due, and its health.
    fn ready(&self, now: i64) -> impl Iterator<Item = (u64, i64, QueueKey, Health)> {
        let ready = self.endpoints.iter();
        ready.filter_map(move |(endpoint, known)| match known.state {
            State::Waiting { due_at, .. } if due_at <= now => {
                Some((known.number, due_at, *endpoint, known.health))
            }
            State::Waiting { .. } | State::Idle | State::Working { .. } => None,
        })
    }

    /// Whose slice is next, if there is a worker for it.
    fn next(&self, now: i64) -> Option<QueueKey> {
        let unhealthy = |known: &&Known| known.health == Health::Unhealthy;
        let is_half_full = 2 * self.working().filter(unhealthy).count() >= self.workers_max;
        let may_be = self.ready(now);
        let may_be = may_be.filter(|(.., health)| *health == Health::Healthy || !is_half_full);
        may_be.min().map(|(_, _, endpoint, _)| endpoint)
    }

    fn preempt(&mut self, now: i64, actions: &mut Vec<Action>) {
        if self.ready(now).next().is_none() {
            return;
        }
        let needs_any = self.next(now).is_some();
        for (endpoint, known) in &mut self.endpoints {
            let makes_room = needs_any || known.health == Health::Unhealthy;
            let unasked = State::Working {
                is_preempted: false,
            };
            if known.state == unasked && makes_room {
                let is_preempted = true;
                known.state = State::Working { is_preempted };
                actions.push(Action::Signal(*endpoint, WorkerSignal::Preempt));
            }
        }
    }
}
