//! Brings a database's tables up to date.
//!
//! A store that opens a database does so by itself. Over connections that a program has, `migrate` does it; and a program that has
//! migrations of its own takes in Relm's, with the feature `migrator`:
//!
#![cfg_attr(not(feature = "migrator"), doc = "```ignore")]
#![cfg_attr(feature = "migrator", doc = "```")]
//! use relm_store_seaorm::migration;
//! use sea_orm_migration::{MigrationTrait, MigratorTrait};
//!
//! struct Migrator;
//!
//! impl MigratorTrait for Migrator {
//!     fn migrations() -> Vec<Box<dyn MigrationTrait>> {
//!         let mut migrations = migration::migrations();
//!         // migrations.push(Box::new(m20261128_orders::Migration));
//!         migrations.extend([]);
//!         migrations
//!     }
//! }
//!
//! async fn migrate(database: &sea_orm::DatabaseConnection) -> Result<(), sea_orm::DbErr> {
//!     migration::up::<Migrator>(database).await
//! }
//! ```
//!
//! Both ways lead to the same tables, in any order and after one another: which steps a database has taken is in its own table,
//! [`relm_migrations`](crate::entity::migration).

mod ddl;
mod derive;
#[cfg(feature = "migrator")]
mod migrator;
mod runner;
mod session;
mod state;
mod steps;

#[cfg(feature = "pool")]
pub use crate::pooled::migration::migrate;

#[cfg(feature = "migrator")]
pub use self::migrator::{Migrator, migrations, up};

pub(crate) use self::derive::Rows;
pub(crate) use self::runner::run;
pub(crate) use self::session::{Session, SessionError, Why};
pub(crate) use self::state::read_state;
pub(crate) use self::steps::KNOWN;
#[cfg(test)]
pub(crate) use self::{
    runner::turn,
    steps::{STEPS, Work, is_added_after},
};
