//! Some time for one import.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use futures_util::future::{Either, join, select};

use super::rows::{ChunkAhead, RowsStep};
use super::step::{Step, give_way};
use super::undoing::UndoStep;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::components::Components;
use crate::engine::context::Context;
use crate::engine::import_queue::Waiting;
use crate::engine::resources::imports::cleaning::clean_some;
use crate::engine::resources::imports::state::Stored;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Actor;
use crate::record::import::{Import, ImportStatus};
use crate::value::id::Id;

/// How long a slice takes, to the end of a chunk.
const SLICE_MS: i64 = 1_000;

/// How a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    /// The time was over: more is to be done.
    HasMore,
    /// Somebody else works on it, or its file is arriving.
    Waits,
    /// Nothing is left to be done.
    Over,
}

/// Some time for one import.
pub(super) struct Slice<'a> {
    components: &'a Arc<Components>,
    worker: &'a str,
    waiting: Waiting,
}

impl<'a> Slice<'a> {
    pub fn new(components: &'a Arc<Components>, worker: &'a str, waiting: Waiting) -> Self {
        Self {
            components,
            worker,
            waiting,
        }
    }

    pub async fn spend(&self) -> Result<Spent> {
        let Waiting { scope, import } = self.waiting;
        let context = Context::open(self.components, scope, Actor::SYSTEM.into()).await?;
        let environment = context.environment();
        let began = environment.monotonic();
        let mut ahead = None;
        loop {
            let Some(Stored { import: now, .. }) = Stored::read(&context, import).await? else {
                return self.end(&context).await;
            };
            let is_last = environment.monotonic().millis_since(began) >= SLICE_MS;
            let at = environment.now();
            let is_leased = now.is_leased_to_others(self.worker, at);
            match now.status {
                status if is_leased && !status.has_ended() => return Ok(Spent::Waits),
                ImportStatus::Receiving => {
                    apply(&context, NeverArrived { import }).await?;
                }
                ImportStatus::Queued | ImportStatus::Running | ImportStatus::Undoing => {
                    let stepped = self.step(&context, &now, is_last, &mut ahead).await;
                    if self.or_fail(&context, stepped).await? == Step::Lost {
                        return Ok(Spent::Waits);
                    }
                }
                ImportStatus::Completed
                | ImportStatus::Cancelled
                | ImportStatus::Failed
                | ImportStatus::Undone => {
                    if !clean_some(&context, import).await? {
                        return self.end(&context).await;
                    }
                }
            }
            if is_last {
                return Ok(Spent::HasMore);
            }
            give_way().await;
        }
    }

    /// Takes a step. While a chunk is committed, the one behind it is read: `ahead` is what the step before read, and then what this one
    /// did.
    async fn step(
        &self,
        context: &Context,
        import: &Import,
        is_last: bool,
        ahead: &mut Option<ChunkAhead>,
    ) -> Result<Step> {
        let request = context.environment().mint_request();
        let context = context
            .clone()
            .acting_as(import.actor.clone().into())
            .for_request(request);
        if import.status == ImportStatus::Undoing {
            return UndoStep::take(&context, import, self.worker, is_last).await;
        }
        let is_planned = AtomicBool::new(false);
        let step = RowsStep::new(import.id, request, self.worker, is_last, &is_planned);
        let step = pin!(apply(&context, step.knowing(ahead.take())));
        // Looked at whenever the step waits for something.
        let committing = poll_fn(|_| match is_planned.load(Ordering::Acquire) && !is_last {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        match select(step, committing).await {
            Either::Left((stepped, _)) => stepped,
            Either::Right(((), step)) => {
                let (stepped, next) = join(step, ChunkAhead::read(&context, import)).await;
                *ahead = next;
                stepped
            }
        }
    }

    /// What fails for another reason than the store is not going to succeed: the import ends with it.
    async fn or_fail(&self, context: &Context, stepped: Result<Step>) -> Result<Step> {
        let Err(error) = stepped else {
            return stepped;
        };
        if matches!(
            error.kind(),
            ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
        ) {
            return Err(error);
        }
        let failed = Fail {
            import: self.waiting.import,
            worker: self.worker,
            reason: error.message().to_owned(),
        };
        apply(context, failed).await?;
        Err(error)
    }

    /// Takes the import out of the queue. Whoever had it go on meanwhile found it still there: it is looked at once more after that.
    async fn end(&self, context: &Context) -> Result<Spent> {
        self.waiting.strike(self.components).await?;
        let now = Stored::read(context, self.waiting.import).await?;
        if now.is_none_or(|now| now.import.status.has_ended()) {
            return Ok(Spent::Over);
        }
        self.waiting.enlist(self.components).await?;
        Ok(Spent::HasMore)
    }
}

/// Ends an import whose file brought no row for long.
struct NeverArrived {
    import: Id,
}

#[async_trait]
impl Operation for NeverArrived {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let Some(stored) = Stored::read(plan.context(), self.import).await? else {
            return Ok(());
        };
        let now = plan.now();
        let is_arriving = stored.import.status == ImportStatus::Receiving;
        if is_arriving && !stored.import.is_leased_to_others("", now) {
            let failed = stored
                .import
                .broken_off("Its file did not arrive whole.", now);
            stored.replace(plan, failed)?;
        }
        Ok(())
    }
}

/// Ends an import that cannot go on, unless somebody else works on it by now.
struct Fail<'a> {
    import: Id,
    worker: &'a str,
    reason: String,
}

#[async_trait]
impl Operation for Fail<'_> {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let stored = Stored::read(plan.context(), self.import).await?;
        let stored = stored.ok_or_else(|| Error::not_found("import"))?;
        let now = plan.now();
        let is_leased = stored.import.is_leased_to_others(self.worker, now);
        if !is_leased && !stored.import.status.has_ended() {
            let failed = stored.import.broken_off(&self.reason, now);
            stored.replace(plan, failed)?;
        }
        Ok(())
    }
}
