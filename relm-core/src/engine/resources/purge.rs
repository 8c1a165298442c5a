//! Purges: a record is gone for good at once, and what was known of it is erased in steps, each of a bounded commit.
//!
//! The first commit deletes the record, or takes it out of the trash, and leaves an entry there that says so: before it, nothing is
//! removed, so that what it is refused for leaves everything as it was. Whoever finds that entry can go on: the caller who asks again, and
//! retention. With the last step the entry goes.

use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::drafts::check_version;
use super::erasure::commits::end;
use super::erasure::{Erasure, Progress};
use super::history::NEIGHBOURS;
use super::trash::linked;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::merged;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::again_where_taken;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MERGED_RECORDS_MAX, PURGE_STEPS_MAX, TRASHED_ASSOCIATIONS_MAX};
use crate::query::filter::Clause;
use crate::record::object::Object;
use crate::record::object_type::ObjectType;
use crate::record::receipt::receipt;
use crate::record::{
    Change, Document, Entry, Event, EventData, EventDraft, EventType, Record, Trashed,
};
use crate::store::{Query, Refusal, Write};
use crate::value::environment::Sleeper;
use crate::value::id::{Id, Kind};

/// What became of a purge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Purge")
)]
#[non_exhaustive]
pub struct Purged {
    /// The id of the record, which is gone.
    pub id: Id,
    /// What it was.
    pub object: ObjectType,
    /// Always true: nothing finds the record any more.
    pub deleted: bool,
    /// Whether everything that was known of it is erased. Where it is not, that is under way: it goes on when the purge is asked for
    /// again, and otherwise within the hour.
    pub purged: bool,
}

/// Purges a record that is there or in the trash, or of which events tell, as far as its caller can wait for that.
pub(super) async fn purge<T: Object + Into<Record>>(
    context: &Context,
    id: Id,
    expected: Option<i64>,
) -> Result<Reply<Purged>> {
    if let Some(reply) = replayed(context).await? {
        return Ok(reply);
    }
    let begun = apply(context, Begin::<T>::new(id, expected)).await?;
    match erase(context, id, begun).await {
        // The record is gone for good, and whoever finds the entry goes on: an error would say that nothing was done.
        Err(error) if error.kind() != ErrorKind::IdempotencyConflict && is_kept(context) => {
            let progress = Vec::new();
            // The store may fail at this too: then the same request goes on with the purge, and is answered by what that comes to.
            let kept = apply_once(context, Save { id, progress }).await;
            Ok(kept.unwrap_or_else(|_| reply(id, Outcome::Accepted)))
        }
        ended => ended,
    }
}

/// Erases as much as a caller waits for of what was known of a record that is gone.
async fn erase(context: &Context, id: Id, begun: Begun) -> Result<Reply<Purged>> {
    let mut erasure = Erasure::from(context, id, begun.into, begun.progress);
    for _ in 0..PURGE_STEPS_MAX {
        if erasure.step().await? {
            return apply_once(context, Finish { id }).await;
        }
    }
    let progress = erasure.progress();
    apply_once(context, Save { id, progress }).await
}

/// Whether a commit is for good at once: it is not within a transaction that the program may yet undo, nor in a dry run.
pub(super) fn is_kept(context: &Context) -> bool {
    let storage = context.storage();
    !storage.is_transaction() && !storage.is_dry_run()
}

/// What is waited for between two steps that nobody waits for.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Rest<'a> {
    sleeper: &'a dyn Sleeper,
    duration: Duration,
}

impl<'a> Rest<'a> {
    pub fn new(sleeper: &'a dyn Sleeper, duration: Duration) -> Self {
        Self { sleeper, duration }
    }

    pub async fn take(self) {
        self.sleeper.sleep(self.duration).await;
    }
}

/// Goes on to its end with a purge that the trash tells of.
pub(in crate::engine) async fn finish(
    context: &Context,
    purged: &Trashed,
    rest: Rest<'_>,
) -> Result<()> {
    let id = purged.record_id;
    let begun = Begun::of(purged)?;
    let mut erasure = Erasure::from(context, id, begun.into, begun.progress);
    while !erasure.step().await? {
        rest.take().await;
    }
    apply(context, Finish { id }).await.map(drop)
}

/// Where an erasure begins, or goes on.
#[derive(Default)]
struct Begun {
    progress: Progress,
    /// The record that the purged one was merged into.
    into: Option<Id>,
}

impl Begun {
    /// That of a purge that the trash tells of.
    fn of(purged: &Trashed) -> Result<Self> {
        Ok(Self {
            progress: Progress::of(purged)?,
            into: purged.merged_into(),
        })
    }
}

fn reply(id: Id, outcome: Outcome) -> Reply<Purged> {
    let purged = outcome != Outcome::Accepted;
    let object = id.kind().name();
    Reply::new(
        outcome,
        format!(r#"{{"id":"{id}","object":"{object}","deleted":true,"purged":{purged}}}"#),
    )
}

/// Deletes a record for good, from where it is, and leaves the entry that says so.
struct Begin<T> {
    id: Id,
    expected: Option<i64>,
    of: PhantomData<fn() -> T>,
}

impl<T> Begin<T> {
    fn new(id: Id, expected: Option<i64>) -> Self {
        Self {
            id,
            expected,
            of: PhantomData,
        }
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Begin<T> {
    type Output = Begun;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Begun> {
        let (context, kind) = (plan.context(), T::TYPE.kind());
        if self.id.kind() != kind {
            return Err(Error::not_found(T::TYPE.as_str()));
        }
        let live = context.document(kind, self.id).await?;
        if let Some(document) = live {
            return self.purge_live(plan, document).await;
        }
        let trashed = context.holder(Kind::Trashed, self.id.text()).await?;
        if let Some(document) = trashed {
            return self.purge_trashed(plan, document).await;
        }
        // It may have been restored between the two.
        if let Some(document) = context.document(kind, self.id).await? {
            return self.purge_live(plan, document).await;
        }
        let newest = newest_event::<T>(context, self.id).await?;
        let (event, record) = newest.ok_or_else(|| Error::not_found(T::TYPE.as_str()))?;
        self.purge_events(plan, &event, &record)
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        // There is an entry of it by now: of another purge, or of a deletion.
        again_where_taken(&refusal)
    }
}

impl<T: Object + Into<Record>> Begin<T> {
    async fn purge_live(&self, plan: &mut Plan<'_>, document: Document) -> Result<Begun> {
        let record: T = document.decode()?;
        check_version(&record, self.expected)?;
        merged::check_undone(plan.context(), &[self.id]).await?;
        let version = record.version();
        let max = TRASHED_ASSOCIATIONS_MAX + 1;
        let edges = linked(plan.context(), Kind::Association, self.id, max).await?;
        let id = plan.mint(Kind::Trashed);
        plan.write(Write::Insert(Entry::new(Trashed::purged(id, self.id))));
        plan.write(Write::Delete(Entry {
            record: record.into(),
            json: document.json,
        }));
        // More than one commit is to delete go in the steps after it.
        if edges.len() < max {
            plan.write(Write::Unlink(self.id));
        }
        self.purge_merged(plan).await?;
        record_event::<T>(plan, self.id, version);
        Ok(Begun::default())
    }

    async fn purge_trashed(&self, plan: &mut Plan<'_>, document: Document) -> Result<Begun> {
        let trashed: Trashed = document.decode()?;
        if trashed.is_purged() {
            // Somebody began it; this goes on.
            return Begun::of(&trashed);
        }
        let record: T = Document::of_trashed(&trashed).decode()?;
        check_version(&record, self.expected)?;
        let after = trashed.clone().into_purged();
        let begun = Begun::of(&after)?;
        plan.write(Write::Replace {
            before: Entry {
                record: trashed.into(),
                json: document.json,
            },
            after: Entry::new(after),
        });
        self.purge_merged(plan).await?;
        record_event::<T>(plan, self.id, record.version());
        Ok(begun)
    }

    /// What was merged into it is purged with it: since this commit no undo brings any of that back.
    async fn purge_merged(&self, plan: &mut Plan<'_>) -> Result<()> {
        let merged = merged::losers(plan.context(), &[self.id], MERGED_RECORDS_MAX).await?;
        for (entry, document) in merged {
            let id = entry.record_id;
            let last: T = entry.document.decode()?;
            let after = entry.clone().into_purged();
            merged::replace(plan, (entry, document), after);
            record_event::<T>(plan, id, last.version());
        }
        Ok(())
    }

    /// Of a record that is neither there nor in the trash, its events may tell: there was no trash, or its time there is over.
    fn purge_events(&self, plan: &mut Plan<'_>, event: &Event, record: &T) -> Result<Begun> {
        if event.is_erased() {
            // It was purged to the end.
            return Ok(Begun {
                progress: Progress::DONE,
                into: None,
            });
        }
        check_version(record, self.expected)?;
        let id = plan.mint(Kind::Trashed);
        plan.write(Write::Insert(Entry::new(Trashed::purged(id, self.id))));
        record_event::<T>(plan, self.id, record.version());
        Ok(Begun::default())
    }
}

/// That a record is purged: the event has the version after the last, and nothing else of it.
fn record_event<T: Object>(plan: &mut Plan<'_>, id: Id, version: i64) {
    let mode = plan.context().scope().mode();
    plan.record_event(EventDraft {
        event_type: EventType::Record(T::TYPE, Change::Purged),
        record_id: id,
        mode,
        data: receipt(T::TYPE, id, mode, version + 1),
        previous: Map::new(),
        merged_from: Vec::new(),
    });
}

/// The newest event of a record, by the versions that they tell of, with the record as it is told there.
async fn newest_event<T: Object>(context: &Context, id: Id) -> Result<Option<(Event, T)>> {
    let query = Query {
        kind: Kind::Event,
        clauses: vec![Clause::equal(Kind::Event, "record_id", id)?],
        after: None,
        limit: NEIGHBOURS,
    };
    let mut newest: Option<(Event, T)> = None;
    for document in context.list(&query).await?.documents {
        let event: Event = document.decode()?;
        let record: T = event.data.decode()?;
        if newest
            .as_ref()
            .is_none_or(|(_, last)| record.version() > last.version())
        {
            newest = Some((event, record));
        }
    }
    Ok(newest)
}

/// Keeps how far an erasure has got, in the entries that say that it is under way; the reply, under the key of its request.
struct Save {
    id: Id,
    /// Of the record, and of the one among those that were merged into it that is being erased. None where it was broken off: what was kept
    /// last stands.
    progress: Vec<(Id, Progress)>,
}

#[async_trait]
impl Operation for Save {
    type Output = Reply<Purged>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Purged>> {
        let context = plan.context();
        let found = context.holder(Kind::Trashed, self.id.text()).await?;
        if found.is_none() {
            // Somebody else has finished it, or it is a dry run, which has begun nothing.
            let outcome = match context.storage().is_dry_run() {
                true => Outcome::Accepted,
                false => Outcome::Done,
            };
            return Ok(reply(self.id, outcome));
        }
        let keys: Vec<String> = self.progress.iter().map(|(id, _)| id.text()).collect();
        let found = context.holders(Kind::Trashed, &keys).await?;
        for ((_, progress), found) in self.progress.iter().zip(found) {
            let Some(document) = found else {
                continue;
            };
            let entry: Trashed = document.decode()?;
            if entry.is_purged() {
                let progress = serde_json::to_string(progress).map_err(Error::internal)?;
                let after = entry.clone().so_far(EventData::new(progress));
                merged::replace(plan, (entry, document), after);
            }
        }
        Ok(reply(self.id, Outcome::Accepted))
    }
}

/// Takes away the entry that says that a purge is under way.
struct Finish {
    id: Id,
}

#[async_trait]
impl Operation for Finish {
    type Output = Reply<Purged>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Purged>> {
        end(plan, self.id).await?;
        Ok(reply(self.id, Outcome::Done))
    }
}
