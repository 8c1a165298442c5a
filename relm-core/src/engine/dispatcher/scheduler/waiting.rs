//! The endpoints that wait for a time slice, each in one explicit state.

use std::collections::{BTreeSet, HashMap};

use crate::store::QueueKey;
use crate::value::time::Monotonic;

/// What the last time slice showed of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It took something, or was sent nothing.
    #[default]
    Healthy,
    /// All that it was sent failed.
    Unhealthy,
}

impl Health {
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Healthy => 0,
            Self::Unhealthy => 1,
        }
    }
}

/// The time slice that an endpoint had last. Orders by which came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LastSlice {
    /// Which one of all slices it was; 0 where the endpoint had none yet.
    pub number: u64,
    /// What it showed of the endpoint.
    pub health: Health,
}

/// How an endpoint waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Until something is due.
    Scheduled { due_at: Monotonic },
    /// After a failed slice, whatever is due meanwhile.
    BackingOff { until: Monotonic },
    /// Something is due: for a free worker.
    Ready { since: Monotonic },
}

/// The endpoints that have something pending and no worker.
#[derive(Default)]
pub(super) struct Waiting {
    endpoints: HashMap<QueueKey, (State, LastSlice)>,
    /// Those that are scheduled or backing off, the next one first.
    later: BTreeSet<(Monotonic, QueueKey)>,
    /// Those that are ready, by [`Health`]: first the one whose last slice is longest ago, and of those that had none the
    /// one that has been due for longest.
    ready: [BTreeSet<(LastSlice, Monotonic, QueueKey)>; 2],
}

impl Waiting {
    /// Has an endpoint wait until it is due. One that waits already may be due earlier for it and not later; one that is
    /// backing off goes on to.
    pub fn schedule(&mut self, endpoint: QueueKey, due_at: Monotonic, last: LastSlice) {
        let known = self.endpoints.get(&endpoint).map(|(state, _)| *state);
        let is_earlier = match known {
            None => true,
            Some(State::BackingOff { .. }) => false,
            Some(State::Scheduled { due_at: known } | State::Ready { since: known }) => {
                due_at < known
            }
        };
        if is_earlier {
            self.set(endpoint, State::Scheduled { due_at }, last);
        }
    }

    /// Leaves an endpoint alone until then.
    pub fn back_off(&mut self, endpoint: QueueKey, until: Monotonic, last: LastSlice) {
        self.set(endpoint, State::BackingOff { until }, last);
    }

    fn set(&mut self, endpoint: QueueKey, state: State, last: LastSlice) {
        self.remove(endpoint);
        self.endpoints.insert(endpoint, (state, last));
        match state {
            State::Scheduled { due_at: at } | State::BackingOff { until: at } => {
                self.later.insert((at, endpoint));
            }
            State::Ready { since } => {
                self.ready[last.health.index()].insert((last, since, endpoint));
            }
        }
    }

    pub fn remove(&mut self, endpoint: QueueKey) {
        let Some((state, last)) = self.endpoints.remove(&endpoint) else {
            return;
        };
        match state {
            State::Scheduled { due_at: at } | State::BackingOff { until: at } => {
                self.later.remove(&(at, endpoint));
            }
            State::Ready { since } => {
                self.ready[last.health.index()].remove(&(last, since, endpoint));
            }
        }
    }

    /// Lets those go that have nothing pending any more.
    pub fn retain(&mut self, is_pending: impl Fn(QueueKey) -> bool) {
        let waits = self.endpoints.keys().copied();
        let gone: Vec<QueueKey> = waits.filter(|endpoint| !is_pending(*endpoint)).collect();
        for endpoint in gone {
            self.remove(endpoint);
        }
    }

    /// Makes those ready whose time has come.
    pub fn fall_due(&mut self, now: Monotonic) {
        while let Some((since, endpoint)) = self.later.first().copied()
            && since <= now
        {
            let last = self.endpoints.get(&endpoint).map(|(_, last)| *last);
            self.set(endpoint, State::Ready { since }, last.unwrap_or_default());
        }
    }

    /// Whose time slice is next of those that are ready; where it is said, of the healthy ones.
    pub fn next(&self, healthy_only: bool) -> Option<(QueueKey, LastSlice)> {
        let [healthy, unhealthy] = &self.ready;
        let unhealthy = unhealthy.first().filter(|_| !healthy_only);
        let next = healthy.first().into_iter().chain(unhealthy).min();
        next.map(|(last, _, endpoint)| (*endpoint, *last))
    }

    pub fn is_anyone_ready(&self) -> bool {
        self.ready.iter().any(|ready| !ready.is_empty())
    }

    /// When the next one gets ready of those that are not.
    pub fn next_due(&self) -> Option<Monotonic> {
        self.later.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
impl Waiting {
    pub fn is_ready(&self, endpoint: QueueKey) -> bool {
        let state = self.endpoints.get(&endpoint).map(|(state, _)| *state);
        matches!(state, Some(State::Ready { .. }))
    }
}
