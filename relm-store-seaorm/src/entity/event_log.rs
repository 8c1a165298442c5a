//! The table `event_logs`.

use sea_orm::entity::prelude::*;

use super::{Index, Table};

/// How far the events of a scope are numbered.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_logs")]
pub struct Model {
    /// The workspace and mode that the row belongs to, by its [number](super::scope).
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: i64,
    /// The greatest number that was given to an event; it stays when the event is deleted.
    pub last_seq: i64,
    /// The greatest number of an event that was deleted; 0 where none was.
    pub deleted_seq: i64,
}

/// What a row refers to, or what refers to it. No database keeps such a reference by itself: the engine does.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        vec![]
    }
}
