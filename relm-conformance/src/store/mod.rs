//! The cases of the contract of a store: one sentence of [`relm_core::store`] each.

pub(crate) mod commits;
pub(crate) mod concurrency;
pub(crate) mod configurations;
pub(crate) mod corpus;
pub(crate) mod documents;
pub(crate) mod erasure;
pub(crate) mod filtered_lists;
pub(crate) mod filters;
pub(crate) mod keys;
pub(crate) mod large_batches;
pub(crate) mod large_lists;
pub(crate) mod large_queues;
pub(crate) mod large_searches;
pub(crate) mod leases;
pub(crate) mod lists;
pub(crate) mod log;
mod metadata_values;
pub(crate) mod mirror;
pub(crate) mod moments;
pub(crate) mod pages;
pub(crate) mod queues;
pub(crate) mod refusals;
pub(crate) mod responses;
pub(crate) mod scopes;
pub(crate) mod search_cursors;
pub(crate) mod searches;
pub(crate) mod untouched;
