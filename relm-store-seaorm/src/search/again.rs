//! A search that is held to the entries that it knows, or begun again where they have become others.

use std::collections::HashSet;

use relm_core::value::id::Id;

use super::statements::{Rows, together};
use super::{Searching, Step};
use crate::sql::Sql;

/// The entries from which a search goes on: those of words that are not broad, and of what is searched as a whole. The rows of each
/// statement are in an order that does not depend on the database.
#[derive(PartialEq, Eq)]
pub(crate) struct Known(Vec<Vec<Id>>);

impl Known {
    fn of<'a>(entries: impl Iterator<Item = &'a Vec<Id>>) -> Self {
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

impl Searching {
    /// What of the entries that were read first decides how the search goes on.
    pub fn known(&self, entries: &[Vec<Id>]) -> Known {
        let (words, exact) = entries.split_at(entries.len().saturating_sub(1));
        let narrow = words.iter().filter(|word| word.len() < self.broad);
        Known::of(narrow.chain(exact))
    }

    /// The same search from its beginning. Words that it knows to be broad are not read again for that: at any moment, judging
    /// records finds what has them.
    pub fn again(&self) -> Self {
        let (search, broad) = (self.search.clone(), self.broad);
        let new = Self::new(self.scope, search, broad, self.one_moment);
        Self {
            broad_words: self.broad_words.clone(),
            ..new
        }
    }

    /// A statement that reads the documents of the next step and, at the same moment, the entries that the search has gone on from;
    /// and of how many statements those are. Its rows begin with the place of a statement or with [`DOCUMENT`](super::DOCUMENT).
    pub fn beside_entries(&self) -> Option<(Sql, usize)> {
        let documents = self.documents(Rows::Placed)?;
        let Some(Step::Entries(statements)) = self.again().next() else {
            return None;
        };
        let count = statements.len();
        let mut sql = together(statements);
        sql.push(" UNION ALL ").append(documents);
        Some((sql, count))
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
