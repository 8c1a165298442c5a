//! One field of the form of a record: how a value is typed, and what value was typed.

use relm_core::value::{self, hex::hex};
use serde_json::{Number, Value, json};
use sha2::{Digest, Sha256};

use super::{money, postal};
use crate::console::form::{Form, picked};
use crate::console::shown::{Message, bytes_in_page};

/// Bytes that the text of one field may take in a page. What has more is changed by the API.
const INPUT_BYTES_MAX: usize = 40 * 1024;
/// Bytes of a digest that tell two values of a field apart.
const DIGEST_BYTES: usize = 8;

/// How a value is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputType {
    Line,
    Text,
    Whole,
    Number,
    Date,
    /// A moment, in UTC.
    Moment,
    /// The id of a record.
    Id,
    Choice,
    /// Texts, one to a line.
    Lines,
    /// Addresses or telephone numbers, one to a line, each with its label behind a `|`.
    Labelled,
    /// Postal addresses, one to a line.
    Addresses,
    Truth,
    /// An amount, in whole units, and the code of its currency: two elements.
    Money,
    /// JSON: an object of members as it is typed where that is all metadata, and any value where it is that of one field.
    Json,
}

/// A field of the form.
pub(super) struct Input {
    /// The path of the member that it sets: `email`, `metadata.plan`.
    pub name: String,
    pub label: String,
    pub input: InputType,
    pub is_required: bool,
    pub hint: Option<String>,
    /// What there is to choose from.
    pub choices: Vec<String>,
    /// What is typed.
    pub text: String,
    /// A digest of what the record had when the form was made: what is typed over it is what the form changes.
    pub was: String,
    /// What the record has now, where somebody else changed that meanwhile.
    pub meanwhile: Option<String>,
    pub error: Option<String>,
    /// Whether it is too long to be typed here.
    pub is_too_long: bool,
}

impl Input {
    pub fn new(name: impl Into<String>, label: String, input: InputType) -> Self {
        Self {
            name: name.into(),
            label,
            input,
            is_required: false,
            hint: None,
            choices: Vec::new(),
            text: String::new(),
            was: String::new(),
            meanwhile: None,
            error: None,
            is_too_long: false,
        }
    }

    /// The same, with what the record has.
    pub fn of_record(mut self, value: &Value) -> Self {
        self.text = self.typed(value);
        self.was = digest(&self.text);
        self.is_too_long = bytes_in_page(&self.text) > INPUT_BYTES_MAX;
        self
    }

    /// Takes what a form sent: what was typed, and of which value it was made. What was not typed over is what the record has by now.
    pub fn read(&mut self, form: &Form) {
        if self.is_too_long || !form.has(&self.name) {
            return;
        }
        let typed = match self.input {
            InputType::Money => money_text(form.text(&self.name), form.text(&self.currency_name())),
            _ => self.normalised(form.text(&self.name)),
        };
        let was = form.text(&format!("was.{}", self.name));
        if digest(&typed) == was {
            return;
        }
        if self.was != was && self.text != typed {
            self.meanwhile = Some(std::mem::take(&mut self.text));
        }
        self.text = typed;
    }

    /// Whether something else is typed than the record has.
    pub fn is_changed(&self) -> bool {
        !self.is_too_long && digest(&self.text) != self.was
    }

    /// What is typed, as the API takes it: nothing is null. What is not of the field's type goes as a text, of which the engine says what
    /// is wrong with it.
    pub fn value(&self) -> Value {
        let text = self.text.as_str();
        if text.is_empty() {
            return Value::Null;
        }
        let as_text = || Value::from(text);
        match self.input {
            InputType::Line
            | InputType::Text
            | InputType::Date
            | InputType::Id
            | InputType::Choice => as_text(),
            InputType::Json => value::json::parse(text.as_bytes()).unwrap_or_else(|_| as_text()),
            InputType::Moment => Value::from(picked(text)),
            InputType::Money => {
                let (amount, currency) = (self.amount(), self.currency());
                let smallest = money::smallest(amount, currency);
                let amount = smallest.map_or_else(|| Value::from(amount), Value::from);
                json!({ "amount_minor": amount, "currency": currency })
            }
            InputType::Lines => {
                let lines = text.lines().map(str::trim);
                lines.filter(|line| !line.is_empty()).collect()
            }
            InputType::Labelled => {
                let lines = text.lines().map(str::trim);
                let lines = lines.filter(|line| !line.is_empty());
                lines.map(|line| labelled(&self.name, line)).collect()
            }
            InputType::Addresses => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                lines.map(postal::address_of).collect()
            }
            InputType::Whole => text.parse::<i64>().map_or_else(|_| as_text(), Value::from),
            InputType::Number => {
                let number = serde_json::from_str::<Number>(text);
                number.map_or_else(|_| as_text(), Value::Number)
            }
            InputType::Truth => text.parse::<bool>().map_or_else(|_| as_text(), Value::from),
        }
    }

    /// The amount that is typed, of one of money.
    pub fn amount(&self) -> &str {
        let parts = self.text.rsplit_once(' ');
        parts.map_or(self.text.as_str(), |(amount, _)| amount)
    }

    /// The code of its currency.
    pub fn currency(&self) -> &str {
        let parts = self.text.rsplit_once(' ');
        parts.map_or("", |(_, currency)| currency)
    }

    /// What the element of its currency is called.
    pub fn currency_name(&self) -> String {
        format!("{}.currency", self.name)
    }

    pub fn error(&self) -> Option<Message<'_>> {
        self.error.as_deref().map(Message)
    }

    /// Whether something is said below it.
    pub fn is_described(&self) -> bool {
        self.error.is_some() || self.hint.is_some() || self.meanwhile.is_some()
    }

    /// What its field is called among the ids of the page.
    pub fn id(&self) -> String {
        format!("f-{}", self.name.replace('.', "-"))
    }

    /// Whether it is typed in several lines, in a field that is as wide as the form. Others have one line: a browser drops the breaks
    /// between those of a text that it is given for such a field.
    pub fn has_lines(&self) -> bool {
        match self.input {
            InputType::Text
            | InputType::Json
            | InputType::Lines
            | InputType::Labelled
            | InputType::Addresses => true,
            InputType::Line
            | InputType::Whole
            | InputType::Number
            | InputType::Date
            | InputType::Moment
            | InputType::Id
            | InputType::Choice
            | InputType::Truth
            | InputType::Money => false,
        }
    }

    /// The `type` of its element.
    pub fn html_type(&self) -> &'static str {
        match self.input {
            InputType::Date => "date",
            InputType::Moment => "datetime-local",
            InputType::Line
            | InputType::Text
            | InputType::Whole
            | InputType::Number
            | InputType::Id
            | InputType::Choice
            | InputType::Lines
            | InputType::Labelled
            | InputType::Addresses
            | InputType::Truth
            | InputType::Money
            | InputType::Json => "text",
        }
    }

    /// What there is to choose from, with what people call it, and whether it is chosen.
    pub fn options(&self) -> Vec<(&str, &str, bool)> {
        let fixed: &[(&str, &str)] = match self.input {
            InputType::Truth => &[("true", "Yes"), ("false", "No")],
            _ => &[],
        };
        let fixed = fixed.iter().copied();
        let chosen = self
            .choices
            .iter()
            .map(|choice| (choice.as_str(), choice.as_str()));
        let mut all: Vec<(&str, &str, bool)> = fixed
            .chain(chosen)
            .map(|(value, name)| (value, name, value == self.text))
            .collect();
        let is_there = all.iter().any(|(_, _, is_chosen)| *is_chosen);
        if !is_there && !self.text.is_empty() {
            // What the record has from before the field had these choices.
            all.push((&self.text, &self.text, true));
        }
        all
    }

    /// What is typed for a value.
    fn typed(&self, value: &Value) -> String {
        let text = match value {
            Value::Object(members) if self.input == InputType::Money => {
                let amount = members.get("amount_minor").and_then(Value::as_i64);
                let currency = members.get("currency").and_then(Value::as_str);
                let currency = currency.unwrap_or_default();
                let amount = amount.map(|amount| money::typed(amount, currency));
                money_text(&amount.unwrap_or_default(), currency)
            }
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(values) if self.input == InputType::Lines => {
                let lines = values.iter().map(|value| match value {
                    Value::String(text) => text.clone(),
                    value => value.to_string(),
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Value::Array(values) if self.input == InputType::Labelled => {
                let lines = values.iter().map(|value| line_of(&self.name, value));
                lines.collect::<Vec<_>>().join("\n")
            }
            Value::Array(values) if self.input == InputType::Addresses => {
                let lines = values.iter().map(postal::line_of);
                lines.collect::<Vec<_>>().join("\n")
            }
            Value::Object(members) if self.input == InputType::Json && members.is_empty() => {
                String::new()
            }
            Value::Object(_) if self.input == InputType::Json => {
                serde_json::to_string_pretty(value).unwrap_or_default()
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                value.to_string()
            }
        };
        match self.input {
            InputType::Moment => text.trim_end_matches('Z').to_owned(),
            _ => self.normalised(&text),
        }
    }

    /// A text as a browser gives it back: on one line, but where a field has several.
    fn normalised(&self, text: &str) -> String {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        match self.has_lines() || self.input == InputType::Choice {
            true => text,
            false => text.replace('\n', "").trim().to_owned(),
        }
    }
}

/// What an entry of a list is called that has the address, or the number.
fn of_entry(list: &str) -> &str {
    list.strip_suffix('s').unwrap_or(list)
}

/// An entry of a list as a line.
fn line_of(list: &str, value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let entry = text(of_entry(list)).unwrap_or_default();
    match text("label") {
        Some(label) => format!("{entry} | {label}"),
        // What is behind the last one is a label.
        None if entry.contains('|') => format!("{entry} |"),
        None => entry.to_owned(),
    }
}

/// A line as an entry of a list.
fn labelled(list: &str, line: &str) -> Value {
    let (entry, label) = match line.rsplit_once('|') {
        Some((entry, label)) => (entry.trim(), Some(label.trim())),
        None => (line, None),
    };
    let label = label.filter(|label| !label.is_empty());
    json!({ of_entry(list): entry, "label": label })
}

/// An amount with its currency, as one text: nothing where there is no amount.
fn money_text(amount: &str, currency: &str) -> String {
    let amount: String = amount.split_whitespace().collect();
    let currency: String = currency.split_whitespace().collect();
    match amount.is_empty() {
        true => String::new(),
        false => format!("{amount} {}", currency.to_uppercase()),
    }
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    hex(&digest[..DIGEST_BYTES])
}

#[cfg(test)]
mod tests;
