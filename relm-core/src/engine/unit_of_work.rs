//! A unit of work: changes that are made one after the other, each in sight of those before it, and committed as one.

use std::mem;

use async_trait::async_trait;

use super::addresses::{are_ready, prepare};
use super::change::effects_of;
use super::context::Context;
use super::effects::Effects;
use super::staging::Staging;
use super::transaction::{Planned, Transaction};
use super::unique_values::takes_further;
use crate::error::Result;
use crate::store::Refusal;

/// What a unit of work does.
#[async_trait]
pub(super) trait Work: Send {
    /// What it comes to.
    type Output: Send;

    /// Makes the changes in a context whose commits are staged. Called once for each attempt.
    async fn run(&mut self, context: &Context, staging: &Staging) -> Result<Self::Output>;
}

/// The transaction of one unit of work. Where anything that its changes went by is so no more, all of them are made again.
pub(super) struct UnitOfWork<'a, W> {
    context: &'a Context,
    work: W,
    /// Whether the last commit found that the configuration has changed.
    is_outdated: bool,
    effects: Effects,
}

impl<'a, W: Work> UnitOfWork<'a, W> {
    pub fn new(context: &'a Context, work: W) -> Self {
        Self {
            context,
            work,
            is_outdated: false,
            effects: Effects::default(),
        }
    }
}

#[async_trait]
impl<W: Work> Transaction for UnitOfWork<'_, W> {
    type Output = W::Output;

    async fn plan(&mut self) -> Result<Planned<W::Output>> {
        if mem::take(&mut self.is_outdated) {
            self.context.reload_configuration().await?;
        }
        let (context, staging) = self.context.unit_of_work();
        let output = self.work.run(&context, &staging).await?;
        let now = self.context.environment().now();
        let batch = staging.batch(self.context.scope(), now);
        if takes_further(&batch.writes)
            && !self.context.storage().is_trial()
            && !are_ready(&*self.context.configuration().await?)
        {
            prepare(self.context).await?;
            return Ok(Planned::Retry);
        }
        self.effects = effects_of(self.context, &batch.writes);
        Ok(Planned::Commit(batch, output))
    }

    fn committed(&mut self) {
        self.context.publish(mem::take(&mut self.effects));
    }

    /// Whatever it is, the next attempt finds it where it belongs: with the change that meets it.
    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        self.is_outdated = matches!(conflict, Refusal::Configuration);
        Ok(())
    }
}
