//! Members of an object that have several values: lists of texts, by each of which a record is found.
//!
//! A list is no column: no table has it. Records are found by the index terms of its values, so that an empty one costs nothing.

mod input;
mod member;

pub use input::ListInput;
pub(crate) use input::{added_and_removed, change_list, or_empty, too_many};
pub(crate) use member::{
    ADDRESS_CITIES, ADDRESS_COUNTRIES, ADDRESS_POSTAL_CODES, ADDRESS_REGIONS, ADDRESSES,
    FURTHER_EMAILS, FURTHER_PHONES, TAGS, add_texts, list_descriptions,
};
pub use member::{ListMember, ListOf, Lists};
