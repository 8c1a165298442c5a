//! The table `imports`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, unique};

/// A file of records that is taken in, or was.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `imp_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the row was written.
    pub version: i64,
    /// What its rows are, such as `contact`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub object_type: String,
    /// How far it is, such as `running`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub status: String,
    /// Which of the places it has that a scope has for imports that go on; none where it has ended.
    #[sea_orm(column_type = "String(StringLen::N(20))", nullable)]
    pub slot: Option<String>,
    /// When it began, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// The record as the engine keeps it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `import_id` of its parts.
    #[sea_orm(has_many = "super::import_part::Entity")]
    Part,
}

impl Related<super::import_part::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Part.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![unique(Column::Slot)]
    }
}
