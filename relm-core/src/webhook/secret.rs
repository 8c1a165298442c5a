//! What an endpoint's payloads are signed with, now and during a rotation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::limits::{SECRET_OVERLAP_SECONDS_DEFAULT, SECRET_OVERLAP_SECONDS_MAX, SECRETS_MAX};
use crate::record::input::{Patch, Reader};
use crate::value::time::{Rng, Timestamp};
use crate::webhook::sealing::Sealer;

const SECRET_BYTES: usize = 32;

/// What a rotation asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "SecretRotation")
)]
pub struct RotateInput {
    /// For how many seconds payloads are signed with the old secret too. Default: a day. 0 ends every old one at once.
    #[cfg_attr(
        feature = "schema",
        schemars(range(min = 0, max = SECRET_OVERLAP_SECONDS_MAX))
    )]
    pub expires_in: Option<i64>,
}

impl RotateInput {
    /// Takes a rotation from a JSON object.
    ///
    /// # Errors
    /// `validation_failed` when `expires_in` is not a number of seconds.
    pub fn read(reader: &mut Reader) -> Result<Self> {
        let expires_in = match reader.integer("expires_in")? {
            Patch::Keep | Patch::Clear => None,
            Patch::Set(seconds) => Some(seconds),
        };
        Ok(Self { expires_in })
    }

    /// When the old secret is of no more use.
    pub(crate) fn expires_at(self, now: Timestamp) -> Result<Timestamp> {
        let seconds = self.expires_in.unwrap_or(SECRET_OVERLAP_SECONDS_DEFAULT);
        if !(0..=SECRET_OVERLAP_SECONDS_MAX).contains(&seconds) {
            return Err(Error::invalid(
                "expires_in",
                format!(
                    "`expires_in` must be a number of seconds from 0 to {SECRET_OVERLAP_SECONDS_MAX}, not {seconds}."
                ),
            ));
        }
        Ok(now.saturating_add_millis(seconds * 1000))
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

    /// Puts a new secret in the place of the current one, which is used beside it until `expires_at`. Where that is now,
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
