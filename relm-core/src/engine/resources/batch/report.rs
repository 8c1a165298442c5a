//! What a batch is answered with: its type, and its JSON.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::record::Document;
use crate::record::object::{Contact, Object};
use crate::value::from_text::named;
use crate::value::id::Id;

/// Where a row is in its batch.
pub(super) fn place<T: Object>(index: usize) -> String {
    format!("{}[{index}]", T::TYPE.plural())
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "{T}Batch")
)]
#[serde(bound = "")]
#[non_exhaustive]
pub struct BatchReport<T: Object = Contact> {
    /// Always `batch`.
    pub object: BatchTag,
    /// The rows, in the order of the input.
    pub data: Vec<BatchRow<T>>,
    /// How many rows made a record.
    pub created: usize,
    /// How many rows changed one.
    pub updated: usize,
    /// How many rows found everything so already.
    pub unchanged: usize,
    /// How many rows failed.
    pub failed: usize,
}

/// The `object` member of a [`BatchReport`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BatchTag {
    /// Its one value.
    #[default]
    #[serde(rename = "batch")]
    Batch,
}

/// One row of a [`BatchReport`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "{T}BatchRow")
)]
#[serde(bound = "")]
#[non_exhaustive]
pub struct BatchRow<T: Object = Contact> {
    /// Its place in the input, from 0.
    pub index: usize,
    /// What became of it.
    pub status: RowStatus,
    /// The id of the record that it made, changed or found.
    pub id: Option<Id>,
    /// That record, as the row left it. In JSON it is named as its type is, such as `contact`.
    #[serde(
        alias = "contact",
        alias = "company",
        alias = "deal",
        alias = "activity"
    )]
    pub record: Option<T>,
    /// Why it failed; null where it did not.
    pub error: Option<Error>,
    /// What is wrong with the record that the row left as it was: see [`Enforce`](crate::Enforce). Absent where nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Error>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContactBatchRowStatus")
)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// It made a record.
    Created,
    /// It changed one.
    Updated,
    /// It found everything so already.
    Unchanged,
    /// It failed, alone.
    Failed,
}

impl RowStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Created, Self::Updated, Self::Unchanged, Self::Failed];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

named!(
    RowStatus,
    as_str,
    "`created`, `updated`, `unchanged` or `failed`"
);

/// The options that errors of one batch have listed so far. Rows that fail in one field have its options in common: they are listed with the
/// first of them.
#[derive(Default)]
pub(in crate::engine::resources) struct ListedOptions(HashSet<(String, Option<String>)>);

impl ListedOptions {
    /// An error of a row, with its options where they were not listed yet; `of` is whose fields they are.
    pub fn once(&mut self, of: &str, error: &Error) -> Error {
        // Whatever an unknown member is called, the known ones are the same.
        let field = match error.kind() {
            ErrorKind::UnknownField => None,
            _ => error.field().map(str::to_owned),
        };
        match error.valid_options().is_empty() || self.0.insert((of.to_owned(), field)) {
            true => error.clone(),
            false => error.clone().without_options(),
        }
    }
}

/// What a row that did not fail came to.
pub(in crate::engine::resources) struct RowDone {
    pub status: RowStatus,
    pub document: Document,
    /// What is wrong with the record that the row leaves as it was.
    pub warnings: Vec<Error>,
}

impl RowDone {
    pub fn new(status: RowStatus, document: Document) -> Self {
        Self {
            status,
            document,
            warnings: Vec::new(),
        }
    }
}

/// What is said of the record of a row.
fn warnings_of(done: &RowDone) -> Result<String> {
    if done.warnings.is_empty() {
        return Ok(String::new());
    }
    let warnings = serde_json::to_string(&done.warnings).map_err(Error::internal)?;
    Ok(format!(r#","warnings":{warnings}"#))
}

/// Bytes of a row beside its record, nearly.
const ROW_BYTES: usize = 120;

/// The report as JSON. The records in it are documents already, and are not read again to be written.
pub(super) fn report<T: Object>(rows: &[Result<RowDone, Arc<Error>>]) -> Result<String> {
    let one = T::TYPE.as_str();
    let document_bytes = |row: &Result<RowDone, _>| match row {
        Ok(done) => done.document.json.len() + ROW_BYTES,
        Err(_) => ROW_BYTES,
    };
    let mut json = String::with_capacity(rows.iter().map(document_bytes).sum());
    json.push_str(r#"{"object":"batch","data":["#);
    let (mut created, mut updated, mut unchanged, mut failed) = (0, 0, 0, 0);
    let mut listed = ListedOptions::default();
    for (index, row) in rows.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let written = match row {
            Ok(done) => {
                *match done.status {
                    RowStatus::Created => &mut created,
                    RowStatus::Updated => &mut updated,
                    RowStatus::Unchanged => &mut unchanged,
                    RowStatus::Failed => &mut failed,
                } += 1;
                let Document { id, json: record } = &done.document;
                let status = done.status.as_str();
                let warnings = warnings_of(done)?;
                write!(
                    json,
                    r#"{separator}{{"index":{index},"status":"{status}","id":"{id}","{one}":{record},"error":null{warnings}}}"#
                )
            }
            Err(failure) => {
                failed += 1;
                let error = listed.once("", failure);
                let error = error.within(&place::<T>(index));
                let error = serde_json::to_string(&error).map_err(Error::internal)?;
                write!(
                    json,
                    r#"{separator}{{"index":{index},"status":"failed","id":null,"{one}":null,"error":{error}}}"#
                )
            }
        };
        written.map_err(Error::internal)?;
    }
    let written = write!(
        json,
        r#"],"created":{created},"updated":{updated},"unchanged":{unchanged},"failed":{failed}}}"#
    );
    written.map_err(Error::internal)?;
    Ok(json)
}
