//! The table `relm_migrations`: which steps of the migration the database has taken.

use sea_orm::entity::prelude::*;

use super::{Index, Table};

/// A step that was taken, or one that is under way.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "relm_migrations")]
pub struct Model {
    /// The number of the step, from 1 on. A negative one is that of a step under way.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// The name of the step; of one that is under way, how far it has come.
    #[sea_orm(column_type = "String(StringLen::N(100))")]
    pub name: String,
}

/// It refers to nothing.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Table for Entity {
    fn indexes() -> Vec<Index> {
        Vec::new()
    }
}
