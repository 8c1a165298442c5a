//! What an undo does not remove, since others have linked it, refer to it or were merged into it since.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Action;
use super::past::{Place, Target};
use super::report::{ConflictCode, UndoConflict};
use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::PAGE_LIMIT_MAX;
use crate::query::filter::Clause;
use crate::record::column::ColumnValue;
use crate::record::field::Field;
use crate::record::object_type::ObjectType;
use crate::record::referring::{members_to, references_of};
use crate::record::{Record, column_index};
use crate::store::Query;
use crate::value::id::{Id, Kind};

/// Takes the removals of what is in use out of the actions, and gives a conflict for each.
///
/// Associations and references of the request's own are no use by others: they go with it.
pub(super) async fn keep(
    context: &Context,
    fields: &[Field],
    targets: &[Target],
    actions: &mut BTreeMap<Id, Action>,
) -> Result<Vec<UndoConflict>> {
    // What is merged again takes along whatever leads to it.
    let removed = |action: &&Action| action.removes() && action.into.is_none();
    let leaving: BTreeSet<Id> = actions.values().filter(removed).map(|it| it.id).collect();
    if leaving.is_empty() {
        return Ok(Vec::new());
    }
    let own = targets.iter().filter(|target| target.after == Place::Live);
    let own: BTreeSet<Id> = own.map(|target| target.id).collect();
    let mut used = Used::default();
    for end in ["from_id", "to_id"] {
        let is_own = |record: &Record, _: Id| own.contains(&record.id());
        used.find(context, Kind::Association, end, &leaving, &is_own)
            .await?;
    }
    // What was restored may have been referred to, and merged into, ever since it was made.
    let made = targets.iter().filter(|it| it.before == Place::Nowhere);
    let made: BTreeSet<Id> = made.map(|it| it.id).collect();
    let made: BTreeSet<Id> = leaving.intersection(&made).copied().collect();
    for of in ObjectType::ALL {
        for to in ObjectType::ALL {
            let asked = made.iter().copied().filter(|id| id.kind() == to.kind());
            let asked: BTreeSet<Id> = asked.collect();
            let is_own = |record: &Record, to: Id| match actions.get(&record.id()) {
                Some(action) => action.removes() || !refers(&action.after.record, fields, to),
                None => false,
            };
            for member in members_to(fields, of, to.kind()) {
                used.find(context, of.kind(), &member, &asked, &is_own)
                    .await?;
            }
        }
    }
    let is_own = |record: &Record, _: Id| match record {
        Record::Trashed(entry) if entry.survivor().is_some() => {
            // It is apart again, or given back to what it was merged into before.
            let former = entry.standing().map(|merge| &merge.former);
            let mut all = former.into_iter().flatten().chain([&entry.record_id]);
            let is_back = |id: &Id| actions.get(id).is_some_and(|action| !action.removes());
            all.any(is_back)
        }
        // What else the trash has of it is no use of it.
        _ => true,
    };
    used.find(context, Kind::Trashed, "to_id", &made, &is_own)
        .await?;
    Ok(used.take_out(actions))
}

/// Whether a record refers to another.
fn refers(record: &Record, fields: &[Field], to: Id) -> bool {
    let references = references_of(record, fields);
    references.iter().any(|reference| reference.id == Some(to))
}

/// Who uses what is to go.
#[derive(Clone, Copy)]
struct User {
    id: Id,
    /// Whether it is a record that was merged into it.
    is_merged: bool,
}

#[derive(Default)]
struct Used {
    /// What others use, each with one of them.
    by: BTreeMap<Id, User>,
    /// What the request's own records refer to that are to go as well: the one that refers, and to what.
    own: BTreeSet<(Id, Id)>,
}

impl Used {
    /// Looks for records of a kind that name one of these by a member: for one of others, for each.
    async fn find(
        &mut self,
        context: &Context,
        kind: Kind,
        member: &str,
        leaving: &BTreeSet<Id>,
        is_own: &(dyn Fn(&Record, Id) -> bool + Sync),
    ) -> Result<()> {
        let leaving: Vec<Id> = leaving.iter().copied().collect();
        for leaving in leaving.chunks(PAGE_LIMIT_MAX) {
            let mut after = None;
            loop {
                let unused = leaving.iter().filter(|id| !self.by.contains_key(id));
                let unused: Vec<Id> = unused.copied().collect();
                if unused.is_empty() {
                    break;
                }
                let query = Query {
                    kind,
                    clauses: vec![Clause::referring(kind, member, unused)?],
                    after,
                    limit: PAGE_LIMIT_MAX,
                };
                let page = context.list(&query).await?;
                after = page.documents.last().map(|last| last.id);
                for document in page.documents {
                    let record = document.into_entry()?.record;
                    self.add(&record, named(&record, member)?, is_own);
                }
                if !page.more {
                    break;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, record: &Record, to: Option<Id>, is_own: &dyn Fn(&Record, Id) -> bool) {
        let Some(to) = to else {
            return;
        };
        let (id, is_merged) = match record {
            Record::Trashed(merged) => (merged.record_id, true),
            _ => (record.id(), false),
        };
        match is_own(record, to) {
            true => drop(self.own.insert((id, to))),
            false => drop(self.by.entry(to).or_insert(User { id, is_merged })),
        }
    }

    /// A record that stays is used by others, or by the request's own that stay for that.
    fn take_out(mut self, actions: &mut BTreeMap<Id, Action>) -> Vec<UndoConflict> {
        let mut conflicts = Vec::new();
        let mut staying: Vec<(Id, User)> = self.by.into_iter().collect();
        let mut seen: BTreeSet<Id> = staying.iter().map(|(id, _)| *id).collect();
        while let Some((id, by)) = staying.pop() {
            actions.remove(&id);
            conflicts.push(conflict(id, by));
            let of_it =
                (id, Id::new(Kind::Contact, 0))..=(id, Id::new(Kind::ImportPart, u128::MAX));
            let also: Vec<(Id, Id)> = self.own.range(of_it).copied().collect();
            for pair in also {
                self.own.remove(&pair);
                if seen.insert(pair.1) {
                    let is_merged = false;
                    staying.push((pair.1, User { id, is_merged }));
                }
            }
        }
        conflicts
    }
}

fn conflict(id: Id, by: User) -> UndoConflict {
    let message = match (by.is_merged, by.id.kind()) {
        (true, _) => {
            "Another record was merged into it since: it stays. Undo the request that merged them first."
        }
        (false, Kind::Association) => {
            "It was linked since: it stays. Remove the association first."
        }
        (false, _) => "Another record refers to it since: it stays. Clear that reference first.",
    };
    UndoConflict::new(id, ConflictCode::InUse, message).existing(by.id)
}

/// The record that another names by a member.
fn named(record: &Record, member: &str) -> Result<Option<Id>> {
    if let Some(key) = member.strip_prefix("metadata.") {
        let value = record.metadata().and_then(|it| it.as_map().get(key));
        return Ok(value.and_then(|value| value.as_str()).and_then(Id::parse));
    }
    let index = column_index(record.kind(), member)?;
    Ok(match record.value(index) {
        Some(ColumnValue::Text(id)) => Id::parse(&id),
        Some(ColumnValue::Integer(_)) | None => None,
    })
}
