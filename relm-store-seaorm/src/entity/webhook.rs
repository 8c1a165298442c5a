//! The table `webhooks`.

use sea_orm::entity::prelude::*;

use super::{Index, Table};

/// An endpoint that events are sent to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `wh_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// Where events are sent.
    #[sea_orm(column_type = "Text")]
    pub url: String,
    /// Which events are sent, as JSON.
    #[sea_orm(column_type = "Text")]
    pub event_types: String,
    /// What people call it.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub description: Option<String>,
    /// 1 where events are sent, otherwise 0.
    pub enabled: i64,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was written last, in milliseconds since the Unix epoch.
    pub updated_at: i64,
    /// The record: JSON, byte for byte. Its secrets are in it, sealed where the engine has a key for that.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
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
    fn indexes() -> Vec<Index> {
        vec![]
    }
}
