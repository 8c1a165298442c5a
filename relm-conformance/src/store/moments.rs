//! Each read sees the store at one moment, however much it looks at.

use std::sync::atomic::{AtomicUsize, Ordering};

use relm_core::query::search::SearchTerms;
use relm_core::record::Record;
use relm_core::record::object::{Contact, ObjectType};
use relm_core::store::{Query, Search};
use relm_core::value::id::{Id, Kind};

use super::mirror::clauses;
use crate::records::{SCOPE, contact, contact_of, delete, event, id, insert, replace, with};
use crate::subject::{Subject, assert_contract};

/// More than any store reads at a time.
const RECORDS: u64 = 1_200;
const READERS: usize = 2;
const READS: usize = 120;
/// Bounded, so that the writer ends also where a reader does not get to its end.
const WRITES_MAX: usize = 5_000;
const MARK: &str = "mark";

/// Writes one thing after another, by the number of writes before, for as long as several `read` at once.
async fn beside_writes<R, W>(
    store: &Subject,
    read: impl Fn(usize) -> R + Sync,
    write: impl Fn(usize) -> W + Sync,
) where
    R: Future<Output = ()> + Send,
    W: Future<Output = ()> + Send,
{
    let reading = AtomicUsize::new(READERS);
    let contender = async |n: usize| {
        if n < READERS {
            for time in 0..READS {
                read(time).await;
            }
            reading.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        for time in 0..WRITES_MAX {
            write(time).await;
            if reading.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    };
    store.race((0..=READERS).map(contender));
}

/// The contact of this number after so many moves, with the mark or without.
fn with_mark(n: u64, moves: usize, is_marked: bool) -> Contact {
    with!(
        contact(n);
        last_name: is_marked.then(|| MARK.to_owned()),
        version: moves as i64 + 1,
    )
}

/// The oldest and the newest of many records after so many moves: one has the mark, and then the other.
fn ends(moves: usize) -> [Contact; 2] {
    let is_with_oldest = moves.is_multiple_of(2);
    [
        with_mark(0, moves, is_with_oldest),
        with_mark(RECORDS - 1, moves, !is_with_oldest),
    ]
}

/// Moves a mark between the oldest and the newest of many records, a commit for each move, while `read` is done by several at once.
async fn beside_moves<R: Future<Output = ()> + Send>(
    store: &Subject,
    read: impl Fn(usize) -> R + Sync,
) {
    for first in [0, RECORDS / 2] {
        let own = |n| insert(with_mark(n, 0, n == 0));
        store
            .apply(SCOPE, (first..first + RECORDS / 2).map(own).collect())
            .await;
    }
    let write = async |moves: usize| {
        let pairs = ends(moves).into_iter().zip(ends(moves + 1));
        let writes = pairs.map(|(before, after)| replace(before, after));
        store.apply(SCOPE, writes.collect()).await;
    };
    beside_writes(store, read, write).await;
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

/// A search sees the store at one moment: of two records that pass a word on in one commit, one has it, whether that word is
/// all that is searched, or stands beside one that every record has.
pub(crate) async fn a_search_is_of_one_moment(store: Subject) {
    let read = async |time: usize| {
        let queries = [MARK.to_owned(), format!("name {MARK}")];
        let query = &queries[time % queries.len()];
        let search = Search {
            terms: SearchTerms::parse(query).expect("the query is well-formed"),
            types: ObjectType::ALL.to_vec(),
            after: None,
            limit: 10,
        };
        let page = store.search(SCOPE, &search).await;
        let page = page.expect("the store searches");
        let marked = (page.documents.len(), page.more);
        assert_contract!(marked, (1, false), "marked records, by {query:?}");
    };
    beside_moves(&store, read).await;
}

/// Unique keys are looked up at one moment, however many they are: of two keys that a record has by turns, one is found.
pub(crate) async fn what_many_keys_find_is_of_one_moment(store: Subject) {
    let address = |n: usize| format!("user{n}@example.com");
    let keys: Vec<String> = (0..RECORDS as usize)
        .filter_map(|n| {
            let record = Record::from(contact_of(0, &address(n)));
            record.unique_key().map(|key| key.to_string())
        })
        .collect();
    let last = keys.len() - 1;
    let after_moves = |moves: usize| {
        let own = [0, last][moves % 2];
        with!(contact_of(0, &address(own)); version: moves as i64 + 1)
    };
    store.apply(SCOPE, vec![insert(after_moves(0))]).await;
    let read = async |_| {
        let found = store.find(SCOPE, Kind::Contact, &keys).await;
        let found = found.expect("the store finds records");
        let found = found.into_iter().flatten().count();
        assert_contract!(found, 1, "records found by {} keys", keys.len());
    };
    let write = async |moves: usize| {
        let write = replace(after_moves(moves), after_moves(moves + 1));
        store.apply(SCOPE, vec![write]).await;
    };
    beside_writes(&store, read, write).await;
}

/// The numbers of events are those of one moment, however many are asked for: of two events, the later is there as long as
/// the earlier one is no longer than it.
pub(crate) async fn numbers_are_of_one_moment(store: Subject) {
    let (early, late) = (event(1, &contact(1)), event(2, &contact(2)));
    let between = (10..RECORDS).map(|n| id(Kind::Event, n));
    let asked: Vec<Id> = [late.id]
        .into_iter()
        .chain(between)
        .chain([early.id])
        .collect();
    let read = async |_| {
        let numbers = store.numbers(SCOPE, &asked).await;
        let numbers = numbers.expect("the store knows numbers");
        let ends = (numbers[0].is_some(), numbers[asked.len() - 1].is_some());
        assert!(
            !matches!(ends, (true, false)),
            "an event has a number that was there only while another had one"
        );
    };
    // The early one is numbered, then the late one; both are deleted by one commit.
    let write = async |time: usize| {
        let writes = match time % 3 {
            0 => vec![insert(early.clone())],
            1 => vec![insert(late.clone())],
            _ => vec![delete(early.clone()), delete(late.clone())],
        };
        store.apply(SCOPE, writes).await;
        let numbered = store.log(SCOPE, 0, 10).await;
        numbered.expect("the store reads its log");
    };
    beside_writes(&store, read, write).await;
}

/// A page of a log and what is said of the log beside it are of one moment: every number that was given is on a page of all, or is
/// not above that of the last event that was deleted.
pub(crate) async fn a_page_of_a_log_is_of_one_moment(store: Subject) {
    let read = async |_| {
        let page = store.log(SCOPE, 0, 10).await;
        let page = page.expect("the store reads its log");
        let numbers: Vec<i64> = page.events.iter().map(|event| event.seq).collect();
        assert!(
            numbers.iter().all(|seq| *seq > page.deleted),
            "the page has what was deleted: {numbers:?}, and {} was",
            page.deleted
        );
        let greatest = numbers.last().copied().unwrap_or(page.deleted);
        assert_contract!(page.last, greatest, "the greatest number beside {page:?}");
    };
    // One event at a time: it is inserted and numbered, and then deleted.
    let write = async |time: usize| {
        let own = event(time as u64 / 2, &contact(1));
        if time.is_multiple_of(2) {
            store.apply(SCOPE, vec![insert(own)]).await;
            let numbered = store.log(SCOPE, 0, 10).await;
            numbered.expect("the store reads its log");
        } else {
            store.apply(SCOPE, vec![delete(own)]).await;
        }
    };
    beside_writes(&store, read, write).await;
}
