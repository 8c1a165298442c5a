//! Purges: of what is purged nothing is left, wherever it was.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::ObjectType;
use relm_core::engine::{BatchInput, ListRequest, RecoverInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::association::Association;
use relm_core::record::object::{ActivityInput, Contact, ContactInput, DealInput};
use relm_core::record::{Change, DeliveryStatus, EventType};
use relm_core::store::{Batch, CommitError, Store, Write};
use relm_core::value::id::{Id, Kind};
use serde_json::{Value, json};

use super::acme::{Acme, company, endpoint, failure, phone};
use super::broken_off::BreaksOff;
use super::canary::{KEYS, found, kept, once, person, write_everywhere};
use super::mock_transport::{MockTransport, NoSleep, deliveries};
use super::retention::a_purge_that_fails_holds_up_nothing;
use crate::intercept::{Intercept, Intercepted};
use crate::subject::{NOW, Subject};

async fn purge(scoped: &Scoped, id: Id) {
    let purged = scoped.contacts().purge(id, None).await;
    let purged = purged.expect("it is there");
    let said = (purged.id, purged.object, purged.deleted, purged.purged);
    assert_eq!(said, (id, ObjectType::Contact, true, true));
}

/// Of a purged record nothing is left: in no record, index, trash, event, history, delivery or response; and its event has its id.
pub(crate) async fn a_purged_record_is_nowhere(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    endpoint(scoped, "hook", &["*"]).await;
    let id = write_everywhere(&acme).await;
    assert_eq!(kept(&acme).await, KEYS);
    let before = found(&acme, &store).await;
    assert!(before.len() > 12, "{before:?}");
    let events = acme.events(&store).await.len();
    acme.clock.advance_millis(1_000);
    purge(scoped, id).await;
    assert_eq!(found(&acme, &store).await, Vec::<String>::new());
    assert_eq!(kept(&acme).await, Vec::<&str>::new());
    let after = acme.events(&store).await;
    assert_eq!(after.len(), events + 1);
    let last = after.last().expect("there are events");
    let purged = EventType::Record(ObjectType::Contact, Change::Purged);
    assert_eq!((last.event_type, last.purged), (purged, false));
    for event in &after {
        if event.record_id() == Some(id) {
            let told: Contact = event.data.decode().expect("it is a contact");
            assert_eq!((told.id, told.email, told.first_name), (id, None, None));
            assert_eq!((told.phone, told.metadata.len()), (None, 0));
            assert_eq!((event.previous.len(), event.actor.is_some()), (0, true));
        }
    }
    // What is left of its associations says which two each linked.
    let linked = after
        .iter()
        .filter(|event| matches!(event.event_type, EventType::Association(_)));
    let mut edges = 0;
    for event in linked {
        let edge: Association = event.data.decode().expect("it is an association");
        assert!(event.purged && [edge.from_id, edge.to_id].contains(&id));
        assert_eq!((event.record_id(), edge.label), (Some(edge.id), None));
        edges += 1;
    }
    assert!(edges > 8, "{edges}");
    let history = scoped.contacts().history(id).await;
    let history = history.expect("its events are kept").data;
    assert!(history.iter().all(|entry| entry.changes.is_empty()));
    assert_eq!(history[0].version, history[1].version + 1);
    for days in 0..2 {
        let at = NOW.saturating_add_millis(days * 86_400_000);
        let state = scoped.contacts().get_at(id, at).await;
        assert_eq!(state.expect("its events are kept"), None);
    }
    // And it stays so.
    purge(scoped, id).await;
    assert_eq!(acme.events(&store).await.len(), after.len());
    let restored = scoped.contacts().restore(id, None).await;
    assert_eq!(failure(restored), ErrorKind::NotFound);
    let trash = scoped.contacts().trash(&ListRequest::default()).await;
    assert_eq!(trash.expect("the store lists").data.len(), 1);
    let made = scoped.contacts().create(person()).await;
    made.expect("its address is free");
}

/// What is in the trash is purged as what is there, of the version that the trash shows.
pub(crate) async fn what_is_in_the_trash_is_purged(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let ada = contacts.create(person()).await.expect("it is valid");
    let stale = contacts.purge(ada.id, Some(2)).await;
    assert_eq!(failure(stale), ErrorKind::VersionConflict);
    contacts.delete(ada.id, None).await.expect("it is there");
    for version in [1, 3] {
        let stale = contacts.purge(ada.id, Some(version)).await;
        assert_eq!(failure(stale), ErrorKind::VersionConflict);
    }
    let as_a_company = acme.scoped.companies().purge(ada.id, None).await;
    assert_eq!(failure(as_a_company), ErrorKind::NotFound);
    let purged = contacts.purge(ada.id, Some(2)).await;
    assert!(purged.expect("that is its version").purged);
    assert_eq!(found(&acme, &store).await, Vec::<String>::new());
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    let restored = contacts.restore(ada.id, None).await;
    assert_eq!(failure(restored), ErrorKind::NotFound);
}

/// Whatever refers to a purged record is changed not to, each with its event, however much that is.
pub(crate) async fn a_purge_clears_references(store: Subject) {
    const DEALS: usize = 60;
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let ada = ContactInput {
        company_id: shop.into(),
        ..person()
    };
    let ada = scoped.contacts().create(ada).await.expect("it is valid");
    for n in 0..DEALS {
        let deal = DealInput {
            title: format!("Deal {n}").into(),
            company_id: shop.into(),
            primary_contact_id: ada.id.into(),
            ..DealInput::default()
        };
        let deal = scoped.deals().create(deal).await.expect("it is valid").id;
        let activity = ActivityInput {
            activity_type: "call".into(),
            contact_id: ada.id.into(),
            deal_id: deal.into(),
            company_id: shop.into(),
            ..ActivityInput::default()
        };
        if n < 2 {
            let made = scoped.activities().create(activity).await;
            made.expect("it is valid");
        }
    }
    purge(scoped, ada.id).await;
    let request = ListRequest::default().limit(200);
    let deals = scoped.deals().list(&request).await.expect("it lists").data;
    assert_eq!(deals.len(), DEALS);
    for deal in &deals {
        let refers = (deal.primary_contact_id, deal.company_id, deal.version);
        assert_eq!(refers, (None, Some(shop), 2));
    }
    let purged = scoped.companies().purge(shop, None).await;
    assert!(purged.expect("it is there").purged);
    let purged = scoped.deals().purge(deals[DEALS - 1].id, None).await;
    assert!(purged.expect("it is there").purged);
    let activities = scoped.activities().list(&request).await;
    let activities = activities.expect("it lists").data;
    let refers = |n: usize| {
        let it = &activities[n];
        (it.contact_id, it.company_id, it.deal_id, it.version)
    };
    assert_eq!(refers(0), (None, None, Some(deals[DEALS - 2].id), 3));
    assert_eq!(refers(1), (None, None, None, 4));
    let events = acme.events(&store).await;
    let updated = EventType::Record(ObjectType::Deal, Change::Updated);
    let mut cleared = events.iter().filter(|event| event.event_type == updated);
    let first = cleared.next().expect("each has an event");
    assert_eq!(first.previous["primary_contact_id"], json!(ada.id));
    assert_eq!(cleared.count(), 2 * DEALS - 1);
}

/// A purge that was broken off after whichever of its commits is finished by retention, and by whoever asks for it again.
pub(crate) async fn a_purge_that_was_broken_off_is_finished(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let mut broken_off = 0;
    for commits in 0..40 {
        let id = write_everywhere(&acme).await;
        let by = Arc::new(BreaksOff::after(commits));
        let store_of_it = store.shared();
        let breaking = Arc::new(Intercepted {
            store: store_of_it,
            by,
        });
        let scoped = acme.beside(breaking, 100 + commits as u64).await;
        let purged = scoped.contacts().purge(id, None).await;
        let there = acme.scoped.contacts().get(id).await;
        let there = there.expect("the store reads").is_some();
        assert_eq!(there, commits == 0);
        match purged {
            Ok(purged) if purged.purged => {
                assert_eq!(found(&acme, &store).await, Vec::<String>::new());
                assert!(broken_off > 1, "after {commits} commits it is done");
                a_purge_that_fails_holds_up_nothing(&acme, &store).await;
                return;
            }
            Ok(purged) => assert!(purged.deleted && !there, "it is under way"),
            Err(error) => assert_eq!((error.kind(), there), (ErrorKind::Unavailable, true)),
        }
        if there || commits % 2 == 0 {
            purge(&acme.scoped, id).await;
        } else {
            broken_off += 1;
            let emptied = acme.crm.delete_expired_trash(NOW, &NoSleep).await;
            assert_eq!(emptied.expect("the store works"), 0);
        }
        assert_eq!(found(&acme, &store).await, Vec::<String>::new());
        assert_eq!(kept(&acme).await, Vec::<&str>::new());
        for contact in acme.all(&store, Kind::Contact).await {
            purge(&acme.scoped, contact.id).await;
        }
        let trash = acme.scoped.contacts().trash(&ListRequest::default()).await;
        for contact in trash.expect("the store lists").data {
            purge(&acme.scoped, contact.id).await;
        }
        assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    }
    panic!("a purge has no end");
}

/// What was pending of a purged record is cancelled, no delivery of it can be replayed or recovered, and that it was purged is told.
pub(crate) async fn what_was_purged_is_sent_no_more(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let (hook, _) = endpoint(scoped, "hook", &["*"]).await;
    let ada = scoped.contacts().create(person()).await;
    let ada = ada.expect("it is valid").id;
    let failing = MockTransport::always(500);
    let tried = failing.dispatcher(&acme.crm).deliver_due().await;
    tried.expect("the store works");
    purge(scoped, ada).await;
    let [created, purged] = &deliveries(&acme, &store).await[..] else {
        panic!("there are two events");
    };
    let statuses = (created.status, purged.status);
    assert_eq!(
        statuses,
        (DeliveryStatus::Cancelled, DeliveryStatus::Pending)
    );
    let replayed = scoped.webhooks().replay(hook, created.id).await;
    assert_eq!(failure(replayed), ErrorKind::NotFound);
    let recovered = RecoverInput {
        since: NOW,
        until: None,
    };
    let recovered = scoped.webhooks().recover(hook, recovered).await;
    let recovered = recovered.expect("it is enabled").decode();
    assert_eq!(recovered.expect("it is a recovery").recovered, 0);
    acme.clock.advance_millis(3_600_000);
    let transport = MockTransport::always(200);
    let sent = transport.dispatcher(&acme.crm).deliver_due().await;
    sent.expect("the store works");
    tells_of_a_purge_alone(&transport);
    a_replay_meets_a_purge(&acme, &store, hook).await;
}

fn tells_of_a_purge_alone(transport: &MockTransport) {
    let [message] = &transport.sent()[..] else {
        panic!("one event is told");
    };
    let told: Value = serde_json::from_str(&message.body).expect("it is JSON");
    assert_eq!(told["type"], "contact.purged");
}

/// What is replayed in the moment in which its record is purged is cancelled by its attempt: its event says nothing any more.
async fn a_replay_meets_a_purge(acme: &Acme, store: &Subject, hook: Id) {
    let made = acme.scoped.contacts().create(person()).await;
    let made = made.expect("its address is free").id;
    let sent = MockTransport::always(200).dispatcher(&acme.crm);
    sent.deliver_due().await.expect("the store works");
    let told = deliveries(acme, store).await;
    let told = told.last().expect("it was told").id;
    let first = Mutex::new(Some((acme.scoped.clone(), made)));
    let purging = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(PurgesFirst(first)),
    });
    let replaying = once(&acme.beside(purging, 7).await, "replay");
    let replayed = replaying.webhooks().replay(hook, told).await;
    replayed.expect("its event says something as it is looked at");
    let transport = MockTransport::always(200);
    let sent = transport.dispatcher(&acme.crm).deliver_due().await;
    sent.expect("the store works");
    tells_of_a_purge_alone(&transport);
    let all = deliveries(acme, store).await;
    let replay = all.iter().find(|it| it.replay_of == Some(told));
    let replay = replay.expect("it was replayed");
    let came_to = (replay.status, replay.attempts.len());
    assert_eq!(came_to, (DeliveryStatus::Cancelled, 0));
}

/// A purge under an idempotency key happens once, and a dry run of it keeps everything.
pub(crate) async fn a_purge_happens_once_for_its_key(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let id = write_everywhere(&acme).await;
    let before = found(&acme, &store).await;
    let dry = acme
        .scoped
        .clone()
        .dry_run()
        .contacts()
        .purge(id, None)
        .await;
    assert!(dry.expect("it is there").purged);
    assert_eq!(found(&acme, &store).await, before);
    assert_eq!(kept(&acme).await, KEYS);
    let once = once(&acme.scoped, "purge");
    let first = once.contacts().purge_json(id, None).await;
    let first = first.expect("it is there");
    let again = once.contacts().purge_json(id, None).await;
    let again = again.expect("it is replayed");
    assert_eq!((&again.body, again.replayed), (&first.body, true));
    let other = acme.scoped.clone().idempotent("purge", "another");
    let other = other.expect("it is a key").contacts().purge(id, None).await;
    assert_eq!(failure(other), ErrorKind::IdempotencyConflict);
}

/// Purges a record before the next reply that shows it is kept.
#[derive(Default)]
struct PurgesFirst(Mutex<Option<(Scoped, Id)>>);

#[async_trait]
impl Intercept for PurgesFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let keeps = |write: &Write| matches!(write, Write::Remember(_));
        if batch.writes.iter().any(keeps) {
            let first = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((scoped, id)) = first {
                purge(&scoped, id).await;
            }
        }
        store.commit(batch).await
    }
}

/// A reply that shows a record which it leaves as it is is not kept where the record was purged meanwhile.
pub(crate) async fn a_reply_that_shows_a_record_requires_it(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let by = Arc::new(PurgesFirst::default());
    let purging = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::clone(&by),
    });
    let scoped = acme.beside(purging, 7).await;
    let made: Contact = acme
        .scoped
        .contacts()
        .create(person())
        .await
        .expect("it is valid");
    let wait = |id: Id| {
        let mut first = by.0.lock().unwrap_or_else(PoisonError::into_inner);
        *first = Some((acme.scoped.clone(), id));
    };
    wait(made.id);
    let once_only = once(&scoped, "nothing");
    let contacts = once_only.contacts();
    let nothing = contacts.update(made.id, phone("canary"), None).await;
    assert_eq!(failure(nothing), ErrorKind::NotFound);
    let made = acme
        .scoped
        .contacts()
        .create(person())
        .await
        .expect("it is valid");
    let batch = BatchInput {
        rows: vec![person()],
        dedup_on: vec!["email".to_owned()],
        atomic: false,
    };
    wait(made.id);
    let report = once(&scoped, "batch").contacts().batch(batch).await;
    assert_eq!(report.expect("it is valid").created, 1);
    assert_eq!(kept(&acme).await, ["batch"]);
}
