//! What is said of associations: an undo has it be as it was before the request, member by member.

use serde_json::{Map, Value};

use super::past::{METADATA, Target, value_of};
use super::report::{ConflictCode, Report, UndoConflict, UndoneChange};
use super::state::State;
use crate::engine::change::Plan;
use crate::engine::resources::associations::rewrite;
use crate::error::Result;
use crate::record::association::{Association, AssociationPatch};
use crate::record::input::Reader;
use crate::record::{Document, MemberChange};

/// Why a member stays as it is that others changed.
const CHANGED: &str = "It was changed since.";

/// An association of which is said as before.
pub(super) struct Restated {
    before: (Association, Document),
    after: Association,
    members: Vec<String>,
}

impl Restated {
    /// Compares what the request changed with what is there; none where nothing is to be written.
    pub fn of(target: &Target, state: &State, report: &mut Report) -> Result<Option<Self>> {
        if target.is_erased {
            report.conflict(gone(target, "One of the two records was deleted for good."));
            return Ok(None);
        }
        if target.members.is_empty() {
            report.unchanged += 1;
            return Ok(None);
        }
        let Some(document) = state.live.get(&target.id) else {
            report.conflict(match state.trash.contains_key(&target.id) {
                true => UndoConflict::new(
                    target.id,
                    ConflictCode::DeletedSince,
                    "It is in the trash with one of its records: undo the request once more when that is restored.",
                ),
                false => gone(target, "It was removed since."),
            });
            return Ok(None);
        };
        let now: Association = document.decode()?;
        let (mut reverts, changed) = compared(target, &now)?;
        // Not with its values: a purge of either record finds no answer by what it says of a link.
        let changed = changed.into_iter();
        let changed = changed.map(|name| (name, ConflictCode::ChangedSince, CHANGED.to_owned()));
        let mut kept: Vec<_> = changed.collect();
        let mut after = with(now.clone(), &reverts);
        if let Err(error) = &after
            && let Some(at) = error.field()
        {
            // Two days are judged together, and all of the metadata.
            let is_judged = |name: &str| name.starts_with(METADATA) == at.starts_with("metadata");
            let (judged, others) = reverts.iter().partition(|(name, _)| is_judged(name));
            let refused: Vec<(&str, &MemberChange)> = judged;
            let code = ConflictCode::ValidationFailed;
            kept.extend(
                refused
                    .iter()
                    .map(|(name, _)| (*name, code, error.message().to_owned())),
            );
            reverts = others;
            after = with(now.clone(), &reverts);
        }
        if reverts.is_empty() && kept.is_empty() {
            report.unchanged += 1;
        }
        for (name, code, message) in kept {
            report.conflict(UndoConflict::new(target.id, code, message).at(name));
        }
        if reverts.is_empty() {
            return Ok(None);
        }
        let names = reverts.iter().map(|(name, _)| (*name).to_owned());
        Ok(Some(Self {
            members: names.collect(),
            before: (now, document.clone()),
            after: after?,
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

/// The members that are as the request left them, and those that are not and were not before it either.
type Compared<'a> = (Vec<(&'a str, &'a MemberChange)>, Vec<&'a str>);

fn compared<'a>(target: &'a Target, now: &Association) -> Result<Compared<'a>> {
    let members = now.members()?;
    let (mut as_left, mut changed) = (Vec::new(), Vec::new());
    for (name, change) in &target.members {
        match value_of(&members, name) {
            found if *found == change.from => {}
            found if *found == change.to => as_left.push((name.as_str(), change)),
            _ => changed.push(name.as_str()),
        }
    }
    Ok((as_left, changed))
}

/// An association that the request changed and then removed, as it was before.
pub(super) fn before(target: &Target) -> Result<Association> {
    let left: Association = target.left.decode()?;
    let changes = target.members.iter();
    let changes: Vec<_> = changes
        .map(|(name, change)| (name.as_str(), change))
        .collect();
    with(left, &changes)
}

/// An association that the request changed, with the former values of what is still as the request left it.
pub(super) fn reverted(target: &Target, now: &Association) -> Result<Association> {
    let (as_left, _) = compared(target, now)?;
    // What cannot be said beside what others said since stays.
    Ok(with(now.clone(), &as_left).unwrap_or_else(|_| now.clone()))
}

fn gone(target: &Target, message: &str) -> UndoConflict {
    UndoConflict::new(target.id, ConflictCode::Gone, message)
}

/// The association with the former values of these members.
fn with(mut edge: Association, reverts: &[(&str, &MemberChange)]) -> Result<Association> {
    let (mut body, mut metadata) = (Map::new(), Map::new());
    for &(name, change) in reverts {
        let (members, name) = match name.strip_prefix(METADATA) {
            Some(key) => (&mut metadata, key),
            None => (&mut body, name),
        };
        members.insert(name.to_owned(), change.from.clone());
    }
    if !metadata.is_empty() {
        body.insert("metadata".to_owned(), Value::Object(metadata));
    }
    let patch = AssociationPatch::read(Reader::new(Value::Object(body))?, &edge.members()?)?;
    edge.apply(patch)?;
    Ok(edge)
}
