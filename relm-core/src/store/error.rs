//! How a call of a store fails.

use std::error::Error as StdError;

use super::batch::Refusal;

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A precondition failed.
    #[error("a precondition failed: {0:?}")]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for CommitError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A failure of the store itself. Of a commit that failed so nothing was applied, unless the failure is
/// [ambiguous](Self::is_ambiguous).
#[derive(Debug, thiserror::Error)]
#[error("{nature}")]
pub struct StoreError {
    nature: Nature,
    source: Box<dyn StdError + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Nature {
    #[error("the store is not available")]
    Unavailable,
    #[error("the store {}", match .0 {
        Unwritable::DiskFull => "has no room left",
        Unwritable::ReadOnly => "is read-only",
    })]
    Unwritable(Unwritable),
    #[error("the store does not say whether it applied the change")]
    Ambiguous,
    #[error("the store failed")]
    Fault,
}

/// Why a store that can be read takes no writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unwritable {
    /// There is no room for what is to be written.
    DiskFull,
    /// Nothing may be written: the file system or the database is read-only.
    ReadOnly,
}

impl Unwritable {
    /// The stable, documented word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::ReadOnly => "read_only",
        }
    }
}

impl StoreError {
    fn new(nature: Nature, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            nature,
            source: source.into(),
        }
    }

    /// The store cannot be reached or is overloaded; the same call may succeed later. Of a commit, nothing was applied.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Unavailable, source)
    }

    /// The store takes no writes until somebody mends that. Nothing was applied.
    pub fn unwritable(why: Unwritable, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Unwritable(why), source)
    }

    /// The connection was lost while a commit was under way: it was applied wholly or not at all.
    pub fn ambiguous(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Ambiguous, source)
    }

    /// Something that trying again does not mend. Nothing was applied.
    pub fn fault(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Nature::Fault, source)
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.nature != Nature::Fault
    }

    /// Whether a failed commit may have been applied after all.
    pub fn is_ambiguous(&self) -> bool {
        self.nature == Nature::Ambiguous
    }

    /// Why the store takes no writes, where that is what failed.
    pub fn why_unwritable(&self) -> Option<Unwritable> {
        match self.nature {
            Nature::Unwritable(why) => Some(why),
            Nature::Unavailable | Nature::Ambiguous | Nature::Fault => None,
        }
    }
}
