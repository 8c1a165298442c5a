//! Relm over SQL: real tables with typed columns, and the JSON document of each record beside them.
//!
//! What is the same on every database is a pure function of the engine's data: the tables (`schema.rs`), a batch as a
//! plan of statements (`plan.rs`), a refused batch explained (`explain.rs`), lists and searches (`query.rs`). A driver
//! only runs statements and reads rows; `sqlite/` is the one for SQLite, embedded.

mod explain;
mod plan;
mod query;
mod schema;
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::{OpenError, SqliteOptions, SqliteStore, Synchronous};
