//! The rows of a CSV file: RFC 4180, and what programs make of it.

use super::buffer::{Buffer, Excerpt, column_of, first_line, line_breaks};
use super::options::Delimiter;
use super::row::{Row, RowError, Source};
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

/// How far the row is looked through that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    at: usize,
    state: State,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    CellStart,
    Plain,
    Quoted,
    /// After a quote within quotes: the cell's end, or the first of two.
    Quote,
    /// After the cell's end, and spaces.
    Closed,
}

/// A text where a closed quote is followed by neither the end of its cell nor of its line.
#[derive(Clone, Copy, Debug)]
struct Fault {
    at: usize,
    opened: usize,
}

/// How a row that is looked through ends.
enum End {
    /// The bytes of the row, and those with the end of its line.
    Row(usize, usize),
    /// There are more bytes to come.
    Open,
    /// It is too long.
    Beyond,
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
        let until = match found > opened_on {
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
        cells.resize(columns, String::new());
        Outcome::Row(Row {
            line,
            source: Source::Cells(cells),
        })
    }
}

fn counted(cells: usize) -> String {
    match cells {
        1 => "1 cell".to_owned(),
        _ => format!("{cells} cells"),
    }
}

impl Scan {
    /// Looks for the end of the row that `text` begins with, from where it stopped before.
    fn run(&mut self, text: &str, delimiter: Delimiter, bytes_max: usize, is_last: bool) -> End {
        let (bytes, delimiter) = (text.as_bytes(), delimiter.byte());
        let mut opened = 0;
        while let Some(byte) = bytes.get(self.at) {
            if self.at > bytes_max {
                return End::Beyond;
            }
            self.state = match (self.state, *byte) {
                (State::Quoted, b'"') => State::Quote,
                (State::Quoted, _) => State::Quoted,
                (State::Quote, b'"') => State::Quoted,
                (_, b'\n') => return End::Row(self.at, self.at + 1),
                (_, b'\r') => match bytes.get(self.at + 1) {
                    None if !is_last => return End::Open,
                    Some(b'\n') => return End::Row(self.at, self.at + 2),
                    Some(_) | None => return End::Row(self.at, self.at + 1),
                },
                (_, byte) if byte == delimiter => State::CellStart,
                (State::CellStart, b'"') => {
                    opened = self.at;
                    State::Quoted
                }
                (State::CellStart | State::Plain, _) => State::Plain,
                (State::Quote | State::Closed, b' ') => State::Closed,
                (State::Quote | State::Closed, _) => {
                    if self.fault.is_none() {
                        let opened = match opened {
                            // An earlier call saw it, or it is the first character.
                            0 => opened_before(text, self.at, delimiter),
                            _ => opened,
                        };
                        self.fault = Some(Fault {
                            at: self.at,
                            opened,
                        });
                    }
                    State::Plain
                }
            };
            self.at += 1;
        }
        match is_last {
            true => End::Row(self.at, self.at),
            false => End::Open,
        }
    }

    fn opened(&self, text: &str, delimiter: Delimiter) -> usize {
        opened_before(text, self.at, delimiter.byte())
    }
}

/// Where the last quote before `end` opens a cell.
fn opened_before(text: &str, end: usize, delimiter: u8) -> usize {
    let mut state = State::CellStart;
    let mut opened = 0;
    for (at, byte) in text.bytes().enumerate().take(end) {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) | (State::Quote, b'"') => State::Quoted,
            (_, byte) if byte == delimiter => State::CellStart,
            (State::CellStart, b'"') => {
                opened = at;
                State::Quoted
            }
            (State::CellStart | State::Plain, _) => State::Plain,
            (State::Quote | State::Closed, b' ') => State::Closed,
            (State::Quote | State::Closed, _) => State::Plain,
        };
    }
    opened
}

/// The cells of a row without a fault.
fn cells(text: &str, delimiter: Delimiter, columns: usize) -> Vec<String> {
    let delimiter = char::from(delimiter.byte());
    let mut cells = Vec::with_capacity(columns);
    let mut rest = text;
    // What is beyond the columns that a file can have is not looked at.
    while cells.len() <= FILE_COLUMNS_MAX {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = rest.find(delimiter).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        cells.push(cell);
        match after.trim_start_matches(' ').strip_prefix(delimiter) {
            Some(after) => rest = after,
            None => break,
        }
    }
    cells
}

/// What is within quotes, the first of which is gone, and what follows.
fn unquoted(text: &str) -> (String, &str) {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').unwrap_or((rest, ""));
        cell.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return (cell, after),
        }
    }
}

/// The cells of the first row of a text that is not blank, and the bytes up to its end; none where it is not whole. A quote that is not
/// closed is an error of that column.
pub(super) fn first_row(
    text: &str,
    delimiter: Delimiter,
    is_last: bool,
) -> Option<Result<(Vec<String>, usize), u64>> {
    let mut begin = 0;
    loop {
        let rest = &text[begin..];
        if rest.is_empty() {
            return None;
        }
        let mut scan = Scan::default();
        match scan.run(rest, delimiter, usize::MAX, is_last) {
            End::Open | End::Beyond => return None,
            End::Row(len, with_end) => {
                let row = &rest[..len];
                if scan.fault.is_some() || scan.state == State::Quoted {
                    return Some(Err(column_of(row, scan.opened(row, delimiter))));
                }
                let cells = cells(row, delimiter, 1);
                begin += with_end;
                if cells.iter().any(|cell| !cell.trim().is_empty()) {
                    return Some(Ok((cells, begin)));
                }
            }
        }
    }
}

/// How many cells each of the first rows of a text has that are whole and not blank; none where a quote is amiss.
pub(super) fn widths(
    text: &str,
    delimiter: Delimiter,
    is_last: bool,
    rows_max: usize,
) -> Vec<Option<usize>> {
    let mut widths = Vec::new();
    let mut begin = 0;
    while widths.len() < rows_max && begin < text.len() {
        let rest = &text[begin..];
        let mut scan = Scan::default();
        let End::Row(len, with_end) = scan.run(rest, delimiter, usize::MAX, is_last) else {
            break;
        };
        begin += with_end;
        if rest[..len].trim().is_empty() {
            continue;
        }
        let is_sound = scan.fault.is_none() && scan.state != State::Quoted;
        widths.push(is_sound.then(|| cells(&rest[..len], delimiter, 1).len()));
    }
    widths
}
