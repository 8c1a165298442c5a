//! How much memory an answer takes.

/// How much memory an answer takes, as far as that is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSize {
    /// About one record.
    Small,
    /// Many records.
    Large,
    /// What happens, for as long as somebody follows it: little at a time.
    Live,
    /// A file that is made while it is read: a piece at a time.
    Download,
    /// Many records, each of which is read, changed and written, or what takes as long to make: that is done on a thread of its own.
    Batch,
}

/// Bytes that are held for an answer until it is made; about its true size is from then on.
pub(super) const fn expected_bytes(answer: AnswerSize) -> usize {
    match answer {
        AnswerSize::Small | AnswerSize::Live | AnswerSize::Download => 16 * 1024,
        // What was read for it and what is made of it, at once.
        AnswerSize::Large => 4 * 1024 * 1024,
        // A body of a few kilobytes can name the addresses of 500 contacts of 30 KiB.
        AnswerSize::Batch => 16 * 1024 * 1024,
    }
}
