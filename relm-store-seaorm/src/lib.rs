//! Relm over SQL: real tables with typed columns, and the JSON document of each record beside them.
//!
//! What is the same on every database is a pure function of the engine's data: the tables (`schema.rs`), a batch as a
//! plan of statements (`plan.rs`), or as one (`fold.rs`), a refused batch explained (`conflict.rs`), lists
//! (`query.rs`), searches (`search.rs`), what waits to be delivered (`queue.rs`), what an older release derived otherwise (`derived.rs`). What is not the same is in `dialect.rs`. A driver only runs
//! statements and reads rows: `sqlite/` is the one for SQLite, embedded; `pooled/` the one for PostgreSQL, MariaDB and
//! MySQL, over pools of connections.

// The pure half speaks to every database; a build with fewer drivers leaves some of it unsaid.
#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code)
)]

mod conflict;
mod derived;
mod dialect;
mod fold;
mod held;
mod plan;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub mod pooled;
mod query;
mod queue;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod round_trips;
mod rows;
mod schema;
mod search;
#[cfg(test)]
mod searched;
mod sorted;
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub use pooled::{PoolOpenError, PoolOptions, PooledStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{OpenError, SqliteOptions, SqliteStore, Synchronous};
