//! What is said of associations: an undo has it be as it was before the request, member by member.

use serde_json::{Map, Value};

use super::past::{METADATA, Target, value_of};
use super::report::{ConflictCode, Report, UndoConflict, UndoneChange};
use super::state::State;
use crate::engine::change::Plan;
use crate::engine::resources::associations::rewrite;
use crate::error::{Error, Result};
use crate::record::association::{Association, AssociationPatch};
use crate::record::input::Reader;
use crate::record::{Document, MemberChange};

/// An association of which something is said as before.
pub(super) struct Reverted {
    before: (Association, Document),
    after: Association,
    members: Vec<String>,
}

impl Reverted {
    /// Compares what the request changed with what is there; none where nothing is to be written.
    pub fn of(target: &Target, state: &State, report: &mut Report) -> Result<Option<Self>> {
        if target.members.is_empty() {
            report.unchanged += 1;
            return Ok(None);
        }
        let Some(document) = state.live.get(&target.id) else {
            let (code, message) = match state.trash.contains_key(&target.id) {
                true => (
                    ConflictCode::DeletedSince,
                    "It went to the trash with one of its records since: restore that, and undo the request then.",
                ),
                false => (ConflictCode::Gone, "It was removed since."),
            };
            report.conflict(UndoConflict::new(target.id, code, message));
            return Ok(None);
        };
        let now: Association = document.decode()?;
        let members = members_of(&now)?;
        let (mut reverts, mut conflicts) = (Vec::new(), Vec::new());
        for (name, change) in &target.members {
            let found = value_of(&members, name);
            if *found == change.from {
                continue;
            }
            if *found == change.to {
                reverts.push((name.as_str(), change));
                continue;
            }
            let left = MemberChange {
                from: change.to.clone(),
                to: found.clone(),
            };
            conflicts.push(UndoConflict::changed(target.id, name, &left));
        }
        if reverts.is_empty() && conflicts.is_empty() {
            report.unchanged += 1;
        }
        for conflict in conflicts {
            report.conflict(conflict);
        }
        if reverts.is_empty() {
            return Ok(None);
        }
        let after = with(now.clone(), reverts.iter().copied());
        let after = match after {
            Ok(after) => after,
            // Of two days, one was changed since.
            Err(error) if error.field().is_some() => {
                let code = ConflictCode::ValidationFailed;
                report.conflict(UndoConflict::new(target.id, code, error.message()));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let names = reverts.into_iter().map(|(name, _)| name.to_owned());
        Ok(Some(Self {
            before: (now, document.clone()),
            after,
            members: names.collect(),
        }))
    }

    /// Writes it, with its event.
    pub fn write(&self, plan: &mut Plan<'_>, report: &mut Report) -> Result<()> {
        rewrite(plan, self.before.clone(), self.after.clone())?;
        let (id, members) = (self.after.id, self.members.clone());
        report.reverted(id, UndoneChange::Updated, members);
        Ok(())
    }
}

/// An association that the request changed and then removed, as it was before.
pub(super) fn before(target: &Target) -> Result<Association> {
    let left: Association = target.left.decode()?;
    let changes = target.members.iter();
    with(left, changes.map(|(name, change)| (name.as_str(), change)))
}

/// The association with the former values of these members.
fn with<'a>(
    mut edge: Association,
    reverts: impl Iterator<Item = (&'a str, &'a MemberChange)>,
) -> Result<Association> {
    let (mut body, mut metadata) = (Map::new(), Map::new());
    for (name, change) in reverts {
        let (members, name) = match name.strip_prefix(METADATA) {
            Some(key) => (&mut metadata, key),
            None => (&mut body, name),
        };
        members.insert(name.to_owned(), change.from.clone());
    }
    if !metadata.is_empty() {
        body.insert("metadata".to_owned(), Value::Object(metadata));
    }
    let patch = AssociationPatch::read(Reader::new(Value::Object(body))?, &members_of(&edge)?)?;
    edge.apply(patch)?;
    Ok(edge)
}

fn members_of(edge: &Association) -> Result<Map<String, Value>> {
    match serde_json::to_value(edge) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(Error::internal(error)),
    }
}
