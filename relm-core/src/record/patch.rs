//! What a write does to one member: keep it, clear it, or set it.

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// What a write does to one member.
///
/// A value sets it, and so does `Some` of one; `None` clears it, as null does in JSON. What an input does not name is
/// kept:
///
/// ```
/// use relm_core::{ContactInput, Patch};
///
/// let phone: Option<String> = None;
/// let input = ContactInput {
///     email: "ada@example.com".into(),
///     phone: phone.into(),
///     ..Default::default()
/// };
/// assert_eq!(input.phone, Patch::Clear);
/// assert_eq!(input.last_name, Patch::Keep);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// It becomes null.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// Applies the patch to a nullable member; `check` normalises or refuses a new value.
    pub(crate) fn apply(
        self,
        member: &mut Option<T>,
        check: impl FnOnce(T) -> Result<T>,
    ) -> Result<()> {
        match self {
            Self::Keep => {}
            Self::Clear => *member = None,
            Self::Set(value) => *member = Some(check(value)?),
        }
        Ok(())
    }

    /// Applies the patch to a member that a record cannot be without.
    pub(crate) fn apply_required(
        self,
        name: &str,
        member: &mut T,
        check: impl FnOnce(T) -> Result<T>,
    ) -> Result<()> {
        match self {
            Self::Keep => Ok(()),
            Self::Clear => Err(Error::invalid(
                name,
                format!("`{name}` is required: it cannot be null."),
            )),
            Self::Set(value) => {
                *member = check(value)?;
                Ok(())
            }
        }
    }

    /// The patch as it is meant where the member has a default and nothing to clear yet: null is absence.
    #[must_use]
    pub(crate) fn or_default(self) -> Self {
        match self {
            Self::Keep | Self::Clear => Self::Keep,
            Self::Set(value) => Self::Set(value),
        }
    }

    /// The same patch of another value, where it sets one.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }

    /// Whether the member stays as it is.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value that the patch sets, if it sets one.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// A value sets the member; none clears it. Where none should keep it, leave the member out.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl From<Option<&str>> for Patch<String> {
    fn from(value: Option<&str>) -> Self {
        value.map(str::to_owned).into()
    }
}

/// Null clears the member, and a value sets it. What is kept is no value: a struct leaves such a member out, by
/// `#[serde(skip_serializing_if = "Patch::is_keep")]`.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => Err(S::Error::custom("a member that is kept is left out")),
            Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

/// Null clears the member, and a value sets it. A struct keeps an absent one by `#[serde(default)]`.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}
