//! Custom fields: what a workspace defines, and whether a record keeps to it.

mod definition;
mod names;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use self::definition::{check_choices, check_key};
use self::names::{OPTIONS_OTHER_NAMES, OTHER_NAMES, READ_ONLY, TYPES_OTHER_NAMES};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FIELD_KEY_CHARS_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::hint;
use crate::record::input::{Reader, read_as_json};
use crate::record::metadata::Metadata;
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::from_text::named;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::text::nfc;
use crate::value::time::{Date, Timestamp};

/// Bytes of a choice that is written in whatever composition: a character of four bytes comes apart into four at most.
const CHOICE_BYTES_MAX: usize = TEXT_CHARS_MAX * 4 * 4;

/// What a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A JSON string.
    Text,
    /// A JSON number.
    Number,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// True or false.
    Bool,
    /// One of the field's choices.
    Select,
}

impl FieldType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Number,
        Self::Date,
        Self::Bool,
        Self::Select,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Bool => "bool",
            Self::Select => "select",
        }
    }
}

named!(
    FieldType,
    as_str,
    "`text`, `number`, `date`, `bool` or `select`"
);

/// What a field's type needs to know beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CustomFieldOptions")
)]
pub struct FieldOptions {
    /// The values of a `select`; absent on every other type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// The definition of a custom field. It never changes: it is made and removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CustomField")
)]
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
    /// What the field holds.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether every write must leave a value in the field. Default: false.
    pub required: bool,
    /// The choices of a `select`; empty on every other type.
    pub options: FieldOptions,
    /// Whether the field is of live or test records.
    pub mode: Mode,
    /// When the field was defined: the moment in the id.
    pub created_at: Timestamp,
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
    /// See [`Field::field_type`].
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// See [`Field::required`].
    pub required: bool,
    /// The choices of a `select`; empty on every other type. In JSON they are in `options`.
    #[serde(
        rename = "options",
        serialize_with = "in_options",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub choices: Vec<String>,
}

read_as_json!(FieldInput, FieldInput::read);

fn in_options<S: Serializer>(choices: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    let choices = choices.to_vec();
    FieldOptions { choices }.serialize(serializer)
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
    /// Takes a definition from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value` or `unknown_field`, naming the member.
    pub fn read(mut reader: Reader) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let object_type = reader.text("object_type")?;
        let key = reader.text("key")?;
        let label = reader.text("label")?.as_set().cloned();
        let field_type = reader.text("type")?;
        let is_required = *reader.boolean("required")?.as_set().unwrap_or(&false);
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
        Ok(Self {
            object_type: ObjectType::required("object_type", object_type)?,
            key: check::required("key", key)?,
            label,
            field_type: check::required_choice(
                "type",
                field_type,
                FieldType::ALL.map(FieldType::as_str),
                TYPES_OTHER_NAMES,
                |text| text.parse().ok(),
            )?,
            required: is_required,
            choices,
        })
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
            field_type,
            required,
            choices,
        } = input;
        check_key(&key)?;
        check_choices(field_type == FieldType::Select, &choices)?;
        let label = match label {
            Some(label) => check::required_text("label")(label)?,
            None => key.clone(),
        };
        Ok(Self {
            id,
            object: FieldTag::Field,
            object_type,
            key,
            label,
            field_type,
            required,
            options: FieldOptions { choices },
            mode,
            created_at: now,
        })
    }

    /// What its JSON takes.
    pub(crate) fn bytes(&self) -> usize {
        serde_json::to_string(self).map_or(0, |json| json.len())
    }

    /// What is unique of it in a scope.
    pub fn field_key(&self) -> String {
        format!("{}.{}", self.object_type, self.key)
    }

    /// Whether `value` is one that the field holds; the error says what would be.
    pub(crate) fn check(&self, value: &Value) -> Result<()> {
        let fits = match self.field_type {
            FieldType::Text => value.is_string(),
            FieldType::Number => value.is_number(),
            FieldType::Bool => value.is_boolean(),
            FieldType::Date => value.as_str().and_then(Date::parse).is_some(),
            FieldType::Select => value.as_str().is_some_and(|chosen| self.has_choice(chosen)),
        };
        if fits {
            return Ok(());
        }
        let path = format!("metadata.{}", self.key);
        let (expected, hint) = match self.field_type {
            FieldType::Text => ("a string", hint::text_meant(value)),
            FieldType::Number => ("a number", hint::number_meant(&path, value)),
            FieldType::Bool => ("true or false", hint::boolean_meant(value)),
            FieldType::Date => ("a day such as 2026-07-02", hint::date_meant(value)),
            FieldType::Select => return Err(self.no_choice(&path, value)),
        };
        Err(hint::mismatch(&path, expected, value, hint))
    }

    /// Whether this is one of the choices, in whatever composition either is written.
    fn has_choice(&self, chosen: &str) -> bool {
        let choices = &self.options.choices;
        if choices.iter().any(|choice| choice == chosen) {
            return true;
        }
        // What is longer than a choice can be when each of its characters is decomposed is not worth composing.
        if chosen.len() > CHOICE_BYTES_MAX {
            return false;
        }
        let composed = nfc(chosen);
        choices.iter().any(|choice| nfc(choice) == composed)
    }

    fn no_choice(&self, path: &str, value: &Value) -> Error {
        let choices = self.options.choices.iter().map(String::as_str);
        let given = value.as_str().unwrap_or_default();
        let kind = match value {
            Value::String(_) => ErrorKind::UnknownValue,
            _ => ErrorKind::ValidationFailed,
        };
        let message = format!(
            "`{path}` must be one of {}, not {}.",
            hint::some_of(choices.clone()),
            hint::Shown(value)
        );
        Error::new(kind, message).at(path).options(given, choices)
    }
}

/// Checks a record's resulting `metadata` against the definitions on its type.
pub(crate) fn check_metadata<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    object_type: ObjectType,
    metadata: &Metadata,
) -> Result<()> {
    for field in fields {
        if field.object_type != object_type {
            continue;
        }
        match metadata.as_map().get(&field.key) {
            Some(value) => field.check(value)?,
            None if field.required => {
                let path = format!("metadata.{}", field.key);
                let choices = field.options.choices.iter().map(String::as_str);
                let message = match field.field_type {
                    FieldType::Select => {
                        let choices = hint::some_of(choices.clone());
                        format!("`{path}` is required: one of {choices}.")
                    }
                    FieldType::Text | FieldType::Number | FieldType::Date | FieldType::Bool => {
                        format!("`{path}` is required.")
                    }
                };
                return Err(Error::invalid(path, message).options("", choices));
            }
            None => {}
        }
    }
    Ok(())
}

/// The path of the custom field of this key on these objects, where there is one.
pub(crate) fn custom_field(fields: &[Field], object_type: ObjectType, key: &str) -> Option<String> {
    let field = fields
        .iter()
        .find(|field| field.object_type == object_type && field.key == key)?;
    Some(format!("metadata.{}", field.key))
}

/// The error about a misplaced name, with the path of its custom field.
pub(crate) fn custom_field_elsewhere(error: Error, key: &str, path: String) -> Error {
    let sentence = format!("{} is a custom field: write `{path}`.", Quoted(key));
    error.adding(&sentence).suggesting(path)
}
