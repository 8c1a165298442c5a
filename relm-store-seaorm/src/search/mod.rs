//! A search as statements, by the shortest way to its page.
//!
//! `terms` is in the order of words, and a page is in the order of records, newest first. A word that few records have is
//! read whole and sorted. One that very many have is not: among the newest records enough of them are met soon. So of
//! each word only so many entries are read as tell a narrow word from a broad one:
//!
//! - All are narrow, as most are: the records that have them all are known, and those of the page are read.
//! - Some are: the records that have those are read in the order of the page, and the engine's own predicate judges each
//!   by all words. `ada@example.com` reads the few that have `ada`, not all that have `example` and `com`.
//! - None is: the newest records are judged.
//!
//! Judging may be in vain, where words hardly ever meet or are old. After as many records as reading the words would cost,
//! they are read [`WIDER`] times as far. So a search takes no more than a few times what the better way takes, without
//! knowing which that is.

mod again;
mod held;
mod known;
mod statements;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::RangeInclusive;

use relm_core::PageSize;
use relm_core::query::search::{Exact, Rank, SearchPosition};
use relm_core::record::object::ObjectType;
use relm_core::record::{Document, Record};
use relm_core::store::{Search, SearchPage};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;

use self::held::Held;
pub(crate) use self::known::Known;
use self::known::in_all;
pub(crate) use self::statements::{DOCUMENT, together};
use self::statements::{Rows, having_word, identified, newest, of_ids};
use crate::sql::Sql;

/// Entries that make a word broad, at first. Reading as many takes well under a millisecond where a database is embedded,
/// and about two on the wire.
pub(crate) const BROAD: usize = 1_024;
/// How much further words are read each time.
const WIDER: usize = 8;
/// As far as the words of a search are read, together: it bounds what a search holds.
const BROAD_MAX: usize = 1 << 19;
/// Entries that are read in the time in which one record is judged.
const ENTRIES_PER_RECORD: usize = 8;
/// Records that are judged at a time: at first, and where words were read further.
const CHUNK_ROWS: RangeInclusive<usize> = 128..=1_024;

/// What is to be run next.
pub(crate) enum Step {
    /// Statements whose rows are `ulid, kind`. [`Searching::entries`] takes the rows of each.
    Entries(Vec<Sql>),
    /// A statement whose rows are `id, doc`. [`Searching::document`] takes each, in any order, and
    /// [`Searching::documents_end`] goes on.
    Documents(Sql),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Words are to be read.
    Entries,
    /// What is listed is to be read.
    Listed,
    /// The newest records are to be judged.
    Newest,
    Done,
}

/// A search under way.
pub(crate) struct Searching {
    scope: Scope,
    search: Search,
    /// Whether all steps see one moment. Where they do not, a record is judged as it is when it is read.
    one_moment: bool,
    stage: Stage,
    /// A word of so many entries is broad.
    broad: usize,
    /// Whether words were read before, and less far.
    is_wider: bool,
    /// The words, by their places, that need not be read to know that they are broad.
    broad_words: Vec<bool>,
    has_narrow: bool,
    has_broad: bool,
    /// What ranks exact, where that is known to be all of it.
    exact: Option<HashSet<Id>>,
    /// Records in the order of the page, those from `next` on yet to be read.
    listed: Vec<(Rank, Id)>,
    next: usize,
    /// Records that were judged since words were read.
    judged: usize,
    /// The last record among the words that was looked at.
    last: Option<SearchPosition>,
    /// What the step under way has read: how many records, the oldest of them, and those that may be on the page.
    rows: usize,
    lowest: Option<u128>,
    held: Held,
    found: Vec<(Rank, Document)>,
    size: PageSize,
}

impl Searching {
    /// A search to which words of so many entries are broad, at first.
    pub fn new(scope: Scope, search: Search, broad: usize, one_moment: bool) -> Self {
        Self {
            scope,
            one_moment,
            stage: Stage::Entries,
            broad,
            is_wider: false,
            broad_words: vec![false; search.terms.words.len()],
            has_narrow: false,
            has_broad: false,
            exact: None,
            listed: Vec::new(),
            next: 0,
            judged: 0,
            last: search.after.filter(|after| after.rank == Rank::Words),
            rows: 0,
            lowest: None,
            held: Held::default(),
            found: Vec::new(),
            size: PageSize::new(search.limit),
            search,
        }
    }

    /// Whether the next step is known to read little.
    pub fn is_short(&self) -> bool {
        match self.stage {
            Stage::Entries => !self.is_wider,
            Stage::Listed => !self.has_broad,
            Stage::Newest | Stage::Done => false,
        }
    }

    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// What is to be run next; nothing once the page is found.
    pub fn next(&self) -> Option<Step> {
        match self.stage {
            Stage::Entries => {
                let words = self.search.terms.words.iter().zip(&self.broad_words);
                let words = words.filter(|(_, is_broad)| !**is_broad);
                let words = words.map(|(word, _)| having_word(self.scope, word, self.broad));
                let exact = (!self.is_wider).then(|| {
                    let after = self.after(Rank::Exact);
                    identified(self.scope, &self.search, after, self.wanted())
                });
                Some(Step::Entries(words.chain(exact).collect()))
            }
            Stage::Listed | Stage::Newest => self.documents(Rows::Alone).map(Step::Documents),
            Stage::Done => None,
        }
    }

    /// The documents that are to be read next.
    fn documents(&self, of: Rows) -> Option<Sql> {
        match self.stage {
            Stage::Listed => {
                let ids = self.reading().iter().map(|(_, id)| *id);
                Some(of_ids(of, self.scope, ids))
            }
            Stage::Newest => {
                let last = self.last.map(|last| last.ulid);
                let types = &self.search.types;
                Some(newest(of, self.scope, types, last, self.chunk()))
            }
            Stage::Entries | Stage::Done => None,
        }
    }

    /// Takes the rows of each statement.
    pub fn entries(&mut self, mut entries: Vec<Vec<Id>>) {
        self.listed.clear();
        (self.next, self.judged) = (0, 0);
        if !self.is_wider {
            let exact = entries.pop().unwrap_or_default();
            self.list_exact(exact);
        }
        let broad = self.broad;
        let read = self.broad_words.iter_mut().filter(|is_broad| !**is_broad);
        for (is_broad, entries) in read.zip(&entries) {
            *is_broad = entries.len() >= broad;
        }
        entries.retain(|word| word.len() < broad);
        self.has_narrow = !entries.is_empty();
        self.has_broad = entries.len() < self.search.terms.words.len();
        let mut having = in_all(entries);
        let last = self.last.map(|last| last.ulid);
        having.retain(|id| {
            self.is_of_types(*id)
                && last.is_none_or(|last| id.ulid() < last)
                && self.exact.as_ref().is_none_or(|exact| !exact.contains(id))
        });
        self.list(Rank::Words, having);
        self.go_on();
    }

    /// Lists what ranks exact on this page.
    fn list_exact(&mut self, mut exact: Vec<Id>) {
        let is_all = exact.len() < self.wanted() && self.after(Rank::Exact).is_none();
        if let Some(id) = self.search.terms.id {
            exact.retain(|other| *other != id);
            exact.push(id);
        }
        if is_all {
            self.exact = Some(exact.iter().copied().collect());
        }
        if self.after(Rank::Words).is_none() {
            let after = self.after(Rank::Exact);
            exact.retain(|id| self.is_of_types(*id) && after.is_none_or(|after| id.ulid() < after));
            self.list(Rank::Exact, exact);
        }
    }

    fn list(&mut self, rank: Rank, mut ids: Vec<Id>) {
        ids.sort_unstable_by_key(|id| Reverse(id.ulid()));
        self.listed.extend(ids.into_iter().map(|id| (rank, id)));
    }

    /// Takes one of the documents that a step reads.
    pub fn document(&mut self, document: Document) {
        let ulid = document.id.ulid();
        self.rows += 1;
        self.lowest = self
            .lowest
            .map_or(Some(ulid), |lowest| Some(lowest.min(ulid)));
        let rank = match self.stage {
            Stage::Newest => Some(Rank::Words),
            Stage::Listed => [Rank::Exact, Rank::Words]
                .into_iter()
                .find(|rank| self.is_read(*rank, ulid)),
            Stage::Entries | Stage::Done => None,
        };
        if let Some(rank) = rank {
            let mut held = std::mem::take(&mut self.held);
            held.add((rank, Reverse(ulid)), document, |rank, document| {
                self.accepts(rank, document)
            });
            self.held = held;
        }
    }

    /// Goes on when a step has read all its documents.
    pub fn documents_end(&mut self) {
        let (rows, lowest) = (std::mem::take(&mut self.rows), self.lowest.take());
        if self.stage == Stage::Newest {
            self.judged += rows;
            self.last_word(lowest);
            let is_end = rows < self.chunk();
            self.fill();
            if is_end {
                self.stage = Stage::Done;
            } else {
                self.go_on();
            }
            return;
        }
        let reading = self.reading();
        let mut words = reading.iter().filter(|(rank, _)| *rank == Rank::Words);
        let (read, judged) = (reading.len(), words.clone().count());
        let last = words.next_back().map(|(_, id)| id.ulid());
        self.next += read;
        self.judged += judged;
        self.last_word(last);
        self.fill();
        self.go_on();
    }

    /// Whether the step under way reads this record at this rank.
    fn is_read(&self, rank: Rank, ulid: u128) -> bool {
        let place = (rank, Reverse(ulid));
        let found = self
            .reading()
            .binary_search_by_key(&place, |(rank, id)| (*rank, Reverse(id.ulid())));
        found.is_ok()
    }

    fn last_word(&mut self, ulid: Option<u128>) {
        let rank = Rank::Words;
        self.last = ulid.map(|ulid| SearchPosition { rank, ulid }).or(self.last);
    }

    /// Adds to the page what was read and belongs there.
    fn fill(&mut self) {
        let held = std::mem::take(&mut self.held);
        let is_cut = held.is_cut();
        for ((rank, _), (document, is_accepted)) in held {
            if self.size.more() {
                return;
            }
            let is_found = is_accepted || self.accepts(rank, &document);
            if is_found && self.size.takes(document.json.len()) {
                self.found.push((rank, document));
            }
        }
        if is_cut {
            // What was let go has no room beside what was held.
            self.size.takes(usize::MAX);
        }
    }

    /// Whether a record is found at this rank.
    fn accepts(&self, rank: Rank, document: &Document) -> bool {
        let is_known = self.one_moment && !self.has_broad && self.exact.is_some();
        is_known || self.ranks(document) == Some(rank) || self.lost_its_key(rank, document)
    }

    /// Whether a contact has the address that is searched, and not its unique key: another of the same mailbox, from before
    /// the two were one, has that. It is listed among what has the words.
    fn lost_its_key(&self, rank: Rank, document: &Document) -> bool {
        let is_other = |exact: &HashSet<Id>| !exact.contains(&document.id);
        rank == Rank::Words
            && matches!(self.search.terms.exact, Exact::Email(_))
            && self.exact.as_ref().is_some_and(is_other)
            && self.ranks(document) == Some(Rank::Exact)
    }

    fn ranks(&self, document: &Document) -> Option<Rank> {
        let record = Record::from_json(document.id.kind(), &document.json).ok()?;
        self.search.terms.rank(&record)
    }

    fn go_on(&mut self) {
        let is_vain = self.has_broad && self.judged * ENTRIES_PER_RECORD >= self.broad;
        self.stage = if self.size.more() {
            Stage::Done
        } else if is_vain && self.broad < self.broad_max() {
            self.broad = self.broad_max().min(self.broad * WIDER);
            self.is_wider = true;
            self.broad_words.fill(false);
            Stage::Entries
        } else if self.next < self.listed.len() {
            Stage::Listed
        } else if self.has_broad && !self.has_narrow {
            Stage::Newest
        } else {
            Stage::Done
        };
    }

    /// As far as each word is read.
    fn broad_max(&self) -> usize {
        BROAD_MAX / self.search.terms.words.len().max(1)
    }

    /// The page that was found.
    pub fn page(self) -> SearchPage {
        SearchPage {
            last: self.found.last().map(|(rank, document)| SearchPosition {
                rank: *rank,
                ulid: document.id.ulid(),
            }),
            more: self.size.more(),
            documents: self.found.into_iter().map(|(_, found)| found).collect(),
        }
    }

    /// The page, and one record that tells whether there is another.
    fn wanted(&self) -> usize {
        self.search.limit.saturating_add(1)
    }

    /// Records that are judged at a time.
    fn chunk(&self) -> usize {
        let rows = self.broad / ENTRIES_PER_RECORD;
        rows.clamp(*CHUNK_ROWS.start(), *CHUNK_ROWS.end())
    }

    /// What is listed and is to be read at a time.
    fn reading(&self) -> &[(Rank, Id)] {
        let rows = match self.has_broad || self.exact.is_none() {
            true => self.chunk(),
            false => (self.wanted() - self.found.len()).min(*CHUNK_ROWS.end()),
        };
        let left = &self.listed[self.next..];
        &left[..rows.min(left.len())]
    }

    /// The place of the page before, where that ended at this rank.
    fn after(&self, rank: Rank) -> Option<u128> {
        let after = self.search.after.filter(|after| after.rank == rank);
        after.map(|after| after.ulid)
    }

    fn is_of_types(&self, id: Id) -> bool {
        ObjectType::of(id.kind()).is_some_and(|ty| self.search.types.contains(&ty))
    }
}
