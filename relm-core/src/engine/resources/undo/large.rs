//! The undo of a merge that moved more than one commit reverts: the records are back with the first commit, and what was moved follows in
//! steps, each of a bounded commit.
//!
//! With the first commit the trash has an entry that says so. Whoever finds it can go on: the caller who asks again, and the hourly upkeep.
//! Doing a step again does no harm.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use super::merged_by::{Merges, moved_kinds};
use super::operation::{Undo, bring_back_rest, check_scopes};
use super::past::Part;
use super::report::{UndoConflict, Undone};
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::merged;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::resources::finishing::finish_each;
use crate::engine::resources::merging::move_some;
use crate::engine::resources::purge::{Rest, is_kept};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MERGE_STEPS_MAX;
use crate::record::key::KeyScopes;
use crate::record::object_type::ObjectType;
use crate::record::{Document, Entry, EventData, Origin, Trashed};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// What a request merged whose undo was begun and goes on.
pub(super) async fn begun(context: &Context, request: RequestId) -> Result<Option<Merges>> {
    let going_on = going_on(context, request).await?;
    Ok(going_on.map(|(progress, ..)| Merges {
        records: progress.records,
        merged: true,
    }))
}

/// Undoes a request that merged these records, as far as its caller waits for that.
pub(super) async fn undo(
    context: &Context,
    request: RequestId,
    scopes: Option<KeyScopes>,
    merges: Merges,
) -> Result<Reply<Undone>> {
    let Merges { records, merged } = merges;
    if let Some(scopes) = scopes {
        // A stored reply may be that to another key.
        let kinds = moved_kinds(context, request).await?.into_iter();
        check_scopes(scopes, kinds.chain(records.iter().map(|id| id.kind())))?;
    }
    if let Some(reply) = replayed(context).await? {
        return Ok(reply);
    }
    let begin = Records {
        undo: Undo::new(request, scopes).of(Part::Records(records.clone())),
        is_followed: merged,
    };
    let mut undone = apply(context, begin).await?;
    if context.storage().is_dry_run() {
        undone.complete = false;
        let json = serde_json::to_string(&undone).map_err(Error::internal)?;
        return Ok(Reply::new(Outcome::Done, json));
    }
    // The records are back, and whoever finds the entry goes on: an error would say that nothing was done.
    undone.complete = match go_on(context, (request, &records), scopes, &mut undone).await {
        Err(error) if !is_kept(context) => return Err(error),
        Err(_) => false,
        Ok(is_all) => is_all,
    };
    let answer = Answer {
        undone: undone.clone(),
    };
    match apply_once(context, answer).await {
        Err(error) if error.kind() != ErrorKind::IdempotencyConflict && is_kept(context) => {
            undone.to_reply()
        }
        answered => answered,
    }
}

/// Takes as many steps as a caller waits for; whether nothing is left.
async fn go_on(
    context: &Context,
    (request, records): (RequestId, &[Id]),
    scopes: Option<KeyScopes>,
    undone: &mut Undone,
) -> Result<bool> {
    bring_back_rest(context, undone).await?;
    let is_all_moved = move_some(context, records).await?;
    for _ in 0..MERGE_STEPS_MAX {
        let Some((step, by)) = step(context, request, scopes).await? else {
            return Ok(is_all_moved);
        };
        undone.undone_by = undone.undone_by.or(step.undone_by.and(Some(by)));
        undone.add(step);
    }
    Ok(is_all_moved && going_on(context, request).await?.is_none())
}

/// Goes on to their ends with the undos that the trash of a scope tells of; gives how many those were.
pub(in crate::engine) async fn finish_undos(context: &Context, rest: Rest<'_>) -> Result<usize> {
    let finish = |document| finish(context, document, rest).boxed();
    finish_each(context, merged::undoing()?, finish).await
}

async fn finish(context: &Context, document: Document, rest: Rest<'_>) -> Result<bool> {
    let progress: Progress = document.decode::<Trashed>()?.document.decode()?;
    while step(context, progress.request_id, None).await?.is_some() {
        rest.take().await;
    }
    Ok(true)
}

/// How far the undo of a request has got.
#[derive(Clone, Serialize, Deserialize)]
struct Progress {
    request_id: RequestId,
    /// The records that it merged, with those into which they were merged.
    records: Vec<Id>,
    /// Who undoes it, and by which request.
    origin: Origin,
    /// The last event that was looked at, of what it moved.
    after: Option<Id>,
}

impl Progress {
    fn to_data(&self) -> Result<EventData> {
        let json = serde_json::to_string(self).map_err(Error::internal)?;
        Ok(EventData::new(json))
    }
}

/// What says that the undo of a request goes on.
async fn going_on(
    context: &Context,
    request: RequestId,
) -> Result<Option<(Progress, Trashed, Document)>> {
    let key = Trashed::undo_key(request).text();
    let Some(document) = context.holder(Kind::Trashed, key).await? else {
        return Ok(None);
    };
    let entry: Trashed = document.decode()?;
    Ok(Some((entry.document.decode()?, entry, document)))
}

/// Brings the records back, and says that the rest follows.
struct Records {
    undo: Undo,
    /// Whether what the request moved follows.
    is_followed: bool,
}

#[async_trait]
impl Operation for Records {
    type Output = Undone;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Undone> {
        let undone = self.undo.plan(plan).await?.decode()?;
        if !self.is_followed {
            return Ok(undone);
        }
        let request_id = self.undo.request;
        let going_on = going_on(plan.context(), request_id).await?;
        let records = match &self.undo.part {
            Part::Records(records) => records.clone(),
            Part::Whole | Part::Moved(_) => Vec::new(),
        };
        let progress = Progress {
            request_id,
            records,
            origin: plan.origin(),
            after: None,
        };
        match going_on {
            // Nothing of it is left to be undone, or nothing that was moved has anywhere to go.
            None if undone.undone_by.is_none() => {}
            None => {
                let id = plan.mint(Kind::Trashed);
                let entry = Trashed::undoing(id, request_id, progress.to_data()?);
                plan.write(Write::Insert(Entry::new(entry)));
            }
            // What this brings back was taken away again since: all of it is looked at once more.
            Some((_, entry, document)) if undone.undone_by.is_some() => {
                let after = entry.clone().so_far(progress.to_data()?);
                merged::replace(plan, (entry, document), after);
            }
            Some(_) => {}
        }
        Ok(undone)
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        refused(&mut self.undo, refusal)
    }
}

fn refused(undo: &mut Undo, refusal: Refusal) -> Result<()> {
    match refusal {
        // Somebody began the same at that moment.
        Refusal::UniqueConflict { holder, .. } if holder.kind() == Kind::Trashed => Ok(()),
        refusal => undo.refused(refusal),
    }
}

/// Goes one step on with the undo of a request, as whoever asked for that; what it came to, and by which request it is undone.
async fn step(
    context: &Context,
    request: RequestId,
    scopes: Option<KeyScopes>,
) -> Result<Option<(Undone, RequestId)>> {
    let Some((progress, ..)) = going_on(context, request).await? else {
        return Ok(None);
    };
    let Origin { actor, request_id } = progress.origin;
    let context = context.clone().acting_as(actor.into());
    let context = context.for_request(request_id);
    let undo = Undo::new(request, scopes);
    let records = progress.records;
    let step = apply(&context, Step { undo, records }).await?;
    Ok(step.map(|undone| (undone, request_id)))
}

/// Reverts the next of what a request moved.
struct Step {
    undo: Undo,
    /// The records that it merged, and into which.
    records: Vec<Id>,
}

#[async_trait]
impl Operation for Step {
    /// None where nothing is left.
    type Output = Option<Undone>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Option<Undone>> {
        let going_on = going_on(plan.context(), self.undo.request).await?;
        let Some((progress, entry, document)) = going_on else {
            return Ok(None);
        };
        // What was moved goes back to records that are there. Where one is deleted, purged or merged again, it stays where it is.
        if !are_there(plan.context(), &progress.records).await? {
            merged::delete(plan, (entry, document));
            return Ok(None);
        }
        plan.require_each(progress.records.iter().copied().collect());
        self.undo.part = Part::Moved(progress.after);
        let undone = self.undo.plan(plan).await?.decode()?;
        match self.undo.next {
            Some(after) => {
                let progress = Progress {
                    after: Some(after),
                    ..progress
                };
                let after = entry.clone().so_far(progress.to_data()?);
                merged::replace(plan, (entry, document), after);
            }
            None => merged::delete(plan, (entry, document)),
        }
        Ok(Some(undone))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            // One of the records is gone since: the next plan finds that.
            Refusal::Missing(ids) if ids.iter().any(|id| self.records.contains(id)) => Ok(()),
            refusal => refused(&mut self.undo, refusal),
        }
    }
}

/// Whether all of these records are there.
async fn are_there(context: &Context, records: &[Id]) -> Result<bool> {
    for of in ObjectType::ALL {
        let ids: Vec<Id> = records
            .iter()
            .copied()
            .filter(|id| id.kind() == of.kind())
            .collect();
        let found = context.storage().by_ids(context.scope(), of.kind(), &ids);
        if found.await?.len() < ids.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The answer to an undo that had several commits.
struct Answer {
    undone: Undone,
}

#[async_trait]
impl Operation for Answer {
    type Output = Reply<Undone>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Undone>> {
        let mut about = BTreeSet::new();
        for conflict in &mut self.undone.conflicts {
            let is_object = ObjectType::of(conflict.kind).is_some();
            if !is_object || about.contains(&conflict.id) {
                continue;
            }
            let found = plan.context().document(conflict.kind, conflict.id).await?;
            match found {
                Some(_) => drop(about.insert(conflict.id)),
                None => hide(conflict),
            }
        }
        Ok(self.undone.to_reply()?.about(about))
    }
}

/// Shows no value of what is there no more.
fn hide(conflict: &mut UndoConflict) {
    conflict.expected = None;
    conflict.found = None;
}
