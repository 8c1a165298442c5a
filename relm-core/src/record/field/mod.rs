//! Custom fields: what a workspace defines, and whether a record keeps to it.

mod definition;
mod names;
mod options;
mod patch;
#[cfg(test)]
mod tests;
mod types;
mod unique;
mod values;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use self::definition::{check_choices, check_key};
use self::names::{OPTIONS_OTHER_NAMES, OTHER_NAMES, READ_ONLY, TYPES_OTHER_NAMES};
pub(crate) use self::options::composed;
pub use self::options::{Enforce, FieldOptions, Renaming};
pub use self::patch::{ChoiceChange, FieldPatch};
pub use self::types::FieldType;
pub use self::unique::{UniqueIndex, UniqueIndexState};
pub(crate) use self::values::{check_metadata, custom_field, custom_field_elsewhere, normalise};
use crate::error::Result;
use crate::limits::{FIELD_KEY_CHARS_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::hint;
use crate::record::input::{Reader, read_as_json};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
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
    /// Whether at most one live record has a value: text, numbers and days can be unique. Two values are one where a filter for the one
    /// finds the other, and no value is none. Default: false.
    pub unique: bool,
    /// When a write is refused for the field: `always`, or `on_change`, when the write changes it. Default: `always`.
    pub enforce: Enforce,
    /// The choices of a `select` or `multiselect`; empty on every other type.
    pub options: FieldOptions,
    /// Where it is shown among the fields of its objects: those with smaller numbers first, those without one last, and then the
    /// older ones first.
    pub position: Option<i64>,
    /// What keeps its values apart. Absent where nothing does; as long as it is being made, writes keep to it already, and `unique` is
    /// false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_index: Option<UniqueIndex>,
    /// True where this is about a member that its objects have anyway, such as a company's `domain`, of which it says `unique` alone. Absent
    /// on a custom field.
    #[serde(skip_serializing_if = "is_false")]
    pub built_in: bool,
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

/// What defines a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldInput {
    /// See [`Field::object_type`].
    pub object_type: ObjectType,
    /// See [`Field::key`].
    pub key: String,
    /// See [`Field::label`]; the key where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// See [`Field::description`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// See [`Field::field_type`].
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// See [`Field::required`].
    pub required: bool,
    /// See [`Field::unique`].
    #[serde(skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Whether it is about a member that the objects have anyway, of which `unique` is said and nothing else: see [`FieldInput::built_in`].
    #[serde(skip_serializing_if = "is_false")]
    pub built_in: bool,
    /// See [`Field::enforce`].
    #[serde(skip_serializing_if = "Enforce::is_always")]
    pub enforce: Enforce,
    /// See [`Field::position`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The choices of a `select` or `multiselect`; empty on every other type. In JSON they are in `options`.
    #[serde(
        rename = "options",
        serialize_with = "in_options",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub choices: Vec<String>,
}

read_as_json!(FieldInput, FieldInput::read);

fn is_false(value: &bool) -> bool {
    !value
}

fn in_options<S: Serializer>(choices: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    FieldOptions::of(choices.to_vec()).serialize(serializer)
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
            options.expect("a list of texts always serialises")
        }),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
    ];
}

impl FieldInput {
    /// An optional field of this key and type, with nothing else said of it.
    pub fn new(object_type: ObjectType, key: impl Into<String>, field_type: FieldType) -> Self {
        Self {
            object_type,
            key: key.into(),
            label: None,
            description: None,
            field_type,
            required: false,
            unique: false,
            built_in: false,
            enforce: Enforce::Always,
            position: None,
            choices: Vec::new(),
        }
    }

    /// That a member which the objects have anyway is unique: a company's `domain`.
    pub fn built_in(object_type: ObjectType, key: impl Into<String>) -> Self {
        Self {
            unique: true,
            built_in: true,
            ..Self::new(object_type, key, FieldType::Text)
        }
    }

    /// Takes a definition from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value` or `unknown_field`, naming the member.
    pub fn read(mut reader: Reader) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let object_type = reader.text("object_type")?;
        let key = reader.text("key")?;
        let label = reader.text("label")?.as_set().cloned();
        let description = reader.text("description")?.as_set().cloned();
        let field_type = reader.text("type")?;
        let is_required = *reader.boolean("required")?.as_set().unwrap_or(&false);
        let is_unique = *reader.boolean("unique")?.as_set().unwrap_or(&false);
        let is_built_in = reader.boolean("built_in")?;
        let enforce = read_enforce(&mut reader)?;
        let position = reader.integer("position")?.as_set().copied();
        let choices =
            match reader.object("options", r#"{"choices":["a","b"]}"#, hint::choices_meant)? {
                Patch::Keep | Patch::Clear => Vec::new(),
                Patch::Set(options) => {
                    let mut options = Reader::new(Value::Object(options))?;
                    options.knowing(OPTIONS_OTHER_NAMES);
                    let choices = options
                        .texts("choices")
                        .map_err(|error| error.within("options"))?;
                    options.finish().map_err(|error| error.within("options"))?;
                    choices.as_set().cloned().unwrap_or_default()
                }
            };
        reader.take_none_of(&READ_ONLY)?;
        // An unknown member is reported before a missing one: it is most likely the same.
        reader.finish()?;
        let object_type = ObjectType::required("object_type", object_type)?;
        let key = check::required("key", key)?;
        // What has no type is a member that is there, where there is one of this name.
        let is_member = field_type.as_set().is_none() && unique::is_built_in(object_type, &key);
        let built_in = *is_built_in.as_set().unwrap_or(&is_member);
        let field_type = match (built_in, field_type) {
            (true, Patch::Keep | Patch::Clear) => FieldType::Text,
            (_, given) => check::required_choice(
                "type",
                given,
                FieldType::ALL.map(FieldType::as_str),
                TYPES_OTHER_NAMES,
                |text| text.parse().ok(),
            )?,
        };
        Ok(Self {
            object_type,
            key,
            label,
            description,
            field_type,
            required: is_required,
            unique: is_unique,
            built_in,
            enforce: enforce.as_set().copied().unwrap_or_default(),
            position,
            choices,
        })
    }
}

/// Takes when writes are refused for a field.
fn read_enforce(reader: &mut Reader) -> Result<Patch<Enforce>> {
    match reader.text("enforce")? {
        Patch::Keep => Ok(Patch::Keep),
        Patch::Clear => Ok(Patch::Clear),
        given @ Patch::Set(_) => {
            let options = Enforce::ALL.map(Enforce::as_str);
            let read = |text: &str| text.parse().ok();
            check::required_choice("enforce", given, options, &[], read).map(Patch::Set)
        }
    }
}

impl Field {
    /// A checked definition.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    pub fn define(id: Id, mode: Mode, now: Timestamp, input: FieldInput) -> Result<Self> {
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
        } = input;
        if built_in {
            unique::check_built_in(object_type, &key)?;
        }
        check_key(&key)?;
        unique::check_type(unique, field_type)?;
        check_choices(field_type, &choices)?;
        let label = match label {
            Some(label) => check::required_text("label")(label)?,
            None => key.clone(),
        };
        let description = description.map(check::short_text("description"));
        Ok(Self {
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
            options: FieldOptions::of(choices),
            position: position.map(check::integer("position")).transpose()?,
            unique_index: None,
            built_in,
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        })
    }

    /// The order in which the fields of an object are shown: by their positions, and then by their age.
    pub fn shown_by(&self) -> (bool, Option<i64>, Id) {
        (self.position.is_none(), self.position, self.id)
    }

    /// Whether it is the custom field of this key on these objects.
    pub(crate) fn is_custom(&self, of: ObjectType, key: &str) -> bool {
        !self.built_in && self.object_type == of && self.key == key
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
