//! Filters: what a list asks for.
//!
//! A request's filters are [parsed](parse) into clauses, some of which are rewritten so that an index can decide them, and a
//! record [meets](matches()) all clauses or is not listed.

mod evaluate;
mod misspelled;
mod parse;
mod rewrite;
#[cfg(test)]
mod tests;

pub use self::evaluate::matches;
pub use self::parse::{applies_to_field, filterable, metadata_type, parse};
pub use crate::record::filter::{Filter, Filterable, ListValue, MetadataValue, Operator};

use crate::error::Result;
use crate::record::column::ColumnValue;
use crate::record::column_index;
use crate::record::field::FieldType;
use crate::record::list::ListMember;
use crate::value::id::{Id, Kind};
use crate::value::pattern::Pattern;

/// What a clause looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The record's id.
    Id,
    /// The column at this index of the kind's [`columns`](crate::record::columns).
    Column(usize),
    /// Either of two columns: a clause holds when it holds for one of them.
    Either(usize, usize),
    /// A member of `metadata`; with the type of its definition where it has one.
    Metadata {
        /// The member.
        key: String,
        /// What the definition says it holds.
        field_type: Option<FieldType>,
    },
    /// The e-mail addresses of a contact, each by what it is compared by: those that it has beside its primary one among them.
    Addresses,
    /// The telephone numbers of a contact, likewise.
    Phones,
    /// A member that has several values, which are compared by what its identity makes of them.
    List(&'static ListMember),
}

/// Which way two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Neq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

/// What a clause asks of its target. A null target has only [`Condition::Null`].
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It compares so with a value. A `metadata` value is text here, and read as the stored value's type.
    Compare(Comparison, ColumnValue<'static>),
    /// It equals one of these.
    In(Vec<ColumnValue<'static>>),
    /// It is text that matches.
    Ilike(Pattern),
    /// It is null, or it is not.
    Null(bool),
}

/// One condition on a record. The clauses of a query all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it looks at.
    pub target: Target,
    /// What it asks.
    pub condition: Condition,
}

impl Clause {
    /// What is asked of a column of a kind.
    pub(crate) fn of_column(kind: Kind, column: &str, condition: Condition) -> Result<Self> {
        Ok(Self {
            target: Target::Column(column_index(kind, column)?),
            condition,
        })
    }

    /// That a record of a kind refers by a member to one of these: by a column, or by a custom field, `metadata.` and its key, which is looked
    /// up by the index of `metadata`.
    pub(crate) fn referring(
        kind: Kind,
        member: &str,
        to: impl IntoIterator<Item = Id>,
    ) -> Result<Self> {
        let condition = Condition::In(to.into_iter().map(ColumnValue::from).collect());
        match member.strip_prefix("metadata.") {
            Some(key) => Ok(Self {
                target: Target::Metadata {
                    key: key.to_owned(),
                    field_type: Some(FieldType::Reference),
                },
                condition,
            }),
            None => Self::of_column(kind, member, condition),
        }
    }

    /// That the id is one of these.
    pub(crate) fn ids(ids: impl IntoIterator<Item = Id>) -> Self {
        Self {
            target: Target::Id,
            condition: Condition::In(ids.into_iter().map(ColumnValue::from).collect()),
        }
    }

    /// That a column of a kind has this value.
    pub(crate) fn equal(
        kind: Kind,
        column: &str,
        value: impl Into<ColumnValue<'static>>,
    ) -> Result<Self> {
        let condition = Condition::Compare(Comparison::Eq, value.into());
        Self::of_column(kind, column, condition)
    }
}
