//! What the commit of an undo writes of one record.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::action::Action;
use super::report::{Report, UndoneChange};
use crate::engine::change::Plan;
use crate::record::object_type::ObjectType;
use crate::record::referring::references_of;
use crate::record::{Change, Entry, EventData, EventDraft, EventType, Merge, Trashed};
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
            let fields = &plan.configuration().fields;
            let known = references_of(&before.record, fields);
            let new = references_of(&after.record, fields).into_iter();
            let is_known = |id: &Id| known.iter().any(|it| it.id == Some(*id));
            let new = new.filter_map(|it| it.id);
            let new = new
                .filter(|id| !is_known(id) && !restored.contains(id))
                .collect();
            plan.require_each(new);
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
