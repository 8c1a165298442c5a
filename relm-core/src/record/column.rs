//! Which named, typed values a record shows to filters and to the store's tables.

mod value;

use std::borrow::Cow;

pub use self::value::ColumnValue;
use crate::value::id::{Id, Kind};
use crate::value::time::{Date, Timestamp};
use crate::value::{email, host, phone, text};

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
    /// The moment that a record of any scope waits for, by which [`Store::awaited`](crate::store::Store::awaited) gives it; null where it
    /// waits for none.
    Awaited,
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
    /// Texts without differences of case.
    Folded,
    /// Telephone numbers with their country codes, by [`phone::international`]; others code point by code point.
    Phone,
}

impl Identity {
    /// What a text is compared by.
    pub(crate) fn key(self, text: &str) -> ColumnValue<'static> {
        ColumnValue::from(match self {
            Self::Value => text.to_owned(),
            Self::Email => email::key(text),
            Self::Domain => host::key(text).into_owned(),
            Self::Code => text.to_ascii_uppercase(),
            Self::Folded => text::fold(text),
            Self::Phone => phone::international(text).unwrap_or_else(|| text.to_owned()),
        })
    }
}

/// What search reads of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// Its words.
    Words,
    /// Its words, and the whole of it: a query of nothing else is an exact match.
    Name,
    /// The words of an e-mail address.
    Email,
    /// The words of a domain, and the whole of it.
    Domain,
    /// Its words, and the telephone numbers in it.
    Phone,
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
    /// What search reads of it; none where it reads nothing.
    pub searched: Option<Searched>,
}

/// A column of the records of one type, with the accessor that reads its value from a record.
pub struct ColumnOf<R> {
    column: Column,
    accessor: Accessor<R>,
}

/// Makes a text of what a record holds.
type Make<R> = fn(&R) -> Option<String>;

/// How a value is read. Each column type has its own, so that a column cannot hold what its type does not say.
enum Accessor<R> {
    /// A text that the record holds.
    Text(fn(&R) -> Option<&str>),
    /// A text that is made of what the record holds.
    Derived(Make<R>),
    Id(fn(&R) -> Option<Id>),
    Integer(fn(&R) -> Option<i64>),
    Boolean(fn(&R) -> bool),
    Date(fn(&R) -> Option<Date>),
    Timestamp(fn(&R) -> Option<Timestamp>),
    Json(fn(&R) -> String),
}

/// A type of record that has columns.
pub trait Columns: Sized + 'static {
    /// All of them, in the order of [`columns`](crate::record::columns).
    const COLUMNS: &'static [ColumnOf<Self>];
}

/// What the columns of a type of record are, without their accessors.
pub(crate) const fn descriptions<R: Columns, const N: usize>() -> [Column; N] {
    let mut columns = [R::COLUMNS[0].column; N];
    let mut index = 1;
    while index < N {
        columns[index] = R::COLUMNS[index].column;
        index += 1;
    }
    columns
}

impl Column {
    const fn with<R>(name: &'static str, ty: ColumnType, accessor: Accessor<R>) -> ColumnOf<R> {
        let column = Self {
            name,
            ty,
            access: Access::Scanned,
            filterable: true,
            identity: Identity::Value,
            required: false,
            searched: None,
        };
        ColumnOf { column, accessor }
    }

    pub(crate) const fn text<R>(
        name: &'static str,
        chars_max: usize,
        read: fn(&R) -> Option<&str>,
    ) -> ColumnOf<R> {
        Self::with(name, ColumnType::Text { chars_max }, Accessor::Text(read))
    }

    /// The unique key of a kind: a text that is made of the record, and that no client sees.
    pub(crate) const fn key<R>(name: &'static str, chars: usize, make: Make<R>) -> ColumnOf<R> {
        Self::made(name, chars, make).unique()
    }

    /// A text that is made of the record, and that clients filter by.
    pub(crate) const fn made<R>(name: &'static str, chars: usize, make: Make<R>) -> ColumnOf<R> {
        let ty = ColumnType::Text { chars_max: chars };
        Self::with(name, ty, Accessor::Derived(make))
    }

    pub(crate) const fn id<R>(
        name: &'static str,
        kind: Kind,
        read: fn(&R) -> Option<Id>,
    ) -> ColumnOf<R> {
        Self::with(name, ColumnType::Id(Some(kind)), Accessor::Id(read))
    }

    pub(crate) const fn any_id<R>(name: &'static str, read: fn(&R) -> Option<Id>) -> ColumnOf<R> {
        Self::with(name, ColumnType::Id(None), Accessor::Id(read))
    }

    pub(crate) const fn integer<R>(name: &'static str, read: fn(&R) -> Option<i64>) -> ColumnOf<R> {
        Self::with(name, ColumnType::Integer, Accessor::Integer(read))
    }

    pub(crate) const fn boolean<R>(name: &'static str, read: fn(&R) -> bool) -> ColumnOf<R> {
        Self::with(name, ColumnType::Boolean, Accessor::Boolean(read))
    }

    pub(crate) const fn date<R>(name: &'static str, read: fn(&R) -> Option<Date>) -> ColumnOf<R> {
        Self::with(name, ColumnType::Date, Accessor::Date(read))
    }

    pub(crate) const fn timestamp<R>(
        name: &'static str,
        read: fn(&R) -> Option<Timestamp>,
    ) -> ColumnOf<R> {
        Self::with(name, ColumnType::Timestamp, Accessor::Timestamp(read))
    }

    /// A moment that records of all scopes are found by, and that no client sees.
    pub(crate) const fn awaited<R>(
        name: &'static str,
        read: fn(&R) -> Option<Timestamp>,
    ) -> ColumnOf<R> {
        let mut column = Self::timestamp(name, read);
        column.column.access = Access::Awaited;
        column.hidden()
    }

    pub(crate) const fn json<R>(name: &'static str, render: fn(&R) -> String) -> ColumnOf<R> {
        Self::with(name, ColumnType::Json, Accessor::Json(render)).hidden()
    }

    /// A text as the column holds it: of a domain what it is compared by, and composed (NFC) where filters compare it.
    /// What grows by that beyond the column is from before a write was refused for it, and is cut.
    fn stored<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let domain = (self.identity == Identity::Domain).then(|| host::key(text));
        let text = domain.unwrap_or(Cow::Borrowed(text));
        let composed = match (self.filterable, self.ty, text::nfc(&text)) {
            (true, ColumnType::Text { chars_max }, Cow::Owned(composed)) => {
                composed.chars().take(chars_max).collect()
            }
            _ => return text,
        };
        Cow::Owned(composed)
    }
}

impl<R> ColumnOf<R> {
    pub(crate) const fn indexed(mut self) -> Self {
        self.column.access = Access::Indexed;
        self
    }

    pub(crate) const fn unique(mut self) -> Self {
        self.column.access = Access::Unique;
        self.hidden()
    }

    pub(crate) const fn due(mut self) -> Self {
        self.column.access = Access::Due;
        self.hidden()
    }

    pub(crate) const fn compared_as(mut self, identity: Identity) -> Self {
        self.column.identity = identity;
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.column.required = true;
        self
    }

    pub(crate) const fn searched(mut self, searched: Searched) -> Self {
        self.column.searched = Some(searched);
        self
    }

    pub(crate) const fn hidden(mut self) -> Self {
        self.column.filterable = false;
        self
    }

    /// What the column is.
    pub(crate) const fn column(&self) -> &Column {
        &self.column
    }

    /// The value that a record has in it; none where it is null.
    pub(crate) fn value<'a>(&self, record: &'a R) -> Option<ColumnValue<'a>> {
        match self.accessor {
            Accessor::Text(read) => {
                read(record).map(|text| ColumnValue::Text(self.column.stored(text)))
            }
            Accessor::Derived(make) => make(record).map(ColumnValue::from),
            Accessor::Id(read) => read(record).map(ColumnValue::from),
            Accessor::Integer(read) => read(record).map(ColumnValue::from),
            Accessor::Boolean(read) => Some(read(record).into()),
            Accessor::Date(read) => read(record).map(ColumnValue::from),
            Accessor::Timestamp(read) => read(record).map(ColumnValue::from),
            Accessor::Json(render) => Some(render(record).into()),
        }
    }

    /// The text that a record holds in it, as it was written.
    pub(crate) fn text<'a>(&self, record: &'a R) -> Option<&'a str> {
        match self.accessor {
            Accessor::Text(read) => read(record),
            Accessor::Derived(_)
            | Accessor::Id(_)
            | Accessor::Integer(_)
            | Accessor::Boolean(_)
            | Accessor::Date(_)
            | Accessor::Timestamp(_)
            | Accessor::Json(_) => None,
        }
    }

    /// The record of a kind that a record refers to by it.
    pub(crate) fn reference(&self, record: &R) -> Option<(Kind, Option<Id>)> {
        match (self.column.ty, &self.accessor) {
            (ColumnType::Id(Some(kind)), Accessor::Id(read)) => Some((kind, read(record))),
            _ => None,
        }
    }
}
