//! Which values a record may have under the definitions of its type.

use std::borrow::Cow;

use serde_json::Value;

use super::definition::check_limits;
use super::limits::check_default;
use super::pipeline::PROBABILITIES;
use super::{Enforce, Field, FieldOptions, FieldType};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FIELD_CHOICES_MAX, WARNINGS_MAX};
use crate::record::hint::{self, Hint};
use crate::record::metadata::{Metadata, merge};
use crate::record::object::Object;
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::record::reference::invalid_reference;
use crate::value::excerpt::Quoted;

const WEB_ADDRESS: &str = "a web address such as https://example.com/page";
const AMOUNT: &str = r#"an amount in the smallest unit of its currency, such as {"amount_minor": 12900, "currency": "EUR"}"#;

/// For an address without its scheme.
fn web_address_meant(text: &str) -> Hint {
    let meant = format!("https://{}", text.trim());
    let is_one = !text.contains("://")
        && FieldOptions::default().hold(FieldType::Url, &Value::from(meant.as_str()));
    match is_one && text.contains('.') {
        true => Hint::of(meant),
        false => Hint::default(),
    }
}

impl Field {
    /// Whether `value` is one that the field holds.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        self.options.hold(self.field_type, value)
    }

    /// The form in which the field keeps a value, where it is another.
    pub(crate) fn form_of(&self, value: &Value) -> Option<Value> {
        self.options.form_of(self.field_type, value)
    }

    /// Whether `value` is one that the field holds; the error says what would be.
    pub(crate) fn check(&self, value: &Value) -> Result<()> {
        if self.holds(value) {
            return Ok(());
        }
        Err(self.refusal(&self.path(), value))
    }

    /// The definition, where its limits are some that its type can have, and its default is a value that it holds.
    pub(super) fn limited(mut self, is_unique: bool) -> Result<Self> {
        const DEFAULT: &str = "options.default";
        check_limits(self.field_type, &self.options.limits)?;
        self.check_probabilities()?;
        self.options.limits = self.options.limits.checked()?;
        let Some(default) = self.options.default.take() else {
            return Ok(self);
        };
        if self.field_type == FieldType::Reference {
            let message = "A `reference` has no `default`: the record that it names could be deleted, and nothing be made any more.";
            return Err(Error::invalid(DEFAULT, message));
        }
        if is_unique {
            let message = "A unique field has no `default`: two records would have it.";
            return Err(Error::invalid(DEFAULT, message));
        }
        check_default(&self.key, &default)?;
        // A choice that gets another name has it first.
        let default = self.form_of(&default).unwrap_or(default);
        if !self.holds(&default) {
            return Err(self.refusal(DEFAULT, &default));
        }
        self.options.default = Some(default);
        Ok(self)
    }

    /// Whether probabilities are said where they can be, of stages that there are.
    fn check_probabilities(&mut self) -> Result<()> {
        if self.options.probabilities.is_empty() {
            return Ok(());
        }
        if !self.is_pipeline() {
            let message =
                "Only the pipeline of deals, which defines their `stage`, has `probabilities`.";
            return Err(Error::invalid(PROBABILITIES, message));
        }
        let said = std::mem::take(&mut self.options.probabilities);
        let said = said.into_iter().map(|(stage, it)| (stage, Some(it)));
        self.options
            .change_probabilities(Patch::Set(said.collect()))
    }

    /// Why the field does not hold a value.
    fn refusal(&self, path: &str, value: &Value) -> Error {
        if let Some(error) = self.options.limits.refusal(path, value) {
            return error;
        }
        let text = value.as_str().unwrap_or_default();
        let (expected, hint) = match self.field_type {
            FieldType::Text => ("a string", hint::text_meant(value)),
            FieldType::Number => ("a number", hint::number_meant(path, value)),
            FieldType::Bool => ("true or false", hint::boolean_meant(value)),
            FieldType::Date => ("a day such as 2026-07-02", hint::date_meant(value)),
            FieldType::Select => return self.no_choice(path, value),
            FieldType::Multiselect => match value {
                Value::Array(chosen) => return self.no_choice_of(path, chosen),
                _ => (r#"a list of choices such as ["a", "b"]"#, Hint::default()),
            },
            FieldType::Url => (WEB_ADDRESS, web_address_meant(text)),
            FieldType::Email => (
                "an e-mail address such as ada@example.com",
                hint::email_meant(text),
            ),
            FieldType::Phone => ("one telephone number such as +14155550132", Hint::default()),
            FieldType::Datetime => (
                "an RFC 3339 time such as 2026-07-02T10:00:00Z",
                hint::timestamp_meant(value),
            ),
            FieldType::Currency => (AMOUNT, Hint::default()),
            FieldType::Reference => return self.no_reference(path, value),
            FieldType::Json => ("JSON", Hint::default()),
        };
        hint::mismatch(path, expected, value, hint)
    }

    /// That a value is no id of what the field refers to: in the words in which members that are ids are refused.
    fn no_reference(&self, path: &str, value: &Value) -> Error {
        let Some(of) = self.options.object_type else {
            return hint::mismatch(path, "the id of a record", value, Hint::default());
        };
        match value {
            Value::String(text) => {
                hint::id_meant(of.kind(), text).on(invalid_reference(path, of.kind()))
            }
            _ => {
                let expected = format!("the id of {}, a string", hint::with_article(of.as_str()));
                let meant = hint::reference_meant(of.kind(), value);
                hint::mismatch(path, &expected, value, meant)
            }
        }
    }

    /// That a list has a member that is none of the choices.
    fn no_choice_of(&self, path: &str, chosen: &[Value]) -> Error {
        if chosen.len() > FIELD_CHOICES_MAX {
            let message = format!(
                "`{path}` must be a list of at most {FIELD_CHOICES_MAX} choices, not of {}.",
                chosen.len()
            );
            return Error::invalid(path, message);
        }
        let other = self.options.no_choice(chosen).unwrap_or(&Value::Null);
        self.no_choice(path, other)
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
        let path = self.path();
        let choices = self.options.choices.iter().map(String::as_str);
        let message = match self.field_type {
            FieldType::Select => {
                let choices = hint::some_of(choices.clone());
                format!("`{path}` is required: one of {choices}.")
            }
            FieldType::Multiselect => {
                let choices = hint::some_of(choices.clone());
                format!("`{path}` is required: a list of {choices}.")
            }
            _ => format!("`{path}` is required."),
        };
        Error::invalid(path, message).options("", choices)
    }

    /// The value that an object has in it.
    pub(crate) fn value_in<'a, T: Object>(&self, object: &'a T) -> Option<Cow<'a, Value>> {
        match self.built_in {
            true => object.chosen().map(|text| Cow::Owned(Value::from(text))),
            false => object.metadata().as_map().get(&self.key).map(Cow::Borrowed),
        }
    }
}

/// Checks an object that a write leaves so against the definitions on its type, and gives what is wrong with it that the write neither
/// made nor is refused for: the first of it. `before` is what it was, if it was there.
pub(crate) fn check_fields<T: Object>(
    fields: &[Field],
    before: Option<&T>,
    after: &T,
) -> Result<Vec<Error>> {
    let mut warnings = Vec::new();
    for field in fields.iter().filter(|field| field.is_of(T::TYPE)) {
        let value = field.value_in(after);
        let Err(error) = field.check_member(value.as_deref()) else {
            continue;
        };
        let is_kept = before.is_some_and(|before| field.value_in(before) == value);
        match field.enforce {
            Enforce::OnChange if is_kept => warnings.push(error),
            Enforce::OnChange | Enforce::Always => return Err(error),
        }
    }
    warnings.truncate(WARNINGS_MAX);
    Ok(warnings)
}

/// Writes each value in the form in which its field keeps it; a choice that is being renamed under its new name, whichever it was given by.
pub(crate) fn normalise<'a, T: Object>(
    fields: impl IntoIterator<Item = &'a Field>,
    object: &mut T,
) {
    for field in fields {
        if !field.is_of(T::TYPE) {
            continue;
        }
        let form = field.value_in(object);
        match form.and_then(|value| field.form_of(&value)) {
            Some(Value::String(choice)) if field.built_in => object.choose(choice),
            Some(form) => drop(object.metadata_mut().insert(field.key.as_str(), form)),
            None => {}
        }
    }
}

/// Whether a write of these objects may hold texts to patterns, which takes a while.
pub(crate) fn has_pattern(fields: &[Field], of: ObjectType) -> bool {
    custom_fields(fields, of).any(|field| field.options.limits.pattern.is_some())
}

/// Gives a new object the defaults of the fields of which its input says nothing: neither a value nor, by null, that there is none.
pub(crate) fn add_defaults<T: Object>(
    fields: &[Field],
    input: &T::Input,
    object: &mut T,
) -> Result<()> {
    let said = T::metadata_of(input);
    let is_said = |key: &str| said.is_some_and(|said| said.contains_key(key));
    let defaults = custom_fields(fields, T::TYPE).filter_map(|field| {
        let default = field.options.default.as_ref()?;
        (!is_said(&field.key)).then(|| (field.key.as_str(), default.clone()))
    });
    let defaults: Metadata = defaults.collect();
    if !defaults.is_empty() {
        merge(Patch::Set(defaults), object.metadata_mut())?;
    }
    if let Some(pipeline) = pipeline(fields)
        && pipeline.is_of(T::TYPE)
        && let Some(Value::String(stage)) = &pipeline.options.default
        && !T::chooses(input)
    {
        object.choose(stage.clone());
    }
    Ok(())
}

/// The pipeline of deals, where one is defined.
pub(crate) fn pipeline(fields: &[Field]) -> Option<&Field> {
    fields.iter().find(|field| field.is_pipeline())
}

/// The custom fields of these objects: not what is known of the members that they have anyway.
pub(crate) fn custom_fields(
    fields: &[Field],
    of: ObjectType,
) -> impl Iterator<Item = &Field> + Clone {
    let is_custom = move |field: &&Field| field.object_type == of && !field.built_in;
    fields.iter().filter(is_custom)
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

#[cfg(test)]
mod tests;
