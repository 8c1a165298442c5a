//! Records that were merged into others: what their ids stand for since.

use std::sync::Arc;

use serde::Deserialize;

use super::change::Plan;
use super::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MERGED_LISTED_MAX, MERGED_RECORDS_MAX};
use crate::query::filter::{Clause, Condition};
use crate::record::column::ColumnValue;
use crate::record::object::Object;
use crate::record::object_type::ObjectType;
use crate::record::{Document, Entry, MERGED, MERGING, Trashed};
use crate::store::Write;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// A record, as it is found by an id of its own or of one that was merged into it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Resolved<T> {
    /// The record.
    #[serde(flatten)]
    pub record: T,
    /// The ids of the records that were merged into it, newest first, at most 200; empty where it was found by its own id.
    #[serde(default)]
    pub merged_from: Vec<Id>,
}

/// How often a survivor is looked for that is merged into another meanwhile.
const LOOKS_MAX: usize = 5;

/// What the trash has of a record that was merged.
pub(super) async fn entry(context: &Context, id: Id) -> Result<Option<(Trashed, Document)>> {
    let Some(found) = context.holder(Kind::Trashed, id.text()).await? else {
        return Ok(None);
    };
    let trashed: Trashed = found.decode()?;
    Ok(trashed.standing().is_some().then_some((trashed, found)))
}

/// What the trash has of those of these records that were merged.
pub(super) async fn entries(context: &Context, ids: &[Id]) -> Result<Vec<(Trashed, Document)>> {
    let keys: Vec<String> = ids.iter().map(Id::text).collect();
    let found = context.holders(Kind::Trashed, &keys).await?;
    let mut entries = Vec::new();
    for document in found.into_iter().flatten() {
        let trashed: Trashed = document.decode()?;
        if trashed.standing().is_some() {
            entries.push((trashed, document));
        }
    }
    Ok(entries)
}

/// What a merged record is by now.
pub(super) struct Survivor {
    /// The record.
    pub document: Document,
    /// The request that merged the other, and whose undo brings that back.
    pub request: RequestId,
}

/// The record that a merged one is by now, where that is there.
pub(super) async fn survivor(context: &Context, id: Id) -> Result<Option<Survivor>> {
    for _ in 0..LOOKS_MAX {
        let Some((merged, _)) = entry(context, id).await? else {
            return Ok(None);
        };
        let Some(merge) = merged.standing() else {
            return Ok(None);
        };
        let into = merge.into;
        if let Some(document) = context.document(into.kind(), into).await? {
            let request = merge.origin.request_id;
            return Ok(Some(Survivor { document, request }));
        }
        if entry(context, into).await?.is_none() {
            return Ok(None);
        }
        // It was merged meanwhile: whatever was merged into it is since merged into the same.
    }
    Ok(None)
}

/// Why there is no record of this id: it was merged into another one, or there is none.
pub(super) async fn absent(context: &Context, of: ObjectType, id: Id) -> Result<Error> {
    let missing = Error::not_found(of.as_str());
    if id.kind() != of.kind() {
        return Ok(missing);
    }
    Ok(match survivor(context, id).await? {
        Some(survivor) => was_merged(of, survivor.document.id, survivor.request),
        None => missing,
    })
}

/// The same error; where it is for a reference to a record that was merged into another, it names that one.
pub(super) async fn name_survivor(context: &Context, error: Error) -> Error {
    let Some(lost) = error.lost() else {
        return error;
    };
    match survivor(context, lost).await {
        Ok(Some(survivor)) => {
            let into = survivor.document.id;
            error
                .adding(&format!("It was merged into `{into}`."))
                .existing(into)
        }
        Ok(None) | Err(_) => error,
    }
}

/// What is refused of a record that was merged into another.
pub(super) fn was_merged(of: ObjectType, into: Id, request: RequestId) -> Error {
    let message = format!(
        "This {of} was merged into `{into}`: use that one, or undo `{request}`, the request that merged it."
    );
    Error::new(ErrorKind::Conflict, message).existing(into)
}

/// The records that were merged into one of these, those that were last first: their entries in the trash, at most so many.
pub(super) async fn losers(
    context: &Context,
    survivors: &[Id],
    max: usize,
) -> Result<Vec<(Trashed, Document)>> {
    let clauses = clauses(survivors)?.into();
    let found = context.every(Kind::Trashed, clauses, max).await?;
    let entries = found.into_iter();
    let entries = entries.map(|document| Ok((document.decode()?, document)));
    entries.collect()
}

/// Has the entry of a merged record say this from now on.
pub(super) fn replace(plan: &mut Plan<'_>, (entry, document): (Trashed, Document), after: Trashed) {
    plan.write(Write::Replace {
        before: Entry {
            record: entry.into(),
            json: document.json,
        },
        after: Entry::new(after),
    });
}

/// Takes the entry of a merged record away.
pub(super) fn delete(plan: &mut Plan<'_>, (entry, document): (Trashed, Document)) {
    plan.write(Write::Delete(Entry {
        record: entry.into(),
        json: document.json,
    }));
}

/// Forgets what was merged into a record that is gone for good with the same commit.
pub(super) async fn delete_losers(plan: &mut Plan<'_>, survivor: Id) -> Result<()> {
    for entry in losers(plan.context(), &[survivor], MERGED_RECORDS_MAX).await? {
        delete(plan, entry);
    }
    Ok(())
}

/// What the entries meet of the records that were merged into one of these.
pub(super) fn clauses(survivors: &[Id]) -> Result<[Clause; 2]> {
    let survivors = survivors.iter().copied().map(ColumnValue::from).collect();
    Ok([
        Clause::of_column(Kind::Trashed, "to_id", Condition::In(survivors))?,
        of_types(&[MERGED, MERGING])?,
    ])
}

/// What the entries meet that say that an undo goes on.
pub(super) fn undoing() -> Result<Clause> {
    Clause::equal(Kind::Trashed, "record_type", Kind::Trashed.name())
}

/// Which records an undo that goes on gives back what was moved.
#[derive(Deserialize)]
struct Undoing {
    request_id: RequestId,
    records: Vec<Id>,
}

/// Refuses to take records away of which an undo still takes what it is to give back to others.
pub(super) async fn check_undone(context: &Context, records: &[Id]) -> Result<()> {
    let entries = context.every(Kind::Trashed, vec![undoing()?], usize::MAX);
    for document in entries.await? {
        let undoing: Undoing = document.decode::<Trashed>()?.document.decode()?;
        if undoing.records.iter().any(|id| records.contains(id)) {
            let message = format!(
                "The undo of `{}` is still giving back what was moved by it: ask for that undo again, which goes on with it, and then for this.",
                undoing.request_id
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
    }
    Ok(())
}

/// What the entries meet of the records that were merged into this one and are purged, until that has ended.
pub(super) fn purged(survivor: Id) -> Result<[Clause; 2]> {
    Ok([
        Clause::equal(Kind::Trashed, "to_id", survivor)?,
        Clause::of_column(Kind::Trashed, "record_type", Condition::Null(true))?,
    ])
}

/// What the entries meet of the records that are merged, to which something may refer still.
pub(super) fn moving() -> Result<Clause> {
    of_types(&[MERGING])
}

fn of_types(names: &[&'static str]) -> Result<Clause> {
    let names = names.iter().copied().map(ColumnValue::from).collect();
    Clause::of_column(Kind::Trashed, "record_type", Condition::In(names))
}

/// A survivor's JSON, with the ids of the records that were merged into it, newest first: at most [`MERGED_LISTED_MAX`], and the one that
/// was asked for. Before its other members, since those end as every record does.
pub(super) fn shown(json: Arc<str>, merged: &[Id], asked: Option<Id>) -> Result<Arc<str>> {
    let mut ids: Vec<Id> = merged.iter().copied().take(MERGED_LISTED_MAX).collect();
    if let Some(asked) = asked.filter(|asked| !ids.contains(asked)) {
        ids.truncate(MERGED_LISTED_MAX - 1);
        ids.push(asked);
    }
    let Some(members) = json.strip_prefix('{') else {
        return Ok(json);
    };
    let ids = serde_json::to_string(&ids).map_err(Error::internal)?;
    Ok(format!(r#"{{"merged_from":{ids},{members}"#).into())
}

/// The record of this id, or the one that it was merged into, with what was merged into that.
pub(super) async fn resolve<T: Object>(context: &Context, id: Id) -> Result<Option<Document>> {
    let kind = T::TYPE.kind();
    if id.kind() != kind {
        return Ok(None);
    }
    if let Some(document) = context.document(kind, id).await? {
        return Ok(Some(document));
    }
    let Some(survivor) = survivor(context, id).await? else {
        // The merge may have been undone between the two.
        return context.document(kind, id).await;
    };
    let survivor = survivor.document;
    let merged = losers(context, &[survivor.id], MERGED_LISTED_MAX).await?;
    let merged: Vec<Id> = merged.iter().map(|(entry, _)| entry.record_id).collect();
    Ok(Some(Document {
        id: survivor.id,
        json: shown(survivor.json, &merged, Some(id))?,
    }))
}

/// A survivor's JSON, with the ids of all that was merged into it.
pub(super) async fn as_it_is(context: &Context, id: Id, json: Arc<str>) -> Result<Arc<str>> {
    let all = losers(context, &[id], MERGED_LISTED_MAX).await?;
    let all: Vec<Id> = all.iter().map(|(entry, _)| entry.record_id).collect();
    shown(json, &all, None)
}
