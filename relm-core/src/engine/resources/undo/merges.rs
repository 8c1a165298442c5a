//! Records that were merged into what an undo brings back or takes away.

use std::collections::{BTreeMap, BTreeSet};

use super::reversal::Action;
use crate::engine::change::Plan;
use crate::engine::merged;
use crate::error::Result;
use crate::limits::MERGED_RECORDS_MAX;
use crate::record::Record;
use crate::value::id::Id;

/// Has what was merged into records stand for them again, where these were merged into others themselves and the undo brings them back.
pub(super) async fn give_back(plan: &mut Plan<'_>, actions: &BTreeMap<Id, Action>) -> Result<()> {
    let merged = actions.values().filter_map(|action| {
        let Record::Trashed(trashed) = &action.trashed.as_ref()?.record else {
            return None;
        };
        Some((trashed.survivor()?, action.id))
    });
    let merged: Vec<(Id, Id)> = merged.collect();
    let into: BTreeSet<Id> = merged.iter().map(|(into, _)| *into).collect();
    for into in into {
        let all = merged::losers(plan.context(), &[into], MERGED_RECORDS_MAX).await?;
        for (entry, document) in all {
            if actions.contains_key(&entry.record_id) {
                continue;
            }
            let mut back = merged.iter().filter(|(of, _)| *of == into);
            let after = back.find_map(|(_, former)| entry.clone().given_back(*former));
            if let Some(after) = after {
                merged::replace(plan, (entry, document), after);
            }
        }
    }
    Ok(())
}

/// Forgets what was merged into records that the undo deletes, where nothing is kept of those: nothing could bring them back.
pub(super) async fn forget(plan: &mut Plan<'_>, leaving: &BTreeSet<Id>) -> Result<()> {
    if plan.context().components().keeps_trash() {
        return Ok(());
    }
    for id in leaving {
        merged::forget(plan, *id).await?;
    }
    Ok(())
}
