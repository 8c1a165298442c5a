//! The erasure of what was known of a purged record: its associations, in the trash too, references, events and their deliveries, and
//! the responses under idempotency keys. Each step is one bounded commit, and doing one again does no harm.

pub(super) mod commits;

use serde::{Deserialize, Serialize};
use serde_json::json;

use self::commits::{
    ClearReferences, DeleteAll, EraseDeliveries, EraseEvents, EraseMerged, Forget, Seen,
};
use crate::engine::change::apply;
use crate::engine::context::Context;
use crate::engine::merged;
use crate::error::Result;
use crate::limits::{BATCH_ROWS_MAX, PAGE_LIMIT_MAX};
use crate::query::filter::Clause;
use crate::record::input::Reader;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::{Record, Trashed};
use crate::store::Query;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;

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

/// What is erased when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// The associations of the record, by where they lead from: where it had more than the commit that deleted it was to delete.
    #[default]
    AssociationsFrom,
    /// The same, by where they lead to.
    AssociationsTo,
    /// The records that were merged into it, each erased as it is itself: their ids stood for it.
    Merged,
    /// Those in the trash, by where they lead from: by now no more get there.
    TrashFrom,
    /// The same, by where they lead to.
    TrashTo,
    /// The references to it.
    References,
    /// What is left of its unique values: of an index that is being made or taken away.
    UniqueValues,
    /// Its events, each with its deliveries.
    Events,
    /// The events of the associations that led from it.
    EventsFrom,
    /// The same, of those that led to it.
    EventsTo,
    /// The deliveries of its events once more: one may have been made, or attempted, while its event was erased.
    Deliveries,
    /// The same, of the events of the associations that led from it.
    DeliveriesFrom,
    /// The same, of those that led to it.
    DeliveriesTo,
    /// The responses about it.
    Responses,
    /// Nothing is left.
    Done,
}

impl Stage {
    const fn next(self) -> Self {
        match self {
            Self::AssociationsFrom => Self::AssociationsTo,
            Self::AssociationsTo => Self::Merged,
            Self::Merged => Self::TrashFrom,
            Self::TrashFrom => Self::TrashTo,
            Self::TrashTo => Self::References,
            Self::References => Self::UniqueValues,
            Self::UniqueValues => Self::Events,
            Self::Events => Self::EventsFrom,
            Self::EventsFrom => Self::EventsTo,
            Self::EventsTo => Self::Deliveries,
            Self::Deliveries => Self::DeliveriesFrom,
            Self::DeliveriesFrom => Self::DeliveriesTo,
            Self::DeliveriesTo => Self::Responses,
            Self::Responses | Self::Done => Self::Done,
        }
    }
}

/// How far an erasure has got, as it is kept where it is broken off on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    stage: Stage,
    /// The last event of the stage that was seen: events stay in the list.
    after: Option<Id>,
}

/// The erasure of what was known of one record, which is gone.
pub(super) struct Erasure<'a> {
    context: &'a Context,
    record: Id,
    stage: Stage,
    /// The members that can refer to it, but for those that were gone through.
    references: Vec<(ObjectType, &'static str)>,
    /// The last that was seen of the stage's list: where it stays in the list, or a dry run leaves it there.
    after: Option<Id>,
    /// The last delivery that was seen of the events after that.
    delivery: Option<Id>,
    /// The last key that was seen.
    key: Option<String>,
    /// The erasure of a record that was merged into it.
    merged: Option<Box<Self>>,
}

impl Progress {
    /// Of an erasure of which nothing is left.
    pub const DONE: Self = Self {
        stage: Stage::Done,
        after: None,
    };
}

impl<'a> Erasure<'a> {
    /// The erasure from where it has got to.
    pub fn from(context: &'a Context, record: Id, progress: Progress) -> Self {
        let to = record.kind();
        let references = [
            members::<Contact>(to),
            members::<Company>(to),
            members::<Deal>(to),
            members::<Activity>(to),
        ];
        Self {
            context,
            record,
            stage: progress.stage,
            references: references.concat(),
            after: progress.after,
            delivery: None,
            key: None,
            merged: None,
        }
    }

    /// How far it has got.
    pub fn progress(&self) -> Progress {
        let after = self.after.filter(|after| after.kind() == Kind::Event);
        Progress {
            stage: self.stage,
            after,
        }
    }

    /// Goes one step on; whether nothing is left. What only looks, and finds nothing, is no step.
    pub async fn step(&mut self) -> Result<bool> {
        loop {
            let step = match self.stage {
                Stage::AssociationsFrom => self.delete_associations("from_id").await?,
                Stage::AssociationsTo => self.delete_associations("to_id").await?,
                Stage::Merged => self.erase_merged().await?,
                Stage::TrashFrom => self.delete_trashed("from_id").await?,
                Stage::TrashTo => self.delete_trashed("to_id").await?,
                Stage::References => self.erase_references().await?,
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

    /// Goes on with the erasure of the next record that was merged into it, and takes its entry away once that is done.
    async fn erase_merged(&mut self) -> Result<Step> {
        if self.merged.is_none() {
            let query = Query {
                kind: Kind::Trashed,
                clauses: merged::clauses(&[self.record])?.into(),
                after: self.after,
                limit: 1,
            };
            let next = self.context.list(&query).await?.documents.pop();
            let Some(next) = next else {
                return Ok(Step::NOTHING);
            };
            let trashed: Trashed = next.decode()?;
            let begun = Self::from(self.context, trashed.record_id, Progress::default());
            self.merged = Some(Box::new(begun));
            if self.context.storage().is_dry_run() {
                self.after = Some(next.id);
            }
        }
        if let Some(merged) = &mut self.merged {
            let is_done = Box::pin(merged.step()).await?;
            if is_done {
                let id = merged.record;
                self.merged = None;
                apply(self.context, EraseMerged { id }).await?;
            }
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
        let Some((of, member)) = self.references.last().copied() else {
            return Ok(Step::NOTHING);
        };
        let query = self.query(of.kind(), member, STEP_REFERENCES)?;
        let seen = match of {
            ObjectType::Contact => self.clear::<Contact>(query, member).await?,
            ObjectType::Company => self.clear::<Company>(query, member).await?,
            ObjectType::Deal => self.clear::<Deal>(query, member).await?,
            ObjectType::Activity => self.clear::<Activity>(query, member).await?,
        };
        let of_member = self.saw_what_goes(seen);
        if of_member.is_last {
            self.after = None;
            self.references.pop();
        }
        Ok(Step {
            is_last: self.references.is_empty(),
            ..of_member
        })
    }

    async fn clear<T: Object + Into<Record>>(
        &self,
        query: Query,
        member: &'static str,
    ) -> Result<Seen> {
        let input = T::read(&mut Reader::new(json!({ member: null }))?)?;
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

/// The members by which a type of object can refer to a kind.
fn members<T: Object>(to: Kind) -> Vec<(ObjectType, &'static str)> {
    let id = Id::new(T::TYPE.kind(), 0);
    let references = T::blank(id, Mode::Live, id.timestamp()).references();
    let references = references.into_iter().filter(|it| it.kind == to);
    references.map(|it| (T::TYPE, it.name)).collect()
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
