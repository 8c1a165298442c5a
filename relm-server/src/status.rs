//! The one place where the engine's reasons become statuses of HTTP.

use hyper::StatusCode;
use relm_core::ErrorKind;

pub(crate) const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadRequest | ErrorKind::InvalidCursor => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::Conflict | ErrorKind::AmbiguousMatch | ErrorKind::IdempotencyConflict => {
            StatusCode::CONFLICT
        }
        ErrorKind::VersionConflict => StatusCode::PRECONDITION_FAILED,
        ErrorKind::ValidationFailed
        | ErrorKind::UnknownField
        | ErrorKind::UnknownValue
        | ErrorKind::InvalidReference
        | ErrorKind::IdentifierRequired => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Unavailable | ErrorKind::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
        // The engine may learn new kinds before we do.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
