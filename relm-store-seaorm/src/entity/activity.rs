//! The table `activities`.

use sea_orm::IdenStatic;
use sea_orm::entity::prelude::*;

use super::{Index, Table, by, by_some, names};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activities")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `act_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// Its type, such as `call`.
    #[sea_orm(column_type = "String(StringLen::N(500))")]
    pub r#type: String,
    /// What it was about.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub subject: Option<String>,
    /// What was said.
    #[sea_orm(column_type = "Text", nullable)]
    pub body: Option<String>,
    /// The contact that it is about.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub contact_id: Option<String>,
    /// The deal that it is about.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub deal_id: Option<String>,
    /// The company that it is about.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub company_id: Option<String>,
    /// When it happened, in milliseconds since the Unix epoch.
    pub occurred_at: i64,
    /// When it is due, in milliseconds since the Unix epoch.
    pub due_at: Option<i64>,
    /// When it was done, in milliseconds since the Unix epoch.
    pub done_at: Option<i64>,
    /// Who is to do it.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub assignee: Option<String>,
    /// From when on its `activity.due` is to be made, in milliseconds since the Unix epoch.
    pub notify_at: Option<i64>,
    /// Its metadata, as JSON.
    #[sea_orm(column_type = "Text")]
    pub metadata: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was written last, in milliseconds since the Unix epoch.
    pub updated_at: i64,
    /// The record as the API shows it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `contact_id`.
    #[sea_orm(
        belongs_to = "super::contact::Entity",
        from = "(Column::Scope, Column::ContactId)",
        to = "(super::contact::Column::Scope, super::contact::Column::Id)"
    )]
    Contact,
    /// By `deal_id`.
    #[sea_orm(
        belongs_to = "super::deal::Entity",
        from = "(Column::Scope, Column::DealId)",
        to = "(super::deal::Column::Scope, super::deal::Column::Id)"
    )]
    Deal,
    /// By `company_id`.
    #[sea_orm(
        belongs_to = "super::company::Entity",
        from = "(Column::Scope, Column::CompanyId)",
        to = "(super::company::Column::Scope, super::company::Column::Id)"
    )]
    Company,
}

impl Related<super::contact::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Contact.def()
    }
}

impl Related<super::deal::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Deal.def()
    }
}

impl Related<super::company::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Company.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const ADDED: &'static [&'static str] = &["due_at", "done_at", "assignee", "notify_at"];

    fn indexes() -> Vec<Index> {
        vec![
            by(Column::Type),
            by(Column::ContactId),
            by(Column::DealId),
            by(Column::CompanyId),
            by(Column::OccurredAt),
            by_some(Column::DueAt),
            by_some(Column::Assignee),
            by(Column::UpdatedAt),
            // Of all scopes.
            Index {
                suffix: "notify_at",
                columns: names([Column::NotifyAt, Column::Scope, Column::Id]),
                is_unique: false,
                only: Some(Column::NotifyAt.as_str()),
            },
        ]
    }
}
