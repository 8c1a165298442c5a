//! What the engine remembers of its store.

pub(super) mod second_chance;
