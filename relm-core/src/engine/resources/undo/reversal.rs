//! What reverting the changes of one record comes to, member by member.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::action::{Action, Verdict};
use super::given::{are_returned, is_returned, is_same};
use super::past::{METADATA, Place, Target, value_of};
use super::refusing::{refers, refused, taken};
use super::report::{ConflictCode, UndoConflict, UndoneChange};
use super::rules::Rules;
use super::state::State;
use super::steps::Steps;
use crate::error::{Error, Result};
use crate::record::field::{Field, normalise, referenced};
use crate::record::metadata::{Metadata, merge};
use crate::record::object::Object;
use crate::record::patch::Patch;
use crate::record::{
    Change, Document, Entry, MemberChange, Merge, Record, member_changes, previous,
};
use crate::value::id::Id;
use crate::value::text::nfc;

/// Says what is to be done with one record.
pub(super) fn decide<T: Object + Into<Record>>(
    target: &Target,
    state: &State,
    rules: &Rules<'_>,
) -> Result<Verdict> {
    let id = target.id;
    let (live, trashed) = (state.live.get(&id), state.trash.get(&id));
    if target.is_purge {
        return gone(id, "The request deleted it for good: it cannot come back.");
    }
    let merge = trashed.and_then(|(entry, _)| merge_of(entry));
    let merge = merge.filter(|merge| merge.origin.request_id != rules.request);
    if let (Place::Live, None, Some(merge)) = (target.before, live, merge) {
        let (into, request) = (merge.into, merge.origin.request_id);
        let message = format!("It was merged into `{into}` since: undo `{request}` first.");
        let conflict = UndoConflict::new(id, ConflictCode::DeletedSince, message);
        return Ok(Verdict::of(conflict.existing(into)));
    }
    match (target.before, target.after, live, trashed) {
        // What it made or restored, it deleted; or somebody did since.
        (Place::Nowhere | Place::Trash, Place::Nowhere | Place::Trash, ..)
        | (Place::Nowhere | Place::Trash, Place::Live, None, _) => Ok(Verdict::default()),
        (Place::Nowhere | Place::Trash, Place::Live, Some(live), _) => match target.unmerged_from {
            Some(into) => merge_again::<T>(target, live, into, rules),
            None => remove::<T>(target, live, rules),
        },
        (Place::Live, _, Some(live), _) => {
            Reversal::of::<T>(target, live)?.apply::<T>(rules, Place::Live, None)
        }
        (Place::Live, Place::Trash, None, Some((entry, last_state))) => {
            restore::<T>(target, entry, last_state, rules)
        }
        (Place::Live, _, None, Some(_)) => {
            let message = "It was deleted since: restore it, and undo the request then.";
            let code = ConflictCode::DeletedSince;
            Ok(Verdict::of(UndoConflict::new(id, code, message)))
        }
        (Place::Live, _, None, None) => gone(
            id,
            "It is neither there nor in the trash: it cannot come back.",
        ),
    }
}

fn gone(id: Id, message: &str) -> Result<Verdict> {
    Ok(Verdict::of(UndoConflict::new(
        id,
        ConflictCode::Gone,
        message,
    )))
}

/// That what the trash has is a record that was merged into another.
fn merge_of(entry: &Entry) -> Option<&Merge> {
    match &entry.record {
        Record::Trashed(trashed) => trashed.merge.as_ref(),
        _ => None,
    }
}

/// Removes what the request made or restored, unless it was changed since.
fn remove<T: Object + Into<Record>>(
    target: &Target,
    live: &Document,
    rules: &Rules<'_>,
) -> Result<Verdict> {
    let changed = changed_since(target, live)?;
    if !changed.is_empty() {
        let changed = changed.iter();
        let conflicts = changed.map(|(name, it)| UndoConflict::changed(target.id, name, it));
        return Ok(Verdict {
            action: None,
            conflicts: conflicts.collect(),
        });
    }
    let mut reversal = Reversal::of::<T>(target, live)?;
    if target.before == Place::Nowhere {
        reversal.reverts.clear();
    }
    reversal.apply::<T>(rules, Place::Trash, None)
}

/// Merges again what the request brought back from a merge, unless it was changed since or its survivor is gone.
fn merge_again<T: Object + Into<Record>>(
    target: &Target,
    live: &Document,
    into: Id,
    rules: &Rules<'_>,
) -> Result<Verdict> {
    if (rules.is_missing)(into) {
        let message = format!("`{into}`, into which it was merged, is there no more: it stays.");
        let code = ConflictCode::InvalidReference;
        return Ok(Verdict::of(UndoConflict::new(target.id, code, message)));
    }
    let mut verdict = remove::<T>(target, live, rules)?;
    if let Some(action) = &mut verdict.action {
        action.change = UndoneChange::Merged;
        action.into = Some(into);
    }
    Ok(verdict)
}

/// Takes what the request deleted out of the trash, unless it was there again and changed since.
fn restore<T: Object + Into<Record>>(
    target: &Target,
    entry: &Entry,
    last_state: &Document,
    rules: &Rules<'_>,
) -> Result<Verdict> {
    if !changed_since(target, last_state)?.is_empty() {
        let message = "It was restored, changed and deleted again since: it stays in the trash.";
        let conflict = UndoConflict::new(target.id, ConflictCode::ChangedSince, message);
        return Ok(Verdict::of(conflict));
    }
    if let Some((member, holder)) = rules.taken.get(&target.id).and_then(|all| all.first()) {
        return Ok(Verdict::of(taken::<T>(target.id, member, *holder)));
    }
    Reversal::of::<T>(target, last_state)?.apply::<T>(rules, Place::Live, Some(entry))
}

/// The members that are otherwise than the request left them: from that, to what is there.
fn changed_since(target: &Target, now: &Document) -> Result<BTreeMap<String, MemberChange>> {
    let left = previous(target.left.get(), &now.json)?;
    let mut found: Map<String, Value> = now.decode()?;
    found.retain(|name, _| left.contains_key(name));
    Ok(member_changes(left, found))
}

/// The members of one record that go back to their former values, and those that do not.
struct Reversal<'a> {
    target: &'a Target,
    now: &'a Document,
    members: Map<String, Value>,
    reverts: BTreeMap<&'a str, &'a MemberChange>,
    /// Who takes back what the record has several of, where not all come back that gave it.
    takers: &'a [Map<String, Value>],
    conflicts: Vec<UndoConflict>,
}

impl<'a> Reversal<'a> {
    /// Compares each member that the request changed with what is there.
    fn of<T: Object>(target: &'a Target, now: &'a Document) -> Result<Self> {
        let mut reversal = Self {
            target,
            now,
            members: now.decode()?,
            reverts: BTreeMap::new(),
            takers: &[],
            conflicts: Vec::new(),
        };
        let mut torn: Vec<&str> = Vec::new();
        for together in T::TOGETHER {
            if reversal.is_torn(together)? {
                torn.extend(*together);
            }
        }
        for (name, change) in &target.members {
            let found = reversal.found(name);
            if is_same::<T>(name, found, &change.from) {
                continue;
            }
            let is_torn = torn.contains(&name.as_str());
            if is_same::<T>(name, found, &change.to) && !is_torn {
                reversal.reverts.insert(name, change);
                continue;
            }
            let left = MemberChange {
                from: change.to.clone(),
                to: found.clone(),
            };
            let mut conflict = UndoConflict::changed(target.id, name, &left);
            if is_torn && left.from == left.to {
                let all = T::together_with(name).join("` and `");
                conflict.message =
                    format!("`{all}` are one, and were changed since: they stay as they are.");
            }
            reversal.conflicts.push(conflict);
        }
        Ok(reversal)
    }

    fn found(&self, name: &str) -> &Value {
        value_of(&self.members, name)
    }

    /// Whether the request changed some of these members, and not all of them are as it left them.
    fn is_torn(&self, together: &[&str]) -> Result<bool> {
        let is_changed = |name: &&str| self.target.members.contains_key(*name);
        if !together.iter().any(is_changed) {
            return Ok(false);
        }
        let left: Map<String, Value> = self.target.left.decode()?;
        let as_left = |name: &&str| self.found(name) == left.get(*name).unwrap_or(&Value::Null);
        Ok(!together.iter().all(as_left))
    }

    /// Leaves a member as it is.
    fn refuse(&mut self, name: &str, conflict: UndoConflict) {
        if self.reverts.remove(name).is_some() {
            self.conflicts.push(conflict.at(name));
        }
    }

    /// Refuses what cannot go back by what is so now.
    fn check<T: Object>(&mut self, rules: &Rules<'a>) {
        let id = self.target.id;
        for (member, holder) in rules.taken.get(&id).into_iter().flatten() {
            // What means something with it stays, too; of several of them one tells.
            let together = T::together_with(member).iter().copied();
            let mut names = together.chain([member.as_str()]);
            if let Some(first) = names.find(|name| self.reverts.contains_key(name)) {
                self.refuse(first, taken::<T>(id, member, *holder));
            }
            for name in T::together_with(member) {
                self.reverts.remove(name);
            }
        }
        if let Some(givers) = rules.givers.get(&id) {
            self.takers = givers;
            self.keep::<T>(givers);
        }
        for (name, change) in self.reverts.clone() {
            let Some(key) = name.strip_prefix(METADATA) else {
                if refers::<T>(name, &change.from).is_some_and(|to| (rules.is_gone)(to)) {
                    self.refuse(name, UndoConflict::lost(id, name));
                }
                self.check_value(rules.field_of(T::TYPE, name), name, &change.from);
                continue;
            };
            let mut fields = referenced(rules.fields, T::TYPE);
            let field = fields.find(|(field, _)| field.key == key);
            let to = field.and_then(|(field, _)| {
                let text = nfc(change.from.as_str()?);
                field.options.referenced(&text)
            });
            if to.is_some_and(|to| (rules.is_gone)(to)) {
                self.refuse(name, UndoConflict::lost(id, name));
                continue;
            }
            self.check_value(rules.field_of(T::TYPE, name), name, &change.from);
        }
    }

    /// Refuses a former value that is none which the definition of its member takes by now.
    fn check_value(&mut self, field: Option<&Field>, name: &str, former: &Value) {
        let former = Some(former).filter(|value| !value.is_null());
        if let Some(Err(error)) = field.map(|field| field.check_member(former)) {
            self.refuse(name, refused(self.target.id, &error));
        }
    }

    /// Keeps the values that none of those has who come back: they are of a record that stays away, and nobody else would have them.
    fn keep<T: Object>(&mut self, givers: &[Map<String, Value>]) {
        let changes = self.reverts.clone();
        for (name, change) in &changes {
            let together = T::together_with(name);
            let is_taken_back = match together.is_empty() {
                // Of what it has several of each takes back its own.
                false if together.iter().any(|name| self.found(name).is_array()) => {
                    !givers.is_empty()
                }
                false => are_returned(givers, together, &changes, &self.members),
                true => is_returned::<T>(givers, name, change),
            };
            if is_taken_back {
                continue;
            }
            let message =
                format!("`{name}` is of a record that does not come back: it stays as it is.");
            self.refuse(
                name,
                UndoConflict::new(self.target.id, ConflictCode::Gone, message),
            );
        }
    }

    /// The record with its former values; what a limit of `metadata` refuses stays as it is.
    fn reverted<T: Object>(&mut self) -> Result<T> {
        let keys = |name: &&str| name.starts_with(METADATA);
        let of_metadata: BTreeSet<&str> = self.reverts.keys().copied().filter(keys).collect();
        let patch = of_metadata.iter().filter_map(|name| {
            let key = name.strip_prefix(METADATA)?;
            Some((key, self.reverts.get(name)?.from.clone()))
        });
        let patch: Metadata = patch.collect();
        let mut members = self.members.clone();
        let known = members.get("metadata").cloned().unwrap_or_default();
        let mut metadata = match known {
            Value::Object(members) => Metadata::from(members),
            _ => Metadata::new(),
        };
        match merge(Patch::Set(patch), &mut metadata) {
            Ok(()) => drop(members.insert("metadata".to_owned(), Value::Object(metadata.into()))),
            Err(error) => {
                for name in of_metadata {
                    self.refuse(name, refused(self.target.id, &error));
                }
            }
        }
        for (name, change) in &self.reverts {
            if !name.starts_with(METADATA) {
                members.insert((*name).to_owned(), change.from.clone());
            }
        }
        let now: T = self.now.decode()?;
        let mut record: T =
            serde_json::from_value(Value::Object(members)).map_err(Error::internal)?;
        record.settle(&now)?;
        if !self.takers.is_empty() {
            let takers = self.takers.iter().cloned().map(Value::Object);
            let takers: Vec<T> = takers
                .map(|taker| serde_json::from_value(taker).map_err(Error::internal))
                .collect::<Result<_>>()?;
            record.give_back(&now, &takers, &|name| self.reverts.contains_key(name));
        }
        Ok(record)
    }

    /// What is to be done: the members go back, and the record to where it was.
    fn apply<T: Object + Into<Record>>(
        mut self,
        rules: &Rules<'a>,
        to: Place,
        trashed: Option<&Entry>,
    ) -> Result<Verdict> {
        self.check::<T>(rules);
        let mut former: T = self.reverted()?;
        normalise(rules.fields, &mut former);
        let mut record: T = self.now.decode()?;
        let mut steps = Steps {
            now: rules.now,
            json: Arc::clone(&self.now.json),
            events: Vec::new(),
        };
        if trashed.is_some() {
            normalise(rules.fields, &mut record);
            record = steps.take(Change::Restored, record)?;
        }
        if !self.reverts.is_empty() {
            record = steps.take(Change::Updated, former.of_version(record.version()))?;
        }
        if to == Place::Trash {
            record = steps.take(Change::Deleted, record)?;
        }
        let action = Action {
            id: self.target.id,
            change: match (trashed, to) {
                (_, Place::Trash | Place::Nowhere) => UndoneChange::Deleted,
                (Some(_), Place::Live) => UndoneChange::Restored,
                (None, Place::Live) => UndoneChange::Updated,
            },
            before: self.now.clone().into_entry()?,
            trashed: trashed.cloned(),
            after: Entry {
                record: record.into(),
                json: steps.json,
            },
            members: self.reverts.keys().map(|name| (*name).to_owned()).collect(),
            events: steps.events,
            into: None,
            merged_from: Vec::new(),
        };
        Ok(Verdict {
            action: (!action.events.is_empty()).then_some(action),
            conflicts: self.conflicts,
        })
    }
}
