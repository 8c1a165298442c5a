//! The first commit of a merge: the records are one by it.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Map;

use super::input::{MergeInput, MergeSource, no_record};
use super::members::Merged;
use super::moving::{Most, Referring};
use super::survivors::Survivors;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::merged::{self, as_it_is, shown, was_merged};
use crate::engine::resources::drafts::{
    check_version, email_taken, new_references, record_event, require, require_references,
    with_warnings,
};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    BATCH_CONTACT_BYTES_MAX, BATCH_RECORDS_MAX, BATCH_TERMS_MAX, MERGE_REFERENCES_MAX,
    MERGED_RECORDS_MAX,
};
use crate::record::field::{check_fields, normalise};
use crate::record::object::Object;
use crate::record::reference::{Reference, lost_reference};
use crate::record::{
    Change, Document, Entry, EventData, EventDraft, EventType, Merge, Record, Trashed, previous,
};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

/// What an attempt to begin comes to.
pub(super) enum First {
    Done(Begun),
    /// What refers to these, which were merged into some of the records before, is to be moved to those first.
    Unmoved(Vec<Id>),
}

/// What the first commit of a merge comes to.
pub(super) struct Begun {
    /// The survivor.
    pub body: Arc<str>,
    /// What is wrong with it, and was before.
    pub warnings: Vec<Error>,
}

/// Takes records away and gives their values to another.
pub(super) struct Begin<T> {
    id: Id,
    input: MergeInput,
    expected: Option<i64>,
    /// What the last plan had the survivor refer to.
    references: Vec<Reference>,
    /// Records that those which are merged refer to, and that were found gone.
    gone: BTreeSet<Id>,
    of: PhantomData<fn() -> T>,
}

impl<T: Object + Into<Record>> Begin<T> {
    pub fn new(id: Id, input: MergeInput, expected: Option<i64>) -> Self {
        Self {
            id,
            input,
            expected,
            references: Vec::new(),
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
            match entry.as_ref().and_then(|(entry, _)| entry.standing()) {
                Some(merge) if merge.into == self.id => {}
                Some(merge) => {
                    let request = merge.origin.request_id;
                    let error = was_merged(T::TYPE, merge.into, request);
                    return Err(error.at(format!("from[{index}]")));
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
        let fields = &plan.configuration().fields;
        let merged = Merged {
            survivor: before,
            losers,
            input: &self.input,
            gone: &self.gone,
            fields,
        };
        let mut after = merged.record()?;
        normalise(fields, &mut after);
        let warnings = check_fields(fields, Some(before), &after)?;
        after.check_complete()?;
        after.touch(plan.now());
        Ok((after, warnings))
    }

    /// What was merged into the survivor, and into the records that are merged into it.
    async fn merged_before(&self, context: &Context, losers: &[Id]) -> Result<Before> {
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
        Ok(Before { known, followed })
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

/// What was merged before into the records of a merge: their entries in the trash.
struct Before {
    /// Those of the survivor.
    known: Vec<(Trashed, Document)>,
    /// Those of the others.
    followed: Vec<(Trashed, Document)>,
}

impl Before {
    /// Those of which something is still to be moved.
    fn unmoved(&self) -> Vec<Id> {
        let entries = self.followed.iter().map(|(entry, _)| entry);
        let moving = entries.filter(|entry| entry.is_moving());
        moving.map(|entry| entry.record_id).collect()
    }

    /// Has all of it be merged into the survivor; gives the entries and the records.
    fn follow(self, plan: &mut Plan<'_>, into: Id) -> Vec<(Id, Id)> {
        let all = self.known.iter().chain(&self.followed);
        let all = all.map(|(entry, _)| (entry.id, entry.record_id)).collect();
        for (entry, document) in self.followed {
            let after = entry.clone().merged_on(into);
            merged::replace(plan, (entry, document), after);
        }
        all
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Begin<T> {
    type Output = First;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<First> {
        let context = plan.context();
        let (before, document) = require::<T>(context, self.id, None).await?;
        let losers = self.losers(context).await?;
        if losers.is_empty() {
            // It was done before: what is left of it goes on.
            return Ok(First::Done(Begun {
                body: as_it_is(context, self.id, document.json).await?,
                warnings: Vec::new(),
            }));
        }
        check_version(&before, self.expected)?;
        let records: Vec<T> = losers.iter().map(|(loser, _)| loser.clone()).collect();
        let ids: Vec<Id> = records.iter().map(T::id).collect();
        self.check_choices(&ids)?;
        merged::check_undone(context, &ids).await?;
        let merged_before = self.merged_before(context, &ids).await?;
        let unmoved = merged_before.unmoved();
        if !unmoved.is_empty() && !context.storage().is_dry_run() {
            return Ok(First::Unmoved(unmoved));
        }
        let (after, warnings) = self.survivor(plan, &before, &records)?;
        self.references = new_references(plan, Some(&before), &after);
        require_references(plan, Some(&before), &after);
        let json = self.write(plan, (before, document), after, &ids)?;
        let most = Most {
            records: MERGE_REFERENCES_MAX,
            bytes: BATCH_CONTACT_BYTES_MAX,
        };
        let found = Referring::find(plan, &ids, Some(self.id), most).await?;
        if fits(plan, &found)? {
            let survivors = Survivors::all(&ids, self.id);
            found.move_to(plan, &survivors).await?;
        }
        let mut merged = merged_before.follow(plan, self.id);
        for loser in losers {
            merged.push(self.take_away(plan, loser));
        }
        merged.sort_unstable_by(|one, other| other.cmp(one));
        let merged: Vec<Id> = merged.into_iter().map(|(_, id)| id).collect();
        let json = with_warnings(json, &warnings)?;
        Ok(First::Done(Begun {
            body: shown(json, &merged, None)?,
            warnings,
        }))
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
        for reference in &self.references {
            let is_lost = reference.id.is_some_and(|id| ids.contains(&id));
            if is_lost && self.input.fields.contains_key(&*reference.name) {
                let at = format!("fields.{}", reference.name);
                return Err(lost_reference(reference.clone()).at(at));
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
