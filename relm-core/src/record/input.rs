//! How a JSON body becomes a typed input: exact errors, nothing left unread.

use std::mem;

use serde_json::{Map, Number, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::record::hint::{self, Hint};
use crate::record::list::ListInput;
use crate::record::metadata::Metadata;
use crate::record::patch::Patch;
use crate::record::reference;
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::json;
use crate::value::spelling::OtherNames;
use crate::value::time::{Date, Timestamp};

/// The member that says what a record is.
const OBJECT: &str = "object";

/// The member that holds what no other does.
const METADATA: &str = "metadata";

/// What other APIs call what changes of a list.
const LIST_CHANGES_OTHER_NAMES: OtherNames = &[
    (&["append", "insert", "push", "attach", "create"], &["add"]),
    (&["delete", "detach", "pull", "unset"], &["remove"]),
];

/// What a member takes whose number is no integer within the bounds: see [`INTEGER_MAX`](crate::limits::INTEGER_MAX).
const INTEGER_RANGE: &str = "an integer between -9007199254740991 and 9007199254740991";

/// Gives an input `Deserialize` by its reader, so that a program reads of JSON what a request may say: the same members,
/// refused for the same reasons.
///
/// `read_as_json!(ContactInput, |mut reader| …)` is `impl Deserialize for ContactInput` by that function.
macro_rules! read_as_json {
    ($input:ty, $read:expr) => {
        impl<'de> serde::Deserialize<'de> for $input {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                let read: fn($crate::record::input::Reader) -> $crate::error::Result<Self> = $read;
                $crate::record::input::Reader::new(value)
                    .and_then(read)
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use read_as_json;

/// Takes the members of one JSON object by name and type; what nobody took is refused at the end.
pub struct Reader {
    members: Map<String, Value>,
    /// Every name asked for that can be set, to suggest the nearest when one is unknown.
    known: Vec<&'static str>,
    /// What else people call them.
    others: OtherNames,
}

impl Reader {
    /// A reader of `value`, which must be an object.
    ///
    /// # Errors
    /// `bad_request` when it is not one.
    pub fn new(value: Value) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self {
                members,
                known: Vec::with_capacity(16),
                others: &[],
            }),
            other => Err(Error::bad_request(format!(
                "The body must be a JSON object, not {}.",
                type_name(&other)
            ))),
        }
    }

    /// The same reader, which also understands whoever calls a member by one of these names.
    pub(crate) fn knowing(&mut self, others: OtherNames) {
        self.others = others;
    }

    /// Takes a member that cannot be set, so that no error suggests to set it.
    pub(crate) fn take_read_only(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// Takes members that cannot be changed, each of which may say again what `shown` says; the first that says anything else.
    pub(crate) fn take_same<const N: usize>(
        &mut self,
        names: [&'static str; N],
        shown: &Map<String, Value>,
    ) -> Option<&'static str> {
        let mut names = names.into_iter();
        names.find(|name| {
            let said = self.take_read_only(name);
            said.is_some() && said.as_ref() != shown.get(*name)
        })
    }

    /// Takes members that the engine alone writes, of a record that is to be made: a null says what leaving one out says. An
    /// `object` with a value stays: elsewhere that is the name of a member.
    ///
    /// # Errors
    /// `validation_failed` where another one has a value.
    pub(crate) fn take_none_of(&mut self, names: &[&str]) -> Result<()> {
        for name in names {
            match self.members.get(*name) {
                Some(Value::Null) => drop(self.members.remove(*name)),
                Some(_) if *name != OBJECT => return Err(read_only(name)),
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Takes a member as it is; null is a value here.
    pub fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.members.remove(name)
    }

    /// `expected` says what the member takes, where it is something else.
    fn read<T, E: AsRef<str>>(
        &mut self,
        name: &'static str,
        expected: impl FnOnce() -> E,
        convert: impl FnOnce(Value) -> Result<T, Value>,
        hint: impl FnOnce(&Value) -> Hint,
    ) -> Result<Patch<T>> {
        match self.take(name) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(value) => convert(value)
                .map(Patch::Set)
                .map_err(|value| hint::mismatch(name, expected().as_ref(), &value, hint(&value))),
        }
    }

    /// Takes a text.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn text(&mut self, name: &'static str) -> Result<Patch<String>> {
        self.read(name, || "a string", into_text, hint::text_meant)
    }

    /// Takes true or false.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn boolean(&mut self, name: &'static str) -> Result<Patch<bool>> {
        let convert = |value: Value| value.as_bool().ok_or(value);
        self.read(name, || "true or false", convert, hint::boolean_meant)
    }

    /// Takes an integer; `5.0` is one, and so is `1e2`.
    ///
    /// # Errors
    /// `validation_failed` when it is not an integer within ±(2^53 − 1).
    pub fn integer(&mut self, name: &'static str) -> Result<Patch<i64>> {
        let convert = |value: Value| {
            let integer = match &value {
                Value::Number(number) if json::check_number(number) => exact_integer(number),
                _ => None,
            };
            integer.ok_or(value)
        };
        let beyond = matches!(self.members.get(name), Some(Value::Number(number)) if !json::check_number(number));
        let expected = if beyond { INTEGER_RANGE } else { "an integer" };
        let hint = |value: &Value| hint::number_meant(name, value);
        self.read(name, || expected, convert, hint)
    }

    /// Takes a number.
    ///
    /// # Errors
    /// `validation_failed` when it is not a number within ±(2^53 − 1).
    pub fn number(&mut self, name: &'static str) -> Result<Patch<Number>> {
        let convert = |value: Value| match value {
            Value::Number(number) if json::check_number(&number) => Ok(number),
            other => Err(other),
        };
        let hint = |value: &Value| hint::number_meant(name, value);
        self.read(name, || "a number", convert, hint)
    }

    /// Takes the id of a record of `kind`.
    ///
    /// # Errors
    /// `validation_failed` when it is not text, `invalid_reference` when it is not such an id.
    pub fn id(&mut self, name: &'static str, kind: Kind) -> Result<Patch<Id>> {
        let expected = || format!("the id of {}, a string", hint::with_article(kind.noun()));
        let hint = |value: &Value| hint::reference_meant(kind, value);
        reference::id(name, kind, self.read(name, expected, into_text, hint)?)
    }

    /// Takes a calendar day.
    ///
    /// # Errors
    /// `validation_failed` when it is not a real day as `YYYY-MM-DD`.
    pub fn date(&mut self, name: &'static str) -> Result<Patch<Date>> {
        let convert = |value: Value| value.as_str().and_then(Date::parse).ok_or(value);
        self.read(
            name,
            || "a day such as 2026-07-02",
            convert,
            hint::date_meant,
        )
    }

    /// Takes a moment.
    ///
    /// # Errors
    /// `validation_failed` when it is not RFC 3339.
    pub fn timestamp(&mut self, name: &'static str) -> Result<Patch<Timestamp>> {
        let convert = |value: Value| value.as_str().and_then(Timestamp::parse).ok_or(value);
        let expected = "an RFC 3339 time such as 2026-07-02T10:00:00Z";
        self.read(name, || expected, convert, hint::timestamp_meant)
    }

    /// Takes an object, member by member; `example` is one that it could be.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub(crate) fn object(
        &mut self,
        name: &'static str,
        example: &str,
        hint: impl FnOnce(&Value) -> Hint,
    ) -> Result<Patch<Map<String, Value>>> {
        let convert = |value: Value| match value {
            Value::Object(members) => Ok(members),
            other => Err(other),
        };
        let expected = || format!("an object such as {example}");
        self.read(name, expected, convert, hint)
    }

    /// Takes `metadata`.
    ///
    /// # Errors
    /// `validation_failed` when it is no object.
    pub fn metadata(&mut self) -> Result<Patch<Metadata>> {
        let members = self.object(METADATA, r#"{"plan":"pro"}"#, |_| Hint::default())?;
        Ok(members.map(Metadata::from))
    }

    /// Takes a list of texts.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn texts(&mut self, name: &'static str) -> Result<Patch<Vec<String>>> {
        match self.take(name) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                let texts: Result<_, Value> = items.into_iter().map(into_text).collect();
                texts
                    .map(Patch::Set)
                    .map_err(|value| hint::no_texts(name, &value))
            }
            Some(other) => Err(hint::no_texts(name, &other)),
        }
    }

    /// Takes a list of texts, or what is added to it and removed from it.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn list(&mut self, name: &'static str) -> Result<Patch<ListInput>> {
        match self.members.get_mut(name) {
            Some(Value::Object(changes)) => {
                let changes = mem::take(changes);
                self.take(name);
                list_change(name, changes).map(Patch::Set)
            }
            _ => Ok(self.texts(name)?.map(ListInput::Whole)),
        }
    }

    /// Takes the members that `read` takes, and ends the reading.
    ///
    /// # Errors
    /// Those of `read`, and of [`finish`](Self::finish).
    pub(crate) fn all_of<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let all = read(&mut self)?;
        self.finish()?;
        Ok(all)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `unknown_field` when a member was not asked for, with the nearest known name.
    pub fn finish(self) -> Result<()> {
        self.unknown().map_or(Ok(()), Err)
    }

    /// What is wrong with the first member that was not asked for, where there is one.
    pub(crate) fn unknown(&self) -> Option<Error> {
        let (name, value) = self.members.iter().next()?;
        let known = self.known.iter().copied();
        let error = unknown_field(name);
        if is_wrapping(value, &self.known) {
            let sentence = format!("Send its members without {} around them.", Quoted(name));
            return Some(error.options("", known).adding(&sentence));
        }
        let takes_any = self.known.contains(&METADATA);
        let error = error.options_or(name, known, self.others);
        Some(match error.suggestion() {
            None if takes_any => error.adding("What has no field of ours goes into `metadata`."),
            Some(_) | None => error,
        })
    }
}

/// Whether members that belong here are within a value, as other APIs have them in `properties` or `data`.
fn is_wrapping(value: &Value, known: &[&'static str]) -> bool {
    let members = value.as_object().into_iter().flatten();
    members
        .take(known.len())
        .any(|(name, _)| known.contains(&&**name))
}

/// Reads what is added to a list and removed from it.
fn list_change(name: &str, changes: Map<String, Value>) -> Result<ListInput> {
    let at = |error: Error| {
        let path = format!("{name}.{}", error.field().unwrap_or_default());
        error.at(path)
    };
    if changes.is_empty() {
        let message = format!(
            "`{name}` must be a list of strings, or an object that says what changes of it, such as {{\"add\":[\"a\"],\"remove\":[\"b\"]}}."
        );
        return Err(Error::invalid(name, message));
    }
    let mut reader = Reader::new(Value::Object(changes))?;
    reader.knowing(LIST_CHANGES_OTHER_NAMES);
    let mut texts = |part| match reader.texts(part)? {
        Patch::Set(texts) => Ok(texts),
        Patch::Keep | Patch::Clear => Ok(Vec::new()),
    };
    let (add, remove) = (texts("add").map_err(at)?, texts("remove").map_err(at)?);
    reader.finish().map_err(at)?;
    Ok(ListInput::Change { add, remove })
}

pub(crate) fn unknown_field(name: &str) -> Error {
    let message = format!("There is no field {} here.", Quoted(name));
    Error::new(ErrorKind::UnknownField, message).at(name)
}

pub(crate) fn read_only(name: &str) -> Error {
    Error::invalid(name, format!("`{name}` is read-only: leave it out."))
}

/// The integer that a JSON number is, if it is one.
pub(crate) fn exact_integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        number
            .as_f64()
            .filter(|float| float.fract() == 0.0)
            .map(|float| float as i64)
    })
}

fn into_text(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(other),
    }
}

/// What a client calls the type of a JSON value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
