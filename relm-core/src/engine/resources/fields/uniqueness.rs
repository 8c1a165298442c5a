//! Making a field unique, and no longer: the definition says so first, with an index that every write keeps from then on, and then the
//! values of the records that are there are taken into the index, in steps of one bounded commit each. With the last step the field is unique.
//!
//! A write that is planned from then on keeps to it. What a database with many writers had under way by then may be committed later: so the
//! first step waits until that has ended ([`Require::Barrier`](crate::store::Require::Barrier)), and those after it find what it left.
//! How far the steps have got is kept with each of them, and whoever finds such an index goes on: the caller who asks again, and the
//! hourly upkeep. Two records that have one value end it: the field is not unique. An index that is no longer kept is taken away in steps.

use async_trait::async_trait;
use serde_json::Map;

use super::definitions::{accepted, check_unique_room, record_event, replace, unknown};
use super::duplicates::{Duplicates, refusal};
use super::ending::{Kept, Pace, end, index_of, take_away};
use super::inspection::inspect;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::resources::purge::{Rest, is_kept};
use crate::engine::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FIELD_RECORDS_MAX, PAGE_LIMIT_MAX, UNIQUE_STEPS_MAX};
use crate::record::field::{Field, UniqueIndex};
use crate::record::unique_member::UniqueMember;
use crate::record::{DefinitionChange, Document, Entry, UniqueValue};
use crate::store::{Query, Refusal, Write};
use crate::value::id::{Id, Kind};

/// Has a definition keep its values apart from now on: what the plan writes of it beside the definition itself.
///
/// # Errors
/// `validation_failed` where as many members of the object are unique as can be.
pub(super) fn begin(plan: &mut Plan<'_>, field: &mut Field) -> Result<()> {
    check_unique_room(&plan.configuration().fields, field.object_type)?;
    begin_unchecked(plan, field);
    Ok(())
}

/// [`begin`], of a definition that was checked for it.
pub(super) fn begin_unchecked(plan: &mut Plan<'_>, field: &mut Field) {
    let index = plan.mint(Kind::UniqueValue);
    field.kept_apart_by(Some(UniqueIndex::making(index)));
    plan.write(Write::Insert(Entry::new(UniqueValue::making(
        index, field.id,
    ))));
}

/// Takes in as many records as a caller waits for. `made` says whether the definition is a new one, which goes where it cannot be unique.
pub(super) async fn make(context: &Context, field: Field, made: bool) -> Result<Reply<Field>> {
    let (id, json) = (field.id, Entry::new(field.clone()).json);
    if context.storage().is_dry_run() {
        return rehearse(context, field, made).await;
    }
    use ErrorKind::{Conflict, IdempotencyConflict};
    match make_some(context, &field, made).await {
        Err(error) if matches!(error.kind(), IdempotencyConflict | Conflict) => Err(error),
        Err(_) if is_kept(context) => accepted(context, Pause { id, made }, json).await,
        ended => ended,
    }
}

/// What a dry run is answered with: nothing says that the field is to be unique, for a step to go by. What was looked at of the records has
/// no value in common, and it is more than the steps that a caller waits for look at.
async fn rehearse(context: &Context, mut field: Field, made: bool) -> Result<Reply<Field>> {
    let mut query = Query {
        kind: field.object_type.kind(),
        clauses: Vec::new(),
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    for _ in 0..UNIQUE_STEPS_MAX {
        let page = context.list(&query).await?;
        if !page.more {
            field.kept_apart_by(field.unique_index.clone().map(UniqueIndex::into_ready));
            field.touch(context.environment().now());
            return Ok(Reply::new(done(made), Entry::new(field).json));
        }
        query.after = page.documents.last().map(|last| last.id);
    }
    Ok(Reply::new(Outcome::Accepted, Entry::new(field).json))
}

const _: () = assert!(UNIQUE_STEPS_MAX * PAGE_LIMIT_MAX <= FIELD_RECORDS_MAX);

const fn done(made: bool) -> Outcome {
    match made {
        true => Outcome::Created,
        false => Outcome::Done,
    }
}

async fn make_some(context: &Context, field: &Field, made: bool) -> Result<Reply<Field>> {
    let id = field.id;
    let index = index_id(field)?;
    if context.storage().is_transaction() {
        // Nobody else knows of the index before the program commits: what they write until then would not be in it.
        return apply_once(context, Pause { id, made }).await;
    }
    // The first of them looks at nothing.
    for _ in 0..=UNIQUE_STEPS_MAX {
        match apply(context, MakeStep::of(field)).await? {
            Step::More => {}
            Step::Last => return apply_once(context, Finish { id, index, made }).await,
            Step::Shared(duplicates) => {
                apply(context, GiveUp { id, index, made }).await?;
                return Err(refusal(field, &duplicates));
            }
            Step::Waits => break,
        }
    }
    apply_once(context, Pause { id, made }).await
}

/// Goes on to their ends with the indexes of a scope that are being made or taken away; gives how many those were.
pub(in crate::engine) async fn finish_unique_indexes(
    context: &Context,
    rest: Rest<'_>,
) -> Result<usize> {
    let configuration = context.reload_configuration().await?;
    let fields = configuration.fields.iter();
    let mut finished = 0;
    let mut pace = Pace::Resting(rest);
    for field in fields.filter(|field| field.is_becoming_unique()) {
        fill(context, field, &mut pace).await?;
        finished += 1;
    }
    let taken_away = take_away(context, pace).await?;
    Ok(finished + taken_away)
}

/// Goes on with the indexes that are being made, as far as a caller waits for whose request had one begun beside other things.
pub(in crate::engine::resources) async fn make_more(context: &Context) -> Result<()> {
    if !is_kept(context) {
        return Ok(());
    }
    let configuration = context.reload_configuration().await?;
    let mut pace = Pace::Steps(UNIQUE_STEPS_MAX);
    let fields = configuration.fields.iter();
    for field in fields.filter(|field| field.is_becoming_unique()) {
        fill(context, field, &mut pace).await?;
    }
    Ok(())
}

/// Takes records into an index, to the last one if there is time for it.
async fn fill(context: &Context, field: &Field, pace: &mut Pace<'_>) -> Result<()> {
    let (id, index, made) = (field.id, index_id(field)?, false);
    let ended = loop {
        match apply(context, MakeStep::of(field)).await {
            Ok(Step::More) => {
                if !pace.goes_on().await {
                    return Ok(());
                }
            }
            Ok(Step::Last) => {
                let finish = Finish { id, index, made };
                break apply(context, finish).await.map(drop);
            }
            Ok(Step::Shared(_)) => break apply(context, GiveUp { id, index, made }).await,
            // Others of the scope, and other scopes, need not wait for it.
            Ok(Step::Waits) => return Ok(()),
            Err(error) => break Err(error),
        }
    };
    match ended {
        // Somebody removed it meanwhile, or had it no longer unique.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => Ok(()),
        ended => ended,
    }
}

/// The index that a definition which is to be unique has.
fn index_id(field: &Field) -> Result<Id> {
    let index = field.unique_index.as_ref().map(|index| index.id);
    index.ok_or_else(|| Error::internal("what is becoming unique has no index"))
}

/// That somebody had the field no longer unique while it was becoming so. An index that it has by now is another one, of which nothing is
/// known to whoever filled the first.
fn other_index(field: &Field) -> Error {
    let message = format!(
        "Somebody else had `{}` no longer unique while it was becoming so: read the definition, and ask again if it is to be unique.",
        field.key
    );
    let error = Error::new(ErrorKind::Conflict, message).at("unique");
    error.existing(field.id)
}

/// What one step came to.
enum Step {
    /// There may be more records.
    More,
    /// There are none.
    Last,
    /// Records have values in common.
    Shared(Duplicates),
    /// Writes are under way that may not know of the index: it is to be tried again later.
    Waits,
}

/// Takes the values of the next records into an index.
struct MakeStep<'a> {
    field: &'a Field,
}

impl<'a> MakeStep<'a> {
    fn of(field: &'a Field) -> Self {
        Self { field }
    }
}

#[async_trait]
impl Operation for MakeStep<'_> {
    type Output = Step;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Step> {
        let mut fields = plan.configuration().fields.iter();
        let field = fields.find(|field| field.id == self.field.id);
        let Some(member) = field
            .filter(|field| {
                field.is_becoming_unique() && field.unique_index == self.field.unique_index
            })
            .and_then(UniqueMember::of_field)
        else {
            // It is unique by now, or not to be, or is becoming so anew.
            return Ok(Step::Last);
        };
        let context = plan.context();
        let Some(index) = member.index() else {
            return Ok(Step::Last);
        };
        let Some((making, document)) = index_of(context, index).await? else {
            return Ok(Step::Last);
        };
        if !making.is_known {
            if !context.barrier().await? {
                return Ok(Step::Waits);
            }
            plan.write(rewritten((making, document), UniqueValue::known_to_all));
            return Ok(Step::More);
        }
        let query = Query {
            kind: self.field.object_type.kind(),
            clauses: Vec::new(),
            after: making.after,
            limit: PAGE_LIMIT_MAX,
        };
        let page = context.list(&query).await?;
        let (last, more) = (page.documents.last().map(|last| last.id), page.more);
        let inspected = inspect(context, &member, page.documents).await?;
        if inspected.duplicates.any() {
            return Ok(Step::Shared(inspected.duplicates));
        }
        if inspected.again {
            // Somebody wrote one of them meanwhile.
            return Ok(Step::More);
        }
        // Whoever purges one of them has taken its values away by then: none may come after that.
        let records = inspected.values.iter().map(|(_, record, _)| *record);
        plan.require_each(records.collect());
        for (key, record, found) in inspected.values {
            let write = match found {
                None => {
                    let id = plan.mint(Kind::UniqueValue);
                    Write::Insert(Entry::new(UniqueValue::of(id, index, key, record)))
                }
                Some(stale) => rewritten(stale, |value| value.given_to(record)),
            };
            plan.write(write);
        }
        if last.is_some() {
            let down_to = |making: UniqueValue| making.made_down_to(last);
            plan.write(rewritten((making, document), down_to));
        }
        Ok(match more {
            true => Step::More,
            false => Step::Last,
        })
    }

    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            // One of the records went, or took its value into the index itself: it is looked at again.
            Refusal::Missing(_) | Refusal::UniqueConflict { .. } => Ok(()),
            conflict => Err(unexpected(&conflict)),
        }
    }
}

/// Replaces what is kept of a value or an index.
fn rewritten((value, kept): Kept, change: impl FnOnce(UniqueValue) -> UniqueValue) -> Write {
    let before = Entry {
        record: value.clone().into(),
        json: kept.json,
    };
    let after = Entry::new(change(value));
    Write::Replace { before, after }
}

/// Has the definition say that its field is unique.
struct Finish {
    id: Id,
    index: Id,
    made: bool,
}

#[async_trait]
impl Operation for Finish {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let (before, document) = definition(plan.context(), self.id).await?;
        let index = before.unique_index.clone();
        let index = index.filter(|index| index.id == self.index);
        let index = index.ok_or_else(|| other_index(&before))?;
        if let Some((value, kept)) = index_of(plan.context(), index.id).await? {
            plan.write(Write::Delete(Entry {
                record: value.into(),
                json: kept.json,
            }));
        }
        if !before.is_becoming_unique() {
            return Ok(Reply::new(done(self.made), Entry::new(before).json));
        }
        let mut after = before.clone();
        after.kept_apart_by(Some(index.into_ready()));
        let json = replace(plan, (before, document), after)?.json;
        Ok(Reply::new(done(self.made), json))
    }
}

/// Has the definition say that its field is not unique; takes a new one away again.
struct GiveUp {
    id: Id,
    index: Id,
    made: bool,
}

#[async_trait]
impl Operation for GiveUp {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let (mut before, document) = definition(plan.context(), self.id).await?;
        let index = before.unique_index.as_ref();
        if index.is_some_and(|index| index.id != self.index) {
            return Err(other_index(&before));
        }
        if !before.is_becoming_unique() {
            return Ok(());
        }
        end(plan, &before).await?;
        if self.made {
            plan.write(Write::Delete(document.into_entry()?));
            plan.write(Write::Reconfigure);
            before.touch(plan.now());
            before.kept_apart_by(None);
            let json = Entry::new(before).json;
            record_event(plan, DefinitionChange::Deleted, self.id, &json, Map::new());
            return Ok(());
        }
        let mut after = before.clone();
        after.kept_apart_by(None);
        replace(plan, (before, document), after).map(drop)
    }
}

/// Leaves the definition as it is: what is left is done later.
struct Pause {
    id: Id,
    made: bool,
}

#[async_trait]
impl Operation for Pause {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let (field, _) = definition(plan.context(), self.id).await?;
        let outcome = match field.is_becoming_unique() {
            true => Outcome::Accepted,
            false => done(self.made),
        };
        Ok(Reply::new(outcome, Entry::new(field).json))
    }
}

async fn definition(context: &Context, id: Id) -> Result<(Field, Document)> {
    let found = context.document(Kind::Field, id).await?;
    let document = found.ok_or_else(unknown)?;
    Ok((document.decode()?, document))
}
