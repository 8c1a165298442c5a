//! The tables, as SeaORM's entities: the one place that says which columns, keys and indexes there are. Migrations make them of
//! it, and a program queries and joins them by it.
//!
//! ```
//! use relm_core::Scope;
//! use relm_store_seaorm::entity::{self, company, contact};
//! use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
//!
//! /// The contacts of a workspace and mode, each with its company.
//! fn with_companies(scope: Scope) -> sea_orm::SelectTwo<contact::Entity, company::Entity> {
//!     contact::Entity::find()
//!         .find_also_related(company::Entity)
//!         .filter(contact::Column::Scope.eq(entity::scope(scope)))
//! }
//! # with_companies(Scope::SYSTEM);
//! ```
//!
//! What a program may rely on:
//!
//! - Every table begins with `scope`, and so does every key and index but one, by which the engine finds what is due in all of them: a query
//!   without it reads all tenants, and by no index. A
//!   join is by the scope and the id, as the relations here have it.
//! - `doc` is the record, and the other columns are what is taken from it. Read whichever suits; `serde_json` reads `doc` into the
//!   types of `relm_core`.
//! - A program reads. What it writes here itself has no event, no version and no index terms, and may be undone by the engine's next
//!   write: write through the engine.
//! - Texts are compared code point by code point, whatever the database's own collation. Moments are milliseconds since the Unix
//!   epoch; what is true or false is 1 or 0.
//! - On MariaDB and MySQL some tables have one more column, `pin`, by which a cluster keeps a record from being deleted. It is the
//!   store's alone.

pub mod activity;
pub mod api_key;
pub mod association;
pub mod company;
pub mod configuration;
pub mod contact;
pub mod deal;
pub mod delivery;
pub mod event;
pub mod event_log;
pub mod field;
pub mod import;
pub mod import_part;
pub mod migration;
pub mod response;
pub mod response_record;
pub mod session;
pub mod term;
pub mod trash;
pub mod unique_value;
pub mod user;
pub mod webhook;
pub mod workspace;

use relm_core::value::scope::Scope;
use sea_orm::{ColumnTrait, ColumnType, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn};

use crate::scope_number::scope_number;

/// A scope as the column `scope` of every table has it.
pub fn scope(scope: Scope) -> i64 {
    scope_number(scope)
}

/// What there is to a table beside what SeaORM's derive says.
pub(crate) trait Table: EntityTrait {
    /// Whether rows are read in the order of the key alone, and so are to be kept in it.
    const IS_CLUSTERED: bool = false;

    /// The columns that the database computes, each with what it computes it of.
    const GENERATED: &'static [(&'static str, &'static str)] = &[];

    /// The columns that were added after the table was made, beside those that the database computes.
    const ADDED: &'static [&'static str] = &[];

    /// Its indexes beside the primary key.
    fn indexes() -> Vec<Index>;
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// Its name, after that of the table.
    pub suffix: &'static str,
    pub columns: Vec<&'static str>,
    pub is_unique: bool,
    /// The column that has a value in those rows that are indexed; none where all are.
    pub only: Option<&'static str>,
}

/// An index by which the records that have a value are read in the order of a list.
fn by(column: impl ColumnTrait) -> Index {
    Index {
        suffix: column.as_str(),
        columns: vec!["scope", column.as_str(), "id"],
        is_unique: false,
        only: None,
    }
}

/// The same, where few records have a value: a database that can has an entry for those alone.
fn by_some(column: impl ColumnTrait) -> Index {
    Index {
        only: Some(column.as_str()),
        ..by(column)
    }
}

/// The unique key of a kind.
fn unique(column: impl ColumnTrait) -> Index {
    Index {
        suffix: column.as_str(),
        columns: vec!["scope", column.as_str()],
        is_unique: true,
        only: None,
    }
}

fn names<C: ColumnTrait, const N: usize>(columns: [C; N]) -> Vec<&'static str> {
    columns.iter().map(IdenStatic::as_str).collect()
}

/// A table, whichever it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableOf {
    pub name: &'static str,
    pub columns: Vec<ColumnOf>,
    pub key: Vec<&'static str>,
    pub indexes: Vec<Index>,
    pub is_clustered: bool,
}

/// A column of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnOf {
    pub name: &'static str,
    pub ty: ColumnType,
    pub is_nullable: bool,
    /// What the database computes it of, where it does.
    pub generated: Option<&'static str>,
    /// Whether a step of its own adds it to the table.
    pub is_added: bool,
}

impl ColumnOf {
    /// Whether it holds integers; every other holds texts.
    pub fn is_integer(&self) -> bool {
        self.ty == ColumnType::BigInteger
    }
}

/// What an entity says of its table.
pub(crate) fn table_of<E: Table>() -> TableOf {
    let column = |column: E::Column| {
        let def = column.def();
        let mut generated = E::GENERATED.iter();
        let generated = generated.find(|(name, _)| *name == column.as_str());
        let is_added = generated.is_some() || E::ADDED.contains(&column.as_str());
        ColumnOf {
            name: column.as_str(),
            ty: def.get_column_type().clone(),
            is_nullable: def.is_null(),
            generated: generated.map(|(_, of)| *of),
            is_added,
        }
    };
    let key = |key: E::PrimaryKey| key.into_column().as_str();
    TableOf {
        name: E::default().table_name(),
        columns: E::Column::iter().map(column).collect(),
        key: E::PrimaryKey::iter().map(key).collect(),
        indexes: E::indexes(),
        is_clustered: E::IS_CLUSTERED,
    }
}
