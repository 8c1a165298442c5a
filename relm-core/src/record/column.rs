//! Which named, typed values a record shows to filters and to the store's tables.

use std::borrow::Cow;

use crate::value::id::{Id, Kind};
use crate::value::time::{Date, Timestamp};
use crate::value::{email, host, text};

/// What a column holds, and so how a filter's value for it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text of at most so many characters, compared by code point.
    Text {
        /// The most characters.
        chars_max: usize,
    },
    /// The id of a record of this kind, or of any kind where none is named.
    Id(Option<Kind>),
    /// An integer within ±(2^53 − 1).
    Integer,
    /// True or false, stored as 1 or 0.
    Boolean,
    /// A calendar day, stored as `YYYY-MM-DD`.
    Date,
    /// A moment, stored as milliseconds since the Unix epoch.
    Timestamp,
    /// A JSON document as canonical text; no filter compares it as a whole.
    Json,
}

impl ColumnType {
    /// The name that the schema shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Id(_) => "id",
            Self::Integer => "integer",
            Self::Boolean => "bool",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
        }
    }

    /// Whether the column is stored as an integer; every other is stored as text.
    pub const fn is_integer(self) -> bool {
        match self {
            Self::Integer | Self::Boolean | Self::Timestamp => true,
            Self::Text { .. } | Self::Id(_) | Self::Date | Self::Json => false,
        }
    }
}

/// How a store must be able to reach records through a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Filters on it may walk the list.
    Scanned,
    /// A filter on it reads only what matches, newest first.
    Indexed,
    /// At most one record of the scope holds a value: the kind's unique key.
    Unique,
    /// The moment from which [`Store::lease`](crate::store::Store::lease) takes the record; null where it never does.
    /// A lease may keep its own end there: only a write sets it back.
    Due,
}

/// When two values of a column are one. Filters that ask for equality compare by it; those that ask for order or for a
/// pattern read texts as texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Texts are equal code point by code point; other values as they are.
    Value,
    /// E-mail addresses, by [`email::key`]: the column of the unique key holds it.
    Email,
    /// Domains, by [`host::key`].
    Domain,
    /// Codes in upper case, written in any.
    Code,
}

impl Identity {
    /// What a text is compared by.
    pub(crate) fn key(self, text: &str) -> ColumnValue<'static> {
        ColumnValue::from(match self {
            Self::Value => text.to_owned(),
            Self::Email => email::key(text),
            Self::Domain => host::key(text).into_owned(),
            Self::Code => text.to_ascii_uppercase(),
        })
    }
}

/// One column of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in JSON, in filters and in SQL.
    pub name: &'static str,
    /// What it holds.
    pub ty: ColumnType,
    /// How it is reached.
    pub access: Access,
    /// Whether a client may filter on it. A column that is not filterable is the store's alone.
    pub filterable: bool,
    /// When two values are one.
    pub identity: Identity,
    /// Whether a create must give a value.
    pub required: bool,
}

impl Column {
    pub(crate) const fn new(name: &'static str, ty: ColumnType) -> Self {
        Self {
            name,
            ty,
            access: Access::Scanned,
            filterable: true,
            identity: Identity::Value,
            required: false,
        }
    }

    pub(crate) const fn text(name: &'static str, chars_max: usize) -> Self {
        Self::new(name, ColumnType::Text { chars_max })
    }

    pub(crate) const fn id(name: &'static str, kind: Kind) -> Self {
        Self::new(name, ColumnType::Id(Some(kind)))
    }

    pub(crate) const fn indexed(mut self) -> Self {
        self.access = Access::Indexed;
        self
    }

    pub(crate) const fn unique(mut self) -> Self {
        self.access = Access::Unique;
        self
    }

    pub(crate) const fn due(mut self) -> Self {
        self.access = Access::Due;
        self.hidden()
    }

    pub(crate) const fn compared_as(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn hidden(mut self) -> Self {
        self.filterable = false;
        self
    }

    /// Composes a text of the column. What grows by that beyond the column is from before a write was refused for it, and
    /// is cut.
    pub(crate) fn compose(&self, scalar: &mut ColumnValue<'_>) {
        if let (ColumnType::Text { chars_max }, ColumnValue::Text(text)) = (self.ty, scalar)
            && let Cow::Owned(composed) = text::nfc(text)
        {
            *text = Cow::Owned(composed.chars().take(chars_max).collect());
        }
    }
}

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
