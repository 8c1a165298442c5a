//! Endpoints: subscribing, changing and deleting them.

use async_trait::async_trait;
use serde_json::Value;

use super::cancelling::cancel_pending;
use super::deliveries::{Ping, Replay};
use super::endpoint;
use super::listing::ListRequest;
use super::pages::Listing;
use super::recovery::{Recover, RecoverInput, Recovery};
use super::secrets::{self, Rotate};
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, apply_once_sealed, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::wanted::check_filter;
use crate::error::{Error, Result};
use crate::limits::{WEBHOOKS_MAX, WEBHOOKS_PER_URL_MAX};
use crate::record::RotateInput;
use crate::record::input::Reader;
use crate::record::{Delivery, Document, Entry, Webhook, WebhookInput, WebhookWithSecret};
use crate::store::Write;
use crate::value::id::{Id, Kind};
use crate::webhook::Secret;

/// The endpoints of one scope, and their deliveries.
pub struct Webhooks<'a> {
    context: &'a Context,
}

impl<'a> Webhooks<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Subscribes an endpoint, and gives it with its secret: the one time that it is shown.
    ///
    /// # Errors
    /// `validation_failed` for a bad URL, one that the [policy](crate::engine::CrmBuilder::targets) refuses, or one that has
    /// endpoints enough; `unknown_value` for an unknown type of event.
    pub async fn subscribe(&self, input: WebhookInput) -> Result<WebhookWithSecret> {
        let reply = apply_once_sealed(self.context, Subscribe { input }).await;
        reply?.decode()
    }

    /// [`subscribe`](Self::subscribe) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `subscribe`, and whatever is wrong with the JSON's members.
    pub async fn subscribe_json(&self, body: Value) -> Result<Reply<WebhookWithSecret>> {
        match endpoint::read(body, None) {
            Ok(input) => apply_once_sealed(self.context, Subscribe { input }).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// The endpoint of this id as its owner sees it, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        match endpoint::find(self.context, id).await? {
            Some(document) => endpoint::shown(&document).map(Some),
            None => Ok(None),
        }
    }

    /// The endpoint of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Webhook>> {
        match endpoint::find(self.context, id).await? {
            Some(document) => document.decode().map(Some),
            None => Ok(None),
        }
    }

    /// What an endpoint's payloads are signed with, or none where there is no such endpoint: its secret, and then those
    /// before it that have not expired. Handle them as passwords.
    ///
    /// # Errors
    /// `internal_error` when they were sealed with another key.
    pub async fn secrets(&self, id: Id) -> Result<Option<Vec<Secret>>> {
        let Some(webhook) = self.get(id).await? else {
            return Ok(None);
        };
        let opened = secrets::open(self.context.components(), &webhook)?;
        Ok(Some(opened.into_iter().map(Secret::new).collect()))
    }

    /// Changes an endpoint. Disabling it cancels what is pending; where that is over a thousand deliveries, or the store
    /// fails between the two, a [dispatcher](crate::engine::Dispatcher) does the rest as soon as it can.
    ///
    /// # Errors
    /// `not_found`; as for [`subscribe`](Self::subscribe).
    pub async fn update(&self, id: Id, input: WebhookInput) -> Result<Reply> {
        let reply = apply_once(self.context, Change { id, input }).await?;
        cancel_pending(self.context, id).await;
        Ok(reply)
    }

    /// [`update`](Self::update) from a JSON object.
    ///
    /// # Errors
    /// As for `update`, and whatever is wrong with the JSON's members.
    pub async fn update_json(&self, id: Id, body: Value) -> Result<Reply> {
        let shown = endpoint::shown(&endpoint::require(self.context, id).await?)?;
        let input = endpoint::read(body, Some(&shown.decode()?))?;
        self.update(id, input).await
    }

    /// Deletes an endpoint and cancels what is pending, as for [`update`](Self::update).
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(&self, id: Id) -> Result<()> {
        apply_once(self.context, Delete { id }).await?;
        cancel_pending(self.context, id).await;
        Ok(())
    }

    /// The endpoints, newest first; as JSON, each as its owner sees it. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Webhook> {
        Listing::of(self.context, Kind::Webhook, request).shown(endpoint::shown)
    }

    /// Gives the endpoint a new secret, and gives it with that: the one time that it is shown. The old one signs beside it
    /// for as long as the input says.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` for a time that is too long, or where many old secrets still sign.
    pub async fn rotate_secret(&self, id: Id, input: RotateInput) -> Result<WebhookWithSecret> {
        let reply = apply_once_sealed(self.context, Rotate { id, input }).await;
        reply?.decode()
    }

    /// [`rotate_secret`](Self::rotate_secret) from a JSON object, or null for the defaults, answered as JSON.
    ///
    /// # Errors
    /// As for `rotate_secret`, and whatever is wrong with the JSON's members.
    pub async fn rotate_secret_json(
        &self,
        id: Id,
        body: Value,
    ) -> Result<Reply<WebhookWithSecret>> {
        let reader = Reader::new(endpoint::or_empty(body));
        match reader.and_then(|reader| reader.all_of(RotateInput::read)) {
            Ok(input) => apply_once_sealed(self.context, Rotate { id, input }).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// An endpoint's deliveries, newest first. Filters: `status`, `event_type`, `event_id`. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `not_found` when there is no such endpoint; `bad_request`, `invalid_cursor`.
    pub fn deliveries<'r>(&self, id: Id, request: &'r ListRequest) -> Listing<'a, 'r, Delivery> {
        Listing::of(self.context, Kind::Delivery, request).of_endpoint(id)
    }

    /// Delivers the event of a delivery once more: the same event and body, from the start of the schedule.
    ///
    /// # Errors
    /// `not_found` when the endpoint has no such delivery, or its event is kept no more; `validation_failed` when the
    /// endpoint is disabled, or has 100 deliveries of the event.
    pub async fn replay(&self, id: Id, delivery: Id) -> Result<Reply<Delivery>> {
        apply_once(self.context, Replay { id, delivery }).await
    }

    /// Delivers an event of the type `ping` to one endpoint, whatever it subscribed to.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` when the endpoint is disabled.
    pub async fn test(&self, id: Id) -> Result<Reply<Delivery>> {
        apply_once(self.context, Ping { id }).await
    }

    /// Delivers every event of a range of time that the endpoint subscribed to and that has not reached it: those whose
    /// deliveries are dead or cancelled, and those that it was never to be sent. What was delivered or is pending is
    /// left alone, so that asking twice does nothing twice. The newest go first, and at most 500 at a time: the reply
    /// says where to go on.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` when the endpoint is disabled or the range is empty.
    pub async fn recover(&self, id: Id, input: RecoverInput) -> Result<Reply<Recovery>> {
        apply_once(self.context, Recover { id, input }).await
    }

    /// [`recover`](Self::recover) from a JSON object.
    ///
    /// # Errors
    /// As for `recover`, and whatever is wrong with the JSON's members.
    pub async fn recover_json(&self, id: Id, body: Value) -> Result<Reply<Recovery>> {
        let reader = Reader::new(endpoint::or_empty(body));
        match reader.and_then(|reader| reader.all_of(RecoverInput::read)) {
            Ok(input) => self.recover(id, input).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }
}

struct Subscribe {
    input: WebhookInput,
}

#[async_trait]
impl Operation for Subscribe {
    type Output = Reply<WebhookWithSecret>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Self::Output> {
        if plan.configuration().webhooks.len() >= WEBHOOKS_MAX {
            return Err(Error::invalid(
                "url",
                format!("There can be at most {WEBHOOKS_MAX} webhooks; delete one first."),
            ));
        }
        let id = plan.mint(Kind::Webhook);
        let components = plan.context().components();
        let mode = plan.context().scope().mode();
        let input = self.input.clone();
        let rng = components.environment().rng();
        let rules = components.endpoint_rules();
        let made = Webhook::subscribe(id, mode, id.timestamp(), input, &rules, rng);
        let (mut webhook, secret) = made?;
        secrets::change_headers(components, &mut webhook, &self.input.headers)?;
        check_filter(&webhook, &plan.configuration().fields)?;
        check_room(plan, &webhook)?;
        let body = webhook.shown_with(&secret);
        secrets::seal(components, &mut webhook)?;
        plan.write(Write::Insert(Entry::new(webhook)));
        plan.write(Write::Reconfigure);
        Ok(Reply::new(Outcome::Created, body))
    }
}

/// Refuses one endpoint too many at one URL, whose owner may be somebody else and has asked for none of them.
fn check_room(plan: &Plan<'_>, webhook: &Webhook) -> Result<()> {
    let others = plan.configuration().webhooks.iter();
    let others = others.filter(|other| other.id != webhook.id && other.is_at(&webhook.url));
    if others.count() < WEBHOOKS_PER_URL_MAX {
        return Ok(());
    }
    let message = format!(
        "There are {WEBHOOKS_PER_URL_MAX} webhooks with this `url`, which is all that one URL can have: change `event_types` of one \
         of them, or delete one."
    );
    Err(Error::invalid("url", message))
}

struct Change {
    id: Id,
    input: WebhookInput,
}

#[async_trait]
impl Operation for Change {
    type Output = Reply<Value>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let before = endpoint::require(plan.context(), self.id).await?;
        let webhook: Webhook = before.decode()?;
        let mut changed = webhook.clone();
        let components = plan.context().components();
        changed.change(self.input.clone(), &components.endpoint_rules())?;
        secrets::change_headers(components, &mut changed, &self.input.headers)?;
        let asks_otherwise =
            changed.filter != webhook.filter || changed.event_types != webhook.event_types;
        if asks_otherwise {
            check_filter(&changed, &plan.configuration().fields)?;
        }
        if !webhook.is_at(&changed.url) {
            check_room(plan, &changed)?;
        }
        if changed != webhook {
            changed.touch(plan.now());
            let before = before.into_entry()?;
            let after = Entry::new(changed.clone());
            plan.write(Write::Replace { before, after });
            plan.write(Write::Reconfigure);
        }
        Ok(Reply::new(Outcome::Done, changed.shown()))
    }
}

struct Delete {
    id: Id,
}

#[async_trait]
impl Operation for Delete {
    type Output = Reply<Value>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let before = endpoint::require(plan.context(), self.id).await?;
        let body = endpoint::shown(&before)?.json;
        plan.write(Write::Delete(before.into_entry()?));
        plan.write(Write::Reconfigure);
        Ok(Reply::new(Outcome::Done, body))
    }
}
