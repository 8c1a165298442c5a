//! A value of a column.

use std::borrow::Cow;

use crate::value::id::Id;
use crate::value::time::{Date, Timestamp};

/// A value of a column, as a store holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnValue<'a> {
    /// An integer, a moment in milliseconds, or a truth value as 1 or 0.
    Integer(i64),
    /// Text, ordered by code point. (UTF-8 bytes order the same way.)
    Text(Cow<'a, str>),
}

impl ColumnValue<'_> {
    /// The same value, owned.
    pub fn into_owned(self) -> ColumnValue<'static> {
        match self {
            Self::Integer(value) => ColumnValue::Integer(value),
            Self::Text(text) => ColumnValue::Text(Cow::Owned(text.into_owned())),
        }
    }
}

impl<'a> From<&'a str> for ColumnValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for ColumnValue<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for ColumnValue<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for ColumnValue<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for ColumnValue<'_> {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<Id> for ColumnValue<'_> {
    fn from(id: Id) -> Self {
        Self::Text(Cow::Owned(id.text()))
    }
}

impl From<Date> for ColumnValue<'_> {
    fn from(date: Date) -> Self {
        Self::Text(Cow::Owned(date.to_string()))
    }
}

impl From<Timestamp> for ColumnValue<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Integer(at.as_millis())
    }
}
