//! Documents as lines of a file.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::record::column::ColumnType;
use crate::record::columns;
use crate::record::document::Document;
use crate::record::field::{Field, FieldType, custom_fields};
use crate::record::object_type::ObjectType;

/// The member whose keys have columns of their own, as far as they are defined.
const METADATA: &str = "metadata";

/// The columns of an exported CSV file: `id`, `object`, the members that a write sets, those that the engine writes, `metadata.` and the
/// key of each custom field, and last `metadata`, which has the rest of it as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportColumns {
    names: Vec<String>,
    cells: Vec<Cell>,
}

/// Where the cell of a column comes from, and how it is written.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    /// A member whose text may be anything.
    Text(&'static str),
    /// A member that no spreadsheet runs: a number, a day, an id.
    Plain(&'static str),
    /// A key of `metadata`, where its value is one of its field.
    Field(Box<Field>),
    /// What of `metadata` has no column.
    Rest,
}

impl ExportColumns {
    /// The columns of the objects of a type under these definitions; those of other types are passed over.
    pub fn of(object_type: ObjectType, fields: &[Field]) -> Self {
        let mut cells = vec![Cell::Plain("id"), Cell::Plain("object")];
        let (mut written, mut read_only) = (
            Vec::new(),
            vec![Cell::Plain("version"), Cell::Plain("mode")],
        );
        for column in columns(object_type.kind()) {
            let name = column.name;
            match column.ty {
                ColumnType::Json => {}
                _ if !column.filterable => {}
                ColumnType::Text { .. } => written.push(Cell::Text(name)),
                _ if matches!(name, "created_at" | "updated_at") => {
                    read_only.push(Cell::Plain(name))
                }
                ColumnType::Id(_)
                | ColumnType::Integer
                | ColumnType::Boolean
                | ColumnType::Date
                | ColumnType::Timestamp => written.push(Cell::Plain(name)),
            }
        }
        cells.append(&mut written);
        cells.append(&mut read_only);
        let mut fields: Vec<&Field> = custom_fields(fields, object_type).collect();
        fields.sort_by_key(|field| field.shown_by());
        cells.extend(
            fields
                .into_iter()
                .cloned()
                .map(|field| Cell::Field(Box::new(field))),
        );
        cells.push(Cell::Rest);
        let names = cells.iter().map(|cell| match cell {
            Cell::Text(name) | Cell::Plain(name) => (*name).to_owned(),
            Cell::Field(field) => format!("{METADATA}.{}", field.key),
            Cell::Rest => METADATA.to_owned(),
        });
        Self {
            names: names.collect(),
            cells,
        }
    }

    /// Their names, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Writes documents as CSV (RFC 4180): UTF-8 without a byte order mark, lines that end with CR and LF.
///
/// What a spreadsheet would run begins with a `'`, which [`Mapping::apply`](super::Mapping::apply) takes away from a file of ours: see
/// [`defused`]. So an empty text is `'`, and null a cell with nothing in it.
#[derive(Clone, Debug)]
pub struct CsvWriter {
    columns: ExportColumns,
}

impl CsvWriter {
    /// A writer of these columns.
    pub const fn new(columns: ExportColumns) -> Self {
        Self { columns }
    }

    /// The first line.
    pub fn header(&self) -> String {
        csv_line(self.columns.names.iter().map(String::as_str))
    }

    /// The line of a document.
    ///
    /// # Errors
    /// `internal_error` when the document is no JSON object.
    pub fn row(&self, document: &Document) -> Result<String> {
        let mut members: Map<String, Value> = document.decode()?;
        let mut metadata = match members.remove(METADATA) {
            Some(Value::Object(metadata)) => metadata,
            Some(_) | None => Map::new(),
        };
        let cells: Vec<String> = self
            .columns
            .cells
            .iter()
            .map(|cell| match cell {
                Cell::Text(name) => members.get(*name).map(text).unwrap_or_default(),
                Cell::Plain(name) => members.get(*name).map(plain).unwrap_or_default(),
                Cell::Field(field) => match metadata.get(&field.key) {
                    Some(value) if field.holds(value) => {
                        let cell = match field.field_type {
                            // In quotes, so that a text which looks like a number stays one.
                            FieldType::Json => value.to_string(),
                            _ => text(value),
                        };
                        metadata.remove(&field.key);
                        cell
                    }
                    Some(_) | None => String::new(),
                },
                Cell::Rest if metadata.is_empty() => String::new(),
                Cell::Rest => Value::Object(std::mem::take(&mut metadata)).to_string(),
            })
            .collect();
        Ok(csv_line(cells.iter().map(String::as_str)))
    }
}

/// A value as a cell.
fn text(value: &Value) -> String {
    match value {
        // An empty cell is null.
        Value::String(text) if text.is_empty() => "'".to_owned(),
        Value::String(text) => defused(text).into_owned(),
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes documents as NDJSON: each as it is, on a line that ends with LF.
#[derive(Clone, Copy, Debug, Default)]
pub struct NdjsonWriter;

impl NdjsonWriter {
    /// The line of a document.
    pub fn row(&self, document: &Document) -> String {
        let mut line = String::with_capacity(document.json.len() + 1);
        line.push_str(&document.json);
        line.push('\n');
        line
    }
}

/// A line of CSV of these cells, in quotes where they need them, with CR and LF at its end.
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    // The delimiters of other programs, too: whoever opens the file need not guess.
    const QUOTED: [char; 7] = [',', '"', '\r', '\n', ';', '\t', '|'];
    let mut line = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        if !cell.contains(QUOTED) {
            line.push_str(cell);
            continue;
        }
        line.push('"');
        for (index, part) in cell.split('"').enumerate() {
            if index > 0 {
                line.push_str("\"\"");
            }
            line.push_str(part);
        }
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

/// What makes a spreadsheet run a cell that begins with it, in the forms that it takes for them, and what would be lost at a beginning.
const DEFUSED: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\'',
];

/// The text as a cell that no spreadsheet runs: with a `'` before it where it begins with `=`, `+`, `-`, `@`, a tab or a line's end. So has
/// what begins with a `'` itself, and what is spaces alone, that reading gives each back. An empty cell stays one.
pub fn defused(text: &str) -> Cow<'_, str> {
    let is_blank = !text.is_empty() && text.trim().is_empty();
    match text.starts_with(DEFUSED) || is_blank {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The columns that a report of failed rows has before those of their file; the cells of these are [defused](defused()).
pub const REPORT_COLUMNS: [&str; 5] = ["line", "code", "field", "reason", "unread"];

/// How many times a file of this header is a report of failed rows: of a file, or of such a report.
pub(super) fn reports(header: &[String]) -> usize {
    let is_report = |times: &usize| {
        let names = header.iter().skip(times * REPORT_COLUMNS.len());
        // What is there already is told apart by a number.
        let named = |(name, column): (&String, &str)| match name.strip_prefix(column) {
            Some("") => *times == 0,
            Some(number) => *times > 0 && number.starts_with(" (") && number.ends_with(')'),
            None => false,
        };
        let columns = REPORT_COLUMNS.into_iter();
        names.len() >= columns.len() && names.zip(columns).all(named)
    };
    (0..).take_while(is_report).count()
}

/// The text that [`defused`] was given.
pub(super) fn undefused(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_defused() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-5", "'-5"),
            ("@ada", "'@ada"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("＝1", "'＝1"),
            ("'x", "''x"),
            ("", ""),
            (" ", "' "),
            ("O'Brien", "O'Brien"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(defused(text), cell);
        }
    }

    #[test]
    fn what_is_known_of_a_member_is_no_column_of_its_own() {
        use crate::record::field::FieldInput;
        use crate::value::id::{Id, Kind};
        use crate::value::scope::Mode;
        use crate::value::time::Timestamp;

        let input = FieldInput::built_in(ObjectType::Company, "domain");
        let (id, now) = (Id::new(Kind::Field, 1), Timestamp::from_millis(0));
        let domain = Field::define(id, Mode::Live, now, input).unwrap();
        let columns = ExportColumns::of(ObjectType::Company, &[domain]);
        assert_eq!(columns, ExportColumns::of(ObjectType::Company, &[]));
    }

    #[test]
    fn cells_are_quoted_where_they_need_it() {
        let line = csv_line(["a", "b,c", "say \"hi\"", "x\r\ny", "", "ä;"]);
        assert_eq!(line, "a,\"b,c\",\"say \"\"hi\"\"\",\"x\r\ny\",,\"ä;\"\r\n");
    }

    proptest! {
        #[test]
        fn what_is_defused_comes_back(text: String) {
            let cell = defused(&text);
            prop_assert_eq!(undefused(&cell), &text);
        }
    }
}
