//! What became of the rows of an import, as files to download: those that failed, and what an undo left as it is.

use std::borrow::Cow;

use futures_util::stream::{self, BoxStream, StreamExt};

use super::Imports;
use super::state::{Stored, StoredChunk};
use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::PAGE_BYTES_MAX;
use crate::record::file::{FileFormat, REPORT_COLUMNS, Row, Source, csv_line, defused};
use crate::record::import::{Chunk, FailedRow, Import, KeptConflict};
use crate::value::id::Id;

const CONFLICT_COLUMNS: [&str; 4] = ["id", "member", "code", "reason"];

/// Chunks whose rows are read for one piece of a file, at most.
const CHUNKS: i64 = 8;
/// A piece that has so much of them has no further chunk: with the one that is read, it is within what a page of records takes.
const PIECE_BYTES: usize = PAGE_BYTES_MAX / 2;

impl Imports<'_> {
    /// The rows of an import that failed, as a CSV file in pieces: of each its `line` in the file, the `code`, the `field` and the `reason`
    /// of its error, `unread` with the text of one that could not be read, and then its cells under the columns of the file; of NDJSON its
    /// `row` as JSON. Corrected, the file of a CSV or vCard file can be imported as it is; of NDJSON, the cells under `row` are, each as a line of an
    /// NDJSON file. The first [`IMPORT_FAILED_BYTES_MAX`](crate::limits::IMPORT_FAILED_BYTES_MAX) of them are kept.
    ///
    /// # Errors
    /// `not_found`; and from the stream whatever the store says.
    pub async fn errors_csv(&self, id: Id) -> Result<BoxStream<'static, Result<String>>> {
        let import = Stored::require(self.context, id).await?.import;
        let columns = match import.format {
            Some(FileFormat::Ndjson) => vec!["row".to_owned()],
            _ => import.work.header.clone(),
        };
        let own = columns.iter().map(|column| defused(column));
        let first: Vec<_> = REPORT_COLUMNS
            .map(Cow::Borrowed)
            .into_iter()
            .chain(own)
            .collect();
        let first = csv_line(first.iter().map(AsRef::as_ref));
        let line = move |chunk: &Chunk| {
            let failed = chunk.failed.iter();
            failed.map(|failed| failed_line(failed, &columns)).collect()
        };
        Ok(lines(self.context, &import, first, line))
    }

    /// What an undo of an import left as it is, as a CSV file in pieces: of each record or member the `id`, the `member`, the `code` of what
    /// is in the way, and the `reason`. Of each chunk of rows the first 1,000 are kept.
    ///
    /// # Errors
    /// As for [`errors_csv`](Self::errors_csv).
    pub async fn conflicts_csv(&self, id: Id) -> Result<BoxStream<'static, Result<String>>> {
        let import = Stored::require(self.context, id).await?.import;
        let line = |chunk: &Chunk| chunk.conflicts.iter().map(conflict_line).collect();
        Ok(lines(
            self.context,
            &import,
            csv_line(CONFLICT_COLUMNS),
            line,
        ))
    }
}

/// A file: its first line, and the lines of all chunks, some of them at a time.
fn lines(
    context: &Context,
    import: &Import,
    first: String,
    line: impl Fn(&Chunk) -> String + Send + 'static,
) -> BoxStream<'static, Result<String>> {
    let (id, chunks) = (import.id, import.work.chunks);
    let context = context.clone();
    let rest = stream::try_unfold(
        (context, 0, line),
        move |(context, number, line)| async move {
            if number >= chunks {
                return Ok(None);
            }
            let mut text = String::new();
            let end = chunks.min(number + CHUNKS);
            let mut next = number;
            while next < end && text.len() < PIECE_BYTES {
                if let Some(stored) = StoredChunk::read(&context, id, next).await? {
                    text.push_str(&line(&stored.chunk));
                }
                next += 1;
            }
            Ok(Some((text, (context, next, line))))
        },
    );
    let first = stream::iter([Ok(first)]);
    first.chain(rest).boxed()
}

fn failed_line(failed: &FailedRow, columns: &[String]) -> String {
    let line = failed.line.to_string();
    let code = failed.error.kind().code();
    let field = failed.error.field().unwrap_or_default();
    let unread = failed.text.as_deref().unwrap_or_default();
    let of_row = match &failed.row {
        Some(Row {
            source: Source::Cells(cells),
            ..
        }) => {
            let blank = columns.len().saturating_sub(cells.len());
            let blank = std::iter::repeat_n(String::new(), blank);
            cells.iter().cloned().chain(blank).collect()
        }
        Some(Row {
            source: Source::Object(members),
            ..
        }) => vec![serde_json::to_string(members).unwrap_or_default()],
        None => vec![String::new(); columns.len()],
    };
    let said = [line.as_str(), code, field, failed.error.message(), unread];
    let cells = said.into_iter().chain(of_row.iter().map(String::as_str));
    let cells: Vec<_> = cells.map(defused).collect();
    csv_line(cells.iter().map(AsRef::as_ref))
}

fn conflict_line(conflict: &KeptConflict) -> String {
    let id = conflict.id.map(|id| id.text()).unwrap_or_default();
    let member = conflict.member.as_deref().unwrap_or_default();
    let cells = [id.as_str(), member, &conflict.code, &conflict.message].map(defused);
    csv_line(cells.iter().map(AsRef::as_ref))
}
