//! The engine while its clock is set: no duration, and nothing that is owed, depends on what the wall clock shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use relm_core::engine::{DispatchOptions, KEY_CACHE_MS, RecoverInput, Sleeper};
use relm_core::record::DeliveryStatus;
use relm_core::record::key::KeyAccess;
use relm_core::store::{Lease, Store, StoreError};
use relm_core::value::scope::Mode;
use relm_core::value::time::ManualClock;

use super::acme::{Acme, contact, endpoint, engine};
use super::mock_transport::{MockTransport, deliveries};
use crate::deadline::Watch;
use crate::intercept::{Intercept, Intercepted};
use crate::simulation::yield_times;
use crate::subject::Subject;

const HOUR_MS: i64 = 3_600_000;
/// More than any back-off of a dispatcher after a store that failed, and far less than an hour.
const REST_MS_MAX: usize = 60_000;

/// A key that one engine revoked stops in every other within its five seconds, though the clock is set back or forward.
pub(crate) async fn a_revoked_key_stops_though_the_clock_is_set(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = engine(store.shared(), &acme.clock, 2);
    let workspace = acme.scoped.scope().workspace();
    for step_ms in [-HOUR_MS, HOUR_MS] {
        let made = acme
            .crm
            .create_key(workspace, Mode::Live, KeyAccess::Full, None);
        let key = made.await.expect("the workspace is there");
        let is_valid = async || {
            let known = other.authenticate(&key.secret).await;
            known.expect("the store reads").is_some()
        };
        assert!(is_valid().await);
        let revoked = acme.crm.revoke_key(key.key.id).await;
        revoked.expect("the key is there");
        acme.clock.step_millis(step_ms);
        acme.clock.advance_millis(KEY_CACHE_MS);
        assert!(!is_valid().await, "by {step_ms} ms, it lives on");
    }
}

/// What is being sent is not sent a second time beside itself by the same process, though the clock is set forward past the
/// end of its lease; and what came of it is recorded.
pub(crate) async fn a_clock_set_forward_sends_nothing_twice(store: Subject) {
    const AT_ONCE: usize = 4;
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    for n in 0..AT_ONCE {
        let contacts = acme.scoped.contacts();
        let made = contacts.create(contact(&format!("{n}@example.com"))).await;
        made.expect("it is valid");
    }
    let leases = Arc::new(CountedLeases::default());
    let counted = Intercepted {
        store: store.shared(),
        by: Arc::clone(&leases),
    };
    let crm = engine(Arc::new(counted), &acme.clock, 2);
    // The first half is answered at once, and an hour later the worker leases more beside the other half.
    let clock = Arc::clone(&acme.clock);
    let transport = MockTransport::new(move |message, sent| {
        let mut first = sent.iter().take(AT_ONCE / 2);
        let is_first = first.any(|one| one.headers == message.headers);
        if is_first && !leases.is_set.swap(true, Ordering::SeqCst) {
            clock.step_millis(HOUR_MS);
        }
        (is_first || leases.count.load(Ordering::SeqCst) > 1).then_some(200)
    });
    let options = DispatchOptions {
        per_endpoint: AT_ONCE,
        ..DispatchOptions::default()
    };
    let dispatcher = transport.dispatcher_of(&crm, options);
    let next_due = dispatcher.deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    assert_eq!(transport.sent().len(), AT_ONCE);
    let all = deliveries(&acme, &store).await;
    let is_recorded = |delivery: &relm_core::record::Delivery| {
        (delivery.status, delivery.attempts.len()) == (DeliveryStatus::Succeeded, 1)
    };
    assert!(all.iter().all(is_recorded), "{all:?}");
}

/// Counts leases, and remembers whether the clock was set.
#[derive(Default)]
struct CountedLeases {
    count: AtomicUsize,
    is_set: AtomicBool,
}

#[async_trait]
impl Intercept for CountedLeases {
    async fn lease(
        &self,
        store: &dyn Store,
        lease: &Lease,
    ) -> Result<Vec<relm_core::record::Document>, StoreError> {
        let taken = store.lease(lease).await;
        self.count.fetch_add(1, Ordering::SeqCst);
        taken
    }
}

/// Fails the first lease.
#[derive(Default)]
struct FirstFails(AtomicBool);

#[async_trait]
impl Intercept for FirstFails {
    async fn lease(
        &self,
        store: &dyn Store,
        lease: &Lease,
    ) -> Result<Vec<relm_core::record::Document>, StoreError> {
        if !self.0.swap(true, Ordering::SeqCst) {
            return Err(StoreError::unavailable("the lease did not get there"));
        }
        store.lease(lease).await
    }
}

/// Sleep that lets time pass, but none while the store is at work: how long it takes is not what is asked here.
struct Rest {
    clock: Arc<ManualClock>,
    store: Arc<Watch>,
    slept_ms: AtomicUsize,
}

#[async_trait]
impl Sleeper for Rest {
    async fn sleep(&self, duration: std::time::Duration) {
        yield_times(1).await;
        while !self.store.is_idle() {
            // The store may need the thread that this one is waiting on.
            std::thread::yield_now();
            yield_times(1).await;
        }
        let millis = duration.as_millis() as usize;
        self.slept_ms.fetch_add(millis, Ordering::SeqCst);
        self.clock.advance_millis(millis as i64);
    }
}

/// An endpoint that backs off for a moment, since its store failed, does not back off for an hour, though the clock is set
/// back meanwhile; nor is the next reconciliation an hour away.
pub(crate) async fn a_clock_set_back_prolongs_no_rest(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let contacts = acme.scoped.contacts();
    let made = contacts.create(contact("ada@example.com")).await;
    made.expect("it is valid");
    let watch = Arc::new(Watch::default());
    let watched = Intercepted {
        store: store.shared(),
        by: Arc::clone(&watch),
    };
    let failing = Intercepted {
        store: Arc::new(watched),
        by: Arc::new(FirstFails::default()),
    };
    let crm = engine(Arc::new(failing), &acme.clock, 2);
    let transport = MockTransport::always(200);
    let clock = Arc::clone(&acme.clock);
    let dispatcher = transport
        .dispatcher(&crm)
        .on_error(move |_| clock.step_millis(-HOUR_MS));
    let rest = Rest {
        clock: Arc::clone(&acme.clock),
        store: watch,
        slept_ms: AtomicUsize::new(0),
    };
    let is_done = async {
        // A case has its deadline: what bounds this is the time that passes, and not how often it polls.
        while transport.sent().is_empty() {
            let slept_ms = rest.slept_ms.load(Ordering::SeqCst);
            assert!(slept_ms <= REST_MS_MAX, "nothing was sent in {slept_ms} ms");
            // The store may need the thread that this one polls on.
            std::thread::yield_now();
            yield_times(1).await;
        }
    };
    acme.clock.step_millis(HOUR_MS);
    dispatcher.run(&rest, is_done).await;
    assert_eq!(transport.sent().len(), 1);
}

/// A recovery up to now includes what happened before the clock was set back.
pub(crate) async fn a_recovery_includes_what_seems_to_be_of_later(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let made = contacts.create(contact("ada@example.com")).await;
    let since = made.expect("it is valid").created_at;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    acme.clock.step_millis(-HOUR_MS);
    let input = RecoverInput { since, until: None };
    let recovery = acme.scoped.webhooks().recover(id, input).await;
    let recovery = recovery.and_then(|reply| reply.decode());
    let recovery: relm_core::engine::Recovery = recovery.expect("the endpoint is there");
    assert_eq!(recovery.recovered, 1);
    assert!(recovery.until > since);
}
