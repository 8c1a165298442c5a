//! The table `users`. They are of no workspace: their scope is [`Scope::SYSTEM`](relm_core::Scope::SYSTEM).

use sea_orm::entity::prelude::*;

use super::{Index, Table, unique};

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The id, such as `usr_01j…`.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub id: String,
    /// How many times the record was written.
    pub version: i64,
    /// The address that the person signs in with, as it was written.
    #[sea_orm(column_type = "String(StringLen::N(254))", nullable)]
    pub email: Option<String>,
    /// What the address is compared by: one each.
    #[sea_orm(column_type = "String(StringLen::N(762))")]
    pub email_key: String,
    /// What people call the person.
    #[sea_orm(column_type = "String(StringLen::N(500))", nullable)]
    pub name: Option<String>,
    /// What the person may do, such as `editor`.
    #[sea_orm(column_type = "String(StringLen::N(20))")]
    pub role: String,
    /// When the person was invited, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When the person signed in last, in milliseconds since the Unix epoch.
    pub signed_in_at: Option<i64>,
    /// The record as the engine keeps it: JSON, byte for byte.
    #[sea_orm(column_type = "Text")]
    pub doc: String,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The other way.
    #[sea_orm(has_many = "super::session::Entity")]
    Session,
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![unique(Column::EmailKey)]
    }
}
