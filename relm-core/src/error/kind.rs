//! The kinds of failure, each with its code.

use crate::value::from_text::{json_text, named};

/// The kinds of failure. Each has one stable code, [`ErrorKind::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is not well-formed: correct it.
    BadRequest,
    /// The cursor is not one of this list's: start from the first page.
    InvalidCursor,
    /// The key is absent, malformed, unknown or revoked.
    Unauthorized,
    /// The key is valid but may not do this.
    Forbidden,
    /// There is no such thing in this workspace and mode.
    NotFound,
    /// Events that were asked for are deleted; [`Error::oldest_seq`](super::Error::oldest_seq) says from which on they are kept.
    Gone,
    /// Another record holds the unique value; [`Error::existing_id`](super::Error::existing_id) names it.
    Conflict,
    /// Several records are what is asked for by unique values; [`Error::ids`](super::Error::ids) names them.
    AmbiguousMatch,
    /// The idempotency key was used with a different request.
    IdempotencyConflict,
    /// The record has another version than the caller expected.
    VersionConflict,
    /// A value has the wrong type, format or length, or is missing.
    ValidationFailed,
    /// A member that the object does not have.
    UnknownField,
    /// A value that is not among the choices; [`Error::valid_options`](super::Error::valid_options) lists them.
    UnknownValue,
    /// A reference to a record that does not exist.
    InvalidReference,
    /// A contact without anything to know it by.
    IdentifierRequired,
    /// The store cannot be reached, takes no writes or stayed contended: nothing was applied, try again.
    Unavailable,
    /// The store was lost, or something failed, while the change was made: it was applied wholly or not at all. Send it again
    /// under the same idempotency key, or read what became of it.
    OutcomeUnknown,
    /// A fault of the engine or of its store: nothing was applied.
    Internal,
}

impl ErrorKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::BadRequest,
        Self::InvalidCursor,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::AmbiguousMatch,
        Self::IdempotencyConflict,
        Self::Gone,
        Self::VersionConflict,
        Self::ValidationFailed,
        Self::UnknownField,
        Self::UnknownValue,
        Self::InvalidReference,
        Self::IdentifierRequired,
        Self::Internal,
        Self::Unavailable,
        Self::OutcomeUnknown,
    ];

    /// The stable, documented code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::InvalidCursor => "invalid_cursor",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::AmbiguousMatch => "ambiguous_match",
            Self::IdempotencyConflict => "idempotency_conflict",
            Self::VersionConflict => "version_conflict",
            Self::ValidationFailed => "validation_failed",
            Self::UnknownField => "unknown_field",
            Self::UnknownValue => "unknown_value",
            Self::InvalidReference => "invalid_reference",
            Self::IdentifierRequired => "identifier_required",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal_error",
        }
    }
}

named!(ErrorKind, code, "the code of an error, such as `not_found`");
json_text!(ErrorKind, "the code of an error, such as `not_found`");
