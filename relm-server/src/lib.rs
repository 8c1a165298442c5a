//! Relm's HTTP server: the documented API over the engine.
//!
//! `serve.rs` owns sockets and bounds, `api/` what requests of programs mean, `pages/` what a browser is shown, `site.rs` which
//! of the two answers. `webhooks/` owns how deliveries leave, `dispatch.rs` when, `config.rs` what the operator says;
//! `run.rs` puts them together. The binary only calls [`run::main`].

// `limits_table` is one `json!`, which recurses with each of its members.
#![recursion_limit = "256"]

pub mod allocator;
pub mod api;
pub mod config;
mod cors;
pub mod dispatch;
mod entity_tag;
pub mod log_throttle;
pub mod pages;
pub mod run;
pub mod serve;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub mod shared_clock;
pub mod site;
pub mod webhooks;

pub use cors::Cors;
