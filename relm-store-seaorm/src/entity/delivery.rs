//! The table `deliveries`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, names};

/// An event on its way to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `dlv_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// The endpoint.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub webhook_id: String,
    /// The event.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub event_id: String,
    /// The event's type.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub event_type: String,
    /// How far it has come, such as `pending`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub status: String,
    /// From when on it may be sent, in milliseconds since the Unix epoch: when it is due, or when a lease ends. None where it is not to be sent.
    pub next_attempt_at: Option<i64>,
    /// The delivery that it repeats.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub replay_of: Option<String>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// The record as the API shows it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `webhook_id`.
    #[sea_orm(
        belongs_to = "super::webhook::Entity",
        from = "(Column::Scope, Column::WebhookId)",
        to = "(super::webhook::Column::Scope, super::webhook::Column::Id)"
    )]
    Webhook,
    /// By `event_id`.
    #[sea_orm(
        belongs_to = "super::event::Entity",
        from = "(Column::Scope, Column::EventId)",
        to = "(super::event::Column::Scope, super::event::Column::Id)"
    )]
    Event,
}

impl Related<super::webhook::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Webhook.def()
    }
}

impl Related<super::event::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Event.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![
            by(Column::WebhookId),
            by(Column::EventId),
            Index {
                suffix: "due",
                columns: names([
                    Column::Scope,
                    Column::WebhookId,
                    Column::NextAttemptAt,
                    Column::Id,
                ]),
                is_unique: false,
                only: Some(Column::NextAttemptAt.as_str()),
            },
        ]
    }
}
