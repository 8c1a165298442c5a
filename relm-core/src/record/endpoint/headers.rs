//! Header fields that the owner of an endpoint adds to its requests: what a gateway before it asks for, say.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::limits::{
    WEBHOOK_HEADER_NAME_CHARS_MAX, WEBHOOK_HEADER_VALUE_CHARS_MAX, WEBHOOK_HEADERS_MAX,
};
use crate::record::input::type_name;
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::time::Rng;
use crate::webhook::sealing::{SEALED, Sealer};

/// Names that requests have already, or that say how a message is framed or where it goes (RFC 9110 and 9112).
const RESERVED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
/// How names begin that are the product's own, or another standard's for webhooks.
const RESERVED_PREFIXES: [&str; 2] = ["relm-", "webhook-"];

/// The header fields of one endpoint as they are kept: names in lower case, values sealed where the engine has a key.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Headers(BTreeMap<String, String>);

impl Headers {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the alphabet.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// Bytes of names and values.
    pub fn bytes(&self) -> usize {
        let each = |(name, value): (&String, &String)| name.len() + value.len();
        self.0.iter().map(each).sum()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Names and values as they are sent.
    pub fn open(&self, sealer: &Sealer, purpose: &str) -> Result<Vec<(String, String)>> {
        let each = |(name, value): (&String, &String)| {
            let value = sealer.open(&of_name(purpose, name), "", value)?;
            Ok((name.clone(), value))
        };
        self.0.iter().map(each).collect()
    }

    /// Seals with the sealer's current key what is not sealed with it already; whether anything was.
    pub fn seal(&mut self, sealer: &Sealer, purpose: &str, rng: &dyn Rng) -> Result<bool> {
        let mut changed = false;
        for (name, value) in &mut self.0 {
            if sealer.has_key() && !sealer.is_current(value) {
                let purpose = of_name(purpose, name);
                let plain = sealer.open(&purpose, "", value)?;
                *value = sealer.seal(&purpose, "", &plain, rng)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Applies a change, and seals what it sets. A value that is there already stays as it is sealed.
    ///
    /// # Errors
    /// `validation_failed` for one header too many.
    pub fn change(
        &mut self,
        changes: &Patch<HeaderChanges>,
        sealer: &Sealer,
        purpose: &str,
        rng: &dyn Rng,
    ) -> Result<()> {
        let changes = match changes {
            Patch::Keep => return Ok(()),
            Patch::Clear => {
                self.clear();
                return Ok(());
            }
            Patch::Set(HeaderChanges(changes)) => changes,
        };
        // Before any is sealed.
        check_number(changes.values().flatten().count())?;
        for (name, value) in changes {
            let Some(value) = value else {
                self.0.remove(name);
                continue;
            };
            let purpose = of_name(purpose, name);
            let known = self.0.get(name);
            let known = known.and_then(|known| sealer.open(&purpose, "", known).ok());
            if known.as_ref() != Some(value) {
                let kept = if sealer.has_key() {
                    sealer.seal(&purpose, "", value, rng)?
                } else {
                    value.clone()
                };
                self.0.insert(name.clone(), kept);
            }
        }
        check_number(self.0.len())
    }
}

fn check_number(headers: usize) -> Result<()> {
    if headers <= WEBHOOK_HEADERS_MAX {
        return Ok(());
    }
    let message = format!(
        "A webhook can have at most {WEBHOOK_HEADERS_MAX} header fields of its own, not {headers}."
    );
    Err(Error::invalid("headers", message))
}

/// What a value is sealed for: moved to another name or endpoint it does not open.
fn of_name(purpose: &str, name: &str) -> String {
    format!("{purpose} {name}")
}

/// Header fields that a write sets on an endpoint or removes from it; those that it does not name stay.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HeaderChanges(BTreeMap<String, Option<String>>);

impl HeaderChanges {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has requests carry a header field. Handle what authenticates them as a password: it is kept as secrets are, and not
    /// shown again.
    ///
    /// # Errors
    /// `validation_failed` for a name that is none (RFC 9110, section 5.1), is longer than [`WEBHOOK_HEADER_NAME_CHARS_MAX`] or
    /// that requests have already, and for a value that is not of 1 to [`WEBHOOK_HEADER_VALUE_CHARS_MAX`] visible
    /// characters of ASCII, with spaces between them.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Result<Self> {
        let name = checked_name(name)?;
        let value = checked_value(&name, value.into())?;
        self.0.insert(name, Some(value));
        Ok(self)
    }

    /// Has requests carry it no more.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Self {
        self.0.insert(name.to_ascii_lowercase(), None);
        self
    }

    /// Takes `headers` from what a body has of it: names with texts, or with null where one goes.
    pub(super) fn read(given: Option<Value>) -> Result<Patch<Self>> {
        let fields = match given {
            None => return Ok(Patch::Keep),
            Some(Value::Null) => return Ok(Patch::Clear),
            Some(Value::Object(fields)) => fields,
            // What it is alone is said: a text may be a secret.
            Some(other) => {
                let message = format!(
                    "`headers` must be an object of names and texts, such as {{\"X-Api-Key\": \"…\"}}, not {}.",
                    type_name(&other)
                );
                return Err(Error::invalid("headers", message));
            }
        };
        let mut changes = Self::new();
        for (name, value) in fields {
            changes = match value {
                Value::Null => changes.remove(&name),
                Value::String(value) => changes.set(&name, value)?,
                _ => return Err(refused(&name, "must be a text, or null to remove it.")),
            };
        }
        Ok(Patch::Set(changes))
    }
}

/// Shows names alone.
impl fmt::Debug for HeaderChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// A name in lower case.
fn checked_name(name: &str) -> Result<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        let message = format!(
            "{} is no name of a header field: letters, digits and `-` make one.",
            Quoted(name)
        );
        return Err(Error::invalid("headers", message));
    }
    if name.len() > WEBHOOK_HEADER_NAME_CHARS_MAX {
        let message = format!(
            "The name of a header field can have {WEBHOOK_HEADER_NAME_CHARS_MAX} characters, not {}.",
            name.len()
        );
        return Err(Error::invalid("headers", message));
    }
    let name = name.to_ascii_lowercase();
    let is_ours = |prefix: &&str| name.starts_with(*prefix);
    if RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(is_ours) {
        return Err(refused(
            &name,
            "cannot be set: it is not the owner's to say.",
        ));
    }
    Ok(name)
}

fn checked_value(name: &str, value: String) -> Result<String> {
    let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if value.len() > WEBHOOK_HEADER_VALUE_CHARS_MAX {
        let why = format!(
            "can have {WEBHOOK_HEADER_VALUE_CHARS_MAX} characters, not {}.",
            value.len()
        );
        return Err(refused(name, &why));
    }
    if value.starts_with(SEALED) {
        let why = format!("cannot begin with `{SEALED}`, as what is kept encrypted does.");
        return Err(refused(name, &why));
    }
    if value.trim() != value || value.is_empty() || !value.bytes().all(is_visible) {
        let why = "must be of visible characters of ASCII, with spaces between them alone.";
        return Err(refused(name, why));
    }
    Ok(value)
}

/// The value itself is not repeated: it may be a secret.
fn refused(name: &str, why: &str) -> Error {
    let field = format!("headers.{name}");
    let message = format!("{} {why}", Quoted(&field));
    Error::invalid(&field, message)
}
