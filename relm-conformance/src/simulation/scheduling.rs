//! The scheduler, driven directly: random histories of endpoints under virtual time, beside an oracle of what must be
//! scheduled.
//!
//! There is no store, no dispatcher and no future: a history makes events, and does what the actions ask for. The oracle
//! keeps one flat list of endpoints and goes through all of it for each decision, where the scheduler has queues and
//! indexes. Apart from it, no healthy endpoint may wait for long, and at the end nothing is left.

mod oracle;

use std::collections::{BTreeMap, BTreeSet};

use relm_core::engine::scheduler::{
    Action, Event, Health, RECONCILE_MS, Scheduler, SliceResult, WorkerSignal,
};
use relm_core::store::QueueKey;
use relm_core::value::environment::Monotonic;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use self::oracle::{Oracle, millis, moment};
use super::interleaving::Dice;

/// Events of a history, and how many more it may take until nothing is left.
const EVENTS: usize = 400;
const EVENTS_MAX: usize = 4_000;
/// The slices of endpoints that answer, and of those that hang.
const SLICE_MS_MAX: u64 = 200;
const HANG_MS: i64 = 15_000;
/// How long the store takes to list its queues.
const LIST_MS_MAX: u64 = 500;

/// How an endpoint of a history takes what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behaviour {
    Answers,
    Hangs,
    /// Its secret does not open, or its store cannot be reached.
    Fails(SliceResult),
}

/// An endpoint, as it is.
struct Endpoint {
    behaviour: Behaviour,
    /// Since when something is due, or from when on.
    pending_at: Option<i64>,
    /// Whether its worker was signalled that there is more.
    has_more: bool,
}

/// What is to come in a history.
enum Upcoming {
    Commit(QueueKey),
    SliceEnd(QueueKey),
    Listed(Option<BTreeMap<QueueKey, Monotonic>>),
}

struct History {
    seed: u64,
    dice: Dice,
    now: i64,
    scheduler: Scheduler,
    oracle: Oracle,
    endpoints: BTreeMap<QueueKey, Endpoint>,
    upcoming: BTreeMap<(i64, usize), Upcoming>,
    /// How many things were put on the list of what is to come.
    count: usize,
    slices: usize,
    /// For how long a healthy endpoint may wait.
    wait_ms_max: i64,
}

impl History {
    fn begin(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let workers_max = dice.pick(&[1, 2, 3, 4]).unwrap_or(1);
        let behaviour = |dice: &Dice| match dice.below(6) {
            0 => Behaviour::Hangs,
            1 => Behaviour::Fails(SliceResult::StoreFailed),
            2 if dice.one_in(2) => Behaviour::Fails(SliceResult::Faulted),
            _ => Behaviour::Answers,
        };
        let endpoints: BTreeMap<QueueKey, Endpoint> = (0..2 + dice.below(9))
            .map(|n| {
                let key = QueueKey {
                    scope: Scope::SYSTEM,
                    webhook: Id::new(Kind::Webhook, u128::from(n)),
                };
                let endpoint = Endpoint {
                    behaviour: behaviour(&dice),
                    pending_at: None,
                    has_more: false,
                };
                (key, endpoint)
            })
            .collect();
        let hangs = |endpoint: &&Endpoint| endpoint.behaviour == Behaviour::Hangs;
        let hanging = endpoints.values().filter(hangs).count() as i64;
        let wait_ms_max = 2 * RECONCILE_MS
            + 2 * LIST_MS_MAX.cast_signed()
            + endpoints.len() as i64 * SLICE_MS_MAX.cast_signed()
            + hanging * HANG_MS;
        Self {
            seed,
            dice,
            now: 0,
            scheduler: Scheduler::reconciling(workers_max, moment(0)),
            oracle: Oracle::new(workers_max),
            endpoints,
            upcoming: BTreeMap::new(),
            count: 0,
            slices: 0,
            wait_ms_max,
        }
    }

    fn later(&mut self, wait_ms: i64, what: Upcoming) {
        self.count += 1;
        self.upcoming.insert((self.now + wait_ms, self.count), what);
    }

    /// Lets the next thing happen.
    fn step(&mut self) {
        let next = self.upcoming.first_key_value().map(|(key, _)| *key);
        let wakeup = self.scheduler.next_wakeup().map(millis);
        let event = match (next, wakeup) {
            (Some(key), wakeup) if wakeup.is_none_or(|wakeup| key.0 < wakeup) => {
                self.now = self.now.max(key.0);
                match self.upcoming.remove(&key) {
                    Some(what) => self.event(what),
                    None => Event::TimePassed,
                }
            }
            (_, Some(wakeup)) => {
                self.now = self.now.max(wakeup);
                Event::TimePassed
            }
            (_, None) => panic!("seed {}: nothing is to come, not even a list", self.seed),
        };
        self.handle(event);
    }

    fn event(&mut self, what: Upcoming) -> Event {
        match what {
            Upcoming::Commit(endpoint) => {
                let now = self.now;
                if let Some(endpoint) = self.endpoints.get_mut(&endpoint) {
                    endpoint.pending_at = Some(endpoint.pending_at.map_or(now, |at| at.min(now)));
                }
                // Another process made it: a list finds it.
                if self.dice.one_in(4) {
                    return Event::TimePassed;
                }
                Event::Notified(BTreeSet::from([endpoint]))
            }
            Upcoming::SliceEnd(endpoint) => self.slice_end(endpoint),
            Upcoming::Listed(Some(queues)) => Event::Reconciled(queues),
            Upcoming::Listed(None) => Event::ReconcileFailed,
        }
    }

    fn slice_end(&mut self, key: QueueKey) -> Event {
        let now = self.now;
        let retry = (
            now + self.dice.below(3_000).cast_signed(),
            self.dice.one_in(4),
        );
        let endpoint = self.endpoints.get_mut(&key).expect("it had a slice");
        let (health, retry_at) = match endpoint.behaviour {
            Behaviour::Fails(result) => {
                endpoint.pending_at = endpoint.pending_at.or(Some(now));
                return Event::SliceEnded(key, result);
            }
            Behaviour::Answers => (Health::Healthy, retry.1.then_some(retry.0)),
            Behaviour::Hangs => (Health::Unhealthy, Some(retry.0)),
        };
        let due_at = if endpoint.has_more {
            Some(now)
        } else {
            retry_at
        };
        endpoint.pending_at = endpoint.pending_at.into_iter().chain(retry_at).min();
        let due_at = due_at.map(moment);
        Event::SliceEnded(key, SliceResult::Finished { health, due_at })
    }

    /// Holds the scheduler to the oracle, and does what it asks for.
    fn handle(&mut self, event: Event) {
        let expected = self.oracle.expected(&event, self.now);
        let happened = format!("seed {}, {} ms: {event:?}", self.seed, self.now);
        let actions = self.scheduler.handle(event, moment(self.now));
        assert_eq!(actions, expected, "{happened}");
        for action in actions {
            match action {
                Action::StartSlice(endpoint) => self.start(endpoint),
                Action::Signal(endpoint, WorkerSignal::MoreWork) => {
                    let endpoint = self.endpoints.get_mut(&endpoint);
                    endpoint.expect("it is one of them").has_more = true;
                }
                Action::Signal(_, WorkerSignal::Preempt | WorkerSignal::Stop) => {}
                Action::Reconcile => self.list(),
            }
        }
    }

    fn start(&mut self, key: QueueKey) {
        self.slices += 1;
        let takes_ms = 1 + self.dice.below(SLICE_MS_MAX).cast_signed();
        let endpoint = self.endpoints.get_mut(&key).expect("it is one of them");
        endpoint.has_more = false;
        // A retry that is not due yet stays pending.
        let due_at = endpoint.pending_at.take_if(|at| *at <= self.now);
        let takes_ms = match endpoint.behaviour {
            Behaviour::Hangs => HANG_MS,
            Behaviour::Answers | Behaviour::Fails(_) => takes_ms,
        };
        let waited_ms = due_at.map_or(0, |due_at| self.now - due_at);
        let is_late = waited_ms > self.wait_ms_max && endpoint.behaviour == Behaviour::Answers;
        assert!(
            !is_late || self.oracle.has_no_bulkhead(),
            "seed {}: {key:?} had waited for {waited_ms} ms when it got its slice",
            self.seed
        );
        self.later(takes_ms, Upcoming::SliceEnd(key));
    }

    /// What the store lists is of now, and arrives later.
    fn list(&mut self) {
        let pending = self.endpoints.iter();
        let pending =
            pending.filter_map(|(key, endpoint)| Some((*key, moment(endpoint.pending_at?))));
        let pending = pending.collect();
        let listed = (!self.dice.one_in(6)).then_some(pending);
        let takes_ms = self.dice.below(LIST_MS_MAX).cast_signed();
        self.later(takes_ms, Upcoming::Listed(listed));
    }

    /// Plays a history: with commits, and then until nothing is left.
    fn play(&mut self) {
        self.handle(Event::TimePassed);
        let keys: Vec<QueueKey> = self.endpoints.keys().copied().collect();
        for _ in 0..EVENTS {
            if self.dice.one_in(2)
                && let Some(key) = self.dice.pick(&keys)
            {
                let wait_ms = self.dice.below(1_000).cast_signed();
                self.later(wait_ms, Upcoming::Commit(key));
            }
            self.step();
        }
        for endpoint in self.endpoints.values_mut() {
            endpoint.behaviour = Behaviour::Answers;
        }
        // Those that hung or failed until now are unhealthy, or back off.
        self.wait_ms_max = i64::MAX;
        for _ in 0..EVENTS_MAX {
            let mut left = self.endpoints.values();
            let is_left = left.any(|endpoint| endpoint.pending_at.is_some());
            if !is_left && !self.oracle.has_workers() {
                return;
            }
            self.step();
        }
        let left = self.endpoints.iter();
        let left = left.filter(|(_, endpoint)| endpoint.pending_at.is_some());
        let left: Vec<QueueKey> = left.map(|(key, _)| *key).collect();
        let seed = self.seed;
        panic!("seed {seed}: {EVENTS_MAX} events later, nothing was sent that is due at {left:?}");
    }
}

#[test]
fn histories_are_scheduled_as_the_oracle_says() {
    let mut slices = 0;
    for seed in 0..1_000 {
        let mut history = History::begin(seed);
        history.play();
        slices += history.slices;
    }
    assert!(slices > 50_000, "{slices} slices in all prove little");
}
