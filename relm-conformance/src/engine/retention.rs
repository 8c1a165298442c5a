//! Retention: which events are deleted with their deliveries, and which are held.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::{BatchInput, Crm, Deleted, Scoped};
use relm_core::record::object::DealInput;
use relm_core::record::{Delivery, DeliveryStatus};
use relm_core::record::{Entry, Record, Trashed};
use relm_core::store::{Batch, CommitError, Page, Query, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::{Clock, Timestamp};

use super::acme::{Acme, company, contact, endpoint, engine};
use super::broken_off::BreaksOff;
use super::mock_transport::{MockTransport, NoSleep, deliveries};
use crate::intercept::{Intercept, Intercepted, Read};
use crate::subject::{NOW, Subject};

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn create(acme: &Acme, emails: &[&str]) {
    for email in emails {
        let made = acme.scoped.contacts().create(contact(email)).await;
        made.expect("the contact is valid");
    }
}

/// An event is kept as long as an endpoint holds it: while a delivery is pending, or dead and can be replayed.
pub(crate) async fn retention_keeps_what_is_held(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    endpoint(scoped, "well", &["contact.created", "deal.created"]).await;
    let (ill, _) = endpoint(scoped, "ill", &["company.created"]).await;
    create(&acme, &["ada@example.com"]).await;
    let made = scoped.companies().create(company("Shop")).await;
    made.expect("it is valid");
    let transport = MockTransport::new(|message, _| {
        Some(if message.url.ends_with("/ill") {
            500
        } else {
            200
        })
    });
    let dispatcher = transport.dispatcher(&acme.crm);
    for _ in 0..2 {
        dispatcher.deliver_due().await.expect("the store works");
        acme.clock.advance_millis(DAY_MS);
    }
    let sale = DealInput {
        title: "Sale".into(),
        ..DealInput::default()
    };
    scoped.deals().create(sale).await.expect("it is valid");
    acme.clock.advance_millis(DAY_MS);
    let delete = async |before: Timestamp| {
        let deleted = acme.crm.delete_expired_events(before, &NoSleep).await;
        let deleted = deleted.expect("the store works");
        (deleted.events, deleted.deliveries)
    };
    assert_eq!(delete(NOW).await, (0, 0));
    let now = NOW.saturating_add_millis(9 * DAY_MS);
    assert_eq!(delete(now).await, (1, 1));
    let kept = deliveries(&acme, &store).await;
    let kept: Vec<DeliveryStatus> = kept.iter().map(|delivery| delivery.status).collect();
    assert_eq!(kept, [DeliveryStatus::Dead, DeliveryStatus::Pending]);
    scoped.webhooks().delete(ill).await.expect("it is there");
    assert_eq!(delete(now).await, (1, 1));
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(delete(now).await, (1, 1));
    assert!(acme.events(&store).await.is_empty());
}

/// What an endpoint took in the end, though a delivery of it was dead before, is held for it no more.
pub(crate) async fn retention_deletes_what_was_delivered_after_all(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, &["ada@example.com", "grace@example.com"]).await;
    let ill = MockTransport::always(500);
    let dispatcher = ill.dispatcher(&acme.crm);
    for _ in 0..2 {
        dispatcher.deliver_due().await.expect("the store works");
        acme.clock.advance_millis(DAY_MS);
    }
    let dead = deliveries(&acme, &store).await.remove(0);
    let replayed = acme.scoped.webhooks().replay(id, dead.id).await;
    replayed.expect("its event is kept");
    let well = MockTransport::always(200).dispatcher(&acme.crm);
    well.deliver_due().await.expect("the store works");
    acme.clock.advance_millis(DAY_MS);
    let deleted = acme
        .crm
        .delete_expired_events(acme.clock.now(), &NoSleep)
        .await;
    let deleted = deleted.expect("the store works");
    assert_eq!((deleted.events, deleted.deliveries), (1, 2));
    let kept = deliveries(&acme, &store).await;
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0].event_id, dead.event_id);
}

/// Several processes that delete at once delete everything once, and fail at nothing.
pub(crate) async fn retention_twice_at_once_does_no_harm(store: Subject) {
    const EVENTS: usize = 230;
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let rows = (0..EVENTS).map(|n| contact(&format!("{n}@example.com")));
    let input = BatchInput {
        rows: rows.collect(),
        dedup_on: Vec::new(),
        atomic: true,
    };
    let report = acme.scoped.contacts().batch(input).await;
    assert_eq!(report.expect("every row is valid").created, EVENTS);
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    acme.clock.advance_millis(DAY_MS);
    let engines = (1..=3).map(|n| engine(store.shared(), &acme.clock, 10 + n));
    let delete = |crm: Crm| async move {
        let before = NOW.saturating_add_millis(DAY_MS);
        let deleted = crm.delete_expired_events(before, &NoSleep).await;
        deleted.expect("the store works")
    };
    let deleted = store.race(engines.map(delete));
    let events: usize = deleted.iter().map(|deleted| deleted.events).sum();
    let delivered: usize = deleted.iter().map(|deleted| deleted.deliveries).sum();
    assert_eq!((events, delivered), (EVENTS, EVENTS));
    assert!(acme.events(&store).await.is_empty());
    assert!(deliveries(&acme, &store).await.is_empty());
}

/// Watches who deletes: how much one commit writes, and, once, replays a delivery when its event was found held by nobody.
#[derive(Default)]
struct Watch {
    writes_max: AtomicUsize,
    /// Commits that deleted deliveries of an event and left the event.
    torn: AtomicUsize,
    delivery_lists: AtomicUsize,
    replay: Mutex<Option<(Scoped, Id, Id)>>,
}

#[async_trait]
impl Intercept for Watch {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let is_of_deliveries = query.kind == Kind::Delivery;
        if is_of_deliveries && self.delivery_lists.fetch_add(1, Ordering::SeqCst) == 1 {
            let replay = self.replay.lock().expect("nobody panicked").take();
            if let Some((scoped, webhook, delivery)) = replay {
                let replayed = scoped.webhooks().replay(webhook, delivery).await;
                replayed.expect("its event is kept");
            }
        }
        store.list(scope, query).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.writes_max
            .fetch_max(batch.writes.len(), Ordering::SeqCst);
        let gone = batch.writes.iter().filter_map(|write| match write {
            Write::Delete(entry) => Some(&entry.record),
            _ => None,
        });
        let (mut events, mut delivered) = (BTreeSet::new(), BTreeSet::new());
        for record in gone {
            match record {
                Record::Delivery(delivery) => delivered.insert(delivery.event_id),
                other => events.insert(other.id()),
            };
        }
        let is_torn = usize::from(!delivered.is_subset(&events));
        self.torn.fetch_add(is_torn, Ordering::SeqCst);
        store.commit(batch).await
    }
}

async fn delete_watched(acme: &Acme, store: &Subject, watch: &Arc<Watch>) -> Deleted {
    let watched = Intercepted {
        store: store.shared(),
        by: Arc::clone(watch),
    };
    let crm = engine(Arc::new(watched), &acme.clock, 2);
    let deleted = crm.delete_expired_events(acme.clock.now(), &NoSleep).await;
    deleted.expect("the store works")
}

/// Gives the event of a delivery so many more deliveries, which were cancelled.
async fn replay_often(acme: &Acme, store: &Subject, of: &Delivery, first: u128, count: usize) {
    let replays: Vec<Write> = (first..)
        .take(count)
        .map(|number| {
            let id = Id::new(Kind::Delivery, number);
            let mut replay = of.replay(id, acme.clock.now());
            replay.cancel();
            Write::Insert(Entry::new(replay))
        })
        .collect();
    for part in replays.chunks(WRITES_MAX) {
        store.apply(acme.scoped.scope(), part.to_vec()).await;
    }
}

/// The most that one commit of the retention may write.
const WRITES_MAX: usize = 600;

/// An event is deleted with all its deliveries, and in no commit that holds up others for long, however many they are.
pub(crate) async fn retention_writes_little_at_a_time(store: Subject) {
    const REPLAYS: usize = 1_200;
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, &["ada@example.com"]).await;
    let dispatcher = MockTransport::always(200).dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    let taken = deliveries(&acme, &store).await.remove(0);
    replay_often(&acme, &store, &taken, 1, REPLAYS).await;
    acme.clock.advance_millis(DAY_MS);
    let watch = Arc::default();
    let deleted = delete_watched(&acme, &store, &watch).await;
    assert_eq!((deleted.events, deleted.deliveries), (1, 1 + REPLAYS));
    assert!(watch.writes_max.load(Ordering::SeqCst) <= WRITES_MAX);
    assert!(deliveries(&acme, &store).await.is_empty());
}

/// An event that an endpoint took in the end is deleted, however many deliveries lie between that and the one that was dead.
pub(crate) async fn retention_deletes_a_success_after_what_failed_before_it(store: Subject) {
    const REPLAYS: usize = 1_200;
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, &["ada@example.com"]).await;
    let ill = MockTransport::always(500).dispatcher(&acme.crm);
    for _ in 0..2 {
        ill.deliver_due().await.expect("the store works");
        acme.clock.advance_millis(DAY_MS);
    }
    let dead = deliveries(&acme, &store).await.remove(0);
    assert_eq!(dead.status, DeliveryStatus::Dead);
    let replayed = acme.scoped.webhooks().replay(id, dead.id).await;
    replayed.expect("its event is kept");
    // Between the two, and more than are replayed by now: databases of before have as many.
    replay_often(&acme, &store, &dead, dead.id.ulid() + 1, REPLAYS).await;
    let well = MockTransport::always(200).dispatcher(&acme.crm);
    well.deliver_due().await.expect("the store works");
    acme.clock.advance_millis(DAY_MS);
    let watch = Arc::default();
    let deleted = delete_watched(&acme, &store, &watch).await;
    assert_eq!((deleted.events, deleted.deliveries), (1, 2 + REPLAYS));
    assert!(watch.writes_max.load(Ordering::SeqCst) <= WRITES_MAX);
    assert!(deliveries(&acme, &store).await.is_empty());
}

/// Where several events have more deliveries than one commit is to delete, each goes in one commit with its own: left
/// without them, it would seem not to have reached anyone.
pub(crate) async fn retention_tears_no_event_from_its_deliveries(store: Subject) {
    const REPLAYS: usize = 240;
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let people = ["a@example.com", "b@example.com", "c@example.com"];
    create(&acme, &people).await;
    let dispatcher = MockTransport::always(200).dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    for (n, taken) in deliveries(&acme, &store).await.iter().enumerate() {
        let first = 1 + (n * REPLAYS) as u128;
        replay_often(&acme, &store, taken, first, REPLAYS).await;
    }
    acme.clock.advance_millis(DAY_MS);
    let watch = Arc::default();
    let deleted = delete_watched(&acme, &store, &watch).await;
    let all = people.len() * (1 + REPLAYS);
    assert_eq!((deleted.events, deleted.deliveries), (people.len(), all));
    assert!(watch.writes_max.load(Ordering::SeqCst) <= WRITES_MAX);
    assert_eq!(watch.torn.load(Ordering::SeqCst), 0);
}

/// What is replayed while its event is about to be deleted is delivered.
pub(crate) async fn a_replay_saves_its_event_from_retention(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, &["ada@example.com"]).await;
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    let taken = deliveries(&acme, &store).await.remove(0);
    acme.clock.advance_millis(DAY_MS);
    let watch = Arc::new(Watch {
        replay: Mutex::new(Some((acme.scoped.clone(), id, taken.id))),
        ..Watch::default()
    });
    let deleted = delete_watched(&acme, &store, &watch).await;
    assert_eq!((deleted.events, deleted.deliveries), (0, 0));
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(transport.sent().len(), 2);
}

/// Fails whatever would end the purge of this record.
struct NeverEnds(Id);

#[async_trait]
impl Intercept for NeverEnds {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let ends = |write: &Write| match write {
            Write::Delete(Entry {
                record: Record::Trashed(trashed),
                ..
            }) => trashed.is_purged() && trashed.record_id == self.0,
            _ => false,
        };
        match batch.writes.iter().any(ends) {
            true => Err(StoreError::fault("it cannot be written").into()),
            false => store.commit(batch).await,
        }
    }
}

/// A purge that fails keeps neither another one from its end nor the trash from being emptied, and is told of.
pub(super) async fn a_purge_that_fails_holds_up_nothing(acme: &Acme, store: &Subject) {
    let mut purged = Vec::new();
    for (email, seed) in [("one@example.com", 200), ("two@example.com", 201)] {
        acme.clock.advance_millis(1);
        let made = acme.scoped.contacts().create(contact(email)).await;
        let made = made.expect("it is valid").id;
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(1)),
        });
        let beside = acme.beside(breaking, seed).await;
        let begun = beside.contacts().purge(made, None).await;
        assert!(!begun.expect("its first commit is there").purged);
        purged.push(made);
    }
    let made = contact("bin@example.com");
    let made = acme.scoped.contacts().create(made).await;
    let made = made.expect("it is valid").id;
    let deleted = acme.scoped.contacts().delete(made, None).await;
    deleted.expect("it is there");
    let failing = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(NeverEnds(purged[1])),
    });
    let before = acme.crm.now().saturating_add_millis(DAY_MS);
    let failed = engine(failing, &acme.clock, 202)
        .delete_expired_trash(before, &NoSleep)
        .await;
    assert!(failed.is_err());
    let left = acme.all(store, Kind::Trashed).await;
    let left = left.iter().map(|document| {
        let trashed: Trashed = document.decode().expect("it is an entry of the trash");
        trashed.record_id
    });
    // The newest comes first.
    assert_eq!(left.collect::<Vec<Id>>(), [purged[1]]);
    let emptied = acme.crm.delete_expired_trash(before, &NoSleep).await;
    assert_eq!(emptied.expect("the store works"), 0);
    assert!(acme.all(store, Kind::Trashed).await.is_empty());
}
