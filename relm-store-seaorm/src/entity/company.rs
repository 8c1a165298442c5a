//! The table `companies`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, by_some};

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "companies")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `cmp_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// The name.
    #[sea_orm(column_type = "String(StringLen::N(500))")]
    pub name: String,
    /// The host of its domain, in its one form.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub domain: Option<String>,
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
    /// The other way.
    #[sea_orm(has_many = "super::contact::Entity")]
    Contact,
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
            by(Column::Name),
            by(Column::Domain),
            by_some(Column::Owner),
            by(Column::UpdatedAt),
        ]
    }
}
