//! Which of the records that a request brought back had been merged, and into what: its undo merges them again.

use std::collections::{BTreeMap, HashSet};

use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::PAGE_LIMIT_MAX;
use crate::query::filter::{Clause, Condition};
use crate::record::column::ColumnValue;
use crate::record::object_type::ObjectType;
use crate::record::{Change, Event, EventType};
use crate::store::Query;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;

/// The survivors of those of these records that were merged before they were brought back, each by an event.
pub(super) async fn survivors(
    context: &Context,
    restored: &BTreeMap<Id, Id>,
) -> Result<BTreeMap<Id, Id>> {
    let deletions = deletions(context, restored).await?;
    let requests: HashSet<RequestId> = deletions.values().copied().collect();
    let requests: Vec<RequestId> = requests.into_iter().collect();
    let mut survivors = BTreeMap::new();
    for requests in requests.chunks(PAGE_LIMIT_MAX) {
        let requests = requests.iter().map(|request| request.text().into());
        let by_request = Condition::In(requests.collect());
        let clauses = vec![
            Clause::of_column(Kind::Event, "request_id", by_request)?,
            of_change(Change::Merged)?,
        ];
        for document in context.every(Kind::Event, clauses, usize::MAX).await? {
            let merge: Event = document.decode()?;
            let is_of = |id: &Id| deletions.get(id).copied() == merge.request_id;
            if let Some(into) = merge.record_id() {
                let merged = merge.merged_from.iter().copied().filter(is_of);
                survivors.extend(merged.map(|id| (id, into)));
            }
        }
    }
    Ok(survivors)
}

/// The request that deleted each of these records last, before it was brought back.
async fn deletions(
    context: &Context,
    restored: &BTreeMap<Id, Id>,
) -> Result<BTreeMap<Id, RequestId>> {
    let ids: Vec<Id> = restored.keys().copied().collect();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(PAGE_LIMIT_MAX) {
        let among = ids.iter().copied().map(ColumnValue::from).collect();
        let mut query = Query {
            kind: Kind::Event,
            clauses: vec![
                Clause::of_column(Kind::Event, "record_id", Condition::In(among))?,
                of_change(Change::Deleted)?,
            ],
            after: None,
            limit: PAGE_LIMIT_MAX,
        };
        loop {
            let page = context.list(&query).await?;
            query.after = page.documents.last().map(|last| last.id);
            for document in page.documents {
                let event: Event = document.decode()?;
                if let (Some(id), Some(request)) = (event.record_id(), event.request_id)
                    && restored.get(&id).is_some_and(|later| event.id < *later)
                {
                    found.entry(id).or_insert(request);
                }
            }
            if !page.more || ids.iter().all(|id| found.contains_key(id)) {
                break;
            }
        }
    }
    Ok(found)
}

/// What the events meet that say this of an object.
fn of_change(change: Change) -> Result<Clause> {
    let types = ObjectType::ALL.map(|of| EventType::Record(of, change).as_str());
    let types = types.into_iter().map(ColumnValue::from).collect();
    Clause::of_column(Kind::Event, "type", Condition::In(types))
}
