//! What was recorded, over time: recovering, replaying, claiming and resealing.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::{Crm, RecoverInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::RotateInput;
use relm_core::record::{DeliveryStatus, Event};
use relm_core::store::{Batch, CommitError, Store, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use relm_core::value::time::{SeededRng, Timestamp};
use relm_core::webhook::Secret;
use serde_json::json;

use super::acme::{Acme, contact, endpoint, engine, failure, phone};
use super::mock_transport::{MockTransport, deliveries};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const BEGINNING: RecoverInput = RecoverInput {
    since: Timestamp::from_millis(0),
    until: None,
};

async fn create(acme: &Acme, emails: &[&str]) {
    for email in emails {
        let made = acme.scoped.contacts().create(contact(email)).await;
        made.expect("the contact is valid");
    }
}

async fn recover(scoped: &Scoped, id: Id) -> usize {
    let reply = scoped.webhooks().recover(id, BEGINNING).await;
    let recovery = reply.and_then(|reply| reply.decode());
    recovery.expect("the endpoint is enabled").recovered
}

/// A recovery delivers what has not reached an endpoint, once, however often and by how many it is asked for.
pub(crate) async fn recover_is_idempotent(store: Subject) {
    const EMAILS: [&str; 3] = ["a@example.com", "b@example.com", "c@example.com"];
    let acme = Acme::open(store.shared()).await;
    create(&acme, &EMAILS).await;
    let (id, _) = endpoint(&acme.scoped, "first", &["contact.created"]).await;
    assert_eq!(recover(&acme.scoped, id).await, EMAILS.len());
    assert_eq!(recover(&acme.scoped, id).await, 0);

    let (id, _) = endpoint(&acme.scoped, "second", &["*"]).await;
    let other = acme.beside(store.shared(), 2).await;
    let handles = [acme.scoped.clone(), other];
    let contenders = (0..6).map(|n| handles[n % 2].clone());
    let recovered = store.race(contenders.map(|scoped| async move { recover(&scoped, id).await }));
    assert_eq!(recovered.iter().sum::<usize>(), EMAILS.len());
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(transport.sent().len(), 2 * EMAILS.len());
    assert_eq!(recover(&acme.scoped, id).await, 0);
}

/// Replays a delivery at the moment at which a recovery is about to commit what it found missing.
struct ReplayFirst {
    replay: Mutex<Option<(Scoped, Id, Id)>>,
}

#[async_trait]
impl Intercept for ReplayFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let replay = self.replay.lock().expect("nobody panicked").take();
        if let Some((scoped, webhook, delivery)) = replay {
            let replayed = scoped.webhooks().replay(webhook, delivery).await;
            replayed.expect("its event is kept");
        }
        store.commit(batch).await
    }
}

/// What is replayed while a recovery looks is pending: the recovery leaves it alone.
pub(crate) async fn a_recovery_leaves_alone_what_is_replayed(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, &["ada@example.com"]).await;
    let ill = MockTransport::always(500);
    let dispatcher = ill.dispatcher(&acme.crm);
    for _ in 0..2 {
        dispatcher.deliver_due().await.expect("the store works");
        acme.clock.advance_millis(DAY_MS);
    }
    let dead = &deliveries(&acme, &store).await[0];
    assert_eq!(dead.status, DeliveryStatus::Dead);
    let between = ReplayFirst {
        replay: Mutex::new(Some((acme.scoped.clone(), id, dead.id))),
    };
    let slow = Intercepted {
        store: store.shared(),
        by: Arc::new(between),
    };
    let slow = acme.beside(Arc::new(slow), 2).await;
    assert_eq!(recover(&slow, id).await, 0);
    assert_eq!(deliveries(&acme, &store).await.len(), 2);
}

/// A delivery is repeated as long as its event is kept, with a delivery of its own.
pub(crate) async fn replay_needs_its_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, &["ada@example.com"]).await;
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    let first = deliveries(&acme, &store).await[0].id;
    let webhooks = acme.scoped.webhooks();
    let reply = webhooks.replay(id, first).await;
    let again = reply.and_then(|reply| reply.decode());
    let again = again.expect("the event is kept");
    assert_eq!((again.replay_of, again.version), (Some(first), 1));
    dispatcher.deliver_due().await.expect("the store works");
    let bodies: Vec<Arc<str>> = transport
        .sent()
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]));

    let event = acme.all(&store, Kind::Event).await.remove(0);
    let event = event.into_entry().expect("it was written as an entry");
    store
        .apply(acme.scoped.scope(), vec![Write::Delete(event)])
        .await;
    let replayed = webhooks.replay(id, first).await;
    assert_eq!(failure(replayed), ErrorKind::NotFound);
    let (other, _) = endpoint(&acme.scoped, "other", &["*"]).await;
    let replayed = webhooks.replay(other, first).await;
    assert_eq!(failure(replayed), ErrorKind::NotFound);
}

/// Of all processes, one does a job that is to be done once in a while.
pub(crate) async fn a_job_is_claimed_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = engine(store.shared(), &acme.clock, 2);
    let engines = [acme.crm.clone(), other];
    for (advance_ms, expected) in [(0, 1), (DAY_MS - 1, 0), (1, 1)] {
        acme.clock.advance_millis(advance_ms);
        let contenders = (0..6).map(|n| engines[n % 2].clone());
        let claim = |crm: Crm| async move { crm.claim("prune", DAY_MS).await };
        let claims = store.race(contenders.map(claim));
        let won = claims.into_iter().filter(|claim| matches!(claim, Ok(true)));
        assert_eq!(won.count(), expected);
    }
    let other = acme.crm.claim("another", DAY_MS).await;
    assert!(other.expect("the store works"));
}

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

/// Another engine, which has these keys.
fn keyed(acme: &Acme, store: &Subject, keys: &[[u8; 32]]) -> Crm {
    let store: Arc<dyn Store> = store.shared();
    let rng = Arc::new(SeededRng::new(u64::from(keys[0][0])));
    let builder = Crm::builder(store).clock(Arc::clone(&acme.clock) as Arc<dyn relm_core::Clock>);
    let builder = builder.rng(rng);
    let builder = keys
        .iter()
        .fold(builder, |builder, key| builder.sealing_key(*key));
    builder.build()
}

/// Secrets that are sealed anew are the same secrets, and the former key opens them no more.
pub(crate) async fn resealing_keeps_secrets_readable(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let workspace = acme.scoped.scope().workspace();
    let keyed = |keys: &[[u8; 32]]| keyed(&acme, &store, keys);
    let secrets = async |crm: &Crm, id: Id| {
        let scoped = crm.open(workspace, Mode::Live).await;
        let scoped = scoped.expect("the workspace is there");
        scoped.webhooks().secrets(id).await
    };
    // Kept in the clear, and sealed with the old key.
    let (bare, bare_secret) = endpoint(&acme.scoped, "bare", &["*"]).await;
    let scoped = keyed(&[OLD]).open(workspace, Mode::Live).await;
    let (sealed, secret) = endpoint(&scoped.expect("it is there"), "sealed", &["*"]).await;
    let both = keyed(&[NEW, OLD]);
    assert_eq!(both.reseal_secrets().await.expect("both keys are known"), 2);
    assert_eq!(both.reseal_secrets().await.expect("both keys are known"), 0);
    let new = keyed(&[NEW]);
    for (id, secret) in [(bare, bare_secret), (sealed, secret)] {
        let opened = secrets(&new, id).await.expect("the new key opens it");
        let opened = opened.expect("the endpoint is there");
        let opened: Vec<&str> = opened.iter().map(Secret::expose).collect();
        assert_eq!(opened, [secret]);
        assert_eq!(
            failure(secrets(&keyed(&[OLD]), id).await),
            ErrorKind::Internal
        );
    }
    for document in acme.all(&store, Kind::Webhook).await {
        assert!(!document.json.contains("whsec_"));
    }
}

/// What is due waits while the secrets of its endpoint do not open, and loses no attempt. The error names the endpoint, and
/// where the key is lost, a new secret without overlap is the way on.
pub(crate) async fn a_lost_key_holds_deliveries_back(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let workspace = acme.scoped.scope().workspace();
    let scoped = keyed(&acme, &store, &[OLD])
        .open(workspace, Mode::Live)
        .await;
    let (id, _) = endpoint(&scoped.expect("it is there"), "hook", &["*"]).await;
    create(&acme, &["ada@example.com"]).await;
    let crm = keyed(&acme, &store, &[NEW]);
    let transport = MockTransport::always(200);
    let held = transport.dispatcher(&crm).deliver_due().await;
    let held = held.expect_err("the key is not known");
    let cause = held.source().map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains(&id.to_string()), "{cause}");
    let scoped = crm.open(workspace, Mode::Live).await.expect("it is there");
    let rotate = async |expires_in: Option<i64>| {
        let input = RotateInput { expires_in };
        scoped.webhooks().rotate_secret(id, input).await
    };
    assert_eq!(failure(rotate(None).await), ErrorKind::ValidationFailed);
    rotate(Some(0)).await.expect("no old secret is needed");
    let next_due = transport.dispatcher(&crm).deliver_due().await;
    assert_eq!(next_due.expect("the new secret opens"), None);
    let delivery = &deliveries(&acme, &store).await[0];
    let outcome = (
        delivery.status,
        delivery.attempts.len(),
        transport.sent().len(),
    );
    assert_eq!(outcome, (DeliveryStatus::Succeeded, 1, 1));
}

/// An event that is read names the fields that changed; what is sent does not.
pub(crate) async fn events_show_changed_fields(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (_, contacts) = (
        endpoint(&acme.scoped, "hook", &["*"]).await,
        acme.scoped.contacts(),
    );
    let ada = contacts.create(contact("ada@example.com")).await;
    let ada = ada.expect("it is valid");
    let called = contacts.update(ada.id, phone("1"), None).await;
    called.expect("it is there");
    let events = acme.scoped.events();
    let request = relm_core::ListRequest::default();
    let list = events.list(&request).documents().await;
    let list = list.expect("the request is valid").data;
    let names: Vec<serde_json::Value> = list
        .iter()
        .map(|shown| {
            shown.decode::<serde_json::Value>().expect("it is JSON")["changed_fields"].take()
        })
        .collect();
    assert_eq!(names, [json!(["phone", "phones"]), json!([])]);
    for (shown, recorded) in list.iter().zip(acme.all(&store, Kind::Event).await) {
        let one = events.get_json(recorded.id).await.expect("the store reads");
        assert_eq!(one.as_ref(), Some(shown));
        let recorded: Event = recorded.decode().expect("it is an event");
        let shown: Event = shown.decode().expect("it is an event and more");
        assert_eq!(
            (recorded.id, recorded.data.get()),
            (shown.id, shown.data.get())
        );
    }
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    let sent = transport.sent();
    assert!(
        sent.iter()
            .all(|message| !message.body.contains("changed_fields"))
    );
    assert_eq!(sent.len(), 2);
}
