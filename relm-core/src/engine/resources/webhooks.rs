//! Endpoints: subscribing, changing and deleting them, and their secrets.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::listing::{self, List, ListRequest};
use crate::engine::transaction::{Operation, Outcome, Plan, Reply};
use crate::engine::{Crm, Inner, Scoped};
use crate::error::{Error, Result};
use crate::limits::{WEBHOOKS_MAX, WEBHOOKS_PER_URL_MAX};
use crate::record::input::{Reader, read_only};
use crate::record::{Document, Entry};
use crate::record::{EndpointRules, Webhook, WebhookInput};
use crate::store::{QueueKey, Write};
use crate::value::id::{Id, Kind};
use crate::webhook::{RotateInput, generate_secret};

/// Pages of what is pending that are cancelled before it is answered that an endpoint was disabled.
const CANCELLED_PAGES: usize = 5;

/// The endpoints of one scope, and their deliveries.
pub struct Webhooks<'a> {
    pub(in crate::engine) scoped: &'a Scoped,
}

impl<'a> Webhooks<'a> {
    pub(in crate::engine) fn new(scoped: &'a Scoped) -> Self {
        Self { scoped }
    }

    /// Subscribes an endpoint. The reply holds its secret: the one time that it is shown.
    ///
    /// # Errors
    /// `validation_failed` for a bad URL, one that the [policy](crate::engine::CrmBuilder::targets) refuses, or one that has
    /// endpoints enough; `unknown_value` for an unknown type of event.
    pub async fn subscribe(&self, input: WebhookInput) -> Result<Reply> {
        self.scoped.execute(Subscribe { input }).await
    }

    /// [`subscribe`](Self::subscribe) from a JSON object.
    ///
    /// # Errors
    /// As for `subscribe`, and whatever is wrong with the JSON's members.
    pub async fn subscribe_json(&self, body: Value) -> Result<Reply> {
        match read(body, None) {
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

    /// What an endpoint's payloads are signed with, or none where there is no such endpoint: its secret, and then those
    /// before it that have not expired. Handle them as passwords.
    ///
    /// # Errors
    /// `internal_error` when they were sealed with another key.
    pub async fn secrets(&self, id: Id) -> Result<Option<Vec<String>>> {
        match self.get(id).await? {
            Some(webhook) => self.scoped.inner.secrets(&webhook).map(Some),
            None => Ok(None),
        }
    }

    /// Changes an endpoint. Disabling it cancels what is pending; where that is over a thousand deliveries, or the store
    /// fails between the two, a [dispatcher](crate::engine::Dispatcher) does the rest as soon as it can.
    ///
    /// # Errors
    /// `not_found`; as for [`subscribe`](Self::subscribe).
    pub async fn update(&self, id: Id, input: WebhookInput) -> Result<Reply> {
        let reply = self.scoped.execute(Change { id, input }).await?;
        self.clean_up(id).await;
        Ok(reply)
    }

    /// [`update`](Self::update) from a JSON object.
    ///
    /// # Errors
    /// As for `update`, and whatever is wrong with the JSON's members.
    pub async fn update_json(&self, id: Id, body: Value) -> Result<Reply> {
        let shown = self.get_json(id).await?.ok_or_else(unknown)?;
        self.update(id, read(body, Some(&shown.decode()?))?).await
    }

    /// Deletes an endpoint and cancels what is pending, as for [`update`](Self::update).
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(&self, id: Id) -> Result<()> {
        self.scoped.execute(Delete { id }).await?;
        self.clean_up(id).await;
        Ok(())
    }

    /// Cancels what is pending for an endpoint that takes no more, as far as its caller can wait for that. The change that
    /// led here was made, and its caller must hear so whatever fails now: the dispatcher is told to go on at once.
    pub(in crate::engine) async fn clean_up(&self, id: Id) {
        for _ in 0..CANCELLED_PAGES {
            match self.scoped.cancel_some(id).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => break,
            }
        }
        self.scoped.inner.bell.ring(BTreeSet::from([QueueKey {
            scope_key: self.scoped.scope.key(),
            webhook: id,
        }]));
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

    /// Gives the endpoint a new secret. The old one signs beside it for as long as the input says. The reply holds the
    /// new secret: the one time that it is shown.
    ///
    /// # Errors
    /// `not_found`; `validation_failed` for a time that is too long, or where many old secrets still sign.
    pub async fn rotate_secret(&self, id: Id, input: RotateInput) -> Result<Reply> {
        self.scoped.execute(Rotate { id, input }).await
    }

    /// [`rotate_secret`](Self::rotate_secret) from a JSON object, or null for the defaults.
    ///
    /// # Errors
    /// As for `rotate_secret`, and whatever is wrong with the JSON's members.
    pub async fn rotate_secret_json(&self, id: Id, body: Value) -> Result<Reply> {
        let read = |body| {
            let mut reader = Reader::new(body)?;
            let input = RotateInput::read(&mut reader)?;
            reader.finish()?;
            Ok(input)
        };
        match read(or_empty(body)) {
            Ok(input) => self.rotate_secret(id, input).await,
            Err(error) => Err(self.scoped.refuse_unread(error).await),
        }
    }
}

/// Members that the engine alone writes.
const READ_ONLY: [&str; 8] = [
    "id",
    "object",
    "disabled_reason",
    "failing_since",
    "previous_secret_expires_at",
    "mode",
    "created_at",
    "updated_at",
];

/// Reads an input; read-only members may say again what `shown` says, and of a new endpoint nothing but null.
fn read(body: Value, shown: Option<&Map<String, Value>>) -> Result<WebhookInput> {
    let mut reader = Reader::new(body)?;
    let input = WebhookInput::read(&mut reader)?;
    for name in READ_ONLY {
        let said = reader.take_read_only(name);
        let stored = shown.map_or(Some(&Value::Null), |shown| shown.get(name));
        if said.is_some() && said.as_ref() != stored {
            return Err(read_only(name));
        }
    }
    reader.finish()?;
    Ok(input)
}

/// A body that was left out asks for nothing in particular.
pub(in crate::engine) fn or_empty(body: Value) -> Value {
    match body {
        Value::Null => Value::Object(Map::new()),
        body => body,
    }
}

pub(in crate::engine) fn unknown() -> Error {
    Error::not_found("webhook")
}

/// What an endpoint's secret is sealed for: a sealed secret moved to another endpoint does not open.
fn purpose(id: Id) -> String {
    format!("secret of {id}")
}

/// The document of an endpoint, its secrets in it.
pub(in crate::engine) async fn find(scoped: &Scoped, id: Id) -> Result<Option<Document>> {
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
        let rng = inner.rng.as_ref();
        let now = id.timestamp();
        let made = Webhook::subscribe(id, mode, now, input, &inner.endpoint_rules(), rng);
        let (mut webhook, secret) = made?;
        check_room(plan, &webhook)?;
        let inner = &plan.scoped.inner;
        let body = webhook.shown_with(&secret);
        inner.seal(&mut webhook)?;
        let insert = Write::Insert(Entry::new(webhook));
        plan.writes.extend([insert, Write::Reconfigure]);
        Ok(Reply::new(Outcome::Created, body))
    }

    fn is_secret(&self) -> bool {
        true
    }
}

/// Refuses one endpoint too many at one URL, whose owner may be somebody else and has asked for none of them.
fn check_room(plan: &Plan<'_>, webhook: &Webhook) -> Result<()> {
    let others = plan.configuration.webhooks.iter();
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

impl Operation<Value> for Change {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let before = find(plan.scoped, self.id).await?.ok_or_else(unknown)?;
        let webhook: Webhook = before.decode()?;
        let mut changed = webhook.clone();
        changed.change(self.input.clone(), &plan.scoped.inner.endpoint_rules())?;
        if !webhook.is_at(&changed.url) {
            check_room(plan, &changed)?;
        }
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

struct Rotate {
    id: Id,
    input: RotateInput,
}

impl Operation<Value> for Rotate {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let inner = &plan.scoped.inner;
        let before = find(plan.scoped, self.id).await?.ok_or_else(unknown)?;
        let mut webhook: Webhook = before.decode()?;
        let secret = generate_secret(inner.rng.as_ref());
        let expires_at = self.input.expires_at(plan.now)?;
        if expires_at > plan.now && inner.secrets(&webhook).is_err() {
            return Err(Error::invalid(
                "expires_in",
                "The webhook's secret was sealed with a key that is not known here, so nothing can be signed with it: \
                 set `expires_in` to 0.",
            ));
        }
        webhook
            .secrets
            .rotate(secret.clone(), expires_at, plan.now)?;
        webhook.touch(plan.now);
        let body = webhook.shown_with(&secret);
        inner.seal(&mut webhook)?;
        plan.writes.push(Write::Replace {
            before: before.into_entry()?,
            after: Entry::new(webhook),
        });
        Ok(Reply::new(Outcome::Done, body))
    }

    fn is_secret(&self) -> bool {
        true
    }
}

impl Inner {
    fn endpoint_rules(&self) -> EndpointRules<'_> {
        EndpointRules {
            plain_http: self.plain_http,
            targets: self.targets.as_ref(),
        }
    }

    /// The secrets that an endpoint's payloads are signed with now.
    pub(in crate::engine) fn secrets(&self, webhook: &Webhook) -> Result<Vec<String>> {
        let now = self.clock.now();
        let opened = webhook
            .secrets
            .open(&self.sealer, &purpose(webhook.id), now);
        opened.map_err(|error| of_secrets(webhook.id, &error))
    }

    /// Seals an endpoint's secrets with the current key, if there is one; whether anything changed.
    fn seal(&self, webhook: &mut Webhook) -> Result<bool> {
        let rng = self.rng.as_ref();
        let sealed = webhook
            .secrets
            .seal(&self.sealer, &purpose(webhook.id), rng);
        sealed.map_err(|error| of_secrets(webhook.id, &error))
    }
}

/// Secrets that do not open, with the endpoint whose they are.
fn of_secrets(webhook: Id, error: &Error) -> Error {
    let cause = error.source().map(ToString::to_string);
    let cause = cause.unwrap_or_default();
    Error::internal(format!("the secrets of {webhook}: {cause}"))
}

impl Crm {
    /// Seals the secrets of every endpoint with the current [key](crate::engine::CrmBuilder::sealing_key), whatever they were
    /// sealed with before, and gives how many endpoints that changed. Afterwards former keys are needed no more, but for
    /// the replies to idempotent requests of the last 24 hours that hold a secret.
    ///
    /// # Errors
    /// `internal_error` when one was sealed with a key that this engine does not have; those before it are sealed anew.
    pub async fn reseal_secrets(&self) -> Result<usize> {
        let (mut resealed, mut after) = (0, None);
        loop {
            let (scopes, next) = self.scopes_after(after).await?;
            for scope in scopes {
                let scoped = self.open(scope.workspace(), scope.mode()).await?;
                let configuration = scoped.inner.reload_configuration(scope).await?;
                for webhook in &configuration.webhooks {
                    let reply = scoped.execute(Reseal { id: webhook.id }).await?;
                    resealed += usize::from(reply.outcome == Outcome::Accepted);
                }
            }
            if next.is_none() {
                return Ok(resealed);
            }
            after = next;
        }
    }
}

struct Reseal {
    id: Id,
}

impl Operation<Value> for Reseal {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply> {
        let nothing = Arc::<str>::from("null");
        let Some(before) = find(plan.scoped, self.id).await? else {
            return Ok(Reply::new(Outcome::Done, nothing));
        };
        let mut webhook: Webhook = before.decode()?;
        if !plan.scoped.inner.seal(&mut webhook)? {
            return Ok(Reply::new(Outcome::Done, nothing));
        }
        webhook.version += 1;
        plan.writes.push(Write::Replace {
            before: before.into_entry()?,
            after: Entry::new(webhook),
        });
        Ok(Reply::new(Outcome::Accepted, nothing))
    }
}
