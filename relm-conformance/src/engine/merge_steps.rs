//! Merges of what much refers to, merges that are broken off, and what happens to the same records meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::engine::{BatchInput, MergeInput, MergeSource, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::object::{Activity, ActivityInput, Contact};
use relm_core::record::{Change, Entry, EventType, Record};
use relm_core::store::{Batch, CommitError, Store, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Clock;
use relm_core::{ObjectType, Outcome, Reply};
use serde_json::json;

use super::acme::{Acme, contact, phone};
use super::broken_off::BreaksOff;
use super::merges::{create, merge, stands_for};
use super::mock_transport::NoSleep;
use super::retention::DAY_MS;
use super::undone::{link, request};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

/// More than one commit moves.
const REFERENCES: usize = 1_200;

pub(super) fn call(contact: Id) -> ActivityInput {
    ActivityInput {
        activity_type: "call".into(),
        contact_id: contact.into(),
        ..ActivityInput::default()
    }
}

/// So many activities of a contact.
pub(super) async fn calls(scoped: &Scoped, contact: Id, count: usize) {
    let mut left = count;
    while left > 0 {
        let rows = vec![call(contact); left.min(400)];
        left -= rows.len();
        let batch = BatchInput {
            rows,
            dedup_on: Vec::new(),
            atomic: true,
        };
        let made = scoped.activities().batch(batch).await;
        made.expect("they are valid");
    }
}

/// How many activities refer to each contact.
pub(super) async fn referring(acme: &Acme, store: &Subject, contact: Id) -> usize {
    let all = acme.all(store, Kind::Activity).await;
    let all = all
        .iter()
        .map(|it| it.decode::<Activity>().expect("it is an activity"));
    all.filter(|call| call.contact_id == Some(contact)).count()
}

pub(super) async fn ends(acme: &Acme, store: &Subject) -> Vec<(Id, Id)> {
    let all = acme.all(store, Kind::Association).await;
    let all = all
        .iter()
        .map(|it| it.decode::<Association>().expect("it is one"));
    all.map(|edge| (edge.from_id, edge.to_id)).collect()
}

pub(super) async fn merge_json(scoped: &Scoped, into: Id, from: Id) -> Reply<Contact> {
    let merged = scoped
        .contacts()
        .merge_json(into, json!({ "from": [from] }), None)
        .await;
    merged.expect("both are there")
}

/// What refers to a record beyond what one commit moves follows in steps: the caller waits for some of them, and whoever asks again goes on.
/// All of it is of the request that merged them, and every id answers all the while.
pub(crate) async fn a_merge_of_many_references_goes_on_in_steps(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, contact("ada@example.com")).await.id;
    let bob = create(scoped, phone("1")).await.id;
    calls(scoped, bob, REFERENCES).await;
    let before = acme.events(&store).await.len();
    let (by, id) = request(&acme);
    let begun = merge_json(&by, ada, bob).await;
    assert_eq!(begun.outcome, Outcome::Accepted);
    assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
    let left = referring(&acme, &store, bob).await;
    assert!((1..REFERENCES).contains(&left), "{left}");
    let done = merge_json(scoped, ada, bob).await;
    assert_eq!(done.outcome, Outcome::Done);
    assert_eq!(referring(&acme, &store, ada).await, REFERENCES);
    assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 0);
    let events = acme.events(&store).await.split_off(before);
    assert_eq!(events.len(), REFERENCES + 2);
    assert!(events.iter().all(|event| event.request_id == Some(id)));
    let moved: BTreeSet<_> = events
        .iter()
        .filter_map(|event| event.record_id())
        .collect();
    assert_eq!(moved.len(), events.len());
}

/// A merge that is broken off, after whichever commit, is ended by whoever asks again and by upkeep; nothing of it happens twice.
pub(crate) async fn a_merge_that_is_broken_off_is_ended(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let count = 1_001;
    for commits in [0, 1, 2, 5] {
        let ada = create(scoped, phone("1")).await.id;
        let bob = create(scoped, phone("2")).await.id;
        let eve = create(scoped, phone("3")).await.id;
        link(scoped, eve, bob, "knows").await;
        calls(scoped, bob, count).await;
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits)),
        });
        let broken = acme.beside(breaking, 100 + commits as u64).await;
        let input = MergeInput::new([bob]);
        let merged = broken.contacts().merge(ada, input, None).await;
        if commits == 0 {
            let failed = merged.expect_err("the store fails");
            assert_eq!(failed.kind(), ErrorKind::Unavailable);
            assert_eq!(stands_for(scoped, bob).await, Some((bob, vec![])));
            assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 0);
            continue;
        }
        assert_eq!(merged.expect("its first commit is there").id, ada);
        assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
        assert!(referring(&acme, &store, bob).await > 0);
        if commits == 2 {
            while merge_json(scoped, ada, bob).await.outcome != Outcome::Done {}
        } else {
            assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 1);
        }
        assert_eq!(referring(&acme, &store, bob).await, 0);
        assert_eq!(referring(&acme, &store, ada).await, count);
        assert_eq!(
            ends(&acme, &store)
                .await
                .iter()
                .filter(|it| **it == (eve, ada))
                .count(),
            1
        );
        assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 0);
    }
}

/// Has something written right before the first commit of a merge.
pub(super) struct Before {
    scoped: Mutex<Option<Scoped>>,
    input: Vec<ActivityInput>,
    edges: Vec<AssociationInput>,
    calls: AtomicUsize,
}

impl Before {
    pub fn merge(scoped: &Scoped, input: Vec<ActivityInput>, edges: &[(Id, Id)]) -> Self {
        let edges = edges.iter().map(|(from_id, to_id)| AssociationInput {
            from_id: *from_id,
            to_id: *to_id,
            label: None,
            attributes: Default::default(),
        });
        Self {
            scoped: Mutex::new(Some(scoped.clone())),
            input,
            edges: edges.collect(),
            calls: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Intercept for Before {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let merges = batch.writes.iter().any(|write| match write {
            Write::Insert(Entry {
                record: Record::Event(event),
                ..
            }) => event.event_type == EventType::Record(ObjectType::Contact, Change::Merged),
            _ => false,
        });
        let scoped = match merges {
            true => self
                .scoped
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
            false => None,
        };
        if let Some(scoped) = scoped {
            self.calls.fetch_add(1, Ordering::SeqCst);
            for input in &self.input {
                let made = scoped.activities().create(input.clone()).await;
                made.expect("the record is there still");
            }
            for edge in &self.edges {
                let made = scoped.associations().link(edge.clone()).await;
                made.expect("both are there still");
            }
        }
        store.commit(batch).await
    }
}

/// What is linked to a record, or refers to it, between the look at it and the commit that takes it away is moved as well.
pub(crate) async fn what_is_linked_during_a_merge_is_not_lost(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, phone("1")).await.id;
    let bob = create(scoped, phone("2")).await.id;
    let eve = create(scoped, phone("3")).await.id;
    let edges = [(bob, eve), (eve, bob), (ada, bob), (ada, eve)];
    let by = Arc::new(Before::merge(scoped, vec![call(bob), call(bob)], &edges));
    let intercepted = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::clone(&by),
    });
    let merging = acme.beside(intercepted, 7).await;
    assert_eq!(merge_json(&merging, ada, bob).await.outcome, Outcome::Done);
    assert_eq!(by.calls.load(Ordering::SeqCst), 1);
    assert_eq!(referring(&acme, &store, ada).await, 2);
    let ends: BTreeSet<(Id, Id)> = ends(&acme, &store).await.into_iter().collect();
    assert_eq!(ends, [(ada, eve), (eve, ada)].into());
    let late = scoped.activities().create(call(bob)).await;
    let late = late.expect_err("it is no record of its own");
    assert_eq!(
        (late.kind(), late.existing_id()),
        (ErrorKind::InvalidReference, Some(ada))
    );
}

/// Of merges of one record into several, and of two records into each other, one happens.
pub(crate) async fn a_record_is_merged_once_however_many_ask(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let scoped = &acme.scoped;
    for round in 0..4 {
        let mut ids = Vec::new();
        for number in 0..4 {
            ids.push(create(scoped, phone(&format!("{round}{number}"))).await.id);
        }
        let [ada, bob, eve, sue] = ids[..] else {
            panic!("there are four");
        };
        calls(scoped, eve, 3).await;
        let handles = [scoped.clone(), other.clone(), scoped.clone(), other.clone()];
        let pairs = [(ada, eve), (bob, eve), (ada, sue), (sue, ada)];
        let outcomes = Mutex::new(Vec::new());
        store.race(
            handles
                .into_iter()
                .zip(pairs)
                .map(async |(scoped, (into, from))| {
                    let input = MergeInput::new([from]);
                    let merged = scoped.contacts().merge(into, input, None).await;
                    let merged = merged.map(|record| record.id).map_err(|error| error.kind());
                    let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                    outcomes.push(((into, from), merged));
                }),
        );
        let outcomes = outcomes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let done = |pair: (Id, Id)| {
            let mut all = outcomes.iter();
            all.any(|(of, outcome)| *of == pair && outcome.is_ok())
        };
        for (_, outcome) in &outcomes {
            assert!(
                matches!(outcome, Ok(_) | Err(ErrorKind::Conflict)),
                "{outcomes:?}"
            );
        }
        assert!(!(done((ada, eve)) && done((bob, eve))), "{outcomes:?}");
        assert!(done((ada, sue)) != done((sue, ada)), "{outcomes:?}");
        acme.crm.finish_merges(&NoSleep).await.expect("it works");
        let there = acme.all(&store, Kind::Contact).await;
        let there: BTreeSet<Id> = there.iter().map(|it| it.id).collect();
        for id in [ada, bob, eve, sue] {
            let (survivor, _) = stands_for(scoped, id).await.expect("every id answers");
            assert!(there.contains(&survivor));
        }
        let (holder, _) = stands_for(scoped, eve).await.expect("every id answers");
        assert_eq!(referring(&acme, &store, holder).await, 3);
    }
}

/// A record that is purged takes along what was known of those that were merged into it; one of them that is purged leaves it as it is.
pub(crate) async fn a_purge_erases_what_was_merged(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let contacts = scoped.contacts();
    let ada = create(scoped, contact("ada@example.com")).await.id;
    let bob = create(scoped, contact("secret-bob@example.com")).await.id;
    let eve = create(scoped, contact("secret-eve@example.com")).await.id;
    calls(scoped, eve, 2).await;
    // What the record has of one that is purged it keeps: here that is nothing.
    let input = MergeInput::new([bob, eve]).field("emails", MergeSource::Record(eve));
    let merged = contacts.merge(ada, input, None).await;
    merged.expect("all are there");
    let purged = contacts.purge(bob, None).await.expect("it is in the trash");
    assert!(purged.purged);
    assert_eq!(stands_for(scoped, bob).await, None);
    assert_eq!(stands_for(scoped, eve).await, Some((ada, vec![eve])));
    assert_eq!(referring(&acme, &store, ada).await, 2);
    assert!(!everywhere(&acme, &store).await.contains("secret-bob"));
    assert!(everywhere(&acme, &store).await.contains("secret-eve"));
    let mut purged = contacts.purge(ada, None).await.expect("it is there");
    while !purged.purged {
        purged = contacts.purge(ada, None).await.expect("it goes on");
    }
    assert!(!everywhere(&acme, &store).await.contains("secret-eve"));
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    assert_eq!(stands_for(scoped, eve).await, None);
    assert_eq!(referring(&acme, &store, ada).await, 0);
    let events = acme.events(&store).await;
    let purges = events
        .iter()
        .filter(|event| event.event_type == EventType::Record(ObjectType::Contact, Change::Purged));
    let purges: BTreeSet<_> = purges.filter_map(|event| event.record_id()).collect();
    assert_eq!(purges, [ada, bob, eve].into());
}

/// All documents of events and of the trash.
pub(super) async fn everywhere(acme: &Acme, store: &Subject) -> String {
    let mut all = String::new();
    for kind in [Kind::Event, Kind::Trashed] {
        for document in acme.all(store, kind).await {
            all.push_str(&document.json);
        }
    }
    all
}

/// Merged ids answer for as long as their survivor is there or can be restored, however long that is.
pub(crate) async fn merged_ids_go_with_their_survivor(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, phone("1")).await.id;
    let bob = create(scoped, phone("2")).await.id;
    merge(scoped, ada, &[bob]).await;
    acme.clock.advance_millis(400 * DAY_MS);
    let empty = async || {
        let before = acme.clock.now().saturating_add_millis(-30 * DAY_MS);
        let emptied = acme.crm.delete_expired_trash(before, &NoSleep).await;
        emptied.expect("it works")
    };
    assert_eq!(empty().await, 0);
    assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
    scoped
        .contacts()
        .delete(ada, None)
        .await
        .expect("it is there");
    acme.clock.advance_millis(29 * DAY_MS);
    assert_eq!(empty().await, 0);
    scoped
        .contacts()
        .restore(ada, None)
        .await
        .expect("it is in the trash");
    assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
    scoped
        .contacts()
        .delete(ada, None)
        .await
        .expect("it is there");
    acme.clock.advance_millis(31 * DAY_MS);
    assert_eq!(empty().await, 1);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    assert_eq!(stands_for(scoped, bob).await, None);
}
