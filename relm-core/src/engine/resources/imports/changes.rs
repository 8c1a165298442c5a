//! What is asked of an import that is there: that it ends, and that it is taken back.

use async_trait::async_trait;

use super::state::Stored;
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::again_where_taken;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::IMPORTS_UNFINISHED_MAX;
use crate::record::Document;
use crate::record::import::{Import, ImportStatus, ImportUndo, Work};
use crate::store::Refusal;
use crate::value::id::Id;

/// Ends an import where it is. One that has ended stays as it is.
pub(super) struct Cancel {
    pub id: Id,
}

#[async_trait]
impl Operation for Cancel {
    type Output = Reply<Import>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Import>> {
        let stored = Stored::require(plan.context(), self.id).await?;
        let status = match stored.import.status {
            ImportStatus::Receiving | ImportStatus::Queued | ImportStatus::Running => {
                ImportStatus::Cancelled
            }
            // What was taken back by then is; asked again, the rest is.
            ImportStatus::Undoing => ImportStatus::Cancelled,
            ImportStatus::Cancelled => return stored.as_it_is(),
            status => {
                return Err(conflict(format!(
                    "The import is {status}: there is nothing to cancel."
                )));
            }
        };
        let cancelled = stored.import.ended(status, plan.now());
        let Document { json, .. } = stored.replace(plan, cancelled)?;
        Ok(Reply::new(Outcome::Done, json))
    }
}

/// Has what an import changed be taken back.
pub(super) struct StartUndo {
    pub id: Id,
}

#[async_trait]
impl Operation for StartUndo {
    type Output = Reply<Import>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Import>> {
        let context = plan.context();
        let stored = Stored::require(context, self.id).await?;
        match stored.import.status {
            ImportStatus::Undoing | ImportStatus::Undone => return stored.as_it_is(),
            ImportStatus::Receiving | ImportStatus::Queued | ImportStatus::Running => {
                return Err(conflict(format!(
                    "The import is {}: cancel it, and undo it then.",
                    stored.import.status
                )));
            }
            ImportStatus::Completed | ImportStatus::Cancelled | ImportStatus::Failed => {}
        }
        if stored.import.dry_run {
            return Err(conflict(
                "The import was a dry run: it changed nothing.".to_owned(),
            ));
        }
        let unfinished = Stored::unfinished(context).await?;
        let free = unfinished.iter().find(|(_, import)| import.is_none());
        let Some((slot, _)) = free else {
            return Err(too_many());
        };
        let mut after = stored.import.next_version();
        after.status = ImportStatus::Undoing;
        after.undo.get_or_insert(ImportUndo::default());
        after.ended_at = None;
        let Work {
            chunks, next_chunk, ..
        } = after.work;
        after
            .work
            .undo_next
            .get_or_insert(next_chunk.min(chunks - 1));
        after.work.slot = Some(*slot);
        let Document { json, .. } = stored.replace(plan, after)?;
        Ok(Reply::new(Outcome::Accepted, json))
    }

    /// Another import took the place: the next attempt finds another.
    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        again_where_taken(&conflict)
    }
}

pub(super) fn too_many() -> Error {
    conflict(format!(
        "{IMPORTS_UNFINISHED_MAX} imports of this workspace and mode go on already: wait until one of them has ended, or cancel one."
    ))
}

fn conflict(message: String) -> Error {
    Error::new(ErrorKind::Conflict, message)
}
