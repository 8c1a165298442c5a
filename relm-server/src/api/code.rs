//! Why a request is refused: the engine's reasons, and those of HTTP.

use hyper::StatusCode;
use relm_core::ErrorKind;

use crate::status::status_of;

/// A stable, documented code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Engine(ErrorKind),
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
    RateLimited,
    NotImplemented,
}

impl Code {
    const OF_HTTP: [Self; 5] = [
        Self::MethodNotAllowed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::RateLimited,
        Self::NotImplemented,
    ];

    /// All of them, by status.
    pub fn all() -> impl Iterator<Item = Self> {
        let engine = ErrorKind::ALL.into_iter().map(Self::Engine);
        let mut all: Vec<Self> = engine.chain(Self::OF_HTTP).collect();
        all.sort_by_key(|code| code.status());
        all.into_iter()
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engine(kind) => kind.code(),
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::NotImplemented => "not_implemented",
        }
    }

    pub const fn status(self) -> StatusCode {
        match self {
            Self::Engine(kind) => status_of(kind),
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// When a request is refused with it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Engine(kind) => meaning_of(kind),
            Self::MethodNotAllowed => "the path takes other methods: see `Allow`",
            Self::PayloadTooLarge => "the body is larger than the operation takes",
            Self::UnsupportedMediaType => {
                "the body is not `application/json`, or has a `Content-Encoding`"
            }
            Self::RateLimited => "too many requests: try again after `Retry-After`",
            Self::NotImplemented => "a `Transfer-Encoding` other than `chunked`, once and alone",
        }
    }
}

const fn meaning_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadRequest => {
            "the JSON, a parameter or a header is not well-formed or not known"
        }
        ErrorKind::InvalidCursor => {
            "the cursor was altered, or made for another list or other filters"
        }
        ErrorKind::Unauthorized => "no key, or one that is malformed, unknown or revoked",
        ErrorKind::Forbidden => {
            "the key lacks the scope that the request needs, or would give what it has not"
        }
        ErrorKind::NotFound => "there is no such record in this workspace and mode",
        ErrorKind::Gone => {
            "what was asked for of the past is kept no more: of a feed, see `oldest_seq`"
        }
        ErrorKind::Conflict => "a unique value is taken: see `field` and `existing_id`",
        ErrorKind::AmbiguousMatch => {
            "several records have one of the unique values each: see `ids`"
        }
        ErrorKind::IdempotencyConflict => "the idempotency key was used with a different request",
        ErrorKind::VersionConflict => "`If-Match` names another version than the record has",
        ErrorKind::ValidationFailed => {
            "a value has the wrong type, format or length, or is missing"
        }
        ErrorKind::UnknownField => "a member that the object does not have",
        ErrorKind::UnknownValue => "a value that is not among the choices: see `valid_options`",
        ErrorKind::InvalidReference => "the id of a record that does not exist",
        ErrorKind::IdentifierRequired => "a contact with nothing in it",
        ErrorKind::Unavailable => {
            "the store cannot be reached or takes no writes, or too much is under way: nothing was applied, try again after `Retry-After`"
        }
        ErrorKind::OutcomeUnknown => {
            "the store was lost, or something failed, while the change was made: send it again with the same `Idempotency-Key`, or read what became of it"
        }
        // The engine may learn new kinds before we do.
        _ => "a fault of the server",
    }
}
