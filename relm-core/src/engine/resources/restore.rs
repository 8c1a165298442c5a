//! Restorations, which bring records back from the trash, with their associations.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;

use serde_json::Map;

use super::associations;
use super::drafts::{check_version, record_event};
use super::trash::{linked, linked_by, trashed};
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{PAGE_LIMIT_MAX, TRASHED_ASSOCIATIONS_MAX};
use crate::record::association::Association;
use crate::record::field::rename_choices;
use crate::record::object::Object;
use crate::record::{Change, Document, Entry, Existence, Record, Trashed};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

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
        // The program's transaction can be at its end by that.
        Err(error) if context.storage().is_transaction() => Err(error),
        _ => Ok(reply),
    }
}

async fn restore_rest(context: &Context, id: Id) -> Result<()> {
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

/// The associations of one plan that come back, and which of them cannot.
#[derive(Default)]
struct Returning {
    /// The other ends that the last plan took for gone.
    gone: BTreeSet<Id>,
    /// Those that the next plan is to take for gone: as that plan was refused for.
    found_gone: BTreeSet<Id>,
    /// Whether plans look for associations that somebody made anew since.
    looks_for_others: bool,
    /// What comes back, as it was.
    associations: Vec<(Association, Arc<str>)>,
}

impl Returning {
    /// Begins a plan. After any other conflict than for what is gone all are asked for again: they may be there by now.
    fn begin(&mut self) {
        self.gone = mem::take(&mut self.found_gone);
        self.associations.clear();
    }

    /// Brings back the associations whose other ends are there, and gives the others.
    async fn plan(
        &mut self,
        plan: &mut Plan<'_>,
        id: Id,
        edges: &[Document],
    ) -> Result<Vec<(Trashed, Document)>> {
        let (mut others, mut kept, mut back) = (BTreeSet::new(), Vec::new(), Vec::new());
        for document in edges {
            let before: Trashed = document.decode()?;
            let other = before.other_end(id).filter(|it| !self.gone.contains(it));
            let Some(other) = other else {
                kept.push((before, document.clone()));
                continue;
            };
            let restored = Document::of_trashed(&before);
            plan.write(Write::Delete(entry_of(before, document)));
            back.push((other, restored.decode::<Association>()?, restored.json));
        }
        let mut keys = match self.looks_for_others {
            true => held(plan.context(), &back).await?,
            false => BTreeSet::new(),
        };
        for (other, association, json) in back {
            // Of two that are one, which were deleted one after the other, one comes back; and none where there is one by now.
            if !keys.insert(association.edge_key()) {
                continue;
            }
            others.insert(other);
            plan.write(Write::Insert(Entry {
                record: association.clone().into(),
                json: Arc::clone(&json),
            }));
            self.associations.push((association, json));
        }
        plan.require_each(others);
        Ok(kept)
    }

    /// Adds an event for each of them. Receivers know their ids: it is there again.
    fn record_events(&self, plan: &mut Plan<'_>) {
        for (association, json) in &self.associations {
            associations::record_event(plan, Existence::Created, association, json);
        }
    }

    /// Learns of a conflict from which another plan is free; gives back any other.
    fn learn(&mut self, refusal: Refusal) -> std::result::Result<(), Refusal> {
        match refusal {
            Refusal::Missing(ids) => {
                self.found_gone = mem::take(&mut self.gone);
                self.found_gone.extend(ids);
                Ok(())
            }
            Refusal::UniqueConflict { holder, .. } if holder.kind() == Kind::Association => {
                self.looks_for_others = true;
                Ok(())
            }
            refusal => Err(refusal),
        }
    }
}

/// The keys of these associations under which there is one.
async fn held(context: &Context, back: &[(Id, Association, Arc<str>)]) -> Result<BTreeSet<String>> {
    let keys = back
        .iter()
        .map(|(_, association, _)| association.edge_key());
    let keys: Vec<String> = keys.collect();
    let mut held = BTreeSet::new();
    for keys in keys.chunks(PAGE_LIMIT_MAX) {
        let storage = context.storage();
        let found = storage
            .find(context.scope(), Kind::Association, keys)
            .await?;
        let there = keys.iter().zip(found).filter(|(_, found)| found.is_some());
        held.extend(there.map(|(key, _)| key.clone()));
    }
    Ok(held)
}

fn entry_of(trashed: Trashed, document: &Document) -> Entry {
    Entry {
        record: trashed.into(),
        json: Arc::clone(&document.json),
    }
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
            returning: Returning::default(),
            edges: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<T: Object + Into<Record>> Operation for Restore<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        self.returning.begin();
        let context = plan.context();
        if self.returning.gone.is_empty() {
            let max = TRASHED_ASSOCIATIONS_MAX;
            self.edges = linked(context, Kind::Trashed, self.id, max).await?;
        }
        let trashed = trashed(context, T::TYPE.kind(), self.id).await?;
        let (entry, document) = trashed.ok_or_else(not_in_trash::<T>)?;
        let mut record: T = document.decode()?;
        check_version(&record, self.expected)?;
        let fields = &plan.configuration().fields;
        rename_choices(fields, T::TYPE, record.metadata_mut());
        record.touch(plan.now());
        let restored = Entry::new(record);
        let json = restored.document().json;
        plan.write(Write::Delete(entry));
        plan.write(Write::Insert(restored));
        let kept = self.returning.plan(plan, self.id, &self.edges).await?;
        keep(plan, self.id, kept).await?;
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

/// Leaves associations in the trash whose other ends are gone, for as long as those can be restored. Each is written once more: should
/// the other end be restored at the same moment, the later of the two finds the earlier, and brings it back.
async fn keep(plan: &mut Plan<'_>, id: Id, kept: Vec<(Trashed, Document)>) -> Result<()> {
    let others: BTreeSet<Id> = kept.iter().filter_map(|(it, _)| it.other_end(id)).collect();
    let others: Vec<Id> = others.into_iter().collect();
    let context = plan.context();
    let mut deleted: BTreeMap<Id, Id> = BTreeMap::new();
    for others in others.chunks(PAGE_LIMIT_MAX) {
        let keys: Vec<String> = others.iter().map(|other| other.text()).collect();
        let storage = context.storage();
        let found = storage.find(context.scope(), Kind::Trashed, &keys).await?;
        let found = others.iter().zip(found);
        deleted.extend(found.filter_map(|(other, found)| Some((*other, found?.id))));
    }
    for (before, document) in kept {
        let other = before.other_end(id).and_then(|other| deleted.get(&other));
        match other.filter(|other| other.timestamp() > before.deleted_at) {
            Some(other) => {
                let association: Association = Document::of_trashed(&before).decode()?;
                let later = beside(context, *other);
                let after = Trashed::association(later, &association, before.document.json());
                plan.write(Write::Delete(entry_of(before, &document)));
                plan.write(Write::Insert(Entry::new(after)));
            }
            None => {
                let after = Entry::new(before.kept());
                let before = entry_of(before, &document);
                plan.write(Write::Replace { before, after });
            }
        }
    }
    Ok(())
}

/// A fresh id of the moment of another.
fn beside(context: &Context, other: Id) -> Id {
    let mut bytes = [0; size_of::<u128>()];
    context.environment().rng().fill(&mut bytes[6..]);
    let moment = other.ulid() >> 80 << 80;
    Id::new(Kind::Trashed, moment | u128::from_be_bytes(bytes))
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
            returning: Returning {
                looks_for_others: true,
                ..Returning::default()
            },
        }
    }
}

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
        let kept = self.returning.plan(plan, id, &page.documents).await?;
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
