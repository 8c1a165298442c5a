//! Unique values: which record has a value that no other of its type may have, as a record of its own.
//!
//! A kind has one unique key, and a type of object may have many members that are unique. So each such value is a record, which names
//! the record that has it: it is written, given on and deleted in the commits that do so with the value. Values of one member are of
//! one *index*, which has a record of the same kind while it is made or taken away.

use serde::{Deserialize, Serialize};

use super::column::{Column, ColumnOf, Columns};
use crate::value::id::Id;

/// Bytes of the longest unique key: an id, and a digest.
const KEY_CHARS: usize = 120;

/// A value that one record has, and no other of its type may have; or what is known of an index of them that is not all there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UniqueValue {
    /// `unq_` and a ULID.
    pub id: Id,
    /// Always `unique_value`.
    pub object: UniqueValueTag,
    /// How many times it was written.
    pub version: i64,
    /// What it is part of: the id of an index, or [`MAKING`](Self::MAKING) or [`ENDING`](Self::ENDING) of an index itself.
    pub part_of: String,
    /// What is unique: the id of the index and a digest of the value. The value itself is in the record alone.
    pub key: String,
    /// The record that has the value; of an index, the definition that it is or was of.
    pub record_id: Id,
    /// Of an index that is being made, the last record that was looked at.
    pub after: Option<Id>,
    /// Of an index that is being made, whether every write that does not know of it has ended: what is looked at from then on is not
    /// written behind it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_known: bool,
}

/// The `object` member of a [`UniqueValue`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UniqueValueTag {
    /// Its one value.
    #[default]
    #[serde(rename = "unique_value")]
    UniqueValue,
}

impl Columns for UniqueValue {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("part_of", 40, |it: &Self| Some(&it.part_of)).indexed(),
        Column::key("unique_key", KEY_CHARS, |it: &Self| Some(it.key.clone())),
        Column::any_id("record_id", |it: &Self| Some(it.record_id)).indexed(),
    ];
}

impl UniqueValue {
    /// What indexes are part of that are being made.
    pub const MAKING: &'static str = "making";
    /// What indexes are part of that are being taken away.
    pub const ENDING: &'static str = "ending";

    /// A value of an index, by its key, that a record has.
    pub fn of(id: Id, index: Id, key: String, record_id: Id) -> Self {
        Self {
            id,
            object: UniqueValueTag::UniqueValue,
            version: 1,
            part_of: index.text(),
            key,
            record_id,
            after: None,
            is_known: false,
        }
    }

    /// The same value, that this record has.
    pub fn given_to(self, record_id: Id) -> Self {
        Self {
            version: self.version + 1,
            record_id,
            ..self
        }
    }

    /// An index of this id that is being made for a definition.
    pub fn making(index: Id, field: Id) -> Self {
        Self {
            part_of: Self::MAKING.to_owned(),
            ..Self::of(index, index, Self::key_of_index(index), field)
        }
    }

    /// An index of this id that is being taken away.
    pub fn ending(id: Id, index: Id, field: Id) -> Self {
        Self {
            id,
            part_of: Self::ENDING.to_owned(),
            ..Self::making(index, field)
        }
    }

    /// The unique key of an index itself.
    pub fn key_of_index(index: Id) -> String {
        format!("index:{}", index.text())
    }

    /// The same index, which every write knows of from now on. What was looked at before that is looked at again.
    pub fn known_to_all(self) -> Self {
        Self {
            version: self.version + 1,
            after: None,
            is_known: true,
            ..self
        }
    }

    /// The same index, of which the records down to this one were looked at.
    pub fn made_down_to(self, after: Option<Id>) -> Self {
        Self {
            version: self.version + 1,
            after,
            ..self
        }
    }

    /// The same index, of which nothing is to be left.
    pub fn into_ending(self) -> Self {
        Self {
            version: self.version + 1,
            part_of: Self::ENDING.to_owned(),
            after: None,
            ..self
        }
    }
}
