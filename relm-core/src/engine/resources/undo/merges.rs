//! Records that were merged into what an undo brings back or takes away.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Action;
use super::report::UndoneChange;
use super::steps::Steps;
use crate::engine::change::Plan;
use crate::engine::merged;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MERGED_RECORDS_MAX;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::{Change, Document, Entry, Merge, Record};
use crate::value::id::Id;
use crate::value::time::Timestamp;

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
pub(super) async fn delete_losers(plan: &mut Plan<'_>, leaving: &BTreeSet<Id>) -> Result<()> {
    if plan.context().components().keeps_trash() {
        return Ok(());
    }
    for id in leaving {
        merged::delete_losers(plan, *id).await?;
    }
    Ok(())
}

/// Merges the records again that the undo takes away for that: gives the merge of each. Their survivors tell of it, and what was merged into
/// them is merged into those.
pub(super) async fn again(
    plan: &mut Plan<'_>,
    actions: &mut BTreeMap<Id, Action>,
) -> Result<BTreeMap<Id, Merge>> {
    let into = actions.values().filter_map(|it| Some((it.id, it.into?)));
    let into: BTreeMap<Id, Id> = into.collect();
    let mut merges = BTreeMap::new();
    if into.is_empty() {
        return Ok(merges);
    }
    let origin = plan.origin();
    let mut merged_from: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    for (id, first) in &into {
        let mut merge = Merge::begun(*first, origin.clone());
        for next in chain(&into, *first) {
            merge = merge.followed(next);
        }
        merged_from.entry(merge.into).or_default().push(*id);
        merges.insert(*id, merge);
    }
    follow(plan, &into, &merged_from).await?;
    for (survivor, from) in merged_from {
        record_merge(plan, actions, survivor, from).await?;
    }
    Ok(merges)
}

/// Into which records one is merged by the same undo, one after the other.
fn chain(into: &BTreeMap<Id, Id>, from: Id) -> impl Iterator<Item = Id> {
    let next = |at: &Id| into.get(at).copied();
    // No more than there are: a circle would never end.
    std::iter::successors(Some(from), next)
        .skip(1)
        .take(into.len())
}

/// Has what was merged into these records be merged into their survivors.
async fn follow(
    plan: &mut Plan<'_>,
    into: &BTreeMap<Id, Id>,
    merged_from: &BTreeMap<Id, Vec<Id>>,
) -> Result<()> {
    let context = plan.context();
    let (ids, max): (Vec<Id>, _) = (into.keys().copied().collect(), MERGED_RECORDS_MAX + 1);
    let followed = merged::losers(context, &ids, max).await?;
    for (survivor, from) in merged_from {
        let known = merged::losers(context, &[*survivor], max).await?;
        // As if all followed to each: nobody merges as many.
        if known.len() + followed.len() + from.len() > MERGED_RECORDS_MAX {
            let message = format!(
                "More than {MERGED_RECORDS_MAX} records would be merged into `{survivor}` again: nothing was reverted."
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
    }
    for (entry, document) in followed {
        let Some(at) = entry.survivor() else {
            continue;
        };
        if entry.is_moving() {
            let message = format!(
                "What was merged into `{at}` since is still being moved to it: undo this once that has ended, which is within the hour; nothing was reverted."
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let mut after = entry.clone();
        for next in chain(into, at) {
            after = after.merged_on(next);
        }
        after.version = entry.version + 1;
        merged::replace(plan, (entry, document), after);
    }
    Ok(())
}

/// Has the event of a survivor say which records are merged into it: where the undo changes nothing else of it, it gets one.
async fn record_merge(
    plan: &mut Plan<'_>,
    actions: &mut BTreeMap<Id, Action>,
    survivor: Id,
    from: Vec<Id>,
) -> Result<()> {
    if let Some(action) = actions.get_mut(&survivor) {
        if action.removes() {
            return Ok(());
        }
        action.merged_from = from;
        if let Some((change @ Change::Updated, ..)) = action.events.last_mut() {
            *change = Change::Merged;
            return Ok(());
        }
        return touch(action, plan.now());
    }
    // Its commit finds out where it is gone.
    plan.require_exists(survivor);
    let context = plan.context();
    if let Some(document) = context.document(survivor.kind(), survivor).await? {
        let json = document.json.clone();
        let before = document.into_entry()?;
        let mut action = Action {
            id: survivor,
            change: UndoneChange::Updated,
            after: Entry {
                record: before.record.clone(),
                json,
            },
            before,
            trashed: None,
            members: Vec::new(),
            events: Vec::new(),
            into: None,
            merged_from: from,
        };
        touch(&mut action, plan.now())?;
        actions.insert(survivor, action);
    }
    Ok(())
}

/// One change more of a survivor, which says that others are merged into it.
fn touch(action: &mut Action, now: Timestamp) -> Result<()> {
    match ObjectType::of(action.id.kind()) {
        Some(ObjectType::Contact) => touch_one::<Contact>(action, now),
        Some(ObjectType::Company) => touch_one::<Company>(action, now),
        Some(ObjectType::Deal) => touch_one::<Deal>(action, now),
        Some(ObjectType::Activity) => touch_one::<Activity>(action, now),
        None => Ok(()),
    }
}

fn touch_one<T: Object + Into<Record>>(action: &mut Action, now: Timestamp) -> Result<()> {
    let json = action.after.json.clone();
    let document = Document {
        id: action.id,
        json: json.clone(),
    };
    let mut steps = Steps {
        now,
        json,
        events: Vec::new(),
    };
    let record: T = steps.take(Change::Merged, document.decode()?)?;
    action.events.append(&mut steps.events);
    action.after = Entry {
        record: record.into(),
        json: steps.json,
    };
    Ok(())
}
