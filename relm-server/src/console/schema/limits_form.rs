//! The part of a field's form that says what of its type it takes, and what a new record gets.

use relm_core::FieldType;
use relm_core::record::field::FieldOptions;
use serde_json::{Map, Value, json};

use crate::console::form::Form;

/// What is in the form.
#[derive(Default, PartialEq)]
pub(super) struct LimitsForm {
    pub min: String,
    pub max: String,
    pub is_integer: bool,
    pub max_length: String,
    pub pattern: String,
    pub default: String,
}

impl LimitsForm {
    pub fn of(options: &FieldOptions) -> Self {
        let limits = &options.limits;
        let number = |number: &Option<serde_json::Number>| {
            number.as_ref().map(ToString::to_string).unwrap_or_default()
        };
        Self {
            min: number(&limits.min),
            max: number(&limits.max),
            is_integer: limits.integer,
            max_length: limits
                .max_length
                .map_or_else(String::new, |it| it.to_string()),
            pattern: limits
                .pattern
                .as_ref()
                .map_or("", |it| it.as_str())
                .to_owned(),
            default: options.default.as_ref().map(typed).unwrap_or_default(),
        }
    }

    /// Whether any of it is filled in.
    pub fn is_said(&self) -> bool {
        *self != Self::default()
    }

    pub fn read(form: &Form) -> Self {
        Self {
            min: form.text("min").trim().to_owned(),
            max: form.text("max").trim().to_owned(),
            is_integer: form.is_ticked("integer"),
            max_length: form.text("max_length").trim().to_owned(),
            pattern: form.text("pattern").to_owned(),
            default: form.text("default").to_owned(),
        }
    }

    /// The members of `options` that differ from what was; those that were emptied are null. What is no number is sent as it was typed,
    /// and the API says so.
    pub fn changes(&self, was: &Self, field_type: Option<FieldType>) -> Map<String, Value> {
        let mut changes = Map::new();
        let mut change = |name: &str, text: &str, was: &str, value: Value| {
            // A browser leaves the ends of lines out of what it shows in one.
            if text != was && text != was.replace(['\r', '\n'], "") {
                let value = if text.is_empty() { Value::Null } else { value };
                changes.insert(name.to_owned(), value);
            }
        };
        change("min", &self.min, &was.min, number(&self.min));
        change("max", &self.max, &was.max, number(&self.max));
        let length = number(&self.max_length);
        change("max_length", &self.max_length, &was.max_length, length);
        let pattern = self.pattern.as_str().into();
        change("pattern", &self.pattern, &was.pattern, pattern);
        let default = default(&self.default, field_type);
        change("default", &self.default, &was.default, default);
        if self.is_integer != was.is_integer {
            changes.insert("integer".to_owned(), self.is_integer.into());
        }
        changes
    }
}

/// A value as it is typed: a text without quotes, anything else as JSON.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(text: &str) -> Value {
    let number = text.parse::<serde_json::Number>();
    number.map_or_else(|_| text.into(), Value::Number)
}

/// What was typed, as a value of the type: texts as they are.
fn default(text: &str, field_type: Option<FieldType>) -> Value {
    let read = || serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::from(text));
    match field_type {
        Some(FieldType::Multiselect) => match read() {
            list @ Value::Array(_) => list,
            _ => json!([text.trim()]),
        },
        Some(FieldType::Number | FieldType::Bool | FieldType::Currency | FieldType::Json) => read(),
        Some(
            FieldType::Text
            | FieldType::Date
            | FieldType::Select
            | FieldType::Url
            | FieldType::Email
            | FieldType::Phone
            | FieldType::Datetime
            | FieldType::Reference,
        )
        | None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_differs() {
        let read = |fields: &str| LimitsForm::read(&Form::parse(fields.as_bytes()));
        let was = read("min=1&max=10&integer=on&default=5");
        let form = read("min=2.5&max=&default=7");
        assert_eq!(
            json!(form.changes(&was, Some(FieldType::Number))),
            json!({ "min": 2.5, "max": null, "integer": false, "default": 7 })
        );
        let form = read("max_length=a+few&pattern=%5E+a&default=+7");
        assert_eq!(
            json!(form.changes(&LimitsForm::default(), Some(FieldType::Text))),
            json!({ "max_length": "a few", "pattern": "^ a", "default": " 7" })
        );
        assert_eq!(json!(form.changes(&form, None)), json!({}));
    }

    #[test]
    fn a_default_is_typed_as_its_type_is() {
        for (text, field_type, value) in [
            ("free", FieldType::Select, json!("free")),
            ("free", FieldType::Multiselect, json!(["free"])),
            ("[\"a\",\"b\"]", FieldType::Multiselect, json!(["a", "b"])),
            ("true", FieldType::Bool, json!(true)),
            ("true", FieldType::Text, json!("true")),
            ("yes", FieldType::Bool, json!("yes")),
        ] {
            assert_eq!(default(text, Some(field_type)), value, "{text}");
        }
    }
}
