//! What replacing the secret of an endpoint asks for.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::limits::{SECRET_OVERLAP_SECONDS_DEFAULT, SECRET_OVERLAP_SECONDS_MAX};
use crate::record::input::{Reader, read_as_json};
use crate::record::patch::Patch;
use crate::value::time::Timestamp;

/// What a rotation asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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

read_as_json!(RotateInput, |reader| reader.all_of(RotateInput::read));

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
