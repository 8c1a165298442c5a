//! The plan of a promotion: what it is made of, how it is named, and what it says.

use std::sync::Arc;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::comparing::members;
use super::drawing::{Drawing, Drawn};
use super::input::ChoiceRename;
use super::plan_name::name_of;
use super::report::{Promotion, PromotionStatus, PromotionTag};
use crate::engine::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Origin;
use crate::record::field::Field;
use crate::record::key::KeyScopes;
use crate::store::Configuration;
use crate::value::id::Id;
use crate::value::scope::{Mode, Scope};

/// What a promotion would do now, as far as whoever has these scopes may learn it.
///
/// # Errors
/// `forbidden` in test mode; `unknown_value` or `validation_failed` for choices that are said to be renamed and are not there.
pub(in crate::engine::resources::fields) async fn plan(
    context: &Context,
    renamed: &[ChoiceRename],
    scopes: Option<KeyScopes>,
) -> Result<Promotion> {
    check_mode(context)?;
    let source = source(context).await?;
    let target = context.reload_configuration().await?;
    let environment = context.environment();
    let minted = || environment.mint_request();
    let drawing = Drawing {
        context,
        origin: Origin {
            actor: context.actor().clone(),
            request_id: context.request_id().unwrap_or_else(minted),
        },
        now: environment.now(),
        source: &source.fields,
        target: &target.fields,
        renamed,
        scopes,
    };
    let drawn = drawing.draw(true).await?;
    let name = name(&source.fields, &target.fields)?;
    report(name, &drawn, PromotionStatus::Planned, &[])
}

/// Definitions go from test to live: a workspace's live mode is what others depend on, and nothing is tried there first.
pub(super) fn check_mode(context: &Context) -> Result<()> {
    match context.scope().mode() {
        Mode::Live => Ok(()),
        Mode::Test => {
            let message = "Definitions are promoted from test mode to live mode: ask in live mode, with a key of it.";
            Err(Error::new(ErrorKind::Forbidden, message))
        }
    }
}

/// The definitions of test mode as they are now. They are read by whoever is in live mode of the same workspace, and nothing else is.
pub(super) async fn source(context: &Context) -> Result<Arc<Configuration>> {
    let scope = Scope::new(context.scope().workspace(), Mode::Test);
    context.storage().configuration(scope, None).await
}

/// Names the definitions that a plan is made of, by what they say.
pub(super) fn name(source: &[Field], target: &[Field]) -> Result<String> {
    // What becomes unique in test mode and what is so are promoted otherwise; in live mode both stay as they are.
    let becoming = source.iter().filter(|field| field.is_becoming_unique());
    let becoming: Vec<Id> = becoming.map(|field| field.id).collect();
    let digest = Sha256::digest(
        json!({ "test": said(source)?, "live": said(target)?, "becoming_unique": becoming })
            .to_string()
            .as_bytes(),
    );
    Ok(name_of(&digest))
}

fn said(fields: &[Field]) -> Result<Vec<serde_json::Value>> {
    let said = fields.iter().map(|field| {
        let members = members(field)?.into_iter().map(|(_, value)| value);
        let members: Vec<_> = members.collect();
        let unknown = field.unknown_members;
        Ok(json!([
            field.id,
            field.field_key(),
            field.field_type,
            members,
            unknown
        ]))
    });
    said.collect()
}

/// What is said of a promotion; `ids` are those of what it made, in their order.
pub(super) fn report(
    plan: String,
    drawn: &Drawn,
    status: PromotionStatus,
    ids: &[Id],
) -> Result<Promotion> {
    let created = drawn.create.iter().enumerate();
    let created = created.map(|(place, drafted)| drafted.shown(ids.get(place).copied()));
    let updated = drawn.update.iter().map(|drafted| drafted.shown(None));
    let refused = drawn.refused.iter().map(|(refused, _)| refused.clone());
    Ok(Promotion {
        object: PromotionTag::Promotion,
        plan,
        status,
        from: Mode::Test,
        to: Mode::Live,
        create: created.collect::<Result<_>>()?,
        update: updated.collect::<Result<_>>()?,
        settings: drawn.settings.clone(),
        refused: refused.collect(),
        left_alone: drawn.left_alone.clone(),
        unchanged: drawn.unchanged,
    })
}
