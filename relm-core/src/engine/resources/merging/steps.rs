//! The steps in which what refers to merged records is moved, each of a bounded commit, until a look finds nothing: then their entries
//! say so. Doing a step again does no harm, and whoever finds such an entry can go on: the caller who asks again, and the hourly upkeep.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::FutureExt;

use super::moving::{Most, Referring, STEP, overtaken};
use super::survivors::Survivors;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::merged;
use crate::engine::resources::finishing::finish_each;
use crate::engine::resources::purge::Rest;
use crate::error::Result;
use crate::limits::{BATCH_CONTACT_BYTES_MAX, MERGE_STEPS_MAX};
use crate::record::{Document, Trashed};
use crate::store::Refusal;
use crate::value::id::Id;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    /// Something was moved, and more may be left.
    Some,
    /// Nothing refers to the records any more, or their merges are undone.
    All,
    /// Somebody did something else with their survivors at that moment: whoever comes next goes on.
    Waits,
}

/// Moves as much as a caller waits for of what refers to these records; whether nothing is left.
pub(in crate::engine::resources) async fn move_some(context: &Context, ids: &[Id]) -> Result<bool> {
    let mut left: Vec<Id> = ids.to_vec();
    for _ in 0..MERGE_STEPS_MAX {
        let (group, moved) = step(context, &left).await?;
        if moved != Moved::Some {
            left.retain(|id| !group.contains(id));
        }
        if left.is_empty() {
            break;
        }
    }
    let entries = merged::entries(context, ids).await?;
    Ok(!entries.iter().any(|(entry, _)| entry.is_moving()))
}

/// Goes on to their ends with the merges that the trash of a scope tells of; gives how many those were.
pub(in crate::engine) async fn finish_merges(context: &Context, rest: Rest<'_>) -> Result<usize> {
    let finish = |document| finish(context, document, rest).boxed();
    finish_each(context, merged::moving()?, finish).await
}

async fn finish(context: &Context, document: Document, rest: Rest<'_>) -> Result<bool> {
    let ids = [document.decode::<Trashed>()?.record_id];
    loop {
        match step(context, &ids).await?.1 {
            Moved::Some => rest.take().await,
            Moved::All => return Ok(true),
            Moved::Waits => return Ok(false),
        }
    }
}

/// Goes one step on with those of these records that one request merged, as whoever asked for that; which those are, and what it came to.
async fn step(context: &Context, ids: &[Id]) -> Result<(BTreeSet<Id>, Moved)> {
    let entries = merged::entries(context, ids).await?;
    let moving = entries.iter().filter(|(entry, _)| entry.is_moving());
    let merges = moving.filter_map(|(entry, _)| Some((entry.record_id, entry.merge.as_ref()?)));
    let merges: Vec<_> = merges.collect();
    let Some((_, first)) = merges.first() else {
        return Ok((ids.iter().copied().collect(), Moved::All));
    };
    let origin = first.origin.clone();
    let same = merges
        .iter()
        .filter(|(_, merge)| merge.origin.request_id == origin.request_id);
    let merged: BTreeSet<Id> = same.map(|(id, _)| *id).collect();
    let context = context
        .clone()
        .acting_as(origin.actor.into())
        .for_request(origin.request_id);
    let ids = merged.iter().copied().collect();
    let moved = apply(&context, Move { merged: ids }).await?;
    Ok((merged, moved))
}

/// Moves some of what refers to merged records. The entries of these are written once more, so that of this and an undo of the merge, at
/// once, the later finds out.
struct Move {
    merged: Vec<Id>,
}

#[async_trait]
impl Operation for Move {
    type Output = Moved;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Moved> {
        let context = plan.context();
        let mut entries = merged::entries(context, &self.merged).await?;
        entries.retain(|(entry, _)| entry.is_moving());
        if entries.is_empty() {
            return Ok(Moved::All);
        }
        let merged = entries.iter();
        let merged = merged.filter_map(|(it, _)| Some((it.record_id, it.survivor()?)));
        let survivors = Survivors::find(context, merged).await?;
        entries.retain(|(entry, _)| survivors.of(entry.record_id).is_some());
        if entries.is_empty() {
            return Ok(Moved::Waits);
        }
        let most = Most {
            records: STEP,
            bytes: BATCH_CONTACT_BYTES_MAX,
        };
        let found = Referring::find(plan, &survivors.merged(), None, most).await?;
        let is_all = !found.move_to(plan, &survivors).await?;
        survivors.hold(plan);
        for (entry, document) in entries {
            let after = match is_all {
                true => entry.clone().moved(),
                false => entry.kept(),
            };
            merged::replace(plan, (entry, document), after);
        }
        Ok(match is_all {
            true => Moved::All,
            false => Moved::Some,
        })
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        overtaken(&refusal)
    }
}
