//! The dispatcher: sends what is due, and records what came of it.
//!
//! - The **scheduler** (`scheduler.rs`) decides which endpoint gets a time slice: a pure function of events and the time.
//! - A **worker** (`worker.rs`) is one endpoint in its time slice: an explicit state. `slice.rs` runs it: it leases
//!   deliveries, a few at a time, and has them sent side by side. So an endpoint that hangs holds up its own worker and
//!   no other.
//! - An **attempt** (`attempt.rs`) signs, sends and records one delivery; its **outcome** (`outcome.rs`) may change the
//!   endpoint.
//! - The **driver** (`driver.rs`) runs the futures that the scheduler asks for, and reports to it what came of them.
//!
//! - **Replanning** (`replanning.rs`, and what it has looked at already, `looks.rs`) finds what was planned by a wall clock that was set back
//!   since, and has it due when its own delay has passed.
//!
//! The files import downwards: driver → slice, replanning → worker, attempt → scheduler, outcome, budget, looks, options.

mod attempt;
mod budget;
mod driver;
mod looks;
mod options;
mod outcome;
mod replanning;
pub mod scheduler;
mod slice;
mod worker;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::FutureExt;

pub use self::options::DispatchOptions;

use self::attempt::DeliverySender;
use self::driver::{Driver, Woken, list_queues};
use self::replanning::replan;
use self::scheduler::{Event, Scheduler};
use super::components::OnError;
use super::crm::Crm;
use crate::error::{Error, Result};
use crate::value::environment::Sleeper;
use crate::value::time::Timestamp;
use crate::webhook::Transport;

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
    sender: DeliverySender,
    on_error: OnError,
}

impl Dispatcher {
    /// A dispatcher over `crm`, which sends through `transport`.
    pub fn new(crm: Crm, transport: impl Transport, options: DispatchOptions) -> Self {
        Self {
            sender: DeliverySender::new(Arc::clone(crm.components()), Arc::new(transport), options),
            on_error: Arc::new(|_| {}),
        }
    }

    /// The same dispatcher, telling `on_error` what goes wrong in [`run`](Self::run): a store that cannot be reached, a
    /// secret that does not open. What endpoints answer is no error: it is in the deliveries.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Delivers all that is due, and gives the moment at which something will be next, if anything waits. What falls
    /// due meanwhile at an endpoint that is being sent to may go along: else that moment is over already.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store, once every other endpoint has had its time slice. What was sent
    /// and could not be recorded is sent again when its lease is over.
    pub async fn deliver_due(&self) -> Result<Option<Timestamp>> {
        let scheduler = Scheduler::on_demand(self.sender.options.endpoints);
        let mut driver = Driver::new(&self.sender, scheduler);
        let queues = list_queues(&self.sender).await?;
        self.sender.looks.forget_all_but(&queues);
        let suspects = self
            .sender
            .looks
            .suspects(self.sender.environment(), &queues);
        let (replanned, mut failure) = replan(&self.sender, suspects).await;
        let queues = match replanned {
            0 => queues,
            _ => list_queues(&self.sender).await?,
        };
        driver.handle(driver.reconciled(queues));
        while driver.has_workers() {
            let report = driver.next_report().await;
            failure = driver.report(report).or(failure);
        }
        if let Some(error) = failure {
            return Err(error);
        }
        Ok(list_queues(&self.sender).await?.into_values().min())
    }

    /// Delivers until `stop` ends, and then what was begun. Dropped before it returns, it leaves what is under way to
    /// be sent again when its lease is over.
    ///
    /// It wakes when this process commits something to deliver, when something falls due, and once a second.
    pub async fn run(&self, sleeper: &dyn Sleeper, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop.fuse());
        let now = self.sender.environment().monotonic();
        let scheduler = Scheduler::reconciling(self.sender.options.endpoints, now);
        let mut driver = Driver::new(&self.sender, scheduler);
        driver.handle(Event::TimePassed);
        loop {
            match driver.next(sleeper, stop.as_mut()).await {
                Woken::Stopped => break,
                Woken::Reported(report) => self.report_error(driver.report(report)),
                Woken::Happened(event) => driver.handle(event),
            }
        }
        driver.handle(Event::Stopped);
        while driver.has_workers() {
            let report = driver.next_report().await;
            self.report_error(driver.report(report));
        }
    }

    fn report_error(&self, failure: Option<Error>) {
        if let Some(error) = failure {
            (self.on_error)(&error);
        }
    }
}
