//! What may be asked of the records of a scope: filters, searches, and the cursors that page through both.

pub(crate) mod cursor;
pub mod filter;
pub mod search;
pub mod terms;
