//! Each read sees the store at one moment, however many records it looks at.

use std::sync::atomic::{AtomicUsize, Ordering};

use relm_core::record::object::Contact;
use relm_core::store::Query;
use relm_core::value::id::Kind;

use super::mirror::clauses;
use crate::records::{SCOPE, changed, contact, insert, replace};
use crate::subject::{Subject, assert_contract};

/// More than any store reads at a time.
const RECORDS: u64 = 1_200;
const READERS: usize = 2;
const READS: usize = 120;
/// Bounded, so that the writer ends also where a reader does not get to its end.
const MOVES_MAX: usize = 5_000;
const MARK: &str = "mark";

fn with_mark(n: u64, is_marked: bool) -> Contact {
    let mut contact = contact(n);
    contact.last_name = is_marked.then(|| MARK.to_owned());
    contact
}

/// Moves a mark between the oldest and the newest of many records, a commit for each move, while `read` is done by several at once.
async fn beside_moves<R: Future<Output = ()> + Send>(
    store: &Subject,
    read: impl Fn(usize) -> R + Sync,
) {
    for first in [0, RECORDS / 2] {
        let own = |n| insert(with_mark(n, n == 0));
        store
            .apply(SCOPE, (first..first + RECORDS / 2).map(own).collect())
            .await;
    }
    let reading = AtomicUsize::new(READERS);
    let contender = async |n: usize| {
        if n < READERS {
            for time in 0..READS {
                read(time).await;
            }
            reading.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let mut ends = [with_mark(0, true), with_mark(RECORDS - 1, false)];
        for _ in 0..MOVES_MAX {
            let moved = ends.clone().map(|before| {
                changed(&before, |it| {
                    it.last_name = before.last_name.is_none().then(|| MARK.to_owned());
                })
            });
            let pairs = ends.into_iter().zip(moved.clone());
            let writes = pairs.map(|(before, after)| replace(before, after));
            store.apply(SCOPE, writes.collect()).await;
            ends = moved;
            if reading.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    };
    store.race((0..=READERS).map(contender));
}

/// A list sees the store at one moment: of two records that pass a mark on in one commit, one has it.
pub(crate) async fn a_list_is_of_one_moment(store: Subject) {
    let read = async |time: usize| {
        let filters = [("last_name", "eq", MARK), ("last_name", "ilike", "ma%")];
        let filter = filters[time % filters.len()];
        let query = Query {
            kind: Kind::Contact,
            clauses: clauses(Kind::Contact, &[filter]),
            after: None,
            limit: 10,
        };
        let page = store.list(SCOPE, &query).await;
        let page = page.expect("the store lists records");
        let marked = (page.documents.len(), page.more);
        assert_contract!(marked, (1, false), "marked records, by {filter:?}");
    };
    beside_moves(&store, read).await;
}
