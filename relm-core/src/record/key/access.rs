//! How much a key may do, in a word.

use serde::{Deserialize, Serialize};

use crate::value::from_text::named;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAccess {
    /// Everything in its workspace and mode.
    Full,
    /// Reading alone.
    ReadOnly,
    /// What its [scopes](super::KeyScopes) say. A release that knows no scopes reads no such key, and so lets it do nothing.
    Restricted,
}

impl KeyAccess {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::ReadOnly, Self::Restricted];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Restricted => "restricted",
        }
    }
}

named!(KeyAccess, as_str, "`full`, `read_only` or `restricted`");
