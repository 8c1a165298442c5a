//! Pieces of an import, each found by its key: a chunk of rows that waits, what became of it, and in a dry run what a record would
//! be by then. They are the engine's own: no list and no event shows them.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::file::{Row, RowError, Source};
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// A piece of an import.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportPart {
    /// `imt_` and a ULID.
    pub id: Id,
    /// Whose it is.
    pub import_id: Id,
    /// Which piece it is: one each.
    pub part_key: String,
    /// How many times it was written.
    pub version: i64,
    /// What it says.
    pub content: Box<RawValue>,
}

impl Columns for ImportPart {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::id("import_id", Kind::Import, |it: &Self| Some(it.import_id)).indexed(),
        Column::key("part_key", 120, |it: &Self| Some(it.part_key.clone())),
    ];
}

/// Which piece of an import something is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PartKey<'a> {
    /// The chunk of rows of this number.
    Chunk(i64),
    /// Who would have a unique key of a kind of record.
    Holder(Kind, &'a str),
    /// What a record would be.
    Record(Id),
}

impl PartKey<'_> {
    /// The key of the piece in all imports of a scope.
    pub fn of(self, import: Id) -> String {
        match self {
            Self::Chunk(number) => format!("{import}.c{number}"),
            // A unique key may be longer than a key of ours, and is compared exactly.
            Self::Holder(kind, key) => {
                let digest = Sha256::digest(format!("{}\0{key}", kind.name()));
                format!("{import}.k{}", hex(&digest))
            }
            Self::Record(id) => format!("{import}.r{id}"),
        }
    }
}

/// What a chunk of an import says: the rows of it that wait, and what became of those before them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chunk {
    /// The rows that wait. Those before them were worked on, where all of them were too much for one commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Row>,
    /// The rows among them that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<FailedRow>,
    /// How many more could not be read, for which there is no room.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unread_more: i64,
    /// The requests that rows were changed for: one for each commit that changed anything, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestId>,
    /// The rows that could not be taken in, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedRow>,
    /// What an undo left as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<KeptConflict>,
    /// The rows that were worked on, where an import may begin from them.
    #[serde(default, skip_serializing_if = "KeptRows::is_empty")]
    pub kept: KeptRows,
}

/// The rows of a chunk of a dry run, as they arrived.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptRows {
    pub rows: Vec<Row>,
    /// Those that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<FailedRow>,
    /// How many more could not be read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unread_more: i64,
}

impl KeptRows {
    /// How many there are, those that could not be read among them.
    pub fn len(&self) -> usize {
        self.rows.len() + self.unread.len() + usize::try_from(self.unread_more).unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn is_none(count: &i64) -> bool {
    *count == 0
}

/// A row that could not be taken in, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FailedRow {
    /// Its line in the file, from 1.
    pub line: u64,
    pub error: Error,
    /// The row, where it could be read, and there is room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Row>,
    /// Its text, cut, where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl FailedRow {
    /// A row that could not be read.
    pub fn unread(unread: RowError) -> Self {
        let column = unread.column.map(|column| format!("column {column}"));
        let error = Error::new(ErrorKind::ValidationFailed, unread.message);
        Self {
            line: unread.line,
            error: match column {
                Some(column) => error.at(column),
                None => error,
            },
            row: None,
            text: Some(unread.text),
        }
    }

    /// A row that could not be taken in.
    pub fn of(row: Row, error: &Error) -> Self {
        Self {
            line: row.line,
            error: error.clone().without_options(),
            row: Some(row),
            text: None,
        }
    }

    /// What it takes to keep it, nearly.
    pub fn bytes(&self) -> usize {
        let of_row = self.row.as_ref().map_or(0, row_bytes);
        let text = self.text.as_deref().map_or(0, text_bytes);
        of_row + text + self.error.message().len() + 100
    }
}

/// What it takes to keep a row, nearly.
pub(crate) fn row_bytes(row: &Row) -> usize {
    let source: usize = match &row.source {
        Source::Cells(cells) => cells.iter().map(|cell| text_bytes(cell) + 1).sum(),
        Source::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| text_bytes(name) + 2 + value_bytes(value))
                .sum()
        }
    };
    source + 12
}

/// A text as JSON has it.
fn text_bytes(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    });
    escaped.sum::<usize>() + 2
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 20,
        Value::String(text) => text_bytes(text),
        Value::Array(values) => {
            values
                .iter()
                .map(|value| value_bytes(value) + 1)
                .sum::<usize>()
                + 2
        }
        Value::Object(members) => {
            let members = members.iter();
            let bytes = members.map(|(name, value)| text_bytes(name) + 2 + value_bytes(value));
            bytes.sum::<usize>() + 2
        }
    }
}

/// What an undo left as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptConflict {
    /// Which record; none where it is all that a request changed.
    pub id: Option<Id>,
    pub member: Option<String>,
    pub code: String,
    pub message: String,
}

/// What a dry run would make of a record, or who would hold a unique key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shadow {
    /// The holder of a key; none where it would be free.
    Holder(Option<Id>),
    /// A record that would be there, as its document.
    Record(Box<RawValue>),
    /// A record that would not be there.
    Gone,
}

impl Chunk {
    /// Whether no row of it waits.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.unread.is_empty() && self.unread_more == 0
    }

    /// Whether nothing became of it yet.
    pub fn is_new(&self) -> bool {
        self.requests.is_empty() && self.failed.is_empty()
    }

    /// Leaves out the rows that wait.
    pub fn leave_rest(&mut self) {
        (self.waiting, self.unread, self.unread_more) = (Vec::new(), Vec::new(), 0);
    }
}

impl ImportPart {
    /// Whether it is a chunk of rows.
    pub(crate) fn is_chunk(&self) -> bool {
        let kind = self.part_key.rsplit_once('.');
        kind.is_some_and(|(_, kind)| kind.starts_with('c'))
    }

    /// A piece of an import.
    pub(crate) fn new<C: Serialize>(
        id: Id,
        import_id: Id,
        key: PartKey<'_>,
        content: &C,
    ) -> Result<Self> {
        Self::of_key(id, import_id, key.of(import_id), content)
    }

    /// A piece of an import, by its whole key.
    pub(crate) fn of_key<C: Serialize>(
        id: Id,
        import_id: Id,
        part_key: String,
        content: &C,
    ) -> Result<Self> {
        Ok(Self {
            id,
            import_id,
            part_key,
            version: 1,
            content: to_raw_value(content).map_err(Error::internal)?,
        })
    }

    /// The same piece, which says something else.
    pub(crate) fn saying<C: Serialize>(&self, content: &C) -> Result<Self> {
        Ok(Self {
            version: self.version + 1,
            content: to_raw_value(content).map_err(Error::internal)?,
            ..self.clone()
        })
    }

    /// What it says.
    pub(crate) fn read<C: DeserializeOwned>(&self) -> Result<C> {
        serde_json::from_str(self.content.get()).map_err(Error::internal)
    }
}

/// Shows no row: they are about people.
impl fmt::Debug for ImportPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportPart")
            .field("id", &self.id)
            .field("part_key", &self.part_key)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_takes_is_what_its_json_takes() {
        for text in [
            "",
            "Ada",
            "\"\\",
            "a\tb\r\n",
            "\u{1}\u{1f}\u{8}\u{c}\u{7f}",
            "é€",
        ] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(text_bytes(text), json.len(), "{json}");
        }
        let source = Source::Cells(vec!["\u{1}".repeat(100), "x".to_owned()]);
        let row = Row { line: 12, source };
        let json = serde_json::to_string(&row).unwrap();
        assert!(row_bytes(&row) >= json.len(), "{json}");
    }
}
