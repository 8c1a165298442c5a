//! How a value that has a text is read from it: by `FromStr`, and from JSON that holds it as a string.

use std::fmt;

use serde::de::{self, Unexpected, Visitor};

/// The text is none of this type's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct ParseTextError {
    expected: &'static str,
}

impl ParseTextError {
    pub(crate) const fn new(expected: &'static str) -> Self {
        Self { expected }
    }

    /// What would have been right, such as "an id such as con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".
    pub const fn expected(self) -> &'static str {
        self.expected
    }
}

/// Gives a type `FromStr` by a reader of which `None` refuses the text.
///
/// `from_str!(Date, Date::parse, "a day")` is `impl FromStr for Date` with `Date::parse(text).ok_or(…)`.
macro_rules! from_str {
    ($ty:ty, $parse:expr, $expected:expr) => {
        impl std::str::FromStr for $ty {
            type Err = $crate::value::from_text::ParseTextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let parsed: Option<Self> = ($parse)(text);
                parsed.ok_or($crate::value::from_text::ParseTextError::new($expected))
            }
        }
    };
}
pub(crate) use from_str;

/// Gives a type whose values are all named `Display` and `FromStr` by their names.
///
/// `named!(Mode, as_str, "`live` or `test`")` is `impl Display for Mode`, which shows `self.as_str()`, and `impl FromStr
/// for Mode`, which finds the one of `Mode::ALL` that is shown so.
macro_rules! named {
    ($ty:ty, $name:ident, $expected:expr) => {
        impl std::fmt::Display for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.$name())
            }
        }

        $crate::value::from_text::from_str!(
            $ty,
            |text| Self::ALL.into_iter().find(|it| it.$name() == text),
            $expected
        );
    };
}
pub(crate) use named;

/// Gives a type that has `Display` and `FromStr` the same text in JSON.
///
/// `json_text!(Kind, "a kind of record")` is `impl Serialize for Kind` and `impl Deserialize for Kind`.
macro_rules! json_text {
    ($ty:ty, $expected:expr) => {
        impl serde::Serialize for $ty {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::value::from_text::FromText {
                    expecting: $expected,
                    parse: |text| text.parse().ok(),
                })
            }
        }
    };
}
pub(crate) use json_text;

/// Reads a value that JSON holds as a string, without copying the string first.
pub(crate) struct FromText<T> {
    /// What would be right, for the message.
    pub(crate) expecting: &'static str,
    /// The reader; `None` refuses the text.
    pub(crate) parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}
