//! Endpoints: who is told of which events, and with what secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::event::EventType;
use crate::check;
use crate::column::{Column, ColumnType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::id::Id;
use crate::input::{Patch, Reader};
use crate::limits::{TEXT_CHARS_MAX, WEBHOOK_URL_CHARS_MAX};
use crate::scope::Mode;
use crate::time::{Entropy, Timestamp};

/// Every type of event, in a subscription.
const EVERYTHING: &str = "*";
const SECRET_BYTES: usize = 32;

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
    /// What its owner says of it.
    pub description: Option<String>,
    /// Whether events are sent at all.
    pub enabled: bool,
    /// What its payloads are signed with: `whsec_` and base64, or that sealed.
    secret: String,
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
pub enum WebhookTag {
    /// Its one value.
    #[default]
    #[serde(rename = "webhook")]
    Webhook,
}

/// The types of event that an endpoint is told of: some of the twelve, or `"*"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subscription(Vec<String>);

impl Subscription {
    /// Every event.
    pub fn everything() -> Self {
        Self(vec![EVERYTHING.to_owned()])
    }

    /// The events of these names; `"*"` is all of them.
    ///
    /// # Errors
    /// `validation_failed` when there is none, `unknown_value` for a name that is not a type of event.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let mut chosen: Vec<String> = Vec::new();
        for name in names {
            let name = name.into();
            if name != EVERYTHING && EventType::parse(&name).is_none() {
                let options = EventType::all().map(EventType::as_str).chain([EVERYTHING]);
                return Err(Error::new(
                    ErrorKind::UnknownValue,
                    "`event_types` must name types of event, or be [\"*\"] for all.",
                )
                .at("event_types")
                .options(&name, options));
            }
            if !chosen.contains(&name) {
                chosen.push(name);
            }
        }
        if chosen.is_empty() {
            return Err(Error::invalid(
                "event_types",
                "`event_types` must name one type of event at least.",
            ));
        }
        Ok(Self(chosen))
    }

    /// Whether an event of this type is told.
    pub fn includes(&self, event_type: EventType) -> bool {
        self.0
            .iter()
            .any(|name| name == EVERYTHING || name == event_type.as_str())
    }
}

/// What a write says of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookInput {
    /// See [`Webhook::url`].
    pub url: Patch<String>,
    /// See [`Webhook::event_types`].
    pub event_types: Patch<Vec<String>>,
    /// See [`Webhook::description`].
    pub description: Patch<String>,
    /// See [`Webhook::enabled`].
    pub enabled: Patch<bool>,
}

pub(crate) const COLUMNS: &[Column] = &[
    Column::text("url", WEBHOOK_URL_CHARS_MAX),
    Column::new("event_types", ColumnType::Json).hidden(),
    Column::text("description", TEXT_CHARS_MAX),
    Column::new("enabled", ColumnType::Boolean),
    Column::new("created_at", ColumnType::Timestamp),
    Column::new("updated_at", ColumnType::Timestamp),
];

/// An endpoint as its owner sees it.
#[derive(Serialize)]
struct Shown<'a> {
    id: Id,
    object: WebhookTag,
    url: &'a str,
    event_types: &'a Subscription,
    description: &'a Option<String>,
    enabled: bool,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl WebhookInput {
    /// Takes an endpoint, or a change of one, from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    pub fn read(reader: &mut Reader) -> Result<Self> {
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
            description: reader.text("description")?,
            enabled: reader.boolean("enabled")?,
        })
    }
}

impl Webhook {
    pub(crate) fn subscribe(
        id: Id,
        mode: Mode,
        now: Timestamp,
        input: WebhookInput,
        entropy: &dyn Entropy,
    ) -> Result<(Self, String)> {
        for (name, given) in [
            ("url", input.url.as_set().is_some()),
            ("event_types", input.event_types.as_set().is_some()),
        ] {
            if !given {
                return Err(Error::invalid(name, format!("`{name}` is required.")));
            }
        }
        let secret = new_secret(entropy);
        let mut webhook = Self {
            id,
            object: WebhookTag::Webhook,
            url: String::new(),
            event_types: Subscription::everything(),
            description: None,
            enabled: true,
            secret: secret.clone(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        };
        webhook.apply(input)?;
        Ok((webhook, secret))
    }

    /// Keeps the secret in this form instead.
    pub(crate) fn keep_secret(&mut self, sealed: String) {
        self.secret = sealed;
    }

    /// The secret in the form in which it is kept.
    pub(crate) fn sealed_secret(&self) -> &str {
        &self.secret
    }

    /// Applies a change, normalising what it sets. On an error the endpoint may be half changed: drop it.
    pub(crate) fn apply(&mut self, input: WebhookInput) -> Result<()> {
        let WebhookInput {
            url,
            event_types,
            description,
            enabled,
        } = input;
        let mode = self.mode;
        url.apply_required("url", &mut self.url, |url| check_url(url, mode))?;
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
        description.apply(&mut self.description, check::short_text("description"))?;
        enabled.apply_required("enabled", &mut self.enabled, Ok)
    }

    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }

    /// The JSON that its owner sees: everything but the secret.
    pub fn shown(&self) -> String {
        self.render(None)
    }

    /// The JSON that creation answers with: the one time that the secret is shown.
    pub(crate) fn shown_with(&self, secret: &str) -> String {
        self.render(Some(secret))
    }

    fn render(&self, secret: Option<&str>) -> String {
        let shown = Shown {
            id: self.id,
            object: self.object,
            url: &self.url,
            event_types: &self.event_types,
            description: &self.description,
            enabled: self.enabled,
            mode: self.mode,
            secret,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        serde_json::to_string(&shown).expect("texts, ids and times always serialise")
    }

    pub(crate) fn scalars(&self) -> Vec<Option<Scalar<'_>>> {
        let Self {
            id: _,
            object: _,
            url,
            event_types,
            description,
            enabled,
            secret: _,
            version: _,
            mode: _,
            created_at,
            updated_at,
        } = self;
        let event_types =
            serde_json::to_string(event_types).expect("a list of texts always serialises");
        vec![
            Some(url.into()),
            Some(event_types.into()),
            description.as_ref().map(Scalar::from),
            Some((*enabled).into()),
            Some((*created_at).into()),
            Some((*updated_at).into()),
        ]
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

fn new_secret(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    entropy.fill(&mut bytes);
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// What can be seen of a target without a look-up: its scheme and that it has a host. Where it leads, the sender
/// judges at every attempt, on the address that it connects to.
fn check_url(url: String, mode: Mode) -> Result<String> {
    let url = check::text("url", url, WEBHOOK_URL_CHARS_MAX)?;
    let refuse = |message: &str| Err(Error::invalid("url", message));
    let rest = match (mode, url.split_once("://")) {
        (_, Some(("https", rest))) | (Mode::Test, Some(("http", rest))) => rest,
        (Mode::Live, _) => return refuse("`url` must start with https:// in live mode."),
        (Mode::Test, _) => return refuse("`url` must start with https:// or http://."),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refuse("`url` must not hold a user name or password.");
    }
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refuse("`url` must be an absolute URL such as https://example.com/hooks/relm.");
    }
    Ok(url)
}
