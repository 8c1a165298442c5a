//! The table `import_parts`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, unique};

/// A piece of an import: rows that wait, what became of them, or what a dry run would make of a record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_parts")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `imt_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the row was written.
    pub version: i64,
    /// Whose it is.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub import_id: String,
    /// Which piece it is: one each.
    #[sea_orm(column_type = "String(StringLen::N(120))")]
    pub part_key: String,
    /// The record as the engine keeps it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `import_id`.
    #[sea_orm(
        belongs_to = "super::import::Entity",
        from = "(Column::Scope, Column::ImportId)",
        to = "(super::import::Column::Scope, super::import::Column::Id)"
    )]
    Import,
}

impl Related<super::import::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Import.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![unique(Column::PartKey), by(Column::ImportId)]
    }
}
