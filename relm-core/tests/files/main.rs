//! Files of records: as other programs write them, broken, cut anywhere, and our own, out and in again.

mod broken;
mod cut;
mod exports;
mod mapping;
mod round_trip;

use relm_core::record::file::{FileOptions, FileReader, Mapping, Row, RowError, Source};
use relm_core::value::time::Timestamp;
use relm_core::{Field, FieldInput, FieldType, Id, Kind, Mode, ObjectType, Result};
use serde_json::{Map, Value};

/// What a file came to.
#[derive(Debug, PartialEq)]
struct Read {
    header: Vec<String>,
    notices: Vec<String>,
    rows: Vec<Result<Row, RowError>>,
}

impl Read {
    /// The rows, of which each can be read.
    fn sound(&self) -> Vec<Row> {
        let rows = self.rows.iter().cloned();
        rows.map(|row| row.unwrap_or_else(|error| panic!("{error}")))
            .collect()
    }

    fn cells(&self) -> Vec<Vec<String>> {
        let columns = self.header.len();
        let cells = |row: Row| match row.source {
            Source::Cells(mut cells) => {
                cells.resize(columns, String::new());
                cells
            }
            Source::Object(members) => panic!("{members:?}"),
        };
        self.sound().into_iter().map(cells).collect()
    }
}

/// Reads a file that arrives in these pieces.
fn read_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    options: FileOptions,
) -> Result<Read> {
    let mut reader = FileReader::new(options);
    let mut rows = Vec::new();
    for piece in pieces {
        reader.push(piece)?;
        rows.extend(std::iter::from_fn(|| reader.next_row()));
    }
    reader.finish()?;
    rows.extend(std::iter::from_fn(|| reader.next_row()));
    Ok(Read {
        header: reader.header().unwrap_or_default().to_vec(),
        notices: reader.notices().to_vec(),
        rows,
    })
}

fn read(bytes: impl AsRef<[u8]>) -> Result<Read> {
    read_pieces([bytes.as_ref()], FileOptions::default())
}

/// A custom field of this label.
fn field(object_type: ObjectType, key: &str, field_type: FieldType, choices: &[&str]) -> Field {
    let mut input = FieldInput::new(object_type, key, field_type);
    input.choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    let id = Id::new(Kind::Field, 1);
    let defined = Field::define(id, Mode::Live, Timestamp::from_millis(0), input);
    defined.expect("the definition is sound")
}

/// What the rows of a file say of records, by the mapping that is known.
fn records(read: &Read, object_type: ObjectType, fields: &[Field]) -> Vec<Value> {
    let mapping = Mapping::suggest(&read.header, object_type, fields);
    let rows = read.sound();
    rows.iter()
        .map(|row| Value::Object(apply(&mapping, row)))
        .collect()
}

fn apply(mapping: &Mapping, row: &Row) -> Map<String, Value> {
    mapping
        .apply(row)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}
