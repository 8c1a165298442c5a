//! The rows of an NDJSON file: a JSON object on each line.

use serde_json::Value;

use super::buffer::{Buffer, Excerpt, first_line};
use super::row::{Row, RowError, Source};
use crate::limits::{FILE_COLUMNS_MAX, FILE_ROW_BYTES_MAX};
use crate::record::input::type_name;
use crate::value::json;

/// Reads objects, each as soon as its line is whole.
#[derive(Debug, Default)]
pub(super) struct NdjsonRows {
    /// Whether the rest of a line that was too long is passed over.
    is_skipping: bool,
    /// The bytes of the line that were looked at.
    seen: usize,
}

impl NdjsonRows {
    /// The next row that the buffer has whole.
    pub fn next(&mut self, buffer: &mut Buffer, is_last: bool) -> Option<Result<Row, RowError>> {
        loop {
            if self.is_skipping {
                if !buffer.skip_line(is_last) {
                    return None;
                }
                self.is_skipping = false;
            }
            let (text, line) = (buffer.rest(), buffer.line());
            if text.is_empty() {
                return None;
            }
            let len = self.seen + first_line(&text[self.seen..]);
            self.seen = 0;
            if len > FILE_ROW_BYTES_MAX {
                self.is_skipping = true;
                return Some(Err(too_long(line, text)));
            }
            let is_open = matches!(text.as_bytes()[len..], [] | [b'\r']);
            if is_open && !is_last {
                self.seen = len;
                return None;
            }
            let outcome = read(&text[..len], line);
            buffer.take_line();
            if outcome.is_some() {
                return outcome;
            }
        }
    }
}

fn too_long(line: u64, text: &str) -> RowError {
    RowError {
        line,
        column: None,
        message: format!(
            "Line {line} is longer than a row can be, {FILE_ROW_BYTES_MAX} bytes: NDJSON has an object on each line."
        ),
        text: text.excerpt(),
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
