//! Merges: records become one. It has the values of all, and everything that referred to one of them refers to it.
//!
//! The first commit changes the survivor, takes the others away, whose entries in the trash say into what they were merged, and moves what
//! refers to them where that fits into it. What does not, and what is linked while it commits, is moved in [`steps`].

mod input;
mod members;
mod moving;
mod steps;

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Map;

use self::input::no_record;
pub use self::input::{MergeInput, MergeSource};
use self::members::Merged;
use self::moving::{Most, Referring, Survivors};
pub(in crate::engine) use self::steps::finish_merges;
pub(super) use self::steps::move_some;
use super::drafts::{
    check_version, email_taken, record_event, require, require_references, with_warnings,
};
use super::purge::is_kept;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::merged::{self, shown, was_merged};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    BATCH_CONTACT_BYTES_MAX, BATCH_RECORDS_MAX, BATCH_TERMS_MAX, MERGE_REFERENCES_MAX,
    MERGED_LISTED_MAX, MERGED_RECORDS_MAX,
};
use crate::record::field::{check_metadata, normalise};
use crate::record::object::Object;
use crate::record::object_type::ObjectType;
use crate::record::reference::lost_reference;
use crate::record::{
    Change, Document, Entry, EventData, EventDraft, EventType, Merge, Record, Trashed, previous,
};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;

/// Merges records into one, as far as its caller can wait for that.
pub(super) async fn merge<T: Object + Into<Record>>(
    context: &Context,
    id: Id,
    input: MergeInput,
    expected: Option<i64>,
) -> Result<Reply<T>> {
    if let Some(reply) = replayed(context).await? {
        return Ok(reply);
    }
    input.check::<T>(id)?;
    let from = input.from.clone();
    let begun = apply(context, Begin::<T>::new(id, input, expected)).await?;
    if context.storage().is_dry_run() {
        return Ok(Reply::new(Outcome::Done, begun.body));
    }
    let report = |warnings: &[Error]| Report::<T> {
        id,
        from: from.clone(),
        warnings: warnings.to_vec(),
        of: PhantomData,
    };
    let moved = move_some(context, &from).await;
    // The records are one, and whoever finds their entries goes on: an error would say that nothing was done.
    let is_told =
        |error: &Error| error.kind() == ErrorKind::IdempotencyConflict || !is_kept(context);
    let outcome = match moved {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::Accepted,
        Err(error) if is_told(&error) => return Err(error),
        Err(_) => Outcome::Accepted,
    };
    match apply_once(context, report(&begun.warnings)).await {
        Err(error) if !is_told(&error) => Ok(Reply::new(outcome, begun.body)),
        reported => reported,
    }
}

/// Moves what still refers to a record that was merged, before that is purged: what is cleared of it would be lost to its survivor.
///
/// # Errors
/// `conflict` where more is left than its caller waits for.
pub(super) async fn settle(context: &Context, of: ObjectType, id: Id) -> Result<()> {
    if id.kind() != of.kind() || context.storage().is_dry_run() {
        return Ok(());
    }
    let Some((entry, _)) = merged::entry(context, id).await? else {
        return Ok(());
    };
    let Some(into) = entry.survivor().filter(|_| entry.is_moving()) else {
        return Ok(());
    };
    match move_some(context, &[id]).await? {
        true => Ok(()),
        false => {
            let message = format!(
                "What refers to it is still being moved to `{into}`, into which it was merged: try again once that is done."
            );
            Err(Error::new(ErrorKind::Conflict, message).existing(into))
        }
    }
}

/// What the first commit of a merge comes to.
struct Begun {
    /// The survivor.
    body: Arc<str>,
    /// What is wrong with it, and was before.
    warnings: Vec<Error>,
}

/// Takes records away and gives their values to another.
struct Begin<T> {
    id: Id,
    input: MergeInput,
    expected: Option<i64>,
    /// Records that those which are merged refer to, and that were found gone.
    gone: BTreeSet<Id>,
    of: PhantomData<fn() -> T>,
}

impl<T: Object + Into<Record>> Begin<T> {
    fn new(id: Id, input: MergeInput, expected: Option<i64>) -> Self {
        Self {
            id,
            input,
            expected,
            gone: BTreeSet::new(),
            of: PhantomData,
        }
    }

    /// The records that are to be merged, but for those that are merged into this one already.
    async fn losers(&self, context: &Context) -> Result<Vec<(T, Document)>> {
        let mut losers = Vec::with_capacity(self.input.from.len());
        for (index, id) in self.input.from.iter().copied().enumerate() {
            if let Some(document) = context.document(T::TYPE.kind(), id).await? {
                losers.push((document.decode()?, document));
                continue;
            }
            let entry = merged::entry(context, id).await?;
            match entry.and_then(|(entry, _)| entry.survivor()) {
                Some(into) if into == self.id => {}
                Some(into) => {
                    return Err(was_merged(T::TYPE, into).at(format!("from[{index}]")));
                }
                None => return Err(no_record(index, T::TYPE.kind(), &id.text())),
            }
        }
        Ok(losers)
    }

    /// Refuses the value of a record that was merged into this one before: nobody has it any more.
    fn check_choices(&self, losers: &[Id]) -> Result<()> {
        for (name, source) in &self.input.fields {
            if let MergeSource::Record(id) = source
                && !losers.contains(id)
            {
                let message = format!(
                    "`{id}` was merged into this record before, and its value is not kept: give the value by an update."
                );
                let error = Error::new(ErrorKind::ValidationFailed, message);
                return Err(error.at(format!("fields.{name}")));
            }
        }
        Ok(())
    }

    /// The survivor with the values that it gets, checked as an update of it is.
    fn survivor(&self, plan: &Plan<'_>, before: &T, losers: &[T]) -> Result<(T, Vec<Error>)> {
        let merged = Merged {
            survivor: before,
            losers,
            input: &self.input,
            gone: &self.gone,
        };
        let mut after = merged.record()?;
        let fields = &plan.configuration().fields;
        normalise(fields, T::TYPE, after.metadata_mut());
        let warnings = check_metadata(fields, T::TYPE, Some(before.metadata()), after.metadata())?;
        after.check_complete()?;
        after.touch(plan.now());
        Ok((after, warnings))
    }

    /// Has what was merged into these records be merged into the survivor, of which that makes so many; gives what is merged into it by then.
    async fn follow(&self, plan: &mut Plan<'_>, losers: &[Id]) -> Result<Vec<(Id, Id)>> {
        let context = plan.context();
        let max = MERGED_RECORDS_MAX + 1;
        let known = merged::losers(context, &[self.id], max).await?;
        let followed = merged::losers(context, losers, max).await?;
        if known.len() + followed.len() + losers.len() > MERGED_RECORDS_MAX {
            let message = format!(
                "More than {MERGED_RECORDS_MAX} records would be merged into it: merge some of them into another one."
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let bytes: usize = followed.iter().map(|(_, it)| it.json.len()).sum();
        if bytes > BATCH_CONTACT_BYTES_MAX {
            let message = format!(
                "What was merged into these records before comes to more than {BATCH_CONTACT_BYTES_MAX} bytes: merge fewer of them at once."
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let all = known.iter().chain(&followed);
        let all = all.map(|(entry, _)| (entry.id, entry.record_id)).collect();
        for (entry, document) in followed {
            let after = entry.clone().merged_on(self.id);
            merged::replace(plan, (entry, document), after);
        }
        Ok(all)
    }

    /// Takes one record away. Its associations stay until they are moved.
    fn take_away(&self, plan: &mut Plan<'_>, (loser, document): (T, Document)) -> (Id, Id) {
        let id = loser.id();
        let mut deleted = loser.clone();
        deleted.touch(plan.now());
        let last_state = Entry::new(deleted).json;
        let merge = Merge::begun(self.id, plan.origin());
        let entry = plan.mint(Kind::Trashed);
        let trashed = Trashed::merged(entry, id, Arc::clone(&last_state), merge);
        plan.write(Write::Insert(Entry::new(trashed)));
        plan.write(Write::Delete(Entry {
            record: loser.into(),
            json: document.json,
        }));
        record_event::<T>(plan, Change::Deleted, id, &last_state, Map::new());
        (entry, id)
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Begin<T> {
    type Output = Begun;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Begun> {
        let context = plan.context();
        let (before, document) = require::<T>(context, self.id, None).await?;
        let losers = self.losers(context).await?;
        if losers.is_empty() {
            // It was done before: what is left of it goes on.
            return Ok(Begun {
                body: as_it_is(context, self.id, document.json).await?,
                warnings: Vec::new(),
            });
        }
        check_version(&before, self.expected)?;
        let records: Vec<T> = losers.iter().map(|(loser, _)| loser.clone()).collect();
        let ids: Vec<Id> = records.iter().map(T::id).collect();
        self.check_choices(&ids)?;
        let (after, warnings) = self.survivor(plan, &before, &records)?;
        require_references(plan, Some(&before), &after);
        let json = self.write(plan, (before, document), after, &ids)?;
        let most = Most {
            records: MERGE_REFERENCES_MAX,
            bytes: BATCH_CONTACT_BYTES_MAX,
        };
        let found = Referring::look(context, &ids, most).await?;
        if fits(plan, &found)? {
            let survivors: Survivors = ids.iter().map(|id| (*id, self.id)).collect();
            found.move_to(plan, &survivors).await?;
        }
        let mut merged = self.follow(plan, &ids).await?;
        for loser in losers {
            merged.push(self.take_away(plan, loser));
        }
        merged.sort_unstable_by(|one, other| other.cmp(one));
        let merged: Vec<Id> = merged.into_iter().map(|(_, id)| id).collect();
        let json = with_warnings(json, &warnings)?;
        Ok(Begun {
            body: shown(json, &merged, None)?,
            warnings,
        })
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            // It was deleted meanwhile.
            Refusal::Missing(ids) if ids.contains(&self.id) => Ok(()),
            Refusal::Missing(ids) => self.learn(ids),
            Refusal::UniqueConflict { holder, .. } if holder.kind() == T::TYPE.kind() => {
                Err(email_taken(holder))
            }
            // Somebody linked the survivor to the same meanwhile, or deleted one of the records.
            Refusal::UniqueConflict { .. } => Ok(()),
            Refusal::Configuration
            | Refusal::ResponseExists
            | Refusal::VersionConflict { .. }
            | Refusal::IdConflict { .. } => Err(unexpected(&refusal)),
        }
    }
}

impl<T: Object + Into<Record>> Begin<T> {
    /// Writes the survivor, with its event.
    fn write(
        &self,
        plan: &mut Plan<'_>,
        (before, document): (T, Document),
        after: T,
        losers: &[Id],
    ) -> Result<Arc<str>> {
        let after = Entry::new(after);
        let json = Arc::clone(&after.json);
        let previous = previous(&document.json, &json)?;
        let before = Entry {
            record: before.into(),
            json: document.json,
        };
        plan.write(Write::Replace { before, after });
        plan.record_event(EventDraft {
            event_type: EventType::Record(T::TYPE, Change::Merged),
            record_id: self.id,
            mode: plan.context().scope().mode(),
            data: EventData::new(Arc::clone(&json)),
            previous,
            merged_from: losers.to_vec(),
        });
        Ok(json)
    }

    /// Takes in that what the merged records refer to is gone. Who said that the survivor gets such a reference is told.
    fn learn(&mut self, ids: Vec<Id>) -> Result<()> {
        let id = Id::new(T::TYPE.kind(), 0);
        let blank = T::blank(id, Mode::Live, id.timestamp());
        for mut reference in blank.references() {
            let lost = ids.iter().copied().find(|id| id.kind() == reference.kind);
            if lost.is_some() && self.input.fields.contains_key(reference.name) {
                reference.id = lost;
                let at = format!("fields.{}", reference.name);
                return Err(lost_reference(reference).at(at));
            }
        }
        let known = self.gone.len();
        self.gone.extend(ids);
        match self.gone.len() > known {
            true => Ok(()),
            false => Err(Error::internal("the store misses what was not required")),
        }
    }
}

/// Whether all that was found is moved in one commit.
fn fits(plan: &Plan<'_>, found: &Referring) -> Result<bool> {
    let webhooks = plan.configuration().webhooks.iter();
    let endpoints = webhooks.filter(|webhook| webhook.enabled).count();
    Ok(!found.more
        && found.writes(endpoints) <= BATCH_RECORDS_MAX
        && found.terms(BATCH_TERMS_MAX)? <= BATCH_TERMS_MAX)
}

/// Answers with the survivor as it is, and says whether anything is left to be moved.
struct Report<T> {
    id: Id,
    from: Vec<Id>,
    warnings: Vec<Error>,
    of: PhantomData<fn() -> T>,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Report<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let context = plan.context();
        let (_, document) = require::<T>(context, self.id, None).await?;
        let entries = merged::entries(context, &self.from).await?;
        let outcome = match entries.iter().any(|(entry, _)| entry.is_moving()) {
            true => Outcome::Accepted,
            false => Outcome::Done,
        };
        let json = with_warnings(document.json, &self.warnings)?;
        let json = as_it_is(context, self.id, json).await?;
        Ok(Reply::new(outcome, json).about([self.id]))
    }
}

/// A survivor's JSON, with the ids of all that was merged into it.
async fn as_it_is(context: &Context, id: Id, json: Arc<str>) -> Result<Arc<str>> {
    let all = merged::losers(context, &[id], MERGED_LISTED_MAX).await?;
    let all: Vec<Id> = all.iter().map(|(entry, _)| entry.record_id).collect();
    shown(json, &all, None)
}
