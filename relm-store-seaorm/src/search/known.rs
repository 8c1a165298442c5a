//! Entries of words, and what several words have in common.

use std::collections::HashSet;

use relm_core::value::id::Id;

/// The entries from which a search goes on: those of words that are not broad, and of what is searched as a whole. The rows of each
/// statement are in an order that does not depend on the database.
#[derive(PartialEq, Eq)]
pub(crate) struct Known(Vec<Vec<Id>>);

impl Known {
    pub(super) fn of<'a>(entries: impl Iterator<Item = &'a Vec<Id>>) -> Self {
        let sorted = entries.map(|ids| {
            let mut ids = ids.clone();
            ids.sort_unstable();
            ids
        });
        Self(sorted.collect())
    }

    /// Whether these are the same entries.
    pub fn is(&self, entries: &[Vec<Id>]) -> bool {
        *self == Self::of(entries.iter())
    }
}

/// What each list has.
pub(super) fn in_all(mut lists: Vec<Vec<Id>>) -> Vec<Id> {
    lists.sort_unstable_by_key(Vec::len);
    let mut lists = lists.into_iter();
    let mut all = lists.next().unwrap_or_default();
    // Several words of one record may begin alike.
    all.sort_unstable();
    all.dedup();
    for list in lists {
        let list: HashSet<Id> = list.into_iter().collect();
        all.retain(|id| list.contains(id));
    }
    all
}
