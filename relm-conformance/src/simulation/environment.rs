//! The environment of the dispatchers of a history: a store and endpoints that do what the seed says, under a virtual clock.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use relm_core::engine::Sleeper;
use relm_core::record::Document;
use relm_core::record::Webhook;
use relm_core::store::{
    Batch, CommitError, Configuration, Lease, Page, Query, Queue, QueueKey, Store, StoreError,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::{Clock, ManualClock};
use relm_core::webhook::{Answer, Message, SendError, Transport};

use super::faults::Faults;
use super::interleaving::{Dice, yield_times};
use super::ledger::{Answered, Ledger};
use crate::BlockOn;
use crate::intercept::{Intercept, Read};

const HOUR_MS: u64 = 3_600_000;
/// How an endpoint takes what it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    Healthy,
    Flaky,
    Failing,
    Gone,
}

impl Behaviour {
    pub fn any(dice: &Dice) -> Self {
        match dice.below(12) {
            0..=3 => Self::Healthy,
            4..=6 => Self::Flaky,
            7..=10 => Self::Failing,
            _ => Self::Gone,
        }
    }
}

/// What the processes of a history share.
pub(crate) struct Environment {
    pub clock: Arc<ManualClock>,
    pub dice: Dice,
    block_on: BlockOn,
    faults: Mutex<Faults>,
    behaviours: Mutex<HashMap<String, Behaviour>>,
    ledger: Mutex<Ledger>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Environment {
    pub fn new(ledger: Ledger, dice: Dice, faults: Faults, block_on: BlockOn) -> Self {
        Self {
            clock: Arc::new(ManualClock::new(crate::subject::NOW)),
            dice,
            block_on,
            faults: Mutex::new(faults),
            behaviours: Mutex::default(),
            ledger: Mutex::new(ledger),
        }
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    pub fn faults(&self) -> Faults {
        *lock(&self.faults)
    }

    pub fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    pub fn set_behaviour(&self, url: &str, behaviour: Behaviour) {
        lock(&self.behaviours).insert(url.to_owned(), behaviour);
    }

    pub fn note(&self, what: String) {
        let now = self.clock.now();
        self.ledger().note(now, what);
    }

    /// A call of the store, which is one step of the history however long it takes.
    fn complete<T: Send>(&self, call: impl Future<Output = T> + Send) -> T {
        let mut answer = None;
        (self.block_on)(Box::pin(async { answer = Some(call.await) }));
        answer.expect("a future that was run to its end has an outcome")
    }

    /// Sets the wall clock, where the faults do: the monotonic clock goes on as if nothing were.
    pub fn step(&self) {
        if self.faults().steps && self.dice.one_in(40) {
            let far = self.dice.below(2 * HOUR_MS).cast_signed() - HOUR_MS.cast_signed();
            self.clock.step_millis(far);
            self.note(format!("the clock is set by {far} ms"));
        }
    }

    async fn pause(&self) {
        self.step();
        let times = match self.dice.below(4) {
            0 => 1 + self.dice.below(2),
            _ => 0,
        };
        yield_times(times).await;
    }

    /// What an endpoint answers, and how many milliseconds later.
    fn answer(&self, url: &str) -> (Result<Answer, SendError>, i64) {
        let dice = &self.dice;
        let behaviour = lock(&self.behaviours).get(url).copied();
        let succeeds = match behaviour {
            Some(Behaviour::Healthy) | None => true,
            Some(Behaviour::Flaky) => dice.one_in(2),
            Some(Behaviour::Failing | Behaviour::Gone) => false,
        };
        let hangs = self.faults().hangs && dice.one_in(6);
        let took_ms = if hangs {
            40_000
        } else {
            dice.below(200).cast_signed()
        };
        let outcome = if succeeds {
            let status = dice.pick(&[200, 201, 204, 299]).unwrap_or(200);
            Ok(Answer::new(status).body(b"taken\0".repeat(dice.below(300) as usize)))
        } else if matches!(behaviour, Some(Behaviour::Gone)) && dice.one_in(2) {
            Ok(Answer::new(410))
        } else {
            self.failure()
        };
        (outcome, took_ms)
    }

    fn failure(&self) -> Result<Answer, SendError> {
        let dice = &self.dice;
        match dice.below(5) {
            0 => Err(SendError::TimedOut),
            1 => Err(SendError::Failed("connection refused".to_owned())),
            2 => Err(SendError::Forbidden("127.0.0.1 is not public".to_owned())),
            _ => {
                let statuses = [100, 199, 300, 301, 304, 400, 404, 409, 411, 429, 500, 503];
                let answer = Answer::new(dice.pick(&statuses).unwrap_or(500));
                let asked = dice.pick(&[0, 1, 7, 61, 3_600, 1_000_000, u64::MAX]);
                let asked = asked.filter(|_| dice.one_in(2));
                Ok(match asked {
                    Some(seconds) => answer.retry_after(Duration::from_secs(seconds)),
                    None => answer.body([0xff, 0, b'x']),
                })
            }
        }
    }
}

/// The transport of one process, which leads to the endpoints of the seed.
pub(crate) struct SimulatedTransport {
    pub environment: Arc<Environment>,
    pub process: usize,
}

#[async_trait]
impl Transport for SimulatedTransport {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        let environment = &self.environment;
        let (now, begun) = (environment.clock.now(), environment.clock.monotonic());
        let place = environment.ledger().sent(self.process, &message, now);
        let (outcome, took_ms) = environment.answer(&message.url);
        yield_times(environment.dice.below(5)).await;
        environment.step();
        environment.clock.advance_millis(took_ms);
        let answered = Answered {
            at: environment.clock.now(),
            took_ms: environment.clock.monotonic().millis_since(begun),
        };
        environment.ledger().answered(place, &outcome, answered);
        outcome
    }
}

/// The store as one process reaches it: with the faults of the history.
pub(crate) struct FaultyStore {
    pub environment: Arc<Environment>,
    pub process: usize,
}

impl FaultyStore {
    /// Owners have a store that works: what they do is given.
    fn faults(&self) -> Faults {
        match self.process {
            0 => Faults::default(),
            _ => self.environment.faults(),
        }
    }
}

#[async_trait]
impl Intercept for FaultyStore {
    async fn get(&self, store: &dyn Store, scope: Scope, id: Id) -> Read<Option<Document>> {
        let environment = &self.environment;
        environment.pause().await;
        let found = environment.complete(store.get(scope, id));
        environment.pause().await;
        if let (Kind::Webhook, Ok(Some(document))) = (id.kind(), &found) {
            let webhook: Webhook = document.decode().expect("it was written as an endpoint");
            let now = environment.clock.now();
            environment.ledger().read(self.process, webhook, now);
        }
        found
    }

    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        self.environment.pause().await;
        let page = self.environment.complete(store.list(scope, query));
        self.environment.pause().await;
        page
    }

    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        self.environment.pause().await;
        let configuration = self.environment.complete(store.configuration(scope, known));
        self.environment.pause().await;
        configuration
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let environment = &self.environment;
        environment.pause().await;
        let fails = self.faults().commits_fail && environment.dice.one_in(5);
        if fails && environment.dice.one_in(2) {
            let error = match environment.dice.below(2) {
                0 => StoreError::unavailable("the commit did not get there"),
                _ => StoreError::ambiguous("the commit got lost"),
            };
            return Err(CommitError::Store(error));
        }
        environment.complete(store.commit(batch.clone()))?;
        let now = environment.clock.now();
        environment.ledger().committed(self.process, &batch, now);
        environment.pause().await;
        if fails {
            let lost = StoreError::ambiguous("the answer to the commit got lost");
            return Err(CommitError::Store(lost));
        }
        Ok(())
    }

    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.environment.pause().await;
        self.environment.complete(store.queues(after, limit))
    }

    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let environment = &self.environment;
        environment.pause().await;
        if self.faults().leases_fail && environment.dice.one_in(4) {
            return Err(StoreError::unavailable("the lease did not get there"));
        }
        let taken = environment.complete(store.lease(lease))?;
        environment.ledger().leased(self.process, lease, &taken);
        environment.pause().await;
        Ok(taken)
    }
}

/// Sleep that moves the virtual clock, after others were polled.
pub(crate) struct VirtualSleep(pub Arc<Environment>);

#[async_trait]
impl Sleeper for VirtualSleep {
    async fn sleep(&self, duration: Duration) {
        yield_times(1 + self.0.dice.below(4)).await;
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.0.clock.advance_millis(millis);
    }
}

/// Sleep that takes no time, and lets others be polled.
pub(crate) struct YieldingSleep;

#[async_trait]
impl Sleeper for YieldingSleep {
    async fn sleep(&self, _: Duration) {
        yield_times(1).await;
    }
}
