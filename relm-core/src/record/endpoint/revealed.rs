//! An endpoint at the one moment at which its secret is shown.

use serde::Deserialize;

use super::filter::EventFilter;
use super::subscription::Subscription;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;
use crate::webhook::Secret;

/// An endpoint that was subscribed or whose secret was rotated, as it was then, with the secret: the one time that it is
/// shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WebhookWithSecret {
    /// `wh_` and a ULID.
    pub id: Id,
    /// Where events are sent.
    pub url: String,
    /// The types of event that are sent.
    pub event_types: Subscription,
    /// What it asks of events of those types; none: nothing.
    #[serde(default)]
    pub filter: Option<EventFilter>,
    /// What its owner says of the endpoint.
    pub description: Option<String>,
    /// Whether events are sent at all.
    pub enabled: bool,
    /// Until when payloads are signed with the previous secret too.
    pub previous_secret_expires_at: Option<Timestamp>,
    /// The names of the header fields that its owner adds to its requests.
    #[serde(default)]
    pub header_names: Vec<String>,
    /// The endpoint receives the events of this mode alone.
    pub mode: Mode,
    /// What payloads are signed with.
    pub secret: Secret,
    /// When the endpoint was subscribed: the moment in the id.
    pub created_at: Timestamp,
    /// When the endpoint was changed last.
    pub updated_at: Timestamp,
}
