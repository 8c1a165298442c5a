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
//! Inside, what is the same on every database is a pure function of the engine's data: a batch as a plan of statements (`plan/`), or as
//! one (`single_statement.rs`), a conflict diagnosed (`conflict.rs`), the numbers of scopes (`scope_number.rs`), lists (`query.rs`), searches
//! (`search/`), what waits to be delivered (`queue.rs`), the numbers of events (`log.rs`). What is not the same is in `dialect.rs`. A driver only runs statements and reads
//! rows: `sqlite/` and `pooled/`.

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
