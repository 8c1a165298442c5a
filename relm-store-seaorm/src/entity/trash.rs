//! The table `trash`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, unique};

/// A deleted record or association that can be restored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trash")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `trs_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the row was written.
    pub version: i64,
    /// What was deleted, such as `contact`. None where it is being purged, and can be restored no more.
    #[sea_orm(column_type = "String(StringLen::N(20))", nullable)]
    pub record_type: Option<String>,
    /// The id of what was deleted: of each there is one row.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub record_id: String,
    /// Of an association, the id of its start.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub from_id: Option<String>,
    /// Of an association, the id of its end.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub to_id: Option<String>,
    /// When it was deleted, in milliseconds since the Unix epoch.
    pub deleted_at: i64,
    /// The row as JSON, byte for byte, with the document of what was deleted in it.
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
            unique(Column::RecordId),
            by(Column::RecordType),
            by(Column::FromId),
            by(Column::ToId),
        ]
    }
}
