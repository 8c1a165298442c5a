//! Relm over SQL: real tables with typed columns, and the JSON document of each record beside them.
//!
//! - [`SqliteStore`] keeps them in a file of SQLite's, embedded: the default, and the fastest way where one process is enough.
//!   A program that has sqlx's SQLite too builds with `LIBSQLITE3_FLAGS=-USQLITE_ENABLE_MEMORY_MANAGEMENT`: the version that both can link
//!   otherwise makes the readers of a process wait for each other.
//! - `SeaOrmStore` keeps them in PostgreSQL, MariaDB, MySQL or SQLite, through a pool of SeaORM's: one that a program has and hands over,
//!   or one that it opens itself. It comes with the features `postgres`, `mysql` and `sqlx-sqlite`. `SeaOrmStore::begin` begins a
//!   `Transaction` that changes of the CRM and the program's own rows are part of.
//! - [`entity`] has the tables as SeaORM's entities, for programs that query and join them; [`migration`] makes them.
//!
//! A CRM in a file:
//!
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
#![cfg_attr(feature = "sqlite", doc = "```")]
//! use relm_core::{ContactInput, Crm, Mode};
//! use relm_store_seaorm::SqliteStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(folder.path())?;
//! let crm = Crm::new(SqliteStore::open_file("relm.db")?);
//! # pollster::block_on(async {
//! let acme = crm.create_workspace("acme").await?;
//! let live = crm.open(acme.id, Mode::Live).await?;
//! let input = ContactInput {
//!     email: "ada@example.com".into(),
//!     ..Default::default()
//! };
//! let ada = live.contacts().create(input).await?;
//! assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
//! # Ok::<(), relm_core::Error>(())
//! # })?;
//! # Ok(())
//! # }
//! ```
//!
//! The same beside a program's own tables, over a [`DatabaseConnection`](sea_orm::DatabaseConnection) that the program has. Here it is
//! SQLite's; of PostgreSQL, MariaDB and MySQL only the address is another, and how its sessions are set, which
//! `PoolOptions::set_up` does:
//!
#![cfg_attr(not(feature = "sqlx-sqlite"), doc = "```ignore")]
#![cfg_attr(feature = "sqlx-sqlite", doc = "```")]
//! use relm_core::{Crm, DealInput, Mode};
//! use relm_store_seaorm::entity::deal;
//! use relm_store_seaorm::{SeaOrmStore, migration};
//! use sea_orm::{ColumnTrait, Database, EntityTrait, QueryFilter};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(folder.path())?;
//! let database = Database::connect("sqlite://shop.db?mode=rwc").await?;
//! // Relm's tables, beside the program's own.
//! migration::migrate(&database).await?;
//! let crm = Crm::new(SeaOrmStore::new(database.clone()).await?);
//!
//! let acme = crm.create_workspace("acme").await?;
//! let live = crm.open(acme.id, Mode::Live).await?;
//! let input = DealInput {
//!     title: "A thousand chairs".into(),
//!     stage: "won".into(),
//!     ..Default::default()
//! };
//! live.deals().create(input).await?;
//!
//! // The program asks its own connection.
//! let won = deal::Entity::find().filter(deal::Column::Stage.eq("won"));
//! assert_eq!(won.all(&database).await?.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Inside, what is the same on every database is a pure function of the engine's data: a batch as a plan of statements (`plan/`), or as
//! one (`single_statement.rs`), a conflict diagnosed (`conflict.rs`), the numbers of scopes (`scope_number.rs`), lists (`query.rs`), searches
//! (`search/`), what waits to be delivered (`queue.rs`), the numbers of events (`log.rs`). How databases spell
//! one and the same thing is in `dialect.rs`; a module whose way is another one on some of them asks for the dialect itself, so
//! that all ways to do a thing stand together. A driver only runs statements and reads rows: `sqlite/` and `pooled/`, where an error of a database
//! gets its meaning (`pooled/error.rs`, `sqlite/connection.rs`).

// The pure half speaks to every database; a build with fewer drivers leaves some of it unused.
#![cfg_attr(
    not(all(
        feature = "sqlite",
        feature = "postgres",
        feature = "mysql",
        feature = "migrator"
    )),
    allow(dead_code)
)]

mod awaited;
mod conflict;
mod dialect;
pub mod entity;
mod log;
pub mod migration;
mod open_error;
mod plan;
#[cfg(feature = "pool")]
pub mod pooled;
mod query;
mod queue;
mod rows;
mod scope_number;
mod search;
mod single_statement;
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod write_set;

#[cfg(test)]
#[path = "../tests/unit/entities.rs"]
mod entities;
#[cfg(test)]
#[path = "../tests/unit/recording_store.rs"]
mod recording_store;
#[cfg(test)]
#[path = "../tests/unit/round_trips.rs"]
mod round_trips;
#[cfg(test)]
#[path = "../tests/unit/search_equivalence.rs"]
mod search_equivalence;

pub use open_error::OpenError;
#[cfg(feature = "pool")]
pub use pooled::{PoolOptions, SeaOrmStore, Transaction, TransactionRows};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore, Synchronous};
