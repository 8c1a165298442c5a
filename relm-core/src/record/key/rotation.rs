//! How a key gives way to its successor.

use serde::Serialize;

use super::input::given;
use super::{ApiKey, KeyInput};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{KEY_OVERLAP_SECONDS_DEFAULT, KEY_OVERLAP_SECONDS_MAX};
use crate::record::input::{Reader, read_as_json};
use crate::value::id::Id;
use crate::value::time::Timestamp;

/// What the rotation of a key may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ApiKeyRotation")
)]
pub struct KeyRotation {
    /// For how many seconds the old key works beside the new one. Default: a day. 0 revokes it at once.
    #[cfg_attr(
        feature = "schema",
        schemars(range(min = 0, max = KEY_OVERLAP_SECONDS_MAX))
    )]
    pub overlap_seconds: Option<i64>,
    /// When the new key stops working. Left out, it is given as long a life as the old one was.
    pub expires_at: Option<Timestamp>,
}

read_as_json!(KeyRotation, |reader| reader.all_of(KeyRotation::read));

impl KeyRotation {
    /// Takes a rotation from a JSON object.
    ///
    /// # Errors
    /// `validation_failed` for a member of another type.
    pub fn read(reader: &mut Reader) -> Result<Self> {
        Ok(Self {
            overlap_seconds: given(reader.integer("overlap_seconds")?),
            expires_at: given(reader.timestamp("expires_at")?),
        })
    }

    /// What the successor of a key is made of.
    pub(crate) fn successor(self, key: &ApiKey, now: Timestamp) -> KeyInput {
        let lifetime = key
            .expires_at
            .map(|at| at.as_millis() - key.created_at.as_millis());
        KeyInput {
            name: key.name.clone(),
            scopes: Some(key.scopes()),
            expires_at: self
                .expires_at
                .or(lifetime.map(|millis| now.saturating_add_millis(millis))),
        }
    }

    /// Has the old key end as this says, which is never later than it would have, and name its successor.
    ///
    /// # Errors
    /// `conflict` where it works no more or has a successor; `validation_failed` for an overlap that is too long.
    pub(crate) fn end(self, key: &mut ApiKey, successor: Id, now: Timestamp) -> Result<()> {
        let conflict = |message: String| Error::new(ErrorKind::Conflict, message);
        if let Some(other) = key.replaced_by {
            let message = format!("This key was rotated already: `{other}` is its successor.");
            return Err(conflict(message).existing(other));
        }
        let ended = match (key.revoked_at, key.expires_at.filter(|at| *at <= now)) {
            (Some(at), _) => Some(("was revoked", at)),
            (None, Some(at)) => Some(("expired", at)),
            (None, None) => None,
        };
        if let Some((how, at)) = ended {
            let message = format!("This key {how} at {at}, and cannot be rotated: make a new one.");
            return Err(conflict(message));
        }
        let seconds = self.overlap_seconds.unwrap_or(KEY_OVERLAP_SECONDS_DEFAULT);
        if !(0..=KEY_OVERLAP_SECONDS_MAX).contains(&seconds) {
            let message = format!(
                "`overlap_seconds` must be a number of seconds from 0 to {KEY_OVERLAP_SECONDS_MAX}, not {seconds}."
            );
            return Err(Error::invalid("overlap_seconds", message));
        }
        key.replaced_by = Some(successor);
        let end = now.saturating_add_millis(seconds * 1000);
        if seconds == 0 {
            key.revoked_at = Some(now);
        } else {
            key.expires_at = Some(key.expires_at.map_or(end, |at| at.min(end)));
        }
        Ok(())
    }
}
