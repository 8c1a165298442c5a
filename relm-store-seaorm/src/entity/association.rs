//! The table `associations`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, unique};

/// An edge between two records.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "associations")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `asc_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// What its start is, such as `contact`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub from_type: String,
    /// The id of its start.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub from_id: String,
    /// What its end is.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub to_type: String,
    /// The id of its end.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub to_id: String,
    /// What it says of the two.
    #[sea_orm(column_type = "String(StringLen::N(100))", nullable)]
    pub label: Option<String>,
    /// Start, end and label: one of a scope each.
    #[sea_orm(column_type = "String(StringLen::N(170))")]
    pub edge_key: String,
    /// The first day on which it holds.
    #[sea_orm(column_type = "String(StringLen::N(10))", nullable)]
    pub since: Option<String>,
    /// The last day on which it holds.
    #[sea_orm(column_type = "String(StringLen::N(10))", nullable)]
    pub until: Option<String>,
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
    const ADDED: &'static [&'static str] = &["since", "until"];

    fn indexes() -> Vec<Index> {
        vec![
            unique(Column::EdgeKey),
            by(Column::FromId),
            by(Column::ToId),
        ]
    }
}
