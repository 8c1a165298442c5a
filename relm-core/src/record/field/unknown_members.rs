//! Keys of `metadata` that no custom field is for: whether the objects of a type take them.

use super::field_type::FieldType;
use super::options::{Enforce, FieldOptions, UnknownMembers};
use super::values::custom_fields;
use super::{Field, FieldTag};
use crate::error::{Error, ErrorKind, Result};
use crate::record::metadata::Metadata;
use crate::record::object_type::ObjectType;
use crate::value::excerpt::Quoted;
use crate::value::id::Id;
use crate::value::scope::Mode;

/// The member that every object has for what has no field of its own.
const METADATA: &str = "metadata";

/// What says of the objects of a type whether they take unknown members, where anything does: a definition of the `metadata` that they have
/// anyway.
pub(crate) fn definition_of_metadata(fields: &[Field], of: ObjectType) -> Option<&Field> {
    let mut fields = fields.iter();
    fields.find(|field| field.is_of_metadata() && field.object_type == of)
}

/// Whether the objects of a type take unknown members.
pub(crate) fn unknown_members(fields: &[Field], of: ObjectType) -> UnknownMembers {
    let definition = definition_of_metadata(fields, of);
    let said = definition.and_then(|field| field.unknown_members);
    said.unwrap_or_default()
}

impl Field {
    /// A definition that says whether the objects of a type take unknown members, and nothing else of their `metadata`.
    pub(crate) fn of_metadata(id: Id, mode: Mode, of: ObjectType, said: UnknownMembers) -> Self {
        let now = id.timestamp();
        Self {
            id,
            object: FieldTag::Field,
            object_type: of,
            key: METADATA.to_owned(),
            label: METADATA.to_owned(),
            description: None,
            field_type: FieldType::Json,
            required: false,
            unique: false,
            enforce: Enforce::Always,
            options: FieldOptions::default(),
            position: None,
            unique_index: None,
            built_in: true,
            unknown_members: Some(said),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it says of its objects whether they take unknown members.
    pub(crate) fn is_of_metadata(&self) -> bool {
        self.built_in && self.key == METADATA
    }
}

/// Refuses a key that no field is for, where the objects take none, and the write sets it.
pub(crate) fn check_known_members(
    fields: &[Field],
    of: ObjectType,
    before: Option<&Metadata>,
    metadata: &Metadata,
) -> Result<()> {
    if unknown_members(fields, of) == UnknownMembers::Accept {
        return Ok(());
    }
    let is_kept = |key: &str, value| before.is_some_and(|it| it.as_map().get(key) == Some(value));
    let own = custom_fields(fields, of);
    let is_known = |key: &str| own.clone().any(|field| field.key == key);
    let mut members = metadata.into_iter();
    let unknown = members.find(|(key, value)| !is_kept(key, *value) && !is_known(key));
    let Some((key, _)) = unknown else {
        return Ok(());
    };
    let message = format!(
        "`metadata` of a {of} takes defined members alone, and no custom field is called {}.",
        Quoted(key)
    );
    let error = Error::new(ErrorKind::UnknownField, message).at(format!("metadata.{key}"));
    Err(error.options(key, own.map(|field| field.key.as_str())))
}
