//! What a batch is answered with, as JSON.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::record::Document;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContactBatchRowStatus")
)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// It made a contact.
    Created,
    /// It changed one.
    Updated,
    /// It found everything so already.
    Unchanged,
    /// It failed, alone.
    Failed,
}

impl RowStatus {
    /// The name in JSON.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// Bytes of a row beside its contact, nearly.
const ROW_BYTES: usize = 120;

/// The report as JSON. The contacts in it are documents already, and are not read again to be written.
pub(super) fn report(rows: &[Result<(RowStatus, Document), Arc<Error>>]) -> Result<String> {
    let document_bytes = |row: &Result<(RowStatus, Document), _>| match row {
        Ok((_, document)) => document.json.len() + ROW_BYTES,
        Err(_) => ROW_BYTES,
    };
    let mut json = String::with_capacity(rows.iter().map(document_bytes).sum());
    json.push_str(r#"{"object":"batch","data":["#);
    let (mut created, mut updated, mut unchanged, mut failed) = (0, 0, 0, 0);
    // Rows that fail in one field have its options in common: they are listed with the first of them.
    let mut listed: HashSet<Option<&str>> = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let written = match row {
            Ok((status, document)) => {
                *match status {
                    RowStatus::Created => &mut created,
                    RowStatus::Updated => &mut updated,
                    RowStatus::Unchanged => &mut unchanged,
                    RowStatus::Failed => &mut failed,
                } += 1;
                let Document { id, json: contact } = document;
                let status = status.as_str();
                write!(
                    json,
                    r#"{separator}{{"index":{index},"status":"{status}","id":"{id}","contact":{contact},"error":null}}"#
                )
            }
            Err(failure) => {
                failed += 1;
                // Whatever an unknown member is called, the known ones are the same.
                let of = match failure.kind() {
                    ErrorKind::UnknownField => None,
                    _ => failure.field(),
                };
                let mut error = failure.copied();
                if !error.valid_options().is_empty() && !listed.insert(of) {
                    error = error.without_options();
                }
                let error = error.within(&format!("contacts[{index}]"));
                let error = serde_json::to_string(&error).map_err(Error::internal)?;
                write!(
                    json,
                    r#"{separator}{{"index":{index},"status":"failed","id":null,"contact":null,"error":{error}}}"#
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
