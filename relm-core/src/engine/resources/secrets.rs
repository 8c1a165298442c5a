//! The secrets of endpoints and their header fields: opened to sign and to send, sealed to be kept, rotated.

use std::error::Error as _;
use std::sync::Arc;

use async_trait::async_trait;

use super::endpoint;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::components::Components;
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, Result};
use crate::record::patch::Patch;
use crate::record::{Actor, Entry, HeaderChanges, RotateInput, Webhook, WebhookWithSecret};
use crate::store::Write;
use crate::value::id::Id;
use crate::webhook::generate_secret;

/// The secrets that an endpoint's payloads are signed with now.
pub(in crate::engine) fn open(components: &Components, webhook: &Webhook) -> Result<Vec<String>> {
    let now = components.environment().now();
    let purpose = purpose(webhook.id);
    let opened = webhook.secrets.open(components.sealer(), &purpose, now);
    opened.map_err(|error| of_secrets(webhook.id, &error))
}

/// The header fields that an endpoint's owner adds to its requests.
pub(in crate::engine) fn open_headers(
    components: &Components,
    webhook: &Webhook,
) -> Result<Vec<(String, String)>> {
    let purpose = purpose_of_headers(webhook.id);
    let opened = webhook.headers.open(components.sealer(), &purpose);
    opened.map_err(|error| of_secrets(webhook.id, &error))
}

/// Sets and removes header fields of an endpoint.
pub(super) fn change_headers(
    components: &Components,
    webhook: &mut Webhook,
    changes: &Patch<HeaderChanges>,
) -> Result<()> {
    let purpose = purpose_of_headers(webhook.id);
    let (sealer, rng) = (components.sealer(), components.environment().rng());
    webhook.headers.change(changes, sealer, &purpose, rng)
}

/// Seals an endpoint's header fields with the current key, if there is one; whether anything changed.
fn seal_headers(components: &Components, webhook: &mut Webhook) -> Result<bool> {
    let rng = components.environment().rng();
    let purpose = purpose_of_headers(webhook.id);
    let sealed = webhook.headers.seal(components.sealer(), &purpose, rng);
    sealed.map_err(|error| of_secrets(webhook.id, &error))
}

/// Seals an endpoint's secrets with the current key, if there is one; whether anything changed.
pub(super) fn seal(components: &Components, webhook: &mut Webhook) -> Result<bool> {
    let rng = components.environment().rng();
    let purpose = purpose(webhook.id);
    let sealed = webhook.secrets.seal(components.sealer(), &purpose, rng);
    sealed.map_err(|error| of_secrets(webhook.id, &error))
}

/// What an endpoint's secret is sealed for: a sealed secret moved to another endpoint does not open.
fn purpose(id: Id) -> String {
    format!("secret of {id}")
}

fn purpose_of_headers(id: Id) -> String {
    format!("header of {id}")
}

/// Secrets that do not open, with the endpoint whose they are.
fn of_secrets(webhook: Id, error: &Error) -> Error {
    let cause = error.source().map(ToString::to_string);
    let cause = cause.unwrap_or_default();
    Error::internal(format!("the secrets of {webhook}: {cause}"))
}

pub(super) struct Rotate {
    pub id: Id,
    pub input: RotateInput,
}

#[async_trait]
impl Operation for Rotate {
    type Output = Reply<WebhookWithSecret>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Self::Output> {
        let components = plan.context().components();
        let before = endpoint::require(plan.context(), self.id).await?;
        let mut webhook: Webhook = before.decode()?;
        let secret = generate_secret(components.environment().rng());
        let expires_at = self.input.expires_at(plan.now())?;
        if expires_at > plan.now() && open(components, &webhook).is_err() {
            return Err(Error::invalid(
                "expires_in",
                "The webhook's secret was sealed with a key that is not known here, so nothing can be signed with it: \
                 set `expires_in` to 0.",
            ));
        }
        webhook
            .secrets
            .rotate(secret.clone(), expires_at, plan.now())?;
        webhook.touch(plan.now());
        let body = webhook.shown_with(&secret);
        seal(components, &mut webhook)?;
        plan.write(Write::Replace {
            before: before.into_entry()?,
            after: Entry::new(webhook),
        });
        Ok(Reply::new(Outcome::Done, body))
    }
}

/// Seals the secrets of every endpoint with the current key; how many endpoints that changed.
pub(in crate::engine) async fn reseal_all(components: &Arc<Components>) -> Result<usize> {
    let (mut resealed, mut after) = (0, None);
    loop {
        let (scopes, next) = components.scopes_after(after).await?;
        for scope in scopes {
            let context = Context::open(components, scope, Actor::SYSTEM.into()).await?;
            let configuration = context.reload_configuration().await?;
            for webhook in &configuration.webhooks {
                resealed += usize::from(apply(&context, Reseal { id: webhook.id }).await?);
            }
        }
        if next.is_none() {
            return Ok(resealed);
        }
        after = next;
    }
}

/// Seals the secrets and the header fields of one endpoint; whether that changed it.
struct Reseal {
    id: Id,
}

#[async_trait]
impl Operation for Reseal {
    type Output = bool;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<bool> {
        let context = plan.context();
        let Some(before) = endpoint::find(context, self.id).await? else {
            return Ok(false);
        };
        let mut webhook: Webhook = before.decode()?;
        let components = context.components();
        let sealed = [
            seal(components, &mut webhook)?,
            seal_headers(components, &mut webhook)?,
        ];
        if !sealed.contains(&true) {
            return Ok(false);
        }
        webhook.version += 1;
        plan.write(Write::Replace {
            before: before.into_entry()?,
            after: Entry::new(webhook),
        });
        Ok(true)
    }
}
