//! Endpoints: which URLs subscribe to which events, and with what secret they are signed.

mod filter;
mod headers;
mod revealed;
mod rotation;
mod shown;
pub(crate) mod subscription;
pub(crate) mod url;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::filter::EventFilter;
pub use self::headers::HeaderChanges;
use self::headers::Headers;
pub use self::revealed::WebhookWithSecret;
pub use self::rotation::RotateInput;
#[cfg(feature = "schema")]
pub(crate) use self::shown::Shown;
use self::subscription::Subscription;
use crate::error::{Error, Result};
use crate::limits::{TEXT_CHARS_MAX, WEBHOOK_URL_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::input::{Reader, read_as_json};
use crate::record::patch::Patch;
use crate::value::from_text::named;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::spelling::OtherNames;
use crate::value::time::{Rng, Timestamp};
use crate::webhook::secret::{self, Secrets};
use crate::webhook::{AnyTarget, TargetPolicy};

/// A subscribed URL. Its secret is in the record that a store keeps, and never in [`Webhook::shown`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Webhook {
    /// `wh_` and a ULID.
    pub id: Id,
    /// Always `webhook`.
    pub object: WebhookTag,
    /// Where events are sent.
    pub url: String,
    /// What it subscribed to.
    pub event_types: Subscription,
    /// What it asks of events of those types; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<EventFilter>,
    /// Its owner's description.
    pub description: Option<String>,
    /// Whether events are sent at all.
    pub enabled: bool,
    /// Why it is not enabled.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when deliveries to it have failed, twice in a row at least, and none has succeeded.
    pub failing_since: Option<Timestamp>,
    /// What its payloads are signed with.
    pub(crate) secrets: Secrets,
    /// What its owner adds to its requests.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub(crate) headers: Headers,
    /// 1 on create, one more with each change.
    pub version: i64,
    /// Live or test: it sees the events of that mode alone.
    pub mode: Mode,
    /// The moment in the id.
    pub created_at: Timestamp,
    /// The moment of the last change.
    pub updated_at: Timestamp,
}

/// The `object` member of a [`Webhook`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WebhookTag {
    /// Its one value.
    #[default]
    #[serde(rename = "webhook")]
    Webhook,
}

/// Why an endpoint is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// Its owner disabled it.
    Requested,
    /// It answered 410: it is gone for good.
    Gone,
    /// For days, no delivery to it succeeded.
    Failing,
}

impl DisabledReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Requested, Self::Gone, Self::Failing];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

named!(DisabledReason, as_str, "`requested`, `gone` or `failing`");

/// The members that a write sets on an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebhookInput {
    /// See [`Webhook::url`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub url: Patch<String>,
    /// See [`Webhook::event_types`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub event_types: Patch<Vec<String>>,
    /// See [`Webhook::filter`]. It replaces the one before as a whole.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub filter: Patch<EventFilter>,
    /// See [`Webhook::description`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// See [`Webhook::enabled`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub enabled: Patch<bool>,
    /// Header fields that are added to its requests, or removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub headers: Patch<HeaderChanges>,
}

read_as_json!(WebhookInput, |reader| reader.all_of(WebhookInput::read));

/// What an operator decides about where endpoints may lead.
pub struct Rules<'a> {
    /// Whether live endpoints may be reached by http.
    pub plain_http: bool,
    /// Judges where they lead.
    pub targets: &'a dyn TargetPolicy,
}

/// The default: https alone, and any target.
impl Default for Rules<'_> {
    fn default() -> Self {
        Self {
            plain_http: false,
            targets: &AnyTarget,
        }
    }
}

/// What other APIs call the members of an endpoint.
const OTHER_NAMES: OtherNames = &[
    (
        &[
            "events",
            "event",
            "enabled_events",
            "event_type",
            "types",
            "topics",
            "topic",
            "subscriptions",
        ],
        &["event_types"],
    ),
    (
        &[
            "target_url",
            "callback_url",
            "endpoint",
            "endpoint_url",
            "webhook_url",
            "uri",
            "target",
            "address",
        ],
        &["url"],
    ),
    (
        &["active", "is_active", "is_enabled", "status"],
        &["enabled"],
    ),
    (&["name", "title", "label"], &["description"]),
    (&["filters", "conditions", "where"], &["filter"]),
];

impl Columns for Webhook {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("url", WEBHOOK_URL_CHARS_MAX, |it: &Self| Some(&it.url)).required(),
        Column::json("event_types", |it: &Self| {
            let event_types = serde_json::to_string(&it.event_types);
            event_types.expect("a list of texts always serialises")
        })
        .required(),
        Column::text("description", TEXT_CHARS_MAX, |it: &Self| {
            it.description.as_deref()
        }),
        Column::boolean("enabled", |it: &Self| it.enabled),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
        Column::timestamp("updated_at", |it: &Self| Some(it.updated_at)),
    ];
}

impl WebhookInput {
    /// Takes an endpoint, or a change of one, from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    pub fn read(reader: &mut Reader) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let event_types = match reader.take("event_types") {
            Some(serde_json::Value::String(name)) => Patch::Set(vec![name]),
            Some(value) => {
                let mut one = Reader::new(serde_json::json!({ "event_types": value }))?;
                one.texts("event_types")?
            }
            None => Patch::Keep,
        };
        Ok(Self {
            url: reader.text("url")?,
            event_types,
            filter: EventFilter::read(reader.take("filter"))?,
            description: reader.text("description")?,
            enabled: reader.boolean("enabled")?,
            headers: HeaderChanges::read(reader.take("headers"))?,
        })
    }
}

impl Webhook {
    /// A new endpoint, and its secret.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_value`, naming the member; what the rules refuse.
    pub fn subscribe(
        id: Id,
        mode: Mode,
        now: Timestamp,
        input: WebhookInput,
        rules: &Rules<'_>,
        rng: &dyn Rng,
    ) -> Result<(Self, String)> {
        for (name, given) in [
            ("url", input.url.as_set().is_some()),
            ("event_types", input.event_types.as_set().is_some()),
        ] {
            if !given {
                return Err(Error::invalid(name, format!("`{name}` is required.")));
            }
        }
        let secret = secret::generate(rng);
        let mut webhook = Self {
            id,
            object: WebhookTag::Webhook,
            url: String::new(),
            event_types: Subscription::everything(),
            filter: None,
            description: None,
            enabled: true,
            disabled_reason: None,
            failing_since: None,
            secrets: Secrets::new(secret.clone()),
            headers: Headers::default(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        };
        let enabled = input.enabled.or_default();
        webhook.change(WebhookInput { enabled, ..input }, rules)?;
        Ok((webhook, secret))
    }

    /// Applies a change, normalising what it sets. On an error the endpoint may be half changed: drop it.
    ///
    /// Its target is checked when the URL changes or it is enabled: an endpoint from before the rules stays, and can be
    /// changed otherwise or be disabled.
    pub(crate) fn change(&mut self, input: WebhookInput, rules: &Rules<'_>) -> Result<()> {
        let (old_url, was_enabled) = (self.url.clone(), self.enabled);
        self.apply(input, rules)?;
        if self.url != old_url || (self.enabled && !was_enabled) {
            rules.targets.check(self.mode, &self.url)?;
        }
        Ok(())
    }

    fn apply(&mut self, input: WebhookInput, rules: &Rules<'_>) -> Result<()> {
        let WebhookInput {
            url,
            event_types,
            filter,
            description,
            enabled,
            // Whoever can seal them applies them.
            headers: _,
        } = input;
        let plain_http = rules.plain_http || self.mode == Mode::Test;
        let old_url = self.url.clone();
        url.apply_required("url", &mut self.url, |url| url::check(url, plain_http))?;
        if self.url != old_url {
            // Failures at the old URL mean nothing for the new one.
            self.failing_since = None;
        }
        if url::origin(&self.url) != url::origin(&old_url) {
            // What authenticates requests at one server is no other server's to see.
            self.headers.clear();
        }
        match event_types {
            Patch::Keep => {}
            Patch::Clear => {
                return Err(Error::invalid(
                    "event_types",
                    "`event_types` is required: it cannot be null.",
                ));
            }
            Patch::Set(names) => self.event_types = Subscription::new(names)?,
        }
        match filter {
            Patch::Keep => {}
            Patch::Clear => self.filter = None,
            Patch::Set(filter) => self.filter = filter.checked()?,
        }
        description.apply(&mut self.description, check::short_text("description"))?;
        let was_enabled = self.enabled;
        enabled.apply_required("enabled", &mut self.enabled, Ok)?;
        if self.enabled != was_enabled {
            self.disabled_reason = (!self.enabled).then_some(DisabledReason::Requested);
            self.failing_since = None;
        }
        Ok(())
    }

    /// Whether another URL is an address of this endpoint too, in another spelling perhaps.
    pub(crate) fn is_at(&self, url: &str) -> bool {
        url::comparable(&self.url) == url::comparable(url)
    }

    /// Stops it without having been asked to.
    pub(crate) fn disable(&mut self, reason: DisabledReason) {
        self.enabled = false;
        self.disabled_reason = Some(reason);
    }

    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("event_types", &self.event_types)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}
