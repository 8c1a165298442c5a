//! API keys: made once, kept as digests, shown by their first and last characters.

mod access;
mod input;
mod rotation;
mod scopes;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::access::KeyAccess;
pub use self::input::{KeyInput, KeyTag, ShownKey};
pub use self::rotation::KeyRotation;
pub use self::scopes::{KeyAction, KeyResource, KeyScope, KeyScopes};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::TEXT_CHARS_MAX;
use crate::record::actor::{Actor, ActorType};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};
use crate::value::time::{Rng, Timestamp};

/// An API key as it is kept: nobody can make the key from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApiKey {
    /// `key_` and a ULID.
    pub id: Id,
    /// The workspace that it opens.
    pub workspace_id: Id,
    /// The mode that it opens.
    pub mode: Mode,
    /// What its owner calls it.
    pub name: Option<String>,
    /// What it may do.
    pub access: KeyAccess,
    /// `sk_live_` or `sk_test_` and four characters of the rest.
    pub prefix: String,
    /// Its last four characters.
    pub last_four: String,
    /// SHA-256 of the key, in hexadecimal. A key is 256 random bits, so no slower digest is needed.
    pub(crate) digest: String,
    /// How many times it was written: when it was made, used, rotated and revoked.
    pub version: i64,
    /// The moment in the id.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What a [restricted](KeyAccess::Restricted) key may do. Keys of before there were scopes have none.
    #[serde(default, skip_serializing_if = "KeyScopes::is_empty")]
    pub(crate) restricted_to: KeyScopes,
    /// When it stops working by itself.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Who made it, where that is known.
    #[serde(default)]
    pub created_by: Option<Actor>,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// The key that it was rotated to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<Id>,
}

/// A key that was just made: the one time that its text can be read.
pub struct NewKey {
    /// The key as it is kept.
    pub key: ApiKey,
    /// The key itself: `sk_live_…` or `sk_test_…`.
    pub secret: String,
}

/// Who is asking: what a valid key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The key that the request carried.
    pub key_id: Id,
    /// The workspace and mode that it opens.
    pub scope: Scope,
    /// What it may do there, in a word.
    pub access: KeyAccess,
    /// What it may do there.
    pub scopes: KeyScopes,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// Who makes the changes that it is used for: the key, by the name that its owner gave it.
    pub actor: Arc<Actor>,
}

impl Columns for ApiKey {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::id("workspace_id", Kind::Workspace, |it: &Self| {
            Some(it.workspace_id)
        })
        .indexed(),
        Column::text("mode", 4, |it: &Self| Some(it.mode.as_str())),
        Column::text("name", TEXT_CHARS_MAX, |it: &Self| it.name.as_deref()),
        Column::text("access", 20, |it: &Self| Some(it.access.as_str())),
        Column::text("prefix", 20, |it: &Self| Some(&it.prefix)),
        Column::text("last_four", 4, |it: &Self| Some(&it.last_four)),
        Column::text("digest", 64, |it: &Self| Some(&it.digest)).unique(),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
        Column::timestamp("revoked_at", |it: &Self| it.revoked_at),
    ];
}

/// Characters of the random part: 43 of 62 symbols are 256 bits.
const RANDOM_CHARS: usize = 43;
/// Characters of the checksum that follows it: a text that is no key passes for one once in 57 thousand million. Keys
/// that were made before there was a checksum end with the random part, and stay valid.
const CHECKSUM_CHARS: usize = 6;
/// Characters of a key after `sk_live_` or `sk_test_`.
const CHECKED_CHARS: usize = RANDOM_CHARS + CHECKSUM_CHARS;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl ApiKey {
    /// A new key and its secret.
    ///
    /// # Errors
    /// `validation_failed` for a name that it cannot have.
    pub fn make(
        id: Id,
        scope: Scope,
        access: KeyAccess,
        name: Option<String>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<NewKey> {
        let start = key_start(scope.mode());
        let mut secret = format!("{start}{}", random_text(rng));
        let checksum = checksum(&secret);
        secret.extend(checksum.map(char::from));
        let key = Self {
            id,
            workspace_id: scope.workspace(),
            mode: scope.mode(),
            name: name
                .map(|name| check::text("name", name, TEXT_CHARS_MAX))
                .transpose()?,
            access,
            prefix: secret[..start.len() + 4].to_owned(),
            last_four: secret[secret.len() - 4..].to_owned(),
            digest: hex(&digest(&secret)),
            version: 1,
            created_at: now,
            revoked_at: None,
            restricted_to: KeyScopes::default(),
            expires_at: None,
            created_by: None,
            last_used_at: None,
            replaced_by: None,
        };
        Ok(NewKey { key, secret })
    }

    /// What it may do.
    pub fn scopes(&self) -> KeyScopes {
        match self.access {
            KeyAccess::Full => KeyScopes::FULL,
            KeyAccess::ReadOnly => KeyScopes::READ_ONLY,
            KeyAccess::Restricted => self.restricted_to,
        }
    }

    /// The same key, of these scopes alone and until then, made by somebody.
    pub(crate) fn restricted(
        mut self,
        scopes: KeyScopes,
        expires_at: Option<Timestamp>,
        created_by: Actor,
    ) -> Self {
        self.access = scopes.access();
        if self.access == KeyAccess::Restricted {
            self.restricted_to = scopes;
        }
        self.expires_at = expires_at;
        self.created_by = Some(created_by);
        self
    }

    /// The workspace and mode that it opens.
    pub(crate) fn opens(&self) -> Scope {
        Scope::new(self.workspace_id, self.mode)
    }

    /// What its owners see of it.
    pub(crate) fn shown(&self) -> ShownKey {
        ShownKey {
            id: self.id,
            object: KeyTag::Key,
            name: self.name.clone(),
            scopes: self.scopes(),
            read_only: self.scopes().only_read(),
            hint: format!("{}…{}", self.prefix, self.last_four),
            mode: self.mode,
            created_by: self.created_by.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
            replaced_by: self.replaced_by,
            secret: None,
        }
    }

    /// What it opens now, unless it is revoked or has expired.
    pub(crate) fn principal(&self, now: Timestamp) -> Option<Principal> {
        let principal = Principal {
            key_id: self.id,
            scope: self.opens(),
            access: self.access,
            scopes: self.scopes(),
            expires_at: self.expires_at,
            actor: Arc::new(Actor {
                actor_type: ActorType::ApiKey,
                id: Some(self.id.text()),
                name: self.name.clone(),
            }),
        };
        (self.revoked_at.is_none() && principal.holds_at(now)).then_some(principal)
    }
}

impl Principal {
    /// Whether it has not expired by then.
    pub(crate) fn holds_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether it may give another key what the input says: nothing that it has not, and for no longer.
    pub(crate) fn check_gives(&self, input: &KeyInput) -> Result<()> {
        if let Some(missing) = self.scopes.first_beyond(input.effective_scopes()) {
            let message = format!(
                "A key gives only scopes that it has, and this one lacks `{missing}`: name in `scopes` what the new key needs."
            );
            return Err(Error::new(ErrorKind::Forbidden, message).at("scopes"));
        }
        let Some(last) = self.expires_at else {
            return Ok(());
        };
        if input.expires_at.is_some_and(|at| at <= last) {
            return Ok(());
        }
        let message = format!(
            "This API key ends at {last}, and a key that it makes must end no later: set `expires_at`."
        );
        Err(Error::new(ErrorKind::Forbidden, message).at("expires_at"))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("prefix", &self.prefix)
            .field("access", &self.access)
            .field("revoked_at", &self.revoked_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// How the keys of a mode start.
const fn key_start(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "sk_live_",
        Mode::Test => "sk_test_",
    }
}

/// Whether a text is as long as a key. That is enough to look for its digest among those of valid keys.
pub(crate) fn has_length_of_key(secret: &str) -> bool {
    Mode::ALL.into_iter().any(|mode| {
        let random_chars = secret.len().checked_sub(key_start(mode).len());
        matches!(random_chars, Some(RANDOM_CHARS | CHECKED_CHARS))
    })
}

/// Whether a text has the form of a key, in time that does not depend on its length.
pub(crate) fn is_well_formed(secret: &str) -> bool {
    Mode::ALL.into_iter().any(|mode| {
        secret.strip_prefix(key_start(mode)).is_some_and(|rest| {
            matches!(rest.len(), RANDOM_CHARS | CHECKED_CHARS)
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    })
}

/// Whether a well-formed text may be a key that was made: one that has a wrong checksum cannot, and costs no look-up.
pub(crate) fn may_exist(secret: &str) -> bool {
    let Some(end) = secret.len().checked_sub(CHECKSUM_CHARS) else {
        return false;
    };
    let is_checked = Mode::ALL
        .into_iter()
        .any(|mode| secret.len() == key_start(mode).len() + CHECKED_CHARS);
    match secret.split_at_checked(end) {
        Some((checked, sum)) if is_checked => sum.as_bytes() == checksum(checked),
        Some(_) => true,
        None => false,
    }
}

/// The head of the SHA-256 of what stands before it, in the symbols of keys. It finds what was mistyped or made up; it
/// keeps nothing secret, since anybody can compute it.
fn checksum(text: &str) -> [u8; CHECKSUM_CHARS] {
    let digest = Sha256::digest(text.as_bytes());
    let mut number = digest
        .iter()
        .take(8)
        .fold(0, |number, byte| (number << 8) | u64::from(*byte));
    [(); CHECKSUM_CHARS].map(|()| {
        let symbol = ALPHABET[(number % 62) as usize];
        number /= 62;
        symbol
    })
}

/// SHA-256 of a key: what is kept of it, in hexadecimal.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A secret of 256 bits, as letters and digits, each drawn evenly: bytes that would favour some are drawn again.
pub(crate) fn random_text(rng: &dyn Rng) -> String {
    let mut text = String::with_capacity(RANDOM_CHARS);
    let mut bytes = [0_u8; 64];
    while text.len() < RANDOM_CHARS {
        rng.fill(&mut bytes);
        let even = bytes.iter().filter(|byte| **byte < 248);
        let missing = RANDOM_CHARS - text.len();
        text.extend(
            even.take(missing)
                .map(|byte| char::from(ALPHABET[usize::from(byte % 62)])),
        );
    }
    text
}
