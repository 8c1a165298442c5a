//! The operations on each resource.

pub(super) mod associations;
pub(super) mod batch;
pub(super) mod deliveries;
pub(super) mod events;
pub(super) mod fields;
pub(super) mod listing;
pub(super) mod objects;
pub(super) mod searching;
pub(super) mod webhooks;
