//! The records that an error is about, as it lists them.

use serde::{Deserialize, Serialize};

use crate::limits::{ERROR_DUPLICATES_MAX, ERROR_OPTIONS_BYTES_MAX};
use crate::value::excerpt::cut;
use crate::value::id::Id;

/// The records that a change would not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Affected {
    /// How many there are.
    pub count: usize,
    /// Whether there may be more.
    pub at_least: bool,
    /// The first of them.
    pub ids: Vec<Id>,
}

/// A value that several records have, where a field was to be unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DuplicateValue {
    /// The value, as a text; a long one is cut.
    pub value: String,
    /// The first of the records that have it.
    pub ids: Vec<Id>,
}

/// Bytes of the JSON of the value that is shown of one, beside its ids.
const DUPLICATE_VALUE_BYTES_MAX: usize = 60;
/// Ids that are listed of one value.
const DUPLICATE_IDS_MAX: usize = 3;
/// Bytes of one of them as JSON: its names, an id with its quotes and comma, and the value.
const DUPLICATE_BYTES_MAX: usize = 24 + DUPLICATE_IDS_MAX * 36 + DUPLICATE_VALUE_BYTES_MAX;
const _: () = assert!(ERROR_DUPLICATES_MAX * DUPLICATE_BYTES_MAX <= ERROR_OPTIONS_BYTES_MAX);

impl DuplicateValue {
    /// The first [`ERROR_DUPLICATES_MAX`] of them, as an error lists them: each with few ids, and with its value cut.
    pub(super) fn listed(values: impl Iterator<Item = Self>) -> Vec<Self> {
        let shorter = values.take(ERROR_DUPLICATES_MAX).map(|mut one| {
            one.ids.truncate(DUPLICATE_IDS_MAX);
            one.value = cut(one.value, DUPLICATE_VALUE_BYTES_MAX);
            one
        });
        shorter.collect()
    }
}
