//! The imports of one scope: those that ended long ago are deleted, and those that go on are in the queue of whoever works on them.

use crate::engine::components::Components;
use crate::engine::context::Context;
use crate::engine::import_queue::Waiting;
use crate::engine::resources::imports::cleaning::delete_some;
use crate::engine::resources::imports::state::Stored;
use crate::engine::resources::purge::Rest;
use crate::error::Result;
use crate::limits::PAGE_LIMIT_MAX;
use crate::store::Query;
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Deletes the imports that have ended before a moment, of which it counts them, and those whose deletion stopped half-way, and has the
/// others be worked on.
pub(super) async fn see_to(
    components: &Components,
    context: &Context,
    before: Timestamp,
    rest: Rest<'_>,
    deleted: &mut usize,
) -> Result<()> {
    for (_, stored) in Stored::unfinished(context).await? {
        if let Some(Stored { import, .. }) = stored {
            let scope = context.scope();
            let waiting = Waiting {
                scope,
                import: import.id,
            };
            waiting.enlist(components).await?;
        }
    }
    let mut query = Query {
        kind: Kind::Import,
        clauses: Vec::new(),
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    loop {
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        for document in page.documents {
            let Stored { import, .. } = Stored::of(document)?;
            let is_old = import.ended_at.is_some_and(|ended| ended < before);
            if is_old || import.work.deleting {
                delete(context, import.id, rest).await?;
                *deleted += 1;
            }
        }
        if !page.more {
            return Ok(());
        }
    }
}

async fn delete(context: &Context, import: Id, rest: Rest<'_>) -> Result<()> {
    while delete_some(context, import).await? {
        rest.take().await;
    }
    Ok(())
}
