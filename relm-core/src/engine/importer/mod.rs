//! The importer: works on imports in the background, whichever process received them.
//!
//! - The **queue** (`import_queue.rs`) names the imports that go on, of all workspaces.
//! - A **slice** (`slice.rs`) is some time for one of them: it is leased for as long, and left to the next one then, so that a large
//!   import holds up no small one.
//! - **Rows** (`rows.rs`) are worked on a chunk at a time. What they change, what became of each, and how far the import is, are one
//!   commit: a process that dies leaves a chunk done or untouched, and another one goes on behind it. Of a **dry run** (`shadows.rs`)
//!   the commit has what the rows would have made instead, where the next chunk meets it.
//! - An **undo** (`undoing.rs`) goes back chunk by chunk, from the last one, likewise.

mod rows;
mod shadows;
mod slice;
mod step;
mod undoing;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{FutureExt, select};

use self::slice::{Slice, Spent};
use super::components::{Components, OnError};
use super::crm::Crm;
use super::import_queue::{Waiting, waiting};
use super::retention::delete_expired_imports;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::IMPORT_KEPT_MS;
use crate::value::environment::Sleeper;

/// How often the queue is looked at for what other processes received or left.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long the importer rests where the store fails.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Works on the [imports](super::Imports) that wait. One of them per process is enough, and any number over one store do no harm: an
/// import is worked on by one of them at a time. Where that one dies, another goes on with it within
/// [`IMPORT_LEASE_MS`](crate::limits::IMPORT_LEASE_MS) and a few seconds, and no row is lost or taken in twice.
///
/// ```
/// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
/// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
/// # let acme = crm.create_workspace("acme").await?;
/// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
/// use relm_core::ObjectType;
/// use relm_core::engine::{ImportOptions, Importer};
///
/// let options = ImportOptions::new(ObjectType::Contact).dedup_on("email");
/// let file = "Email,First Name\nada@example.com,Ada\n";
/// let import = live.imports().start(options, file.as_bytes()).await?;
///
/// // Now and then, or from a loop of your own; `run` is that loop.
/// Importer::new(crm).work_off().await?;
/// let import = live.imports().get(import.id).await?.expect("it is there");
/// assert_eq!((import.rows, import.created), (1, 1));
/// # Ok(()) }) }
/// ```
pub struct Importer {
    components: Arc<Components>,
    worker: String,
    on_error: OnError,
}

impl Importer {
    /// An importer over `crm`.
    pub fn new(crm: Crm) -> Self {
        let components = Arc::clone(crm.components());
        Self {
            worker: components.environment().mint_request().text(),
            components,
            on_error: Arc::new(|_| {}),
        }
    }

    /// The same importer, telling `on_error` what goes wrong in [`run`](Self::run): a store that cannot be reached. What is wrong with
    /// rows is no error: it is in their imports.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }

    /// Works on all imports that wait, and that no other importer has, until none is left.
    ///
    /// # Errors
    /// `unavailable`, `outcome_unknown` or `internal_error` from the store. What was done until then is done.
    pub async fn work_off(&self) -> Result<()> {
        loop {
            let mut has_more = false;
            for waiting in waiting(&self.components).await? {
                has_more |= self.slice(waiting).await? == Spent::HasMore;
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    /// Deletes the imports that ended more than a [week](IMPORT_KEPT_MS) ago, in all workspaces, and what is left of those whose deletion
    /// stopped half-way, and gives how many those were. Those that go on are put into the queue again, should they have got lost there: call it now and then, by one process of those that share a store.
    ///
    /// # Errors
    /// `unavailable` or `outcome_unknown` from the store, at once; `internal_error`, once all workspaces were gone through.
    pub async fn delete_expired(&self, sleeper: &dyn Sleeper) -> Result<usize> {
        let now = self.components.environment().now();
        let before = now.saturating_add_millis(-IMPORT_KEPT_MS);
        delete_expired_imports(&self.components, before, sleeper).await
    }

    /// Works on imports until `stop` ends, and then to the end of a chunk. Dropped before it returns, it leaves what is under way
    /// undone, to be done when its lease is over.
    ///
    /// It wakes when this process receives an import, and every two seconds.
    pub async fn run(&self, sleeper: &dyn Sleeper, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop.fuse());
        loop {
            let mut has_more = false;
            let mut failed = false;
            match waiting(&self.components).await {
                Err(error) => {
                    (self.on_error)(&error);
                    failed = true;
                }
                Ok(all) => {
                    for waiting in all {
                        if stop.as_mut().now_or_never().is_some() {
                            return;
                        }
                        match self.slice(waiting).await {
                            Ok(spent) => has_more |= spent == Spent::HasMore,
                            Err(error) => {
                                (self.on_error)(&error);
                                failed = true;
                            }
                        }
                    }
                }
            }
            let rest = match (failed, has_more) {
                (true, _) => REST_AFTER_FAILURE,
                (false, true) => Duration::ZERO,
                (false, false) => LOOK_EVERY,
            };
            if self.is_stopped(sleeper, rest, stop.as_mut()).await {
                return;
            }
        }
    }

    /// Waits until there may be something to do; whether it was to stop before that.
    async fn is_stopped(
        &self,
        sleeper: &dyn Sleeper,
        rest: Duration,
        mut stop: impl Future<Output = ()> + Unpin + Send,
    ) -> bool {
        if rest.is_zero() {
            return (&mut stop).now_or_never().is_some();
        }
        let notice = async {
            match rest == LOOK_EVERY {
                true => self.components.imports().taken().await,
                false => std::future::pending().await,
            }
        };
        let woken = async {
            select(sleeper.sleep(rest), pin!(notice)).await;
            false
        };
        select(stop.map(|()| true), pin!(woken))
            .await
            .factor_first()
            .0
    }

    async fn slice(&self, waiting: Waiting) -> Result<Spent> {
        let slice = Slice::new(&self.components, &self.worker, waiting);
        match slice.spend().await {
            // The workspace, or what else it needs, cannot be read: it keeps no other import from being worked on.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                waiting.strike(&self.components).await?;
                Ok(Spent::Over)
            }
            spent => spent,
        }
    }
}
