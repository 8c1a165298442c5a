//! Doing what a plan says: all definitions in one commit, and then what follows in records, as of a definition that changes alone.

use async_trait::async_trait;

use super::drafted::Drafted;
use super::drawing::{Drawing, Drawn};
use super::input::PromotionInput;
use super::planning::{check_mode, name, report, source};
use super::report::{ChoicesChange, MemberChange, Promotion, PromotionStatus};
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::apply_once;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::resources::fields::definitions::{insert, replace_unchecked, unknown};
use crate::engine::resources::fields::ending::{end, take_away_some};
use crate::engine::resources::fields::renaming::rename;
use crate::engine::resources::fields::settings::set_unchecked;
use crate::engine::resources::fields::uniqueness::{begin_unchecked, make_more};
use crate::error::{Affected, Error, ErrorKind, Result};
use crate::record::field::Field;
use crate::record::key::KeyScopes;
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// Fields whose choices are renamed while the caller waits; what is left of them, and of the others, is done later.
const RENAMED_MAX: usize = 4;

/// Promotes what a plan says.
///
/// # Errors
/// `forbidden` in test mode; `conflict` where definitions say otherwise than the plan was made of, where a field cannot be promoted, and for
/// what live records do not keep to; `unknown_value` or `validation_failed` for choices that are said to be renamed and are not there.
pub(in crate::engine::resources::fields) async fn promote(
    context: &Context,
    input: PromotionInput,
    scopes: Option<KeyScopes>,
) -> Result<Reply<Promotion>> {
    check_mode(context)?;
    let reply = apply_once(context, Promote { input, scopes }).await?;
    if reply.replayed || context.storage().is_dry_run() {
        return Ok(reply);
    }
    let promotion: Promotion = reply.decode()?;
    if promotion.status == PromotionStatus::UnderWay {
        match follow(context, &promotion).await {
            // The program's transaction can be at its end by that.
            Err(error) if context.storage().is_transaction() => return Err(error),
            // The definitions are there: what is left of it is done later, and an error would say that nothing was.
            Ok(()) | Err(_) => {}
        }
    }
    let ends = |it: &MemberChange| it.member == "unique" && it.to == false;
    if promotion
        .update
        .iter()
        .any(|it| it.changes.iter().any(ends))
    {
        take_away_some(context).await;
    }
    Ok(reply)
}

/// Goes on with what follows in records, as far as a caller waits for it.
async fn follow(context: &Context, promotion: &Promotion) -> Result<()> {
    // Each step is a change of its own, under no key.
    let context = &context.clone().unkeyed();
    let is_renamed = |choices: &ChoicesChange| !choices.renamed.is_empty();
    let renamed = promotion.update.iter().filter(|field| {
        let choices = field.choices.as_ref();
        choices.is_some_and(is_renamed)
    });
    for id in renamed.take(RENAMED_MAX).filter_map(|field| field.field_id) {
        if let Some(document) = context.document(Kind::Field, id).await? {
            let field: Field = document.decode()?;
            if !field.options.renaming.is_empty() {
                rename(context, field).await?;
            }
        }
    }
    make_more(context).await
}

struct Promote {
    input: PromotionInput,
    scopes: Option<KeyScopes>,
}

#[async_trait]
impl Operation for Promote {
    type Output = Reply<Promotion>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Promotion>> {
        let source = source(plan.context()).await?;
        let target = plan.configuration().fields.clone();
        let name = name(&source.fields, &target)?;
        if name != self.input.plan {
            return Err(other_plan());
        }
        let drawing = Drawing {
            context: plan.context(),
            origin: plan.origin(),
            now: plan.now(),
            source: &source.fields,
            target: &target,
            renamed: &self.input.renamed,
            scopes: self.scopes,
        };
        // Whoever forces it has read the plan; a dry run shows what is forced.
        let counts = !self.input.force || plan.context().storage().is_dry_run();
        let drawn = drawing.draw(counts).await?;
        check(&drawn, self.input.force)?;
        let goes_on = drawn.create.iter().chain(&drawn.update);
        let status = match goes_on.into_iter().any(Drafted::goes_on) {
            true => PromotionStatus::UnderWay,
            false => PromotionStatus::Applied,
        };
        let outcome = match status {
            PromotionStatus::UnderWay => Outcome::Accepted,
            PromotionStatus::Planned | PromotionStatus::Applied => Outcome::Done,
        };
        let ids = write(plan, &drawn).await?;
        let promotion = report(name, &drawn, status, &ids)?;
        Ok(Reply::new(outcome, promotion.to_json()?))
    }
}

/// Writes all of it, and gives the ids of what is new.
async fn write(plan: &mut Plan<'_>, drawn: &Drawn) -> Result<Vec<Id>> {
    let mut ids = Vec::new();
    for drafted in &drawn.create {
        let id = plan.mint(Kind::Field);
        let mut field = Field {
            id,
            created_at: id.timestamp(),
            updated_at: id.timestamp(),
            ..drafted.after.clone()
        };
        if drafted.begins_unique {
            begin_unchecked(plan, &mut field);
        }
        insert(plan, field);
        ids.push(id);
    }
    for drafted in &drawn.update {
        let Some(before) = &drafted.before else {
            continue;
        };
        let found = plan.context().document(Kind::Field, before.id).await?;
        let document = found.ok_or_else(unknown)?;
        let mut after = drafted.after.clone();
        if drafted.begins_unique {
            begin_unchecked(plan, &mut after);
        } else if drafted.ends_unique {
            end(plan, before).await?;
        }
        replace_unchecked(plan, (before.clone(), document), after)?;
    }
    for setting in &drawn.settings {
        set_unchecked(plan, setting.object_type, setting.to).await?;
    }
    if !(drawn.create.is_empty() && drawn.update.is_empty() && drawn.settings.is_empty()) {
        plan.write(Write::Reconfigure);
    }
    Ok(ids)
}

/// Refuses what cannot be promoted, and what live records do not keep to.
fn check(drawn: &Drawn, force: bool) -> Result<()> {
    if let Some((refused, _)) = drawn.refused.first() {
        let others = match drawn.refused.len() {
            1 => String::new(),
            2 => " There is 1 more field of which the plan says why.".to_owned(),
            all => format!(
                " There are {} more fields of which the plan says why.",
                all - 1
            ),
        };
        let message = format!("Nothing was promoted. {}{others}", refused.message);
        let member = refused.member.as_deref().unwrap_or("key");
        let at = format!("{}.{}.{member}", refused.object_type, refused.key);
        return Err(Error::new(ErrorKind::Conflict, message).at(at));
    }
    let drafted = drawn.create.iter().chain(&drawn.update);
    let breaks: Vec<_> = drafted
        .flat_map(|it| it.breaks.iter().map(move |breach| (&it.after, breach)))
        .collect();
    // Nothing makes shared values unique: that is said first.
    let first = breaks.iter().find(|(_, it)| !it.duplicates.is_empty());
    let Some((field, breach)) = first.or(breaks.first()) else {
        return Ok(());
    };
    let is_shared = !breach.duplicates.is_empty();
    if force && !is_shared {
        return Ok(());
    }
    let message = match (is_shared, breaks.len()) {
        (true, _) => format!("Nothing was promoted. {}", breach.message),
        (false, 1) => format!(
            "{} Change them first, or send `\"force\": true`: it binds each of them from its next write on.",
            breach.message
        ),
        (false, all) => format!(
            "{} It is the first of {all} things that live records do not keep to, which the plan lists. Change them first, or send \
             `\"force\": true`: it binds each of them from its next write on.",
            breach.message
        ),
    };
    let affected = Affected {
        count: breach.count,
        at_least: breach.at_least,
        ids: breach.ids.clone(),
    };
    let at = format!("{}.{}.{}", field.object_type, field.key, breach.member);
    let error = Error::new(ErrorKind::Conflict, message);
    let error = error.affecting(affected).at(at);
    Err(error.listing(breach.duplicates.iter().cloned()))
}

/// That the definitions are others than those that were read.
fn other_plan() -> Error {
    let message = "The definitions of live mode or test mode are others than this plan was made of, and nothing was promoted: read the plan anew.";
    Error::new(ErrorKind::Conflict, message).at("plan")
}
