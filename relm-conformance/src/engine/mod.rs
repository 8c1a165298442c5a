//! The cases of the engine: what it promises over any store that keeps the contract.

pub(crate) mod acme;
pub(crate) mod batches;
pub(crate) mod changes;
pub(crate) mod deliveries;
pub(crate) mod disabling;
pub(crate) mod feed;
pub(crate) mod history;
pub(crate) mod identities;
pub(crate) mod large;
pub(crate) mod mock_transport;
pub(crate) mod races;
pub(crate) mod requests;
pub(crate) mod retention;
pub(crate) mod texts;
pub(crate) mod time;
pub(crate) mod time_slices;
pub(crate) mod upkeep;
pub(crate) mod within;
