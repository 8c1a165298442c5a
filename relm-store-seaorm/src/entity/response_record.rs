//! The table `response_records`.

use sea_orm::entity::prelude::*;

use super::{Index, Table, names};

/// A record that a kept answer shows: by it the answer is found when the record is purged.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "response_records")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The record.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(40))"
    )]
    pub record_id: String,
    /// The key of the answer, as `responses` has it.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        column_type = "String(StringLen::N(64))"
    )]
    pub key_digest: String,
    /// Until when the answer is kept. One under the same key that is kept for longer is another.
    #[sea_orm(primary_key, auto_increment = false)]
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
