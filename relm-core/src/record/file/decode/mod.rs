//! Which text the bytes of a file are.

use super::options::Encoding;
use crate::error::{Error, Result};

/// Turns bytes that arrive in pieces into text.
///
/// What is UTF-8 up to a byte that is none is taken as Windows-1252 where no character before it was beyond ASCII, since both are the same
/// up to there; else that byte is a fault of the file.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    said: Option<Encoding>,
    state: State,
    /// Bytes of a character, or of the beginning of the file, that are not whole yet.
    held: Vec<u8>,
    /// Bytes before those that are held.
    offset: u64,
    /// The line of those.
    line: u64,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Start,
    Utf8 {
        /// Whether it can be nothing else: there was a byte order mark, or a character beyond ASCII.
        is_certain: bool,
    },
    Utf16 {
        is_little: bool,
    },
    Windows1252 {
        /// The byte that was no UTF-8, where nobody said what the file is.
        since: Option<u64>,
        /// The first bytes beyond ASCII that follow each other.
        run: Vec<u8>,
    },
}

/// Bytes by which a file's encoding is told, and whether it is text.
const SNIFFED: usize = 4;

/// Bytes of a run by which it is told from UTF-8.
const RUN_MAX: usize = 16;

/// How other files begin that people take for CSV.
const OTHER_FILES: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "an Excel workbook or a ZIP file"),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
    (b"\x1F\x8B", "compressed by gzip"),
    (b"%PDF", "a PDF document"),
];

impl Decoder {
    pub fn new(said: Option<Encoding>) -> Self {
        Self {
            said,
            line: 1,
            ..Self::default()
        }
    }

    /// Appends the text of the next bytes.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) -> Result<()> {
        self.read(bytes, false, text)
    }

    /// Appends what is left; nothing of a character may be.
    pub fn finish(&mut self, text: &mut String) -> Result<()> {
        self.read(&[], true, text)
    }

    fn read(&mut self, bytes: &[u8], is_last: bool, text: &mut String) -> Result<()> {
        let begin = text.len();
        let mut whole = std::mem::take(&mut self.held);
        whole.extend_from_slice(bytes);
        if matches!(self.state, State::Start) {
            if whole.len() < SNIFFED && !is_last {
                self.held = whole;
                return Ok(());
            }
            let mark = self.begin(&whole)?;
            whole.drain(..mark);
            self.offset += mark as u64;
        }
        let taken = match &self.state {
            State::Start | State::Utf8 { .. } => self.utf8(&whole, is_last, text),
            State::Utf16 { is_little } => utf16(&whole, *is_little, is_last, text),
            State::Windows1252 { .. } => self.windows_1252(&whole, is_last, text),
        };
        self.line += text[begin..].bytes().filter(|byte| *byte == b'\n').count() as u64;
        match taken {
            Ok(taken) => {
                self.offset += taken as u64;
                self.held = whole.split_off(taken);
                Ok(())
            }
            Err(fault) => Err(self.refuse(fault)),
        }
    }

    /// Decides on the encoding by the first bytes; gives the length of the byte order mark.
    fn begin(&mut self, bytes: &[u8]) -> Result<usize> {
        if let Some((_, what)) = OTHER_FILES
            .iter()
            .find(|(magic, _)| bytes.starts_with(magic))
        {
            return Err(Error::bad_request(format!(
                "The file is {what}, which is not read: save it as CSV in UTF-8."
            )));
        }
        let (marked, mark) = match bytes {
            [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
                return Err(Error::bad_request(
                    "The file is UTF-32, which is not read: save it as UTF-8.",
                ));
            }
            [0xEF, 0xBB, 0xBF, ..] => (Some(Encoding::Utf8), 3),
            [0xFF, 0xFE, ..] => (Some(Encoding::Utf16Le), 2),
            [0xFE, 0xFF, ..] => (Some(Encoding::Utf16Be), 2),
            _ => (None, 0),
        };
        if let (Some(said), Some(marked)) = (self.said, marked)
            && said != marked
        {
            return Err(Error::bad_request(format!(
                "The file begins with the byte order mark of {marked}, and its encoding is said to be {said}: say {marked}, or nothing."
            )));
        }
        // A line of text begins with an ASCII character, of which UTF-16 makes one byte that is 0.
        let by_zeros = match bytes {
            [first, 0, ..] if *first != 0 && bytes.get(3).is_none_or(|byte| *byte == 0) => {
                Some(Encoding::Utf16Le)
            }
            [0, second, ..] if *second != 0 && bytes.get(2).is_none_or(|byte| *byte == 0) => {
                Some(Encoding::Utf16Be)
            }
            _ => None,
        };
        self.state = match self.said.or(marked).or(by_zeros) {
            None => State::Utf8 { is_certain: false },
            Some(Encoding::Utf8) => State::Utf8 { is_certain: true },
            Some(Encoding::Utf16Le) => State::Utf16 { is_little: true },
            Some(Encoding::Utf16Be) => State::Utf16 { is_little: false },
            Some(Encoding::Windows1252) => State::Windows1252 {
                since: None,
                run: Vec::new(),
            },
        };
        Ok(mark)
    }

    fn utf8(&mut self, bytes: &[u8], is_last: bool, text: &mut String) -> Result<usize, Fault> {
        let State::Utf8 { is_certain } = &mut self.state else {
            return Ok(0);
        };
        let Err(error) = std::str::from_utf8(bytes).map(|valid| {
            *is_certain |= !valid.is_ascii();
            text.push_str(valid);
        }) else {
            return Ok(bytes.len());
        };
        let valid_to = error.valid_up_to();
        let valid = std::str::from_utf8(&bytes[..valid_to]).unwrap_or_default();
        *is_certain |= !valid.is_ascii();
        text.push_str(valid);
        if error.error_len().is_none() && !is_last {
            return Ok(valid_to);
        }
        if *is_certain {
            let what = "The file is UTF-8, and begins no character with the byte";
            return Err(Fault::at(valid_to, what, "Save the file as UTF-8 anew."));
        }
        self.state = State::Windows1252 {
            since: Some(self.offset + valid_to as u64),
            run: Vec::new(),
        };
        let rest = self.windows_1252(&bytes[valid_to..], is_last, text);
        rest.map(|taken| valid_to + taken)
            .map_err(|fault| fault.after(valid_to))
    }

    fn windows_1252(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        text: &mut String,
    ) -> Result<usize, Fault> {
        let State::Windows1252 { since, run } = &mut self.state else {
            return Ok(0);
        };
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii() {
                check_run(since, run)?;
                run.clear();
                text.push(char::from(*byte));
                continue;
            }
            if run.len() < RUN_MAX {
                run.push(*byte);
            }
            let Some(char) = windows_1252(*byte) else {
                let what = "The file is neither UTF-8 nor Windows-1252, which has no character for the byte";
                return Err(Fault::at(at, what, "Save the file as UTF-8."));
            };
            text.push(char);
        }
        if is_last {
            check_run(since, run)?;
        }
        Ok(bytes.len())
    }

    fn refuse(&self, fault: Fault) -> Error {
        let at = match fault.at {
            Place::Within(at) => self.offset + at as u64,
            Place::OfFile(at) => at,
        };
        let Fault { what, advice, .. } = fault;
        let line = match fault.at {
            Place::Within(_) => format!(", on line {}", self.line),
            Place::OfFile(_) => String::new(),
        };
        Error::bad_request(format!("{what} at offset {at}{line}. {advice}"))
    }
}

/// What is wrong with the bytes, and where.
struct Fault {
    at: Place,
    what: &'static str,
    advice: &'static str,
}

enum Place {
    Within(usize),
    OfFile(u64),
}

impl Fault {
    fn at(at: usize, what: &'static str, advice: &'static str) -> Self {
        Self {
            at: Place::Within(at),
            what,
            advice,
        }
    }

    fn after(self, bytes: usize) -> Self {
        let at = match self.at {
            Place::Within(at) => Place::Within(at + bytes),
            place @ Place::OfFile(_) => place,
        };
        Self { at, ..self }
    }
}

/// Whether bytes that are taken for Windows-1252 are characters of UTF-8: the file then is that, but for the byte before.
fn check_run(since: &Option<u64>, run: &[u8]) -> Result<(), Fault> {
    let Some(since) = since else {
        return Ok(());
    };
    let is_utf8 = run.len() > 1
        && match std::str::from_utf8(run) {
            Ok(_) => true,
            Err(error) => run.len() == RUN_MAX && error.error_len().is_none(),
        };
    match is_utf8 {
        false => Ok(()),
        true => Err(Fault {
            at: Place::OfFile(*since),
            what: "The file is UTF-8, and begins no character with the byte",
            advice: "Save the file as UTF-8 anew, or say that its encoding is windows-1252.",
        }),
    }
}

fn utf16(bytes: &[u8], is_little: bool, is_last: bool, text: &mut String) -> Result<usize, Fault> {
    let unit = |at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(match is_little {
            true => u16::from_le_bytes(pair),
            false => u16::from_be_bytes(pair),
        })
    };
    let mut at = 0;
    while let Some(first) = unit(at) {
        let second = unit(at + 2);
        let is_high = (0xD800..0xDC00).contains(&first);
        if is_high && second.is_none() && !is_last {
            return Ok(at);
        }
        let units = [first, second.unwrap_or_default()];
        let Some(Ok(char)) = char::decode_utf16(units).next() else {
            let what = "The file is UTF-16, and has half a character";
            return Err(Fault::at(at, what, "Save the file as UTF-8."));
        };
        text.push(char);
        at += 2 * char.len_utf16();
    }
    if is_last && at < bytes.len() {
        let what = "The file is UTF-16, and ends with half a character";
        return Err(Fault::at(at, what, "Send the whole of the file."));
    }
    Ok(at)
}

/// The character of a byte beyond ASCII in Windows-1252; none of the five that it leaves free.
fn windows_1252(byte: u8) -> Option<char> {
    const FROM_80: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..0xA0 => Some(FROM_80[usize::from(byte - 0x80)]).filter(|char| *char != '\0'),
        _ => Some(char::from(byte)),
    }
}

/// The character of a byte, as whoever writes no UTF-8 most likely means it.
pub(super) fn western(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|byte| windows_1252(*byte).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
