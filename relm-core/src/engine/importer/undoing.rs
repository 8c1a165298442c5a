//! Taking an import back: chunk by chunk, the last one first, each in one commit with what came of it.

use async_trait::async_trait;

use super::step::Step;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::resources::imports::state::{Stored, StoredChunk};
use crate::engine::resources::undo::{Undo, UndoneChange};
use crate::error::{ErrorKind, Result};
use crate::limits::IMPORT_LEASE_MS;
use crate::record::import::{Chunk, Import, ImportStatus, ImportUndo, KeptConflict};
use crate::store::Refusal;
use crate::value::id::Id;
use crate::value::request_id::RequestId;

/// Conflicts of one chunk that are kept; those beyond are counted alone.
const CONFLICTS_MAX: usize = 1_000;

/// Takes back the last request of an import that is not taken back yet; after the first one, ends the undo.
pub(super) struct UndoStep<'a> {
    import: Id,
    worker: &'a str,
    is_last: bool,
    /// The request, and what takes it back: while its attempts go on they learn from each other.
    undo: Option<(RequestId, Undo)>,
    /// Why the request cannot be taken back, where it cannot.
    given_up: Option<(RequestId, String)>,
}

impl<'a> UndoStep<'a> {
    /// Takes one step.
    pub async fn take(
        context: &Context,
        import: &Import,
        worker: &'a str,
        is_last: bool,
    ) -> Result<Step> {
        let mut step = Self {
            import: import.id,
            worker,
            is_last,
            undo: None,
            given_up: None,
        };
        loop {
            match apply(context, &mut step).await {
                // Its events are kept no more, or are too much for one commit: all of it stays.
                Err(error)
                    if step.given_up.is_none()
                        && matches!(
                            error.kind(),
                            ErrorKind::Gone | ErrorKind::NotFound | ErrorKind::Conflict
                        ) =>
                {
                    let Some((request, _)) = step.undo.take() else {
                        return Err(error);
                    };
                    step.given_up = Some((request, error.message().to_owned()));
                }
                ended => return ended,
            }
        }
    }

    /// Plans to take back what a request changed, and counts what comes of that.
    async fn undo(
        &mut self,
        plan: &mut Plan<'_>,
        request: RequestId,
        chunk: &mut Chunk,
        counts: &mut ImportUndo,
    ) -> Result<()> {
        if let Some((of, message)) = &self.given_up
            && *of == request
        {
            counts.conflicts += 1;
            chunk.conflicts.push(KeptConflict {
                id: None,
                member: None,
                code: "gone".to_owned(),
                message: format!("What {request} changed stays: {message}"),
            });
            return Ok(());
        }
        let known = self.undo.take().filter(|(of, _)| *of == request);
        let undo = known.unwrap_or_else(|| (request, Undo::new(request, None)));
        let (_, undo) = self.undo.insert(undo);
        let undone = undo.plan(plan).await?.decode()?;
        let deleted = |change| matches!(change, UndoneChange::Deleted | UndoneChange::Updated);
        let reverted = undone.reverted.iter().filter(|it| deleted(it.change));
        counts.reverted += reverted.count() as i64;
        counts.unchanged += undone.unchanged as i64;
        counts.conflicts += (undone.conflicts.len() + undone.conflicts_left_out) as i64;
        let room = CONFLICTS_MAX.saturating_sub(chunk.conflicts.len());
        let kept = undone.conflicts.into_iter().take(room);
        chunk.conflicts.extend(kept.map(|conflict| KeptConflict {
            id: Some(conflict.id),
            member: conflict.member,
            code: conflict.code.as_str().to_owned(),
            message: conflict.message,
        }));
        Ok(())
    }
}

#[async_trait]
impl Operation for &mut UndoStep<'_> {
    type Output = Step;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Step> {
        let now = plan.now();
        let Some(stored) = Stored::read(plan.context(), self.import).await? else {
            return Ok(Step::Lost);
        };
        let is_undoing = stored.import.status == ImportStatus::Undoing;
        if !is_undoing || stored.import.is_leased_to_others(self.worker, now) {
            return Ok(Step::Lost);
        }
        let mut number = stored.import.work.undo_next.unwrap_or(-1);
        let mut found = None;
        // Chunks that changed nothing, or that nobody worked on, are passed over.
        while number >= 0 {
            let chunk = StoredChunk::read(plan.context(), self.import, number).await?;
            if let Some(chunk) = chunk.filter(|it| !it.chunk.requests.is_empty()) {
                found = Some(chunk);
                break;
            }
            number -= 1;
        }
        let Some(stored_chunk) = found else {
            let undone = stored.import.ended(ImportStatus::Undone, now);
            stored.replace(plan, undone)?;
            return Ok(Step::Worked);
        };
        let mut chunk = stored_chunk.chunk.clone();
        let mut after = stored.import.next_version();
        let mut counts = after.undo.unwrap_or_default();
        if let Some(request) = chunk.requests.pop() {
            self.undo(plan, request, &mut chunk, &mut counts).await?;
        }
        after.undo = Some(counts);
        let is_done = chunk.requests.is_empty();
        after.work.undo_next = Some(number - i64::from(is_done));
        let lease = (!self.is_last).then(|| now.saturating_add_millis(IMPORT_LEASE_MS));
        after.work.leased_until = lease;
        after.work.worker = lease.map(|_| self.worker.to_owned());
        stored_chunk.replace(plan, &chunk)?;
        stored.replace(plan, after)?;
        Ok(Step::Worked)
    }

    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        match &mut self.undo {
            Some((_, undo)) => undo.refused(conflict),
            None => Err(crate::engine::transaction::unexpected(&conflict)),
        }
    }
}
