//! How much a page holds: as many records as its limit and its bytes allow.

use super::query::{LogPage, Numbered, Page, SearchPage};
use crate::limits::PAGE_BYTES_MAX;
use crate::query::search::SearchPosition;
use crate::record::Document;

/// What may still be added to a page, record by record.
///
/// A page holds the first records that it is asked for: `limit` of them at most, and after the first none with which
/// their documents would come to more than [`PAGE_BYTES_MAX`] bytes.
#[derive(Clone, Copy, Debug)]
pub struct PageSize {
    records_left: usize,
    bytes_left: usize,
    is_empty: bool,
    more: bool,
}

impl PageSize {
    /// The size of an empty page that may hold `limit` records.
    pub const fn new(limit: usize) -> Self {
        Self {
            records_left: limit,
            bytes_left: PAGE_BYTES_MAX,
            is_empty: true,
            more: false,
        }
    }

    /// Whether the page holds the next record too, whose document is of so many bytes. Once it does not hold one, it holds
    /// none after it.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let has_room = self.records_left > 0 && (self.is_empty || bytes <= self.bytes_left);
        self.more |= !has_room;
        if self.more {
            return false;
        }
        self.records_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.is_empty = false;
        true
    }

    /// Whether there was a record that the page does not hold: nothing after it needs to be read.
    pub const fn more(&self) -> bool {
        self.more
    }
}

impl Page {
    /// The page that begins a list of documents, of which no more are looked at than it takes.
    pub fn of(limit: usize, documents: impl IntoIterator<Item = Document>) -> Self {
        let mut size = PageSize::new(limit);
        let documents = documents.into_iter();
        let documents = documents.take_while(|document| size.takes(document.json.len()));
        Self {
            documents: documents.collect(),
            more: size.more(),
        }
    }
}

impl LogPage {
    /// The page that begins the log with these events, of which no more are looked at than it takes. What is known of the log
    /// beside its events is to be set.
    pub fn of(limit: usize, events: impl IntoIterator<Item = Numbered>) -> Self {
        let mut size = PageSize::new(limit);
        let events = events.into_iter();
        let events = events.take_while(|event| size.takes(event.document.json.len()));
        Self {
            events: events.collect(),
            more: size.more(),
            ..Self::default()
        }
    }
}

impl SearchPage {
    /// The page that begins what a search found, of which no more is looked at than it takes.
    pub fn of(limit: usize, found: impl IntoIterator<Item = (SearchPosition, Document)>) -> Self {
        let mut size = PageSize::new(limit);
        let mut page = Self::default();
        for (position, document) in found {
            if !size.takes(document.json.len()) {
                break;
            }
            page.last = Some(position);
            page.documents.push(document);
        }
        page.more = size.more();
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::id::{Id, Kind};

    fn document(bytes: usize) -> Document {
        Document {
            id: Id::new(Kind::Contact, 1),
            json: "x".repeat(bytes).into(),
        }
    }

    #[test]
    fn a_page_holds_what_its_limit_and_its_bytes_allow() {
        let half = PAGE_BYTES_MAX / 2;
        for (limit, sizes, held, more) in [
            (3, &[][..], 0, false),
            (3, &[1, 1, 1], 3, false),
            (3, &[1, 1, 1, 1], 3, true),
            (3, &[half, half], 2, false),
            (3, &[half, half + 1], 1, true),
            (3, &[half, half + 1, 1], 1, true),
            (3, &[half, half, 0], 3, false),
            (3, &[2 * PAGE_BYTES_MAX], 1, false),
            (3, &[2 * PAGE_BYTES_MAX, 1], 1, true),
            (3, &[1, 2 * PAGE_BYTES_MAX], 1, true),
        ] {
            let page = Page::of(limit, sizes.iter().map(|bytes| document(*bytes)));
            assert_eq!((page.documents.len(), page.more), (held, more), "{sizes:?}");
        }
    }
}
