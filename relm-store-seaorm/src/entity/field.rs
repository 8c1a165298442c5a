//! The table `fields`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, unique};

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fields")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `fld_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// The type of object that has it, such as `contact`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub object_type: String,
    /// Its key in `metadata`.
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    pub key: String,
    /// Object type and key: one of a scope each.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub field_key: String,
    /// What people call it.
    #[sea_orm(column_type = "String(StringLen::N(500))")]
    pub label: String,
    /// What its values are, such as `text`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub r#type: String,
    /// 1 where a record must have a value, otherwise 0.
    pub required: i64,
    /// The choices, as JSON.
    #[sea_orm(column_type = "Text")]
    pub options: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// The record as the API shows it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![unique(Column::FieldKey)]
    }
}
