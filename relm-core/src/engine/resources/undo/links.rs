//! Associations that a request made or removed by themselves, and those that go with records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attributes::{self, Restated};
use super::past::{Place, Target};
use super::report::{ConflictCode, Report, UndoConflict, UndoneChange};
use super::state::State;
use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::engine::resources::associations::{record_created, record_deleted};
use crate::engine::resources::returning::Returning;
use crate::engine::resources::trash::of_associations;
use crate::error::Result;
use crate::limits::{PAGE_LIMIT_MAX, TRASHED_ASSOCIATIONS_MAX};
use crate::query::filter::{Clause, Condition};
use crate::record::association::Association;
use crate::record::column::ColumnValue;
use crate::record::{Document, Entry, Trashed};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// The associations of a request, as its undo treats them.
#[derive(Default)]
pub(super) struct Links {
    /// Those that it made, and that are removed by themselves.
    unlinked: Vec<(Association, Document)>,
    /// Those that go with a record which it made, as they are and as they go to the trash.
    leaving: Vec<(Association, Document, Association)>,
    /// Those that it removed, as they were before it.
    removed: Vec<Association>,
    /// Those of which it had something else be said.
    restated: Vec<Restated>,
    /// Those that it made and that went to the trash with a record of before, which the undo restores, each with its entry there: they
    /// do not come back with that.
    dropped: BTreeMap<Id, Entry>,
}

/// The records of a request and of its undo.
struct Own<'a> {
    /// Those that the request made or restored.
    made: BTreeSet<Id>,
    /// Those of them that the undo removes.
    leaving: &'a BTreeSet<Id>,
    /// Those that the undo restores.
    restored: &'a BTreeSet<Id>,
}

impl Own<'_> {
    /// Whether one of the two ends goes to the trash.
    fn takes(&self, edge: &Association) -> bool {
        self.leaving.contains(&edge.from_id) || self.leaving.contains(&edge.to_id)
    }
}

impl Links {
    /// Says what is to be done with each association that the request made or removed.
    pub fn of(
        targets: &[Target],
        state: &State,
        (restored, leaving): (&BTreeSet<Id>, &BTreeSet<Id>),
        report: &mut Report,
    ) -> Result<Self> {
        let mut links = Self::default();
        let made = targets.iter().filter(|it| it.before != Place::Live);
        let own = Own {
            made: made.map(|it| it.id).collect(),
            leaving,
            restored,
        };
        for target in targets {
            if target.id.kind() != Kind::Association {
                continue;
            }
            match (target.before, target.after) {
                (Place::Nowhere, Place::Live) => links.made(target, state, &own, report)?,
                (Place::Live, Place::Nowhere) if target.is_erased => {
                    let message = "One of the two records was deleted for good.";
                    let code = ConflictCode::Gone;
                    report.conflict(UndoConflict::new(target.id, code, message));
                }
                (Place::Live, Place::Live) => {
                    links.restated.extend(Restated::of(target, state, report)?);
                }
                (Place::Trash, Place::Live) => links.returned(target, state, &own, report)?,
                (Place::Live | Place::Trash, Place::Nowhere) => {
                    let edge = attributes::before(target)?;
                    match target.before == Place::Live || !own.takes(&edge) {
                        true => links.removed.push(edge),
                        false => report.unchanged += 1,
                    }
                }
                _ => report.unchanged += 1,
            }
        }
        Ok(links)
    }

    /// One that came back with a record goes with that again; where the record stays, it does too.
    fn returned(
        &mut self,
        target: &Target,
        state: &State,
        own: &Own<'_>,
        report: &mut Report,
    ) -> Result<()> {
        match state.live.get(&target.id) {
            Some(document) if own.takes(&document.decode()?) => {
                let now: Association = document.decode()?;
                let before = attributes::reverted(target, &now)?;
                self.leaving.push((now, document.clone(), before));
            }
            Some(_) => self.restated.extend(Restated::of(target, state, report)?),
            None => report.unchanged += 1,
        }
        Ok(())
    }

    fn made(
        &mut self,
        target: &Target,
        state: &State,
        own: &Own<'_>,
        report: &mut Report,
    ) -> Result<()> {
        let edge: Association = target.left.decode()?;
        let ends = [edge.from_id, edge.to_id];
        let trashed = state.trash.get(&target.id);
        let trashed = trashed.filter(|_| !ends.iter().any(|end| own.made.contains(end)));
        if let Some(document) = state.live.get(&target.id) {
            let now: Association = document.decode()?;
            if own.takes(&edge) {
                self.leaving.push((now.clone(), document.clone(), now));
                return Ok(());
            }
            if !now.says_as(&edge) {
                let message = "What is said of it was changed since: it stays.";
                let code = ConflictCode::ChangedSince;
                report.conflict(UndoConflict::new(target.id, code, message));
                return Ok(());
            }
            self.unlinked.push((now, document.clone()));
        } else if let Some((trashed, _)) = trashed {
            if ends.iter().any(|end| own.restored.contains(end)) {
                self.dropped.insert(target.id, trashed.clone());
            } else {
                let message = "It went to the trash with one of its records, and comes back with that: remove it then.";
                let code = ConflictCode::DeletedSince;
                report.conflict(UndoConflict::new(target.id, code, message));
            }
        } else {
            report.unchanged += 1;
        }
        Ok(())
    }

    /// Those that do not come back with a record that the undo restores.
    pub fn dropped(&self) -> BTreeSet<Id> {
        self.dropped.keys().copied().collect()
    }

    /// Writes what was said of associations before the request.
    pub fn restate(&self, plan: &mut Plan<'_>, report: &mut Report) -> Result<()> {
        let mut all = self.restated.iter();
        all.try_for_each(|restated| restated.write(plan, report))
    }

    /// Removes what the request linked, each with its event. What went to the trash with a record has none of its own: the event of that
    /// record stands for it.
    pub fn unlink(&self, plan: &mut Plan<'_>, report: &mut Report) {
        for (edge, document) in &self.unlinked {
            plan.write(Write::Delete(entry(edge, document)));
            record_deleted(plan, edge);
            report.reverted(edge.id, UndoneChange::Deleted, Vec::new());
        }
        for (id, trashed) in &self.dropped {
            plan.write(Write::Delete(trashed.clone()));
            report.reverted(*id, UndoneChange::Deleted, Vec::new());
        }
    }

    /// Moves to the trash what goes there with a record. Its event says so of them.
    pub fn move_to_trash(&self, plan: &mut Plan<'_>, report: &mut Report) {
        for (edge, document, last) in &self.leaving {
            if plan.context().components().keeps_trash() {
                let id = plan.mint(Kind::Trashed);
                let json = match last == edge {
                    true => Arc::clone(&document.json),
                    false => Entry::new(last.clone()).json,
                };
                let trashed = Trashed::association(id, edge, json);
                plan.write(Write::Insert(Entry::new(trashed)));
            }
            plan.write(Write::Delete(entry(edge, document)));
            report.reverted(edge.id, UndoneChange::Deleted, Vec::new());
        }
    }

    /// Links again what the request unlinked: under another id, since receivers take it that an association which was removed by itself
    /// never comes back.
    pub async fn link_again(
        &self,
        plan: &mut Plan<'_>,
        returning: &Returning,
        restored: &BTreeSet<Id>,
        report: &mut Report,
    ) -> Result<()> {
        let held = self.held(plan.context()).await?;
        let mut linked: BTreeSet<String> = BTreeSet::new();
        for former in &self.removed {
            let key = former.edge_key();
            if held.contains(&key) || returning.brings_back(&key) || linked.contains(&key) {
                report.unchanged += 1;
                continue;
            }
            let ends = [former.from_id, former.to_id];
            let is_gone = |end: &Id| returning.is_gone(*end) && !restored.contains(end);
            if let Some(end) = ends.into_iter().find(is_gone) {
                let message = format!("`{end}`, one of the two records, is there no more.");
                let code = ConflictCode::InvalidReference;
                report.conflict(UndoConflict::new(former.id, code, message));
                continue;
            }
            let others = ends.into_iter().filter(|end| !restored.contains(end));
            plan.require_each(others.collect());
            let id = plan.mint(Kind::Association);
            let edge = former.clone().made_anew(id);
            let made = Entry::new(edge.clone());
            let json = Arc::clone(&made.json);
            plan.write(Write::Insert(made));
            record_created(plan, &edge, &json);
            report.made_again(id, former.id);
            linked.insert(key);
        }
        Ok(())
    }

    /// The keys of what the request removed under which there is an association.
    async fn held(&self, context: &Context) -> Result<BTreeSet<String>> {
        // What is unlinked by the same undo is there no more.
        let unlinked = self.unlinked.iter().map(|(edge, _)| edge.id);
        let leaving = self.leaving.iter().map(|(edge, ..)| edge.id);
        let unlinked: BTreeSet<Id> = unlinked.chain(leaving).collect();
        let keys: Vec<String> = self.removed.iter().map(Association::edge_key).collect();
        let found = context.holders(Kind::Association, &keys).await?;
        let is_held = |found: Option<Document>| found.is_some_and(|it| !unlinked.contains(&it.id));
        let all = keys.into_iter().zip(found);
        let held = all.filter_map(|(key, found)| is_held(found).then_some(key));
        Ok(held.collect())
    }
}

fn entry(edge: &Association, document: &Document) -> Entry {
    Entry {
        record: edge.clone().into(),
        json: Arc::clone(&document.json),
    }
}

/// What the trash has of the associations of these records, as much as one commit brings back; and whether that is all.
pub(super) async fn in_trash(
    context: &Context,
    records: &BTreeSet<Id>,
) -> Result<(Vec<Document>, bool)> {
    let records: Vec<Id> = records.iter().copied().collect();
    let mut all: BTreeMap<Id, Document> = BTreeMap::new();
    for end in ["from_id", "to_id"] {
        for records in records.chunks(PAGE_LIMIT_MAX) {
            let ids = records.iter().copied().map(ColumnValue::from).collect();
            let clause = Clause::of_column(Kind::Trashed, end, Condition::In(ids))?;
            let left = TRASHED_ASSOCIATIONS_MAX + 1 - all.len();
            let clauses = vec![clause, of_associations()?];
            let found = context.every(Kind::Trashed, clauses, left).await?;
            all.extend(found.into_iter().map(|document| (document.id, document)));
            if all.len() > TRASHED_ASSOCIATIONS_MAX {
                all.pop_first();
                return Ok((all.into_values().collect(), false));
            }
        }
    }
    Ok((all.into_values().collect(), true))
}
