//! One vCard, as the cells of a row.

use super::property::Property;
use crate::limits::FILE_ROW_BYTES_MAX;
use crate::record::file::buffer::Excerpt;
use crate::record::file::cell::BETWEEN;
use crate::record::file::row::{Row, RowError, Source};
use crate::value::excerpt::Quoted;

/// How many addresses and how many telephone numbers have a column of their own; the last column has the others, too.
const SEVERAL: usize = 5;

/// The columns of every file of vCards.
pub(in crate::record::file) const HEADER: [&str; 51] = [
    "name",
    "first name",
    "last name",
    "organization",
    "department",
    "title",
    "email",
    "email 2",
    "email 3",
    "email 4",
    "email 5",
    "phone",
    "phone 2",
    "phone 3",
    "phone 4",
    "phone 5",
    "address 1 label",
    "address 1 street",
    "address 1 city",
    "address 1 region",
    "address 1 postal code",
    "address 1 country",
    "address 2 label",
    "address 2 street",
    "address 2 city",
    "address 2 region",
    "address 2 postal code",
    "address 2 country",
    "address 3 label",
    "address 3 street",
    "address 3 city",
    "address 3 region",
    "address 3 postal code",
    "address 3 country",
    "address 4 label",
    "address 4 street",
    "address 4 city",
    "address 4 region",
    "address 4 postal code",
    "address 4 country",
    "address 5 label",
    "address 5 street",
    "address 5 city",
    "address 5 region",
    "address 5 postal code",
    "address 5 country",
    "note",
    "categories",
    "url",
    "birthday",
    "uid",
];

/// The cells of an address: its label, and its parts.
const ADDRESS_CELLS: usize = 6;

/// An address as the cells of its parts. What stands before the street is lines of it.
fn address(property: &Property) -> [String; ADDRESS_CELLS] {
    let mut parts = property.parts(';').into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let lines = [next(), next(), next()];
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let labels = [("HOME", "home"), ("WORK", "work"), ("OTHER", "other")];
    let is_said = |name: &str| property.types.iter().any(|one| &**one == name);
    let label = labels.into_iter().find(|(name, _)| is_said(name));
    [
        label.map_or_else(String::new, |(_, label)| label.to_owned()),
        lines.collect::<Vec<_>>().join("\n"),
        next(),
        next(),
        next(),
        next(),
    ]
}

/// A card that is being read.
#[derive(Debug, Default)]
pub(super) struct Card {
    line: u64,
    bytes: usize,
    text: String,
    refused: Option<RowError>,
    name: String,
    first_name: String,
    last_name: String,
    organization: String,
    department: String,
    title: String,
    emails: Vec<(u8, String)>,
    phones: Vec<(u8, String)>,
    addresses: Vec<(u8, [String; ADDRESS_CELLS])>,
    note: String,
    categories: String,
    url: String,
    birthday: String,
    uid: String,
}

/// What comes after everything that is preferred.
const NOT_PREFERRED: u8 = 101;

impl Card {
    pub fn new(line: u64) -> Self {
        Self {
            line,
            ..Self::default()
        }
    }

    /// Keeps that the card cannot be read, where it is the first reason.
    pub fn refuse(&mut self, line: u64, column: Option<u64>, what: String) {
        if self.refused.is_none() {
            self.refused = Some(RowError {
                line: self.line,
                column,
                message: format!(
                    "Line {line}, of the card that begins on line {}, {what}.",
                    self.line
                ),
                text: String::new(),
            });
        }
    }

    /// Takes a property, unfolded.
    pub fn take(&mut self, line: &str, number: u64) {
        self.bytes += line.len();
        if self.text.len() < crate::limits::FILE_EXCERPT_BYTES_MAX {
            self.text.push_str(line);
            self.text.push('\n');
        }
        if self.bytes > FILE_ROW_BYTES_MAX {
            let what = format!("is beyond the {FILE_ROW_BYTES_MAX} bytes that a card can have");
            return self.refuse(number, None, what);
        }
        if let Some(at) = line.find('\0') {
            let column = line[..at].chars().count() as u64 + 1;
            let what = format!(
                "holds the character U+0000 at column {column}, which is in no text: leave it out"
            );
            return self.refuse(number, Some(column), what);
        }
        let Some(property) = Property::parse(line) else {
            let what = format!(
                "has no `:`, as `EMAIL:ada@example.com` has: {}",
                Quoted(line)
            );
            return self.refuse(number, None, what);
        };
        self.set(&property);
    }

    fn set(&mut self, property: &Property) {
        let rank = property.preference.unwrap_or(NOT_PREFERRED);
        let first = |member: &mut String| {
            if member.is_empty() {
                *member = property.text();
            }
        };
        match &*property.name {
            "FN" => first(&mut self.name),
            "N" => {
                let mut parts = property.parts(';').into_iter();
                self.last_name = parts.next().unwrap_or_default();
                self.first_name = parts.next().unwrap_or_default();
            }
            "ORG" if self.organization.is_empty() => {
                let parts = property.parts(';');
                let mut parts = parts.into_iter().filter(|part| !part.is_empty());
                self.organization = parts.next().unwrap_or_default();
                self.department = parts.collect::<Vec<_>>().join(", ");
            }
            "TITLE" => first(&mut self.title),
            "EMAIL" => self.emails.push((rank, property.text())),
            "TEL" => {
                let is_voice = !property
                    .types
                    .iter()
                    .any(|one| matches!(&**one, "FAX" | "PAGER"));
                let text = property.text();
                let number = text.strip_prefix("tel:").unwrap_or(&text).to_owned();
                self.phones
                    .push((if is_voice { rank } else { u8::MAX }, number));
            }
            "ADR" => self.addresses.push((rank, address(property))),
            "NOTE" => first(&mut self.note),
            "CATEGORIES" => first(&mut self.categories),
            "URL" => first(&mut self.url),
            "BDAY" => first(&mut self.birthday),
            "UID" => first(&mut self.uid),
            _ => {}
        }
    }

    /// The row that the card is.
    pub fn row(self) -> Result<Row, RowError> {
        if let Some(refused) = self.refused {
            let text = self.text.excerpt();
            return Err(RowError { text, ..refused });
        }
        let mut cells = vec![
            self.name,
            self.first_name,
            self.last_name,
            self.organization,
            self.department,
            self.title,
        ];
        cells.extend(several(self.emails));
        cells.extend(several(self.phones));
        let mut addresses = self.addresses;
        addresses.retain(|(_, cells)| cells[1..].iter().any(|cell| !cell.is_empty()));
        addresses.sort_by_key(|(rank, _)| *rank);
        let mut addresses = addresses.into_iter().map(|(_, cells)| cells);
        for _ in 0..SEVERAL {
            cells.extend(addresses.next().unwrap_or_default());
        }
        cells.extend([
            self.note,
            self.categories,
            self.url,
            self.birthday,
            self.uid,
        ]);
        Ok(Row {
            line: self.line,
            source: Source::cells(cells),
        })
    }

    /// That the card does not end.
    pub fn unended(self) -> RowError {
        let line = self.line;
        RowError {
            line,
            column: None,
            message: format!(
                "The card that begins on line {line} has no line `END:VCARD`: the file may have been cut."
            ),
            text: self.text.excerpt(),
        }
    }
}

/// That there is something between two cards.
pub(super) fn stray(line: u64, text: &str) -> RowError {
    RowError {
        line,
        column: None,
        message: format!(
            "Line {line} is in no card: each begins with a line `BEGIN:VCARD`, not {}.",
            Quoted(text)
        ),
        text: text.excerpt(),
    }
}

/// A cell for each of these values, the preferred ones first; the last one has what is left.
fn several(mut values: Vec<(u8, String)>) -> Vec<String> {
    values.retain(|(_, value)| !value.is_empty());
    values.sort_by_key(|(rank, _)| *rank);
    let mut values = values.into_iter().map(|(_, value)| value);
    let mut cells: Vec<String> = values.by_ref().take(SEVERAL - 1).collect();
    cells.resize(SEVERAL - 1, String::new());
    cells.push(values.collect::<Vec<_>>().join(BETWEEN));
    cells
}
