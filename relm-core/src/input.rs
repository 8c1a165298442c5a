//! How a JSON body becomes a typed input: three-state members, exact errors, nothing left unread.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::excerpt::Quoted;
use crate::id::{Id, Kind};
use crate::json;
use crate::time::{Date, Timestamp};

/// What a write says of one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// It becomes null.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// Applies the patch to a nullable member; `check` normalises or refuses a new value.
    pub(crate) fn apply(
        self,
        member: &mut Option<T>,
        check: impl FnOnce(T) -> Result<T>,
    ) -> Result<()> {
        match self {
            Self::Keep => {}
            Self::Clear => *member = None,
            Self::Set(value) => *member = Some(check(value)?),
        }
        Ok(())
    }

    /// Applies the patch to a member that a record cannot be without.
    pub(crate) fn apply_required(
        self,
        name: &str,
        member: &mut T,
        check: impl FnOnce(T) -> Result<T>,
    ) -> Result<()> {
        match self {
            Self::Keep => Ok(()),
            Self::Clear => Err(Error::invalid(
                name,
                format!("`{name}` is required: it cannot be null."),
            )),
            Self::Set(value) => {
                *member = check(value)?;
                Ok(())
            }
        }
    }

    /// The patch as it is meant where the member has a default and nothing to clear yet: null is absence.
    #[must_use]
    pub(crate) fn or_default(self) -> Self {
        match self {
            Self::Keep | Self::Clear => Self::Keep,
            Self::Set(value) => Self::Set(value),
        }
    }

    /// The value that the patch sets, if it sets one.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

/// Takes the members of one JSON object by name and type; what nobody took is refused at the end.
pub struct Reader {
    members: Map<String, Value>,
    /// Every name asked for, to suggest the nearest when one is unknown.
    known: Vec<&'static str>,
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
            }),
            other => Err(Error::bad_request(format!(
                "The body must be a JSON object, not {}.",
                type_name(&other)
            ))),
        }
    }

    /// Takes a member as it is; null is a value here.
    pub fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.members.remove(name)
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        convert: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Patch<T>> {
        match self.take(name) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(value) => {
                let found = type_name(&value);
                convert(value).map(Patch::Set).ok_or_else(|| {
                    Error::invalid(name, format!("`{name}` must be {expected}, not {found}."))
                })
            }
        }
    }

    /// Takes a text.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn text(&mut self, name: &'static str) -> Result<Patch<String>> {
        self.read(name, "a string or null", into_text)
    }

    /// Takes true or false.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn boolean(&mut self, name: &'static str) -> Result<Patch<bool>> {
        self.read(name, "true or false", |value| value.as_bool())
    }

    /// Takes an integer; `5.0` is one, and so is `1e2`.
    ///
    /// # Errors
    /// `validation_failed` when it is not an integer within ±(2^53 − 1).
    pub fn integer(&mut self, name: &'static str) -> Result<Patch<i64>> {
        self.read(
            name,
            "an integer between -9007199254740991 and 9007199254740991",
            |value| match value {
                Value::Number(number) if json::check_number(&number) => exact_integer(&number),
                _ => None,
            },
        )
    }

    /// Takes the id of a record of `kind`.
    ///
    /// # Errors
    /// `validation_failed` when it is not text, `invalid_reference` when it is not such an id.
    pub fn id(&mut self, name: &'static str, kind: Kind) -> Result<Patch<Id>> {
        match self.text(name)? {
            Patch::Keep => Ok(Patch::Keep),
            Patch::Clear => Ok(Patch::Clear),
            Patch::Set(text) => match Id::parse(&text) {
                Some(id) if id.kind() == kind => Ok(Patch::Set(id)),
                _ => Err(invalid_reference(name, kind)),
            },
        }
    }

    /// Takes a calendar day.
    ///
    /// # Errors
    /// `validation_failed` when it is not a real day as `YYYY-MM-DD`.
    pub fn date(&mut self, name: &'static str) -> Result<Patch<Date>> {
        self.read(name, "a calendar day as YYYY-MM-DD", |value| {
            value.as_str().and_then(Date::parse)
        })
    }

    /// Takes a moment.
    ///
    /// # Errors
    /// `validation_failed` when it is not RFC 3339.
    pub fn timestamp(&mut self, name: &'static str) -> Result<Patch<Timestamp>> {
        self.read(
            name,
            "an RFC 3339 time such as 2026-07-02T10:00:00Z",
            |value| value.as_str().and_then(Timestamp::parse),
        )
    }

    /// Takes an object, member by member.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn object(&mut self, name: &'static str) -> Result<Patch<Map<String, Value>>> {
        self.read(name, "an object or null", |value| match value {
            Value::Object(members) => Some(members),
            _ => None,
        })
    }

    /// Takes a list of texts.
    ///
    /// # Errors
    /// `validation_failed` when it is of another type.
    pub fn texts(&mut self, name: &'static str) -> Result<Patch<Vec<String>>> {
        self.read(name, "a list of strings", |value| match value {
            Value::Array(items) => items.into_iter().map(into_text).collect(),
            _ => None,
        })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `unknown_field` when a member was not asked for, with the nearest known name.
    pub fn finish(self) -> Result<()> {
        let Some(name) = self.members.keys().next() else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::UnknownField,
            format!("There is no field {} here.", Quoted(name)),
        )
        .at(name.as_str())
        .options(name, self.known.iter().copied()))
    }
}

pub(crate) fn read_only(name: &str) -> Error {
    Error::invalid(name, format!("`{name}` is read-only: leave it out."))
}

pub(crate) fn invalid_reference(name: &str, kind: Kind) -> Error {
    let what = kind.name();
    Error::new(
        ErrorKind::InvalidReference,
        format!("`{name}` must be the id of an existing {what}."),
    )
    .at(name)
}

/// The integer that a JSON number is, if it is one.
pub(crate) fn exact_integer(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        number
            .as_f64()
            .filter(|float| float.fract() == 0.0)
            .map(|float| float as i64)
    })
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
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
