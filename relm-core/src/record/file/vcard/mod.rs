//! The rows of a vCard file: a contact each, under headers that are always the same.

mod card;
mod property;

use self::card::Card;
pub(super) use self::card::HEADER;
use self::property::{is_quoted_printable, name_of};
use super::buffer::{Buffer, Line, LineReader};
use super::row::{Row, RowError};
use crate::limits::FILE_CELL_BYTES_MAX;

/// Reads vCards of version 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), each as soon as it ends.
#[derive(Debug)]
pub(super) struct VcardRows {
    lines: LineReader,
    card: Option<Card>,
    /// The line that is being unfolded, and where it begins.
    property: String,
    begins_on: u64,
    /// Whether that line is of no use: a picture, or too long.
    is_dropped: bool,
    /// Whether it was said that there is something between two cards.
    is_stray_told: bool,
}

/// Properties whose values are pictures, sounds and keys.
const BINARY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

impl VcardRows {
    pub const fn new() -> Self {
        Self {
            lines: LineReader::new(FILE_CELL_BYTES_MAX),
            card: None,
            property: String::new(),
            begins_on: 0,
            is_dropped: false,
            is_stray_told: false,
        }
    }

    /// The next row that the buffer has whole.
    pub fn next(&mut self, buffer: &mut Buffer, is_last: bool) -> Option<Result<Row, RowError>> {
        loop {
            match self.lines.next(buffer, is_last) {
                Line::Whole(text, line) => {
                    let outcome = self.line(text, line);
                    if outcome.is_some() {
                        return outcome;
                    }
                }
                Line::TooLong(text, line) => self.too_long(&text, line),
                Line::Open => return None,
                Line::End => return self.end(),
            }
        }
    }

    /// Takes a physical line.
    fn line(&mut self, text: &str, line: u64) -> Option<Result<Row, RowError>> {
        let is_soft = !self.property.is_empty()
            && self.property.ends_with('=')
            && is_quoted_printable(&self.property);
        if is_soft {
            self.property.pop();
            self.append(text);
            return None;
        }
        if let Some(folded) = text.strip_prefix([' ', '\t'])
            && (self.is_dropped || !self.property.is_empty())
        {
            self.append(folded);
            return None;
        }
        // Base64 of version 2.1 that is not folded.
        if self.is_dropped && !text.is_empty() && !text.contains(':') {
            return None;
        }
        self.unfold();
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("BEGIN:VCARD") {
            self.is_stray_told = false;
            let before = self.card.replace(Card::new(line));
            return before.map(|card| Err(card.unended()));
        }
        if trimmed.eq_ignore_ascii_case("END:VCARD")
            && let Some(card) = self.card.take()
        {
            return Some(card.row());
        }
        if trimmed.is_empty() {
            return None;
        }
        if self.card.is_none() {
            let is_told = std::mem::replace(&mut self.is_stray_told, true);
            return (!is_told).then(|| Err(card::stray(line, text)));
        }
        self.is_dropped = BINARY.contains(&&*name_of(text));
        self.begins_on = line;
        if !self.is_dropped {
            self.property.push_str(text);
        }
        None
    }

    fn append(&mut self, text: &str) {
        if self.is_dropped {
            return;
        }
        if self.property.len() + text.len() > FILE_CELL_BYTES_MAX {
            self.too_long("", self.begins_on);
            return;
        }
        self.property.push_str(text);
    }

    /// A line that is longer than a cell: of a picture it does not matter.
    fn too_long(&mut self, text: &str, line: u64) {
        let is_folded = text.starts_with([' ', '\t']);
        let is_binary = is_folded && self.is_dropped || BINARY.contains(&&*name_of(text));
        if let Some(card) = &mut self.card
            && !is_binary
        {
            let what = format!("is longer than a value can be, {FILE_CELL_BYTES_MAX} bytes");
            card.refuse(line, None, what);
        }
        self.property.clear();
        self.is_dropped = true;
    }

    /// Has the card take the line that was unfolded.
    fn unfold(&mut self) {
        self.is_dropped = false;
        let property = std::mem::take(&mut self.property);
        if let Some(card) = &mut self.card
            && !property.is_empty()
        {
            card.take(&property, self.begins_on);
        }
    }

    fn end(&mut self) -> Option<Result<Row, RowError>> {
        self.unfold();
        self.card.take().map(|card| Err(card.unended()))
    }
}
