//! What a batch of operations is answered with: its type, and its JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::OperationName;
use crate::engine::reply::Reply;
use crate::engine::resources::batch::{BatchTag, ListedOptions};
use crate::error::{Error, Result};
use crate::value::from_text::named;
use crate::value::id::Id;

/// What became of a batch of operations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Batch")
)]
#[non_exhaustive]
pub struct OperationsReport {
    /// Always `batch`.
    pub object: BatchTag,
    /// The operations, in the order of the input.
    pub data: Vec<OperationRow>,
    /// How many made a record or an association.
    pub created: usize,
    /// How many changed a record or an association.
    pub updated: usize,
    /// How many found everything so already.
    pub unchanged: usize,
    /// How many moved a record to the trash, or removed an association.
    pub deleted: usize,
    /// How many brought a record back from the trash.
    pub restored: usize,
    /// How many failed.
    pub failed: usize,
}

/// One operation of an [`OperationsReport`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "BatchRow")
)]
#[non_exhaustive]
pub struct OperationRow {
    /// Its place in the input, from 0.
    pub index: usize,
    /// What it was to do; null where that could not be read.
    pub op: Option<OperationName>,
    /// What became of it.
    pub status: OperationStatus,
    /// The id of the record or association that it was about; null where it failed.
    pub id: Option<Id>,
    /// What the input calls it.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The record or association as the operation left it; null where it failed or that is gone.
    pub record: Option<Value>,
    /// Why it failed; null where it did not.
    pub error: Option<Error>,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "BatchRowStatus")
)]
#[serde(rename_all = "snake_case")]
pub enum OperationStatus {
    /// It made a record or an association.
    Created,
    /// It changed a record.
    Updated,
    /// It found everything so already.
    Unchanged,
    /// It moved a record to the trash, or removed an association.
    Deleted,
    /// It brought a record back from the trash.
    Restored,
    /// It failed, alone.
    Failed,
}

impl OperationStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::Unchanged,
        Self::Deleted,
        Self::Restored,
        Self::Failed,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Failed => "failed",
        }
    }
}

named!(
    OperationStatus,
    as_str,
    "`created`, `updated`, `unchanged`, `deleted`, `restored` or `failed`"
);

/// One operation, as far as it can be read, and what it came to.
pub(super) struct Row {
    pub name: Option<OperationName>,
    /// What the operation is about, where it says so.
    pub object: Option<String>,
    pub reference: Option<String>,
    pub outcome: Result<Done>,
}

/// What one operation came to.
pub(super) struct Done {
    pub status: OperationStatus,
    pub id: Id,
    /// The record as the operation left it; none of one that is gone.
    pub record: Option<Arc<str>>,
    /// The records whose values that has.
    pub about: Vec<Id>,
}

impl Done {
    /// What an operation came to on the record of this id, and the reply that shows it, unless it is gone.
    pub fn new<T>(status: OperationStatus, id: Id, reply: Option<Reply<T>>) -> Self {
        let (record, about) = match reply {
            Some(reply) => (Some(reply.body), reply.about),
            None => (None, Vec::new()),
        };
        Self {
            status,
            id,
            record,
            about,
        }
    }
}

/// Bytes of a row beside its record, nearly.
const ROW_BYTES: usize = 160;

/// The report as JSON. The records in it are documents already, and are not read again to be written.
pub(super) fn report(rows: &[Row]) -> Result<String> {
    let record_bytes = |row: &Row| {
        let record = row
            .outcome
            .as_ref()
            .ok()
            .and_then(|done| done.record.as_ref());
        record.map_or(0, |record| record.len()) + ROW_BYTES
    };
    let mut json = String::with_capacity(rows.iter().map(record_bytes).sum());
    json.push_str(r#"{"object":"batch","data":["#);
    let mut counts = [0_usize; OperationStatus::ALL.len()];
    let mut listed = ListedOptions::default();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        let (status, id, record, error) = match &row.outcome {
            Ok(done) => (done.status, Some(done.id), done.record.as_deref(), None),
            Err(error) => {
                let of = row.object.as_deref().unwrap_or_default();
                let error = listed.once(of, error);
                let error = error.within(&format!("operations[{index}]"));
                (OperationStatus::Failed, None, None, Some(error))
            }
        };
        counts[status as usize] += 1;
        let head = Head {
            index,
            op: row.name,
            status,
            id,
            reference: row.reference.as_deref(),
        };
        let head = serde_json::to_string(&head).map_err(Error::internal)?;
        let error = serde_json::to_string(&error).map_err(Error::internal)?;
        // The members of the row that are JSON already come after those that are written here.
        json.push_str(head.trim_end_matches('}'));
        let record = record.unwrap_or("null");
        write!(json, r#","record":{record},"error":{error}}}"#).map_err(Error::internal)?;
    }
    json.push(']');
    for (status, count) in OperationStatus::ALL.into_iter().zip(counts) {
        let status = status.as_str();
        write!(json, r#","{status}":{count}"#).map_err(Error::internal)?;
    }
    json.push('}');
    Ok(json)
}

/// What a row begins with.
#[derive(Serialize)]
struct Head<'a> {
    index: usize,
    op: Option<OperationName>,
    status: OperationStatus,
    id: Option<Id>,
    #[serde(rename = "ref")]
    reference: Option<&'a str>,
}
