//! The erasure of what was known of a purged record: its associations, in the trash too, references, events and their deliveries, and
//! the responses under idempotency keys. Each step is one bounded commit, and doing one again does no harm.

pub(super) mod commits;
mod stages;

use std::iter;

use self::commits::{ClearReferences, DeleteAll, End, EraseDeliveries, EraseEvents, Forget, Seen};
pub(super) use self::stages::Progress;
use self::stages::Stage;
use super::merging::bequest::{Bequeath, Bequeathed};
use crate::engine::change::apply;
use crate::engine::context::Context;
use crate::engine::merged;
use crate::error::Result;
use crate::limits::{BATCH_ROWS_MAX, PAGE_LIMIT_MAX};
use crate::query::filter::Clause;
use crate::record::input::Reader;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::referring::{body, members_to};
use crate::record::{Record, Trashed};
use crate::store::Query;
use crate::value::id::{Id, Kind};

/// Associations of one step.
const STEP_ASSOCIATIONS: usize = 500;
/// Entries of the trash of one step.
const STEP_TRASH: usize = 200;
/// Unique values of one step.
const STEP_UNIQUE_VALUES: usize = 200;
/// References of one step: each is a change with an event, and a delivery for each endpoint that wants it.
const STEP_REFERENCES: usize = 50;
/// Events of one step.
const STEP_EVENTS: usize = 100;
/// Records of the responses of one step: a store may keep a row for each.
const STEP_RESPONSE_RECORDS: usize = 10_000;
/// Responses of one step: one of a batch shows a record for each of its rows.
const STEP_RESPONSES: usize = STEP_RESPONSE_RECORDS / BATCH_ROWS_MAX;

/// The erasure of what was known of one record, which is gone.
pub(super) struct Erasure<'a> {
    context: &'a Context,
    record: Id,
    stage: Stage,
    /// The members that can refer to it, but for those that were gone through; none before they were looked up.
    references: Option<Vec<(ObjectType, String)>>,
    /// The last that was seen of the stage's list: where it stays in the list, or a dry run leaves it there.
    after: Option<Id>,
    /// The last delivery that was seen of the events after that.
    delivery: Option<Id>,
    /// The last key that was seen.
    key: Option<String>,
    /// The erasure of a record that was merged into it.
    merged: Option<Box<Self>>,
    /// The record that it was merged into, to which what refers to it is moved.
    into: Option<Id>,
}

impl<'a> Erasure<'a> {
    /// The erasure from where it has got to; of a record that was merged into another, with that.
    pub fn from(context: &'a Context, record: Id, into: Option<Id>, progress: Progress) -> Self {
        Self {
            context,
            record,
            stage: progress.stage,
            references: None,
            after: progress.after,
            delivery: None,
            key: None,
            merged: None,
            // What a dry run moves it would find again.
            into: into.filter(|_| !context.storage().is_dry_run()),
        }
    }

    /// How far it has got, and so has that of the record among those that were merged into it with which it goes on.
    pub fn progress(&self) -> Vec<(Id, Progress)> {
        let after = self.after.filter(|after| after.kind() == Kind::Event);
        let progress = Progress {
            stage: self.stage,
            after,
        };
        let mut all = vec![(self.record, progress)];
        if let Some(merged) = &self.merged {
            all.extend(merged.progress());
        }
        all
    }

    /// Goes one step on; whether nothing is left. What only looks, and finds nothing, is no step.
    pub async fn step(&mut self) -> Result<bool> {
        loop {
            let step = match self.stage {
                Stage::AssociationsFrom => match self.bequeath().await? {
                    Some(step) => step,
                    None => self.delete_associations("from_id").await?,
                },
                Stage::AssociationsTo => self.delete_associations("to_id").await?,
                Stage::Merged => self.erase_merged().await?,
                Stage::TrashFrom => self.delete_trashed("from_id").await?,
                Stage::TrashTo => self.delete_trashed("to_id").await?,
                Stage::References => match self.bequeath().await? {
                    Some(step) => step,
                    None => self.erase_references().await?,
                },
                Stage::UniqueValues => self.delete_unique_values().await?,
                Stage::Events => self.erase_events("record_id").await?,
                Stage::EventsFrom => self.erase_events("from_id").await?,
                Stage::EventsTo => self.erase_events("to_id").await?,
                Stage::Deliveries => self.erase_deliveries("record_id").await?,
                Stage::DeliveriesFrom => self.erase_deliveries("from_id").await?,
                Stage::DeliveriesTo => self.erase_deliveries("to_id").await?,
                Stage::Responses => self.forget_responses().await?,
                Stage::Done => return Ok(true),
            };
            if step.is_last {
                self.after = None;
                self.stage = self.stage.next();
            }
            if step.found_any {
                return Ok(self.stage == Stage::Done);
            }
        }
    }

    async fn delete_associations(&mut self, end: &'static str) -> Result<Step> {
        let query = self.query(Kind::Association, end, STEP_ASSOCIATIONS)?;
        self.delete(query).await
    }

    /// Moves what refers to a record that was merged to the one that it was merged into; none where that is gone as well.
    async fn bequeath(&self) -> Result<Option<Step>> {
        let Some(into) = self.into else {
            return Ok(None);
        };
        let from = self.record;
        // Of a request of its own: an undo of that which purges it would unlink from the survivor what nothing can link to it again.
        let request = self.context.environment().mint_request();
        let context = self.context.clone().for_request(request);
        let moved = apply(&context, Bequeath { from, into }).await?;
        Ok(match moved {
            Bequeathed::Some => Some(Step {
                found_any: true,
                is_last: false,
            }),
            Bequeathed::All => Some(Step::NOTHING),
            Bequeathed::NoHeir => None,
        })
    }

    /// Goes on with the erasure of the next record that was merged into it, and takes its entry away once that is done.
    async fn erase_merged(&mut self) -> Result<Step> {
        if self.merged.is_none() {
            let is_dry_run = self.context.storage().is_dry_run();
            let clauses = match is_dry_run {
                true => merged::clauses(&[self.record])?,
                false => merged::purged(self.record)?,
            };
            let query = Query {
                kind: Kind::Trashed,
                clauses: clauses.into(),
                after: self.after,
                limit: 1,
            };
            let next = self.context.list(&query).await?.documents.pop();
            let Some(next) = next else {
                return Ok(Step::NOTHING);
            };
            let entry: Trashed = next.decode()?;
            let progress = match is_dry_run {
                true => Progress::default(),
                false => Progress::of(&entry)?,
            };
            // What it was merged into is gone.
            let begun = Self::from(self.context, entry.record_id, None, progress);
            self.merged = Some(Box::new(begun));
            if is_dry_run {
                self.after = Some(next.id);
            }
        }
        if let Some(merged) = &mut self.merged
            && Box::pin(merged.step()).await?
        {
            let id = merged.record;
            self.merged = None;
            apply(self.context, End { id }).await?;
        }
        Ok(Step {
            found_any: true,
            is_last: false,
        })
    }

    async fn delete_trashed(&mut self, end: &'static str) -> Result<Step> {
        let query = self.query(Kind::Trashed, end, STEP_TRASH)?;
        self.delete(query).await
    }

    async fn delete_unique_values(&mut self) -> Result<Step> {
        let query = self.query(Kind::UniqueValue, "record_id", STEP_UNIQUE_VALUES)?;
        self.delete(query).await
    }

    async fn delete(&mut self, query: Query) -> Result<Step> {
        let seen = apply(self.context, DeleteAll { query }).await?;
        Ok(self.saw_what_goes(seen))
    }

    async fn erase_references(&mut self) -> Result<Step> {
        let mut left = match self.references.take() {
            Some(left) => left,
            None => self.members().await?,
        };
        let Some((of, member)) = left.last() else {
            return Ok(Step::NOTHING);
        };
        let to = iter::once(self.record);
        let query = Query {
            kind: of.kind(),
            clauses: vec![Clause::referring(of.kind(), member, to)?],
            after: self.after,
            limit: STEP_REFERENCES,
        };
        let seen = match of {
            ObjectType::Contact => self.clear::<Contact>(query, member).await?,
            ObjectType::Company => self.clear::<Company>(query, member).await?,
            ObjectType::Deal => self.clear::<Deal>(query, member).await?,
            ObjectType::Activity => self.clear::<Activity>(query, member).await?,
        };
        let of_member = self.saw_what_goes(seen);
        if of_member.is_last {
            self.after = None;
            left.pop();
        }
        let is_last = left.is_empty();
        self.references = Some(left);
        Ok(Step {
            is_last,
            ..of_member
        })
    }

    /// The members that can refer to the record. Whoever goes on with a purge of another process may remember definitions from before one
    /// that is there since, and nothing that is committed would say so where nothing is found.
    async fn members(&self) -> Result<Vec<(ObjectType, String)>> {
        let fields = &self.context.reload_configuration().await?.fields;
        let to = self.record.kind();
        let of_each = ObjectType::ALL.into_iter().flat_map(|of| {
            let members = members_to(fields, of, to).into_iter();
            members.map(move |member| (of, member))
        });
        Ok(of_each.collect())
    }

    async fn clear<T: Object + Into<Record>>(&self, query: Query, member: &str) -> Result<Seen> {
        let cleared = body([(member.to_owned(), None)]);
        let input = T::read(&mut Reader::new(cleared)?)?;
        apply(self.context, ClearReferences::<T> { query, input }).await
    }

    async fn erase_events(&mut self, by: &'static str) -> Result<Step> {
        let query = self.query(Kind::Event, by, STEP_EVENTS)?;
        let seen = apply(self.context, EraseEvents { query }).await?;
        self.after = seen.last;
        Ok(Step::of(&seen))
    }

    async fn erase_deliveries(&mut self, by: &'static str) -> Result<Step> {
        let query = self.query(Kind::Event, by, PAGE_LIMIT_MAX)?;
        let events = self.context.list(&query).await?;
        if events.documents.is_empty() {
            return Ok(Step::NOTHING);
        }
        let erase = EraseDeliveries {
            events: &events,
            after: self.delivery,
        };
        let seen = apply(self.context, erase).await?;
        self.delivery = seen.last.filter(|_| seen.more);
        if !seen.more {
            self.after = events.documents.last().map(|last| last.id);
        }
        Ok(Step {
            found_any: true,
            is_last: !seen.more && !events.more,
        })
    }

    async fn forget_responses(&mut self) -> Result<Step> {
        let (scope, after) = (self.context.scope(), self.key.as_deref());
        let found =
            self.context
                .storage()
                .responses_about(scope, self.record, after, STEP_RESPONSES);
        let keys = found.await?;
        let step = Step {
            found_any: !keys.is_empty(),
            is_last: keys.len() < STEP_RESPONSES,
        };
        self.key = keys.last().cloned();
        let about = self.record;
        apply(self.context, Forget { keys, about }).await?;
        Ok(step)
    }

    /// What refers to the record by a column, from where the stage has got to.
    fn query(&self, kind: Kind, column: &str, limit: usize) -> Result<Query> {
        Ok(Query {
            kind,
            clauses: vec![Clause::equal(kind, column, self.record)?],
            after: self.after,
            limit,
        })
    }

    /// What a step has seen is in the list no more, but for a dry run.
    fn saw_what_goes(&mut self, seen: Seen) -> Step {
        if self.context.storage().is_dry_run() {
            self.after = seen.last;
        }
        Step::of(&seen)
    }
}

/// What a step came to.
struct Step {
    /// Whether there was anything to look at: otherwise nothing was committed.
    found_any: bool,
    /// Whether its stage is over.
    is_last: bool,
}

impl Step {
    const NOTHING: Self = Self {
        found_any: false,
        is_last: true,
    };

    fn of(seen: &Seen) -> Self {
        Self {
            found_any: seen.last.is_some(),
            is_last: !seen.more,
        }
    }
}
