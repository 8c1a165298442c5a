//! How a call of a store fails, and what that means to whoever calls the engine.

use std::error::Error as StdError;

use super::batch::Refusal;
use crate::error::{Error, ErrorKind};

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A precondition failed.
    #[error("a precondition failed: {0}")]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    #[error("{}", match .0 {
        TransactionFailure::Conflict => "another transaction was in the way",
        TransactionFailure::Undone => "the transaction was undone",
        TransactionFailure::Ended => "the transaction has ended",
    })]
    Transaction(TransactionFailure),
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

/// Why a call within a [transaction](super::StoreTransaction) that a program holds did nothing, and what is left of the
/// transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransactionFailure {
    /// Another transaction was in the way. Nothing of the call was applied, and what the transaction did before stands: the
    /// program rolls it back and begins it again.
    Conflict,
    /// Nothing of the transaction will be applied, and nothing more can be done in it: the program rolls it back, and may
    /// begin it again.
    Undone,
    /// The transaction was committed or rolled back before the call.
    Ended,
}

impl TransactionFailure {
    /// The stable, documented word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "transaction_conflict",
            Self::Undone => "transaction_undone",
            Self::Ended => "transaction_ended",
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

    /// A call within a transaction that a program holds did nothing.
    pub fn transaction(
        failure: TransactionFailure,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::new(Nature::Transaction(failure), source)
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
        match self.nature {
            Nature::Unavailable
            | Nature::Unwritable(_)
            | Nature::Ambiguous
            | Nature::Transaction(TransactionFailure::Conflict) => true,
            Nature::Transaction(TransactionFailure::Undone | TransactionFailure::Ended)
            | Nature::Fault => false,
        }
    }

    /// Whether a failed commit may have been applied after all.
    pub fn is_ambiguous(&self) -> bool {
        self.nature == Nature::Ambiguous
    }

    /// Why the store takes no writes, where that is what failed.
    pub fn why_unwritable(&self) -> Option<Unwritable> {
        match self.nature {
            Nature::Unwritable(why) => Some(why),
            Nature::Unavailable | Nature::Transaction(_) | Nature::Ambiguous | Nature::Fault => {
                None
            }
        }
    }

    /// What became of the transaction that the call was made in, where a program holds it and that is what failed.
    pub fn transaction_failure(&self) -> Option<TransactionFailure> {
        match self.nature {
            Nature::Transaction(failure) => Some(failure),
            Nature::Unavailable | Nature::Unwritable(_) | Nature::Ambiguous | Nature::Fault => None,
        }
    }
}

/// What a failure of the store means to a caller of the engine.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let meant = match error.nature {
            Nature::Unavailable => Self::new(
                ErrorKind::Unavailable,
                "The store is not available at the moment; nothing was applied, try again.",
            ),
            Nature::Unwritable(why) => unwritable(why),
            Nature::Transaction(failure) => of_transaction(failure),
            Nature::Ambiguous => Self::new(
                ErrorKind::OutcomeUnknown,
                "The store was lost while the change was committed: it may have been applied, whole, or not at all. \
                 Send the request again with the same `Idempotency-Key`, or read what became of it.",
            ),
            Nature::Fault => return Self::internal(error),
        };
        meant.caused_by(error)
    }
}

pub(crate) fn unwritable(why: Unwritable) -> Error {
    let message = match why {
        Unwritable::DiskFull => {
            "The store has no room left: nothing was applied, and reads go on. Try again once the operator has made room."
        }
        Unwritable::ReadOnly => {
            "The store is read-only at the moment: nothing was applied, and reads go on. Try again later."
        }
    };
    Error::new(ErrorKind::Unavailable, message).because(why.as_str())
}

fn of_transaction(failure: TransactionFailure) -> Error {
    let (kind, message) = match failure {
        TransactionFailure::Conflict => (
            ErrorKind::Unavailable,
            "Another transaction was in the way, and nothing of this change was applied. Roll the transaction back and \
             begin it again.",
        ),
        TransactionFailure::Undone => (
            ErrorKind::Unavailable,
            "The transaction is undone, and nothing of it will be applied. Roll it back and begin it again.",
        ),
        TransactionFailure::Ended => (
            ErrorKind::Internal,
            "The transaction has ended, and nothing was applied. Begin another one.",
        ),
    };
    Error::new(kind, message).because(failure.as_str())
}
