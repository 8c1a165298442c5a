//! Deletions, which put records into the trash, and what is read of it.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Map;

use super::drafts::{record_event, require};
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::merged;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::again_where_taken;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::TRASHED_ASSOCIATIONS_MAX;
use crate::query::filter::Clause;
use crate::record::association::Association;
use crate::record::object::Object;
use crate::record::{Change, Document, Entry, Record, Trashed};
use crate::store::{Page, Query, Refusal, Write};
use crate::value::id::{Id, Kind};

/// Associations that are read at once.
const LINKED_PAGE: usize = 500;

/// Deletes a record, and puts it into the trash with its associations.
pub(super) struct Delete<T> {
    id: Id,
    expected: Option<i64>,
    of: PhantomData<fn() -> T>,
}

impl<T> Delete<T> {
    pub fn new(id: Id, expected: Option<i64>) -> Self {
        Self {
            id,
            expected,
            of: PhantomData,
        }
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Delete<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (record, document) = require::<T>(plan.context(), self.id, self.expected).await?;
        // A deletion is a change: whoever keeps what has the greatest version keeps no record that is gone.
        let mut deleted = record.clone();
        deleted.touch(plan.now());
        let last_state = Document {
            id: self.id,
            json: Entry::new(deleted).json,
        };
        if plan.context().components().keeps_trash() {
            discard(plan, &last_state).await?;
        } else {
            merged::delete_losers(plan, self.id).await?;
        }
        plan.write(Write::Delete(Entry {
            record: record.into(),
            json: document.json,
        }));
        // What was linked since they were read.
        plan.write(Write::Unlink(self.id));
        record_event::<T>(plan, Change::Deleted, self.id, &last_state.json, Map::new());
        Ok(Reply::new(Outcome::Done, last_state.json).about([self.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        // The other end of an association was deleted meanwhile, and it with that.
        again_where_taken(&refusal)
    }
}

/// Puts a record in its last state into the trash, and moves its associations there.
async fn discard(plan: &mut Plan<'_>, last_state: &Document) -> Result<()> {
    let max = TRASHED_ASSOCIATIONS_MAX + 1;
    let edges = linked(plan.context(), Kind::Association, last_state.id, max).await?;
    if edges.len() == max {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "It has more than {TRASHED_ASSOCIATIONS_MAX} associations, which a deletion does not move to the trash at once: remove \
                 some of them first, or delete it for good."
            ),
        ));
    }
    let id = plan.mint(Kind::Trashed);
    let trashed = Trashed::record(id, last_state.id, Arc::clone(&last_state.json));
    plan.write(Write::Insert(Entry::new(trashed)));
    for document in edges {
        let edge: Association = document.decode()?;
        let id = plan.mint(Kind::Trashed);
        let trashed = Trashed::association(id, &edge, Arc::clone(&document.json));
        plan.write(Write::Insert(Entry::new(trashed)));
        plan.write(Write::Delete(Entry {
            record: edge.into(),
            json: document.json,
        }));
    }
    Ok(())
}

/// What the trash has of a record, and the record in its last state.
pub(super) async fn trashed(
    context: &Context,
    kind: Kind,
    id: Id,
) -> Result<Option<(Entry, Document)>> {
    if id.kind() != kind {
        return Ok(None);
    }
    let Some(found) = context.holder(Kind::Trashed, id.text()).await? else {
        return Ok(None);
    };
    let trashed: Trashed = found.decode()?;
    if trashed.is_purged() || trashed.merge.is_some() {
        return Ok(None);
    }
    let document = Document::of_trashed(&trashed);
    let entry = Entry {
        record: trashed.into(),
        json: found.json,
    };
    Ok(Some((entry, document)))
}

/// The associations of a record, or what the trash has of them, at most so many: the newest of those that lead from it, and then of
/// those that lead to it.
pub(super) async fn linked(
    context: &Context,
    kind: Kind,
    id: Id,
    max: usize,
) -> Result<Vec<Document>> {
    let mut all = Vec::new();
    for end in ["from_id", "to_id"] {
        let mut after = None;
        loop {
            let page = linked_by(context, kind, end, id, after).await?;
            after = page.documents.last().map(|last| last.id);
            all.extend(page.documents);
            if all.len() >= max {
                all.truncate(max);
                return Ok(all);
            }
            if !page.more {
                break;
            }
        }
    }
    Ok(all)
}

/// What the entries of associations meet: those of merged records lead to their survivors.
pub(super) fn of_associations() -> Result<Clause> {
    Clause::equal(Kind::Trashed, "record_type", Kind::Association.name())
}

/// A page of the associations that have a record at one of their ends, or of what the trash has of them.
pub(super) async fn linked_by(
    context: &Context,
    kind: Kind,
    end: &str,
    id: Id,
    after: Option<Id>,
) -> Result<Page> {
    let of_it = Clause::equal(kind, end, id)?;
    let mut clauses = vec![of_it];
    if kind == Kind::Trashed {
        clauses.push(of_associations()?);
    }
    let query = Query {
        kind,
        clauses,
        after,
        limit: LINKED_PAGE,
    };
    context.list(&query).await
}
