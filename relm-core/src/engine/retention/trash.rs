//! Emptying the trash of one scope: purges that were begun are finished, and what was deleted long ago is deleted for good.
//!
//! Records go before associations: as long as a record can be restored, its associations can.

use async_trait::async_trait;
use futures_util::FutureExt;

use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::merged;
use crate::engine::resources::deliveries::first_of;
use crate::engine::resources::finishing::finish_each;
use crate::engine::resources::purge::{self, Rest};
use crate::error::Result;
use crate::limits::MERGED_RECORDS_MAX;
use crate::query::filter::{Clause, Comparison, Condition};
use crate::record::object_type::ObjectType;
use crate::record::{Document, Entry, Trashed};
use crate::store::{Query, Write};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Entries of one step.
const STEP: usize = 200;

/// Finishes purges, and deletes what was deleted before a moment, of which it counts the records. A purge that fails holds up nothing
/// else: its failure is told at the end.
pub(super) async fn empty(
    context: &Context,
    before: Timestamp,
    rest: Rest<'_>,
    records: &mut usize,
) -> Result<()> {
    let finished = finish_purges(context, rest).await;
    let emptied = delete_before(context, before, rest, records).await;
    finished.and(emptied)
}

async fn delete_before(
    context: &Context,
    before: Timestamp,
    rest: Rest<'_>,
    records: &mut usize,
) -> Result<()> {
    let before = first_of(Kind::Trashed, before);
    for of in ObjectType::ALL {
        *records += delete_all(context, of.kind(), before, rest).await?;
    }
    let associations = delete_all(context, Kind::Association, before, rest);
    associations.await.map(drop)
}

/// Erases what purges left that were broken off, or that were more than their callers waited for; gives the first failure of one.
async fn finish_purges(context: &Context, rest: Rest<'_>) -> Result<()> {
    let finish = |document: Document| {
        let finished = async move {
            let trashed: Trashed = document.decode()?;
            purge::finish(context, &trashed, rest).await.map(|()| true)
        };
        finished.boxed()
    };
    let purged = of_type(Condition::Null(true))?;
    finish_each(context, purged, finish).await.map(drop)
}

/// Deletes what is of this kind and below an id, step by step; how much that was.
async fn delete_all(context: &Context, of: Kind, before: Id, rest: Rest<'_>) -> Result<usize> {
    let name = of.name().into();
    let clause = of_type(Condition::Compare(Comparison::Eq, name))?;
    let mut all = 0;
    loop {
        let deletion = Deletion {
            clause: clause.clone(),
            before,
        };
        let (deleted, more) = apply(context, deletion).await?;
        all += deleted;
        if !more {
            return Ok(all);
        }
        rest.take().await;
    }
}

fn of_type(condition: Condition) -> Result<Clause> {
    Clause::of_column(Kind::Trashed, "record_type", condition)
}

/// Deletes the next entries below an id.
struct Deletion {
    clause: Clause,
    before: Id,
}

#[async_trait]
impl Operation for Deletion {
    /// How many it deletes, and whether more are left.
    type Output = (usize, bool);

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<(usize, bool)> {
        let query = Query {
            kind: Kind::Trashed,
            clauses: vec![self.clause.clone()],
            after: Some(self.before),
            limit: STEP,
        };
        let context = plan.context();
        let mut page = context.list(&query).await?;
        let mut merged = merged_into(context, &page.documents).await?;
        if merged.len() > MERGED_RECORDS_MAX {
            // One record has no more than one commit is to hold.
            page.documents.truncate(1);
            page.more = true;
            merged = merged_into(context, &page.documents).await?;
        }
        let deleted = page.documents.len();
        for document in page.documents {
            let trashed: Trashed = document.decode()?;
            plan.write(Write::Delete(Entry {
                record: trashed.into(),
                json: document.json,
            }));
        }
        for entry in merged {
            merged::delete(plan, entry);
        }
        Ok((deleted, page.more))
    }
}

/// What was merged into the records of these entries: their ids stand for nothing once those are gone.
async fn merged_into(
    context: &Context,
    documents: &[Document],
) -> Result<Vec<(Trashed, Document)>> {
    let mut records = Vec::with_capacity(documents.len());
    for document in documents {
        let trashed: Trashed = document.decode()?;
        if ObjectType::of(trashed.record_id.kind()).is_some() {
            records.push(trashed.record_id);
        }
    }
    match records.is_empty() {
        true => Ok(Vec::new()),
        false => merged::losers(context, &records, MERGED_RECORDS_MAX + 1).await,
    }
}
