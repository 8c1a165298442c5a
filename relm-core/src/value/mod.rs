//! Values, bounded and normalised, so that they are the same on every store: texts, times, ids, addresses, scopes.
//!
//! What is here knows no record: a rule about one value alone stands here.

pub mod email;
pub mod environment;
pub(crate) mod excerpt;
pub mod host;
pub mod id;
pub mod json;
pub mod pattern;
pub mod phone;
pub mod scope;
pub mod text;
pub mod time;
pub mod words;
