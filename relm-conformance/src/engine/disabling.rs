//! Endpoints that take no more: disabled by their owner or by how they answer, and what is pending for them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use relm_core::engine::DispatchOptions;
use relm_core::record::{Delivery, DeliveryStatus, DisabledReason, Entry, Record, WebhookInput};
use relm_core::store::{Batch, CommitError, Page, Query, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Clock;

use super::acme::{Acme, company, endpoint, set_enabled};
use super::deliveries::{create, die_when};
use super::mock_transport::{MockTransport, POLLS_MAX, deliveries, webhook};
use crate::intercept::{Intercept, Intercepted, Read};
use crate::simulation::environment::YieldingSleep;
use crate::simulation::yield_times;
use crate::subject::Subject;

/// Disabling an endpoint cancels what is pending, and it is sent nothing until it is enabled again.
pub(crate) async fn a_disabled_endpoint_is_sent_nothing(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let transport = MockTransport::always(200);
    let dispatcher = transport.dispatcher(&acme.crm);
    set_enabled(&acme.scoped, id, false).await;
    create(&acme, "bob@example.com").await;
    dispatcher.deliver_due().await.expect("the store works");
    assert!(transport.sent().is_empty());
    set_enabled(&acme.scoped, id, true).await;
    create(&acme, "eve@example.com").await;
    dispatcher.deliver_due().await.expect("the store works");
    let all = deliveries(&acme, &store).await;
    let ends: Vec<DeliveryStatus> = all.iter().map(|delivery| delivery.status).collect();
    assert_eq!(ends, [DeliveryStatus::Cancelled, DeliveryStatus::Succeeded]);
    assert_eq!(transport.sent().len(), 1);
}

/// Fails every list while it is broken, and knows of the first delivery that is cancelled.
#[derive(Default)]
struct NoLists {
    is_broken: AtomicBool,
    has_cancelled: AtomicBool,
}

#[async_trait]
impl Intercept for NoLists {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("no lists"));
        }
        store.list(scope, query).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let cancels = batch.writes.iter().any(|write| match write {
            Write::Replace { after, .. } => match &after.record {
                Record::Delivery(delivery) => delivery.status == DeliveryStatus::Cancelled,
                _ => false,
            },
            _ => false,
        });
        store.commit(batch).await?;
        self.has_cancelled.fetch_or(cancels, Ordering::SeqCst);
        Ok(())
    }
}

/// An endpoint that was disabled is disabled, also where the store fails before what is pending was cancelled. The
/// dispatcher then does that, and not only when the next of it is due.
pub(crate) async fn what_could_not_be_cancelled_is_cancelled_soon(store: Subject) {
    let lists = Arc::new(NoLists::default());
    let acme = Acme::open(Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::clone(&lists),
    }))
    .await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let transport = MockTransport::always(500);
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    lists.is_broken.store(true, Ordering::SeqCst);
    set_enabled(&acme.scoped, id, false).await;
    lists.is_broken.store(false, Ordering::SeqCst);
    let is_done = async {
        for _ in 0..POLLS_MAX {
            if lists.has_cancelled.load(Ordering::SeqCst) {
                return;
            }
            // The store may need the thread that this one polls on.
            std::thread::yield_now();
            yield_times(1).await;
        }
        panic!("what was pending was never cancelled");
    };
    dispatcher.run(&YieldingSleep, is_done).await;
    let delivery = &deliveries(&acme, &store).await[0];
    assert_eq!(delivery.status, DeliveryStatus::Cancelled);
    assert_eq!((delivery.attempts.len(), transport.sent().len()), (1, 1));
}

/// An endpoint that answers 410 is disabled: what is pending for it is cancelled, and no later change of any engine is
/// sent to it.
pub(crate) async fn an_endpoint_that_is_gone_is_disabled(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    for (scoped, name) in [(&acme.scoped, "One"), (&other, "Two")] {
        let made = scoped.companies().create(company(name)).await;
        made.expect("it is valid");
    }
    let transport = MockTransport::always(410);
    let next_due = transport.dispatcher(&acme.crm).deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let gone = webhook(&acme.scoped, id).await;
    assert_eq!(
        (gone.enabled, gone.disabled_reason),
        (false, Some(DisabledReason::Gone))
    );
    for (scoped, name) in [(&acme.scoped, "Three"), (&other, "Four")] {
        let made = scoped.companies().create(company(name)).await;
        made.expect("it is valid");
    }
    let all = deliveries(&acme, &store).await;
    assert_eq!(all.len(), 2);
    let is_cancelled = |status| status == DeliveryStatus::Cancelled;
    assert!(all.iter().all(|delivery| is_cancelled(delivery.status)));
}

/// An endpoint that failed long ago, and had nothing to take since, is not disabled by one failure more: by the second.
pub(crate) async fn one_failure_after_a_rest_disables_nobody(store: Subject) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    let options = DispatchOptions {
        disable_after: Some(Duration::from_secs(5 * 24 * 60 * 60)),
        ..DispatchOptions::default()
    };
    let dispatcher = MockTransport::always(500).dispatcher_of(&acme.crm, options);
    let fail = async || {
        dispatcher.deliver_due().await.expect("the store works");
        acme.clock.advance_millis(DAY_MS);
        webhook(&acme.scoped, id).await
    };
    create(&acme, "ada@example.com").await;
    assert_eq!(fail().await.failing_since, None);
    let failing = fail().await;
    assert!(failing.enabled && failing.failing_since.is_some());
    acme.clock.advance_millis(10 * DAY_MS);
    create(&acme, "grace@example.com").await;
    assert!(fail().await.enabled);
    let disabled = fail().await;
    assert_eq!(disabled.disabled_reason, Some(DisabledReason::Failing));
}

/// A 410 from where an endpoint was says nothing of where its owner has moved it.
pub(crate) async fn an_endpoint_that_moved_is_not_gone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "old", &["*"]).await;
    create(&acme, "ada@example.com").await;
    let released = Arc::new(AtomicBool::new(false));
    let is_released = Arc::clone(&released);
    let transport = MockTransport::new(move |message, _| {
        let status = if message.url.ends_with("/old") {
            410
        } else {
            200
        };
        is_released.load(Ordering::SeqCst).then_some(status)
    });
    let dispatcher = transport.dispatcher(&acme.crm);
    let mut delivering = pin!(dispatcher.deliver_due());
    die_when(delivering.as_mut(), || !transport.sent().is_empty()).await;
    let input = WebhookInput {
        url: "https://example.com/new".into(),
        ..WebhookInput::default()
    };
    let moved = acme.scoped.webhooks().update(id, input).await;
    moved.expect("the endpoint is there");
    released.store(true, Ordering::SeqCst);
    delivering.await.expect("the store works");
    create(&acme, "bob@example.com").await;
    dispatcher.deliver_due().await.expect("the store works");
    let there = webhook(&acme.scoped, id).await;
    assert_eq!((there.enabled, there.disabled_reason), (true, None));
    let urls: Vec<String> = transport.sent().into_iter().map(|sent| sent.url).collect();
    assert_eq!(urls, ["https://example.com/old", "https://example.com/new"]);
}

/// Whoever disables an endpoint waits for no more than a thousand deliveries to be cancelled. The rest is cancelled by the
/// dispatcher, and none of it is sent.
pub(crate) async fn disabling_waits_for_no_large_backlog(store: Subject) {
    const BACKLOG: usize = 1_300;
    const CANCELLED_MAX: usize = 1_000;
    let acme = Acme::open(store.shared()).await;
    let (id, _) = endpoint(&acme.scoped, "hook", &["*"]).await;
    let made = acme.scoped.companies().create(company("Shop")).await;
    made.expect("it is valid");
    let first = deliveries(&acme, &store).await.remove(0);
    let backlog: Vec<Write> = (1..BACKLOG)
        .map(|n| {
            let id = Id::new(Kind::Delivery, n as u128);
            Write::Insert(Entry::new(first.replay(id, acme.clock.now())))
        })
        .collect();
    for part in backlog.chunks(500) {
        store.apply(acme.scoped.scope(), part.to_vec()).await;
    }
    set_enabled(&acme.scoped, id, false).await;
    let pending = async || {
        let all = deliveries(&acme, &store).await;
        assert_eq!(all.len(), BACKLOG);
        let is_pending = |delivery: &&Delivery| delivery.status == DeliveryStatus::Pending;
        all.iter().filter(is_pending).count()
    };
    assert_eq!(pending().await, BACKLOG - CANCELLED_MAX);
    let transport = MockTransport::always(200);
    let next_due = transport.dispatcher(&acme.crm).deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    assert_eq!((pending().await, transport.sent().len()), (0, 0));
}
