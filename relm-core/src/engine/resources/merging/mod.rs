//! Merges: records become one. It has the values of all, and everything that referred to one of them refers to it.
//!
//! The first commit changes the survivor, takes the others away, whose entries in the trash say into what they were merged, and moves what
//! refers to them where that fits into it. What does not, and what is linked while it commits, is moved in [`steps`].

pub(super) mod bequest;
mod first;
mod input;
mod members;
mod moving;
mod steps;
mod survivors;

use std::marker::PhantomData;

use async_trait::async_trait;

use self::first::{Begin, Begun, First};
pub use self::input::{MergeInput, MergeSource};
pub(in crate::engine) use self::steps::finish_merges;
pub(super) use self::steps::move_some;
use super::drafts::{require, with_warnings};
use super::purge::is_kept;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::merged::{self, as_it_is};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Record;
use crate::record::object::Object;
use crate::value::id::Id;

/// How often a merge is begun that finds what is to be moved first: each time after that was moved.
const ATTEMPTS_MAX: usize = 5;

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
    let begun = begin::<T>(context, id, &input, expected).await?;
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

/// Makes records one. What was merged into them before is moved to them first: moved later it would be moved to their survivor, and the undo
/// of this merge would not know of it.
async fn begin<T: Object + Into<Record>>(
    context: &Context,
    id: Id,
    input: &MergeInput,
    expected: Option<i64>,
) -> Result<Begun> {
    for _ in 0..ATTEMPTS_MAX {
        let begin = Begin::<T>::new(id, input.clone(), expected);
        let unmoved = match apply(context, begin).await? {
            First::Done(begun) => return Ok(begun),
            First::Unmoved(unmoved) => unmoved,
        };
        if !move_some(context, &unmoved).await? {
            break;
        }
    }
    let message = "What was merged into one of `from` before is still being moved to it: ask again, and that goes on.";
    Err(Error::new(ErrorKind::Conflict, message).at("from"))
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
