//! The table `unique_values`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, unique};

/// A value that one record has, and no other of its type may have.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unique_values")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `unq_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the row was written.
    pub version: i64,
    /// The id of the index that the value is part of, such as `unq_01j…`; `making` or `ending` of an index itself that is not all there.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub part_of: String,
    /// What is unique: the id of the index and a digest of the value.
    #[sea_orm(column_type = "String(StringLen::N(120))")]
    pub unique_key: String,
    /// The id of the record that has the value; of an index, that of the field.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub record_id: String,
    /// The row as JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![
            unique(Column::UniqueKey),
            by(Column::PartOf),
            by(Column::RecordId),
        ]
    }
}
