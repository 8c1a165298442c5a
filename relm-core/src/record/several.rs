//! What a contact has several of: e-mail addresses and telephone numbers, each with a label, the primary one first.

mod changing;
mod reading;

use serde::{Deserialize, Serialize};

pub(crate) use self::changing::{all_of, change, fill, further, gather, give_back, settle};
pub(crate) use self::reading::{before, or_none, read};
use crate::error::Result;
use crate::limits::{CONTACT_EMAILS_MAX, CONTACT_PHONES_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::value::text::nfc;
use crate::value::{email, phone};

/// The member that has all e-mail addresses of a contact.
pub(crate) const EMAILS: &str = "emails";
/// The member that has all its telephone numbers.
pub(crate) const PHONES: &str = "phones";

/// One e-mail address of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EmailAddress {
    /// The address: unique in the workspace and mode, however it is spelt; kept as it was written first.
    pub email: String,
    /// What it is for, as free text such as `work`.
    #[serde(default)]
    pub label: Option<String>,
}

/// One telephone number of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PhoneNumber {
    /// The number, as free text.
    pub phone: String,
    /// What it is for, as free text such as `mobile`.
    #[serde(default)]
    pub label: Option<String>,
}

/// What such a list holds.
pub(crate) trait Several: Clone + PartialEq {
    /// The member that has all of them.
    const ALL: &'static str;
    /// The member that has the primary one; of an entry, that which has its text.
    const ONE: &'static str;
    /// How many a contact has at most.
    const MAX: usize;

    fn of(text: String, label: Option<String>) -> Self;

    fn text(&self) -> &str;

    fn label(&self) -> Option<&str>;

    /// What two of them are compared by.
    fn key(text: &str) -> String;

    /// The text as it is kept.
    ///
    /// # Errors
    /// `validation_failed`.
    fn check(text: String) -> Result<String>;

    /// Which text is kept where one that is there is given again.
    fn kept(known: &str, given: String) -> String;
}

impl Several for EmailAddress {
    const ALL: &'static str = EMAILS;
    const ONE: &'static str = "email";
    const MAX: usize = CONTACT_EMAILS_MAX;

    fn of(email: String, label: Option<String>) -> Self {
        Self { email, label }
    }

    fn text(&self) -> &str {
        &self.email
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn key(text: &str) -> String {
        email::key(text)
    }

    fn check(text: String) -> Result<String> {
        check::email(None)(text)
    }

    /// Another spelling of one mailbox is no change.
    fn kept(known: &str, _: String) -> String {
        known.to_owned()
    }
}

impl Several for PhoneNumber {
    const ALL: &'static str = PHONES;
    const ONE: &'static str = "phone";
    const MAX: usize = CONTACT_PHONES_MAX;

    fn of(phone: String, label: Option<String>) -> Self {
        Self { phone, label }
    }

    fn text(&self) -> &str {
        &self.phone
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn key(text: &str) -> String {
        phone::international(text).unwrap_or_else(|| nfc(text).into_owned())
    }

    fn check(text: String) -> Result<String> {
        check::text(Self::ONE, text, TEXT_CHARS_MAX)
    }

    /// A number is free text: it is kept as it was written last.
    fn kept(_: &str, given: String) -> String {
        given
    }
}

/// Gives an entry what a program makes it with.
macro_rules! made_of_text {
    ($entry:ident) => {
        impl $entry {
            /// One without a label.
            pub fn new(text: impl Into<String>) -> Self {
                Self::of(text.into(), None)
            }

            /// The same one, with this label.
            #[must_use]
            pub fn labelled(self, label: impl Into<String>) -> Self {
                Self {
                    label: Some(label.into()),
                    ..self
                }
            }
        }

        impl From<&str> for $entry {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $entry {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    };
}
made_of_text!(EmailAddress);
made_of_text!(PhoneNumber);

#[cfg(test)]
mod tests;
