//! Definitions of custom fields that a request made, changed or removed.

use std::sync::Arc;

use serde_json::Map;

use super::past::{Place, Target};
use super::report::{ConflictCode, Report, UndoConflict, UndoneChange};
use super::state::State;
use crate::engine::change::Plan;
use crate::engine::resources::fields::definitions::{check_room, check_unique_room, record_event};
use crate::engine::resources::fields::ending::end;
use crate::error::Result;
use crate::record::field::{Field, UniqueIndex};
use crate::record::{DefinitionChange, Document, Entry, Record, UniqueValue};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// The definitions of a request, as its undo treats them.
pub(super) struct Definitions {
    /// All that there are after the undo.
    pub fields: Vec<Field>,
    removed: Vec<Entry>,
    /// Those that are defined again, each with the id that it had.
    defined: Vec<(Field, Id)>,
}

impl Definitions {
    /// Says what is to be done with each definition that the request made or removed.
    pub fn of(
        plan: &Plan<'_>,
        targets: &[Target],
        state: &State,
        report: &mut Report,
    ) -> Result<Self> {
        let mut of_request = Self {
            fields: plan.configuration().fields.clone(),
            removed: Vec::new(),
            defined: Vec::new(),
        };
        let fields = || targets.iter().filter(|it| it.id.kind() == Kind::Field);
        // What it made goes first: it may have the key of what it removed.
        for target in fields() {
            match (target.before, target.after, state.live.get(&target.id)) {
                (Place::Nowhere, Place::Live, Some(document)) => {
                    of_request.take_away(target, document, report)?;
                }
                (Place::Live, Place::Nowhere, _) => {}
                (Place::Live, Place::Live, Some(_)) => report.conflict(changes_by_hand(target.id)),
                _ => report.unchanged += 1,
            }
        }
        for target in fields() {
            if (target.before, target.after) == (Place::Live, Place::Nowhere) {
                of_request.define(plan, target.left.decode()?, report);
            }
        }
        Ok(of_request)
    }

    /// Takes a definition away that the request made, and nobody changed since.
    fn take_away(
        &mut self,
        target: &Target,
        document: &Document,
        report: &mut Report,
    ) -> Result<()> {
        let (now, left): (Field, Field) = (document.decode()?, target.left.decode()?);
        if now != left {
            let message = "The field was changed since: it stays.";
            report.conflict(UndoConflict::new(
                target.id,
                ConflictCode::ChangedSince,
                message,
            ));
            return Ok(());
        }
        self.fields.retain(|field| field.id != target.id);
        self.removed.push(document.clone().into_entry()?);
        Ok(())
    }

    fn define(&mut self, plan: &Plan<'_>, former: Field, report: &mut Report) {
        let same = |field: &&Field| field.field_key() == former.field_key();
        if let Some(other) = self.fields.iter().find(same) {
            let as_it_was = Field {
                id: former.id,
                version: former.version,
                created_at: former.created_at,
                updated_at: former.updated_at,
                ..other.clone()
            };
            if as_it_was == former {
                report.unchanged += 1;
                return;
            }
            let message = format!(
                "The {} has another field `{}` by now: remove that one first.",
                former.object_type, former.key
            );
            let conflict = UndoConflict::new(former.id, ConflictCode::Conflict, message);
            report.conflict(conflict.existing(other.id));
            return;
        }
        let id = plan.mint(Kind::Field);
        let mut field = Field {
            id,
            version: 1,
            created_at: id.timestamp(),
            updated_at: id.timestamp(),
            ..former.clone()
        };
        // Its values were not kept apart since: they are taken into an index of its own.
        let is_again = former.unique_index.is_some()
            && check_unique_room(&self.fields, field.object_type).is_ok();
        let index = is_again.then(|| UniqueIndex::making(plan.mint(Kind::UniqueValue)));
        field.kept_apart_by(index);
        if let Err(error) = check_room(&self.fields, &field) {
            let code = ConflictCode::ValidationFailed;
            report.conflict(UndoConflict::new(former.id, code, error.message()));
            return;
        }
        self.fields.push(field.clone());
        self.defined.push((field, former.id));
    }

    /// Defines again what the request removed, under another id: one that is removed never comes back.
    pub fn define_again(&self, plan: &mut Plan<'_>, report: &mut Report) {
        for (field, former) in &self.defined {
            let entry = Entry::new(field.clone());
            let json = Arc::clone(&entry.json);
            plan.write(Write::Insert(entry));
            if let Some(index) = &field.unique_index {
                let making = UniqueValue::making(index.id, field.id);
                plan.write(Write::Insert(Entry::new(making)));
            }
            record_event(plan, DefinitionChange::Created, field.id, &json, Map::new());
            report.made_again(field.id, *former);
        }
    }

    /// Removes what the request defined.
    pub async fn remove(&self, plan: &mut Plan<'_>, report: &mut Report) -> Result<()> {
        for entry in &self.removed {
            let id = entry.record.id();
            let json = last_state(plan, entry)?;
            if let Record::Field(field) = &entry.record {
                end(plan, field).await?;
            }
            plan.write(Write::Delete(entry.clone()));
            record_event(plan, DefinitionChange::Deleted, id, &json, Map::new());
            report.reverted(id, UndoneChange::Deleted, Vec::new());
        }
        if !(self.removed.is_empty() && self.defined.is_empty()) {
            plan.write(Write::Reconfigure);
        }
        Ok(())
    }
}

/// A definition as the event of its removal has it: of one version more.
fn last_state(plan: &Plan<'_>, entry: &Entry) -> Result<Arc<str>> {
    let mut last: Field = entry.document().decode()?;
    last.touch(plan.now());
    Ok(Entry::new(last).json)
}

/// What a definition says is changed back by whoever sees first which records do not keep to it.
fn changes_by_hand(id: Id) -> UndoConflict {
    let message = format!(
        "A field that a request changed is changed back by `PATCH /v1/schema/fields/{id}`, which says first how many records do not keep \
         to that."
    );
    UndoConflict::new(id, ConflictCode::Conflict, message)
}
