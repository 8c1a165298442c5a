//! Deliveries while the wall clock is set: none waits for longer than its own delay, and a lease ends.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use relm_core::record::{Delivery, DeliveryStatus};
use relm_core::value::time::Clock;

use super::acme::{Acme, endpoint, engine};
use super::deliveries::{LEASE_MS, create, die_when};
use super::mock_transport::{MockTransport, deliveries};
use crate::subject::Subject;

const HOUR_MS: i64 = 3_600_000;
/// The longest delay of a schedule of one minute, with its jitter.
const DELAY_MS_MAX: i64 = 72_000;
/// Less than its shortest.
const TOO_SOON_MS: i64 = 40_000;

/// An event is due at once, also where the clock was set back since the last id was made.
pub(crate) async fn a_clock_set_back_delays_no_delivery(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["contact.created"]).await;
    acme.clock.step_millis(-HOUR_MS);
    create(&acme, "ada@example.com").await;
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(transport.sent().len(), 1, "it was due an hour late");
    let delivery = deliveries(&acme, &store).await[0].id;
    let webhooks = acme.scoped.webhooks();
    webhooks.replay(id, delivery).await.expect("it is there");
    webhooks.test(id).await.expect("the endpoint is enabled");
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(transport.sent().len(), 3);
    create(&acme, "bob@example.com").await;
    acme.clock.step_millis(-HOUR_MS);
    dispatcher.deliver_due().await.expect("the store works");
    assert_eq!(transport.sent().len(), 4, "what waits is due an hour late");
}

/// A retry comes after its delay, though the clock is set between the attempts: for the process that made the first, and
/// for one that begins after that.
pub(crate) async fn a_clock_that_is_set_delays_no_retry(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let latest = async || {
        let all = deliveries(&acme, &store).await;
        all.last().cloned().expect("an event is a delivery")
    };
    for (n, (step_ms, restarts)) in [(-HOUR_MS, false), (-HOUR_MS, true), (HOUR_MS, false)]
        .into_iter()
        .enumerate()
    {
        create(&acme, &format!("{n}@example.com")).await;
        let transport = MockTransport::new(|_, sent| Some(if sent.len() == 1 { 500 } else { 200 }));
        let mut dispatcher = transport.dispatcher(&acme.crm);
        // What is right is looked at and left alone.
        for _ in 0..2 {
            let due = dispatcher.deliver_due().await.expect("the store works");
            let wait_ms = due.map(|due| due.as_millis() - acme.clock.now().as_millis());
            assert!(wait_ms.is_some_and(|wait_ms| wait_ms > TOO_SOON_MS));
        }
        assert_eq!(latest().await.version, 2);
        acme.clock.step_millis(step_ms);
        let restarted = engine(store.shared(), &acme.clock, 2);
        if restarts {
            dispatcher = transport.dispatcher(&restarted);
        }
        if step_ms < 0 {
            dispatcher.deliver_due().await.expect("the store works");
            acme.clock.advance_millis(TOO_SOON_MS);
            dispatcher.deliver_due().await.expect("the store works");
            assert_eq!(transport.sent().len(), 1, "it came before its time");
            acme.clock.advance_millis(DELAY_MS_MAX - TOO_SOON_MS);
        }
        let next_due = dispatcher.deliver_due().await;
        assert_eq!(next_due.expect("the store works"), None, "{step_ms} ms");
        let delivery = latest().await;
        let outcome = (delivery.status, delivery.attempts.len());
        assert_eq!(outcome, (DeliveryStatus::Succeeded, 2));
        assert_eq!(transport.sent().len(), 2);
    }
}

/// What a process was sending when it died is sent again once its lease is over, though the clock was set back meanwhile: also
/// what had waited for long before.
pub(crate) async fn a_clock_set_back_prolongs_no_lease(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    for waited_ms in [0, 2 * HOUR_MS] {
        create(&acme, &format!("{waited_ms}@example.com")).await;
        acme.clock.advance_millis(waited_ms);
        let silent = MockTransport::new(|_, _| None);
        let dying = silent.dispatcher(&acme.crm);
        die_when(dying.deliver_due(), || !silent.sent().is_empty()).await;
        acme.clock.step_millis(-HOUR_MS);
        let other = engine(store.shared(), &acme.clock, 2);
        let transport = MockTransport::always(200);
        let dispatcher = transport.dispatcher(&other);
        for _ in 0..2 {
            dispatcher.deliver_due().await.expect("the store works");
            acme.clock.advance_millis(LEASE_MS);
        }
        assert_eq!(transport.sent().len(), 1, "after {waited_ms} ms");
        let all = deliveries(&acme, &store).await;
        let is_sent = |delivery: &Delivery| delivery.status == DeliveryStatus::Succeeded;
        assert!(all.iter().all(is_sent), "{all:?}");
    }
}

/// What is being sent when the clock is set back is recorded, though another process plans it anew meanwhile; and it is an attempt
/// of the one delivery.
pub(crate) async fn what_is_sent_while_the_clock_is_set_back_is_recorded(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let failing = MockTransport::always(500);
    let dispatcher = failing.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    acme.clock.advance_millis(DELAY_MS_MAX);
    let released = Arc::new(AtomicBool::new(false));
    let is_released = Arc::clone(&released);
    let late = MockTransport::new(move |_, _| {
        let is_released = is_released.load(Ordering::SeqCst);
        is_released.then_some(200)
    });
    let slow = late.dispatcher(&acme.crm);
    let mut slow = pin!(slow.deliver_due());
    die_when(slow.as_mut(), || !late.sent().is_empty()).await;
    acme.clock.step_millis(-HOUR_MS);
    let other = engine(store.shared(), &acme.clock, 2);
    let transport = MockTransport::always(200);
    let next_due = transport.dispatcher(&other).deliver_due().await;
    assert!(next_due.expect("the store works").is_some());
    assert!(transport.sent().is_empty(), "it is planned for later");
    assert_eq!(deliveries(&acme, &store).await[0].version, 3);
    released.store(true, Ordering::SeqCst);
    slow.await.expect("what was sent is recorded");
    let delivery = &deliveries(&acme, &store).await[0];
    let outcome = (delivery.status, delivery.attempts.len());
    assert_eq!(outcome, (DeliveryStatus::Succeeded, 2));
}
