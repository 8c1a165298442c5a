//! `multipart/form-data` (RFC 7578) as a browser sends it: fields, and a file that is passed on as it arrives and never held.

use std::mem;

use bytes::{Bytes, BytesMut};

/// Bytes of the head of a part.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Bytes of all fields, with what is around them.
const FIELDS_BYTES_MAX: usize = 512 * 1024;
/// Fields. Each column of a file has one.
const FIELDS_MAX: usize = 2_500;
/// Bytes of a boundary (RFC 2046, section 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;

const NOT_WHOLE: &str = "The form did not arrive whole.";
const MALFORMED: &str =
    "The form is no multipart/form-data: its parts are not set apart by its boundary.";
const TOO_MUCH: &str = "The form has more fields than it may.";

/// What the next bytes said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MultipartEvent {
    /// The value of a field.
    Field(String, String),
    /// A file begins.
    File(FileHead),
    /// Some of it.
    Data(Bytes),
    /// It is whole.
    FileEnd,
}

/// What is said of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::console) struct FileHead {
    /// The field that it was chosen in.
    pub field: String,
    /// What it is called on the sender's machine; empty where none was chosen.
    pub name: String,
    pub content_type: Option<String>,
}

/// What is expected next.
#[derive(Debug)]
enum Awaited {
    /// The delimiter; until there, nothing that counts.
    Start,
    /// What follows a delimiter: the end of its line, or `--`.
    AfterDelimiter,
    Head,
    Field(String, Vec<u8>),
    File,
    End,
}

/// Reads a form, whichever way it is cut.
#[derive(Debug)]
pub(super) struct Multipart {
    /// The end of a line, and the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    awaited: Awaited,
    fields: usize,
    fields_bytes: usize,
}

impl Multipart {
    /// Reads what has this `Content-Type`; none where that is not a form of files.
    pub fn of(content_type: &str) -> Option<Self> {
        let (essence, parameters) = content_type.split_once(';')?;
        if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary")?;
        if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
            return None;
        }
        Some(Self {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            // The first delimiter is at the beginning of the first line.
            buffer: BytesMut::from(&b"\r\n"[..]),
            awaited: Awaited::Start,
            fields: 0,
            fields_bytes: 0,
        })
    }

    /// Takes in the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What is told by what was taken in; none where that is too little.
    pub fn next(&mut self) -> Result<Option<MultipartEvent>, &'static str> {
        loop {
            match mem::replace(&mut self.awaited, Awaited::End) {
                Awaited::Start => match self.take_to_delimiter() {
                    Some(_) => self.awaited = Awaited::AfterDelimiter,
                    None => {
                        self.awaited = Awaited::Start;
                        let has_waited = self.buffer.len() > HEAD_BYTES_MAX;
                        return if has_waited { Err(MALFORMED) } else { Ok(None) };
                    }
                },
                Awaited::AfterDelimiter => {
                    if !self.pass_delimiter()? {
                        self.awaited = Awaited::AfterDelimiter;
                        return Ok(None);
                    }
                }
                Awaited::Head => match self.take_head()? {
                    Some(file) => return Ok(file),
                    None if matches!(self.awaited, Awaited::Head) => return Ok(None),
                    None => {}
                },
                Awaited::Field(name, value) => {
                    let told = self.take_field(name, value)?;
                    if told.is_some() || matches!(self.awaited, Awaited::Field(..)) {
                        return Ok(told);
                    }
                }
                Awaited::File => return Ok(self.take_file()),
                // What comes after the end means nothing.
                Awaited::End => {
                    self.buffer.clear();
                    return Ok(None);
                }
            }
        }
    }

    /// Whether the last delimiter was there, with which a form ends.
    pub fn finish(&self) -> Result<(), &'static str> {
        match self.awaited {
            Awaited::End => Ok(()),
            _ => Err(NOT_WHOLE),
        }
    }

    /// What is before the next delimiter, which is passed over; none where it is not there yet.
    fn take_to_delimiter(&mut self) -> Option<BytesMut> {
        let at = find(&self.buffer, &self.delimiter)?;
        let before = self.buffer.split_to(at);
        let _ = self.buffer.split_to(self.delimiter.len());
        Some(before)
    }

    /// As much as certainly is not the beginning of a delimiter.
    fn take_sure(&mut self) -> BytesMut {
        let sure = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
        self.buffer.split_to(sure)
    }

    /// Passes over what follows a delimiter; whether all of it was there.
    fn pass_delimiter(&mut self) -> Result<bool, &'static str> {
        if self.buffer.starts_with(b"--") {
            self.awaited = Awaited::End;
            return Ok(true);
        }
        // Blanks may stand before the end of the line.
        let blanks = self
            .buffer
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'));
        let blanks = blanks.count();
        match self.buffer.get(blanks..blanks + 2) {
            Some(b"\r\n") => {
                let _ = self.buffer.split_to(blanks + 2);
                self.awaited = Awaited::Head;
                Ok(true)
            }
            Some(_) => Err(MALFORMED),
            None if blanks > HEAD_BYTES_MAX => Err(MALFORMED),
            None => Ok(false),
        }
    }

    /// Reads the head of a part, and says what is expected after it.
    fn take_head(&mut self) -> Result<Option<Option<MultipartEvent>>, &'static str> {
        let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
            self.awaited = Awaited::Head;
            return match self.buffer.len() > HEAD_BYTES_MAX {
                true => Err(TOO_MUCH),
                false => Ok(None),
            };
        };
        self.count(end)?;
        let head = self.buffer.split_to(end);
        // The empty line stays for the delimiter of a part that is empty: it begins with the end of a line.
        let _ = self.buffer.split_to(2);
        let head = String::from_utf8_lossy(&head);
        let (mut name, mut file_name, mut content_type) = (None, None, None);
        for line in head.split("\r\n") {
            let Some((header, value)) = line.split_once(':') else {
                continue;
            };
            match header.trim().to_ascii_lowercase().as_str() {
                "content-disposition" => {
                    name = parameter(value, "name");
                    file_name = parameter(value, "filename");
                }
                "content-type" => content_type = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let field = name.ok_or(MALFORMED)?;
        self.pass_empty_line()?;
        match file_name {
            Some(name) => {
                self.awaited = Awaited::File;
                let head = FileHead {
                    field,
                    name,
                    content_type,
                };
                Ok(Some(Some(MultipartEvent::File(head))))
            }
            None => {
                self.awaited = Awaited::Field(field, Vec::new());
                Ok(None)
            }
        }
    }

    /// Passes over the empty line, unless it is the end of a line with which the delimiter begins.
    fn pass_empty_line(&mut self) -> Result<(), &'static str> {
        match self.buffer.starts_with(b"\r\n") {
            true => {
                let _ = self.buffer.split_to(2);
                Ok(())
            }
            false => Err(MALFORMED),
        }
    }

    fn take_field(
        &mut self,
        name: String,
        mut value: Vec<u8>,
    ) -> Result<Option<MultipartEvent>, &'static str> {
        if let Some(rest) = self.take_to_delimiter() {
            self.count(rest.len())?;
            value.extend_from_slice(&rest);
            self.awaited = Awaited::AfterDelimiter;
            self.fields += 1;
            if self.fields > FIELDS_MAX {
                return Err(TOO_MUCH);
            }
            let value = String::from_utf8_lossy(&value).into_owned();
            return Ok(Some(MultipartEvent::Field(name, value)));
        }
        let sure = self.take_sure();
        self.count(sure.len())?;
        value.extend_from_slice(&sure);
        self.awaited = Awaited::Field(name, value);
        Ok(None)
    }

    fn take_file(&mut self) -> Option<MultipartEvent> {
        self.awaited = Awaited::File;
        if let Some(at) = find(&self.buffer, &self.delimiter) {
            if at > 0 {
                return Some(MultipartEvent::Data(self.buffer.split_to(at).freeze()));
            }
            let _ = self.buffer.split_to(self.delimiter.len());
            self.awaited = Awaited::AfterDelimiter;
            return Some(MultipartEvent::FileEnd);
        }
        let sure = self.take_sure();
        (!sure.is_empty()).then(|| MultipartEvent::Data(sure.freeze()))
    }

    fn count(&mut self, bytes: usize) -> Result<(), &'static str> {
        self.fields_bytes += bytes;
        match self.fields_bytes > FIELDS_BYTES_MAX {
            true => Err(TOO_MUCH),
            false => Ok(()),
        }
    }
}

/// Where bytes are found first.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, rest) = wanted.split_first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| byte == first)?;
        if bytes.get(at + 1..)?.starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// A parameter of a header, in quotes or without. Browsers write a quote in a name as `%22`, and the ends of lines as `%0D%0A`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        if rest.is_empty() {
            return None;
        }
        let end = rest.find([';', '=']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            let value = value.replace("%22", "\"").replace("%0D", "\r");
            return Some(value.replace("%0A", "\n").trim().to_owned());
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests;
