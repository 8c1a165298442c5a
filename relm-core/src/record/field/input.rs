//! What defines a custom field: as a request says it.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::field_type::FieldType;
use super::names::{OPTIONS_OTHER_NAMES, OTHER_NAMES, READ_ONLY, TYPES_OTHER_NAMES};
use super::options::{Enforce, FieldOptions};
use super::unique;
use crate::error::Result;
use crate::record::check;
use crate::record::hint;
use crate::record::input::{Reader, read_as_json};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;

/// What defines a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldInput {
    /// See [`Field::object_type`](crate::Field::object_type).
    pub object_type: ObjectType,
    /// See [`Field::key`](crate::Field::key).
    pub key: String,
    /// See [`Field::label`](crate::Field::label); the key where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// See [`Field::description`](crate::Field::description).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// See [`Field::field_type`](crate::Field::field_type).
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// See [`Field::required`](crate::Field::required).
    pub required: bool,
    /// See [`Field::unique`](crate::Field::unique).
    #[serde(skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Whether it is about a member that the objects have anyway, of which `unique` is said and nothing else: see [`FieldInput::built_in`].
    #[serde(skip_serializing_if = "is_false")]
    pub built_in: bool,
    /// See [`Field::enforce`](crate::Field::enforce).
    #[serde(skip_serializing_if = "Enforce::is_always")]
    pub enforce: Enforce,
    /// See [`Field::position`](crate::Field::position).
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

pub(super) fn is_false(value: &bool) -> bool {
    !value
}

fn in_options<S: Serializer>(choices: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    FieldOptions::of(choices.to_vec()).serialize(serializer)
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

    /// Whether a definition of a member that the objects have anyway says of it what can be said.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_value`, naming the member.
    pub(crate) fn check_built_in(&self) -> Result<()> {
        if !self.built_in {
            return Ok(());
        }
        unique::check_built_in(self.object_type, &self.key)?;
        // Each with whether anything else is said than of a member of which nothing is.
        let said = [
            ("type", self.field_type != FieldType::Text),
            (
                "label",
                self.label.as_ref().is_some_and(|it| *it != self.key),
            ),
            ("description", self.description.is_some()),
            ("required", self.required),
            ("enforce", self.enforce != Enforce::Always),
            ("position", self.position.is_some()),
            ("options", !self.choices.is_empty()),
        ];
        let mut said = said.into_iter().filter(|(_, is_said)| *is_said);
        match said.next() {
            Some((name, _)) => Err(unique::only_unique(self.object_type, &self.key).at(name)),
            None => Ok(()),
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
pub(super) fn read_enforce(reader: &mut Reader) -> Result<Patch<Enforce>> {
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
