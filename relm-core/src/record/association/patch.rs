//! Changes of what is said of an association.

use serde::Serialize;
use serde_json::{Map, Value};

use super::names::{OTHER_NAMES, READ_ONLY};
use crate::error::{Error, Result};
use crate::record::input::{Reader, read_only};
use crate::record::metadata::Metadata;
use crate::record::patch::Patch;
use crate::value::time::Date;

/// What an association has for good: which edge it is.
const FIXED: [&str; 5] = ["from_type", "from_id", "to_type", "to_id", "label"];

/// What changes of what is said of an association.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AssociationPatch {
    /// See [`Association::inverse_label`](super::Association::inverse_label).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub inverse_label: Patch<String>,
    /// See [`Association::since`](super::Association::since).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub since: Patch<Date>,
    /// See [`Association::until`](super::Association::until).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub until: Patch<Date>,
    /// Merged one level deep: a null member removes that key.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Metadata>,
}

impl AssociationPatch {
    /// Takes the members that are said of an association, new or not.
    pub(super) fn take(reader: &mut Reader) -> Result<Self> {
        Ok(Self {
            inverse_label: reader.text("inverse_label")?,
            since: reader.date("since")?,
            until: reader.date("until")?,
            metadata: reader.metadata()?,
        })
    }

    /// Takes a change from a JSON object. What cannot be changed may say again what `shown`, the association as JSON, says.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_field`, naming the member.
    pub(crate) fn read(mut reader: Reader, shown: &Map<String, Value>) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let patch = Self::take(&mut reader)?;
        if let Some(name) = reader.take_same(READ_ONLY, shown) {
            return Err(read_only(name));
        }
        if let Some(name) = reader.take_same(FIXED, shown) {
            let message = format!(
                "`{name}` of an association cannot be changed: leave it out, or remove the association and link the records anew."
            );
            return Err(Error::invalid(name, message));
        }
        reader.finish()?;
        Ok(patch)
    }
}
