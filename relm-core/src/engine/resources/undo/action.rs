//! What an undo does with one record, and what it leaves of it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::report::{UndoConflict, UndoneChange};
use crate::record::{Change, Entry};
use crate::value::id::Id;

/// What is to be done with one record.
pub(super) struct Action {
    pub id: Id,
    pub change: UndoneChange,
    /// As it is: live, or in the trash in its last state.
    pub before: Entry,
    /// Its entry in the trash, where it is there.
    pub trashed: Option<Entry>,
    /// As the undo leaves it; of what is deleted, its last state.
    pub after: Entry,
    /// The members that have their former values again.
    pub members: Vec<String>,
    /// Its events: what each says happened, the record then, and the old values.
    pub events: Vec<(Change, Arc<str>, Map<String, Value>)>,
    /// The record into which it is merged again.
    pub into: Option<Id>,
    /// The records that are merged into it again.
    pub merged_from: Vec<Id>,
}

impl Action {
    /// Whether the record is not there after it.
    pub fn removes(&self) -> bool {
        matches!(self.change, UndoneChange::Deleted | UndoneChange::Merged)
    }
}

/// What reverting comes to for one record: an action, or none, and what stays as it is.
#[derive(Default)]
pub(super) struct Verdict {
    pub action: Option<Action>,
    pub conflicts: Vec<UndoConflict>,
}

impl Verdict {
    pub fn of(conflict: UndoConflict) -> Self {
        Self {
            action: None,
            conflicts: vec![conflict],
        }
    }
}
