//! The table `api_keys`. They are of no workspace: their scope is [`Scope::SYSTEM`](relm_core::Scope::SYSTEM).

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, unique};

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `key_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// The workspace that it opens.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub workspace_id: String,
    /// The mode that it opens: `live` or `test`.
    #[sea_orm(column_type = "String(StringLen::N(4))")]
    pub mode: String,
    /// What people call it.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub name: Option<String>,
    /// What it allows, such as `full`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub access: String,
    /// How it begins.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub prefix: String,
    /// How it ends.
    #[sea_orm(column_type = "String(StringLen::N(4))")]
    pub last_four: String,
    /// The SHA-256 of it, in hexadecimal: one each.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub digest: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was revoked, in milliseconds since the Unix epoch.
    pub revoked_at: Option<i64>,
    /// The record as the API shows it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `workspace_id`.
    #[sea_orm(
        belongs_to = "super::workspace::Entity",
        from = "(Column::Scope, Column::WorkspaceId)",
        to = "(super::workspace::Column::Scope, super::workspace::Column::Id)"
    )]
    Workspace,
}

impl Related<super::workspace::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Workspace.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![unique(Column::Digest), by(Column::WorkspaceId)]
    }
}
