//! What JSON a request body may hold, and when two JSON values are the same.

use std::cell::Cell;
use std::fmt;
use std::str;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

use crate::limits::{INTEGER_MAX, JSON_DEPTH_MAX, JSON_VALUES_MAX};
use crate::value::excerpt::Quoted;

/// Why a request body was refused, in words for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// What was wrong, where, and what would be right.
    pub message: String,
}

/// Reads one JSON value (RFC 8259), more strictly than most readers do: what two readers could understand differently,
/// or a store could not give back, is refused.
///
/// # Errors
///
/// When the bytes are not UTF-8 or not exactly one JSON value, when an object names a member twice, when arrays and
/// objects nest deeper than [`JSON_DEPTH_MAX`], when there are more than [`JSON_VALUES_MAX`] values, when a string or a key
/// holds the character NUL or half a surrogate pair, and when a number is too large for a double.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        refuse(format!("The body is not UTF-8: the byte at offset {offset} begins no character. Encode it as UTF-8."))
    })?;
    if text.starts_with('\u{FEFF}') {
        return Err(refuse(
            "The body begins with a byte order mark: send it without.".to_owned(),
        ));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let root = Node {
        depth: 1,
        left: &Cell::new(JSON_VALUES_MAX),
    };
    let value = root.deserialize(&mut reader);
    value
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| explain(text, &error))
}

fn refuse(message: String) -> JsonError {
    JsonError { message }
}

fn explain(text: &str, error: &serde_json::Error) -> JsonError {
    refuse(match error.classify() {
        Category::Data => format!("The body is not acceptable JSON: {error}."),
        Category::Eof if text.trim_ascii().is_empty() => {
            "The body is empty: send a JSON value.".to_owned()
        }
        Category::Eof => format!("The body ends before its JSON does: {error}."),
        // Nothing is read from a device here, so the reader's own failures are about the text too.
        Category::Syntax | Category::Io => {
            let said = error.to_string();
            let hint = match MORE_OF_SYNTAX
                .iter()
                .find(|(begin, _)| said.starts_with(begin))
            {
                Some((_, hint)) => hint,
                None => spelling(text, error.line(), error.column()),
            };
            format!("The body is not valid JSON: {said}.{hint}")
        }
    })
}

/// How messages of the reader begin, with what would be right.
const MORE_OF_SYNTAX: [(&str, &str); 4] = [
    (
        "trailing characters",
        " Send one JSON value, and nothing after it.",
    ),
    (
        "control character",
        " Within a text a line's end is \\n, and a tab \\t.",
    ),
    ("unexpected end of hex escape", HALF_A_PAIR),
    ("lone leading surrogate in hex escape", HALF_A_PAIR),
];
const HALF_A_PAIR: &str = " An escape from \\ud800 to \\udfff is half a character: send both halves, or the character itself.";

/// What other notations have where JSON has something else, by the character at a position of the text.
fn spelling(text: &str, line: usize, column: usize) -> &'static str {
    let line = text
        .split('\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    // The position is that of the offending byte, or of the end of the word that it began.
    let from = line
        .as_bytes()
        .get(column.saturating_sub(1)..)
        .unwrap_or_default();
    match from.first() {
        _ if [&b"NaN"[..], b"Infinity", b"-Infinity"]
            .iter()
            .any(|word| from.starts_with(word)) =>
        {
            " JSON has no NaN and no Infinity: leave the member out, or send null."
        }
        Some(b'\'' | b'`') => " JSON names and texts take double quotes.",
        Some(b'T' | b'F' | b'N') => " JSON writes true, false and null.",
        Some(first) if column == 1 && first.is_ascii_alphabetic() => {
            " Send an object, as in {\"email\":\"ada@example.com\"}; a form is not read."
        }
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            " JSON names and texts take double quotes."
        }
        Some(b'/' | b'#') => " JSON has no comments.",
        _ => "",
    }
}

/// One value to be read.
#[derive(Clone, Copy)]
struct Node<'a> {
    /// The depth of the array or object that it would be.
    depth: usize,
    /// Values that the text may still hold.
    left: &'a Cell<usize>,
}

impl Node<'_> {
    /// What the members of this value are read as.
    fn enter<E: de::Error>(self) -> Result<Self, E> {
        if self.depth > JSON_DEPTH_MAX {
            return Err(E::custom(format_args!(
                "arrays and objects nest deeper than {JSON_DEPTH_MAX}, make it flatter"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| {
            de::Error::custom(format_args!(
                "it holds more than {JSON_VALUES_MAX} values, send less at once"
            ))
        })?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number is not finite"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        without_nul(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.enter()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.enter()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let key = without_nul(key)?;
            // Checked before the value is read, so that the position in the message is the second key's.
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!(
                    "the key {} appears twice in one object",
                    Quoted(&key)
                )));
            }
            object.insert(key, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

fn without_nul<E: de::Error>(text: String) -> Result<String, E> {
    if text.contains('\0') {
        return Err(E::custom(
            "a string holds the character NUL (\\u0000), leave it out",
        ));
    }
    Ok(text)
}

/// The one text of a JSON value: equal values, however they were written, give equal texts.
///
/// Members are sorted by key, there is no white space, and an integer is written as one (`1.0` and `1e0` as `1`,
/// `-0.0` as `0`).
pub fn canonical(value: &Value) -> String {
    serde_json::to_string(&Canonical(value))
        .expect("a JSON value has text keys and is written to memory")
}

struct Canonical<'value>(&'value Value);

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => match whole(number) {
                Some(integer) => serializer.serialize_i128(integer),
                None => number.serialize(serializer),
            },
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(elements) => serializer.collect_seq(elements.iter().map(Canonical)),
            Value::Object(object) => {
                // Another crate in the host's build can turn on serde_json's `preserve_order`.
                let mut members: Vec<_> = object.iter().collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, &Canonical(value))?;
                }
                map.end()
            }
        }
    }
}

/// The number's value where it is an integer within ±2^127, which is exact: only doubles reach further, and their own
/// notation is unique.
fn whole(number: &Number) -> Option<i128> {
    const LIMIT: f64 = (1_u128 << 127) as f64;
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(integer), _, _) => Some(i128::from(integer)),
        (None, Some(integer), _) => Some(i128::from(integer)),
        (None, None, Some(double)) if double.fract() == 0.0 && double.abs() < LIMIT => {
            Some(double as i128)
        }
        (None, None, _) => None,
    }
}

/// Whether a number may be stored: finite and within ±[`INTEGER_MAX`].
///
/// The bound on integers holds for all numbers, since every double beyond it is an integer.
pub fn check_number(number: &Number) -> bool {
    // Rounding to a double keeps order, so an integer beyond the bound stays beyond it.
    number
        .as_f64()
        .is_some_and(|double| double.abs() <= INTEGER_MAX as f64)
}

#[cfg(test)]
mod tests;
