//! Restorations, which bring records back from the trash, with their associations.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use async_trait::async_trait;
use serde_json::Map;

use super::drafts::{check_version, record_event};
use super::returning::Returning;
use super::trash::{linked, linked_by, trashed};
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::merged::{survivor, was_merged};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::TRASHED_ASSOCIATIONS_MAX;
use crate::record::field::normalise;
use crate::record::object::Object;
use crate::record::{Change, Document, Entry, Record};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

/// A restoration drops no association.
const NONE: BTreeSet<Id> = BTreeSet::new();

/// Brings a record back from the trash: with as many of its associations as one commit is to hold, and then the others. Of two
/// restorations at once, each of which found the other's record gone, the later finds both.
///
/// The others are of further commits: where one of them fails the record is there all the same, and that is the answer. The same request
/// under its idempotency key brings back what is left.
pub(super) async fn restore<T: Object + Into<Record>>(
    context: &Context,
    id: Id,
    expected: Option<i64>,
) -> Result<Reply<T>> {
    let reply = apply_once(context, Restore::<T>::new(id, expected)).await?;
    if context.storage().is_dry_run() {
        return Ok(reply);
    }
    match restore_rest(context, id).await {
        // The program's transaction can be at its end by that; and what is staged is to be committed whole.
        Err(error) if context.storage().is_part() => Err(error),
        _ => Ok(reply),
    }
}

pub(super) async fn restore_rest(context: &Context, id: Id) -> Result<()> {
    for end in ["from_id", "to_id"] {
        let mut after = None;
        loop {
            let rest = RestoreRest::new(id, end, after);
            after = apply(context, rest).await?;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

struct Restore<T> {
    id: Id,
    expected: Option<i64>,
    returning: Returning,
    /// What the trash has of its associations, read before they were found gone: whoever brings one of them back changes that.
    edges: Vec<Document>,
    of: PhantomData<fn() -> T>,
}

impl<T> Restore<T> {
    fn new(id: Id, expected: Option<i64>) -> Self {
        Self {
            id,
            expected,
            returning: Returning::of([id]),
            edges: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<T: Object> Restore<T> {
    /// Why there is nothing to restore.
    async fn not_in_trash(&self, context: &Context) -> Result<Error> {
        let survivor = match self.id.kind() == T::TYPE.kind() {
            true => survivor(context, self.id).await?,
            false => None,
        };
        Ok(match survivor {
            Some(survivor) => was_merged(T::TYPE, survivor.document.id, survivor.request),
            None => not_in_trash::<T>(),
        })
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Restore<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        self.returning.begin();
        let context = plan.context();
        if self.returning.asks_for_all() {
            let max = TRASHED_ASSOCIATIONS_MAX;
            self.edges = linked(context, Kind::Trashed, self.id, max).await?;
        }
        let trashed = trashed(context, T::TYPE.kind(), self.id).await?;
        let Some((entry, document)) = trashed else {
            return Err(self.not_in_trash(context).await?);
        };
        let mut record: T = document.decode()?;
        check_version(&record, self.expected)?;
        let fields = &plan.configuration().fields;
        normalise(fields, &mut record);
        record.touch(plan.now());
        let restored = Entry::new(record);
        let json = restored.document().json;
        plan.write(Write::Delete(entry));
        plan.write(Write::Insert(restored));
        let kept = self.returning.plan(plan, &self.edges, &NONE).await?;
        self.returning.keep(plan, kept).await?;
        record_event::<T>(plan, Change::Restored, self.id, &json, Map::new());
        self.returning.record_events(plan);
        Ok(Reply::new(Outcome::Done, json).about([self.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match self.returning.learn(refusal) {
            Ok(()) => Ok(()),
            Err(Refusal::UniqueConflict { holder, .. }) if holder.kind() == T::TYPE.kind() => {
                Err(Error::new(
                    ErrorKind::Conflict,
                    "Another contact has this `email` by now: change or delete that one, then restore this one.",
                )
                .at("email")
                .existing(holder))
            }
            Err(refusal) => Err(unexpected(&refusal)),
        }
    }
}

/// Brings back what the trash still has of the associations of a record that is there, a page of those that lead from it or to it.
struct RestoreRest {
    id: Id,
    end: &'static str,
    after: Option<Id>,
    returning: Returning,
}

impl RestoreRest {
    fn new(id: Id, end: &'static str, after: Option<Id>) -> Self {
        Self {
            id,
            end,
            after,
            // The record is there since: others may have linked it.
            returning: Returning::of([id]).looking_for_others(),
        }
    }
}

#[async_trait]
impl Operation for RestoreRest {
    /// Where the next page begins, if there is one.
    type Output = Option<Id>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Option<Id>> {
        self.returning.begin();
        let (context, id) = (plan.context(), self.id);
        let page = linked_by(context, Kind::Trashed, self.end, id, self.after).await?;
        let last = page.documents.last().map(|last| last.id);
        let next = last.filter(|_| page.more);
        if page.documents.is_empty() {
            return Ok(next);
        }
        if context.document(id.kind(), id).await?.is_none() {
            // Somebody deleted it again.
            return Ok(None);
        }
        let kept = self.returning.plan(plan, &page.documents, &NONE).await?;
        if kept.len() < page.documents.len() {
            plan.require_exists(id);
        }
        self.returning.record_events(plan);
        Ok(next)
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        self.returning
            .learn(refusal)
            .map_err(|refusal| unexpected(&refusal))
    }
}

fn not_in_trash<T: Object>() -> Error {
    let of = T::TYPE.as_str();
    Error::new(
        ErrorKind::NotFound,
        format!(
            "There is no such {of} in the trash: it was never deleted, was restored, or is deleted for good."
        ),
    )
}
