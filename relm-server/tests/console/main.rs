//! The console as a browser without JavaScript meets it, pages read, links followed, forms sent; and as a real one does, `chromium/`.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod board;
mod browser;
mod chromium;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../hardening/counting.rs"]
mod counting;
mod events;
mod failures;
mod field_limits;
mod field_references;
mod files;
mod forged;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../api/fragile.rs"]
mod fragile;
mod imports;
mod keys;
mod lists;
mod merging;
mod pages;
mod pipeline;
mod promotion;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../process/receiver.rs"]
mod receiver;
mod record_forms;
mod record_pages;
mod replicas;
mod roles;
mod schema;
mod search;
mod seed;
mod sent_twice;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../process/server.rs"]
mod server;
mod sessions;
mod sign_in;
mod socket;

mod timelines;
mod trash;
mod typed;
mod typed_lists;
mod undo;
mod users;
mod webhook_deliveries;
mod webhook_filters;
mod webhooks;
