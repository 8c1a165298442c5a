//! Custom fields: what a workspace defines, and whether a record keeps to it.

mod addresses;
mod definition;
mod field_type;
mod input;
mod limits;
mod names;
mod options;
mod patch;
mod pipeline;
mod references;
#[cfg(test)]
mod tests;
mod unique;
mod unknown_members;
mod values;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use self::definition::{check_choices, check_key, check_referenced};
pub use self::field_type::FieldType;
pub use self::input::FieldInput;
use self::input::read_enforce;
use self::limits::is_false;
pub use self::limits::{FieldLimits, FieldLimitsPatch};
pub(crate) use self::options::composed;
pub use self::options::{Enforce, FieldOptions, Renaming, UnknownMembers};
pub use self::patch::{ChoiceChange, FieldPatch};
use self::pipeline::is_pipeline;
pub(crate) use self::pipeline::is_stage;
pub(crate) use self::references::{custom_references, referenced};
pub use self::unique::{UniqueIndex, UniqueIndexState};
pub(crate) use self::unknown_members::{
    check_known_members, definition_of_metadata, unknown_members,
};
pub(crate) use self::values::{
    add_defaults, check_fields, custom_field, custom_field_elsewhere, custom_fields, has_pattern,
    normalise, pipeline,
};
use crate::error::Result;
use crate::limits::{FIELD_KEY_CHARS_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::object_type::ObjectType;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CustomField")
)]
#[serde(from = "Kept")]
#[non_exhaustive]
pub struct Field {
    /// `fld_` and a ULID.
    pub id: Id,
    /// Always `field`.
    pub object: FieldTag,
    /// The objects that the field is on.
    pub object_type: ObjectType,
    /// The key in their `metadata`: `^[a-z][a-z0-9_]{0,62}$`, unique per object type.
    pub key: String,
    /// What people call the field. Default: its key.
    pub label: String,
    /// What the field is for.
    pub description: Option<String>,
    /// What the field holds.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether every write must leave a value in the field. Default: false.
    pub required: bool,
    /// Whether at most one live record has a value: texts, numbers, days, moments, addresses and telephone numbers can be unique. Two values are one where a filter for the one
    /// finds the other, and no value is none. Default: false.
    pub unique: bool,
    /// When a write is refused for the field: `always`, or `on_change`, when the write changes it. Default: `always`.
    pub enforce: Enforce,
    /// The choices of a `select` or `multiselect`, the limits of a `number` or `text`, what a `reference` refers to, and a default.
    pub options: FieldOptions,
    /// Where it is shown among the fields of its objects: those with smaller numbers first, those without one last, and then the
    /// older ones first.
    pub position: Option<i64>,
    /// What keeps its values apart. Absent where nothing does; as long as it is being made, writes keep to it already, and `unique` is
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_index: Option<UniqueIndex>,
    /// True where this is about a member that its objects have anyway: a company's `domain`, of which it says `unique` alone, or a deal's `stage`,
    /// of which it is the pipeline. Absent on a custom field.
    #[serde(skip_serializing_if = "is_false")]
    pub built_in: bool,
    /// Of the `metadata` that its objects have anyway: whether they take members that no field is for. Absent on every other definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_members: Option<UnknownMembers>,
    /// Counts the changes: 1 when the field is defined, one more with each.
    pub version: i64,
    /// Whether the field is of live or test records.
    pub mode: Mode,
    /// When the field was defined: the moment in the id.
    pub created_at: Timestamp,
    /// When the field was changed last.
    pub updated_at: Timestamp,
}

/// A definition as it is kept: one from before definitions could be changed lacks some members.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Kept {
    id: Id,
    object: FieldTag,
    object_type: ObjectType,
    key: String,
    label: String,
    description: Option<String>,
    #[serde(rename = "type")]
    field_type: FieldType,
    required: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    enforce: Enforce,
    options: FieldOptions,
    position: Option<i64>,
    unique_index: Option<UniqueIndex>,
    #[serde(default)]
    built_in: bool,
    unknown_members: Option<UnknownMembers>,
    version: Option<i64>,
    mode: Mode,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

impl From<Kept> for Field {
    fn from(kept: Kept) -> Self {
        Self {
            id: kept.id,
            object: kept.object,
            object_type: kept.object_type,
            key: kept.key,
            label: kept.label,
            description: kept.description,
            field_type: kept.field_type,
            required: kept.required,
            unique: kept.unique,
            enforce: kept.enforce,
            options: kept.options,
            position: kept.position,
            unique_index: kept.unique_index,
            built_in: kept.built_in,
            unknown_members: kept.unknown_members,
            version: kept.version.unwrap_or(1),
            mode: kept.mode,
            created_at: kept.created_at,
            updated_at: kept.updated_at.unwrap_or(kept.created_at),
        }
    }
}

/// The `object` member of a [`Field`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FieldTag {
    /// Its one value.
    #[default]
    #[serde(rename = "field")]
    Field,
}

impl Columns for Field {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("object_type", 20, |it: &Self| Some(it.object_type.as_str())).required(),
        Column::text("key", FIELD_KEY_CHARS_MAX, |it: &Self| Some(&it.key)).required(),
        Column::key("field_key", 100, |it: &Self| Some(it.field_key())),
        Column::text("label", TEXT_CHARS_MAX, |it: &Self| Some(&it.label)),
        Column::text("type", 20, |it: &Self| Some(it.field_type.as_str())).required(),
        Column::boolean("required", |it: &Self| it.required),
        Column::json("options", |it: &Self| {
            let options = serde_json::to_string(&it.options);
            options.expect("texts, numbers and JSON always serialise")
        }),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
    ];
}

impl Field {
    /// A checked definition.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    pub fn define(id: Id, mode: Mode, now: Timestamp, input: FieldInput) -> Result<Self> {
        input.check_built_in()?;
        let options = input.options();
        let FieldInput {
            object_type,
            key,
            label,
            description,
            field_type,
            required,
            unique,
            built_in,
            enforce,
            position,
            choices,
            probabilities: _,
            limits: _,
            refers_to,
            default: _,
            force: _,
        } = input;
        check_key(&key)?;
        unique::check_type(unique, field_type)?;
        check_choices(field_type, &choices)?;
        check_referenced(field_type, refers_to)?;
        let label = match label {
            Some(label) => check::required_text("label")(label)?,
            None => key.clone(),
        };
        let description = description.map(check::short_text("description"));
        let field = Self {
            id,
            object: FieldTag::Field,
            object_type,
            key,
            label,
            description: description.transpose()?,
            field_type,
            required,
            enforce,
            // Whoever writes it says what keeps its values apart.
            unique: false,
            options,
            position: position.map(check::integer("position")).transpose()?,
            unique_index: None,
            built_in,
            unknown_members: None,
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        };
        field.limited(unique)
    }

    /// The order in which the fields of an object are shown: by their positions, and then by their age.
    pub fn shown_by(&self) -> (bool, Option<i64>, Id) {
        (self.position.is_none(), self.position, self.id)
    }

    /// Whether a definition that says this would be this one, whatever keeps its values apart.
    pub(crate) fn is_defined_by(&self, input: FieldInput) -> bool {
        let defined = Self::define(self.id, self.mode, self.created_at, input);
        defined.is_ok_and(|defined| {
            let defined = Self {
                unique: self.unique,
                unique_index: self.unique_index.clone(),
                version: self.version,
                updated_at: self.updated_at,
                ..defined
            };
            defined == *self
        })
    }

    /// Whether it is the custom field of this key on these objects.
    pub(crate) fn is_custom(&self, of: ObjectType, key: &str) -> bool {
        !self.built_in && self.object_type == of && self.key == key
    }

    /// Whether it is the pipeline of deals: a definition of the `stage` that they have anyway.
    pub fn is_pipeline(&self) -> bool {
        self.built_in && is_pipeline(self.object_type, &self.key)
    }

    /// Whether the objects of a type have values in it that it says something of: in `metadata`, or as the stages of a pipeline are in
    /// a member of their own.
    pub(crate) fn is_of(&self, of: ObjectType) -> bool {
        self.object_type == of && (!self.built_in || self.is_pipeline())
    }

    /// What requests and errors call the member that it is about: `metadata.plan`, `stage`.
    pub fn path(&self) -> Cow<'_, str> {
        match self.built_in {
            true => self.key.as_str().into(),
            false => format!("metadata.{}", self.key).into(),
        }
    }

    /// Has an index keep the values apart from now on, or none.
    pub(crate) fn kept_apart_by(&mut self, index: Option<UniqueIndex>) {
        let is_ready = |index: &UniqueIndex| index.state == UniqueIndexState::Ready;
        self.unique = index.as_ref().is_some_and(is_ready);
        self.unique_index = index;
    }

    /// Whether an index of its values is being made.
    pub(crate) fn is_becoming_unique(&self) -> bool {
        let index = self.unique_index.as_ref();
        index.is_some_and(|index| index.state == UniqueIndexState::Making)
    }

    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }

    /// What its JSON takes.
    pub(crate) fn bytes(&self) -> usize {
        serde_json::to_string(self).map_or(0, |json| json.len())
    }

    /// What is unique of it in a scope.
    pub fn field_key(&self) -> String {
        match self.built_in {
            // A custom field may have the name of a member.
            true => format!("{}:{}", self.object_type, self.key),
            false => format!("{}.{}", self.object_type, self.key),
        }
    }
}
