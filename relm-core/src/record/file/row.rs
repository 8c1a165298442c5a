//! One row of a file, and what is said of one that cannot be read.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A record of a file, as it stands there.
///
/// As JSON it is the pair of its line and its source: `[2,["Ada","ada@example.com"]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line of the file on which the row begins; the first line is 1.
    pub line: u64,
    /// What the row holds.
    pub source: Source,
}

/// What a row holds.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// Texts in the order of the [header](super::FileReader::header), up to the last one that is not blank: a short row takes no more room
    /// than it has text, however many columns there are.
    Cells(Vec<String>),
    /// The members of a JSON object.
    Object(Map<String, Value>),
}

impl Source {
    /// These cells, without the blank ones at the end.
    pub(super) fn cells(mut cells: Vec<String>) -> Self {
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        Self::Cells(cells)
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.line, &self.source).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (line, source) = Deserialize::deserialize(deserializer)?;
        Ok(Self { line, source })
    }
}

/// A row that cannot be read: those after it can.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowError {
    /// The line of the file on which the row begins; the first line is 1.
    pub line: u64,
    /// The character at which it went wrong, counted from 1 in its own line; none where that is the row as a whole.
    pub column: Option<u64>,
    /// What was wrong and what would be right, with the line and the column.
    pub message: String,
    /// The text of the row, cut to [`FILE_EXCERPT_BYTES_MAX`](crate::limits::FILE_EXCERPT_BYTES_MAX).
    pub text: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RowError {}

/// A cell whose text is no value of the member that its column is mapped to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CellError {
    /// The line of the file on which the row begins; the first line is 1.
    pub line: u64,
    /// The header of the column.
    pub header: String,
    /// The member that the column is mapped to, such as `metadata.plan`.
    pub member: String,
    /// What was wrong and what would be right: with the line, the column's header and the value, cut.
    pub message: String,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CellError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_kept_as_a_pair() {
        let cells = Row {
            line: 2,
            source: Source::Cells(vec!["Ada".to_owned(), String::new()]),
        };
        let mut members = Map::new();
        members.insert("email".to_owned(), "ada@example.com".into());
        let object = Row {
            line: 7,
            source: Source::Object(members),
        };
        for (row, json) in [
            (cells, r#"[2,["Ada",""]]"#),
            (object, r#"[7,{"email":"ada@example.com"}]"#),
        ] {
            assert_eq!(serde_json::to_string(&row).unwrap(), json);
            assert_eq!(serde_json::from_str::<Row>(json).unwrap(), row);
        }
    }
}
