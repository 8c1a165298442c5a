//! The dispatcher: takes what is due, has it sent, and records what came of it.
//!
//! Each endpoint with something due gets a **lane** (`lane.rs`): a future that leases its deliveries, a few at a time,
//! sends them side by side and ends when nothing is due any more. So an endpoint that hangs holds up its own lane and no
//! other. The dispatcher starts lanes, as it hears of endpoints: from the commits of its own process at once, from those
//! of others by a look at the store's queues every second.

mod attempt;
mod lane;

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::AtomicWaker;

use super::{Crm, store_error};
use crate::error::{Error, ErrorKind, Result};
use crate::store::QueueKey;
use crate::time::Timestamp;
use crate::webhook::{Schedule, Transport};

/// How often the store's queues are looked at for what this process did not hear of.
const LOOK_MS: i64 = 1_000;
/// Queues that one statement of a look reads.
const LOOK_QUEUES: usize = 500;
/// Endpoints that are sent to at once.
const LANES_MAX: usize = 256;
/// How long an endpoint is left alone whose lane met a store that cannot be reached.
const STORE_RETRY_MS: i64 = 1_000;
/// How long an endpoint is left alone whose lane met what waiting alone does not mend, such as a secret that does not
/// open.
const FAULT_RETRY_MS: i64 = 60_000;

/// Waits, on whatever runtime there is.
#[async_trait]
pub trait Sleeper: Send + Sync + 'static {
    /// Returns once so much time has passed by the [clock](crate::Clock) of the engine, or a little later.
    async fn sleep(&self, duration: Duration);
}

/// How a [`Dispatcher`] delivers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DispatchOptions {
    /// When a delivery is tried again.
    pub schedule: Schedule,
    /// How long one attempt may take; 15 seconds unless said.
    pub timeout: Duration,
    /// Attempts at one endpoint that are under way at once; 16 unless said. An endpoint that is failing gets one.
    pub per_endpoint: usize,
    /// Attempts that are under way at once, in all; 512 unless said. Every endpoint with something due gets one in any
    /// case.
    pub in_all: usize,
    /// An endpoint is disabled once deliveries to it have failed for so long and none succeeded; never, unless said.
    pub disable_after: Option<Duration>,
}

impl Default for DispatchOptions {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            timeout: Duration::from_secs(15),
            per_endpoint: 16,
            in_all: 512,
            disable_after: None,
        }
    }
}

impl DispatchOptions {
    /// For how long a delivery that was taken is left to whoever took it: two attempts, and a second to record one.
    fn lease_ms(&self) -> i64 {
        let timeout = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX / 4);
        2 * timeout.min(i64::MAX / 4) + 1_000
    }
}

/// Hears of what went wrong while nobody waited for an answer.
type OnError = Arc<dyn Fn(&Error) + Send + Sync>;

/// Delivers what is due. One of them per process is enough, and any number over one store do no harm.
///
/// ```no_run
/// # async fn deliver(crm: relm_core::Crm, transport: impl relm_core::webhook::Transport) -> relm_core::Result<()> {
/// use relm_core::crm::{DispatchOptions, Dispatcher};
///
/// let dispatcher = Dispatcher::new(crm, transport, DispatchOptions::default());
/// // Now and then, or from a loop of your own; `run` is that loop.
/// let next_due_at = dispatcher.deliver_due().await?;
/// # Ok(())
/// # }
/// ```
pub struct Dispatcher {
    crm: Crm,
    transport: Arc<dyn Transport>,
    options: DispatchOptions,
    on_error: OnError,
    /// Attempts under way.
    under_way: AtomicUsize,
}

impl Dispatcher {
    /// A dispatcher over `crm`, which sends through `transport`.
    pub fn new(crm: Crm, transport: impl Transport, options: DispatchOptions) -> Self {
        Self {
            crm,
            transport: Arc::new(transport),
            options,
            on_error: Arc::new(|_| {}),
            under_way: AtomicUsize::new(0),
        }
    }

    /// The same dispatcher, telling `hear` what goes wrong in [`run`](Self::run): a store that cannot be reached, a
    /// secret that does not open. What endpoints answer is no error: it is in the deliveries.
    #[must_use]
    pub fn on_error(mut self, hear: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(hear);
        self
    }

    /// Delivers all that is due, and gives the moment at which something will be next, if anything waits. What falls
    /// due meanwhile at an endpoint that is being sent to may go along: else that moment is over already.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store, once every other endpoint has had its turn. What was sent and
    /// could not be recorded is sent again when its lease is over.
    pub async fn deliver_due(&self) -> Result<Option<Timestamp>> {
        let mut lanes = Lanes::new(self);
        lanes.look().await?;
        let mut failure = None;
        loop {
            lanes.start();
            let Some(ended) = lanes.running.next().await else {
                break;
            };
            failure = lanes.end(ended).or(failure);
        }
        if let Some(error) = failure {
            return Err(error);
        }
        self.next_due().await
    }

    /// Delivers until `stop` ends, and then what was begun. Dropped before it returns, it leaves what is under way to
    /// be sent again when its lease is over.
    ///
    /// It wakes when this process commits something to deliver, when something falls due, and once a second.
    pub async fn run(&self, sleeper: &dyn Sleeper, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop.fuse());
        let mut lanes = Lanes::new(self);
        let mut next_look = self.crm.now();
        loop {
            let now = self.crm.now();
            if next_look <= now || now.saturating_add_millis(LOOK_MS) < next_look {
                if let Err(error) = lanes.look().await {
                    (self.on_error)(&error);
                }
                next_look = self.crm.now().saturating_add_millis(LOOK_MS);
            }
            lanes.start();
            let until = lanes.next_start().map_or(next_look, |at| at.min(next_look));
            let wait = until.as_millis() - self.crm.now().as_millis();
            let wait = Duration::from_millis(wait.max(0).unsigned_abs());
            let mut sleep = sleeper.sleep(wait);
            let woken = poll_fn(|context| {
                if stop.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Woken::Stop);
                }
                if let Poll::Ready(rung) = self.crm.inner.bell.poll(context) {
                    lanes.rung(rung);
                    return Poll::Ready(Woken::Rung);
                }
                if let Poll::Ready(Some(ended)) = lanes.running.poll_next_unpin(context) {
                    return Poll::Ready(Woken::Ended(ended));
                }
                sleep.as_mut().poll(context).map(|()| Woken::Slept)
            });
            match woken.await {
                Woken::Stop => break,
                Woken::Rung | Woken::Slept => {}
                Woken::Ended(ended) => self.hear(lanes.end(ended)),
            }
        }
        lanes.stop();
        while let Some(ended) = lanes.running.next().await {
            self.hear(lanes.end(ended));
        }
    }

    fn hear(&self, failure: Option<Error>) {
        if let Some(error) = failure {
            (self.on_error)(&error);
        }
    }

    /// When the first of all queues is due.
    async fn next_due(&self) -> Result<Option<Timestamp>> {
        let mut first = None;
        self.each_queue(|_, due_at| first = Some(first.map_or(due_at, |first| due_at.min(first))))
            .await?;
        Ok(first)
    }

    async fn each_queue(&self, mut see: impl FnMut(QueueKey, Timestamp) + Send) -> Result<()> {
        let mut after = None;
        loop {
            let queues = self.crm.inner.store.queues(after, LOOK_QUEUES).await;
            let queues = queues.map_err(store_error)?;
            for queue in &queues {
                see(queue.key, queue.due_at);
            }
            match queues.last() {
                Some(last) if queues.len() == LOOK_QUEUES => after = Some(last.key),
                Some(_) | None => return Ok(()),
            }
        }
    }
}

/// Why the loop goes on.
enum Woken {
    Stop,
    Rung,
    Ended(Ended),
    Slept,
}

/// A lane that came to its end: when its endpoint is due again, as far as the lane knows.
type Ended = (QueueKey, Result<Option<Timestamp>>);

/// The lanes of one dispatcher.
struct Lanes<'a> {
    dispatcher: &'a Dispatcher,
    running: FuturesUnordered<BoxFuture<'a, Ended>>,
    /// The endpoints that have a lane.
    begun: HashMap<QueueKey, Arc<Nudge>>,
    /// The endpoints that have none, and when they are due.
    waiting: BTreeMap<QueueKey, Timestamp>,
    /// The endpoints whose lanes failed, and until when they are left alone.
    held: HashMap<QueueKey, Timestamp>,
}

/// Tells a lane that there is more for it to do, or that it is to come to an end.
#[derive(Default)]
struct Nudge {
    more: AtomicBool,
    stop: AtomicBool,
    waker: AtomicWaker,
}

impl Nudge {
    fn more(&self) {
        self.more.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether there is more since the last time that this was asked.
    fn has_more(&self) -> bool {
        self.more.swap(false, Ordering::AcqRel)
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl<'a> Lanes<'a> {
    fn new(dispatcher: &'a Dispatcher) -> Self {
        Self {
            dispatcher,
            running: FuturesUnordered::new(),
            begun: HashMap::new(),
            waiting: BTreeMap::new(),
            held: HashMap::new(),
        }
    }

    /// Looks at every queue of the store.
    async fn look(&mut self) -> Result<()> {
        let mut seen = BTreeMap::new();
        self.dispatcher
            .each_queue(|key, due_at| {
                seen.insert(key, due_at);
            })
            .await?;
        let now = self.dispatcher.crm.now();
        self.held.retain(|_, until| is_held(*until, now));
        seen.retain(|key, due_at| {
            let begun = self.begun.get(key);
            if let Some(nudge) = begun.filter(|_| *due_at <= now) {
                nudge.more();
            }
            *due_at = self.held.get(key).copied().unwrap_or(*due_at);
            begun.is_none()
        });
        // What is known and was not seen has nothing pending any more.
        self.waiting = seen;
        Ok(())
    }

    /// Something was added to these queues.
    fn rung(&mut self, queues: impl IntoIterator<Item = QueueKey>) {
        let now = self.dispatcher.crm.now();
        for key in queues {
            match self.begun.get(&key) {
                Some(nudge) => nudge.more(),
                None => {
                    let due_at = self.held.get(&key).copied().unwrap_or(now);
                    self.waiting.insert(key, due_at);
                }
            }
        }
    }

    /// Begins lanes for what is due, the longest overdue first, as far as there is room.
    fn start(&mut self) {
        let now = self.dispatcher.crm.now();
        let room = LANES_MAX.saturating_sub(self.begun.len());
        let waiting = self.waiting.iter().map(|(key, due_at)| (*due_at, *key));
        let mut due: Vec<(Timestamp, QueueKey)> =
            waiting.filter(|(due_at, _)| *due_at <= now).collect();
        due.sort_unstable();
        for (_, key) in due.into_iter().take(room) {
            self.waiting.remove(&key);
            let nudge = Arc::new(Nudge::default());
            self.begun.insert(key, Arc::clone(&nudge));
            let dispatcher = self.dispatcher;
            let lane = async move { (key, dispatcher.lane(key, &nudge).await) };
            self.running.push(lane.boxed());
        }
    }

    /// When the next lane can begin.
    fn next_start(&self) -> Option<Timestamp> {
        let has_room = self.begun.len() < LANES_MAX;
        self.waiting.values().min().copied().filter(|_| has_room)
    }

    /// Takes leave of a lane; what went wrong in it.
    fn end(&mut self, (key, ended): Ended) -> Option<Error> {
        let now = self.dispatcher.crm.now();
        let nudge = self.begun.remove(&key);
        let (due_at, failure) = match ended {
            Ok(_) if nudge.is_some_and(|nudge| nudge.has_more()) => (Some(now), None),
            Ok(due_at) => (due_at, None),
            Err(error) => {
                let until = now.saturating_add_millis(match error.kind() {
                    ErrorKind::Unavailable => STORE_RETRY_MS,
                    _ => FAULT_RETRY_MS,
                });
                self.held.insert(key, until);
                (Some(until), Some(error))
            }
        };
        if let Some(due_at) = due_at {
            self.waiting.insert(key, due_at);
        }
        failure
    }

    /// Lets no lane take more than it has.
    fn stop(&self) {
        self.begun.values().for_each(|nudge| nudge.stop());
    }
}

/// Whether an endpoint is still left alone. A hold that is longer than any is one of before the clock was set back.
fn is_held(until: Timestamp, now: Timestamp) -> bool {
    until > now && until <= now.saturating_add_millis(FAULT_RETRY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_prolongs_no_hold() {
        let at = Timestamp::from_millis;
        let until = at(1_000_000 + FAULT_RETRY_MS);
        assert!(is_held(until, at(1_000_000)));
        assert!(!is_held(until, until));
        assert!(!is_held(until, at(999_999)));
    }
}
