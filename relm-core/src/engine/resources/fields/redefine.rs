//! Changing a definition: one commit, which requires the configuration that it was planned against; of a choice that gets another
//! name, the steps after it.

use async_trait::async_trait;

use super::definitions::{replace, unknown};
use super::impact::check_impact;
use super::renaming::rename;
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
    if !renames {
        return apply_once(context, redefine).await;
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
        let after = before.patched(&self.patch, &plan.origin())?;
        if after == before {
            return Ok(Reply::new(Outcome::Done, Entry::new(before).json));
        }
        if !self.patch.force {
            check_impact(plan.context(), &before, &after).await?;
        }
        let json = replace(plan, (before, document), after)?.json;
        Ok(Reply::new(Outcome::Done, json))
    }
}
