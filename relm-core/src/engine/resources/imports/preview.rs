//! A look at the file of an import: its columns with some of their cells, what each can become, and some of the rows that failed.

use super::Imports;
use super::state::{Stored, StoredChunk};
use crate::engine::context::Context;
use crate::error::Result;
use crate::record::field::Field;
use crate::record::file::{CellOptions, Mapping, Row, Source};
use crate::record::import::Import;
use crate::value::id::Id;

/// Rows whose cells are looked at.
const ROWS: usize = 50;
/// Cells of a column.
const SAMPLES: usize = 3;
/// Characters of a cell.
const CELL_CHARS: usize = 80;
/// Chunks that are looked through for rows that failed.
const CHUNKS: i64 = 40;

/// A look at the file of an import, for whoever says what its columns become.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportPreview {
    /// Its columns, in their order; none until the head of the file was read.
    pub columns: Vec<ImportColumn>,
    /// The members that a column can become, `metadata.` and a key of one's own beside them.
    pub members: Vec<String>,
    /// What decides where a cell could say two things.
    pub cells: CellOptions,
    /// The first rows that failed, as many as were asked for. Of an import of many rows the first ones alone are looked through.
    pub failed: Vec<ImportFailure>,
    /// Whether [imports can begin](Imports::start_from) from its rows.
    pub has_rows: bool,
}

/// A column of the file of an import.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportColumn {
    /// What it is called in the file.
    pub header: String,
    /// The member that it becomes in this import.
    pub member: Option<String>,
    /// The member that it becomes where nobody says anything. Where several columns have one, a row has the first that is not blank.
    pub suggested: Option<String>,
    /// Its first cells that are not blank, cut; none where the rows were not kept.
    pub samples: Vec<String>,
}

/// A row that could not be taken in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportFailure {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The column or member that is at fault, where it is one.
    pub field: Option<String>,
    /// Why it failed.
    pub message: String,
}

impl Imports<'_> {
    /// A look at the file of an import, and at so many rows of it that failed.
    ///
    /// # Errors
    /// `not_found`; `unavailable` or `internal_error` from the store.
    pub async fn preview(&self, id: Id, failed_max: usize) -> Result<ImportPreview> {
        let import = Stored::require(self.context, id).await?.import;
        let fields = self.context.reload_configuration().await?;
        let object_type = import.object_type;
        let has_rows = import.has_rows();
        let (failed, rows) = look_through(self.context, &import, failed_max).await?;
        let mapping: Option<Mapping> = serde_json::from_value(import.work.mapping.clone()).ok();
        Ok(ImportPreview {
            columns: columns(&import, mapping.as_ref(), &rows, &fields.fields),
            cells: mapping.map_or_else(CellOptions::default, |mapping| mapping.asked()),
            members: Mapping::members(object_type, &fields.fields),
            failed,
            has_rows,
        })
    }
}

/// The first rows that failed, and the first that were kept.
async fn look_through(
    context: &Context,
    import: &Import,
    failed_max: usize,
) -> Result<(Vec<ImportFailure>, Vec<Row>)> {
    let (mut failed, mut rows) = (Vec::new(), Vec::new());
    let wanted = failed_max.min(usize::try_from(import.failed).unwrap_or(0));
    for number in 0..import.work.chunks.min(CHUNKS) {
        let has_samples = !rows.is_empty() || !import.work.keeps_rows;
        if has_samples && failed.len() >= wanted {
            break;
        }
        let Some(stored) = StoredChunk::read(context, import.id, number).await? else {
            break;
        };
        let left = wanted - failed.len();
        failed.extend(stored.chunk.failed.iter().take(left).map(|row| {
            let error = &row.error;
            ImportFailure {
                line: row.line,
                field: error.field().map(str::to_owned),
                message: error.message().to_owned(),
            }
        }));
        if rows.is_empty() {
            rows = stored.chunk.kept.rows;
            rows.truncate(ROWS);
        }
    }
    Ok((failed, rows))
}

fn columns(
    import: &Import,
    mapping: Option<&Mapping>,
    rows: &[Row],
    fields: &[Field],
) -> Vec<ImportColumn> {
    let header = &import.work.header;
    let suggested = Mapping::suggest(header, import.object_type, fields);
    let mapped = mapping.unwrap_or(&suggested);
    let both = suggested.each().zip(mapped.each());
    let columns = both
        .enumerate()
        .map(|(place, ((header, suggested), (_, member)))| ImportColumn {
            header: header.to_owned(),
            member: member.map(str::to_owned),
            suggested: suggested.map(str::to_owned),
            samples: samples(rows, place, header),
        });
    columns.collect()
}

/// The first cells of a column that are not blank, each once.
fn samples(rows: &[Row], place: usize, header: &str) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    for row in rows {
        let cell = match &row.source {
            Source::Cells(cells) => cells.get(place).cloned(),
            Source::Object(members) => members.get(header).map(|value| match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_string(),
            }),
        };
        let cell = cell.unwrap_or_default();
        let cut: String = cell.trim().chars().take(CELL_CHARS).collect();
        if !cut.is_empty() && !samples.contains(&cut) {
            samples.push(cut);
        }
        if samples.len() == SAMPLES {
            break;
        }
    }
    samples
}
