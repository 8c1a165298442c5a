//! What a request most likely meant where it has a value of another form. A message says both what was given and what would be right, since people read nothing but the message.

mod id;
mod moment;

use std::fmt::Display;

use serde_json::{Value, json};

pub use self::id::named_id;
pub(crate) use self::id::{id_meant, with_article};
pub(crate) use self::moment::{date_meant, timestamp_meant};

use crate::error::Error;
use crate::limits::{ERROR_LISTED_BYTES_MAX, FIELD_KEY_CHARS_MAX, INTEGER_MAX};
use crate::value::email;
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::json::check_number;
use crate::value::text;

/// Why a value is not one that a member takes: what it must be, what it is, and what was most likely meant.
pub(crate) fn mismatch(name: &str, expected: &str, value: &Value, hint: Hint) -> Error {
    let message = format!("`{name}` must be {expected}, not {}.", Shown(value));
    hint.on(Error::invalid(name, message))
}

/// What is said after a refusal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// What would have been right, in the form of the request.
    pub suggestion: Option<String>,
    /// The sentence that says so, where it is not the usual one.
    pub sentence: Option<String>,
}

impl Hint {
    pub fn of(suggestion: impl Display) -> Self {
        Self {
            suggestion: Some(suggestion.to_string()),
            sentence: None,
        }
    }

    fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.sentence = Some(sentence.into());
        self
    }

    pub fn sentence(sentence: impl Into<String>) -> Self {
        Self::default().saying(sentence)
    }

    /// The error, with the hint at its end.
    pub fn on(self, error: Error) -> Error {
        let Self {
            suggestion,
            sentence,
        } = self;
        match (suggestion, sentence) {
            (None, None) => error,
            (None, Some(sentence)) => error.adding(&sentence),
            (Some(suggestion), None) => error.suggest(&[&suggestion]),
            (Some(suggestion), Some(sentence)) => error.adding(&sentence).suggesting(suggestion),
        }
    }
}

/// A JSON value as a message shows it.
pub(crate) struct Shown<'a>(pub &'a Value);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(_) | Value::Number(_) => write!(f, "{}", self.0),
            Value::String(text) => {
                let quoted = Quoted(text).to_string();
                let inner = quoted
                    .strip_prefix('`')
                    .and_then(|rest| rest.strip_suffix('`'));
                write!(f, "\"{}\"", inner.unwrap_or(&quoted))
            }
            Value::Array(_) => f.write_str("an array"),
            Value::Object(_) => f.write_str("an object"),
        }
    }
}

/// For a member that takes a text.
pub(crate) fn text_meant(value: &Value) -> Hint {
    match value {
        Value::Number(_) | Value::Bool(_) => {
            Hint::of(value).saying(format!("In quotes it is one: \"{value}\"."))
        }
        Value::Array(items) => match &items[..] {
            [Value::String(only)] => {
                let sentence = format!("Send {} alone, without the brackets.", Quoted(only));
                Hint::of(only).saying(sentence)
            }
            _ => Hint::default(),
        },
        Value::Null | Value::String(_) | Value::Object(_) => Hint::default(),
    }
}

/// For a member that takes true or false.
pub(crate) fn boolean_meant(value: &Value) -> Hint {
    let meant = match value {
        Value::String(text) => match &*text.to_lowercase() {
            "true" | "yes" | "1" | "on" => true,
            "false" | "no" | "0" | "off" => false,
            _ => return Hint::default(),
        },
        Value::Number(number) if number.as_i64() == Some(1) => true,
        Value::Number(number) if number.as_i64() == Some(0) => false,
        _ => return Hint::default(),
    };
    Hint::of(meant).saying(format!("Send {meant}, without quotes."))
}

/// For a member that takes an integer, or any number.
pub(crate) fn number_meant(name: &str, value: &Value) -> Hint {
    let is_cents = name.ends_with("_cents");
    match value {
        Value::String(text) => match text.trim().parse::<serde_json::Number>() {
            Ok(number) if check_number(&number) && is_cents && !is_whole(&number) => {
                in_cents(name, &number)
            }
            Ok(number) if check_number(&number) => {
                Hint::of(&number).saying(format!("Send {number}, without quotes."))
            }
            _ if is_cents => Hint::sentence(format!(
                "`{name}` is whole cents, of digits alone: $10.50 is 1050, and its currency is `currency`."
            )),
            _ => Hint::default(),
        },
        Value::Number(number) if is_cents && check_number(number) => in_cents(name, number),
        _ => Hint::default(),
    }
}

fn is_whole(number: &serde_json::Number) -> bool {
    number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// A decimal amount is one in whole units of its currency.
fn in_cents(name: &str, amount: &serde_json::Number) -> Hint {
    let amount = amount.as_f64().unwrap_or_default();
    let cents = (amount * 100.0).round();
    let is_exact = cents / 100.0 == amount && cents.abs() <= INTEGER_MAX as f64;
    if !is_exact {
        return Hint::sentence(format!("`{name}` is whole cents."));
    }
    Hint::of(cents).saying(format!("`{name}` is whole cents: {amount:.2} is {cents}."))
}

/// For a member that takes the id of another record: that record as a whole is not sent.
pub(crate) fn reference_meant(kind: Kind, value: &Value) -> Hint {
    match value.get("id").and_then(Value::as_str).and_then(Id::parse) {
        Some(id) => Hint::of(id).saying(format!("Send the id alone: `{id}`.")),
        None => id_meant(kind, ""),
    }
}

/// For the options of a custom field.
pub(crate) fn choices_meant(value: &Value) -> Hint {
    match value {
        Value::Array(_) => Hint::of(json!({ "choices": value })),
        _ => Hint::default(),
    }
}

/// The first of these options, as a sentence lists them.
pub(crate) fn some_of<'a>(options: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for option in options {
        if !list.is_empty() {
            list.push_str(", ");
        }
        if list.len() + option.len() > ERROR_LISTED_BYTES_MAX {
            list.push('…');
            break;
        }
        list.push_str(option);
    }
    list
}

/// For a list of texts.
pub(crate) fn texts_meant(value: &Value) -> Hint {
    match value {
        Value::String(text) if text.len() <= ERROR_LISTED_BYTES_MAX => {
            let items = text.split(',').map(str::trim);
            Hint::of(Value::from_iter(items))
        }
        _ => Hint::default(),
    }
}

/// That a member is no list of texts: of a list it is said what in it is none.
pub(crate) fn no_texts(name: &str, value: &Value) -> Error {
    let mut items = value.as_array().into_iter().flatten().enumerate();
    match items.find(|(_, item)| !item.is_string()) {
        None => mismatch(name, "a list of strings", value, texts_meant(value)),
        Some((place, item)) => {
            let message = format!(
                "`{name}` must be a list of strings alone, and its item {place} is {}.",
                Shown(item)
            );
            text_in_quotes(item).on(Error::invalid(name, message))
        }
    }
}

fn text_in_quotes(value: &Value) -> Hint {
    match value {
        Value::Number(_) | Value::Bool(_) => text_meant(value),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => Hint::default(),
    }
}

/// For the key of a custom field: the name in small letters, with `_` between its words.
pub(crate) fn field_key_meant(name: &str) -> Hint {
    let mut key = String::new();
    let mut was_small = false;
    for char in name.trim().chars().take(FIELD_KEY_CHARS_MAX) {
        if char.is_ascii_alphanumeric() {
            // `firstName` has two words.
            if char.is_ascii_uppercase() && was_small {
                key.push('_');
            }
            key.push(char.to_ascii_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
        was_small = char.is_ascii_lowercase();
    }
    let key = key.trim_end_matches('_');
    match key.starts_with(|first: char| first.is_ascii_lowercase()) {
        true if key.len() <= FIELD_KEY_CHARS_MAX => Hint::of(key),
        _ => Hint::default(),
    }
}

/// For an e-mail address.
pub(crate) fn email_meant(text: &str) -> Hint {
    // A display name and angle brackets, a link, or a list.
    let inner = text.split_once('<').map_or(text, |(_, rest)| rest);
    let inner = inner.trim().trim_start_matches("mailto:");
    let inner = inner
        .split(['>', ',', ';', ' ', '?'])
        .next()
        .unwrap_or_default();
    match email::parse(inner) {
        Ok(address) if address != text.trim() => Hint::of(address.into_owned()),
        _ if text.is_empty() => Hint::sentence("Leave it out, or send null, where there is none."),
        _ => Hint::default(),
    }
}

/// For a URL without the scheme that it needs.
pub(crate) fn url_meant(url: &str) -> Hint {
    // What may hold a password is not repeated.
    let is_plain = !url.contains(['@', ' ']) && !url.is_empty();
    match url.split_once("://") {
        Some((scheme, rest))
            if is_plain && ["http", "https"].contains(&&*scheme.to_lowercase()) =>
        {
            Hint::of(format!("https://{rest}"))
        }
        None if is_plain => Hint::of(format!("https://{}", url.trim_start_matches('/'))),
        Some(_) | None => Hint::default(),
    }
}

/// For a row of a batch that is no object.
pub(crate) fn row_meant(value: &Value) -> Hint {
    match value.as_str().map(email::parse) {
        Some(Ok(email)) => Hint::of(json!({ "email": email })),
        Some(Err(_)) | None => Hint::default(),
    }
}

/// For a currency.
pub(crate) fn currency_meant(text: &str) -> Hint {
    let code = match text.trim().to_lowercase().as_str() {
        "$" | "us$" | "dollar" | "dollars" => "USD",
        "€" | "euro" | "euros" => "EUR",
        "£" | "pound" | "pounds" => "GBP",
        "¥" | "yen" => "JPY",
        other => match text::currency(other) {
            Some(code) => code,
            None => return Hint::default(),
        },
    };
    Hint::of(code)
}

#[cfg(test)]
mod tests;
