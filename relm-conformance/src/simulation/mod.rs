//! The dispatch model: random histories of events, endpoints and dispatchers, each held to what is promised of webhooks.
//!
//! One seed is one history, under a virtual clock that now and then is set forward or back: records change and make
//! events; endpoints come, go, are disabled, moved, given new secrets, and answer well, badly, slowly or not at all;
//! dispatchers, one or two, deliver, while their store fails or does not say whether it did, their leases run out, and
//! they die at any point. The seed chooses which future is polled next, and every call of the store is one step:
//! a seed does the same again.
//!
//! The scheduler is also driven directly, through histories of its own (`scheduling.rs`).
//!
//! The history is checked by what cannot be argued with: the commits that the store applied (`promises.rs`, `endpoints.rs`), and the
//! messages that left (`ledger.rs`, `signed.rs`). At its end nothing may be left undone (`ending.rs`).

mod ending;
mod endpoints;
pub(crate) mod environment;
mod faults;
mod interleaving;
mod ledger;
mod promises;
#[cfg(test)]
mod scheduling;
mod signed;
mod workload;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

pub(crate) use self::interleaving::yield_times;
use self::ledger::{Ledger, Rules};
use self::workload::Command;
use relm_core::engine::{Crm, DispatchOptions, Dispatcher, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::DeliveryStatus;
use relm_core::store::Store;
use relm_core::value::id::Id;
use relm_core::value::scope::Mode;
use relm_core::value::time::{Clock, SeededRng, Timestamp};
use relm_core::webhook::Schedule;

use self::environment::{Behaviour, Environment, FaultyStore, SimulatedTransport, VirtualSleep};
use self::faults::{Faults, TIMEOUT};
use self::interleaving::{Dice, Interleaver};
use crate::intercept::Intercepted;
use crate::{BlockOn, deadline};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// The schedules of histories, in milliseconds: the default, short ones, and one without any wait.
const SCHEDULES: [&[i64]; 6] = [
    &[
        0,
        5 * SECOND_MS,
        5 * MINUTE_MS,
        30 * MINUTE_MS,
        2 * HOUR_MS,
        5 * HOUR_MS,
        10 * HOUR_MS,
        10 * HOUR_MS,
    ],
    &[0, 200, 1_000],
    &[0, 5 * SECOND_MS, 5 * MINUTE_MS],
    &[0, 40 * SECOND_MS, 40 * SECOND_MS, 2 * HOUR_MS],
    &[0, 0, 0],
    &[0],
];

/// What a history amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Played {
    /// How many promises were held to.
    pub checks: u64,
    /// Messages that left.
    pub sent: usize,
    /// Deliveries that succeeded, are dead, or were cancelled.
    pub ended: [usize; 3],
}

/// Plays the history of a seed over a store, which is empty: so many steps, and then until nothing waits.
///
/// `block_on` runs the futures of the store, as in [`Case::run`](crate::Case::run); this thread is in no runtime.
///
/// # Panics
/// When a promise is broken, with the seed and the end of the history: the same seed does the same again.
pub fn run(store: Arc<dyn Store>, seed: u64, steps: usize, block_on: BlockOn) -> Played {
    let name = format!("the history of seed {seed}");
    deadline::within(&name, store, move |store| {
        let mut history = History::begin(store, seed, block_on);
        for _ in 0..steps {
            history.step();
        }
        history.drain();
        history.played()
    })
}

/// One process: an engine and a dispatcher of its own over the shared store.
struct Process {
    scoped: Scoped,
    dispatcher: Dispatcher,
}

/// How the delivering of a process ended.
#[derive(Default)]
enum End {
    #[default]
    Died,
    Stopped,
    Delivered(relm_core::error::Result<Option<Timestamp>>),
}

struct History {
    store: Arc<dyn Store>,
    environment: Arc<Environment>,
    workspace: Id,
    owner: (Crm, Scoped),
    processes: Vec<Process>,
}

/// Runs one future alone.
fn alone<T>(environment: &Environment, future: impl Future<Output = T>) -> T {
    let outcome = Cell::new(None);
    let mut interleaver = Interleaver::default();
    interleaver.add(async { outcome.set(Some(future.await)) }, None);
    let ended = interleaver.run(&environment.dice);
    match outcome.take() {
        Some(outcome) if ended => outcome,
        Some(_) | None => environment.ledger().fail("a call never ends"),
    }
}

fn any_faults(dice: &Dice) -> Faults {
    // One history in three has none: what is exact without faults is checked there.
    if dice.one_in(3) {
        return Faults::default();
    }
    Faults {
        crashes: dice.one_in(3),
        two: dice.one_in(3),
        commits_fail: dice.one_in(3),
        leases_fail: dice.one_in(3),
        overlaps: dice.one_in(2),
        hangs: dice.one_in(4),
        prunes: dice.one_in(3),
        steps: dice.one_in(3),
    }
}

impl History {
    fn begin(store: Arc<dyn Store>, seed: u64, block_on: BlockOn) -> Self {
        let dice = Dice::new(seed);
        let faults = any_faults(&dice);
        let steps_ms = dice.pick(&SCHEDULES).unwrap_or(&[0]).to_vec();
        let limits = [
            None,
            Some(0),
            Some(2 * SECOND_MS),
            Some(HOUR_MS),
            Some(20 * HOUR_MS),
        ];
        let rules = Rules {
            steps_ms,
            disable_after_ms: dice.pick(&limits).flatten(),
            faults,
        };
        let ledger = Ledger::new(seed, rules);
        let environment = Arc::new(Environment::new(ledger, dice, faults, block_on));
        let crm = engine(&store, &environment, 0);
        let (workspace, scoped) = alone(&environment, async {
            let made = crm.create_workspace("acme").await;
            let workspace = made.expect("the store is empty").id;
            let scoped = crm.open(workspace, Mode::Live).await;
            (workspace, scoped.expect("it was just made"))
        });
        let mut history = Self {
            store,
            environment,
            workspace,
            owner: (crm, scoped),
            processes: Vec::new(),
        };
        for number in 1..=if faults.two { 2 } else { 1 } {
            let process = history.start(number);
            history.processes.push(process);
        }
        history
    }

    /// A fresh process, which knows nothing but what the store holds.
    fn start(&self, number: usize) -> Process {
        let environment = &self.environment;
        let crm = engine(&self.store, environment, number);
        let opened = alone(environment, crm.open(self.workspace, Mode::Live));
        let rules = environment.ledger().rules.clone();
        let millis = |millis: i64| Duration::from_millis(millis.unsigned_abs());
        let options = DispatchOptions {
            schedule: Schedule::new(rules.steps_ms.into_iter().map(millis))
                .expect("the schedules of histories are schedules"),
            timeout: TIMEOUT,
            endpoints: environment.dice.pick(&[1, 2, 256]).unwrap_or(256),
            per_endpoint: environment.dice.pick(&[1, 2, 4, 16]).unwrap_or(16),
            in_all: environment.dice.pick(&[1, 3, 512]).unwrap_or(512),
            disable_after: rules.disable_after_ms.map(millis),
        };
        let transport = SimulatedTransport {
            environment: Arc::clone(environment),
            process: number,
        };
        let shared = Arc::clone(environment);
        let dispatcher = Dispatcher::new(crm, transport, options);
        Process {
            scoped: opened.expect("the workspace is there"),
            dispatcher: dispatcher.on_error(move |error| check_error(&shared, error)),
        }
    }

    fn step(&mut self) {
        let environment = Arc::clone(&self.environment);
        match environment.dice.below(10) {
            0..=4 => {
                let command = Command::any(&environment);
                let (crm, scoped) = &self.owner;
                alone(&environment, command.run(&environment, crm, scoped));
            }
            5 => {
                let far =
                    environment
                        .dice
                        .pick(&[1, 300, 7 * SECOND_MS, 10 * MINUTE_MS, 6 * HOUR_MS]);
                environment.clock.advance_millis(far.unwrap_or(1));
                environment.note("time passes".to_owned());
                environment.step();
            }
            6 => {
                let urls: Vec<String> = environment
                    .ledger()
                    .endpoints
                    .values()
                    .filter_map(|endpoint| endpoint.webhook.as_ref())
                    .map(|webhook| webhook.url.clone())
                    .collect();
                for url in urls {
                    environment.set_behaviour(&url, Behaviour::any(&environment.dice));
                }
            }
            _ => self.deliver(),
        }
    }

    /// Lets every process deliver, interleaved with whatever else the faults allow.
    fn deliver(&mut self) {
        let environment = Arc::clone(&self.environment);
        let (dice, faults) = (&environment.dice, environment.faults());
        let began = environment.clock.now();
        let ends: Vec<RefCell<End>> = self.processes.iter().map(|_| RefCell::default()).collect();
        let mut interleaver = Interleaver::default();
        for (process, end) in self.processes.iter().zip(&ends) {
            let runs = dice.one_in(4);
            let dies = faults.crashes && dice.one_in(2);
            let environment = &environment;
            let deliver = async move {
                let ended = if runs {
                    run_a_while(environment, process).await;
                    End::Stopped
                } else {
                    End::Delivered(process.dispatcher.deliver_due().await)
                };
                *end.borrow_mut() = ended;
            };
            interleaver.add(deliver, dies.then(|| dice.below(60)));
        }
        if faults.overlaps {
            for _ in 0..dice.below(3) {
                let dies_after = (faults.crashes && dice.one_in(3)).then(|| dice.below(20));
                interleaver.add(self.busy_owner(1 + dice.below(3)), dies_after);
            }
        }
        if !interleaver.run(dice) {
            environment.ledger().fail("a dispatcher never ends");
        }
        for (place, end) in ends.into_iter().enumerate() {
            match end.into_inner() {
                End::Died => {
                    environment.note(format!("process {} died", place + 1));
                    self.processes[place] = self.start(place + 1);
                }
                End::Stopped => {}
                End::Delivered(Err(error)) => check_error(&environment, &error),
                End::Delivered(Ok(next_due)) => self.check_delivering(began, next_due),
            }
        }
    }

    /// Some commands, one after another. Records change through the first dispatcher's own engine, which notifies it.
    async fn busy_owner(&self, commands: u64) {
        for _ in 0..commands {
            let command = Command::any(&self.environment);
            let (crm, scoped) = &self.owner;
            let scoped = if command.changes_records() {
                &self.processes[0].scoped
            } else {
                scoped
            };
            command.run(&self.environment, crm, scoped).await;
        }
    }

    /// A dispatcher that was alone, and that nothing went wrong with, left nothing that was due.
    fn check_delivering(&self, began: Timestamp, next_due: Option<Timestamp>) {
        let mut ledger = self.environment.ledger();
        let Faults {
            crashes,
            two,
            commits_fail,
            leases_fail,
            overlaps,
            hangs,
            prunes: _,
            steps,
        } = ledger.rules.faults;
        if crashes || two || commits_fail || leases_fail || overlaps || hangs || steps {
            return;
        }
        let expected = ledger.next_due();
        ledger.ensure(next_due == expected, || {
            format!("the next delivery is said to be due at {next_due:?}, not {expected:?}")
        });
        ledger.ensure(expected.is_none_or(|due| due > began), || {
            "a delivery that was due was left".to_owned()
        });
    }

    fn played(&self) -> Played {
        let ledger = self.environment.ledger();
        let count = |status: DeliveryStatus| {
            let rows = ledger.deliveries.values();
            rows.filter(|row| row.delivery.status == status).count()
        };
        Played {
            checks: ledger.checks,
            sent: ledger.sent.len(),
            ended: [
                DeliveryStatus::Succeeded,
                DeliveryStatus::Dead,
                DeliveryStatus::Cancelled,
            ]
            .map(count),
        }
    }
}

/// The engine of a process; the owner's is number 0.
fn engine(store: &Arc<dyn Store>, environment: &Arc<Environment>, process: usize) -> Crm {
    let faulty = FaultyStore {
        environment: Arc::clone(environment),
        process,
    };
    let store = Intercepted {
        store: Arc::clone(store),
        by: Arc::new(faulty),
    };
    let rng = SeededRng::new(environment.dice.below(u64::MAX));
    Crm::builder(Arc::new(store))
        .clock(Arc::clone(&environment.clock) as Arc<dyn Clock>)
        .rng(Arc::new(rng))
        .build()
}

/// Runs a dispatcher until it was asked so many times whether to stop.
async fn run_a_while(environment: &Arc<Environment>, process: &Process) {
    let mut polls = 20 + environment.dice.below(150);
    let stop = poll_fn(move |_| {
        polls = polls.saturating_sub(1);
        match polls {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    });
    let sleeper = VirtualSleep(Arc::clone(environment));
    process.dispatcher.run(&sleeper, stop).await;
}

/// A dispatcher may fail where its store does, and only so.
fn check_error(environment: &Environment, error: &Error) {
    let mut ledger = environment.ledger();
    let faults = ledger.rules.faults;
    let fails = faults.commits_fail || faults.leases_fail;
    let is_of_store = matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
    );
    ledger.ensure(fails && is_of_store, || {
        format!("a dispatcher fails: {error:?}")
    });
}
