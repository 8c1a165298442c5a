//! Where a row of CSV ends, and which cells it has.

use super::buffer::column_of;
use super::options::Delimiter;
use crate::limits::FILE_COLUMNS_MAX;

/// How far the row is looked through that is being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    pub at: usize,
    pub state: State,
    pub fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
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
pub(super) struct Fault {
    pub at: usize,
    pub opened: usize,
}

/// How a row that is looked through ends.
pub(super) enum End {
    /// The bytes of the row, and those with the end of its line.
    Row(usize, usize),
    /// There are more bytes to come.
    Open,
    /// It is too long.
    Beyond,
}

impl Scan {
    /// Looks for the end of the row that `text` begins with, from where it stopped before.
    pub fn run(
        &mut self,
        text: &str,
        delimiter: Delimiter,
        bytes_max: usize,
        is_last: bool,
    ) -> End {
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

    /// Where the quote was opened that is open.
    pub fn opened(&self, text: &str, delimiter: Delimiter) -> usize {
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
pub(super) fn cells(text: &str, delimiter: Delimiter, columns: usize) -> Vec<String> {
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
