//! Documents as lines of a file.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::record::column::ColumnType;
use crate::record::document::Document;
use crate::record::field::{Field, FieldType, custom_fields};
use crate::record::object_type::ObjectType;
use crate::record::{columns, shown_lists};

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
    /// A member that has several values.
    List(&'static str),
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
        cells.extend(shown_lists(object_type.kind()).map(|list| Cell::List(list.name)));
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
            Cell::Text(name) | Cell::Plain(name) | Cell::List(name) => (*name).to_owned(),
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
                Cell::List(name) => members.get(*name).map(list).unwrap_or_default(),
                Cell::Field(field) => match metadata.get(&field.key) {
                    Some(value) if field.holds(value) => {
                        let cell = match field.field_type {
                            // In quotes, so that a text which looks like a number stays one.
                            FieldType::Json => json(value),
                            _ => text(value),
                        };
                        metadata.remove(&field.key);
                        cell
                    }
                    Some(_) | None => String::new(),
                },
                Cell::Rest if metadata.is_empty() => String::new(),
                Cell::Rest => json(&Value::Object(std::mem::take(&mut metadata))),
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
        Value::Array(_) | Value::Object(_) => json(value),
        other => plain(other),
    }
}

/// Several values as JSON; an empty cell is none.
fn list(value: &Value) -> String {
    match value {
        Value::Array(values) if !values.is_empty() => json(value),
        _ => String::new(),
    }
}

/// A value as JSON in a cell: its texts may be anything.
fn json(value: &Value) -> String {
    defused(&value.to_string()).into_owned()
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

/// What makes a spreadsheet run a cell that begins with it, in the forms that it takes for them, and what we put before it.
const RUN: [char; 9] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\''];

/// Where a program that was told another delimiter, or knows no quotes, has a cell end: at the delimiters that there are, and at lines' ends.
const SEPARATORS: [char; 6] = [',', ';', '\t', '|', '\r', '\n'];

/// The text as a cell that no spreadsheet runs: with a `'` before it where it begins with `=`, `+`, `-`, `@`, a tab or a line's end. So has
/// what begins with a `'` itself, and what is spaces alone, that reading gives each back. An empty cell stays one.
///
/// A program that was told another delimiter than ours begins a cell in the midst of the text, since quotes count for it at the beginning of a cell
/// alone. So there is a `'` after each `,`, `;`, `|`, tab and line's end, too, that one of these follows, with `"` between them or none.
pub fn defused(text: &str) -> Cow<'_, str> {
    let is_blank = !text.is_empty() && text.trim().is_empty();
    let is_run = is_blank || text.starts_with(['\t', '\r', '\n']) || begins_to_run(text);
    let inner = text
        .match_indices(SEPARATORS)
        .map(|(at, found)| at + found.len());
    let mut inner = inner.filter(|at| begins_to_run(&text[*at..])).peekable();
    if !is_run && inner.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut cell = String::with_capacity(text.len() + 16);
    if is_run {
        cell.push('\'');
    }
    let mut from = 0;
    for at in inner {
        cell.push_str(&text[from..at]);
        cell.push('\'');
        from = at;
    }
    cell.push_str(&text[from..]);
    Cow::Owned(cell)
}

/// Whether a cell of this text would be run, its quotes being read as its text's or as the cell's.
fn begins_to_run(text: &str) -> bool {
    text.trim_start_matches('"').starts_with(RUN)
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
pub(super) fn undefused(cell: &str) -> Cow<'_, str> {
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    let is_ours = |at: &usize| {
        let rest = cell[*at..].strip_prefix('\'');
        rest.is_some_and(begins_to_run)
    };
    let put_in = cell
        .match_indices(SEPARATORS)
        .map(|(at, found)| at + found.len());
    let mut put_in = put_in.filter(is_ours).peekable();
    if put_in.peek().is_none() {
        return Cow::Borrowed(cell);
    }
    let mut text = String::with_capacity(cell.len());
    let mut from = 0;
    for at in put_in {
        text.push_str(&cell[from..at]);
        from = at + 1;
    }
    text.push_str(&cell[from..]);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests;
