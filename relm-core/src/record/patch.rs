//! What a write does to one member: keep it, clear it, or set it.

use crate::error::{Error, Result};

/// What a write does to one member.
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

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}
