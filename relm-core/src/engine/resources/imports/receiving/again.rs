//! An import of rows that are there already: those that a dry run kept.

use super::super::arriving::Keep;
use super::super::state::StoredChunk;
use super::ImportUpload;
use crate::engine::change::apply;
use crate::engine::reply::Reply;
use crate::error::{Error, ErrorKind, Result};
use crate::record::import::{Chunk, Import, KeptRows, row_bytes};

impl ImportUpload {
    /// Takes over the rows of a dry run, and has the import wait for a worker.
    pub(in crate::engine::resources::imports) async fn take_over(
        mut self,
        kept: &Import,
    ) -> Result<Reply<Import>> {
        let taken = self.take_chunks(kept).await;
        self.or_break_off(taken).await?;
        self.queue(&self.context).await
    }

    async fn take_chunks(&mut self, kept: &Import) -> Result<()> {
        let header = &kept.work.header;
        let configuration = self.context.reload_configuration().await?;
        let mapping = self.options.mapping_of(header, &configuration.fields)?;
        // A file of a header alone has no chunk.
        for number in 0..kept.work.chunks.max(1) {
            let rows = match kept.work.chunks {
                0 => KeptRows::default(),
                _ => self.kept_rows(kept, number).await?,
            };
            for row in &rows.rows {
                self.budget.keep(row_bytes(row))?;
            }
            let keep = Keep {
                id: self.id,
                number,
                rows: rows.len(),
                bytes: match number {
                    0 => usize::try_from(kept.bytes).unwrap_or(0),
                    _ => 0,
                },
                chunk: Chunk {
                    waiting: rows.rows,
                    unread: rows.unread,
                    unread_more: rows.unread_more,
                    ..Chunk::default()
                },
                format: kept.format,
                read: Some((mapping.clone(), header.clone())),
            };
            apply(&self.context, keep).await?;
        }
        Ok(())
    }

    async fn kept_rows(&self, kept: &Import, number: i64) -> Result<KeptRows> {
        let stored = StoredChunk::read(&self.context, kept.id, number).await?;
        let stored = stored.ok_or_else(|| {
            let message = format!("The import {} was deleted meanwhile.", kept.id);
            Error::new(ErrorKind::NotFound, message)
        })?;
        Ok(stored.chunk.kept)
    }
}
