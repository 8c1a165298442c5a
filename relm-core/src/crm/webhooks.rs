//! Subscribing endpoints, and what was and is to be delivered to them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::listing::{self, List, ListRequest};
use super::operation::{Operation, Outcome, Plan, Reply};
use super::{Scoped, store_error};
use crate::error::{Error, Result};
use crate::id::{Id, Kind};
use crate::input::{Reader, read_only};
use crate::limits::{PAGE_LIMIT_MAX, WEBHOOKS_MAX};
use crate::record::{Document, Entry};
use crate::store::Write;
use crate::webhook::{Delivery, DeliveryStatus, Webhook, WebhookInput};

/// The endpoints of one scope, and their deliveries.
pub struct Webhooks<'a> {
    scoped: &'a Scoped,
}

impl<'a> Webhooks<'a> {
    pub(super) fn new(scoped: &'a Scoped) -> Self {
        Self { scoped }
    }

    /// Subscribes an endpoint. The reply holds its secret: the one time that it is shown.
    ///
    /// # Errors
    /// `validation_failed` for a bad URL, `unknown_value` for an unknown type of event.
    pub async fn subscribe(&self, input: WebhookInput) -> Result<Reply> {
        self.scoped.execute(Subscribe { input }).await
    }

    /// [`subscribe`](Self::subscribe) from a JSON object.
    ///
    /// # Errors
    /// As for `subscribe`, and whatever is wrong with the JSON's members.
    pub async fn subscribe_json(&self, body: Value) -> Result<Reply> {
        match read(body, &Map::new()) {
            Ok(input) => self.subscribe(input).await,
            Err(error) => Err(self.scoped.refuse_unread(error).await),
        }
    }

    /// The endpoint of this id as its owner sees it, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        match find(self.scoped, id).await? {
            Some(document) => shown(&document).map(Some),
            None => Ok(None),
        }
    }

    /// The endpoint of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Webhook>> {
        match find(self.scoped, id).await? {
            Some(document) => document.decode().map(Some),
            None => Ok(None),
        }
    }

    /// What an endpoint's payloads are signed with, or none where there is no such endpoint. Handle it as a password.
    ///
    /// # Errors
    /// `internal_error` when it was sealed with another key.
    pub async fn secret(&self, id: Id) -> Result<Option<String>> {
        let Some(webhook) = self.get(id).await? else {
            return Ok(None);
        };
        let sealer = &self.scoped.inner.sealer;
        let secret = sealer.open(&purpose(id), "", webhook.sealed_secret())?;
        Ok(Some(secret))
    }

    /// Changes an endpoint. Disabling it cancels what is pending.
    ///
    /// # Errors
    /// `not_found`; as for [`subscribe`](Self::subscribe).
    pub async fn update(&self, id: Id, input: WebhookInput) -> Result<Reply> {
        let reply = self.scoped.execute(Change { id, input }).await?;
        let enabled = self.get(id).await?.is_some_and(|webhook| webhook.enabled);
        if !enabled {
            self.cancel_pending(id).await?;
        }
        Ok(reply)
    }

    /// [`update`](Self::update) from a JSON object.
    ///
    /// # Errors
    /// As for `update`, and whatever is wrong with the JSON's members.
    pub async fn update_json(&self, id: Id, body: Value) -> Result<Reply> {
        let shown = self.get_json(id).await?.ok_or_else(unknown)?;
        self.update(id, read(body, &shown.decode()?)?).await
    }

    /// Deletes an endpoint and cancels what is pending. Its deliveries stay readable by their ids.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(&self, id: Id) -> Result<()> {
        self.scoped.execute(Delete { id }).await?;
        self.cancel_pending(id).await
    }

    /// One page of endpoints, newest first.
    ///
    /// # Errors
    /// `bad_request`, `invalid_cursor`.
    pub async fn list(&self, request: &ListRequest) -> Result<List> {
        let mut list = listing::list(self.scoped, Kind::Webhook, request).await?;
        for document in &mut list.data {
            *document = shown(document)?;
        }
        Ok(list)
    }

    /// One page of an endpoint's deliveries, newest first. Filters: `status`, `event_type`, `event_id`.
    ///
    /// # Errors
    /// `not_found` when there is no such endpoint; `bad_request`, `invalid_cursor`.
    pub async fn deliveries(&self, id: Id, request: &ListRequest) -> Result<List> {
        find(self.scoped, id).await?.ok_or_else(unknown)?;
        let request = request.clone().filter("webhook_id", "eq", &id.to_string());
        listing::list(self.scoped, Kind::Delivery, &request).await
    }

    /// Delivers the event of a delivery once more: the same event and body, from the start of the schedule.
    ///
    /// # Errors
    /// `not_found` when the endpoint has no such delivery; `validation_failed` when the endpoint is disabled.
    pub async fn replay(&self, id: Id, delivery: Id) -> Result<Reply<Delivery>> {
        self.scoped.execute(Replay { id, delivery }).await
    }

    /// Gives up what is pending for an endpoint that takes no more. Nothing new can become pending: the endpoint was
    /// disabled or deleted before. A crash in between leaves deliveries that no sender sends.
    async fn cancel_pending(&self, id: Id) -> Result<()> {
        let pending = ListRequest::default()
            .filter("webhook_id", "eq", &id.to_string())
            .filter("status", "eq", DeliveryStatus::Pending.as_str())
            .limit(PAGE_LIMIT_MAX);
        let plain = Scoped {
            idempotency: None,
            ..self.scoped.clone()
        };
        loop {
            let page = listing::list(&plain, Kind::Delivery, &pending).await?;
            if page.data.is_empty() {
                return Ok(());
            }
            let deliveries = page.data.into_iter().map(|document| document.id).collect();
            let cancel = Cancel {
                webhook: id,
                deliveries,
            };
            if plain.execute(cancel).await?.outcome != Outcome::Accepted {
                return Ok(());
            }
        }
    }
}

/// Members that the engine alone writes.
const READ_ONLY: [&str; 5] = ["id", "object", "mode", "created_at", "updated_at"];

/// Reads an input; read-only members may say again what `shown` says.
fn read(body: Value, shown: &Map<String, Value>) -> Result<WebhookInput> {
    let mut reader = Reader::new(body)?;
    let input = WebhookInput::read(&mut reader)?;
    for name in READ_ONLY {
        let said = reader.take(name);
        if said.is_some() && said.as_ref() != shown.get(name) {
            return Err(read_only(name));
        }
    }
    reader.finish()?;
    Ok(input)
}

fn unknown() -> Error {
    Error::not_found("webhook")
}

/// What an endpoint's secret is sealed for: a sealed secret moved to another endpoint does not open.
fn purpose(id: Id) -> String {
    format!("secret of {id}")
}

async fn find(scoped: &Scoped, id: Id) -> Result<Option<Document>> {
    scoped.document(Kind::Webhook, id).await
}

fn shown(document: &Document) -> Result<Document> {
    let webhook: Webhook = document.decode()?;
    Ok(Document {
        id: document.id,
        json: webhook.shown().into(),
    })
}

struct Subscribe {
    input: WebhookInput,
}

impl Operation<Value> for Subscribe {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        if plan.configuration.webhooks.len() >= WEBHOOKS_MAX {
            return Err(Error::invalid(
                "url",
                format!("There can be at most {WEBHOOKS_MAX} webhooks; delete one first."),
            ));
        }
        let id = plan.mint(Kind::Webhook);
        let inner = &plan.scoped.inner;
        let mode = plan.scoped.scope.mode();
        let input = self.input.clone();
        let entropy = inner.entropy.as_ref();
        let (mut webhook, secret) = Webhook::subscribe(id, mode, id.timestamp(), input, entropy)?;
        let body = webhook.shown_with(&secret);
        if inner.sealer.has_key() {
            webhook.keep_secret(inner.sealer.seal(&purpose(id), "", &secret, entropy)?);
        }
        let insert = Write::Insert(Entry::new(webhook));
        plan.writes.extend([insert, Write::Reconfigure]);
        Ok(Reply::new(Outcome::Created, body))
    }

    fn is_secret(&self) -> bool {
        true
    }
}

struct Change {
    id: Id,
    input: WebhookInput,
}

impl Operation<Value> for Change {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let before = find(plan.scoped, self.id).await?.ok_or_else(unknown)?;
        let webhook: Webhook = before.decode()?;
        let mut changed = webhook.clone();
        changed.apply(self.input.clone())?;
        if changed != webhook {
            changed.touch(plan.now);
            let before = before.into_entry()?;
            let after = Entry::new(changed.clone());
            let replace = Write::Replace { before, after };
            plan.writes.extend([replace, Write::Reconfigure]);
        }
        Ok(Reply::new(Outcome::Done, changed.shown()))
    }
}

struct Delete {
    id: Id,
}

impl Operation<Value> for Delete {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let before = find(plan.scoped, self.id).await?.ok_or_else(unknown)?;
        let body = shown(&before)?.json;
        let delete = Write::Delete(before.into_entry()?);
        plan.writes.extend([delete, Write::Reconfigure]);
        Ok(Reply::new(Outcome::Done, body))
    }
}

struct Replay {
    id: Id,
    delivery: Id,
}

impl Operation<Delivery> for Replay {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Delivery>> {
        let document = find(plan.scoped, self.id).await?.ok_or_else(unknown)?;
        let webhook: Webhook = document.decode()?;
        let found = plan.scoped.document(Kind::Delivery, self.delivery).await?;
        let delivery: Option<Delivery> = found.map(|found| found.decode()).transpose()?;
        let delivery = delivery
            .filter(|delivery| delivery.webhook_id == self.id)
            .ok_or_else(|| Error::not_found("delivery"))?;
        if !webhook.enabled {
            return Err(Error::invalid(
                "enabled",
                "The webhook is disabled: enable it before you replay a delivery.",
            ));
        }
        let id = plan.mint(Kind::Delivery);
        let entry = Entry::new(delivery.replay(id, id.timestamp()));
        let json = entry.document().json;
        plan.writes.push(Write::Insert(entry));
        Ok(Reply::new(Outcome::Accepted, json))
    }
}

/// Cancels some deliveries, as long as their endpoint takes none.
struct Cancel {
    webhook: Id,
    deliveries: Vec<Id>,
}

impl Operation<Value> for Cancel {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let Scoped { inner, scope, .. } = plan.scoped;
        let nothing = Arc::<str>::from("null");
        let webhook = find(plan.scoped, self.webhook).await?;
        let webhook: Option<Webhook> = webhook.map(|found| found.decode()).transpose()?;
        if webhook.is_some_and(|webhook| webhook.enabled) {
            // Somebody enabled it again: what is pending is to be sent.
            return Ok(Reply::new(Outcome::Done, nothing));
        }
        for id in &self.deliveries {
            let found = inner.store.get(*scope, *id).await.map_err(store_error)?;
            let Some(document) = found else { continue };
            let mut delivery: Delivery = document.decode()?;
            if delivery.status == DeliveryStatus::Pending {
                delivery.cancel();
                plan.writes.push(Write::Replace {
                    before: document.into_entry()?,
                    after: Entry::new(delivery),
                });
            }
        }
        Ok(Reply::new(Outcome::Accepted, nothing))
    }
}
