//! What an endpoint's payloads are signed with, now and during a rotation.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::limits::SECRETS_MAX;
use crate::value::time::{Rng, Timestamp};
use crate::webhook::sealing::Sealer;

const SECRET_BYTES: usize = 32;

/// What the payloads of an endpoint are signed with: `whsec_` and 32 random bytes in base64. Handle it as a password; its
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for [`verify`](crate::webhook::verify) or for whoever keeps it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A fresh secret: `whsec_` and 32 random bytes in base64.
pub(crate) fn generate(rng: &dyn Rng) -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    rng.fill(&mut bytes);
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// The secrets of one endpoint, as they are kept: sealed where the engine has a key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secrets {
    current: String,
    /// Those before it, the newest first.
    previous: Vec<Previous>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    secret: String,
    expires_at: Timestamp,
}

impl Secrets {
    pub fn new(current: String) -> Self {
        Self {
            current,
            previous: Vec::new(),
        }
    }

    /// Replaces the current secret by a new one, which is used beside it until `expires_at`. Where that is now,
    /// those before it end too: whoever asks for that may have rotated the one that leaked already.
    pub fn rotate(&mut self, secret: String, expires_at: Timestamp, now: Timestamp) -> Result<()> {
        self.previous.retain(|previous| previous.expires_at > now);
        let old = std::mem::replace(&mut self.current, secret);
        if expires_at > now {
            let secret = old;
            self.previous.insert(0, Previous { secret, expires_at });
        } else {
            self.previous.clear();
        }
        if 1 + self.previous.len() > SECRETS_MAX {
            return Err(Error::invalid(
                "expires_in",
                format!(
                    "There can be at most {SECRETS_MAX} secrets at once; wait until one has expired."
                ),
            ));
        }
        Ok(())
    }

    /// When the last of the old secrets is of no more use, as far as there is any.
    pub fn previous_expires_at(&self) -> Option<Timestamp> {
        self.previous.iter().map(|secret| secret.expires_at).max()
    }

    /// The secrets that payloads are signed with at `now`, the current one first.
    pub fn open(&self, sealer: &Sealer, purpose: &str, now: Timestamp) -> Result<Vec<String>> {
        let previous = self.previous.iter();
        let valid = previous.filter(|secret| secret.expires_at > now);
        std::iter::once(&self.current)
            .chain(valid.map(|previous| &previous.secret))
            .map(|secret| sealer.open(purpose, "", secret))
            .collect()
    }

    /// Seals with the sealer's current key what is not sealed with it already; whether anything was.
    pub fn seal(&mut self, sealer: &Sealer, purpose: &str, rng: &dyn Rng) -> Result<bool> {
        let mut changed = false;
        let previous = self.previous.iter_mut();
        let all = previous.map(|previous| &mut previous.secret);
        for secret in std::iter::once(&mut self.current).chain(all) {
            if sealer.has_key() && !sealer.is_current(secret) {
                let plain = sealer.open(purpose, "", secret)?;
                *secret = sealer.seal(purpose, "", &plain, rng)?;
                changed = true;
            }
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_without_overlap_ends_every_old_secret() {
        let at = Timestamp::from_millis;
        let mut secrets = Secrets::new("leaked".to_owned());
        secrets
            .rotate("second".to_owned(), at(1_000), at(0))
            .unwrap();
        let open = |secrets: &Secrets| secrets.open(&Sealer::new(Vec::new()), "", at(1)).unwrap();
        assert_eq!(open(&secrets), ["second", "leaked"]);
        secrets.rotate("third".to_owned(), at(1), at(1)).unwrap();
        assert_eq!(open(&secrets), ["third"]);
        assert_eq!(secrets.previous_expires_at(), None);
    }
}
