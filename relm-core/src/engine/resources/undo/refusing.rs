//! Why a member or a record does not go back.

use serde_json::Value;

use super::report::{ConflictCode, UndoConflict};
use crate::error::Error;
use crate::record::column::ColumnType;
use crate::record::object::Object;
use crate::value::id::Id;

/// That another record has a value that it had.
pub(super) fn taken<T: Object>(id: Id, member: &str, holder: Id) -> UndoConflict {
    let of = T::TYPE;
    let message =
        format!("Another {of} has this `{member}` by now: change or delete that one first.");
    let conflict = UndoConflict::new(id, ConflictCode::Conflict, message);
    conflict.at(member).existing(holder)
}

pub(super) fn refused(id: Id, error: &Error) -> UndoConflict {
    let message = format!("Its former value is refused by now: {}", error.message());
    UndoConflict::new(id, ConflictCode::ValidationFailed, message)
}

/// The record that a member refers to with this value.
pub(super) fn refers<T: Object>(name: &str, value: &Value) -> Option<Id> {
    let mut columns = T::COLUMNS.iter().map(|column| column.column());
    let column = columns.find(|column| column.name == name)?;
    match column.ty {
        ColumnType::Id(Some(_)) => Id::parse(value.as_str()?),
        _ => None,
    }
}
