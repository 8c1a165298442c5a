//! The feed: every committed event once, in one order, whoever writes and whoever reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use relm_core::engine::{BatchInput, Scoped, Sleeper};
use relm_core::error::ErrorKind;
use relm_core::query::filter::Filter;
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, company, contact, engine, phone};
use super::mock_transport::NoSleep;
use crate::simulation::yield_times;
use crate::subject::{NOW, Subject};

/// How often a reader asks before it gives up: far more often than it takes.
const READS_MAX: usize = 20_000;

/// Waits for nothing, and lets others go first.
struct Impatient;

#[async_trait]
impl Sleeper for Impatient {
    async fn sleep(&self, _: std::time::Duration) {
        yield_times(1).await;
        std::thread::yield_now();
    }
}

fn batch(emails: impl IntoIterator<Item = String>) -> BatchInput {
    BatchInput {
        rows: emails.into_iter().map(|email| contact(&email)).collect(),
        ..BatchInput::default()
    }
}

async fn event_ids(acme: &Acme, store: &Subject) -> BTreeSet<Id> {
    let events = acme.all(store, Kind::Event).await;
    events.into_iter().map(|event| event.id).collect()
}

/// Reads on until it has so many events; from time to time all it knows is the number where it was.
async fn read(scoped: &Scoped, events: usize, limit: usize) -> Vec<Id> {
    let (mut read, mut after) = (Vec::new(), 0);
    for _ in 0..READS_MAX {
        if read.len() >= events {
            break;
        }
        let page = scoped.events().after(after).limit(limit).await;
        let page = page.expect("the store reads its log");
        for logged in page.data {
            assert!(logged.seq > after, "{} comes after {after}", logged.seq);
            after = logged.seq;
            read.push(logged.event.id);
        }
        assert_eq!(page.next_after, after);
        std::thread::yield_now();
    }
    read
}

/// A reader that goes on by number sees every committed event exactly once, whatever writes beside it: the same for two readers.
pub(crate) async fn a_feed_has_every_change_once(store: Subject) {
    const WRITERS: usize = 4;
    const CHANGES: usize = 8;
    // A writer creates, changes and imports three at a time.
    const EVENTS: usize = WRITERS * CHANGES * 5;
    let acme = Acme::open(store.shared()).await;
    let mut engines = Vec::new();
    for seed in 0..WRITERS as u64 {
        engines.push(acme.beside(store.shared(), 10 + seed).await);
    }
    let write = async |writer: usize| {
        let contacts = engines[writer].contacts();
        for n in 0..CHANGES {
            let email = |part: &str| format!("{part}{n}@w{writer}.example");
            let made = contacts.create(contact(&email("a"))).await;
            let made = made.expect("the address is free");
            let rows = ["b", "c", "d"].map(email);
            contacts.batch(batch(rows)).await.expect("they are free");
            let changed = contacts.update(made.id, phone("1"), None).await;
            changed.expect("it is there");
        }
        Vec::new()
    };
    let contender = async |n: usize| match n.checked_sub(WRITERS) {
        None => write(n).await,
        Some(reader) => read(&engines[reader], EVENTS, 3 + 4 * reader).await,
    };
    let mut orders = store.race((0..WRITERS + 2).map(contender));
    let readers = orders.split_off(WRITERS);
    let written: BTreeSet<Id> = event_ids(&acme, &store).await;
    let seen: BTreeSet<Id> = readers[0].iter().copied().collect();
    assert_eq!((readers[0].len(), &seen), (EVENTS, &written));
    assert_eq!(readers[0], readers[1], "both see one order");
}

/// A follower is given what any engine over the store commits, in one order, each event once.
pub(crate) async fn a_follower_is_given_what_any_engine_commits(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 7).await;
    let feed = acme.scoped.events().after(0);
    let mut following = feed.follow(Arc::new(Impatient));
    let mut next = async || {
        let logged = following.try_next().await.expect("the store works");
        let logged = logged.expect("a feed has no end");
        (logged.seq, logged.event.id)
    };
    let (mut last, mut seen) = (0, BTreeSet::new());
    for (round, scoped) in [&other, &acme.scoped, &other].into_iter().enumerate() {
        let emails = ["b", "a", "c"].map(|name| format!("{name}{round}@example.com"));
        let contacts = scoped.contacts();
        contacts.batch(batch(emails)).await.expect("they are free");
        let all = event_ids(&acme, &store).await;
        for expected in all.difference(&seen) {
            let (seq, id) = next().await;
            assert!(seq > last, "{seq} comes after {last}");
            assert_eq!(id, *expected, "round {round}");
            last = seq;
        }
        seen = all;
    }
}

/// A filtered feed has the events that meet its filters, and goes on behind those that do not.
pub(crate) async fn a_filtered_feed_goes_on(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    for round in 0..4 {
        let emails = (0..90).map(|n| format!("{round}.{n}@example.com"));
        let imported = scoped.contacts().batch(batch(emails)).await;
        imported.expect("they are free");
        let made = scoped.companies().create(company("Mill")).await;
        made.expect("it is valid");
    }
    let companies = Filter::new("type", "eq", "company.created");
    let (mut after, mut found) = (0, 0);
    loop {
        let feed = scoped.events().after(after).filter(companies.clone());
        let page = feed.limit(3).await.expect("the filter is valid");
        assert!(page.data.len() <= 3);
        let types = page.data.iter().map(|it| it.event.event_type.as_str());
        assert!(types.into_iter().all(|name| name == "company.created"));
        found += page.data.len();
        assert!(page.next_after > after || !page.has_more);
        after = page.next_after;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(found, 4);
    let latest = scoped.events().latest().await.expect("the store works");
    assert_eq!(after, latest, "what is filtered out was looked at");
}

/// Whoever asks for events that retention deleted is told so, and where the rest begins.
pub(crate) async fn a_feed_tells_of_what_is_deleted(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let create = async |email: &str| {
        let made = scoped.contacts().create(contact(email)).await;
        made.expect("the address is free");
    };
    create("ada@example.com").await;
    let seen = scoped.events().after(0).await.expect("it is there");
    assert_eq!((seen.data.len(), seen.has_more), (1, false));
    // Nobody reads these before they are deleted.
    create("bob@example.com").await;
    create("eve@example.com").await;
    acme.clock.advance_millis(1_000);
    create("kim@example.com").await;
    let before = NOW.saturating_add_millis(500);
    let deleted = acme.crm.delete_expired_events(before, &NoSleep).await;
    assert_eq!(deleted.expect("the store works").events, 3);
    for after in [0, seen.next_after] {
        let gone = scoped.events().after(after).await;
        let gone = gone.expect_err("what it asks for is deleted");
        assert_eq!(gone.kind(), ErrorKind::Gone);
        let oldest = gone.oldest_seq().expect("it says where the rest begins");
        let rest = scoped.events().after(oldest - 1).await;
        let rest = rest.expect("the rest is there").data;
        let emails = rest.iter().map(|it| it.event.data.get());
        let emails: Vec<bool> = emails.map(|it| it.contains("kim@example.com")).collect();
        assert_eq!(emails, [true]);
        let nearest = gone.suggestion().map(str::to_owned);
        assert_eq!(nearest, Some((oldest - 1).to_string()));
    }
    // Another engine knows as much.
    let other = engine(store.shared(), &acme.clock, 3);
    let scope = scoped.scope();
    let other = other.open(scope.workspace(), scope.mode()).await;
    let gone = other.expect("it is there").events().after(0).await;
    assert_eq!(gone.expect_err("it is gone").kind(), ErrorKind::Gone);
    let beyond = scoped.events().latest().await.expect("the store works") + 1;
    let never = scoped.events().after(beyond).await;
    let never = never.expect_err("no event had that number");
    assert_eq!(never.kind(), ErrorKind::BadRequest);
}
