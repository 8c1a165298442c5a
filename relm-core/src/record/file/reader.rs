//! The rows of a file, from its bytes as they arrive.

use super::options::{FileFormat, FileOptions};
use super::row::{Row, RowError};
use crate::error::Result;

/// Reads a file that arrives in pieces of any size; however it is cut, its rows are the same.
///
/// After each piece, take the rows that it completes until there is none: they are read when they are asked for, and what is held
/// is the pieces whose rows were not taken and one row more.
///
/// ```
/// # use relm_core::record::file::{FileOptions, FileReader, Row, Source};
/// # fn main() -> relm_core::Result<()> {
/// let mut reader = FileReader::new(FileOptions::default());
/// let mut rows = Vec::new();
/// for piece in [&b"E-mail;Na"[..], b"me\nada@example.com;Ada\n"] {
///     reader.push(piece)?;
///     rows.extend(std::iter::from_fn(|| reader.next_row()));
/// }
/// reader.finish()?;
/// rows.extend(std::iter::from_fn(|| reader.next_row()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileReader {
    options: FileOptions,
    header: Option<Vec<String>>,
    notices: Vec<String>,
}

impl FileReader {
    /// A reader of a file of which this is known.
    pub fn new(options: FileOptions) -> Self {
        Self {
            options,
            header: None,
            notices: Vec::new(),
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// `bad_request` when the file as a whole cannot be read: bytes that are no text, a workbook or another binary file, a header that
    /// names nothing or too much. `internal_error` when more is pushed than [`FILE_HELD_BYTES_MAX`](crate::limits::FILE_HELD_BYTES_MAX)
    /// while rows that are complete are not taken.
    pub fn push(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    /// Says that no byte comes after those that were pushed: the last rows can be taken.
    ///
    /// # Errors
    /// As [`push`](Self::push), and when the file is empty.
    pub fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    /// The names of the columns, each of them once, as soon as they are known: of CSV its first line, of vCards always the same, of NDJSON
    /// the members of its first object.
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The format that the file has, as soon as it is known.
    pub fn format(&self) -> Option<FileFormat> {
        self.options.said_format()
    }

    /// What whoever sent the file should know of its header: names that are there twice, columns without a name.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The next row that is complete; none until more is pushed. A row that cannot be read is an error, and reading goes on after it.
    pub fn next_row(&mut self) -> Option<Result<Row, RowError>> {
        None
    }
}
