//! The rows of an NDJSON file: a JSON object on each line.

use serde_json::Value;

use super::buffer::{Buffer, Excerpt, Line, LineReader};
use super::row::{Row, RowError, Source};
use crate::limits::{FILE_COLUMNS_MAX, FILE_ROW_BYTES_MAX};
use crate::record::input::type_name;
use crate::value::json;

/// Reads objects, each as soon as its line is whole.
#[derive(Debug)]
pub(super) struct NdjsonRows {
    lines: LineReader,
}

impl NdjsonRows {
    pub const fn new() -> Self {
        Self {
            lines: LineReader::new(FILE_ROW_BYTES_MAX),
        }
    }

    /// The next row that the buffer has whole.
    pub fn next(&mut self, buffer: &mut Buffer, is_last: bool) -> Option<Result<Row, RowError>> {
        loop {
            match self.lines.next(buffer, is_last) {
                Line::Whole(text, line) => {
                    let outcome = read(text, line);
                    if outcome.is_some() {
                        return outcome;
                    }
                }
                Line::TooLong(text, line) => return Some(Err(too_long(line, text))),
                Line::Open | Line::End => return None,
            }
        }
    }
}

fn too_long(line: u64, text: String) -> RowError {
    RowError {
        line,
        column: None,
        message: format!(
            "Line {line} is longer than a row can be, {FILE_ROW_BYTES_MAX} bytes: NDJSON has an object on each line."
        ),
        text,
    }
}

fn read(text: &str, line: u64) -> Option<Result<Row, RowError>> {
    if text.trim().is_empty() {
        return None;
    }
    let refuse = |column, message| {
        let text = text.excerpt();
        Some(Err(RowError {
            line,
            column,
            message,
            text,
        }))
    };
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(members)) if members.len() > FILE_COLUMNS_MAX => refuse(
            None,
            format!(
                "Line {line} has {} members, and an object of a file has {FILE_COLUMNS_MAX} at most: leave out those that are not imported.",
                members.len()
            ),
        ),
        Ok(Value::Object(members)) => Some(Ok(Row {
            line,
            source: Source::Object(members),
        })),
        Ok(other) => refuse(
            None,
            format!(
                "Line {line} must be a JSON object, not {}.",
                type_name(&other)
            ),
        ),
        Err(error) => {
            // The line of the message is that of a body of its own.
            let message = error
                .message
                .replacen("The body", &format!("Line {line}"), 1);
            let message = message.replacen(" at line 1 column ", " at column ", 1);
            let column = message.split_once(" at column ").and_then(|(_, rest)| {
                let digits = rest.find(|char: char| !char.is_ascii_digit());
                rest[..digits.unwrap_or(rest.len())].parse().ok()
            });
            refuse(column, message)
        }
    }
}
