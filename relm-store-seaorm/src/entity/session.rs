//! The table `sessions`. They are of no workspace: their scope is [`Scope::SYSTEM`](relm_core::Scope::SYSTEM).

use sea_orm::entity::prelude::*;

use super::{Index, Table, by, unique};

/// A browser that a person signed in with.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `ses_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// Who signed in.
    #[sea_orm(column_type = "String(StringLen::N(40))")]
    pub user_id: String,
    /// The SHA-256 of its token, in hexadecimal: one each.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub digest: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was used last, in milliseconds since the Unix epoch.
    pub used_at: i64,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at: i64,
    /// The record as the engine keeps it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// By `user_id`.
    #[sea_orm(
        belongs_to = "super::user::Entity",
        from = "(Column::Scope, Column::UserId)",
        to = "(super::user::Column::Scope, super::user::Column::Id)"
    )]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![unique(Column::Digest), by(Column::UserId)]
    }
}
