//! The log of a scope: one order of its events, which whoever reads it sees the beginning of.

use std::collections::BTreeMap;

use relm_core::limits::PAGE_BYTES_MAX;
use relm_core::record::{Entry, Event, EventData};
use relm_core::store::{LogPage, Numbered, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use crate::records::{SCOPE, contact, delete, event, id, insert, others};
use crate::subject::{Subject, assert_contract, polled};

/// Pages on both sides of how many events a case writes.
const LIMITS: [usize; 6] = [1, 2, 3, 9, 10, 11];
/// How often a reader beside writers asks before it gives up: far more often than it takes.
const READS_MAX: usize = 20_000;

/// The `n`th event.
fn nth(n: u64) -> Event {
    event(n, &contact(n))
}

async fn insert_events(store: &Subject, scope: Scope, events: impl IntoIterator<Item = u64>) {
    let writes = events.into_iter().map(|n| insert(nth(n))).collect();
    store.apply(scope, writes).await;
}

/// One page of a log.
async fn page(store: &Subject, scope: Scope, after: i64, limit: usize) -> LogPage {
    let page = store.log(scope, after, limit).await;
    page.expect("the store reads its log")
}

/// All that is after a number, page by page.
async fn walk(store: &Subject, scope: Scope, mut after: i64, limit: usize) -> Vec<Numbered> {
    let mut walked: Vec<Numbered> = Vec::new();
    for _ in 0..READS_MAX {
        let read = page(store, scope, after, limit).await;
        assert!(
            read.events.len() <= limit,
            "a page of {limit} has {} events",
            read.events.len()
        );
        walked.extend(read.events);
        after = walked.last().map_or(after, |last| last.seq);
        if !read.more {
            return walked;
        }
    }
    panic!("the log has no end: after {READS_MAX} pages there is more");
}

/// The events of a log, whose numbers must grow from above `after`.
fn ids(numbered: &[Numbered], after: i64) -> Vec<Id> {
    let mut last = after;
    let mut ids = Vec::with_capacity(numbered.len());
    for Numbered { seq, document } in numbered {
        assert!(*seq > last, "{} has {seq} after {last}", document.id);
        last = *seq;
        ids.push(document.id);
    }
    ids
}

fn event_ids(events: impl IntoIterator<Item = u64>) -> Vec<Id> {
    let events = events.into_iter();
    events.map(|n| id(Kind::Event, n)).collect()
}

/// Each event is in the log once, under a number from 1 on, and its document is as it was written.
pub(crate) async fn a_log_has_every_event_once(store: Subject) {
    assert_contract!(page(&store, SCOPE, 0, 10).await, LogPage::default());
    for n in 0..4 {
        insert_events(&store, SCOPE, [n]).await;
    }
    insert_events(&store, SCOPE, 4..7).await;
    store.apply(SCOPE, vec![insert(contact(9))]).await;
    let read = page(&store, SCOPE, 0, 10).await;
    assert!(!read.more && read.deleted == 0, "{read:?}");
    let mut found = ids(&read.events, 0);
    assert_contract!(Some(read.last), read.events.last().map(|last| last.seq));
    found.sort_unstable();
    assert_contract!(found, event_ids(0..7));
    for Numbered { document, .. } in read.events {
        let mut written = (0..7).map(|n| Entry::new(nth(n)).document());
        let written = written.find(|written| written.id == document.id);
        assert_contract!(Some(document), written);
    }
}

/// The events of one commit are in the order of their ids.
pub(crate) async fn the_events_of_a_commit_are_in_the_order_of_their_ids(store: Subject) {
    insert_events(&store, SCOPE, [7, 3, 9, 1]).await;
    let read = page(&store, SCOPE, 0, 10).await;
    assert_contract!(ids(&read.events, 0), event_ids([1, 3, 7, 9]));
}

/// An event whose commit comes late is numbered above whatever was seen, though its id is smaller.
pub(crate) async fn an_event_that_comes_late_is_after_what_was_seen(store: Subject) {
    let (mut seen, mut after) = (Vec::new(), 0);
    for n in [50, 40, 60, 10, 55, 30] {
        insert_events(&store, SCOPE, [n]).await;
        let read = page(&store, SCOPE, after, 10).await;
        assert_contract!(ids(&read.events, after), event_ids([n]), "after {after}");
        after = read.last;
        seen.extend(read.events);
    }
    assert_contract!(walk(&store, SCOPE, 0, 4).await, seen);
}

/// A walk gives every event once, whatever the limit, and `more` is exact.
pub(crate) async fn any_limit_gives_the_whole_log_once(store: Subject) {
    for n in [4, 2, 8] {
        insert_events(&store, SCOPE, [n, n + 1]).await;
    }
    insert_events(&store, SCOPE, [20, 21, 22, 23]).await;
    let all = page(&store, SCOPE, 0, 100).await.events;
    assert_contract!(ids(&all, 0).len(), 10);
    for limit in LIMITS {
        let (mut left, mut after) = (all.as_slice(), 0);
        loop {
            let read = page(&store, SCOPE, after, limit).await;
            let (on_page, rest) = left.split_at(left.len().min(limit));
            assert_contract!(read.events, on_page, "limit {limit}, after {after}");
            assert_contract!(read.more, !rest.is_empty(), "limit {limit}, after {after}");
            let Some(last) = on_page.last() else {
                break;
            };
            (left, after) = (rest, last.seq);
        }
    }
}

/// A page has as many events as fit: hundreds of them, where so many are asked for.
pub(crate) async fn a_page_of_a_log_has_hundreds(store: Subject) {
    const EVENTS: u64 = 1_100;
    for first in [0, 500, 1_000] {
        insert_events(&store, SCOPE, first..EVENTS.min(first + 500)).await;
    }
    let all = walk(&store, SCOPE, 0, 100).await;
    assert_contract!(ids(&all, 0), event_ids(0..EVENTS));
    for (place, limits) in [
        (
            0,
            &[199, 200, 201, 257, 513, 1_000, 1_001, 1_099, 1_100, 1_101][..],
        ),
        (1, &[500, 1_024, 1_098, 1_099, 2_000]),
        (777, &[322, 323, 324]),
    ] {
        let after = all[..place].last().map_or(0, |last| last.seq);
        for limit in limits {
            let read = page(&store, SCOPE, after, *limit).await;
            let (on_page, rest) = all[place..].split_at((*limit).min(all.len() - place));
            let which = || format!("limit {limit}, after {place} events");
            assert_contract!(read.events.len(), on_page.len(), "{}", which());
            assert!(read.events == on_page, "{}", which());
            assert_contract!(read.more, !rest.is_empty(), "{}", which());
        }
    }
}

/// A page of a log ends where its documents would come to more bytes than a page may have.
pub(crate) async fn a_page_of_a_log_is_bounded_in_bytes(store: Subject) {
    let large = |n: u64| {
        let mut event = nth(n);
        let text = "é".repeat(PAGE_BYTES_MAX / 2 / 3);
        let of = contact(n).id;
        event.data = EventData::new(format!(r#"{{"id":"{of}","text":"{text}"}}"#));
        event
    };
    for n in 0..7 {
        store.apply(SCOPE, vec![insert(large(n))]).await;
    }
    let mut after = 0;
    for held in [2, 2, 2, 1] {
        let read = page(&store, SCOPE, after, 7).await;
        assert_contract!(read.events.len(), held, "after {after}");
        assert_contract!(read.more, held == 2);
        after = read.events.last().map_or(after, |last| last.seq);
    }
}

/// A deleted event leaves the log, `deleted` is at its number, and no number is given again.
pub(crate) async fn numbers_outlive_their_events(store: Subject) {
    insert_events(&store, SCOPE, 0..5).await;
    let all = page(&store, SCOPE, 0, 10).await;
    let by_number = |place: usize| all.events[place].seq;
    store.apply(SCOPE, vec![delete(nth(1))]).await;
    let read = page(&store, SCOPE, 0, 10).await;
    assert_contract!(ids(&read.events, 0), event_ids([0, 2, 3, 4]));
    assert_contract!((read.last, read.deleted), (all.last, by_number(1)));
    // What is deleted later may have a smaller number.
    store.apply(SCOPE, vec![delete(nth(0))]).await;
    assert_contract!(page(&store, SCOPE, 0, 10).await.deleted, by_number(1));
    let rest = (2..5).map(|n| delete(nth(n))).collect();
    store.apply(SCOPE, rest).await;
    let empty = page(&store, SCOPE, 0, 10).await;
    let expected = LogPage {
        last: all.last,
        deleted: all.last,
        ..LogPage::default()
    };
    assert_contract!(empty, expected);
    insert_events(&store, SCOPE, [2]).await;
    let read = page(&store, SCOPE, all.last, 10).await;
    assert_contract!(ids(&read.events, all.last), event_ids([2]));
}

/// An event that was deleted before anybody read it is missed by whoever had read what was before.
pub(crate) async fn an_unread_deletion_is_told(store: Subject) {
    insert_events(&store, SCOPE, [5]).await;
    let seen = page(&store, SCOPE, 0, 10).await.last;
    insert_events(&store, SCOPE, [6, 1]).await;
    store.apply(SCOPE, vec![delete(nth(1))]).await;
    let read = page(&store, SCOPE, seen, 10).await;
    assert_contract!(ids(&read.events, seen), event_ids([6]));
    assert!(
        read.deleted > seen && read.last >= read.deleted,
        "after {seen} an event is missing: {read:?}"
    );
    let (last, deleted) = (read.last, read.deleted);
    insert_events(&store, SCOPE, [2]).await;
    let read = page(&store, SCOPE, last, 10).await;
    assert_contract!(ids(&read.events, last), event_ids([2]));
    assert_contract!(read.deleted, deleted);
}

/// Numbers come in the order in which they are asked for, and what has none has none.
pub(crate) async fn numbers_answer_in_the_order_of_the_events(store: Subject) {
    insert_events(&store, SCOPE, 0..600).await;
    let walked = walk(&store, SCOPE, 0, 200).await;
    let numbered = walked.iter().map(|it| (it.document.id, it.seq));
    let numbered: BTreeMap<Id, i64> = numbered.collect();
    assert_contract!(numbered.len(), 600);
    let mut asked = event_ids((0..600).rev());
    asked.extend(event_ids([700, 3, 3]));
    asked.push(id(Kind::Contact, 1));
    let expected: Vec<Option<i64>> = asked.iter().map(|id| numbered.get(id).copied()).collect();
    let numbers = store.numbers(SCOPE, &asked).await;
    assert_contract!(numbers.expect("the store knows numbers"), expected);
    let none = store.numbers(SCOPE, &[]).await;
    assert_contract!(none.expect("the store knows numbers"), []);
}

/// A deleted event has no number any more, and the others keep theirs.
pub(crate) async fn a_deleted_event_has_no_number(store: Subject) {
    insert_events(&store, SCOPE, 0..3).await;
    let read = page(&store, SCOPE, 0, 10).await;
    assert_contract!(ids(&read.events, 0), event_ids(0..3));
    store.apply(SCOPE, vec![delete(nth(1))]).await;
    let numbers = store.numbers(SCOPE, &event_ids(0..3)).await;
    let expected = [Some(read.events[0].seq), None, Some(read.events[2].seq)];
    assert_contract!(numbers.expect("the store knows numbers"), expected);
}

/// Each scope has a log of its own.
pub(crate) async fn logs_stay_in_their_scope(store: Subject) {
    insert_events(&store, SCOPE, 0..3).await;
    for (other, n) in others().into_iter().zip(10..).take(2) {
        assert_contract!(page(&store, other, 0, 10).await, LogPage::default());
        insert_events(&store, other, [n]).await;
        let read = page(&store, other, 0, 10).await;
        assert_contract!(ids(&read.events, 0), event_ids([n]));
        let numbers = store.numbers(other, &event_ids([0])).await;
        assert_contract!(numbers.expect("the store knows numbers"), [None]);
        store.apply(other, vec![delete(nth(n))]).await;
    }
    let read = page(&store, SCOPE, 0, 10).await;
    assert_contract!(ids(&read.events, 0), event_ids(0..3));
    assert_contract!(read.deleted, 0);
}

/// Readers beside writers of single events and of batches see every event once, all in the same order.
pub(crate) async fn readers_beside_writers_see_one_order(store: Subject) {
    const WRITERS: u64 = 5;
    const COMMITS: u64 = 16;
    const READERS: u64 = 3;
    // Writer by writer, every other commit of three events; ids are in no order of commits.
    let events_of = |writer: u64, commit: u64| {
        let first = (COMMITS - commit) * 3 * WRITERS + 3 * ((writer + commit) % WRITERS);
        first..first + if commit.is_multiple_of(2) { 1 } else { 3 }
    };
    let all = WRITERS * COMMITS * 2;
    let contender = async |n: u64| {
        if n < WRITERS {
            for commit in 0..COMMITS {
                insert_events(&store, SCOPE, events_of(n, commit)).await;
            }
            return Vec::new();
        }
        let (mut seen, mut after) = (Vec::new(), 0);
        let limit = n as usize;
        for _ in 0..READS_MAX {
            if seen.len() as u64 == all {
                break;
            }
            let read = page(&store, SCOPE, after, limit).await;
            seen.extend(ids(&read.events, after));
            after = read.events.last().map_or(after, |last| last.seq);
            std::thread::yield_now();
        }
        seen
    };
    let mut orders = store.race((0..WRITERS + READERS).map(contender));
    let orders = orders.split_off(WRITERS as usize);
    let whole = ids(&walk(&store, SCOPE, 0, 50).await, 0);
    let commits = (0..WRITERS).flat_map(|writer| (0..COMMITS).map(move |it| (writer, it)));
    let mut expected = event_ids(commits.flat_map(|(writer, it)| events_of(writer, it)));
    expected.sort_unstable();
    let mut sorted = whole.clone();
    sorted.sort_unstable();
    assert_contract!(sorted, expected);
    for order in orders {
        assert_contract!(order, whole, "what one reader saw");
    }
}

/// A read of a log may be dropped at any await point: no number is given twice or taken back, and the store stays usable.
pub(crate) async fn a_dropped_read_of_a_log_is_no_harm(store: Subject) {
    let mut seen: Vec<Numbered> = Vec::new();
    for (n, polls) in (0..80).zip([1, 2, 3, 1].into_iter().cycle()) {
        insert_events(&store, SCOPE, [100 - n]).await;
        let _ = polled(polls, store.log(SCOPE, 0, 100));
        let _ = polled(polls, store.numbers(SCOPE, &event_ids([n])));
        if n % 8 == 7 {
            let read = walk(&store, SCOPE, 0, 100).await;
            assert_contract!(read[..seen.len()], seen[..]);
            assert_contract!(ids(&read, 0).len() as u64, n + 1);
            seen = read;
        }
    }
    let rest: Vec<Write> = (0..80).map(|n| delete(nth(100 - n))).collect();
    store.apply(SCOPE, rest).await;
    let read = page(&store, SCOPE, 0, 10).await;
    let last = seen.last().map(|last| last.seq);
    assert_contract!((Some(read.deleted), read.events.len()), (last, 0));
}
