//! Unique values that an undo would have records take, and that others have by now.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Action;
use super::rules::Taken;
use crate::engine::context::Context;
use crate::engine::unique_values::{KnownValues, holders_of};
use crate::error::Result;
use crate::record::field::Field;
use crate::record::object_type::ObjectType;
use crate::record::unique_member::{UniqueMember, unique_members};
use crate::value::id::{Id, Kind};

/// A value that an action has its record take.
struct Wanted<'a> {
    id: Id,
    member: &'a UniqueMember,
    of: ObjectType,
    kind: Kind,
    key: String,
}

/// The records whose unique values are others', each with those. A value that its holder leaves by the same undo is free: several
/// records may exchange theirs.
pub(super) async fn taken(
    context: &Context,
    fields: &[Field],
    actions: &BTreeMap<Id, Action>,
) -> Result<Taken> {
    let members = ObjectType::ALL.map(|of| (of, unique_members(fields, of)));
    let members = BTreeMap::from(members);
    let wanted = wanted(&members, actions);
    let holders = holders(context, &wanted).await?;
    let mut claimed: BTreeMap<(Kind, &str), Id> = BTreeMap::new();
    let mut taken = Taken::new();
    // Those that wait for another to leave a value.
    let mut waiting: BTreeMap<Id, Vec<(&Wanted<'_>, Id)>> = BTreeMap::new();
    for want in &wanted {
        let claim = (want.kind, want.key.as_str());
        if let Some(other) = claimed.insert(claim, want.id) {
            claimed.insert(claim, other);
            note(&mut taken, want, other);
            continue;
        }
        match holders.get(&claim) {
            Some(holder) if leaves(&members, actions, *holder, want) => {
                let waits = waiting.entry(*holder).or_default();
                waits.push((want, *holder));
            }
            Some(holder) if *holder != want.id => note(&mut taken, want, *holder),
            Some(_) | None => {}
        }
    }
    // Who does not get a value keeps its own.
    let mut kept: Vec<Id> = taken.keys().copied().collect();
    let mut seen: BTreeSet<Id> = kept.iter().copied().collect();
    while let Some(holder) = kept.pop() {
        for (want, holder) in waiting.remove(&holder).unwrap_or_default() {
            note(&mut taken, want, holder);
            if seen.insert(want.id) {
                kept.push(want.id);
            }
        }
    }
    Ok(taken)
}

fn note(taken: &mut Taken, want: &Wanted<'_>, holder: Id) {
    let of_record = taken.entry(want.id).or_default();
    of_record.push((want.member.path.clone(), holder));
}

/// The unique values that actions have their records take, which they have not.
fn wanted<'a>(
    members: &'a BTreeMap<ObjectType, Vec<UniqueMember>>,
    actions: &BTreeMap<Id, Action>,
) -> Vec<Wanted<'a>> {
    let mut wanted = Vec::new();
    for action in actions.values().filter(|action| !action.removes()) {
        let Some(of) = ObjectType::of(action.id.kind()) else {
            continue;
        };
        for member in members.get(&of).into_iter().flatten() {
            let had = member.keys_of_record(&action.before.record);
            for key in member.keys_of_record(&action.after.record) {
                if action.trashed.is_none() && had.contains(&key) {
                    continue;
                }
                wanted.push(Wanted {
                    id: action.id,
                    member,
                    of,
                    kind: member.key_kind(of),
                    key,
                });
            }
        }
    }
    wanted
}

/// Whether an action has a record leave the value that another one wants of it.
fn leaves(
    members: &BTreeMap<ObjectType, Vec<UniqueMember>>,
    actions: &BTreeMap<Id, Action>,
    holder: Id,
    want: &Wanted<'_>,
) -> bool {
    let Some(action) = actions.get(&holder).filter(|_| holder != want.id) else {
        return false;
    };
    let of = ObjectType::of(holder.kind());
    let mut all = of.and_then(|of| members.get(&of)).into_iter().flatten();
    let keeps = all.any(|member| {
        member == want.member
            && member
                .keys_of_record(&action.after.record)
                .contains(&want.key)
    });
    action.removes() || !keeps
}

/// Who has these values.
async fn holders<'a>(
    context: &Context,
    wanted: &'a [Wanted<'_>],
) -> Result<BTreeMap<(Kind, &'a str), Id>> {
    let mut of_members: BTreeMap<(ObjectType, &str), Vec<&'a Wanted<'_>>> = BTreeMap::new();
    for want in wanted {
        let member = (want.of, want.member.path.as_str());
        of_members.entry(member).or_default().push(want);
    }
    let mut holders = BTreeMap::new();
    for ((of, _), wanted) in of_members {
        let Some(member) = wanted.first().map(|first| first.member) else {
            continue;
        };
        let keys: Vec<String> = wanted.iter().map(|want| want.key.clone()).collect();
        let mut known = KnownValues::default();
        let found = holders_of(context, of, member, &keys, &mut known).await?;
        for (want, found) in wanted.iter().zip(found) {
            if let Some(found) = found {
                holders.insert((want.kind, want.key.as_str()), found.id);
            }
        }
    }
    Ok(holders)
}
