//! What an undo is answered with.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    BATCH_TERMS_MAX, UNDO_BYTES_MAX, UNDO_CONFLICTS_MAX, UNDO_EVENTS_MAX, UNDO_LISTED_BYTES_MAX,
    UNDO_VALUE_BYTES_MAX,
};
use crate::record::MemberChange;
use crate::value::from_text::{json_text, named};
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// What became of an undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Undo")
)]
#[non_exhaustive]
pub struct Undone {
    /// Always `undo`.
    pub object: UndoTag,
    /// The request that was undone.
    pub request_id: RequestId,
    /// The request that the events of the undo have: undone in its turn, the changes are there again. Null where nothing was
    /// reverted.
    pub undone_by: Option<RequestId>,
    /// What was reverted, what the request changed last first.
    pub reverted: Vec<Reverted>,
    /// What was not, since it was changed since or cannot come back: it is as it was.
    pub conflicts: Vec<UndoConflict>,
    /// How many conflicts there are beyond those that are listed.
    pub conflicts_left_out: usize,
    /// How many of the things that the request changed were so already as they were before it.
    pub unchanged: usize,
    /// Whether events of that time are kept no more, so that the request may have changed more than is known.
    pub truncated: bool,
    /// Whether that is all. Where it is not, since the request merged records to which more referred than one undo reverts, the records are
    /// back, and what referred to them follows: when the undo is asked for again, and otherwise within the hour.
    #[serde(default = "all")]
    pub complete: bool,
}

/// What was kept of an undo before it could have several steps.
const fn all() -> bool {
    true
}

impl Undone {
    /// As the answer to whoever asked for it.
    pub(super) fn to_reply(&self) -> Result<Reply<Self>> {
        let json = serde_json::to_string(self).map_err(Error::internal)?;
        let outcome = match self.complete {
            true => Outcome::Done,
            false => Outcome::Accepted,
        };
        Ok(Reply::new(outcome, json))
    }

    /// Adds what a further step came to.
    pub(super) fn add(&mut self, step: Self) {
        self.reverted.extend(step.reverted);
        self.unchanged += step.unchanged;
        let room = UNDO_CONFLICTS_MAX.saturating_sub(self.conflicts.len());
        self.conflicts_left_out +=
            step.conflicts_left_out + step.conflicts.len().saturating_sub(room);
        self.conflicts.extend(step.conflicts.into_iter().take(room));
    }
}

/// The `object` member of an [`Undone`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UndoTag {
    /// Its one value.
    #[default]
    #[serde(rename = "undo")]
    Undo,
}

/// One thing that an undo reverted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "UndoReverted")
)]
#[non_exhaustive]
pub struct Reverted {
    /// What it is: `contact`, `company`, `deal`, `activity`, `association` or `field`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "UndoneType"))]
    pub kind: Kind,
    /// Its id. An association that is linked again, and a field that is defined again, have a new one.
    pub id: Id,
    /// What the undo did with it.
    pub change: UndoneChange,
    /// The members that have their former values again, those of `metadata` as `metadata.<key>`; null where there are too many in all
    /// to be listed.
    pub members: Option<Vec<String>>,
    /// The id that it had before the request removed it, where it has another now.
    pub former_id: Option<Id>,
}

/// What an undo does with a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UndoneChange {
    /// It was removed: linked, or defined, again.
    Created,
    /// It has the values of before.
    Updated,
    /// It was made or restored: a record is in the trash now.
    Deleted,
    /// It was deleted: the record is out of the trash.
    Restored,
    /// It was brought back from a merge: the record is merged again.
    Merged,
}

/// Why something was left as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UndoConflict {
    /// What it is.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "UndoneType"))]
    pub kind: Kind,
    /// Its id.
    pub id: Id,
    /// The member that stays as it is; null where it is the whole.
    pub member: Option<String>,
    /// Why.
    pub code: ConflictCode,
    /// The same in a sentence.
    pub message: String,
    /// The value that the request left, and that would have been reverted. Left out where there is none, or where its JSON is longer than
    /// 1,024 bytes.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub expected: Option<Value>,
    /// The value that is there. Left out as `expected` is.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub found: Option<Value>,
    /// The record that is in the way, where one is.
    pub existing_id: Option<Id>,
}

/// A value that is there, be it null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// What can be reverted, as the schema names it.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema alone names them")]
enum UndoneType {
    Contact,
    Company,
    Deal,
    Activity,
    Association,
    Field,
}

/// Why something was left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "snake_case")
)]
pub enum ConflictCode {
    /// It has another value, or is another, than the request left.
    ChangedSince,
    /// It was deleted since.
    DeletedSince,
    /// It was deleted for good; or it has what a merge took from a record that does not come back.
    Gone,
    /// It was linked to or referred to since; `existing_id` names what does.
    InUse,
    /// What is unique of it was taken since, and `existing_id` names what has it; or it is a custom field that the request changed.
    Conflict,
    /// What it refers to or links is there no more.
    InvalidReference,
    /// Its former value is one that a custom field or a limit refuses by now.
    ValidationFailed,
}

impl ConflictCode {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ChangedSince,
        Self::DeletedSince,
        Self::Gone,
        Self::InUse,
        Self::Conflict,
        Self::InvalidReference,
        Self::ValidationFailed,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangedSince => "changed_since",
            Self::DeletedSince => "deleted_since",
            Self::Gone => "gone",
            Self::InUse => "in_use",
            Self::Conflict => "conflict",
            Self::InvalidReference => "invalid_reference",
            Self::ValidationFailed => "validation_failed",
        }
    }
}

named!(
    ConflictCode,
    as_str,
    "the code of a conflict, such as `changed_since`"
);
json_text!(
    ConflictCode,
    "the code of a conflict, such as `changed_since`"
);

impl UndoConflict {
    /// That what a member referred to is gone.
    pub(super) fn lost(id: Id, name: &str) -> Self {
        let message = format!("What `{name}` referred to is there no more.");
        Self::new(id, ConflictCode::InvalidReference, message)
    }

    pub(super) fn new(id: Id, code: ConflictCode, message: impl Into<String>) -> Self {
        Self {
            kind: id.kind(),
            id,
            member: None,
            code,
            message: message.into(),
            expected: None,
            found: None,
            existing_id: None,
        }
    }

    /// The same, of one member.
    pub(super) fn at(self, member: &str) -> Self {
        Self {
            member: Some(member.to_owned()),
            ..self
        }
    }

    /// The same, with the value that the request left and the one that is there.
    pub(super) fn showing(self, expected: &Value, found: &Value) -> Self {
        let shown = |value: &Value| {
            let bytes = value.to_string().len();
            (bytes <= UNDO_VALUE_BYTES_MAX).then(|| value.clone())
        };
        Self {
            expected: shown(expected),
            found: shown(found),
            ..self
        }
    }

    /// The same, with what is in the way.
    pub(super) fn existing(self, id: Id) -> Self {
        Self {
            existing_id: Some(id),
            ..self
        }
    }

    /// A member that has another value than the request left.
    pub(super) fn changed(id: Id, member: &str, left: &MemberChange) -> Self {
        let message = format!("`{member}` was changed since: it stays as it is.");
        let conflict = Self::new(id, ConflictCode::ChangedSince, message);
        conflict.at(member).showing(&left.from, &left.to)
    }
}

/// What the answer to one plan of an undo says.
#[derive(Default)]
pub(super) struct Report {
    reverted: Vec<Reverted>,
    conflicts: Vec<UndoConflict>,
    conflicts_left_out: usize,
    listed_bytes: usize,
    pub unchanged: usize,
}

impl Report {
    pub fn reverted(&mut self, id: Id, change: UndoneChange, members: Vec<String>) {
        let bytes: usize = members.iter().map(|member| member.len() + 3).sum();
        let members = self.has_room(bytes).then_some(members);
        self.reverted.push(Reverted {
            kind: id.kind(),
            id,
            change,
            members,
            former_id: None,
        });
    }

    /// What was removed, and is there again under another id.
    pub fn made_again(&mut self, id: Id, former: Id) {
        self.reverted(id, UndoneChange::Created, Vec::new());
        if let Some(last) = self.reverted.last_mut() {
            last.former_id = Some(former);
        }
    }

    pub fn conflict(&mut self, conflict: UndoConflict) {
        let bytes = serde_json::to_string(&conflict).map_or(0, |json| json.len());
        if self.conflicts.len() < UNDO_CONFLICTS_MAX && self.has_room(bytes) {
            self.conflicts.push(conflict);
        } else {
            self.conflicts_left_out += 1;
        }
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let left = UNDO_LISTED_BYTES_MAX.checked_sub(self.listed_bytes + bytes);
        if left.is_some() {
            self.listed_bytes += bytes;
        }
        left.is_some()
    }

    /// The records whose values it shows.
    pub fn shown(&self) -> impl Iterator<Item = Id> + '_ {
        self.conflicts.iter().map(|conflict| conflict.id)
    }

    /// The records that are restored.
    pub fn restored(&self) -> impl Iterator<Item = Id> + '_ {
        let reverted = self.reverted.iter();
        let restored = reverted.filter(|it| it.change == UndoneChange::Restored);
        restored.map(|it| it.id)
    }

    pub fn reverts_nothing(&self) -> bool {
        self.reverted.is_empty()
    }

    pub fn into_json(
        self,
        request_id: RequestId,
        undone_by: Option<RequestId>,
        truncated: bool,
    ) -> Result<Arc<str>> {
        let undone = Undone {
            object: UndoTag::Undo,
            request_id,
            undone_by,
            reverted: self.reverted,
            conflicts: self.conflicts,
            conflicts_left_out: self.conflicts_left_out,
            unchanged: self.unchanged,
            truncated,
            complete: true,
        };
        let json = serde_json::to_string(&undone).map_err(Error::internal)?;
        Ok(json.into())
    }
}

/// Why a request is not undone: its changes are more than one commit is to hold.
pub(super) fn too_much() -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "The request changed more than one undo reverts, which is {UNDO_EVENTS_MAX} changes, {UNDO_BYTES_MAX} bytes of them and of the \
             records as they are now, and {BATCH_TERMS_MAX} words: nothing was reverted. The events of the request say what it changed."
        ),
    )
}
