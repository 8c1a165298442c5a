//! The table `deals`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, by_some};

/// A sale.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deals")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `deal_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// What is sold.
    #[sea_orm(column_type = "String(StringLen::N(500))")]
    pub title: String,
    /// What it is worth, in hundredths of the currency.
    pub value_cents: Option<i64>,
    /// The currency, by its ISO 4217 code.
    #[sea_orm(column_type = "String(StringLen::N(3))", nullable)]
    pub currency: Option<String>,
    /// How far it has come.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub stage: Option<String>,
    /// When it is to close: `YYYY-MM-DD`.
    #[sea_orm(column_type = "String(StringLen::N(10))", nullable)]
    pub close_date: Option<String>,
    /// The company that it is about.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub company_id: Option<String>,
    /// The contact that it is made with.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub primary_contact_id: Option<String>,
    /// Who looks after it.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub owner: Option<String>,
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
    /// By `company_id`.
    #[sea_orm(
        belongs_to = "super::company::Entity",
        from = "(Column::Scope, Column::CompanyId)",
        to = "(super::company::Column::Scope, super::company::Column::Id)"
    )]
    Company,
    /// By `primary_contact_id`.
    #[sea_orm(
        belongs_to = "super::contact::Entity",
        from = "(Column::Scope, Column::PrimaryContactId)",
        to = "(super::contact::Column::Scope, super::contact::Column::Id)"
    )]
    Contact,
}

impl Related<super::company::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Company.def()
    }
}

impl Related<super::contact::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Contact.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const ADDED: &'static [&'static str] = &["owner"];

    fn indexes() -> Vec<Index> {
        vec![
            by(Column::Stage),
            by(Column::CloseDate),
            by(Column::CompanyId),
            by(Column::PrimaryContactId),
            by_some(Column::Owner),
            by(Column::UpdatedAt),
        ]
    }
}
