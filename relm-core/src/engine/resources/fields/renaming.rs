//! Renaming choices: the definition says so first, from when on every write gives the new name, and then the records that have the
//! former one are changed, in steps of one bounded commit each. With the last step the definition says so no more.
//!
//! A write that was planned before the definition said so is waited for before the first step ([`Context::barrier`]), so that no record gets
//! the former name from then on: once a step finds none, there is none. Doing a step again does no harm, and whoever finds such a definition can go on: the caller
//! who asks again, and the hourly upkeep.

use std::marker::PhantomData;

use async_trait::async_trait;

use super::definitions::{accepted, replace, unknown};
use super::impact::has_one_of;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::resources::drafts;
use crate::engine::resources::purge::{Rest, is_kept};
use crate::error::{ErrorKind, Result};
use crate::limits::RENAMING_STEPS_MAX;
use crate::record::field::{Field, Renaming, normalise};
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::{Entry, Record};
use crate::store::Query;
use crate::value::id::{Id, Kind};

/// Records of one step: each is a change with an event, and a delivery for each endpoint that wants it.
const STEP: usize = 50;

/// Renames in as many records as a caller waits for.
pub(super) async fn rename(context: &Context, field: Field) -> Result<Reply<Field>> {
    let (id, json) = (field.id, Entry::new(field.clone()).json);
    match rename_some(context, field).await {
        Err(error) if error.kind() != ErrorKind::IdempotencyConflict && is_kept(context) => {
            accepted(context, Pause { id, known: None }, json).await
        }
        ended => ended,
    }
}

async fn rename_some(context: &Context, field: Field) -> Result<Reply<Field>> {
    let id = field.id;
    let known = context.storage().is_dry_run().then(|| field.clone());
    // Steps may be made while others write the former name; the end may not.
    let is_known = !is_kept(context) || context.barrier().await?;
    let mut steps = Steps::of(context, field, known.clone());
    for _ in 0..RENAMING_STEPS_MAX {
        if steps.step().await? {
            if !is_known {
                break;
            }
            let done = steps.done;
            return apply_once(context, Finish { id, done, known }).await;
        }
    }
    apply_once(context, Pause { id, known }).await
}

/// Goes on to their ends with the renamings that the definitions of a scope tell of; gives how many those were.
pub(in crate::engine) async fn finish_renamings(
    context: &Context,
    rest: Rest<'_>,
) -> Result<usize> {
    let configuration = context.reload_configuration().await?;
    let fields = configuration.fields.iter();
    let mut finished = 0;
    for field in fields.filter(|field| !field.options.renaming.is_empty()) {
        if !context.barrier().await? {
            continue;
        }
        let mut steps = Steps::of(context, field.clone(), None);
        while !steps.step().await? {
            rest.take().await;
        }
        let (id, done, known) = (field.id, steps.done, None);
        finished += done.len();
        match apply(context, Finish { id, done, known }).await {
            // Somebody removed it meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            ended => drop(ended?),
        }
    }
    Ok(finished)
}

/// The steps of the renamings that a definition told of when they began.
struct Steps<'a> {
    context: &'a Context,
    field: Field,
    left: Vec<Renaming>,
    done: Vec<Renaming>,
    /// The definition, where it is kept nowhere: of a dry run.
    known: Option<Field>,
    /// The last record that was seen. What was seen has the former name no more, and nothing gets it from now on, so that a step need not
    /// look at it again: with many values to a record, that is all that those before it looked at. In a dry run it stays in the list.
    after: Option<Id>,
}

impl<'a> Steps<'a> {
    fn of(context: &'a Context, field: Field, known: Option<Field>) -> Self {
        let mut left = field.options.renaming.clone();
        left.reverse();
        Self {
            context,
            field,
            left,
            done: Vec::new(),
            known,
            after: None,
        }
    }

    /// Goes one step on; whether nothing is left. What only looks, and finds nothing, is no step.
    async fn step(&mut self) -> Result<bool> {
        while let Some(renaming) = self.left.last().cloned() {
            let seen = match self.field.object_type {
                ObjectType::Contact => self.rewrite::<Contact>(&renaming).await?,
                ObjectType::Company => self.rewrite::<Company>(&renaming).await?,
                ObjectType::Deal => self.rewrite::<Deal>(&renaming).await?,
                ObjectType::Activity => self.rewrite::<Activity>(&renaming).await?,
            };
            self.after = seen.last.filter(|_| seen.more);
            if !seen.more {
                self.done.extend(self.left.pop());
            }
            if seen.last.is_some() {
                return Ok(self.left.is_empty());
            }
        }
        Ok(true)
    }

    /// Changes the next records, as whoever renamed the choice.
    async fn rewrite<T: Object + Into<Record>>(&self, renaming: &Renaming) -> Result<Seen> {
        let context = self.context.clone();
        let context = context
            .acting_as(renaming.actor.clone().into())
            .for_request(renaming.request_id);
        let rewrite = Rewrite::<T> {
            field: self.field.id,
            from: &renaming.from,
            known: self.known.as_ref(),
            after: self.after,
            of: PhantomData,
        };
        apply(&context, rewrite).await
    }
}

/// How far a step has seen.
struct Seen {
    last: Option<Id>,
    more: bool,
}

impl Seen {
    const NOTHING: Self = Self {
        last: None,
        more: false,
    };
}

/// Changes the records that have a choice by its former name, as many as one commit is to hold.
struct Rewrite<'a, T> {
    field: Id,
    from: &'a str,
    known: Option<&'a Field>,
    after: Option<Id>,
    of: PhantomData<fn() -> T>,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Rewrite<'_, T> {
    type Output = Seen;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Seen> {
        // What the choice is called by now, as the commit requires it.
        let mut fields = plan.configuration().fields.iter();
        let field = fields.find(|field| field.id == self.field);
        let Some(field) = self.known.or(field).cloned() else {
            return Ok(Seen::NOTHING);
        };
        if field.options.renamed(self.from).is_none() {
            return Ok(Seen::NOTHING);
        }
        let query = Query {
            kind: T::TYPE.kind(),
            clauses: vec![has_one_of(&field, &[self.from])?],
            after: self.after,
            limit: STEP,
        };
        let page = plan.context().list(&query).await?;
        let seen = Seen {
            last: page.documents.last().map(|last| last.id),
            more: page.more,
        };
        for document in page.documents {
            let before: T = document.decode()?;
            let mut after = before.clone();
            normalise([&field], &mut after);
            after.touch(plan.now());
            drafts::replace(plan, (before, document), after)?;
        }
        Ok(seen)
    }
}

/// Has the definition say no more that choices are being renamed.
struct Finish {
    id: Id,
    done: Vec<Renaming>,
    known: Option<Field>,
}

#[async_trait]
impl Operation for Finish {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let found = plan.context().document(Kind::Field, self.id).await?;
        let document = found.ok_or_else(unknown)?;
        let kept: Field = document.decode()?;
        let before = self.known.clone().unwrap_or_else(|| kept.clone());
        let mut after = before.clone();
        // By what it was called by then, it may be renamed once more.
        let is_done = |one: &Renaming| {
            let mut done = self.done.iter();
            done.any(|done| done.from == one.from && done.request_id == one.request_id)
        };
        after.options.renaming.retain(|one| !is_done(one));
        if after == before {
            return Ok(Reply::new(Outcome::Done, Entry::new(before).json));
        }
        if self.known.is_some() {
            after.touch(plan.now());
            return Ok(Reply::new(Outcome::Done, Entry::new(after).json));
        }
        let json = replace(plan, (kept, document), after)?.json;
        Ok(Reply::new(Outcome::Done, json))
    }
}

/// Leaves the definition as it is: what is left is done later.
struct Pause {
    id: Id,
    known: Option<Field>,
}

#[async_trait]
impl Operation for Pause {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let field = match &self.known {
            Some(field) => field.clone(),
            None => {
                let found = plan.context().document(Kind::Field, self.id).await?;
                found.ok_or_else(unknown)?.decode()?
            }
        };
        let outcome = match field.options.renaming.is_empty() {
            true => Outcome::Done,
            false => Outcome::Accepted,
        };
        Ok(Reply::new(outcome, Entry::new(field).json))
    }
}
