//! What the rows of an import that arrives may take in the store: a few bytes of a file can be many there.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{IMPORT_FAILED_BYTES_MAX, IMPORT_KEPT_ROWS_BYTES_MAX, IMPORT_ROWS_BYTES_MAX};

/// What the rows of an import take in the store by now.
#[derive(Debug, Default)]
pub(super) struct Budget {
    bytes: usize,
    unread_bytes: usize,
}

impl Budget {
    /// Counts a row of so many bytes, for which there must be room.
    pub fn keep(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > IMPORT_ROWS_BYTES_MAX {
            true => Err(Error::new(
                ErrorKind::ValidationFailed,
                format!(
                    "The rows of a file can be {IMPORT_ROWS_BYTES_MAX} bytes at most where they are kept, each cell with 3 bytes more and each \
                     row with 12 more: send the rest of its rows in another import."
                ),
            )),
            false => Ok(()),
        }
    }

    /// Whether the rows are few enough to stay when they are worked on.
    pub fn may_stay(&self) -> bool {
        self.bytes <= IMPORT_KEPT_ROWS_BYTES_MAX
    }

    /// Counts a row that could not be read, and would take so many bytes with the reason; whether there is room for it. Once there was none
    /// there is none, so that what is kept are the first ones.
    pub fn keep_unread(&mut self, bytes: usize) -> Result<bool> {
        self.unread_bytes = self.unread_bytes.saturating_add(bytes);
        if self.unread_bytes > IMPORT_FAILED_BYTES_MAX {
            return Ok(false);
        }
        self.keep(bytes).map(|()| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_up_to_their_bound() {
        let mut budget = Budget::default();
        budget.keep(IMPORT_ROWS_BYTES_MAX - 5).unwrap();
        budget.keep(5).unwrap();
        let error = budget.keep(1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValidationFailed);
        assert!(error.message().contains(" 2147483648 bytes"), "{error}");
    }

    #[test]
    fn rows_that_cannot_be_read_are_counted_alone_beyond_theirs() {
        let mut budget = Budget::default();
        assert!(budget.keep_unread(IMPORT_FAILED_BYTES_MAX - 5).unwrap());
        assert!(budget.keep_unread(5).unwrap());
        for _ in 0..2 {
            assert!(!budget.keep_unread(1).unwrap());
        }
        assert_eq!(budget.bytes, IMPORT_FAILED_BYTES_MAX);
    }
}
