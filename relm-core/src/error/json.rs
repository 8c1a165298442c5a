//! Errors as JSON: the members of the documented error object.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Affected, Details, DuplicateValue, Error, ErrorKind};
use crate::value::id::Id;

/// The members of the documented error object, without a request id.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ErrorDetails")
)]
pub(crate) struct Members<'a> {
    /// What went wrong, as a stable word.
    #[cfg_attr(feature = "schema", schemars(with = "ErrorKind"))]
    code: &'static str,
    /// What was wrong and what would be right, for people.
    message: &'a str,
    /// The path of what was wrong, such as `metadata.plan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// What would have been accepted: the first of it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    valid_options: &'a [String],
    /// What was most likely meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'a str>,
    /// The record that holds the unique value.
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_id: Option<Id>,
    /// The number of the oldest event from which on all are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_seq: Option<i64>,
    /// Why, where one code has several causes: `disk_full` or `read_only`, where the store takes no writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// How many records do not keep to what a definition was to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// True where there may be more of them than `count`.
    #[serde(skip_serializing_if = "is_false")]
    at_least: bool,
    /// The first of them.
    #[serde(skip_serializing_if = "<[Id]>::is_empty")]
    ids: &'a [Id],
    /// The first values that several records have, where a field was to be unique.
    #[serde(skip_serializing_if = "<[DuplicateValue]>::is_empty")]
    duplicates: &'a [DuplicateValue],
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = Members {
            code: self.kind().code(),
            message: self.message(),
            field: self.field(),
            valid_options: self.valid_options(),
            suggestion: self.suggestion(),
            existing_id: self.existing_id(),
            oldest_seq: self.oldest_seq(),
            reason: self.reason(),
            count: self.count(),
            at_least: self.is_at_least(),
            ids: self.ids(),
            duplicates: self.duplicates(),
        };
        members.serialize(serializer)
    }
}

/// Reads what [`Serialize`] writes: an error that was kept or sent, without its cause.
impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Said {
            code: ErrorKind,
            message: String,
            field: Option<String>,
            #[serde(default)]
            valid_options: Vec<String>,
            suggestion: Option<String>,
            existing_id: Option<Id>,
            oldest_seq: Option<i64>,
            reason: Option<String>,
            count: Option<usize>,
            #[serde(default)]
            at_least: bool,
            #[serde(default)]
            ids: Vec<Id>,
            #[serde(default)]
            duplicates: Vec<DuplicateValue>,
        }
        let Said {
            code,
            message,
            field,
            valid_options,
            suggestion,
            existing_id,
            oldest_seq,
            reason,
            count,
            at_least,
            ids,
            duplicates,
        } = Said::deserialize(deserializer)?;
        Ok(Self(Box::new(Details {
            kind: code,
            message,
            field,
            valid_options,
            suggestion,
            existing_id,
            lost: None,
            oldest_seq,
            reason: reason.map(Cow::Owned),
            affected: count.map(|count| Affected {
                count,
                at_least,
                ids,
            }),
            duplicates,
            source: None,
        })))
    }
}
