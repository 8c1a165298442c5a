//! Changing a definition: one commit, which requires the configuration that it was planned against; of a choice that gets another
//! name, the steps after it.

use async_trait::async_trait;

use super::definitions::{check_own, replace, unknown};
use super::duplicates::check_values;
use super::ending::{end, take_away_some};
use super::impact::check_impact;
use super::renaming::rename;
use super::uniqueness::{begin, make};
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::resources::drafts::check_version_of;
use crate::error::Result;
use crate::record::Entry;
use crate::record::field::{ChoiceChange, Field, FieldPatch};
use crate::value::id::{Id, Kind};

/// Changes a definition, and renames what its patch renames as far as its caller can wait for that.
pub(super) async fn redefine(
    context: &Context,
    id: Id,
    patch: FieldPatch,
    expected: Option<i64>,
) -> Result<Reply<Field>> {
    let choices = patch.choices.as_set().into_iter().flatten();
    let renames = |choice: &ChoiceChange| matches!(choice, ChoiceChange::Renamed { .. });
    let renames = choices.clone().any(renames);
    let redefine = Redefine {
        id,
        patch,
        expected,
    };
    let unique = redefine.patch.unique.as_set().copied();
    if unique == Some(true) && !renames {
        if let Some(reply) = replayed(context).await? {
            return Ok(reply);
        }
        let reply = apply(context, redefine).await?;
        return match reply.decode()? {
            field if Field::is_becoming_unique(&field) => make(context, field, false).await,
            // It was unique before: what else changes is done, and this gives the reply under its key.
            field => apply_once(context, Said { field }).await,
        };
    }
    if !renames {
        let reply = apply_once(context, redefine).await?;
        if unique == Some(false) {
            take_away_some(context).await;
        }
        return Ok(reply);
    }
    if let Some(reply) = replayed(context).await? {
        return Ok(reply);
    }
    let reply = apply(context, redefine).await?;
    rename(context, reply.decode()?).await
}

struct Redefine {
    id: Id,
    patch: FieldPatch,
    expected: Option<i64>,
}

#[async_trait]
impl Operation for Redefine {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let found = plan.context().document(Kind::Field, self.id).await?;
        let document = found.ok_or_else(unknown)?;
        let before: Field = document.decode()?;
        check_version_of(before.version, self.expected)?;
        check_own(&before)?;
        let mut after = before.patched(&self.patch, &plan.origin())?;
        match (self.patch.unique.as_set(), before.unique_index.is_some()) {
            (Some(true), false) => begin(plan, &mut after)?,
            (Some(false), true) => {
                end(plan, &before).await?;
                after.kept_apart_by(None);
            }
            _ => {}
        }
        if after == before {
            return Ok(Reply::new(Outcome::Done, Entry::new(before).json));
        }
        if !self.patch.force {
            check_impact(plan.context(), &before, &after).await?;
        }
        if before.unique_index.is_none() {
            check_values(plan.context(), &after).await?;
        }
        let json = replace(plan, (before, document), after)?.json;
        Ok(Reply::new(Outcome::Done, json))
    }
}

/// Gives the reply to a change that is done, under the key of its request.
struct Said {
    field: Field,
}

#[async_trait]
impl Operation for Said {
    type Output = Reply<Field>;

    async fn plan(&mut self, _: &mut Plan<'_>) -> Result<Reply<Field>> {
        let json = Entry::new(self.field.clone()).json;
        Ok(Reply::new(Outcome::Done, json))
    }
}
