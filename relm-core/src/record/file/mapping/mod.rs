//! Which columns of a file are which members of an object, and what their cells say as values.

mod apply;
mod columns;
mod known;
mod known_addresses;
mod members;
mod read;

pub use self::columns::Mapping;
