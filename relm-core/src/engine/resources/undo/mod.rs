//! Undoing a request: what it changed goes back to what it was, as one change with events of its own.
//!
//! Whatever is still as the request left it goes back, and what is not stays and is listed: a value that somebody changed since, a
//! record that others use by now. Who changed it does not matter, only what is there.

mod action;
mod attributes;
mod definitions;
mod given;
mod in_use;
mod keys;
mod large;
mod links;
mod merged_by;
mod merges;
mod operation;
mod past;
mod refusing;
mod report;
mod reversal;
mod rules;
mod state;
mod steps;
mod unmerged;
mod writing;

pub(in crate::engine) use self::large::finish_undos;
use self::merged_by::merged_by;
pub(in crate::engine) use self::operation::Undo;
use self::operation::{bring_back_rest, check_scopes, move_rest};
pub use self::report::{ConflictCode, Reverted, UndoConflict, UndoTag, Undone, UndoneChange};
use super::fields::uniqueness::make_more;
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::reply::Reply;
use crate::error::{ErrorKind, Result};
use crate::record::key::KeyScopes;
use crate::value::id::Kind;
use crate::value::request_id::RequestId;

/// Undoes a request for whoever has these scopes; for the program itself, whatever the request changed.
pub(super) async fn undo(
    context: &Context,
    request: RequestId,
    scopes: Option<KeyScopes>,
) -> Result<Reply<Undone>> {
    if let Some(merges) = large::begun(context, request).await? {
        return large::undo(context, request, scopes, merges).await;
    }
    let undo = Undo::new(request, scopes);
    let reply = match apply_once(context, undo).await {
        Err(error) if error.kind() == ErrorKind::Conflict => {
            match merged_by(context, request).await? {
                Some(merges) => return large::undo(context, request, scopes, merges).await,
                None => return Err(error),
            }
        }
        reply => reply?,
    };
    let mut undone = reply.decode()?;
    if let Some(scopes) = scopes {
        // A stored reply may be that to another key.
        let reverted = undone.reverted.iter().map(|it| it.kind);
        let conflicts = undone.conflicts.iter().map(|it| it.kind);
        check_scopes(scopes, reverted.chain(conflicts))?;
    }
    if !context.storage().is_dry_run() {
        bring_back_rest(context, &undone).await?;
        let is_all = move_rest(context, &undone).await?;
        if undone.reverted.iter().any(|it| it.kind == Kind::Field) {
            // A field that comes back is there: what is left of its being unique is done later.
            drop(make_more(context).await);
        }
        if !is_all {
            undone.complete = false;
            return undone.to_reply();
        }
    }
    Ok(reply)
}
