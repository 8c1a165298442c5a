//! What of a definition makes values unique: which types and members can be, and what keeps their values apart.

use serde::{Deserialize, Serialize};

use super::field_type::FieldType;
use super::pipeline::PIPELINE;
use crate::error::{Error, ErrorKind, Result};
use crate::record::hint;
use crate::record::object_type::ObjectType;
use crate::value::excerpt::Quoted;
use crate::value::id::Id;

/// The members that objects have anyway and that can be made unique. A contact's `email` always is.
const BUILT_IN: [(ObjectType, &str); 1] = [(ObjectType::Company, "domain")];

/// What keeps the values of a field apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UniqueIndex {
    /// `unq_` and a ULID: another one each time that the field is made unique.
    pub id: Id,
    /// Whether it has the values of all records.
    pub state: UniqueIndexState,
}

/// Whether an index has the values of all records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UniqueIndexState {
    /// Not yet: records that were there before are being looked at. What is written meanwhile is in it.
    Making,
    /// It has them all: the field is unique.
    Ready,
}

impl UniqueIndex {
    /// One that has no values yet.
    pub(crate) fn making(id: Id) -> Self {
        Self {
            id,
            state: UniqueIndexState::Making,
        }
    }

    /// The same, which has the values of all records.
    pub(crate) fn into_ready(self) -> Self {
        Self {
            state: UniqueIndexState::Ready,
            ..self
        }
    }
}

/// Whether the objects have a member of this name anyway that can be made unique.
pub(super) fn is_built_in(of: ObjectType, key: &str) -> bool {
    BUILT_IN.contains(&(of, key))
}

/// Whether a definition can be about a member that the objects have anyway.
pub(super) fn check_built_in(of: ObjectType, key: &str) -> Result<()> {
    if is_built_in(of, key) {
        return Ok(());
    }
    let known = BUILT_IN
        .iter()
        .filter(|(has, _)| *has == of)
        .map(|(_, name)| *name);
    let known: Vec<&str> = known.collect();
    let message = match known.is_empty() {
        true if of == PIPELINE.0 => format!(
            "Of the members that a deal has anyway, `{}` can be defined, as a pipeline, and not {}: define a custom field, with a `type`.",
            PIPELINE.1,
            Quoted(key)
        ),
        true => format!(
            "No member that {} has anyway can be made unique: define a custom field, with a `type`.",
            hint::with_article(of.as_str())
        ),
        false => format!(
            "Of the members that {} has anyway, {} can be made unique, and not {}.",
            hint::with_article(of.as_str()),
            hint::some_of(known.iter().copied()),
            Quoted(key)
        ),
    };
    let error = Error::new(ErrorKind::UnknownValue, message).at("key");
    Err(error.options(key, known))
}

/// That `unique` alone can be said of a member that the objects have anyway, or nothing here.
pub(super) fn only_unique(of: ObjectType, key: &str) -> Error {
    let message = match is_built_in(of, key) {
        true => {
            format!("`{key}` is a member that every {of} has: `unique` alone can be said of it.")
        }
        false => format!(
            "`{key}` is a member that every {of} has: what is said of it, `unknown_members`, is a setting of {}.",
            of.plural()
        ),
    };
    Error::new(ErrorKind::ValidationFailed, message)
}

/// Whether values of a type can be unique, where they are to be.
pub(super) fn check_type(unique: bool, field_type: FieldType) -> Result<()> {
    if !unique || field_type.can_be_unique() {
        return Ok(());
    }
    let reason = match field_type {
        FieldType::Currency | FieldType::Json => "has values that are not compared as a whole",
        FieldType::Reference => "has values that merges of records make equal",
        _ => "has few values, which many records share",
    };
    let message = format!(
        "A `{field_type}` field {reason}: `text`, `number`, `date`, `url`, `email`, `phone` and `datetime` can be unique."
    );
    Err(Error::invalid("unique", message))
}

#[cfg(test)]
mod tests;
