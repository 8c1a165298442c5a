//! What is left of imports is removed, in small steps: the rows that nobody will work on, what a dry run would have made, and in the end
//! the whole of an import.

use async_trait::async_trait;

use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::resources::imports::state::Stored;
use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::Clause;
use crate::record::import::{Chunk, ImportPart};
use crate::record::{Document, Entry};
use crate::store::{Query, Write};
use crate::value::id::{Id, Kind};

/// Pieces of one step.
const STEP: usize = 200;

/// Removes some of what an import that has ended leaves behind, but for what became of its rows; whether there may be more.
pub(in crate::engine) async fn clean_some(context: &Context, import: Id) -> Result<bool> {
    apply(context, Clean { import }).await
}

/// Deletes some of an import that has ended, in the end the import itself; whether there is more.
pub(in crate::engine) async fn delete_some(context: &Context, import: Id) -> Result<bool> {
    apply(context, Delete { import }).await
}

/// The newest pieces of an import, and whether there are more.
async fn pieces(context: &Context, import: Id) -> Result<(Vec<Document>, bool)> {
    let query = Query {
        kind: Kind::ImportPart,
        clauses: vec![Clause::equal(Kind::ImportPart, "import_id", import)?],
        after: None,
        limit: STEP,
    };
    let page = context.list(&query).await?;
    Ok((page.documents, page.more))
}

struct Clean {
    import: Id,
}

#[async_trait]
impl Operation for Clean {
    type Output = bool;

    /// The newest pieces are what a dry run made; then come chunks, the last of them first: those that nobody worked on, at most one that was
    /// begun, and those that are done.
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<bool> {
        let (documents, more) = pieces(plan.context(), self.import).await?;
        for document in documents {
            let part: ImportPart = document.decode()?;
            if !part.is_chunk() {
                plan.write(Write::Delete(document.into_entry()?));
                continue;
            }
            let mut chunk: Chunk = part.read()?;
            if chunk.is_done() {
                return Ok(false);
            }
            let before = document.into_entry()?;
            if chunk.is_new() {
                plan.write(Write::Delete(before));
                continue;
            }
            chunk.leave_rest();
            let after = Entry::new(part.saying(&chunk)?);
            plan.write(Write::Replace { before, after });
        }
        Ok(more)
    }
}

struct Delete {
    import: Id,
}

#[async_trait]
impl Operation for Delete {
    type Output = bool;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<bool> {
        let context = plan.context();
        let Some(stored) = Stored::read(context, self.import).await? else {
            return Ok(false);
        };
        if !stored.import.status.has_ended() {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "The import is {}: cancel it, and delete it then.",
                    stored.import.status
                ),
            ));
        }
        let (documents, more) = pieces(context, self.import).await?;
        for document in documents {
            plan.write(Write::Delete(document.into_entry()?));
        }
        if !more {
            stored.delete(plan);
        } else if !stored.import.work.deleting {
            // Nothing is done with a part of it, should this stop half-way.
            let mut after = stored.import.next_version();
            after.work.deleting = true;
            stored.replace(plan, after)?;
        }
        Ok(more)
    }
}
