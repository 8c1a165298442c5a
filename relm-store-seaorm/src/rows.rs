//! Records as the rows of their tables, and how many rows one statement takes.

use std::collections::BTreeSet;

use relm_core::query::terms::index_terms;
use relm_core::record::column::ColumnValue;
use relm_core::record::{Entry, Record, columns};
use relm_core::value::id::Id;

use crate::sql::{Row, Value, ulid_text};

/// Rows of one statement on many records. More rows take more statements, of 256 rows and then of ever smaller powers
/// of two: so few shapes that a connection keeps them all prepared, however many rows come.
const ROWS_MAX: usize = 256;
/// The same where a statement is a round trip.
const ROWS_MAX_AFAR: usize = 1024;
/// So few rows are one statement where it is a round trip, whatever their number.
const ROWS_AT_ONCE: usize = 32;

/// Parts of as many rows as one statement takes.
pub(crate) fn in_shapes<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let largest = rows.len().checked_ilog2()?;
        let (part, rest) = rows.split_at(ROWS_MAX.min(1 << largest));
        rows = rest;
        Some(part)
    })
}

/// The same in as few parts as it may be, of not too many shapes.
pub(crate) fn in_few_parts<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    while rows.len() > ROWS_AT_ONCE {
        let largest = rows.len().checked_ilog2().unwrap_or_default();
        let (part, rest) = rows.split_at(ROWS_MAX_AFAR.min(1 << largest));
        parts.push(part);
        rows = rest;
    }
    if !rows.is_empty() {
        parts.push(rows);
    }
    parts
}

/// A record as its table keeps it.
pub(crate) fn row(scope: i64, entry: &Entry) -> Row {
    let record = &entry.record;
    let mut row = Row::with_capacity(columns(record.kind()).len() + 4);
    row.extend([scope.into(), record.id().into(), record.version().into()]);
    let values = record.values();
    row.extend(values.map(|(column, value)| Value::of(column, value.map(ColumnValue::into_owned))));
    row.push(entry.json.to_string().into());
    row
}

pub(crate) fn term_rows(scope: i64, record: &Record) -> Vec<Row> {
    rows_of(scope, record.id(), index_terms(record))
}

pub(crate) fn rows_of(scope: i64, id: Id, terms: BTreeSet<String>) -> Vec<Row> {
    let ulid = ulid_text(id);
    let row = |term: String| {
        vec![
            scope.into(),
            term.into(),
            ulid.clone().into(),
            id.kind().prefix().into(),
        ]
    };
    terms.into_iter().map(row).collect()
}
