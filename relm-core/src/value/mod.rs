//! Values, bounded and normalised, so that they are the same on every store: texts, times, ids, addresses, scopes.
//!
//! What is here knows no record: a rule about one value alone stands here.

pub mod email;
pub mod environment;
pub(crate) mod excerpt;
pub mod expression;
pub(crate) mod from_text;
pub mod hex;
pub mod host;
pub mod id;
pub mod json;
mod kind;
mod mint;
pub mod pattern;
pub mod phone;
pub mod request_id;
pub mod scope;
pub mod spelling;
pub mod text;
pub mod time;
pub mod words;

pub use from_text::ParseTextError;
