//! Endpoints as they are read: from a request, from the store, and as their owners see them.

use serde_json::{Map, Value};

use crate::engine::context::Context;
use crate::error::{Error, Result};
use crate::record::input::{Reader, read_only};
use crate::record::{Document, Webhook, WebhookInput};
use crate::value::id::{Id, Kind};

/// Members that the engine alone writes.
const READ_ONLY: [&str; 10] = [
    "id",
    "object",
    "disabled_reason",
    "failing_since",
    "previous_secret_expires_at",
    "header_names",
    "secret",
    "mode",
    "created_at",
    "updated_at",
];

/// Reads an input; read-only members may say again what `shown` says, and of a new endpoint nothing but null.
pub(super) fn read(body: Value, shown: Option<&Map<String, Value>>) -> Result<WebhookInput> {
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
pub(super) fn or_empty(body: Value) -> Value {
    match body {
        Value::Null => Value::Object(Map::new()),
        body => body,
    }
}

/// The document of an endpoint, its secrets in it.
pub(in crate::engine) async fn find(context: &Context, id: Id) -> Result<Option<Document>> {
    context.document(Kind::Webhook, id).await
}

/// The document of an endpoint that must be there.
pub(super) async fn require(context: &Context, id: Id) -> Result<Document> {
    find(context, id).await?.ok_or_else(unknown)
}

/// An endpoint that must take deliveries.
pub(super) async fn require_enabled(context: &Context, id: Id) -> Result<(Document, Webhook)> {
    let document = require(context, id).await?;
    let webhook: Webhook = document.decode()?;
    if webhook.enabled {
        return Ok((document, webhook));
    }
    Err(Error::invalid(
        "enabled",
        "The webhook is disabled: enable it before you have anything delivered.",
    ))
}

fn unknown() -> Error {
    Error::not_found("webhook")
}

/// An endpoint as its owner sees it.
pub(super) fn shown(document: &Document) -> Result<Document> {
    let webhook: Webhook = document.decode()?;
    Ok(Document {
        id: document.id,
        json: webhook.shown().into(),
    })
}
