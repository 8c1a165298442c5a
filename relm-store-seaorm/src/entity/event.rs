//! The table `events`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, by_some};

/// What happened: a change of a record, a link or its removal, a definition or its removal, a ping.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `evt_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// Its type, such as `contact.created`.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub r#type: String,
    /// The record that changed.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub record_id: Option<String>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// Of the event of an association, the id of its start.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub from_id: Option<String>,
    /// Of the event of an association, the id of its end.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub to_id: Option<String>,
    /// The request that made it, such as `req_01j…`.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub request_id: Option<String>,
    /// The record as the API shows it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
    /// Its number in the log of the scope, by which events are read in one order; none until somebody reads the log.
    pub seq: Option<i64>,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The other way.
    #[sea_orm(has_many = "super::delivery::Entity")]
    Delivery,
}

impl Related<super::delivery::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Delivery.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const ADDED: &'static [&'static str] = &["from_id", "to_id", "request_id", "seq"];

    fn indexes() -> Vec<Index> {
        vec![
            by(Column::Seq),
            by(Column::RecordId),
            by_some(Column::FromId),
            by_some(Column::ToId),
            by_some(Column::RequestId),
        ]
    }
}
