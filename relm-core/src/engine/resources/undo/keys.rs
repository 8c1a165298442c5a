//! Unique values that an undo would have records take, and that others have by now.

use std::collections::BTreeMap;

use super::reversal::Action;
use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::PAGE_LIMIT_MAX;
use crate::value::id::{Id, Kind};

/// The records whose unique value is another's, each with that one. A value that its holder leaves by the same undo is free: several
/// records may exchange theirs.
pub(super) async fn taken(
    context: &Context,
    actions: &BTreeMap<Id, Action>,
) -> Result<BTreeMap<Id, Id>> {
    let wanted: BTreeMap<Id, String> = actions
        .values()
        .filter_map(|action| Some((action.id, wanted(action)?)))
        .collect();
    let holders = holders(context, &wanted).await?;
    let mut claimed: BTreeMap<&str, Id> = BTreeMap::new();
    let mut taken = BTreeMap::new();
    // Those that wait for another to leave its value.
    let mut waiting: BTreeMap<Id, Id> = BTreeMap::new();
    for (id, key) in &wanted {
        if let Some(other) = claimed.insert(key, *id) {
            claimed.insert(key, other);
            taken.insert(*id, other);
            continue;
        }
        match holders.get(key) {
            Some(holder) if leaves(actions, *holder) => drop(waiting.insert(*holder, *id)),
            Some(holder) => drop(taken.insert(*id, *holder)),
            None => {}
        }
    }
    // Who does not get a value keeps its own.
    let mut kept: Vec<Id> = taken.keys().copied().collect();
    while let Some(holder) = kept.pop() {
        if let Some(id) = waiting.remove(&holder) {
            taken.insert(id, holder);
            kept.push(id);
        }
    }
    Ok(taken)
}

/// The unique value that an action has its record take, which it has not.
fn wanted(action: &Action) -> Option<String> {
    let key = action.after.record.unique_key();
    let key = key.filter(|_| !action.removes())?;
    let has = action.trashed.is_none() && action.before.record.unique_key().as_ref() == Some(&key);
    (!has).then_some(key)
}

/// Whether an action has its record leave the unique value that it has.
fn leaves(actions: &BTreeMap<Id, Action>, id: Id) -> bool {
    actions.get(&id).is_some_and(|action| {
        action.removes() || action.before.record.unique_key() != action.after.record.unique_key()
    })
}

async fn holders(context: &Context, wanted: &BTreeMap<Id, String>) -> Result<BTreeMap<String, Id>> {
    let mut of_kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    for (id, key) in wanted {
        of_kinds.entry(id.kind()).or_default().push(key.clone());
    }
    let mut holders = BTreeMap::new();
    for (kind, keys) in of_kinds {
        for keys in keys.chunks(PAGE_LIMIT_MAX) {
            let storage = context.storage();
            let found = storage.find(context.scope(), kind, keys).await?;
            let held = keys.iter().zip(found);
            holders.extend(held.filter_map(|(key, found)| Some((key.clone(), found?.id))));
        }
    }
    Ok(holders)
}
