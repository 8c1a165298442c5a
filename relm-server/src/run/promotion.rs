//! `relm-server schema`: definitions go from test mode to live mode.

use std::sync::Arc;

use relm_core::engine::{
    Crm, MemberChange, PromotedField, Promotion, PromotionInput, PromotionStatus,
};
use relm_core::record::{Actor, ActorType};
use relm_core::{ErrorKind, Mode};

use super::administration::say;
use super::outcome::{CommandError, Out};
use crate::config::{PromotionArgs, SchemaCommand};

pub(super) async fn schema(
    crm: &Crm,
    command: SchemaCommand,
    out: &mut Out,
) -> Result<(), CommandError> {
    match command {
        SchemaCommand::Plan { of, check } => {
            let planned = plan(crm, &of).await?;
            print(&planned, &of, out)?;
            match check && !planned.is_empty() {
                true => Err("live mode has not all that test mode has".into()),
                false => Ok(()),
            }
        }
        SchemaCommand::Apply { of, plan, force } => apply(crm, of, plan, force, out).await,
    }
}

async fn plan(crm: &Crm, of: &PromotionArgs) -> Result<Promotion, CommandError> {
    let live = crm.open(of.workspace, Mode::Live).await?;
    Ok(live.fields().plan_promotion(&of.rename).await?)
}

async fn apply(
    crm: &Crm,
    of: PromotionArgs,
    plan: String,
    force: bool,
    out: &mut Out,
) -> Result<(), CommandError> {
    let live = crm.open(of.workspace, Mode::Live).await?;
    // The events tell of it as the operator's.
    let name = Some("relm-server schema apply".to_owned());
    let live = live.acting_as(Arc::new(Actor::new(ActorType::Embedder, None, name)?));
    let input = PromotionInput {
        renamed: of.rename.clone(),
        force,
        ..PromotionInput::new(plan.clone())
    };
    match live.fields().promote(input).await {
        Ok(promoted) => print(&promoted, &of, out),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let now = self::plan(crm, &of).await?;
            print(&now, &of, out)?;
            Err(why_not(&now, &plan, error.message()).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Why a plan is not carried out, in the words of this command: `refusal` is what the API says.
fn why_not(now: &Promotion, plan: &str, refusal: &str) -> String {
    if now.plan != plan {
        return format!(
            "the definitions are others than those of {plan:?}: what is to be promoted now is above, by the name {:?}",
            now.plan
        );
    }
    let fields = now.create.iter().chain(&now.update);
    let mut breaches = fields.flat_map(|field| &field.breaks);
    let may_be_forced = breaches.all(|breach| breach.duplicates.is_empty());
    match now.refused.is_empty() && may_be_forced {
        true => "live records do not keep to what has a `!` above: with `--force` it is promoted all the same, and binds each of them from its next write on".to_owned(),
        false => refusal.to_owned(),
    }
}

fn print(promotion: &Promotion, of: &PromotionArgs, out: &mut Out) -> Result<(), CommandError> {
    if of.json {
        return say(out, format_args!("{}", promotion.to_json()?));
    }
    for line in lines(promotion) {
        say(out, format_args!("{line}"))?;
    }
    Ok(())
}

/// What a promotion says, for people: a sign before each field, as programs that compare files have it.
fn lines(promotion: &Promotion) -> Vec<String> {
    let mut lines = Vec::new();
    for field in &promotion.create {
        let name = format!("{}.{}", field.object_type, field.key);
        lines.push(format!("+ {name}  {}  {:?}", field.field_type, field.label));
        of_field(field, &mut lines);
    }
    for field in &promotion.update {
        lines.push(format!("~ {}.{}", field.object_type, field.key));
        of_field(field, &mut lines);
    }
    for one in &promotion.settings {
        lines.push(format!("~ {}", one.object_type));
        lines.push(format!("    {}: {} -> {}", one.member, one.from, one.to));
    }
    for one in &promotion.refused {
        let name = format!("{}.{}", one.object_type, one.key);
        lines.push(format!("x {name}  {}", one.message));
    }
    for one in &promotion.left_alone {
        let name = format!("{}.{}", one.object_type, one.key);
        lines.push(format!("= {name}  live mode alone has it: it stays"));
    }
    lines.push(match promotion.unchanged {
        1 => "1 field is the same".to_owned(),
        unchanged => format!("{unchanged} fields are the same"),
    });
    lines.push(match promotion.status {
        PromotionStatus::Planned => format!("plan {}", promotion.plan),
        PromotionStatus::Applied => "applied".to_owned(),
        PromotionStatus::UnderWay => {
            "applied; records follow, which a server goes on with within the hour".to_owned()
        }
    });
    lines
}

fn of_field(field: &PromotedField, lines: &mut Vec<String>) {
    for MemberChange { member, from, to } in &field.changes {
        lines.push(match from.is_null() && field.field_id.is_none() {
            true => format!("    {member}: {to}"),
            false => format!("    {member}: {from} -> {to}"),
        });
    }
    if let Some(choices) = &field.choices {
        let renamed = choices.renamed.iter();
        let renamed = renamed.map(|one| format!("    {} is renamed to {}", one.from, one.to));
        lines.extend(renamed);
        let removed = choices.removed.iter();
        lines.extend(removed.map(|choice| format!("    {choice} is removed")));
    }
    for breach in &field.breaks {
        lines.push(format!("  ! {}", breach.message));
        let ids: Vec<String> = breach.ids.iter().map(ToString::to_string).collect();
        if !ids.is_empty() {
            lines.push(format!("    {}", ids.join(" ")));
        }
    }
}
