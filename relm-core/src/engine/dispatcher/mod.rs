//! The dispatcher: takes what is due, has it sent, and records what came of it.
//!
//! Each endpoint with something due gets a **lane** (`worker.rs`): a future that leases its deliveries, a few at a time,
//! sends them side by side and ends when nothing is due any more. So an endpoint that hangs holds up its own lane and no
//! other. The dispatcher starts lanes, as it hears of endpoints: from the commits of its own process at once, from those
//! of others by a look at the store's queues every second.
//!
//! Lanes are bounded. Where more endpoints have something due than there are lanes, they take **turns** (`scheduler.rs`): a lane
//! ends after one lease, and the endpoint whose last turn is longest ago is next. Endpoints that took nothing in their last
//! turn get half of the lanes at most: however many hang, there are lanes for those that answer.

mod attempt;
mod scheduler;
mod worker;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::StreamExt;

use self::scheduler::{Ended, Lanes};
use super::crm::Crm;
use crate::error::{Error, Result};
use crate::store::QueueKey;
use crate::value::environment::Sleeper;
use crate::value::time::Timestamp;
use crate::webhook::{Schedule, Transport};

/// How often the store's queues are looked at for what this process did not hear of.
const LOOK_MS: i64 = 1_000;
/// Queues that one statement of a look reads.
const LOOK_QUEUES: usize = 500;

/// How a [`Dispatcher`] delivers.
#[derive(Clone, Debug)]
pub struct DispatchOptions {
    /// When a delivery is tried again.
    pub schedule: Schedule,
    /// How long one attempt may take; 15 seconds unless said.
    pub timeout: Duration,
    /// Endpoints that are sent to at once; 256 unless said. Where more have something due they take turns, and those that
    /// took nothing in their last turn get half of the places.
    pub endpoints: usize,
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
            endpoints: 256,
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
/// use relm_core::engine::{DispatchOptions, Dispatcher};
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
        lanes.see(self.queues().await?);
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
        Ok(self.queues().await?.into_values().min())
    }

    /// Delivers until `stop` ends, and then what was begun. Dropped before it returns, it leaves what is under way to
    /// be sent again when its lease is over.
    ///
    /// It wakes when this process commits something to deliver, when something falls due, and once a second.
    pub async fn run(&self, sleeper: &dyn Sleeper, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop.fuse());
        let mut lanes = Lanes::new(self);
        let mut next_look = self.crm.monotonic();
        // Beside the lanes: a store that takes its time to list queues holds up nothing that is under way.
        let mut look: Option<BoxFuture<'_, Result<Queues>>> = None;
        loop {
            let now = self.crm.monotonic();
            if look.is_none() && next_look <= now {
                look = Some(self.queues().boxed());
            }
            lanes.start();
            let until = if look.is_some() {
                now.saturating_add_millis(LOOK_MS)
            } else {
                next_look
            };
            let until = lanes.waiting.next_due().map_or(until, |at| at.min(until));
            let wait = until.millis_since(now).max(0);
            let wait = Duration::from_millis(wait.unsigned_abs());
            let mut sleep = sleeper.sleep(wait);
            let woken = poll_fn(|context| {
                if stop.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Woken::Stop);
                }
                let rung = self
                    .crm
                    .components()
                    .wakeups()
                    .poll(context)
                    .map(|queues| lanes.rung(queues));
                if let Some(look) = &mut look
                    && let Poll::Ready(seen) = look.as_mut().poll(context)
                {
                    return Poll::Ready(Woken::Looked(seen));
                }
                if let Poll::Ready(Some(ended)) = lanes.running.poll_next_unpin(context) {
                    return Poll::Ready(Woken::Ended(ended));
                }
                if rung.is_ready() {
                    return Poll::Ready(Woken::Rung);
                }
                sleep.as_mut().poll(context).map(|()| Woken::Slept)
            });
            match woken.await {
                Woken::Stop => break,
                Woken::Rung | Woken::Slept => {}
                Woken::Ended(ended) => self.hear(lanes.end(ended)),
                Woken::Looked(seen) => {
                    look = None;
                    next_look = self.crm.monotonic().saturating_add_millis(LOOK_MS);
                    match seen {
                        Ok(queues) => lanes.see(queues),
                        Err(error) => self.hear(Some(error)),
                    }
                }
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

    /// Every queue of the store.
    async fn queues(&self) -> Result<Queues> {
        let mut all = Queues::new();
        let mut after = None;
        loop {
            let storage = self.crm.components().storage();
            let queues = storage.queues(after, LOOK_QUEUES).await?;
            all.extend(queues.iter().map(|queue| (queue.key, queue.due_at)));
            match queues.last() {
                Some(last) if queues.len() == LOOK_QUEUES => after = Some(last.key),
                Some(_) | None => return Ok(all),
            }
        }
    }
}

/// When each endpoint is due that has something pending.
type Queues = HashMap<QueueKey, Timestamp>;

/// Why the loop goes on.
enum Woken {
    Looked(Result<Queues>),
    Stop,
    Rung,
    Ended(Ended),
    Slept,
}
