//! A search that is held to the entries that it knows, or begun again where they have become others.

use relm_core::value::id::Id;

use super::known::Known;
use super::statements::{Rows, together};
use super::{Searching, Step};
use crate::sql::Sql;

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
