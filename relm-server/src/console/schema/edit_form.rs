//! The form that changes a field, and the body of the request that it equals.

use relm_core::Field;
use relm_core::record::field::Enforce;
use serde_json::{Map, Value, json};

use super::limits_form::LimitsForm;
use crate::console::form::Form;

/// What is in the form.
pub(super) struct EditForm {
    pub label: String,
    pub description: String,
    pub position: String,
    pub is_required: bool,
    pub is_unique: bool,
    /// Whether writes that leave the field as it is are let be.
    pub on_change: bool,
    /// The choices that are there, each with what it is to be called; nothing, where it is removed.
    pub choices: Vec<(String, String)>,
    /// Choices to add, one to a line.
    pub added: String,
    pub limits: LimitsForm,
    /// The version of the field that is changed.
    pub version: i64,
}

impl EditForm {
    pub fn of(field: &Field) -> Self {
        let choices = field.options.choices.iter();
        Self {
            label: field.label.clone(),
            description: field.description.clone().unwrap_or_default(),
            position: field.position.map_or_else(String::new, |it| it.to_string()),
            is_required: field.required,
            is_unique: field.unique_index.is_some(),
            on_change: field.enforce == Enforce::OnChange,
            choices: choices.map(|it| (it.clone(), it.clone())).collect(),
            added: String::new(),
            limits: LimitsForm::of(&field.options),
            version: field.version,
        }
    }

    pub fn read(form: &Form) -> Self {
        let named = form.all("from").zip(form.all("choice"));
        Self {
            label: form.text("label").trim().to_owned(),
            description: form.text("description").trim().to_owned(),
            position: form.text("position").trim().to_owned(),
            is_required: form.is_ticked("required"),
            is_unique: form.is_ticked("unique"),
            on_change: form.is_ticked("on_change"),
            choices: named
                .map(|(from, to)| (from.to_owned(), to.trim().to_owned()))
                .collect(),
            added: form.text("added").replace('\r', ""),
            limits: LimitsForm::read(form),
            version: form.text("version").parse().unwrap_or(0),
        }
    }

    /// The body of the request to the API: what differs from the field as it is.
    pub fn body(&self, field: &Field) -> Value {
        let is = Self::of(field);
        let mut body = Map::new();
        let mut changed = |name: &str, differs: bool, value: Value| {
            if differs {
                body.insert(name.to_owned(), value);
            }
        };
        let text = |text: &str| match text {
            "" => Value::Null,
            text => text.into(),
        };
        let position = match self.position.parse::<i64>() {
            Ok(position) => position.into(),
            Err(_) => text(&self.position),
        };
        let enforce = match self.on_change {
            true => Enforce::OnChange,
            false => Enforce::Always,
        };
        changed("label", self.label != is.label, text(&self.label));
        let description = text(&self.description);
        changed(
            "description",
            self.description != is.description,
            description,
        );
        changed("position", self.position != is.position, position);
        changed(
            "required",
            self.is_required != is.is_required,
            self.is_required.into(),
        );
        changed(
            "unique",
            self.is_unique != is.is_unique,
            self.is_unique.into(),
        );
        changed("enforce", self.on_change != is.on_change, json!(enforce));
        let choices = self.all_choices();
        let kept = field.options.choices.iter().map(|choice| json!(choice));
        let is_otherwise = field.field_type.has_choices() && !kept.eq(choices.iter().cloned());
        let mut options = self.limits.changes(&is.limits, Some(field.field_type));
        if is_otherwise {
            options.insert("choices".to_owned(), choices.into());
        }
        changed("options", !options.is_empty(), options.into());
        body.into()
    }

    fn all_choices(&self) -> Vec<Value> {
        let there = self.choices.iter().filter(|(_, to)| !to.is_empty());
        let there = there.map(|(from, to)| match from == to {
            true => json!(to),
            false => json!({ "from": from, "to": to }),
        });
        let added = self.added.lines().map(str::trim);
        let added = added.filter(|choice| !choice.is_empty());
        there.chain(added.map(|choice| json!(choice))).collect()
    }

    /// The choices that get another name.
    pub fn renamed(&self) -> impl Iterator<Item = &(String, String)> {
        let choices = self.choices.iter();
        choices.filter(|(from, to)| !to.is_empty() && from != to)
    }

    /// The choices that are removed.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        let choices = self.choices.iter();
        choices
            .filter(|(_, to)| to.is_empty())
            .map(|(from, _)| from.as_str())
    }
}

#[cfg(test)]
mod tests {
    use relm_core::value::id::{Id, Kind};
    use relm_core::{FieldInput, FieldType, Mode, ObjectType, Timestamp};

    use super::*;

    #[test]
    fn a_form_says_what_differs() {
        let input = FieldInput {
            choices: ["free", "pro", "gone"].map(str::to_owned).into(),
            ..FieldInput::new(ObjectType::Deal, "plan", FieldType::Select)
        };
        let now = Timestamp::from_millis(0);
        let field = Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap();
        assert_eq!(EditForm::of(&field).body(&field), json!({}));
        let sent = "label=+Tariff+&description=&position=2&required=on&version=1&from=free&choice=free&from=pro&choice=team&from=gone\
                    &choice=&added=more%0D%0A%0D%0A";
        let form = EditForm::read(&Form::parse(sent.as_bytes()));
        assert_eq!(
            form.body(&field),
            json!({
                "label": "Tariff", "position": 2, "required": true,
                "options": { "choices": ["free", { "from": "pro", "to": "team" }, "more"] },
            })
        );
        assert_eq!(form.removed().collect::<Vec<&str>>(), ["gone"]);
        assert_eq!(form.renamed().count(), 1);
    }
}
