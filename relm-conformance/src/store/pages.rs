//! Pages of large records: they end where their bytes do, and nowhere else.

use std::sync::Arc;

use relm_core::limits::PAGE_BYTES_MAX;
use relm_core::query::filter::{self, Clause, Filter};
use relm_core::query::search::SearchTerms;
use relm_core::record::object::ObjectType;
use relm_core::record::{Document, Entry};
use relm_core::store::{Lease, Query, Search, StoredResponse, Write};
use relm_core::value::id::Kind;

use super::commits::response;
use crate::records::{SCOPE, at, contact, delivery, endpoint, event, insert, with};
use crate::subject::{NOW, Subject, assert_contract};

/// A contact whose document is of so many bytes: spaces in JSON are the store's to keep.
fn padded(n: u64, bytes: usize) -> Write {
    let mut entry = Entry::new(contact(n));
    let spaces = " ".repeat(bytes - entry.json.len());
    entry.json = Arc::from(entry.json.to_string() + &spaces);
    Write::Insert(entry)
}

/// Contacts of these sizes, the first of them the newest, each in a commit of its own.
async fn kept(store: &Subject, sizes: &[usize]) {
    for (n, bytes) in sizes.iter().rev().enumerate() {
        store.apply(SCOPE, vec![padded(n as u64, *bytes)]).await;
    }
}

/// How many bytes the records of a page have, and whether there is more.
type Seen = (Vec<usize>, bool);

fn seen(documents: &[Document], more: bool) -> Seen {
    let sizes = documents.iter().map(|document| document.json.len());
    (sizes.collect(), more)
}

/// What the pages of records of these sizes are to be.
fn expected(sizes: &[usize], limit: usize) -> Vec<Seen> {
    let mut pages: Vec<Seen> = Vec::new();
    let mut rest = sizes;
    while !rest.is_empty() || pages.is_empty() {
        let fits = |held: &usize| rest[..*held].iter().sum::<usize>() <= PAGE_BYTES_MAX;
        let held = (1..=limit.min(rest.len())).take_while(|held| *held == 1 || fits(held));
        let (page, after) = rest.split_at(held.last().unwrap_or(0));
        pages.push((page.to_vec(), !after.is_empty()));
        rest = after;
    }
    pages
}

/// A condition that all of them meet: one that SQL decides, and one that only documents tell.
fn filters() -> [Vec<Clause>; 3] {
    let clause = |field: &str, operator: &str, value: &str| {
        let filter = Filter {
            field: field.to_owned(),
            operator: operator.to_owned(),
            value: value.to_owned(),
        };
        filter::parse(Kind::Contact, &[], &[filter]).expect("it is well-formed")
    };
    [
        Vec::new(),
        clause("first_name", "gte", "Name"),
        clause("first_name", "ilike", "name %"),
    ]
}

async fn listed(store: &Subject, clauses: &[Clause], limit: usize) -> Vec<Seen> {
    let mut query = Query {
        kind: Kind::Contact,
        clauses: clauses.to_vec(),
        after: None,
        limit,
    };
    let mut pages = Vec::new();
    for _ in 0..20 {
        let page = store.list(SCOPE, &query).await;
        let page = page.expect("the store lists records");
        pages.push(seen(&page.documents, page.more));
        query.after = page.documents.last().map(|last| last.id).or(query.after);
        if !page.more {
            break;
        }
    }
    pages
}

async fn searched(store: &Subject, limit: usize) -> Vec<Seen> {
    let mut search = Search {
        terms: SearchTerms::parse("name").expect("it is well-formed"),
        types: ObjectType::ALL.to_vec(),
        after: None,
        limit,
    };
    let mut pages = Vec::new();
    for _ in 0..20 {
        let page = store.search(SCOPE, &search).await;
        let page = page.expect("the store searches");
        pages.push(seen(&page.documents, page.more));
        search.after = page.last.or(search.after);
        if !page.more {
            break;
        }
    }
    pages
}

const QUARTER: usize = PAGE_BYTES_MAX / 4;

/// Seven records of which four fill a page exactly, then three, since one is a byte too large.
const SIZES: [usize; 7] = [
    QUARTER,
    QUARTER,
    QUARTER,
    QUARTER,
    QUARTER,
    2 * QUARTER,
    QUARTER + 1,
];

/// After the first record, none with which the documents would come to more than `PAGE_BYTES_MAX` bytes, filtered or not;
/// `more` is exact there too.
pub(crate) async fn a_page_is_bounded_in_bytes(store: Subject) {
    kept(&store, &SIZES).await;
    for clauses in filters() {
        for limit in [2, 4, 200] {
            let pages = listed(&store, &clauses, limit).await;
            assert_contract!(pages, expected(&SIZES, limit), "limit {limit}");
        }
    }
}

/// The first record of a page is on it however large it is.
pub(crate) async fn a_record_larger_than_a_page_is_a_page(store: Subject) {
    let sizes = [1_000, PAGE_BYTES_MAX + 1, PAGE_BYTES_MAX, 1_000];
    kept(&store, &sizes).await;
    for clauses in filters() {
        let pages = listed(&store, &clauses, 200).await;
        assert_contract!(pages, expected(&sizes, 200));
    }
    assert_contract!(searched(&store, 200).await, expected(&sizes, 200));
}

/// The bounds of a search are those of a list.
pub(crate) async fn a_search_is_bounded_in_bytes(store: Subject) {
    kept(&store, &SIZES).await;
    for limit in [2, 4, 200] {
        let pages = searched(&store, limit).await;
        assert_contract!(pages, expected(&SIZES, limit), "limit {limit}");
    }
}

/// A page counts bytes, and a character may have four.
pub(crate) async fn a_page_counts_bytes_and_not_characters(store: Subject) {
    // Four of them come to a little more than a page in bytes, and to less in characters.
    let bytes = QUARTER + 1;
    for n in 0..5 {
        let mut entry = Entry::new(with!(contact(n); last_name: Some("🦀".repeat(500))));
        let spaces = " ".repeat(bytes - entry.json.len());
        entry.json = Arc::from(entry.json.to_string() + &spaces);
        store.apply(SCOPE, vec![Write::Insert(entry)]).await;
    }
    let sizes = [bytes; 5];
    for clauses in filters() {
        let pages = listed(&store, &clauses, 200).await;
        assert_contract!(pages, expected(&sizes, 200));
    }
    assert_contract!(searched(&store, 200).await, expected(&sizes, 200));
}

/// The greatest number that there is may be asked for, by whatever reads up to a limit.
pub(crate) async fn the_greatest_limit_gives_everything(store: Subject) {
    const LIMIT: usize = usize::MAX;
    let about = StoredResponse {
        about: vec![contact(0).id],
        ..response("key")
    };
    let writes = (0..3).map(|n| insert(contact(n)));
    let events = (0..3).map(|n| insert(event(n, &contact(n))));
    let deliveries = (0..3).map(|n| insert(delivery(n, n % 2, NOW)));
    let writes = writes.chain(events).chain(deliveries);
    let writes = writes.chain([Write::Remember(about)]).collect();
    store.apply(SCOPE, writes).await;
    for clauses in filters() {
        let query = Query {
            kind: Kind::Contact,
            clauses,
            after: None,
            limit: LIMIT,
        };
        let page = store.list(SCOPE, &query).await;
        let page = page.expect("the store lists records");
        assert_contract!((page.documents.len(), page.more), (3, false), "{query:?}");
    }
    let search = Search {
        terms: SearchTerms::parse("name").expect("it is a query"),
        types: ObjectType::ALL.to_vec(),
        after: None,
        limit: LIMIT,
    };
    let page = store.search(SCOPE, &search).await;
    let page = page.expect("the store searches");
    assert_contract!((page.documents.len(), page.more), (3, false));
    let page = store.log(SCOPE, 0, LIMIT).await;
    let page = page.expect("the store reads its log");
    assert_contract!((page.events.len(), page.more), (3, false));
    let queues = store.queues(None, LIMIT).await;
    assert_contract!(queues.expect("the store lists queues").len(), 2);
    let lease = Lease {
        scope: SCOPE,
        webhook: endpoint(0),
        now: NOW,
        until: at(1_000),
        limit: LIMIT,
    };
    let leased = store.lease(&lease).await;
    assert_contract!(leased.expect("the store leases").len(), 2);
    let keys = store
        .responses_about(SCOPE, contact(0).id, None, LIMIT)
        .await;
    assert_contract!(keys.expect("the store finds responses"), ["key"]);
}
