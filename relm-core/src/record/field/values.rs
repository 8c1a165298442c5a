//! Which values a record may have under the definitions of its type.

use serde_json::Value;

use super::{Enforce, Field, FieldType};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::WARNINGS_MAX;
use crate::record::hint;
use crate::record::metadata::Metadata;
use crate::record::object_type::ObjectType;
use crate::value::excerpt::Quoted;
use crate::value::time::Date;

impl Field {
    /// Whether `value` is one that the field holds.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        match self.field_type {
            FieldType::Text => value.is_string(),
            FieldType::Number => value.is_number(),
            FieldType::Bool => value.is_boolean(),
            FieldType::Date => value.as_str().and_then(Date::parse).is_some(),
            FieldType::Select => {
                let chosen = value.as_str();
                chosen.is_some_and(|chosen| self.options.choice(chosen).is_some())
            }
        }
    }

    /// Whether `value` is one that the field holds; the error says what would be.
    pub(crate) fn check(&self, value: &Value) -> Result<()> {
        if self.holds(value) {
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

    /// Whether the value that a record has, or that it has none, is as the field asks.
    pub(crate) fn check_member(&self, value: Option<&Value>) -> Result<()> {
        match value {
            Some(value) => self.check(value),
            None if self.required => Err(self.missing()),
            None => Ok(()),
        }
    }

    fn missing(&self) -> Error {
        let path = format!("metadata.{}", self.key);
        let choices = self.options.choices.iter().map(String::as_str);
        let message = match self.field_type {
            FieldType::Select => {
                let choices = hint::some_of(choices.clone());
                format!("`{path}` is required: one of {choices}.")
            }
            FieldType::Text | FieldType::Number | FieldType::Date | FieldType::Bool => {
                format!("`{path}` is required.")
            }
        };
        Error::invalid(path, message).options("", choices)
    }
}

/// Checks a record's resulting `metadata` against the definitions on its type, and gives what is wrong with it that the write neither
/// made nor is refused for: the first of it. `before` is what the record had, if there was one.
pub(crate) fn check_metadata<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    object_type: ObjectType,
    before: Option<&Metadata>,
    metadata: &Metadata,
) -> Result<Vec<Error>> {
    let mut warnings = Vec::new();
    for field in fields {
        if field.object_type != object_type || field.built_in {
            continue;
        }
        let value = metadata.as_map().get(&field.key);
        let Err(error) = field.check_member(value) else {
            continue;
        };
        let is_kept = before.is_some_and(|before| before.as_map().get(&field.key) == value);
        match field.enforce {
            Enforce::OnChange if is_kept => warnings.push(error),
            Enforce::OnChange | Enforce::Always => return Err(error),
        }
    }
    warnings.truncate(WARNINGS_MAX);
    Ok(warnings)
}

/// Writes the choices that are being renamed under their new names, whichever name they were given by.
pub(crate) fn rename_choices<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    object_type: ObjectType,
    metadata: &mut Metadata,
) {
    for field in fields {
        if field.object_type != object_type || field.options.renaming.is_empty() {
            continue;
        }
        let chosen = metadata.as_map().get(&field.key).and_then(Value::as_str);
        if let Some(to) = chosen.and_then(|chosen| field.options.renamed(chosen)) {
            metadata.insert(field.key.as_str(), to);
        }
    }
}

/// The path of the custom field of this key on these objects, where there is one.
pub(crate) fn custom_field(fields: &[Field], object_type: ObjectType, key: &str) -> Option<String> {
    let mut fields = fields.iter();
    let field = fields.find(|field| field.is_custom(object_type, key))?;
    Some(format!("metadata.{}", field.key))
}

/// The error about a misplaced name, with the path of its custom field.
pub(crate) fn custom_field_elsewhere(error: Error, key: &str, path: String) -> Error {
    let sentence = format!("{} is a custom field: write `{path}`.", Quoted(key));
    error.adding(&sentence).suggesting(path)
}
