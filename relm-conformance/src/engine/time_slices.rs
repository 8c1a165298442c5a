//! The dispatcher over the store, where more is due than can be sent at once: time slices, bounds, and a slow store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use relm_core::engine::{DispatchOptions, Dispatcher};
use relm_core::record::DeliveryStatus;
use relm_core::record::Document;
use relm_core::store::{Lease, Queue, QueueKey, Store, StoreError};
use relm_core::value::time::Clock;
use relm_core::webhook::{Answer, Message, SendError, Transport};

use super::acme::{Acme, company, contact, endpoint};
use super::mock_transport::{MockTransport, POLLS_MAX, deliveries};
use crate::intercept::{Intercept, Intercepted};
use crate::simulation::environment::YieldingSleep;
use crate::simulation::yield_times;
use crate::subject::Subject;

/// Changes that the endpoints of a case are notified of.
const EVENTS: usize = 6;
/// How often the dispatcher lists the queues.
const RECONCILE_MS: i64 = 1_000;

async fn create_contacts(acme: &Acme) {
    for n in 0..EVENTS {
        let input = contact(&format!("{n}@example.com"));
        let made = acme.scoped.contacts().create(input).await;
        made.expect("the contact is valid");
    }
}

/// Endpoints share time slices where there are fewer workers than endpoints, however much is due at one of them.
pub(crate) async fn endpoints_share_time_slices(store: Subject) {
    const LEASED: usize = 2;
    let acme = Acme::open(store.shared()).await;
    for path in ["a", "b"] {
        endpoint(&acme.scoped, path, &["contact.created"]).await;
    }
    endpoint(&acme.scoped, "c", &["company.created"]).await;
    create_contacts(&acme).await;
    let made = acme.scoped.companies().create(company("Shop")).await;
    made.expect("it is valid");
    let transport = MockTransport::always(200);
    let options = DispatchOptions {
        endpoints: 1,
        per_endpoint: LEASED,
        ..DispatchOptions::default()
    };
    let dispatcher = transport.dispatcher_of(&acme.crm, options);
    let next_due = dispatcher.deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let sent = transport.sent();
    assert_eq!(sent.len(), 2 * EVENTS + 1);
    let paths: Vec<&str> = sent
        .iter()
        .filter_map(|message| message.url.rsplit('/').next())
        .collect();
    let (first, others) = paths.split_at(2 * LEASED + 1);
    assert!(first.contains(&"c"), "{paths:?}");
    // From one slice to the next, every other endpoint with something due has one.
    for slices in others.chunks(2 * LEASED) {
        for path in ["a", "b"] {
            let of_it = slices.iter().filter(|other| **other == path);
            assert_eq!(of_it.count(), LEASED, "{paths:?}");
        }
    }
}

/// However many endpoints hang, one that answers gets its deliveries while they do: they get half of the workers at most,
/// once they are unhealthy.
pub(crate) async fn endpoints_that_hang_leave_workers_to_others(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let hanging = ["one", "two", "three"];
    for path in ["well"].iter().chain(&hanging) {
        endpoint(&acme.scoped, path, &["*"]).await;
    }
    create_contacts(&acme).await;
    let well = |message: &&Message| message.url.ends_with("/well");
    let transport = MockTransport::new(move |message, sent| {
        let is_first = sent.iter().filter(|other| other.url == message.url).count() == 1;
        let is_late = sent.iter().filter(well).count() == EVENTS;
        match (message.url.ends_with("/well"), is_first) {
            (true, _) => Some(200),
            (false, true) => Some(500),
            (false, false) => is_late.then_some(200),
        }
    });
    let options = DispatchOptions {
        endpoints: 2,
        per_endpoint: 1,
        ..DispatchOptions::default()
    };
    let next_due = transport
        .dispatcher_of(&acme.crm, options)
        .deliver_due()
        .await;
    assert!(next_due.expect("the store works") > Some(acme.clock.now()));
    let sent = transport.sent();
    assert_eq!(sent.iter().filter(well).count(), EVENTS);
    assert_eq!(sent.len(), (1 + hanging.len()) * EVENTS);
}

/// Unhealthy endpoints share time slices among each other, with the workers that they are left.
pub(crate) async fn unhealthy_endpoints_share_time_slices(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let failing = ["one", "two", "three"];
    endpoint(&acme.scoped, "well", &["company.created"]).await;
    for path in failing {
        endpoint(&acme.scoped, path, &["contact.created"]).await;
    }
    let made = acme.scoped.companies().create(company("Shop")).await;
    made.expect("it is valid");
    // Who has been due for longest comes first: the other worker is taken for as long as the case needs.
    acme.clock.advance_millis(1);
    create_contacts(&acme).await;
    let transport = MockTransport::new(move |message, sent| {
        let is_late = sent.len() == 1 + failing.len() * EVENTS;
        match message.url.ends_with("/well") {
            true => is_late.then_some(200),
            false => Some(500),
        }
    });
    let options = DispatchOptions {
        endpoints: 2,
        per_endpoint: 1,
        ..DispatchOptions::default()
    };
    let next_due = transport
        .dispatcher_of(&acme.crm, options)
        .deliver_due()
        .await;
    assert!(next_due.expect("the store works") > Some(acme.clock.now()));
    let sent = transport.sent();
    let is_failing = |message: &&Message| !message.url.ends_with("/well");
    let sent: Vec<&str> = sent
        .iter()
        .filter(is_failing)
        .map(|message| &*message.url)
        .collect();
    assert_eq!(sent.len(), failing.len() * EVENTS);
    for slices in sent.chunks(failing.len()) {
        let urls: BTreeSet<&str> = slices.iter().copied().collect();
        assert_eq!(urls.len(), failing.len(), "{sent:?}");
    }
}

/// Takes its time to lease: others are polled meanwhile.
struct SlowLease;

#[async_trait]
impl Intercept for SlowLease {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        yield_times(3).await;
        store.lease(lease).await
    }
}

/// What is under way at once is bounded in all, also where every endpoint begins at the same moment: one attempt at each is
/// not, and those beyond share what is left.
pub(crate) async fn attempts_are_bounded_in_all(store: Subject) {
    const PATHS: [&str; 4] = ["a", "b", "c", "d"];
    const IN_ALL: usize = 6;
    let slow = Intercepted {
        store: store.shared(),
        by: Arc::new(SlowLease),
    };
    let acme = Acme::open(Arc::new(slow)).await;
    for path in PATHS {
        endpoint(&acme.scoped, path, &["*"]).await;
    }
    create_contacts(&acme).await;
    let under_way = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let counts = [&under_way, &most].map(Arc::clone);
    let crowd = Crowd {
        under_way: Arc::clone(&under_way),
        most: Arc::clone(&most),
    };
    let options = DispatchOptions {
        in_all: IN_ALL,
        ..DispatchOptions::default()
    };
    let dispatcher = Dispatcher::new(acme.crm.clone(), crowd, options);
    let next_due = dispatcher.deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let [under_way, most] = counts.map(|count| count.load(Ordering::SeqCst));
    assert_eq!(under_way, 0);
    assert!((2..IN_ALL + PATHS.len()).contains(&most), "{most} at once");
}

/// Takes everything, and counts how much of it at once.
struct Crowd {
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[async_trait]
impl Transport for Crowd {
    async fn send(&self, _: Message) -> Result<Answer, SendError> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        yield_times(20).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        Ok(Answer::new(200))
    }
}

/// Keeps whoever lists queues waiting while it is slow, and notes that somebody waits.
#[derive(Default)]
struct SlowQueues {
    is_slow: AtomicBool,
    is_waited_for: AtomicBool,
    has_listed: AtomicBool,
}

#[async_trait]
impl Intercept for SlowQueues {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        for _ in 0..POLLS_MAX {
            if !self.is_slow.load(Ordering::SeqCst) {
                let queues = store.queues(after, limit).await;
                self.has_listed.store(true, Ordering::SeqCst);
                return queues;
            }
            self.is_waited_for.store(true, Ordering::SeqCst);
            yield_times(1).await;
        }
        panic!("whoever waits for the queues holds up everything");
    }
}

/// A store that is slow to list queues holds up nothing that is under way.
pub(crate) async fn a_slow_reconciliation_holds_up_no_delivery(store: Subject) {
    let queues = Arc::new(SlowQueues::default());
    let by = Arc::clone(&queues);
    let slow = Intercepted {
        store: store.shared(),
        by,
    };
    let acme = Acme::open(Arc::new(slow)).await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let made = acme.scoped.companies().create(company("Shop")).await;
    made.expect("it is valid");
    let listing = Arc::clone(&queues);
    let transport = MockTransport::new(move |_, _| {
        listing.is_slow.store(true, Ordering::SeqCst);
        // What is under way is answered once the next reconciliation waits.
        listing.is_waited_for.load(Ordering::SeqCst).then_some(200)
    });
    let begun_at = acme.clock.now();
    let is_done = async {
        for _ in 0..POLLS_MAX {
            let all = deliveries(&acme, &store).await;
            if all[0].status == DeliveryStatus::Succeeded {
                return;
            }
            // The second reconciliation is due a second after the first, and is to be slow.
            let is_armed = [&queues.has_listed, &queues.is_slow];
            let is_armed = is_armed.iter().all(|flag| flag.load(Ordering::SeqCst));
            if is_armed && acme.clock.now() == begun_at {
                acme.clock.advance_millis(RECONCILE_MS);
            }
            std::thread::yield_now();
            yield_times(1).await;
        }
        panic!("what was under way was held up");
    };
    transport
        .dispatcher(&acme.crm)
        .run(&YieldingSleep, is_done)
        .await;
    assert!(queues.is_slow.load(Ordering::SeqCst));
    assert_eq!(transport.sent().len(), 1);
}
