//! The rows of a file, from its bytes as they arrive.

use std::collections::VecDeque;

use super::buffer::Buffer;
use super::csv::CsvRows;
use super::decode::Decoder;
use super::head;
use super::ndjson::NdjsonRows;
use super::options::{FileFormat, FileOptions};
use super::row::{Row, RowError, Source};
use super::vcard::{self, VcardRows};
use crate::error::{Error, Result};
use crate::limits::{FILE_HEADER_BYTES_MAX, FILE_HELD_BYTES_MAX};

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
    decoder: Decoder,
    buffer: Buffer,
    rows: Rows,
    /// Rows that were read to find the header.
    ahead: VecDeque<Result<Row, RowError>>,
    header: Option<Vec<String>>,
    notices: Vec<String>,
    /// The white space that the file begins with.
    blank: usize,
    is_finished: bool,
}

/// What reads the rows.
#[derive(Debug)]
enum Rows {
    /// It is not known yet what the file is.
    Unknown,
    Csv(CsvRows),
    Ndjson(NdjsonRows),
    Vcard(Box<VcardRows>),
}

/// Rows that are read ahead of those that are asked for, to find the first that names its members.
const AHEAD_MAX: usize = 100;

impl FileReader {
    /// A reader of a file of which this is known.
    pub fn new(options: FileOptions) -> Self {
        Self {
            decoder: Decoder::new(options.encoding),
            options,
            buffer: Buffer::new(),
            rows: Rows::Unknown,
            ahead: VecDeque::new(),
            header: None,
            notices: Vec::new(),
            blank: 0,
            is_finished: false,
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// `bad_request` when the file as a whole cannot be read: bytes that are no text, a workbook or another binary file, a header that
    /// names nothing or too much. `internal_error` when more is pushed than [`FILE_HELD_BYTES_MAX`] while rows that are complete are
    /// not taken, and after [`finish`](Self::finish).
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.is_finished {
            return Err(Error::internal("bytes were pushed after the end of a file"));
        }
        if self.buffer.rest().len() > FILE_HELD_BYTES_MAX {
            return Err(Error::internal("rows of a file were not taken"));
        }
        // What comes before bytes that are no text is judged first, as it is where they arrive later.
        let decoded = self.decoder.push(bytes, self.buffer.end());
        self.begin()?;
        decoded
    }

    /// Says that no byte comes after those that were pushed: the last rows can be taken.
    ///
    /// # Errors
    /// As [`push`](Self::push), and when the file is empty.
    pub fn finish(&mut self) -> Result<()> {
        if self.is_finished {
            return Ok(());
        }
        self.decoder.finish(self.buffer.end())?;
        self.is_finished = true;
        self.begin()
    }

    /// The names of the columns, each of them once, as soon as they are known: of CSV its first line, of vCards always the same, of NDJSON
    /// the members of its first object, as far as their names are [`FILE_HEADER_BYTES_MAX`].
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The format that the file has, as soon as it is known.
    pub fn format(&self) -> Option<FileFormat> {
        match &self.rows {
            Rows::Unknown => self.options.said_format(),
            Rows::Csv(_) => Some(FileFormat::Csv),
            Rows::Ndjson(_) => Some(FileFormat::Ndjson),
            Rows::Vcard(_) => Some(FileFormat::Vcard),
        }
    }

    /// What whoever sent the file should know of its header: names that are there twice, columns without a name.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The next row that is complete; none until more is pushed. A row that cannot be read is an error, and reading goes on after it.
    pub fn next_row(&mut self) -> Option<Result<Row, RowError>> {
        self.ahead.pop_front().or_else(|| self.read())
    }

    fn read(&mut self) -> Option<Result<Row, RowError>> {
        let is_last = self.is_finished;
        match &mut self.rows {
            Rows::Unknown => None,
            Rows::Csv(rows) => rows.next(&mut self.buffer, is_last),
            Rows::Ndjson(rows) => rows.next(&mut self.buffer, is_last),
            Rows::Vcard(rows) => rows.next(&mut self.buffer, is_last),
        }
    }

    /// Finds out what the file is, and its header, as soon as enough of it is there.
    fn begin(&mut self) -> Result<()> {
        if matches!(self.rows, Rows::Unknown) {
            self.find_format()?;
        }
        if matches!(self.rows, Rows::Ndjson(_)) && self.header.is_none() {
            self.look_ahead();
            if self.is_finished && self.header.is_none() && self.ahead.is_empty() {
                return Err(empty());
            }
        }
        Ok(())
    }

    fn find_format(&mut self) -> Result<()> {
        // Whatever more of the file is there already, it is judged by as much of it.
        let all = self.buffer.rest();
        let text = &all[..all.floor_char_boundary(FILE_HEADER_BYTES_MAX)];
        let is_whole = self.is_finished && text.len() == all.len();
        let is_enough = is_whole || all.len() >= FILE_HEADER_BYTES_MAX;
        let begin = text[self.blank..].trim_start();
        self.blank = text.len() - begin.len();
        let Some(format) = sniffed(begin, self.options.said_format(), is_enough)? else {
            return Ok(());
        };
        match format {
            FileFormat::Csv if !is_enough => {}
            FileFormat::Csv => {
                let head = head::read(text, is_whole, self.options.delimiter)?;
                self.buffer.take(head.bytes);
                self.rows = Rows::Csv(CsvRows::new(head.delimiter, head.header.len()));
                self.header = Some(head.header);
                self.notices = head.notices;
            }
            FileFormat::Ndjson => self.rows = Rows::Ndjson(NdjsonRows::new()),
            FileFormat::Vcard if begin.is_empty() && self.is_finished => return Err(empty()),
            FileFormat::Vcard => {
                self.rows = Rows::Vcard(Box::new(VcardRows::new()));
                self.header = Some(vcard::HEADER.map(str::to_owned).to_vec());
            }
        }
        Ok(())
    }

    fn look_ahead(&mut self) {
        while self.header.is_none() && self.ahead.len() < AHEAD_MAX {
            let Some(row) = self.read() else {
                return;
            };
            if let Ok(Row { source, .. }) = &row
                && let Source::Object(members) = source
            {
                let mut left = FILE_HEADER_BYTES_MAX;
                let names = members.keys().take_while(|name| {
                    let rest = left.checked_sub(name.len());
                    left = rest.unwrap_or_default();
                    rest.is_some()
                });
                self.header = Some(names.cloned().collect());
            }
            self.ahead.push_back(row);
        }
    }
}

fn empty() -> Error {
    Error::bad_request("The file is empty: there is no record in it.")
}

/// What the file is by what is said of it and by its first characters; none where more of them are needed.
fn sniffed(begin: &str, said: Option<FileFormat>, is_enough: bool) -> Result<Option<FileFormat>> {
    const VCARD: &str = "BEGIN:VCARD";
    if begin.len() < VCARD.len() && !is_enough {
        return Ok(None);
    }
    let is_csv = said == Some(FileFormat::Csv);
    if begin.starts_with('[') && !is_csv {
        return Err(Error::bad_request(
            "The file begins with `[`, as a JSON array does: NDJSON has an object on each line, with nothing around them.",
        ));
    }
    if begin.starts_with('<') && !is_csv {
        return Err(Error::bad_request(
            "The file begins with `<`, as XML and HTML do: send CSV, NDJSON or vCards.",
        ));
    }
    let is_vcard = begin
        .get(..VCARD.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(VCARD));
    Ok(said.or(Some(match begin.starts_with('{') {
        true => FileFormat::Ndjson,
        false if is_vcard => FileFormat::Vcard,
        false => FileFormat::Csv,
    })))
}
