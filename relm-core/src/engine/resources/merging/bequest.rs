//! What becomes of what refers to a merged record that is purged: it is the survivor's.

use async_trait::async_trait;

use super::moving::{Most, Referring, STEP, overtaken};
use super::survivors::Survivors;
use crate::engine::change::{Operation, Plan};
use crate::engine::merged;
use crate::error::Result;
use crate::limits::BATCH_CONTACT_BYTES_MAX;
use crate::store::Refusal;
use crate::value::id::Id;

/// Moves some of what refers to a merged record that is being purged to its survivor: what was not moved yet, and what came back from the
/// trash since.
pub(in crate::engine::resources) struct Bequeath {
    pub from: Id,
    /// The record that it was merged into.
    pub into: Id,
}

/// What that came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::resources) enum Bequeathed {
    /// Something was moved, and more may be left.
    Some,
    /// Nothing refers to it.
    All,
    /// The survivor is gone as well: there is nothing to move it to.
    NoHeir,
}

#[async_trait]
impl Operation for Bequeath {
    type Output = Bequeathed;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Bequeathed> {
        let context = plan.context();
        let mut survivors = Survivors::find(context, [(self.from, self.into)]).await?;
        if survivors.is_empty() {
            // It was merged itself since: entries of purged records do not follow.
            let entry = merged::entry(context, self.into).await?;
            let into = entry.and_then(|(entry, _)| entry.survivor());
            let heir = into.map(|into| (self.from, into));
            survivors = Survivors::find(context, heir).await?;
        }
        if survivors.is_empty() {
            return Ok(Bequeathed::NoHeir);
        }
        let most = Most {
            records: STEP,
            bytes: BATCH_CONTACT_BYTES_MAX,
        };
        let found = Referring::find(plan, &[self.from], None, most).await?;
        if !found.move_to(plan, &survivors).await? {
            return Ok(Bequeathed::All);
        }
        survivors.hold(plan);
        Ok(Bequeathed::Some)
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        overtaken(&refusal)
    }
}
