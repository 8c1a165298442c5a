//! An endpoint as its owner sees it.

use serde::Serialize;

use super::filter::EventFilter;
use super::subscription::Subscription;
use super::{DisabledReason, Webhook, WebhookTag};
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// An endpoint as its owner sees it.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Webhook")
)]
pub(crate) struct Shown<'a> {
    /// `wh_` and a ULID.
    id: Id,
    /// Always `webhook`.
    object: WebhookTag,
    /// Where events are sent.
    url: &'a str,
    /// The types of event that are sent.
    event_types: &'a Subscription,
    /// What the endpoint asks of events of those types: null where it is sent all of them. In a change it replaces the one before as a
    /// whole, and null removes it.
    filter: Option<&'a EventFilter>,
    /// What its owner says of the endpoint.
    description: &'a Option<String>,
    /// Whether events are sent at all. Default: true.
    enabled: bool,
    /// Why the endpoint is not enabled; null where it is.
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    disabled_reason: Option<DisabledReason>,
    /// Since when deliveries have failed, twice in a row at least, and none has succeeded.
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    failing_since: Option<Timestamp>,
    /// Until when payloads are signed with the previous secret too.
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    previous_secret_expires_at: Option<Timestamp>,
    /// The names of the header fields that its owner adds to its requests, whose values are never shown.
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    header_names: Vec<&'a str>,
    /// The endpoint receives the events of this mode alone.
    mode: Mode,
    /// What payloads are signed with: shown when it is made, and never again.
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    /// When the endpoint was subscribed: the moment in the id.
    created_at: Timestamp,
    /// When the endpoint was changed last.
    updated_at: Timestamp,
}

impl Webhook {
    /// The JSON that its owner sees: everything but the secret.
    pub fn shown(&self) -> String {
        self.render(None)
    }

    /// The JSON that creation and rotation answer with: the one time that the secret is shown.
    pub(crate) fn shown_with(&self, secret: &str) -> String {
        self.render(Some(secret))
    }

    fn render(&self, secret: Option<&str>) -> String {
        let shown = Shown {
            id: self.id,
            object: self.object,
            url: &self.url,
            event_types: &self.event_types,
            filter: self.filter.as_ref(),
            description: &self.description,
            enabled: self.enabled,
            disabled_reason: self.disabled_reason,
            failing_since: self.failing_since,
            previous_secret_expires_at: self.secrets.previous_expires_at(),
            header_names: self.headers.names(),
            mode: self.mode,
            secret,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        serde_json::to_string(&shown).expect("texts, ids and times always serialise")
    }
}
