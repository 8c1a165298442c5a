//! Files of records: read row by row from bytes as they arrive, mapped to the members of an object, and written.
//!
//! Nothing here does I/O. A [`FileReader`] takes the bytes of a CSV, NDJSON or vCard file in pieces of any size and gives [`Row`]s; a
//! [`Mapping`] of the file's header makes of a row the JSON object that creates or changes a record; [`CsvWriter`] and [`NdjsonWriter`]
//! write documents. What one of them holds is bounded by the limits that begin with `FILE_`, whatever arrives.

mod buffer;
mod cell;
mod csv;
mod decode;
mod head;
mod mapping;
mod ndjson;
mod options;
mod reader;
mod row;
mod scan;
mod vcard;
mod writing;

pub use mapping::Mapping;
pub use options::{
    CellOptions, DateOrder, DecimalMark, Delimiter, Encoding, FileFormat, FileOptions,
};
pub use reader::FileReader;
pub use row::{CellError, Row, RowError, Source};
pub use writing::{CsvWriter, ExportColumns, NdjsonWriter, REPORT_COLUMNS, csv_line, defused};
