//! The form of a new field, and the body of the request that it equals.

use relm_core::{FieldType, ObjectType};
use serde_json::{Value, json};

use super::limits_form::LimitsForm;
use crate::console::form::Form;

/// What is in the form.
#[derive(Default)]
pub(super) struct FieldForm {
    pub label: String,
    pub key: String,
    pub field_type: String,
    /// One to a line.
    pub choices: String,
    /// The type of the records that a reference names.
    pub refers_to: String,
    pub is_required: bool,
    pub is_unique: bool,
    pub limits: LimitsForm,
}

impl FieldForm {
    pub fn read(form: &Form) -> Self {
        Self {
            label: form.text("label").trim().to_owned(),
            key: form.text("key").trim().to_owned(),
            field_type: form.text("type").to_owned(),
            choices: form.text("choices").replace('\r', ""),
            refers_to: form.text("object_type").to_owned(),
            is_required: form.is_ticked("required"),
            is_unique: form.is_ticked("unique"),
            limits: LimitsForm::read(form),
        }
    }

    /// What a form may look like.
    pub fn example() -> Self {
        Self {
            label: "Plan".to_owned(),
            key: "plan".to_owned(),
            field_type: "select".to_owned(),
            choices: "free\npro\nteam".to_owned(),
            is_required: true,
            ..Self::default()
        }
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty() && self.key.is_empty() && self.choices.is_empty()
    }

    /// The body of the request to the API, which judges all of it.
    pub fn body(&self, object: ObjectType) -> Value {
        let mut body = json!({
            "object_type": object,
            "key": self.key,
            "type": self.field_type,
            "required": self.is_required,
        });
        if self.is_unique {
            body["unique"] = json!(true);
        }
        if !self.label.is_empty() {
            body["label"] = json!(self.label);
        }
        let choices = self.choices.lines().map(str::trim);
        let choices: Vec<&str> = choices.filter(|choice| !choice.is_empty()).collect();
        let field_type = self.field_type.parse().ok();
        let mut options = self.limits.changes(&LimitsForm::default(), field_type);
        // A browser sends what is chosen in the list of another type, too.
        if field_type == Some(FieldType::Reference) && !self.refers_to.is_empty() {
            options.insert("object_type".to_owned(), json!(self.refers_to));
        }
        if !choices.is_empty() {
            options.insert("choices".to_owned(), json!(choices));
        }
        if !options.is_empty() {
            body["options"] = options.into();
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_request() {
        let read = |fields: &str| FieldForm::read(&Form::parse(fields.as_bytes()));
        let form =
            read("label=+Plan+&key=plan&type=select&choices=free%0D%0A%0D%0A+pro+&required=on");
        assert_eq!(
            form.body(ObjectType::Deal),
            json!({
                "object_type": "deal", "key": "plan", "label": "Plan", "type": "select",
                "required": true, "options": { "choices": ["free", "pro"] },
            })
        );
        let form = read("key=x&type=text&choices=+%0A&unique=on");
        assert_eq!(
            form.body(ObjectType::Contact),
            json!({ "object_type": "contact", "key": "x", "type": "text", "required": false, "unique": true })
        );
        let form = read("key=account&type=reference&object_type=company");
        assert_eq!(
            form.body(ObjectType::Deal),
            json!({
                "object_type": "deal", "key": "account", "type": "reference", "required": false,
                "options": { "object_type": "company" },
            })
        );
        let form = read("key=x&type=text&object_type=company");
        assert_eq!(form.body(ObjectType::Deal).get("options"), None);
    }
}
