//! What a step of a search has read: in the order of the page, and not much more than a page can hold.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::IntoIter;

use relm_core::limits::PAGE_BYTES_MAX;
use relm_core::query::search::Rank;
use relm_core::record::Document;

/// Bytes that are held before anything is let go. Records are small, and most steps hold all that they read.
const HELD_BYTES_MAX: usize = 2 * PAGE_BYTES_MAX;

/// Where a record would stand among the results.
pub(crate) type Place = (Rank, Reverse<u128>);

/// A document, and whether it is known to match.
type Candidate = (Document, bool);

/// Documents that were read, in whatever order.
#[derive(Default)]
pub(crate) struct Held {
    documents: BTreeMap<Place, Candidate>,
    bytes: usize,
    /// The first place of which a match was let go: those before it fill a page.
    end: Option<Place>,
}

impl Held {
    /// Holds a document, if it can be on the page. `accepts` is asked of documents only where they come to many bytes.
    pub fn add(
        &mut self,
        place: Place,
        document: Document,
        accepts: impl Fn(Rank, &Document) -> bool,
    ) {
        if self.end.is_some_and(|end| end <= place) {
            return;
        }
        self.bytes += document.json.len();
        self.documents.insert(place, (document, false));
        if self.bytes <= HELD_BYTES_MAX {
            return;
        }
        let bytes = &mut self.bytes;
        self.documents.retain(|(rank, _), (document, is_accepted)| {
            *is_accepted = *is_accepted || accepts(*rank, document);
            if !*is_accepted {
                *bytes -= document.json.len();
            }
            *is_accepted
        });
        while let Some(last) = self.documents.last_entry()
            && self.bytes - last.get().0.json.len() >= PAGE_BYTES_MAX
        {
            self.end = Some(*last.key());
            self.bytes -= last.remove().0.json.len();
        }
    }

    /// Whether a match was let go, which comes after all that is held.
    pub fn is_cut(&self) -> bool {
        self.end.is_some()
    }
}

impl IntoIterator for Held {
    type Item = (Place, Candidate);
    type IntoIter = IntoIter<Place, Candidate>;

    /// In the order of the page.
    fn into_iter(self) -> Self::IntoIter {
        self.documents.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relm_core::value::id::{Id, Kind};

    fn add(held: &mut Held, ulid: u128, bytes: usize) {
        let document = Document {
            id: Id::new(Kind::Contact, ulid),
            json: "x".repeat(bytes).into(),
        };
        // Every third record does not match.
        let accepts = |_, document: &Document| !document.id.ulid().is_multiple_of(3);
        held.add((Rank::Words, Reverse(ulid)), document, accepts);
    }

    #[test]
    fn no_more_is_held_than_fills_a_page() {
        let bytes = PAGE_BYTES_MAX / 8;
        for step in [1, 7, 11] {
            let mut held = Held::default();
            for number in 0..50 {
                add(&mut held, number * step % 50, bytes);
                assert!(held.bytes <= HELD_BYTES_MAX);
            }
            assert!(held.is_cut());
            let newest = held.into_iter().map(|((_, Reverse(ulid)), _)| ulid);
            let matching: Vec<u128> = newest.filter(|ulid| !ulid.is_multiple_of(3)).collect();
            let expected: Vec<u128> = (0..50_u128)
                .rev()
                .filter(|ulid| !ulid.is_multiple_of(3))
                .collect();
            assert!(matching.len() >= 8);
            assert_eq!(matching, expected[..matching.len()]);
        }
    }

    #[test]
    fn what_is_small_is_held_whole_and_not_matched() {
        let mut held = Held::default();
        (0..1_000).for_each(|ulid| add(&mut held, ulid, 1_000));
        assert!(!held.is_cut());
        assert!(held.into_iter().all(|(_, (_, is_accepted))| !is_accepted));
    }
}
