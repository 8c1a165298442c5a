//! Which parameters a request takes.

use relm_core::Kind;

/// The parameters in the query string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    /// A page's place.
    Cursor,
    /// A page's size and place.
    Page,
    /// A page's size and place, and filters on records of a kind.
    List(Kind),
    Search,
    /// How a file is taken in.
    Import,
    /// Which records a file is made of, and how it is written.
    Export,
    /// Where a stream of events begins, and their types.
    Stream,
    /// The moment at which a record is asked for.
    Moment,
    /// The unique members by whose values a record is known.
    DedupOn,
    /// Whether a deletion is for good.
    Deletion,
    /// A page's size and place, and the moment at which a history ends.
    History,
}
