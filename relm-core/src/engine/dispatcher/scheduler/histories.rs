//! What holds of the scheduler in any history of events: its bounds, and that it starves nobody.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::{at, endpoint, notified, reconciled};
use super::*;

/// Endpoints of a random history.
const ENDPOINTS: u128 = 8;

/// One thing that happens in it; how it ends for a worker is chosen by its place.
#[derive(Clone, Debug)]
enum Happening {
    Notified(BTreeSet<u128>),
    Reconciled(BTreeMap<u128, i64>),
    Ended(usize, End),
    Passed(i64),
}

#[derive(Clone, Copy, Debug)]
enum End {
    Healthy(Option<i64>),
    Unhealthy(Option<i64>),
    Failed,
}

fn happening() -> impl Strategy<Value = Happening> {
    let due = || prop::option::of(0..2_000_i64);
    let end = prop_oneof![
        3 => due().prop_map(End::Healthy),
        3 => due().prop_map(End::Unhealthy),
        1 => Just(End::Failed),
    ];
    prop_oneof![
        2 => prop::collection::btree_set(0..ENDPOINTS, 1..4).prop_map(Happening::Notified),
        1 => prop::collection::btree_map(0..ENDPOINTS, -500..2_000_i64, 0..8).prop_map(Happening::Reconciled),
        4 => (any::<usize>(), end).prop_map(|(place, end)| Happening::Ended(place, end)),
        2 => (0..3_000_i64).prop_map(Happening::Passed),
    ]
}

/// A scheduler, and what a dispatcher would have made of its actions.
struct Bench {
    scheduler: Scheduler,
    now: i64,
    working: BTreeMap<QueueKey, Health>,
    health: BTreeMap<QueueKey, Health>,
    /// Slices, in the order in which they began, with how healthy their endpoints were.
    slices: Vec<(QueueKey, Health)>,
    /// Since how many slices endpoints have been ready.
    ready_since: BTreeMap<QueueKey, usize>,
    preempted: BTreeSet<QueueKey>,
}

impl Bench {
    fn new(workers_max: usize) -> Self {
        Self {
            scheduler: Scheduler::on_demand(workers_max),
            now: 0,
            working: BTreeMap::new(),
            health: BTreeMap::new(),
            slices: Vec::new(),
            ready_since: BTreeMap::new(),
            preempted: BTreeSet::new(),
        }
    }

    fn health(&self, endpoint: QueueKey) -> Health {
        self.health.get(&endpoint).copied().unwrap_or_default()
    }

    fn happen(&mut self, happening: Happening) {
        let event = match happening {
            Happening::Notified(endpoints) => {
                notified(&endpoints.into_iter().collect::<Vec<u128>>())
            }
            Happening::Reconciled(queues) => {
                let now = self.now;
                let queues = queues.into_iter().map(|(n, due)| (n, now + due));
                reconciled(&queues.collect::<Vec<(u128, i64)>>())
            }
            Happening::Passed(millis) => {
                self.now += millis;
                Event::TimePassed
            }
            Happening::Ended(place, end) => {
                match self.working.keys().nth(place % self.working.len().max(1)) {
                    Some(endpoint) => self.ended(*endpoint, end),
                    None => Event::TimePassed,
                }
            }
        };
        self.handle(event);
    }

    fn ended(&mut self, endpoint: QueueKey, end: End) -> Event {
        self.working.remove(&endpoint);
        self.preempted.remove(&endpoint);
        let (health, due_at) = match end {
            End::Healthy(due_at) => (Health::Healthy, due_at),
            End::Unhealthy(due_at) => (Health::Unhealthy, due_at),
            End::Failed => return Event::SliceEnded(endpoint, SliceResult::StoreFailed),
        };
        self.health.insert(endpoint, health);
        let due_at = due_at.map(|wait| at(self.now + wait));
        Event::SliceEnded(endpoint, SliceResult::Finished { health, due_at })
    }

    fn handle(&mut self, event: Event) {
        let workers_max = self.scheduler.workers_max;
        for action in self.scheduler.handle(event, at(self.now)) {
            match action {
                Action::StartSlice(endpoint) => {
                    let health = self.health(endpoint);
                    let before = self.working.insert(endpoint, health);
                    assert_eq!(before, None, "a second worker of {endpoint:?}");
                    self.slices.push((endpoint, health));
                    self.is_not_starved(endpoint, health);
                }
                Action::Signal(endpoint, WorkerSignal::Preempt) => {
                    assert!(
                        self.working.contains_key(&endpoint),
                        "{endpoint:?} has no worker"
                    );
                    assert!(
                        self.preempted.insert(endpoint),
                        "{endpoint:?} is preempted twice"
                    );
                }
                Action::Signal(endpoint, _) => {
                    assert!(
                        self.working.contains_key(&endpoint),
                        "{endpoint:?} has no worker"
                    );
                }
                Action::Reconcile => panic!("nobody asked it to list queues"),
            }
        }
        let unhealthy = self
            .working
            .values()
            .filter(|health| **health == Health::Unhealthy);
        let unhealthy = unhealthy.count();
        assert!(self.working.len() <= workers_max, "{:?}", self.working);
        assert!(unhealthy <= workers_max.div_ceil(2), "{:?}", self.working);
        self.look_at_who_is_ready(unhealthy < workers_max.div_ceil(2));
    }

    /// From when it was ready, every other endpoint has had one slice at most; one that was unhealthy waits for a worker of
    /// the unhealthy alone.
    fn is_not_starved(&mut self, endpoint: QueueKey, health: Health) {
        let Some(since) = self.ready_since.remove(&endpoint) else {
            return;
        };
        let before = &self.slices[since..self.slices.len() - 1];
        let mut served = BTreeSet::new();
        for (other, others) in before {
            if health == Health::Healthy || *others == Health::Unhealthy {
                assert!(
                    served.insert(*other),
                    "{endpoint:?} waited for two slices of {other:?}"
                );
            }
        }
    }

    /// Whoever is ready waits for a worker that may be its own, and somebody was told to make room.
    fn look_at_who_is_ready(&mut self, takes_unhealthy: bool) {
        let is_full = self.working.len() == self.scheduler.workers_max;
        let ready: BTreeSet<QueueKey> = (0..ENDPOINTS)
            .map(endpoint)
            .filter(|endpoint| self.scheduler.waiting.is_ready(*endpoint))
            .collect();
        self.ready_since
            .retain(|endpoint, _| ready.contains(endpoint));
        for endpoint in ready {
            self.ready_since
                .entry(endpoint)
                .or_insert(self.slices.len());
            let is_healthy = self.health(endpoint) == Health::Healthy;
            assert!(
                is_full || !(is_healthy || takes_unhealthy),
                "{endpoint:?} waits for nothing"
            );
            let mut makes_room = self
                .working
                .iter()
                .filter(|(_, health)| is_full || **health == Health::Unhealthy);
            let is_told = |(other, _): (&QueueKey, &Health)| self.preempted.contains(other);
            assert!(
                is_healthy || makes_room.clone().any(is_told),
                "nobody makes room"
            );
            assert!(
                !is_healthy || makes_room.all(is_told),
                "nobody makes room for {endpoint:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_history_keeps_to_the_bounds_and_starves_nobody(
        workers_max in 1..5_usize,
        history in prop::collection::vec(happening(), 1..120),
    ) {
        let mut bench = Bench::new(workers_max);
        for happening in history {
            bench.happen(happening);
        }
        // Whoever is ready in the end gets a slice within as many as there are endpoints, though nobody takes anything.
        let ready: BTreeSet<QueueKey> = bench.ready_since.keys().copied().collect();
        let began = bench.slices.len();
        for _ in 0..2 * ENDPOINTS {
            bench.happen(Happening::Ended(0, End::Unhealthy(None)));
        }
        let served: BTreeSet<QueueKey> = bench.slices[began..].iter().map(|(endpoint, _)| *endpoint).collect();
        prop_assert!(served.is_superset(&ready), "{ready:?} waited, {served:?} got slices");
    }

    /// However many endpoints hang for ever, the healthy ones get their slices.
    #[test]
    fn endpoints_that_hang_leave_workers_to_healthy_ones(
        workers_max in 2..5_usize,
        rounds in 1..20_usize,
    ) {
        let mut bench = Bench::new(workers_max);
        let hanging: BTreeSet<u128> = (2..ENDPOINTS).collect();
        for n in hanging.clone() {
            bench.happen(Happening::Notified(BTreeSet::from([n])));
            bench.happen(Happening::Ended(0, End::Unhealthy(None)));
        }
        bench.happen(Happening::Notified(hanging));
        for _ in 0..rounds {
            for n in 0..2 {
                let began = bench.slices.len();
                bench.happen(Happening::Notified(BTreeSet::from([n])));
                prop_assert_eq!(&bench.slices[began..], [(endpoint(n), Health::Healthy)]);
                let place = bench.working.keys().position(|working| *working == endpoint(n));
                bench.happen(Happening::Ended(place.unwrap(), End::Healthy(None)));
            }
        }
    }
}
