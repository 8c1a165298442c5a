//! Files of records: however one is cut, its rows are the same, each has a cell for each column, and none holds U+0000.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relm_core::ObjectType;
use relm_core::error::Result;
use relm_core::record::file::{FileOptions, FileReader, Mapping, Row, RowError, Source};

type Rows = Vec<Result<Row, RowError>>;

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else {
        return;
    };
    let whole = read([bytes]);
    let pieces = read(bytes.chunks(usize::from(*size).max(1)));
    assert_eq!(whole, pieces);
    let Ok((header, rows)) = whole else {
        return;
    };
    for object_type in ObjectType::ALL {
        let mapping = Mapping::suggest(&header, object_type, &[]);
        for row in rows.iter().flatten() {
            if let Source::Cells(cells) = &row.source {
                assert!(cells.len() <= header.len());
                assert!(cells.last().is_none_or(|cell| !cell.trim().is_empty()));
                assert!(!cells.iter().any(|cell| cell.contains('\0')));
            }
            let _ = mapping.apply(row);
        }
    }
});

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<String>, Rows)> {
    let mut reader = FileReader::new(FileOptions::default());
    let mut rows = Vec::new();
    for piece in pieces {
        reader.push(piece)?;
        rows.extend(std::iter::from_fn(|| reader.next_row()));
    }
    reader.finish()?;
    rows.extend(std::iter::from_fn(|| reader.next_row()));
    let header = reader.header().unwrap_or_default();
    Ok((header.to_vec(), rows))
}
