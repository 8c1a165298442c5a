//! Lists and searches: walks over the records of a kind, a slice at a time.
//!
//! What a slice may do is bounded in both of its factors: records, and what is compared or read for each.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use relm_core::PageSize;
use relm_core::query::filter::{Clause, Condition, matches};
use relm_core::query::search::{Rank, SearchPosition};
use relm_core::record::{Document, Entry};
use relm_core::store::{Page, Query, Search, SearchPage};
use relm_core::value::id::Id;

use crate::records::{Records, newest_first};

/// Values that a slice of a list compares at most, over all of its records. A record that is looked at counts as
/// 256 beside the values of the clauses.
///
/// An executor may run several slices, of whoever walks, before it looks at its sockets again: tokio does so after 61 tasks that
/// are ready unless it is told otherwise.
pub const SLICE_VALUES_MAX: usize = 4 * 1024;
const RECORD_VALUES: usize = 256;
/// What a pattern counts as.
const PATTERN_VALUES: usize = 16;
/// Bytes of documents that a slice of a search reads; its last record may go beyond.
pub const SLICE_BYTES_MAX: usize = 4 * 1024;
/// Slices that a walk begins with, at once: most end in them, and need not keep what they walk over.
pub(crate) const FIRST_SLICES: usize = 16;

/// A read that goes over records.
pub(crate) trait Walk: Send {
    /// Goes on for so many slices. Whether it came to its end.
    fn go_on(&mut self, records: &Records, slices: usize) -> bool;
}

/// A list.
pub(crate) struct ListWalk<'a> {
    query: &'a Query,
    slice_records: usize,
    /// The last record that was looked at.
    after: Option<Id>,
    size: PageSize,
    documents: Vec<Document>,
}

impl<'a> ListWalk<'a> {
    pub fn new(query: &'a Query) -> Self {
        let values: usize = query.clauses.iter().map(values).sum();
        Self {
            query,
            slice_records: (SLICE_VALUES_MAX / (RECORD_VALUES + values)).max(1),
            after: query.after,
            size: PageSize::new(query.limit),
            documents: Vec::new(),
        }
    }

    pub fn page(self) -> Page {
        Page {
            documents: self.documents,
            more: self.size.more(),
        }
    }
}

/// The values that a clause compares.
fn values(clause: &Clause) -> usize {
    match &clause.condition {
        Condition::Compare(..) | Condition::Null(_) => 1,
        Condition::In(values) => values.len(),
        // A pattern goes over a text more than once.
        Condition::Ilike(_) => PATTERN_VALUES,
    }
}

impl Walk for ListWalk<'_> {
    fn go_on(&mut self, records: &Records, slices: usize) -> bool {
        let (mut seen, records_max) = (0, self.slice_records * slices);
        let rest = newest_first(records, self.query.kind, self.after);
        for entry in rest.take(records_max) {
            seen += 1;
            self.after = Some(entry.record.id());
            if !matches(&self.query.clauses, &entry.record) {
                continue;
            }
            if !self.size.takes(entry.json.len()) {
                return true;
            }
            self.documents.push(entry.document());
        }
        seen < records_max
    }
}

/// A search.
pub(crate) struct SearchWalk<'a> {
    search: &'a Search,
    /// The place of the type that is being walked.
    object_type: usize,
    /// The last record of it that was looked at.
    after: Option<Id>,
    /// What goes first of all that was found: a page, and one more.
    found: BTreeMap<(Rank, Reverse<u128>), Arc<Entry>>,
}

impl<'a> SearchWalk<'a> {
    pub fn new(search: &'a Search) -> Self {
        Self {
            search,
            object_type: 0,
            after: None,
            found: BTreeMap::new(),
        }
    }

    pub fn page(self) -> SearchPage {
        let found = self
            .found
            .into_iter()
            .map(|((rank, Reverse(ulid)), entry)| {
                (SearchPosition { rank, ulid }, entry.document())
            });
        SearchPage::of(self.search.limit, found)
    }

    fn look_at(&mut self, entry: &Arc<Entry>) {
        let Some(rank) = self.search.terms.rank(&entry.record) else {
            return;
        };
        let id = entry.record.id();
        if self
            .search
            .after
            .is_none_or(|after| after.is_before(rank, id))
        {
            self.found
                .insert((rank, Reverse(id.ulid())), Arc::clone(entry));
            if self.found.len() > self.search.limit.saturating_add(1) {
                self.found.pop_last();
            }
        }
    }
}

impl Walk for SearchWalk<'_> {
    fn go_on(&mut self, records: &Records, slices: usize) -> bool {
        let mut bytes = 0;
        while let Some(object_type) = self.search.types.get(self.object_type) {
            for entry in newest_first(records, object_type.kind(), self.after) {
                if bytes >= SLICE_BYTES_MAX * slices {
                    return false;
                }
                bytes += entry.json.len();
                self.after = Some(entry.record.id());
                self.look_at(entry);
            }
            self.after = None;
            self.object_type += 1;
        }
        true
    }
}
