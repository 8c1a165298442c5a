//! The rows of one chunk: what they change, what becomes of each and how far the import is are one commit.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::shadows::plan_shadows;
use super::step::Step;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::resources::imports::rows::{ImportRows, RowOutcome};
use crate::engine::resources::imports::state::{Stored, StoredChunk};
use crate::error::{Error, Result};
use crate::limits::{IMPORT_FAILED_BYTES_MAX, IMPORT_LEASE_MS};
use crate::record::import::{Chunk, FailedRow, Import, ImportStatus};
use crate::store::Refusal;
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// A chunk that was read while the one before it was committed, and what its rows say.
pub(super) struct ChunkAhead {
    number: i64,
    stored: StoredChunk,
    rows: ImportRows,
}

impl ChunkAhead {
    /// The chunk behind the next one of an import. What cannot be read ahead is read once it is its turn, and fails then.
    pub async fn read(context: &Context, import: &Import) -> Option<Self> {
        let number = import.work.next_chunk + 1;
        let stored = StoredChunk::read(context, import.id, number).await;
        let stored = stored.ok()??;
        let rows = ImportRows::read(import, &stored.chunk.waiting).ok()?;
        Some(Self {
            number,
            stored,
            rows,
        })
    }
}

/// Works on the next chunk of an import; after the last one, ends the import.
pub(super) struct RowsStep<'a> {
    import: Id,
    request: RequestId,
    worker: &'a str,
    /// Whether the import is left to others with it.
    is_last: bool,
    /// The chunk as it was read ahead, for the first attempt alone: what another one meets may be newer.
    ahead: Option<(i64, StoredChunk)>,
    /// The rows of the chunk, as far as they were read ahead or in an attempt before.
    rows: Option<(i64, ImportRows)>,
    /// Whether a chunk was planned, and its commit is what is waited for.
    is_planned: &'a AtomicBool,
}

impl<'a> RowsStep<'a> {
    /// A step, which says when its chunk was planned.
    pub fn new(
        import: Id,
        request: RequestId,
        worker: &'a str,
        is_last: bool,
        is_planned: &'a AtomicBool,
    ) -> Self {
        Self {
            import,
            request,
            worker,
            is_last,
            ahead: None,
            rows: None,
            is_planned,
        }
    }

    /// The same step, which need not read its chunk where it is this one.
    pub fn knowing(mut self, ahead: Option<ChunkAhead>) -> Self {
        if let Some(ahead) = ahead {
            self.ahead = Some((ahead.number, ahead.stored));
            self.rows = Some((ahead.number, ahead.rows));
        }
        self
    }

    /// The chunk of this number, or none where it was removed.
    async fn chunk(&mut self, context: &Context, number: i64) -> Result<Option<StoredChunk>> {
        match self.ahead.take().filter(|(ahead, _)| *ahead == number) {
            Some((_, stored)) => Ok(Some(stored)),
            None => StoredChunk::read(context, self.import, number).await,
        }
    }

    /// What a step comes to whose chunk is not there: one that was cancelled meanwhile has left it out.
    async fn without(&self, context: &Context, import: &Import) -> Result<Step> {
        let now = Stored::read(context, import.id).await?;
        match now {
            Some(now) if now.import.version == import.version => {
                let number = import.work.next_chunk;
                let message = format!("chunk {number} of {} is not there", import.id);
                Err(Error::internal(message))
            }
            Some(_) | None => Ok(Step::Lost),
        }
    }

    /// What becomes of the rows of a chunk: of as many of them as one commit holds.
    async fn outcomes(
        &mut self,
        plan: &mut Plan<'_>,
        import: &Import,
        chunk: &Chunk,
    ) -> Result<Vec<RowOutcome>> {
        if chunk.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let number = import.work.next_chunk;
        let known = self
            .rows
            .take()
            .filter(|(of, rows)| *of == number && rows.len() == chunk.waiting.len());
        let rows = match known {
            Some((_, rows)) => rows,
            None => ImportRows::read(import, &chunk.waiting)?,
        };
        let (_, rows) = self.rows.insert((number, rows));
        match import.dry_run {
            true => plan_shadows(plan, import.id, rows).await,
            false => rows.plan(plan).await,
        }
    }
}

#[async_trait]
impl Operation for RowsStep<'_> {
    type Output = Step;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Step> {
        let context = plan.context();
        let now = plan.now();
        let Some(stored) = Stored::read(context, self.import).await? else {
            return Ok(Step::Lost);
        };
        let is_running = matches!(
            stored.import.status,
            ImportStatus::Queued | ImportStatus::Running
        );
        if !is_running || stored.import.is_leased_to_others(self.worker, now) {
            return Ok(Step::Lost);
        }
        let number = stored.import.work.next_chunk;
        if number >= stored.import.work.chunks {
            let completed = counted(&stored.import, now).ended(ImportStatus::Completed, now);
            stored.replace(plan, completed)?;
            return Ok(Step::Worked);
        }
        let Some(mut stored_chunk) = self.chunk(context, number).await? else {
            return self.without(context, &stored.import).await;
        };
        let mut chunk = mem::take(&mut stored_chunk.chunk);
        let outcomes = self.outcomes(plan, &stored.import, &chunk).await?;
        let mut after = stored.import.next_version();
        after.status = ImportStatus::Running;
        after.started_at.get_or_insert(now);
        let has_changed = take_in(&mut after, &mut chunk, outcomes);
        if has_changed && !after.dry_run {
            chunk.requests.push(self.request);
        }
        if chunk.is_done() {
            after.work.next_chunk += 1;
        }
        let lease = (!self.is_last).then(|| now.saturating_add_millis(IMPORT_LEASE_MS));
        after.work.leased_until = lease;
        after.work.worker = lease.map(|_| self.worker.to_owned());
        stored_chunk.replace(plan, &chunk)?;
        stored.replace(plan, counted(&after, now))?;
        self.is_planned.store(true, Ordering::Release);
        Ok(Step::Worked)
    }

    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        match &mut self.rows {
            Some((_, rows)) => rows.refused(conflict),
            None => Err(crate::engine::transaction::unexpected(&conflict)),
        }
    }
}

/// The same import with its rate.
fn counted(import: &Import, now: Timestamp) -> Import {
    let mut counted = import.clone();
    let began = import.started_at.unwrap_or(now);
    let elapsed_ms = now.as_millis().saturating_sub(began.as_millis()).max(1);
    counted.rows_per_second = import.rows.saturating_mul(1000) / elapsed_ms;
    counted
}

/// Takes in what became of the first rows of a chunk; whether they changed anything.
fn take_in(import: &mut Import, chunk: &mut Chunk, outcomes: Vec<RowOutcome>) -> bool {
    let left = chunk.waiting.split_off(outcomes.len());
    let worked = mem::replace(&mut chunk.waiting, left);
    if import.work.keeps_rows {
        chunk.kept.rows.extend_from_slice(&worked);
    }
    let mut has_changed = false;
    for (row, outcome) in worked.into_iter().zip(outcomes) {
        import.rows += 1;
        match outcome {
            RowOutcome::Created => {
                has_changed = true;
                import.created += 1;
            }
            RowOutcome::Updated => {
                has_changed = true;
                import.updated += 1;
            }
            RowOutcome::Unchanged => import.unchanged += 1,
            RowOutcome::Failed(error) => {
                import.failed += 1;
                keep_failed(import, chunk, FailedRow::of(row, &error));
            }
        }
    }
    if chunk.waiting.is_empty() {
        if import.work.keeps_rows {
            chunk.kept.unread.extend_from_slice(&chunk.unread);
            chunk.kept.unread_more += chunk.unread_more;
        }
        for unread in mem::take(&mut chunk.unread) {
            import.rows += 1;
            import.failed += 1;
            keep_failed(import, chunk, unread);
        }
        let more = mem::take(&mut chunk.unread_more);
        import.rows += more;
        import.failed += more;
        chunk.failed.sort_by_key(|failed| failed.line);
    }
    has_changed
}

/// Keeps a row that failed, where there is room for it.
fn keep_failed(import: &mut Import, chunk: &mut Chunk, failed: FailedRow) {
    let bytes = failed.bytes() as i64;
    if import.work.failed_bytes + bytes <= IMPORT_FAILED_BYTES_MAX as i64 {
        import.work.failed_bytes += bytes;
        chunk.failed.push(failed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_that_could_not_be_read_count_where_they_are_not_kept() {
        let import = json!({
            "id": "imp_00000000000000000000000001", "object": "import", "object_type": "contact", "status": "running", "reason": null,
            "dry_run": false, "format": "csv", "dedup_on": [], "mapping": null, "unmapped": [], "bytes": 0, "rows_received": 3,
            "rows": 0, "created": 0, "updated": 0, "unchanged": 0, "failed": 0, "rows_per_second": 0, "undo": null,
            "actor": { "type": "system", "id": null, "name": null }, "created_at": "2026-01-01T00:00:00Z", "started_at": null,
            "ended_at": null, "version": 1,
        });
        let mut import: Import = serde_json::from_value(import).unwrap();
        let mut chunk = Chunk {
            unread_more: 3,
            ..Chunk::default()
        };
        assert!(!chunk.is_done());
        assert!(!take_in(&mut import, &mut chunk, Vec::new()));
        assert_eq!((import.rows, import.failed, chunk.failed.len()), (3, 3, 0));
        assert!(chunk.is_done());
        chunk.unread_more = 3;
        chunk.leave_rest();
        assert!(chunk.is_done());
    }
}
