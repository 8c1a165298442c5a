//! The API as its users meet it: whole requests, whole answers, no socket.
//!
//! Each test is a session over an empty store. [`session`] asks, and holds **every** answer to the headers and the
//! error envelope that all answers have.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod access;
mod applied;
mod associations;
mod attempts;
mod batch;
mod bounds;
mod browsers;
mod contacts;
mod dry_run;
mod due;
mod endpoints;
mod events;
mod failing_endpoints;
mod faults;
mod feed;
mod field_changes;
mod field_defaults;
mod field_limits;
mod field_references;
mod field_refusals;
mod fields;
mod filters;
mod fragile;
mod history;
mod idempotency;
mod identities;
mod import_keys;
mod imports;
mod isolation;
mod key_life;
mod keys;
mod lists;
mod merges;
mod mistakes;
mod nulls;
mod objects;
mod openapi;
mod operations;
mod pipeline;
mod postal;
mod products;
mod promotion;
mod purge;
mod recovery;
mod schema;
mod schema_check;
mod search;
mod seed;
mod session;
mod settings;
mod several;
mod several_rows;
mod shares;
mod stream;
mod tags;
mod targets;
mod transport;
mod trash;
mod undo;
mod undo_since;
mod unique;
mod upserts;
mod versions;
mod webhook_filters;
mod webhook_headers;
mod webhooks;
