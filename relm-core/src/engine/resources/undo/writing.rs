//! What the commit of an undo writes of one record.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::action::Action;
use super::report::{Report, UndoneChange};
use crate::engine::change::Plan;
use crate::record::column::{ColumnType, ColumnValue};
use crate::record::object_type::ObjectType;
use crate::record::{
    Change, Entry, EventData, EventDraft, EventType, Merge, Record, Trashed, columns,
};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// Writes one record, with its events.
pub(super) fn write(
    plan: &mut Plan<'_>,
    action: Action,
    merge: Option<Merge>,
    restored: &BTreeSet<Id>,
    report: &mut Report,
) {
    let id = action.id;
    match action.change {
        UndoneChange::Merged => {
            // What leads to it stays until that is moved.
            if let Some(merge) = merge {
                let json = Arc::clone(&action.after.json);
                let merged = Trashed::merged(plan.mint(Kind::Trashed), id, json, merge);
                plan.write(Write::Insert(Entry::new(merged)));
                plan.write(Write::Delete(action.before));
            }
        }
        UndoneChange::Deleted => {
            if plan.context().components().keeps_trash() {
                let json = Arc::clone(&action.after.json);
                let trashed = Trashed::record(plan.mint(Kind::Trashed), id, json);
                plan.write(Write::Insert(Entry::new(trashed)));
            }
            plan.write(Write::Delete(action.before));
            // What was linked since it was looked for.
            plan.write(Write::Unlink(id));
        }
        UndoneChange::Created | UndoneChange::Updated | UndoneChange::Restored => {
            let (before, after) = (action.before, action.after);
            let known = references(&before.record);
            let new = references(&after.record).into_iter();
            let new = new.filter(|id| !known.contains(id) && !restored.contains(id));
            plan.require_each(new.collect());
            match action.trashed {
                Some(trashed) => {
                    plan.write(Write::Delete(trashed));
                    plan.write(Write::Insert(after));
                }
                None => {
                    plan.write(Write::Replace { before, after });
                }
            }
        }
    }
    if let Some(of) = ObjectType::of(id.kind()) {
        for (change, json, previous) in action.events {
            plan.record_event(EventDraft {
                event_type: EventType::Record(of, change),
                record_id: id,
                mode: plan.context().scope().mode(),
                data: EventData::new(json),
                previous,
                merged_from: match change == Change::Merged {
                    true => action.merged_from.clone(),
                    false => Vec::new(),
                },
            });
        }
    }
    report.reverted(id, action.change, action.members);
}

/// The records that a record refers to.
fn references(record: &Record) -> BTreeSet<Id> {
    let columns = columns(record.kind()).iter().enumerate();
    let references = columns.filter(|(_, it)| matches!(it.ty, ColumnType::Id(Some(_))));
    let ids = references.filter_map(|(index, _)| match record.value(index)? {
        ColumnValue::Text(id) => Id::parse(&id),
        ColumnValue::Integer(_) => None,
    });
    ids.collect()
}
