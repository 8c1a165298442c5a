//! SQL text and the values bound to it, written together so that the two cannot drift.

use std::borrow::Cow;
use std::fmt::Write as _;

use relm_core::record::column::{Column, ColumnValue};
use relm_core::value::id::{Id, Kind};

/// The values of one row of a table.
pub(crate) type Row = Vec<Value>;

/// A value on its way into a statement. One that is null still says what it is: PostgreSQL wants to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<Cow<'static, str>>),
}

impl Value {
    /// The value of a column, which may be null.
    pub fn of(column: &Column, scalar: Option<ColumnValue<'static>>) -> Self {
        match scalar {
            Some(ColumnValue::Integer(value)) => Self::Integer(Some(value)),
            Some(ColumnValue::Text(text)) => Self::Text(Some(text)),
            None if column.ty.is_integer() => Self::Integer(None),
            None => Self::Text(None),
        }
    }
}

impl<T: Into<ColumnValue<'static>>> From<T> for Value {
    fn from(value: T) -> Self {
        match value.into() {
            ColumnValue::Integer(value) => Self::Integer(Some(value)),
            ColumnValue::Text(text) => Self::Text(Some(text)),
        }
    }
}

/// A statement under construction, or done. A value's place is written `?`, so that statements can be joined; what
/// PostgreSQL calls `$1` is numbered when it is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sql {
    pub text: String,
    pub values: Vec<Value>,
}

impl Sql {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Another statement, or a part of one.
    pub fn append(&mut self, part: Sql) -> &mut Self {
        self.text.push_str(&part.text);
        self.values.extend(part.values);
        self
    }

    /// A placeholder, and its value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.text.push('?');
        self.values.push(value.into());
        self
    }

    /// `name = ?`, with the word before it.
    pub fn and(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.push(" AND ").push(name).push(" = ").bind(value)
    }

    /// ` AND name IN (?, …)`. The list is padded with its last value to a power of two, so that a connection prepares
    /// few shapes.
    pub fn and_in(&mut self, name: &str, values: &[ColumnValue<'static>]) -> &mut Self {
        if values.is_empty() {
            return self.push(" AND 1 = 0");
        }
        self.push(" AND ").push(name).push(" IN (");
        let last = values.last();
        let padding = values.len().next_power_of_two() - values.len();
        let padded = values
            .iter()
            .chain(std::iter::repeat_n(last, padding).flatten());
        for (place, value) in padded.enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.bind(value.clone());
        }
        self.push(")")
    }

    pub fn limit(&mut self, rows: usize) -> &mut Self {
        // More than any database takes for a number of rows is more than any table has.
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let written = write!(self.text, " LIMIT {rows}");
        debug_assert!(written.is_ok(), "writing to a String does not fail");
        self
    }

    /// `(?, …), …`.
    pub fn rows(&mut self, rows: Vec<Row>) -> &mut Self {
        let values = rows.iter().map(Vec::len).sum();
        self.values.reserve(values);
        self.text
            .reserve("?, ".len() * values + "(), ".len() * rows.len());
        for (place, row) in rows.into_iter().enumerate() {
            self.push(if place > 0 { ", (" } else { "(" });
            for (column, value) in row.into_iter().enumerate() {
                if column > 0 {
                    self.push(", ");
                }
                self.bind(value);
            }
            self.push(")");
        }
        self
    }

    /// `unnest(CAST(? AS …), …)`: the columns of rows of one shape, each as one array.
    pub fn arrays(&mut self, rows: &[Row]) -> &mut Self {
        self.push("unnest(");
        for column in 0..rows.first().map_or(0, Vec::len) {
            self.push(if column > 0 { ", CAST(" } else { "CAST(" });
            self.bind(array(rows.iter().map(|row| &row[column])));
            self.push(match rows[0][column] {
                Value::Integer(_) => " AS BIGINT[])",
                Value::Text(_) => " AS TEXT[])",
            });
        }
        self.push(")")
    }
}

/// An array as PostgreSQL reads it from text: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
fn array<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let mut array = String::from("{");
    for (place, value) in values.enumerate() {
        if place > 0 {
            array.push(',');
        }
        match value {
            Value::Integer(None) | Value::Text(None) => array.push_str("NULL"),
            Value::Integer(Some(value)) => array.push_str(&value.to_string()),
            Value::Text(Some(text)) => {
                array.push('"');
                for character in text.chars() {
                    if matches!(character, '"' | '\\') {
                        array.push('\\');
                    }
                    array.push(character);
                }
                array.push('"');
            }
        }
    }
    array.push('}');
    array
}

/// The table of a kind.
pub(crate) const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "contacts",
        Kind::Company => "companies",
        Kind::Deal => "deals",
        Kind::Activity => "activities",
        Kind::Association => "associations",
        Kind::Field => "fields",
        Kind::Webhook => "webhooks",
        Kind::Event => "events",
        Kind::Delivery => "deliveries",
        Kind::Key => "api_keys",
        Kind::Workspace => "workspaces",
        Kind::Trashed => "trash",
        Kind::User => "users",
        Kind::Session => "sessions",
        Kind::UniqueValue => "unique_values",
        Kind::Import => "imports",
        Kind::ImportPart => "import_parts",
    }
}

/// The ULID of an id, as `terms` keeps it.
pub(crate) fn ulid_text(id: Id) -> String {
    let text = id.to_string();
    text[text.len() - 26..].to_owned()
}

/// Ids as the values of a list.
pub(crate) fn texts(ids: &[Id]) -> Vec<ColumnValue<'static>> {
    ids.iter().map(|id| ColumnValue::from(*id)).collect()
}
