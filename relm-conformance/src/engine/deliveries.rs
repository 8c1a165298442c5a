//! The dispatcher over the store: what receivers and owners of endpoints are promised of deliveries.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use relm_core::engine::RecoverInput;
use relm_core::record::DeliveryStatus;
use relm_core::record::RotateInput;
use relm_core::value::time::Clock;
use relm_core::webhook::Message;
use relm_core::webhook::signature::{standard_signature, verify};

use super::acme::{Acme, contact, endpoint, engine};
use super::mock_transport::{MockTransport, deliveries, header};
use crate::subject::Subject;

/// Longer than a lease of the default options.
pub(super) const LEASE_MS: i64 = 40_000;

pub(super) async fn create(acme: &Acme, name: &str) {
    let made = acme.scoped.contacts().create(contact(name)).await;
    made.expect("the contact is valid");
}

/// Polls a future until something is so, and drops it: as when its process dies.
pub(super) async fn die_when(future: impl Future, is_so: impl Fn() -> bool) {
    let mut future = pin!(future);
    poll_fn(|context| {
        let ended = future.as_mut().poll(context).is_ready();
        assert!(!ended, "it ended before the time had come");
        if is_so() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

/// A delivery is sent once, with the bytes of its event, and recorded with what was answered.
pub(crate) async fn a_delivery_is_sent_once_and_recorded(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let transport = MockTransport::always(204);
    let dispatcher = transport.dispatcher(&acme.crm);
    for _ in 0..2 {
        let next_due = dispatcher.deliver_due().await;
        assert_eq!(next_due.expect("the store works"), None);
    }
    let events = acme.all(&store, relm_core::Kind::Event).await;
    let [message] = &transport.sent()[..] else {
        panic!("one event is one message");
    };
    assert_eq!(message.url, "https://example.com/hook");
    assert_eq!(message.body, events[0].json);
    assert_eq!(header(message, "webhook-id"), events[0].id.to_string());
    let [delivery] = &deliveries(&acme, &store).await[..] else {
        panic!("one event is one delivery");
    };
    let attempts: Vec<_> = delivery
        .attempts
        .iter()
        .map(|one| one.status_code)
        .collect();
    assert_eq!((delivery.webhook_id, delivery.event_id), (id, events[0].id));
    assert_eq!(
        (delivery.status, delivery.version),
        (DeliveryStatus::Succeeded, 2)
    );
    assert_eq!(
        (attempts, delivery.next_attempt_at),
        (vec![Some(204)], None)
    );
}

/// A process that dies after it sent and before it recorded loses nothing: another one sends again, with the same ids.
pub(crate) async fn a_crash_after_sending_sends_again_with_the_same_id(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let silent = MockTransport::new(|_, _| None);
    let dying = silent.dispatcher(&acme.crm);
    die_when(dying.deliver_due(), || !silent.sent().is_empty()).await;

    let other = engine(store.shared(), &acme.clock, 2);
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&other);
    let leased = dispatcher.deliver_due().await.expect("the store works");
    assert!(leased.is_some_and(|due| due > acme.clock.now()));
    assert!(transport.sent().is_empty(), "it is left to whoever took it");
    acme.clock.advance_millis(LEASE_MS);
    let next_due = dispatcher.deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let (first, second) = (&silent.sent()[0], &transport.sent()[0]);
    for name in ["webhook-id", "relm-delivery-id"] {
        assert_eq!(header(first, name), header(second, name));
    }
    assert_eq!(first.body, second.body);
    assert_ne!(
        header(first, "relm-signature"),
        header(second, "relm-signature")
    );
    let delivery = &deliveries(&acme, &store).await[0];
    assert_eq!(delivery.attempts.len(), 1);
}

/// Of two dispatchers that sent one delivery, one records its attempt, and the other's record changes nothing.
pub(crate) async fn two_dispatchers_record_each_attempt_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let released = Arc::new(AtomicBool::new(false));
    let is_released = Arc::clone(&released);
    let late = MockTransport::new(move |_, _| is_released.load(Ordering::SeqCst).then_some(500));
    let slow = late.dispatcher(&acme.crm);
    let mut slow = pin!(slow.deliver_due());
    die_when(slow.as_mut(), || !late.sent().is_empty()).await;

    acme.clock.advance_millis(LEASE_MS);
    let other = engine(store.shared(), &acme.clock, 2);
    let transport = MockTransport::always(200);
    let next_due = transport.dispatcher(&other).deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let recorded = deliveries(&acme, &store).await;
    released.store(true, Ordering::SeqCst);
    slow.await
        .expect("a record that comes too late is no error");
    assert_eq!((late.sent().len(), transport.sent().len()), (1, 1));
    assert_eq!(deliveries(&acme, &store).await, recorded);
    assert_eq!(recorded[0].status, DeliveryStatus::Succeeded);
}

/// An endpoint that does not answer holds up its own deliveries and nobody else's.
pub(crate) async fn a_hanging_endpoint_holds_up_no_other(store: Subject) {
    const EVENTS: usize = 20;
    let acme = Acme::open(store.shared()).await;
    for path in ["hangs", "well", "hangs-too"] {
        endpoint(&acme.scoped, path, &["*"]).await;
    }
    for n in 0..EVENTS {
        create(&acme, &format!("{n}@example.com")).await;
    }
    let well = |message: &&Message| message.url.ends_with("/well");
    let transport = MockTransport::new(move |message, sent| {
        let is_late = sent.iter().filter(well).count() == EVENTS;
        (is_late || message.url.ends_with("/well")).then_some(200)
    });
    let next_due = transport.dispatcher(&acme.crm).deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let sent = transport.sent();
    assert_eq!(
        (sent.len(), sent.iter().filter(well).count()),
        (3 * EVENTS, EVENTS)
    );
}

/// After a rotation payloads are signed with both secrets until the old one expires, and then with the new one alone.
pub(crate) async fn an_old_secret_signs_until_it_expires(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, old) = endpoint(&acme.scoped, "hook", &["*"]).await;
    let webhooks = acme.scoped.webhooks();
    let input = RotateInput {
        expires_in: Some(600),
    };
    let rotated = webhooks.rotate_secret(id, input).await;
    let rotated = rotated.expect("the endpoint is there");
    let new = rotated.secret.expose().to_owned();
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    for (advance_ms, expected) in [
        (0, [true, true]),
        (599_999, [true, true]),
        (1, [true, false]),
    ] {
        acme.clock.advance_millis(advance_ms);
        webhooks.test(id).await.expect("the endpoint is enabled");
        dispatcher.deliver_due().await.expect("the store works");
        let sent = transport.sent();
        let message = sent.last().expect("a ping was sent");
        let seconds = acme.clock.now().as_millis() / 1000;
        let body = message.body.as_bytes();
        let is_signed = [&new, &old].map(|secret| {
            let ours = verify(secret, header(message, "relm-signature"), body, seconds, 0).is_ok();
            let token = standard_signature(secret, header(message, "webhook-id"), seconds, body);
            let token = token.expect("the secret is one of ours");
            let standard = header(message, "webhook-signature");
            assert_eq!(standard.split(' ').any(|other| other == token), ours);
            ours
        });
        assert_eq!(is_signed, expected);
    }
}

/// A ping goes to the endpoint that it tries out, whatever that subscribed to, and never to another.
pub(crate) async fn a_ping_goes_to_one_endpoint(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let webhooks = acme.scoped.webhooks();
    let (all, _) = endpoint(&acme.scoped, "all", &["*"]).await;
    let (tried, _) = endpoint(&acme.scoped, "tried", &["deal.deleted"]).await;
    webhooks.test(tried).await.expect("the endpoint is enabled");
    let since = relm_core::Timestamp::from_millis(0);
    let input = RecoverInput { since, until: None };
    let reply = webhooks.recover(all, input).await;
    let recovery = reply.and_then(|reply| reply.decode());
    assert_eq!(recovery.expect("the endpoint is enabled").recovered, 0);
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    let sent = transport.sent();
    let urls: Vec<&str> = sent.iter().map(|message| message.url.as_str()).collect();
    assert_eq!(urls, ["https://example.com/tried"]);
    assert!(sent[0].body.contains("\"type\":\"ping\""));
}
