//! The table `workspaces`. They are of no workspace: their scope is [`Scope::SYSTEM`](relm_core::Scope::SYSTEM).

use sea_orm::entity::prelude::*;

use super::{Index, Table, unique};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `ws_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// Its name.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub name: String,
    /// What its name is compared by: one each.
    #[sea_orm(column_type = "String(StringLen::N(300))")]
    pub name_key: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// The record as the API shows it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
    /// The last twelve digits of the id, which the database computes: unique, so that no two workspaces have scopes of one
    /// [number](super::scope).
    #[sea_orm(column_type = "String(StringLen::N(12))")]
    pub scope_digits: Option<String>,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The other way.
    #[sea_orm(has_many = "super::api_key::Entity")]
    ApiKey,
}

impl Related<super::api_key::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ApiKey.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const GENERATED: &'static [(&'static str, &'static str)] =
        &[("scope_digits", "SUBSTR(id, 18, 12)")];

    fn indexes() -> Vec<Index> {
        vec![unique(Column::NameKey), unique(Column::ScopeDigits)]
    }
}
