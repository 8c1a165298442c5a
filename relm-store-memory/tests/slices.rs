//! What walks far does so in slices: other tasks of the executor go first in between, and what is read is of one moment all
//! the same.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use relm_core::limits::{FILTER_CLAUSES_MAX, FILTER_IN_VALUES_MAX};
use relm_core::query::filter::{Clause, Comparison, Condition, Target};
use relm_core::query::search::{SearchTerms, parse_types};
use relm_core::record::column::ColumnValue;
use relm_core::record::object::{Contact, Object};
use relm_core::record::{Entry, columns};
use relm_core::store::{Batch, Page, Query, Search, Store, Write};
use relm_core::{Id, Kind, Mode, Scope, Timestamp};
use relm_store_memory::{MemoryStore, SLICE_BYTES_MAX, SLICE_VALUES_MAX};
use serde_json::json;

const NOW: Timestamp = Timestamp::from_millis(1_782_986_400_000);
const SCOPE: Scope = Scope::new(Id::new(Kind::Workspace, 7), Mode::Live);
const CONTACTS: u128 = 50_000;

/// The `n`th contact.
fn contact(n: u128) -> Contact {
    let mut contact = Contact::blank(Id::new(Kind::Contact, n), Mode::Live, NOW);
    contact.first_name = Some("Ada".to_owned());
    contact.metadata.insert("plan".to_owned(), json!("pro"));
    contact
}

/// Polls a future that waits for nothing but its next turn.
fn poll<T>(future: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Poll<T> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

fn poll_to_completion<T>(mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> (T, usize) {
    let mut pauses = 0;
    loop {
        match poll(&mut future) {
            Poll::Ready(done) => return (done, pauses),
            Poll::Pending => pauses += 1,
        }
    }
}

fn commit(store: &MemoryStore, writes: Vec<Write>) {
    let batch = Batch {
        scope: SCOPE,
        now: NOW,
        requires: Vec::new(),
        writes,
    };
    let (done, pauses) = poll_to_completion(store.commit(batch));
    done.unwrap();
    assert_eq!(pauses, 0, "a commit waits for no walk");
}

fn store() -> MemoryStore {
    let store = MemoryStore::new();
    let all: Vec<u128> = (1..=CONTACTS).collect();
    for some in all.chunks(500) {
        let inserts = some.iter().map(|n| Write::Insert(Entry::new(contact(*n))));
        commit(&store, inserts.collect());
    }
    store
}

/// As many clauses as there may be, each with as many values, of which the last alone is the one that every contact has.
fn worst_query(limit: usize) -> Query {
    let clause = |n: usize| Clause {
        target: Target::Metadata {
            key: "plan".to_owned(),
            field_type: None,
        },
        condition: Condition::In(
            (1..FILTER_IN_VALUES_MAX)
                .map(|value| ColumnValue::from(format!("{n} {value}")))
                .chain([ColumnValue::from("pro")])
                .collect(),
        ),
    };
    // The first clause that does not hold ends the judging of a record.
    let never = Clause {
        target: Target::Id,
        condition: Condition::Null(true),
    };
    let clauses = (1..FILTER_CLAUSES_MAX).map(clause);
    Query {
        kind: Kind::Contact,
        clauses: clauses.chain([never]).collect(),
        after: None,
        limit,
    }
}

#[test]
fn a_list_compares_so_many_values_at_a_time() {
    let store = store();
    let query = worst_query(1);
    let (page, pauses) = poll_to_completion(store.list(SCOPE, &query));
    assert_eq!(page.unwrap(), Page::default());
    let values = CONTACTS as usize * (FILTER_CLAUSES_MAX - 1) * FILTER_IN_VALUES_MAX;
    assert!(pauses >= values / SLICE_VALUES_MAX, "{pauses} pauses");
    let unfiltered = Query {
        clauses: Vec::new(),
        limit: 200,
        ..query
    };
    let (page, pauses) = poll_to_completion(store.list(SCOPE, &unfiltered));
    assert_eq!((page.unwrap().documents.len(), pauses), (200, 0));
}

#[test]
fn a_search_reads_so_many_bytes_at_a_time() {
    let store = store();
    let mut search = Search {
        terms: SearchTerms::parse("nobody").unwrap(),
        types: parse_types(None).unwrap(),
        after: None,
        limit: 50,
    };
    let bytes: usize = CONTACTS as usize * Entry::new(contact(CONTACTS)).json.len();
    let (page, pauses) = poll_to_completion(store.search(SCOPE, &search));
    assert_eq!(page.unwrap().documents.len(), 0);
    assert!(
        pauses + 1 >= bytes / (2 * SLICE_BYTES_MAX),
        "{pauses} pauses"
    );
    search.terms = SearchTerms::parse("ada").unwrap();
    let (page, _) = poll_to_completion(store.search(SCOPE, &search));
    let page = page.unwrap();
    let newest: Vec<Id> = (0..50)
        .map(|n| Id::new(Kind::Contact, CONTACTS - n))
        .collect();
    let found: Vec<Id> = page.documents.iter().map(|document| document.id).collect();
    assert_eq!((found, page.more), (newest, true));
}

#[test]
fn what_is_read_in_slices_is_of_one_moment() {
    let store = store();
    let oldest = |n: u128| {
        let mut after = contact(n);
        after.version = 2;
        after.first_name = Some("Grace".to_owned());
        (contact(n), after)
    };
    let mut contact_columns = columns(Kind::Contact).iter();
    let first_name = contact_columns.position(|column| column.name == "first_name");
    let first_name = first_name.unwrap();
    let by_name = |name: &str| Query {
        kind: Kind::Contact,
        clauses: vec![Clause {
            target: Target::Column(first_name),
            condition: Condition::Compare(Comparison::Neq, ColumnValue::from(name.to_owned())),
        }],
        after: None,
        limit: 10,
    };
    // None is named otherwise, until one is renamed while the list is on its way to it.
    let query = by_name("Ada");
    let mut listing = store.list(SCOPE, &query);
    assert!(poll(&mut listing).is_pending());
    let (before, after) = oldest(1);
    commit(
        &store,
        vec![Write::Replace {
            before: Entry::new(before),
            after: Entry::new(after),
        }],
    );
    let (page, _) = poll_to_completion(listing);
    assert_eq!(page.unwrap(), Page::default(), "as it began");
    let (page, _) = poll_to_completion(store.list(SCOPE, &query));
    assert_eq!(page.unwrap().documents.len(), 1, "as it is now");
}
