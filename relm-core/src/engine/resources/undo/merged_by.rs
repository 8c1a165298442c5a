//! What a request merged, or brought back from merges, where it did nothing else but to move what referred to those records.

use std::collections::{BTreeMap, BTreeSet};

use super::past::{is_move, of_types};
use super::unmerged::survivors;
use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::UNDO_EVENTS_MAX;
use crate::query::filter::Clause;
use crate::record::object_type::ObjectType;
use crate::record::{Change, Event, EventType};
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// What a request did that did nothing but merge, or bring back from merges, and move what referred to those records.
pub(super) struct Merges {
    /// The records, with those into which they were merged.
    pub records: Vec<Id>,
    /// Whether it merged: otherwise its undo does, and moves what refers to them as a merge has it moved.
    pub merged: bool,
}

/// What a request merged, where it did nothing else.
pub(super) async fn merged_by(context: &Context, request: RequestId) -> Result<Option<Merges>> {
    let is_own = |ty: &EventType| {
        let changes = [Change::Merged, Change::Deleted, Change::Restored];
        matches!(ty, EventType::Record(_, change) if changes.contains(change))
    };
    let is_other = |ty: &EventType| !is_own(ty) && !is_move(ty);
    if !events(
        context,
        request,
        of_types(EventType::all().filter(is_other))?,
        1,
    )
    .await?
    .is_empty()
    {
        return Ok(None);
    }
    let own = of_types(EventType::all().filter(is_own))?;
    let own = events(context, request, own, UNDO_EVENTS_MAX + 1).await?;
    if own.len() > UNDO_EVENTS_MAX {
        return Ok(None);
    }
    let (mut ids, mut merged, mut back) = (BTreeSet::new(), false, BTreeMap::new());
    for event in own {
        let Some(id) = event.record_id() else {
            continue;
        };
        ids.insert(id);
        merged |= matches!(event.event_type, EventType::Record(_, Change::Merged));
        if matches!(event.event_type, EventType::Record(_, Change::Restored)) {
            back.insert(id, event.id);
        }
    }
    let survivors = survivors(context, &back).await?;
    // A restoration brings associations back as a merge moves them.
    let is_unmerged = |id: &Id| survivors.contains_key(id);
    if !back.keys().all(is_unmerged) {
        return Ok(None);
    }
    let does_nothing_else = merged || !survivors.is_empty();
    ids.extend(survivors.into_values());
    let records = ids.into_iter().collect();
    Ok(does_nothing_else.then_some(Merges { records, merged }))
}

/// The kinds of what a request moved.
pub(super) async fn moved_kinds(context: &Context, request: RequestId) -> Result<Vec<Kind>> {
    let mut kinds = Vec::new();
    let objects = ObjectType::ALL.map(Some);
    for of in objects.into_iter().chain([None]) {
        let is_of_it = |ty: &EventType| match ty {
            EventType::Record(other, _) => of == Some(*other),
            EventType::Association(_) => of.is_none(),
            EventType::ActivityDue | EventType::Field(_) | EventType::Ping => false,
        };
        let types = EventType::all().filter(|ty| is_move(ty) && is_of_it(ty));
        if !events(context, request, of_types(types)?, 1)
            .await?
            .is_empty()
        {
            kinds.push(of.map_or(Kind::Association, ObjectType::kind));
        }
    }
    Ok(kinds)
}

async fn events(
    context: &Context,
    request: RequestId,
    of_types: Clause,
    max: usize,
) -> Result<Vec<Event>> {
    let of_request = Clause::equal(Kind::Event, "request_id", request.text())?;
    let found = context.every(Kind::Event, vec![of_request, of_types], max);
    let events = found.await?.into_iter().map(|document| document.decode());
    events.collect()
}
