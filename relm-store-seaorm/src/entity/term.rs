//! The table `terms`.

use sea_orm::entity::prelude::*;

use super::{Index, Table};

/// A word, value or number that a record is found by.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "terms")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The index term.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(400))"
    )]
    pub term: String,
    /// The ULID of the record's id.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(26))"
    )]
    pub ulid: String,
    /// The prefix of the record's id, such as `con`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(8))"
    )]
    pub kind: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const IS_CLUSTERED: bool = true;

    fn indexes() -> Vec<Index> {
        vec![]
    }
}
