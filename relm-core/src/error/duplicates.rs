//! Values that several records have, as an error lists them.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::limits::{ERROR_DUPLICATES_MAX, ERROR_OPTIONS_BYTES_MAX};
use crate::value::excerpt::cut;
use crate::value::id::Id;

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

impl Error {
    /// Lists values that several records have: the first [`ERROR_DUPLICATES_MAX`]. They take the place of the options.
    #[must_use]
    pub(crate) fn listing(mut self, values: impl Iterator<Item = DuplicateValue>) -> Self {
        let shorter = values.take(ERROR_DUPLICATES_MAX).map(|mut one| {
            one.ids.truncate(DUPLICATE_IDS_MAX);
            one.value = cut(one.value, DUPLICATE_VALUE_BYTES_MAX);
            one
        });
        self.0.duplicates = shorter.collect();
        self.without_options()
    }

    /// The first values that several records have, where a field was to be unique.
    pub fn duplicates(&self) -> &[DuplicateValue] {
        &self.0.duplicates
    }
}
