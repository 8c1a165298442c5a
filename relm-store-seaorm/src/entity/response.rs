//! The table `responses`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, names};

/// An answer that is kept under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "responses")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The SHA-256 of the key, in hexadecimal, or the name of a claim.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(64))"
    )]
    pub key_digest: String,
    /// What the request was, as a SHA-256 in hexadecimal.
    #[sea_orm(column_type = "String(StringLen::N(64))")]
    pub fingerprint: String,
    /// What came of it, as the engine numbers it.
    pub outcome: i64,
    /// The answer, sealed where the engine has a key for that.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// Until when it is kept, in milliseconds since the Unix epoch.
    pub expires_at: i64,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    const IS_CLUSTERED: bool = true;

    fn indexes() -> Vec<Index> {
        vec![Index {
            suffix: "expires_at",
            columns: names([Column::Scope, Column::ExpiresAt]),
            is_unique: false,
            only: None,
        }]
    }
}
