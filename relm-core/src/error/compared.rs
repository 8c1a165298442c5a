//! Errors copied, compared and shown.

use std::fmt;

use super::{Details, Error};

/// A clone has no cause: what is behind [`source`](std::error::Error::source) may not be copied.
impl Clone for Error {
    fn clone(&self) -> Self {
        let Details {
            kind,
            message,
            field,
            valid_options,
            suggestion,
            existing_id,
            lost,
            oldest_seq,
            reason,
            affected,
            duplicates,
            source: _,
        } = &*self.0;
        Self(Box::new(Details {
            kind: *kind,
            message: message.clone(),
            field: field.clone(),
            valid_options: valid_options.clone(),
            suggestion: suggestion.clone(),
            existing_id: *existing_id,
            lost: *lost,
            oldest_seq: *oldest_seq,
            reason: reason.clone(),
            affected: affected.clone(),
            duplicates: duplicates.clone(),
            source: None,
        }))
    }
}

/// Errors are equal that say the same to a client, whatever caused them.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind()
            && self.message() == other.message()
            && self.field() == other.field()
            && self.valid_options() == other.valid_options()
            && self.suggestion() == other.suggestion()
            && self.existing_id() == other.existing_id()
            && self.oldest_seq() == other.oldest_seq()
            && self.reason() == other.reason()
            && self.0.affected == other.0.affected
            && self.duplicates() == other.duplicates()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.kind().code())
            .field("message", &self.message())
            .field("field", &self.field())
            .field("existing_id", &self.existing_id())
            .field("oldest_seq", &self.oldest_seq())
            .field("reason", &self.reason())
            .field("count", &self.count())
            .field("source", &self.0.source)
            .finish()
    }
}
