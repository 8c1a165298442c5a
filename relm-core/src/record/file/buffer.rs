//! Text that has arrived and is not read yet, and places in it.

use crate::limits::FILE_EXCERPT_BYTES_MAX;

/// Text that is not read yet, and the line on which it begins.
#[derive(Debug)]
pub(super) struct Buffer {
    text: String,
    /// The bytes of the text that are read.
    start: usize,
    line: u64,
}

impl Buffer {
    pub fn new() -> Self {
        Self {
            text: String::new(),
            start: 0,
            line: 1,
        }
    }

    /// What is not read.
    pub fn rest(&self) -> &str {
        &self.text[self.start..]
    }

    /// The line on which that begins; the first is 1.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The text to append to.
    pub fn end(&mut self) -> &mut String {
        self.text.drain(..self.start);
        self.start = 0;
        &mut self.text
    }

    /// Has so many bytes read.
    pub fn take(&mut self, bytes: usize) {
        self.line += line_breaks(&self.rest()[..bytes]);
        self.start += bytes;
    }

    /// Has the first line read, with its end, which must be there.
    pub fn take_line(&mut self) {
        let rest = self.rest();
        let len = first_line(rest);
        let end = match &rest.as_bytes()[len..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        self.take(len + end);
    }

    /// Has the first line read, as much of it as is there; says whether its end was.
    pub fn skip_line(&mut self, is_last: bool) -> bool {
        let rest = self.rest();
        let len = first_line(rest);
        let is_whole = match &rest.as_bytes()[len..] {
            [] | [b'\r'] => is_last,
            _ => true,
        };
        match is_whole {
            true => self.take_line(),
            false => self.take(len),
        }
        is_whole
    }
}

/// What a [`LineReader`] comes to next.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A line without its end, and its number.
    Whole(&'a str, u64),
    /// The beginning of a line that is longer than one may be, and its number: the rest is passed over.
    TooLong(String, u64),
    /// The rest of a line has not arrived.
    Open,
    /// Nothing is left to be read.
    End,
}

/// Reads lines, each as soon as it is whole.
#[derive(Debug)]
pub(super) struct LineReader {
    /// The bytes that a line may have.
    bytes_max: usize,
    /// Whether the rest of a line that was too long is passed over.
    is_skipping: bool,
    /// The bytes of the line that were looked at.
    seen: usize,
}

impl LineReader {
    pub const fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            is_skipping: false,
            seen: 0,
        }
    }

    /// The next line that the buffer has whole.
    pub fn next<'a>(&mut self, buffer: &'a mut Buffer, is_last: bool) -> Line<'a> {
        if self.is_skipping {
            if !buffer.skip_line(is_last) {
                return Line::Open;
            }
            self.is_skipping = false;
        }
        let (text, line) = (buffer.rest(), buffer.line());
        if text.is_empty() {
            return match is_last {
                true => Line::End,
                false => Line::Open,
            };
        }
        let len = self.seen + first_line(&text[self.seen..]);
        self.seen = 0;
        if len > self.bytes_max {
            self.is_skipping = true;
            return Line::TooLong(text.excerpt(), line);
        }
        let is_open = matches!(text.as_bytes()[len..], [] | [b'\r']);
        if is_open && !is_last {
            self.seen = len;
            return Line::Open;
        }
        let start = buffer.start;
        buffer.take_line();
        Line::Whole(&buffer.text[start..start + len], line)
    }
}

/// The bytes before the end of the first line.
pub(super) fn first_line(text: &str) -> usize {
    let end = text.bytes().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.unwrap_or(text.len())
}

/// How many lines end in a text: by CR, LF, or both.
pub(super) fn line_breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
    let both = match returns {
        0 => 0,
        _ => bytes.windows(2).filter(|pair| *pair == b"\r\n").count(),
    };
    (feeds + returns - both) as u64
}

/// The character, counted from 1 in its own line, that is at this byte.
pub(super) fn column_of(text: &str, at: usize) -> u64 {
    let before = &text[..at];
    let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    before[line..].chars().count() as u64 + 1
}

/// A text, cut to what an error repeats of a row.
pub(super) trait Excerpt {
    fn excerpt(&self) -> String;
}

impl Excerpt for str {
    fn excerpt(&self) -> String {
        self[..self.floor_char_boundary(FILE_EXCERPT_BYTES_MAX)].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_by_either_character_or_both() {
        for (text, breaks) in [("", 0), ("a", 0), ("a\nb\r\nc\rd", 3), ("\r\r\n\n", 3)] {
            assert_eq!(line_breaks(text), breaks, "{text:?}");
        }
        assert_eq!(column_of("äb\ncd", 1 + 2), 3);
        assert_eq!(column_of("ab\rcd", 4), 2);
        assert_eq!(
            "é".repeat(FILE_EXCERPT_BYTES_MAX).excerpt().len(),
            FILE_EXCERPT_BYTES_MAX
        );
    }
}
