//! The table `contacts`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, by_some, unique};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contacts")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `con_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// The address, as it was written.
    #[sea_orm(column_type = "String(StringLen::N(254))", nullable)]
    pub email: Option<String>,
    /// What the address is compared by: one of a scope each.
    #[sea_orm(column_type = "String(StringLen::N(762))", nullable)]
    pub email_key: Option<String>,
    /// The first name.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub first_name: Option<String>,
    /// The last name.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub last_name: Option<String>,
    /// The whole name, where its parts are not known.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub name: Option<String>,
    /// A telephone number, as it was written.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub phone: Option<String>,
    /// The company that the person belongs to.
    #[sea_orm(column_type = "String(StringLen::N(40))", nullable)]
    pub company_id: Option<String>,
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
}

impl Related<super::company::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Company.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const ADDED: &'static [&'static str] = &["name", "owner"];

    fn indexes() -> Vec<Index> {
        vec![
            unique(Column::EmailKey),
            by(Column::LastName),
            by(Column::Phone),
            by(Column::CompanyId),
            by_some(Column::Owner),
            by(Column::UpdatedAt),
        ]
    }
}
