//! Relm's HTTP server: the documented API over the engine.
//!
//! `serve.rs` owns sockets and bounds, `api/` owns what requests mean, `config.rs` what the operator says, `run.rs`
//! puts them together. The binary only calls [`run::main`].

pub mod api;
pub mod config;
pub mod run;
pub mod serve;
