//! Lists: their order, their cursors, and whether there is more.

use relm_core::query::filter::Clause;
use relm_core::record::Document;
use relm_core::store::{Page, Query};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use crate::records::with;
use crate::records::{SCOPE, company, contact, delete, id, insert};
use crate::subject::{Subject, assert_contract};

fn contacts(after: Option<Id>, limit: usize) -> Query {
    Query {
        kind: Kind::Contact,
        clauses: Vec::new(),
        after,
        limit,
    }
}

async fn list(store: &Subject, query: &Query) -> Page {
    store
        .list(SCOPE, query)
        .await
        .expect("the store lists records")
}

fn ids(documents: &[Document]) -> Vec<Id> {
    documents.iter().map(|document| document.id).collect()
}

/// Every page of a list, each checked for whether there is more; the documents of all.
pub(crate) async fn walk(
    store: &Subject,
    scope: Scope,
    kind: Kind,
    clauses: &[Clause],
    limit: usize,
) -> Vec<Document> {
    const PAGES_MAX: usize = 5_000;
    let mut query = Query {
        kind,
        clauses: clauses.to_vec(),
        after: None,
        limit,
    };
    let mut walked = Vec::new();
    let mut was_more = None;
    for _ in 0..PAGES_MAX {
        let page = store.list(scope, &query).await;
        let Page { documents, more } = page.expect("the store lists records");
        let there = documents.len();
        assert!(there <= limit, "{there} records on a page of {limit}");
        // A page that is said to be the last is asked what comes after it: nothing may.
        let is_as_told = was_more.is_none_or(|was_more| was_more == (there > 0));
        assert!(is_as_told, "{there} records where more is {was_more:?}");
        assert!(
            !more || there == limit,
            "more after {there} on a page of {limit}"
        );
        query.after = documents.last().map(|last| last.id).or(query.after);
        walked.extend(documents);
        if was_more == Some(false) || walked.is_empty() {
            assert!(!more, "more after the end of a list");
            return walked;
        }
        was_more = Some(more);
    }
    panic!("the list does not end");
}

/// Newest first: by descending id, in whatever order they were written.
pub(crate) async fn a_list_is_ordered_by_descending_id(store: Subject) {
    assert_contract!(list(&store, &contacts(None, 10)).await, Page::default());
    for n in [4, 1, 9, 7, 2, 8] {
        store.apply(SCOPE, vec![insert(contact(n))]).await;
    }
    store
        .apply(SCOPE, [3, 6, 5].map(|n| insert(contact(n))).to_vec())
        .await;
    let page = list(&store, &contacts(None, 10)).await;
    let expected: Vec<Id> = (1..=9).rev().map(|n| id(Kind::Contact, n)).collect();
    assert_contract!(ids(&page.documents), expected);
}

/// By descending id: all 128 bits of it, the highest and the lowest included.
pub(crate) async fn a_list_orders_by_the_whole_ulid(store: Subject) {
    let ulids = [
        0,
        1,
        0xff,
        1 << 63,
        (1 << 64) - 1,
        1 << 64,
        1 << 80,
        (1 << 127) - 1,
        1 << 127,
        u128::MAX,
    ];
    let own = |ulid| with!(contact(0); id: Id::new(Kind::Contact, ulid));
    store
        .apply(SCOPE, ulids.map(|ulid| insert(own(ulid))).to_vec())
        .await;
    let mut expected = ulids.map(|ulid| Id::new(Kind::Contact, ulid));
    expected.reverse();
    for limit in [1, 3, 20] {
        let walked = walk(&store, SCOPE, Kind::Contact, &[], limit).await;
        assert_contract!(ids(&walked), expected, "limit {limit}");
    }
}

/// Strictly after the query's `after`, the first and the last included.
pub(crate) async fn a_list_begins_strictly_after_its_cursor(store: Subject) {
    store
        .apply(SCOPE, (1..=5).map(|n| insert(contact(n))).collect())
        .await;
    for after in 1..=5 {
        let page = list(&store, &contacts(Some(id(Kind::Contact, after)), 10)).await;
        let expected: Vec<Id> = (1..after).rev().map(|n| id(Kind::Contact, n)).collect();
        assert_contract!(ids(&page.documents), expected, "after {after}");
        assert!(!page.more);
    }
}

/// The last record of the page before need not exist any more.
pub(crate) async fn a_cursor_outlives_its_record(store: Subject) {
    store
        .apply(SCOPE, (1..=6).map(|n| insert(contact(n))).collect())
        .await;
    let first = list(&store, &contacts(None, 3)).await;
    assert_contract!(
        ids(&first.documents),
        [6, 5, 4].map(|n| id(Kind::Contact, n))
    );
    store.apply(SCOPE, vec![delete(contact(4))]).await;
    let second = list(&store, &contacts(Some(id(Kind::Contact, 4)), 3)).await;
    assert_contract!(
        ids(&second.documents),
        [3, 2, 1].map(|n| id(Kind::Contact, n))
    );
    assert!(!second.more);
    let never = Id::new(Kind::Contact, id(Kind::Contact, 3).ulid() - 1);
    let third = list(&store, &contacts(Some(never), 3)).await;
    assert_contract!(ids(&third.documents), [2, 1].map(|n| id(Kind::Contact, n)));
}

/// Never more than the limit; `more` is true exactly when a further record meets the query.
pub(crate) async fn more_is_exact_on_a_full_page(store: Subject) {
    for there in 0..=5 {
        for limit in 1..=6 {
            let page = list(&store, &contacts(None, limit)).await;
            assert_contract!(
                page.documents.len(),
                limit.min(there),
                "{there} records, limit {limit}"
            );
            assert_contract!(page.more, there > limit, "{there} records, limit {limit}");
        }
        store
            .apply(
                SCOPE,
                vec![insert(contact(there as u64)), insert(company(there as u64))],
            )
            .await;
    }
}

/// Walking all pages gives every record once, and the same ones for every limit.
pub(crate) async fn any_limit_gives_everything_once(store: Subject) {
    store
        .apply(SCOPE, (1..=11).map(|n| insert(contact(n))).collect())
        .await;
    let expected: Vec<Id> = (1..=11).rev().map(|n| id(Kind::Contact, n)).collect();
    for limit in 1..=12 {
        let walked = walk(&store, SCOPE, Kind::Contact, &[], limit).await;
        assert_contract!(ids(&walked), expected, "limit {limit}");
    }
}

/// Under inserts and deletes between the pages, a walk gives what was there throughout exactly once.
pub(crate) async fn a_list_under_writes_gives_what_stayed_once(store: Subject) {
    store
        .apply(SCOPE, (10..30).map(|n| insert(contact(n))).collect())
        .await;
    let (mut after, mut walked) = (None, Vec::new());
    for round in 0..20 {
        let page = list(&store, &contacts(after, 3)).await;
        walked.extend(ids(&page.documents));
        if !page.more {
            break;
        }
        after = walked.last().copied();
        // One more at the front, and one less on either side of the cursor.
        let cursor_n = 30 - walked.len() as u64;
        let mut writes = vec![insert(contact(40 + round))];
        if round == 1 {
            writes.extend([delete(contact(cursor_n + 2)), delete(contact(cursor_n - 2))]);
        }
        store.apply(SCOPE, writes).await;
    }
    let stayed: Vec<Id> = (10..30)
        .rev()
        .map(|n| id(Kind::Contact, n))
        .filter(|id| *id != self::id(Kind::Contact, 22))
        .collect();
    assert_contract!(walked, stayed);
}

/// One page of the records of *one kind*.
pub(crate) async fn a_list_holds_one_kind(store: Subject) {
    let both = |n| [insert(contact(n)), insert(company(n))];
    store.apply(SCOPE, (1..=4).flat_map(both).collect()).await;
    for kind in [Kind::Contact, Kind::Company] {
        let walked = walk(&store, SCOPE, kind, &[], 2).await;
        assert_contract!(ids(&walked), [4, 3, 2, 1].map(|n| id(kind, n)));
    }
    assert_contract!(walk(&store, SCOPE, Kind::Deal, &[], 2).await, []);
}
