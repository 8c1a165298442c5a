//! What the engine remembers of its store, each cache within a bound of bytes.

mod configurations;
mod key_uses;
mod principals;
mod second_chance;
mod workspaces;

pub(super) use configurations::Configurations;
pub(super) use key_uses::{KeyUses, is_news};
pub use principals::KEY_CACHE_MS;
pub(super) use principals::Principals;
pub(super) use workspaces::Workspaces;
