//! What the maker of a key says of it, and what is shown of one.

use serde::{Deserialize, Serialize};

use super::scopes::KeyScopes;
use crate::error::{Error, Result};
use crate::record::actor::Actor;
use crate::record::input::{Reader, read_as_json};
use crate::record::patch::Patch;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// A key that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ApiKeyCreate")
)]
pub struct KeyInput {
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may do. Left out, it may do everything.
    pub scopes: Option<KeyScopes>,
    /// When it stops working. Left out, it works until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// Members that the engine alone writes.
const READ_ONLY: [&str; 10] = [
    "id",
    "object",
    "hint",
    "mode",
    "created_by",
    "created_at",
    "revoked_at",
    "last_used_at",
    "replaced_by",
    "secret",
];

read_as_json!(KeyInput, |reader| reader.all_of(KeyInput::read));

impl KeyInput {
    /// Takes a key from a JSON object.
    ///
    /// # Errors
    /// `validation_failed` for a member of another type, `unknown_value` for what is no scope.
    pub fn read(reader: &mut Reader) -> Result<Self> {
        let scopes = given(reader.texts("scopes")?);
        let input = Self {
            name: given(reader.text("name")?),
            scopes: scopes.map(|texts| KeyScopes::parse(&texts)).transpose()?,
            expires_at: given(reader.timestamp("expires_at")?),
        };
        if reader.take_read_only("read_only") == Some(true.into()) {
            let message = "`read_only` follows from `scopes`: send [\"*:read\"] there for a key that only reads.";
            return Err(Error::invalid("read_only", message));
        }
        reader.take_none_of(&READ_ONLY)?;
        Ok(input)
    }

    /// What it may do.
    pub(crate) fn effective_scopes(&self) -> KeyScopes {
        self.scopes.unwrap_or(KeyScopes::FULL)
    }

    /// Whether it ends after it begins.
    pub(crate) fn check(&self, now: Timestamp) -> Result<()> {
        match self.expires_at {
            Some(at) if at <= now => Err(Error::invalid(
                "expires_at",
                format!("`expires_at` must be in the future; {at} has passed."),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

pub(super) fn given<T>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Keep | Patch::Clear => None,
        Patch::Set(value) => Some(value),
    }
}

/// A key as its owners see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ApiKey")
)]
#[non_exhaustive]
pub struct ShownKey {
    /// `key_` and a ULID.
    pub id: Id,
    /// Always `api_key`.
    pub object: KeyTag,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: KeyScopes,
    /// Whether it may only read.
    pub read_only: bool,
    /// Its first and last characters, to tell it from others.
    pub hint: String,
    /// The mode that it opens.
    pub mode: Mode,
    /// Who made it; null where nobody is known.
    pub created_by: Option<Actor>,
    /// When it was made: the moment in the id.
    pub created_at: Timestamp,
    /// When it stops working, if it does by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute; null where it never was. It is written a quarter of a minute later at most.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// The key that it was rotated to, if it was.
    #[serde(default)]
    pub replaced_by: Option<Id>,
    /// The key itself: shown when it is made, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What `object` says of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum KeyTag {
    /// Its one value.
    #[default]
    #[serde(rename = "api_key")]
    Key,
}

impl ShownKey {
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, ids and times always serialise")
    }
}

/// Shows no secret.
impl std::fmt::Debug for ShownKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownKey")
            .field("id", &self.id)
            .field("hint", &self.hint)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
