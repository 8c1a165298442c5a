//! What the engine remembers of its store, each cache within a bound of bytes.

mod configurations;
mod principals;
mod second_chance;
mod workspaces;

pub(super) use configurations::Configurations;
pub use principals::KEY_CACHE_MS;
pub(super) use principals::{KeyDigest, Principals};
pub(super) use workspaces::Workspaces;
