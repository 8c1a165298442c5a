//! The form of a record: its own fields, the custom fields of its type, and whatever else is in its metadata.

use relm_core::engine::Definitions;
use relm_core::limits::TEXT_CHARS_MAX;
use relm_core::record::column::{Column, ColumnType};
use relm_core::record::list::ListMember;
use relm_core::record::{columns, shown_lists};
use relm_core::value::json;
use relm_core::{Error, ErrorKind, Field, FieldType, ObjectType};
use serde_json::{Map, Value, json};

use super::input::{Input, InputType};
use super::postal;
use crate::console::form::Form;
use crate::console::limits;
use crate::console::listing::label;
use crate::console::shown::{bytes_in_page, cut};

/// The field of what no custom field is for.
const METADATA: &str = "metadata";
/// Custom fields of a form, beside those that must be filled in and those that have a value.
const CUSTOM_MAX: usize = 40;
/// Bytes that all choices together may take in a page: the fields of what is beyond are typed.
const CHOICES_BYTES_MAX: usize = 16 * 1024;
/// Choices that a hint names.
const HINT_CHOICES_MAX: usize = 8;
/// Characters of a label.
const LABEL_CHARS: usize = 60;

/// The fields of a form.
pub(super) struct Fields {
    pub own: Vec<Input>,
    pub custom: Vec<Input>,
    /// The rest of the metadata.
    pub other: Input,
    /// The members of the metadata that the record has and no custom field is for.
    keys: Vec<String>,
}

/// The input of what a record has several of, each with a label.
fn labelled_field(name: &'static str, hint: &str, members: &Map<String, Value>) -> Input {
    // What was written before there was a list has one, of the one value.
    let one = name.trim_end_matches('s');
    let alone = members.get(one).filter(|value| !value.is_null());
    let alone = alone.map(|value| json!([{ one: value, "label": null }]));
    let value = members.get(name).or(alone.as_ref());
    let input = Input::new(name, label(name, &[]), InputType::Labelled);
    let hint = Some(hint.to_owned());
    Input { hint, ..input }.of_record(value.unwrap_or(&Value::Null))
}

impl Fields {
    /// The fields for a record of these members; of a new one there are none.
    pub fn of(object: ObjectType, defined: &Definitions, members: &Map<String, Value>) -> Self {
        let nothing = Value::Null;
        let is_new = members.is_empty();
        let mut room = CHOICES_BYTES_MAX;
        let pipeline = defined.pipeline.as_ref();
        let pipeline = pipeline.filter(|pipeline| pipeline.object_type == object);
        let own = columns(object.kind())
            .iter()
            .filter(|column| is_written(column));
        let own = own.map(|column| {
            let value = members.get(column.name).unwrap_or(&nothing);
            let input = match pipeline.filter(|pipeline| pipeline.key == column.name) {
                Some(pipeline) => stage_field(pipeline, is_new, &mut room),
                None => own_field(column),
            };
            input.of_record(value)
        });
        let lists = shown_lists(object.kind())
            .filter(|list| !is_labelled(object, list.name))
            .map(|list| {
                let value = members.get(list.name).unwrap_or(&nothing);
                own_list(list).of_record(value)
            });
        let several = several(object).into_iter();
        let several = several.map(|(name, hint)| labelled_field(name, hint, members));
        let own: Vec<Input> = own.chain(lists).chain(several).collect();
        let mut metadata = match members.get(METADATA) {
            Some(Value::Object(metadata)) => metadata.clone(),
            _ => Map::new(),
        };
        let mut spare = CUSTOM_MAX;
        let mut custom = Vec::new();
        let defined = defined.fields.iter();
        for field in defined.filter(|field| field.object_type == object) {
            let has_value = metadata
                .get(&field.key)
                .is_some_and(|value| !value.is_null());
            if !field.required && !has_value {
                match spare.checked_sub(1) {
                    Some(rest) => spare = rest,
                    None => continue,
                }
            }
            let value = metadata.remove(&field.key).unwrap_or(Value::Null);
            custom.push(custom_field(field, is_new, &mut room).of_record(&value));
        }
        let keys = metadata.keys().cloned().collect();
        let other = Input::new(METADATA, "Other metadata".to_owned(), InputType::Json);
        let other = Input {
            hint: Some(
                "Members that no custom field is for, as JSON: {\"source\": \"fair\"}.".to_owned(),
            ),
            ..other
        };
        Self {
            own,
            custom,
            other: other.of_record(&Value::Object(metadata)),
            keys,
        }
    }

    /// Takes what a form sent.
    pub fn read(&mut self, form: &Form) {
        for input in self.all_mut() {
            input.read(form);
        }
    }

    /// Sets what a link to the form names, such as the company of a new contact.
    pub fn preset(&mut self, query: &Form) {
        for input in self.own.iter_mut().chain(&mut self.custom) {
            if let Some(text) = query.trimmed(&input.name) {
                input.text = text.to_owned();
            }
        }
    }

    /// The body of the request to the API: what was typed over.
    ///
    /// # Errors
    /// `bad_request` where the rest of the metadata is no JSON object, which is said as the API says it of a body.
    pub fn body(&self) -> Result<Value, Error> {
        let mut body = Map::new();
        for input in self.own.iter().filter(|input| input.is_changed()) {
            body.insert(input.name.clone(), input.value());
        }
        let mut metadata = Map::new();
        if self.other.is_changed() {
            metadata = object_of(&self.other.text)?;
            for key in &self.keys {
                metadata.entry(key.clone()).or_insert(Value::Null);
            }
        }
        for input in self.custom.iter().filter(|input| input.is_changed()) {
            let key = input.name.trim_start_matches("metadata.").to_owned();
            metadata.insert(key, input.value());
        }
        if !metadata.is_empty() {
            body.insert(METADATA.to_owned(), Value::Object(metadata));
        }
        Ok(Value::Object(body))
    }

    /// Says an error at its field; gives it back where it is about none.
    pub fn say(&mut self, error: Error) -> Option<Error> {
        let at = error.field().unwrap_or_default().to_owned();
        let is_about = |input: &Input| {
            let rest = at.strip_prefix(&input.name);
            // Of an amount, one of its members may be what is wrong.
            let is_within =
                input.input == InputType::Money && rest.is_some_and(|it| it.starts_with('.'));
            let has_entries = matches!(input.input, InputType::Labelled | InputType::Addresses);
            let is_of_entry = has_entries && rest.is_some_and(|it| it.starts_with('['));
            rest == Some("") || is_within || is_of_entry
        };
        let mut of_field = self.all_mut().find(|input| is_about(input));
        if of_field.is_none() && (at == METADATA || at.starts_with("metadata.")) {
            of_field = Some(&mut self.other);
        }
        match of_field {
            Some(input) => {
                input.error = Some(error.message().to_owned());
                None
            }
            None => Some(error),
        }
    }

    /// Whether the record has everything as it is typed.
    pub fn are_as_typed(&self) -> bool {
        let mut all = self.own.iter().chain(&self.custom).chain([&self.other]);
        !all.any(Input::is_changed)
    }

    /// Whether somebody else changed what was typed over.
    pub fn has_meanwhile(&self) -> bool {
        let mut all = self.own.iter().chain(&self.custom).chain([&self.other]);
        all.any(|input| input.meanwhile.is_some())
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Input> {
        let own = self.own.iter_mut().chain(&mut self.custom);
        own.chain([&mut self.other])
    }
}

/// What is to be typed where the id of a record belongs.
fn id_of(object: ObjectType) -> String {
    let article = if object == ObjectType::Activity {
        "an"
    } else {
        "a"
    };
    format!("The ID of {article} {object}, from its page.")
}

fn is_labelled(object: ObjectType, name: &str) -> bool {
    several(object)
        .iter()
        .any(|(labelled, _)| *labelled == name)
}

/// What the objects of a type have several of, each with a label, and what is to be typed.
fn several(object: ObjectType) -> Vec<(&'static str, &'static str)> {
    match object {
        ObjectType::Contact => vec![
            (
                "emails",
                "One to a line, the primary one first; behind a | what it is for: ada@home.example | home. This is the whole list.",
            ),
            (
                "phones",
                "One to a line, the primary one first; behind a | what it is for: +44 20 7946 0000 | mobile. This is the whole list.",
            ),
        ],
        ObjectType::Company | ObjectType::Deal | ObjectType::Activity => Vec::new(),
    }
}

/// Whether a write may name the column.
fn is_written(column: &Column) -> bool {
    column.filterable && !["created_at", "updated_at"].contains(&column.name)
}

fn own_field(column: &Column) -> Input {
    let input = match column.ty {
        ColumnType::Text { chars_max } if chars_max > TEXT_CHARS_MAX => InputType::Text,
        ColumnType::Text { .. } => InputType::Line,
        ColumnType::Id(_) => InputType::Id,
        ColumnType::Integer => InputType::Whole,
        ColumnType::Boolean => InputType::Truth,
        ColumnType::Date => InputType::Date,
        ColumnType::Timestamp => InputType::Moment,
        ColumnType::Json => InputType::Json,
    };
    let hint = match (column.name, column.ty) {
        ("value_cents", _) => {
            Some("In the smallest unit of the currency: 150000 is 1,500.00 EUR.".to_owned())
        }
        ("currency", _) => Some("Its code of three letters, such as EUR. Default: USD.".to_owned()),
        ("stage", _) => Some("As you call it: lead, won.".to_owned()),
        ("type", _) => Some("As you call it: call, meeting, note.".to_owned()),
        ("occurred_at", _) => Some("In UTC. Default: now.".to_owned()),
        ("due_at", _) => Some("In UTC. With one it is a task.".to_owned()),
        ("done_at", _) => Some("In UTC. Empty while the task is open.".to_owned()),
        ("assignee" | "owner", _) => Some("As you write it: a name, an e-mail address.".to_owned()),
        (_, ColumnType::Id(Some(kind))) => ObjectType::of(kind).map(id_of),
        _ => None,
    };
    Input {
        is_required: column.required,
        hint,
        ..Input::new(column.name, label(column.name, &[]), input)
    }
}

fn own_list(list: &ListMember) -> Input {
    if list.name == "addresses" {
        return Input {
            hint: Some(postal::HINT.to_owned()),
            ..Input::new(list.name, label(list.name, &[]), InputType::Addresses)
        };
    }
    Input {
        hint: Some("One to a line.".to_owned()),
        ..Input::new(list.name, label(list.name, &[]), InputType::Lines)
    }
}

/// What of its type the field takes; of a new record, what it gets where this is left empty.
fn limits_of(field: &Field, default: Option<&str>) -> Option<String> {
    let mut said = limits::in_words(&field.options).join(", ");
    if let Some(first) = said.get_mut(..1) {
        first.make_ascii_uppercase();
        said.push('.');
    }
    if let Some(default) = default {
        let space = if said.is_empty() { "" } else { " " };
        said.push_str(&format!("{space}Left empty: {default}."));
    }
    (!said.is_empty()).then_some(said)
}

fn custom_field(field: &Field, is_new: bool, room: &mut usize) -> Input {
    let default = limits::default(&field.options).filter(|_| is_new);
    let limits = limits_of(field, default.as_deref());
    let choices = &field.options.choices;
    let bytes: usize = choices
        .iter()
        .map(|choice| 2 * bytes_in_page(choice) + 32)
        .sum();
    let (input, hint) = match field.field_type {
        FieldType::Text => (InputType::Line, None),
        FieldType::Json => (
            InputType::Json,
            Some("Any JSON: a list, an object, a text.".to_owned()),
        ),
        FieldType::Url => (
            InputType::Line,
            Some("Such as https://example.com/page.".to_owned()),
        ),
        FieldType::Email => (InputType::Line, Some("Such as ada@example.com.".to_owned())),
        FieldType::Phone => (
            InputType::Line,
            Some("With its country code: +14155550132.".to_owned()),
        ),
        FieldType::Datetime => (InputType::Moment, Some("In UTC.".to_owned())),
        FieldType::Multiselect => (InputType::Lines, Some(any_of(choices))),
        FieldType::Currency => (
            InputType::Money,
            Some(
                "In whole units, with a point: 129.00. Beside it the code of the currency."
                    .to_owned(),
            ),
        ),
        FieldType::Reference => (InputType::Id, field.options.object_type.map(id_of)),
        FieldType::Number => (InputType::Number, None),
        FieldType::Date => (InputType::Date, None),
        FieldType::Bool => (InputType::Truth, None),
        FieldType::Select if bytes <= *room => {
            *room -= bytes;
            (InputType::Choice, None)
        }
        FieldType::Select => (
            InputType::Line,
            Some(format!(
                "One of the {} choices of this field.",
                choices.len()
            )),
        ),
    };
    let label = cut(&field.label, LABEL_CHARS);
    let hints = [hint, limits].into_iter().flatten();
    let hint = hints.reduce(|hint, limits| format!("{hint} {limits}"));
    Input {
        is_required: field.required && default.is_none(),
        hint,
        choices: match input {
            InputType::Choice => choices.clone(),
            _ => Vec::new(),
        },
        ..Input::new(field.path(), label, input)
    }
}

/// The stage of a deal, where its stages are defined: one of them, or what the deal has from before.
fn stage_field(pipeline: &Field, is_new: bool, room: &mut usize) -> Input {
    let input = custom_field(pipeline, is_new, room);
    match pipeline.label == pipeline.key {
        true => Input {
            label: label(&pipeline.key, &[]),
            ..input
        },
        false => input,
    }
}

/// What can be chosen, as far as a hint has room.
fn any_of(choices: &[String]) -> String {
    let shown = choices.iter().take(HINT_CHOICES_MAX);
    let shown: Vec<String> = shown.map(|choice| cut(choice, LABEL_CHARS)).collect();
    let more = match choices.len().checked_sub(HINT_CHOICES_MAX) {
        Some(more @ 1..) => format!(", and {more} more"),
        _ => String::new(),
    };
    format!("Any of these, one to a line: {}{more}.", shown.join(", "))
}

/// The members that were typed as JSON.
fn object_of(text: &str) -> Result<Map<String, Value>, Error> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let refuse = |message: String| Error::new(ErrorKind::BadRequest, message).at(METADATA);
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(refuse(
            "Metadata is a JSON object: {\"source\": \"fair\"}.".to_owned(),
        )),
        // Of a request it is the body.
        Err(error) => Err(refuse(error.message.replacen("The body", "This", 1))),
    }
}
