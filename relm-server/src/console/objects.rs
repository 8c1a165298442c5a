//! The four types of record: what they are called, and the engine's functions on whichever of them a path names.

use relm_core::engine::{Duplicates, HistoryPage, List, ListRequest, Outcome};
use relm_core::record::Document;
use relm_core::{Error, ErrorKind, Id, ObjectType, Result, Scoped};
use serde_json::{Map, Value};

use super::problem::Problem;
use super::visit::Visit;

/// What the records of a type are called in the paths of the API and of the console.
pub(super) const fn plural(object: ObjectType) -> &'static str {
    match object {
        ObjectType::Contact => "contacts",
        ObjectType::Company => "companies",
        ObjectType::Deal => "deals",
        ObjectType::Activity => "activities",
    }
}

/// What they are called as a heading.
pub(super) const fn title(object: ObjectType) -> &'static str {
    match object {
        ObjectType::Contact => "Contacts",
        ObjectType::Company => "Companies",
        ObjectType::Deal => "Deals",
        ObjectType::Activity => "Activities",
    }
}

/// One of them, with its article.
pub(super) const fn one(object: ObjectType) -> &'static str {
    match object {
        ObjectType::Contact => "a contact",
        ObjectType::Company => "a company",
        ObjectType::Deal => "a deal",
        ObjectType::Activity => "an activity",
    }
}

/// The type whose records the path names.
pub(super) fn of_path(visit: &Visit) -> std::result::Result<ObjectType, Problem> {
    let named = visit.param("objects");
    let mut all = ObjectType::ALL.into_iter();
    all.find(|object| plural(*object) == named)
        .ok_or_else(Problem::missing)
}

/// Calls one function on the records of a type: `on!(contact, scoped, |objects| objects.get_json(id))`.
macro_rules! on {
    ($object:expr, $scoped:expr, |$objects:ident| $call:expr) => {
        match $object {
            ObjectType::Contact => {
                let $objects = $scoped.contacts();
                $call
            }
            ObjectType::Company => {
                let $objects = $scoped.companies();
                $call
            }
            ObjectType::Deal => {
                let $objects = $scoped.deals();
                $call
            }
            ObjectType::Activity => {
                let $objects = $scoped.activities();
                $call
            }
        }
    };
}

pub(super) async fn list(scoped: &Scoped, of: ObjectType, request: &ListRequest) -> Result<List> {
    on!(of, scoped, |objects| objects
        .list(request)
        .documents()
        .await)
}

pub(super) async fn trash(scoped: &Scoped, of: ObjectType, request: &ListRequest) -> Result<List> {
    on!(of, scoped, |objects| objects
        .trash(request)
        .documents()
        .await)
}

pub(super) async fn get(scoped: &Scoped, of: ObjectType, id: Id) -> Result<Option<Document>> {
    on!(of, scoped, |objects| objects.get_json(id).await)
}

/// The record of this id, or the one that it was merged into.
pub(super) async fn resolve(scoped: &Scoped, of: ObjectType, id: Id) -> Result<Option<Document>> {
    on!(of, scoped, |objects| objects.resolve_json(id).await)
}

pub(super) async fn history(
    scoped: &Scoped,
    of: ObjectType,
    id: Id,
    limit: usize,
    cursor: Option<&str>,
) -> Result<HistoryPage> {
    on!(of, scoped, |objects| {
        let history = objects.history(id).limit(limit);
        match cursor {
            Some(cursor) => history.after(cursor).await,
            None => history.await,
        }
    })
}

/// Makes a record, and gives its id.
pub(super) async fn create(scoped: &Scoped, of: ObjectType, body: Value) -> Result<Id> {
    on!(of, scoped, |objects| objects
        .create_json(body)
        .await
        .and_then(|reply| reply.decode())
        .map(|record| record.id))
}

/// Changes a record that is still of the version that was seen.
pub(super) async fn update(
    scoped: &Scoped,
    of: ObjectType,
    id: Id,
    body: Value,
    expected: Option<i64>,
) -> Result<()> {
    on!(of, scoped, |objects| objects
        .update_json(id, body, expected)
        .await
        .map(drop))
}

pub(super) async fn delete(
    scoped: &Scoped,
    of: ObjectType,
    id: Id,
    expected: Option<i64>,
) -> Result<()> {
    on!(of, scoped, |objects| objects.delete(id, expected).await)
}

pub(super) async fn restore(
    scoped: &Scoped,
    of: ObjectType,
    id: Id,
    expected: Option<i64>,
) -> Result<()> {
    on!(of, scoped, |objects| objects
        .restore_json(id, expected)
        .await
        .map(drop))
}

/// A page of the groups of records that are most likely one.
pub(super) async fn duplicates(
    scoped: &Scoped,
    of: ObjectType,
    cursor: Option<&str>,
) -> Result<Duplicates> {
    on!(of, scoped, |objects| objects
        .duplicate_documents(cursor)
        .await)
}

/// Merges others into a record, and gives what became of that and the members that it has then.
pub(super) async fn merge(
    scoped: &Scoped,
    of: ObjectType,
    id: Id,
    body: Value,
    expected: Option<i64>,
) -> Result<(Outcome, Map<String, Value>)> {
    let (outcome, body) = on!(of, scoped, |objects| {
        let merged = objects.merge_json(id, body, expected).await?;
        (merged.outcome, merged.body)
    });
    let members = serde_json::from_str(&body);
    let members = members.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    Ok((outcome, members))
}

/// A record's JSON as its members.
pub(super) fn members(document: &Document) -> Result<serde_json::Map<String, Value>, Error> {
    document.decode()
}
