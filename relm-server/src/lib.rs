//! Relm's HTTP server: the documented API over the engine.
//!
//! `serve.rs` owns sockets and bounds, `api/` what requests of programs mean, `pages/` what any browser is shown, `console/` what
//! those are who sign in, `site.rs` which of them answers. `webhooks/` owns how deliveries leave, `dispatch.rs` when, `config.rs` what the operator says, `demo/` what there is to look at where nothing is yet, `observation.rs` and `metrics/` what is told of it all;
//! `run.rs` puts them together. The binary only calls [`run::main`].

// `limits_table` is one `json!`, which recurses with each of its members.
#![recursion_limit = "256"]

pub mod allocator;
pub mod api;
mod caught;
pub mod config;
#[cfg(feature = "console")]
pub mod console;
mod cors;
pub mod demo;
pub mod dispatch;
mod downloads;
mod entity_tag;
pub mod html;
pub mod log_throttle;
pub mod metrics;
pub mod observation;
pub mod pages;
mod parameters;
pub mod run;
pub mod serve;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub mod shared_clock;
pub mod site;
mod status;
pub mod webhooks;

pub use cors::Cors;
