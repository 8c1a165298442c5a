//! The rows of a CSV file: RFC 4180, and what programs make of it.

use super::buffer::{Buffer, Excerpt, column_of, first_line, line_breaks};
use super::options::Delimiter;
use super::row::{Row, RowError, Source};
use super::scan::{End, Fault, Scan, State, cells};
use crate::limits::{FILE_CELL_BYTES_MAX, FILE_COLUMNS_MAX, FILE_ROW_BYTES_MAX};

/// Reads rows of cells, each as soon as it is whole.
///
/// A quote that is not closed would swallow the rows after it. Where one is found out, on a later line or never, its row is the first
/// of its lines alone, and the others are read as rows of their own. Among them may be lines that a cell meant to hold: until where
/// it was found out, a row must have as many cells as the header.
#[derive(Debug)]
pub(super) struct CsvRows {
    delimiter: Delimiter,
    columns: usize,
    scan: Scan,
    /// The line up to which a row must have a cell for each column.
    strict_until: u64,
    /// Whether the rest of a line that was too long is passed over.
    is_skipping: bool,
}

/// What a row is where it can be read.
enum Outcome {
    Row(Row),
    Blank,
    Bad(RowError),
}

impl CsvRows {
    pub fn new(delimiter: Delimiter, columns: usize) -> Self {
        Self {
            delimiter,
            columns,
            scan: Scan::default(),
            strict_until: 0,
            is_skipping: false,
        }
    }

    /// The next row that the buffer has whole.
    pub fn next(&mut self, buffer: &mut Buffer, is_last: bool) -> Option<Result<Row, RowError>> {
        loop {
            if self.is_skipping {
                if !buffer.skip_line(is_last) {
                    return None;
                }
                self.is_skipping = false;
            }
            let text = buffer.rest();
            if text.is_empty() {
                return None;
            }
            let outcome = match self
                .scan
                .run(text, self.delimiter, FILE_ROW_BYTES_MAX, is_last)
            {
                End::Open => return None,
                End::Beyond => Outcome::Bad(self.beyond(buffer)),
                End::Row(len, with_end) => self.take(buffer, len, with_end),
            };
            self.scan = Scan::default();
            match outcome {
                Outcome::Row(row) => return Some(Ok(row)),
                Outcome::Bad(error) => return Some(Err(error)),
                Outcome::Blank => {}
            }
        }
    }

    /// Takes a whole row out of the buffer.
    fn take(&mut self, buffer: &mut Buffer, len: usize, with_end: usize) -> Outcome {
        let (text, line) = (&buffer.rest()[..len], buffer.line());
        let is_unclosed = self.scan.state == State::Quoted;
        let fault = match (self.scan.fault, is_unclosed) {
            (Some(fault), _) => Some((
                fault,
                "is not closed before more text follows it: write a quote within quotes twice",
            )),
            (None, true) => {
                let opened = self.scan.opened(text, self.delimiter);
                Some((Fault { at: len, opened }, "is not closed"))
            }
            (None, false) => None,
        };
        if let Some((fault, what)) = fault {
            let error = self.unclosed(text, line, fault, what);
            let first = first_line(text);
            let goes_on = first < text.len() && fault.at > first && self.columns > 1;
            if goes_on {
                self.strict_until = line + line_breaks(&text[..fault.at]);
                buffer.take_line();
            } else {
                buffer.take(with_end);
            }
            return Outcome::Bad(error);
        }
        let outcome = self.read(text, line);
        buffer.take(with_end);
        outcome
    }

    fn unclosed(&self, text: &str, line: u64, fault: Fault, what: &str) -> RowError {
        let opened_on = line + line_breaks(&text[..fault.opened]);
        let column = column_of(text, fault.opened);
        let found = line + line_breaks(&text[..fault.at]);
        // That the file ends shows nothing.
        let until = match found > opened_on && fault.at < text.len() {
            true => format!(", as line {found} shows"),
            false => String::new(),
        };
        RowError {
            line,
            column: Some(column),
            message: format!(
                "Line {opened_on}, column {column}: the quote that opens a cell there {what}{until}. Close it, or write the cell without \
                 quotes."
            ),
            text: text[..first_line(text)].excerpt(),
        }
    }

    fn beyond(&mut self, buffer: &mut Buffer) -> RowError {
        let (text, line) = (buffer.rest(), buffer.line());
        let first = first_line(text);
        let is_quoted = matches!(self.scan.state, State::Quoted | State::Quote);
        if is_quoted && first < FILE_ROW_BYTES_MAX && self.columns > 1 {
            let opened = self.scan.opened(text, self.delimiter);
            let what = format!("is not closed within {FILE_ROW_BYTES_MAX} bytes");
            let fault = Fault { at: opened, opened };
            let error = self.unclosed(text, line, fault, &what);
            self.strict_until = line + line_breaks(&text[..self.scan.at]);
            buffer.take_line();
            return error;
        }
        self.is_skipping = true;
        RowError {
            line,
            column: None,
            message: format!(
                "Line {line} is longer than a row can be, {FILE_ROW_BYTES_MAX} bytes: shorten its cells."
            ),
            text: text.excerpt(),
        }
    }

    /// The row that the text of one is.
    fn read(&self, text: &str, line: u64) -> Outcome {
        let bad = |column: Option<u64>, message: String| {
            let text = text.excerpt();
            Outcome::Bad(RowError {
                line,
                column,
                message,
                text,
            })
        };
        if let Some(at) = text.find('\0') {
            let column = column_of(text, at);
            let on = line + line_breaks(&text[..at]);
            let message = format!(
                "Line {on}, column {column}: the character U+0000 is in no text: leave it out."
            );
            return bad(Some(column), message);
        }
        let mut cells = cells(text, self.delimiter, self.columns);
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Outcome::Blank;
        }
        let too_many = cells.len() > FILE_COLUMNS_MAX;
        while cells.len() > self.columns && cells.last().is_some_and(|cell| cell.trim().is_empty())
        {
            cells.pop();
        }
        let (count, columns) = (cells.len(), self.columns);
        if count > columns || too_many || (line <= self.strict_until && count != columns) {
            let delimiter = match self.delimiter {
                Delimiter::Tab => "a tab".to_owned(),
                other => format!("`{}`", char::from(other.byte())),
            };
            let message = format!(
                "Line {line} has {}, and the header has {columns}: put a cell that holds {delimiter} or a line's end into quotes.",
                counted(count)
            );
            return bad(None, message);
        }
        if let Some(place) = cells
            .iter()
            .position(|cell| cell.len() > FILE_CELL_BYTES_MAX)
        {
            let message = format!(
                "Line {line}: its cell {} is {} bytes long, and {FILE_CELL_BYTES_MAX} at most are read: shorten it.",
                place + 1,
                cells[place].len()
            );
            return bad(None, message);
        }
        Outcome::Row(Row {
            line,
            source: Source::cells(cells),
        })
    }
}

fn counted(cells: usize) -> String {
    match cells {
        1 => "1 cell".to_owned(),
        _ => format!("{cells} cells"),
    }
}
