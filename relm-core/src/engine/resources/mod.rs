//! The operations on each resource.

pub(super) mod associations;
pub(super) mod batch;
pub(super) mod cancelling;
pub(super) mod deliveries;
mod drafts;
pub(super) mod endpoint;
mod erasure;
pub(super) mod events;
pub(super) mod feed;
pub(super) mod fields;
pub(super) mod history;
pub(super) mod keys;
pub(super) mod listing;
pub(super) mod objects;
pub(super) mod operations;
pub(super) mod pages;
pub(super) mod purge;
pub(super) mod recovery;
pub(super) mod requests;
mod restore;
mod returning;
pub(super) mod searching;
pub(super) mod secrets;
mod shown_events;
pub(super) mod trash;
pub(super) mod undo;
pub(super) mod webhooks;
