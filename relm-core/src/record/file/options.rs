//! What is said of a file beside its bytes: its format, its encoding, what separates its cells, and how they write dates and numbers.

use serde::{Deserialize, Serialize};

use crate::value::from_text::named;

/// How the records of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Lines of cells (RFC 4180, and what programs make of it), the first of which names the columns.
    Csv,
    /// A JSON object on each line.
    Ndjson,
    /// Contacts as vCards of version 2.1, 3.0 or 4.0.
    Vcard,
}

impl FileFormat {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Vcard];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Vcard => "vcard",
        }
    }

    /// What a file of the format is served as.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Vcard => "text/vcard; charset=utf-8",
        }
    }

    /// The format that a media type names, whatever its parameters; none where it says nothing of one, as `text/plain` and
    /// `application/octet-stream`.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match &*essence.to_ascii_lowercase() {
            "text/csv"
            | "application/csv"
            | "text/x-csv"
            | "text/comma-separated-values"
            | "text/tab-separated-values"
            | "application/vnd.ms-excel" => Some(Self::Csv),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/json-lines" => Some(Self::Ndjson),
            "text/vcard" | "text/x-vcard" | "text/directory" => Some(Self::Vcard),
            _ => None,
        }
    }

    /// The format that the end of a file's name says.
    pub fn of_file_name(file_name: &str) -> Option<Self> {
        let (_, extension) = file_name.rsplit_once('.')?;
        match &*extension.trim().to_ascii_lowercase() {
            "csv" | "tsv" | "tab" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "vcf" | "vcard" => Some(Self::Vcard),
            _ => None,
        }
    }
}

named!(FileFormat, as_str, "`csv`, `ndjson` or `vcard`");

/// How the characters of a file are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows-1252: what Excel saves as CSV in western Europe and America; ISO 8859-1 is a part of it.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Windows1252];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }
}

named!(
    Encoding,
    as_str,
    "`utf-8`, `utf-16le`, `utf-16be` or `windows-1252`"
);

/// What stands between the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`.
    Comma,
    /// `;`, where the comma is the decimal mark.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`.
    Pipe,
}

impl Delimiter {
    /// All of them, the likeliest first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        }
    }

    /// The character itself.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The delimiter that this character is.
    pub fn of_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.byte() == byte)
    }
}

named!(Delimiter, as_str, "`comma`, `semicolon`, `tab` or `pipe`");

/// Which of day and month comes first in a date such as `03/04/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// The third of April.
    DayFirst,
    /// The fourth of March.
    MonthFirst,
}

impl DateOrder {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::DayFirst, Self::MonthFirst];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "day_first",
            Self::MonthFirst => "month_first",
        }
    }
}

named!(DateOrder, as_str, "`day_first` or `month_first`");

/// What stands before the fraction of a number: it says what `1,234` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1,234.50`.
    Point,
    /// `1.234,50`.
    Comma,
}

impl DecimalMark {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Point, Self::Comma];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
}

named!(DecimalMark, as_str, "`point` or `comma`");

/// What decides where the text of a cell could say two things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellOptions {
    /// The order of dates; without one, a date that could be two is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The decimal mark; without one, a number that could be two is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<DecimalMark>,
}

/// What is known of a file before it is read. What is not said is found out from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// The format, whatever the other members say.
    pub format: Option<FileFormat>,
    /// The media type that the file came with.
    pub content_type: Option<String>,
    /// The name of the file.
    pub file_name: Option<String>,
    /// The encoding; a byte order mark of another one is refused.
    pub encoding: Option<Encoding>,
    /// What separates the cells of a CSV file.
    pub delimiter: Option<Delimiter>,
}

impl FileOptions {
    /// The format that is said: by the options themselves, by the media type, by the name, in this order.
    pub fn said_format(&self) -> Option<FileFormat> {
        let by_type = self.content_type.as_deref();
        let by_name = self.file_name.as_deref();
        self.format
            .or_else(|| by_type.and_then(FileFormat::of_content_type))
            .or_else(|| by_name.and_then(FileFormat::of_file_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_said_by_the_options_and_then_by_type_and_name() {
        let said = |content_type: &str, file_name: &str| {
            FileOptions {
                content_type: Some(content_type.to_owned()),
                file_name: Some(file_name.to_owned()),
                ..FileOptions::default()
            }
            .said_format()
        };
        assert_eq!(said("text/csv; charset=utf-8", ""), Some(FileFormat::Csv));
        assert_eq!(said("Text/VCard", "x.csv"), Some(FileFormat::Vcard));
        assert_eq!(said("application/x-ndjson", ""), Some(FileFormat::Ndjson));
        assert_eq!(said("text/plain", "Contacts.VCF"), Some(FileFormat::Vcard));
        assert_eq!(said("", "a.b.jsonl"), Some(FileFormat::Ndjson));
        assert_eq!(said("text/plain", "contacts"), None);
        for format in FileFormat::ALL {
            assert_eq!(
                FileFormat::of_content_type(format.content_type()),
                Some(format)
            );
            assert_eq!(format.as_str().parse(), Ok(format));
        }
    }
}
