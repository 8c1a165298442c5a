//! The engine within a transaction that a program holds, over a store whose transactions see what others commit: here the
//! store itself, with somebody else who is quicker.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use relm_core::engine::{BatchInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::store::{AfterCommit, Batch, CommitError, Store, StoreTransaction};
use relm_core::value::id::Id;

use super::acme::{Acme, contact, phone, required_field, tagged};
use crate::CaseFuture;
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

/// A transaction in which somebody else commits something just before the first commit.
struct Overtaken {
    store: Arc<dyn Store>,
    by: Arc<Quicker>,
    after_commit: Arc<AfterCommit>,
}

struct Quicker {
    first: Mutex<Option<CaseFuture<'static>>>,
    commits: AtomicUsize,
}

#[async_trait]
impl Intercept for Quicker {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(first) = first {
            first.await;
        }
        store.commit(batch).await
    }
}

impl StoreTransaction for Overtaken {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(Intercepted {
            store: Arc::clone(&self.store),
            by: Arc::clone(&self.by),
        })
    }

    fn after_commit(&self) -> Arc<AfterCommit> {
        Arc::clone(&self.after_commit)
    }
}

impl Overtaken {
    fn by(store: &Subject, first: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            store: store.shared(),
            by: Arc::new(Quicker {
                first: Mutex::new(Some(Box::pin(first))),
                commits: AtomicUsize::new(0),
            }),
            after_commit: Arc::default(),
        }
    }

    fn commits(&self) -> usize {
        self.by.commits.load(Ordering::Relaxed)
    }
}

/// Changes the telephone number of a contact.
async fn call(scoped: Scoped, id: Id, number: &'static str) {
    let changed = scoped.contacts().update(id, phone(number), None).await;
    changed.expect("it is there");
}

/// A change that others overtook in a transaction is not attempted again: the error says that the transaction is to be
/// begun again, or what the change has come to mean.
pub(crate) async fn a_change_overtaken_in_a_transaction_is_not_attempted_again(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let ada = acme
        .scoped
        .contacts()
        .create(contact("ada@example.com"))
        .await;
    let ada = ada.expect("it is valid");
    let overtaken = Overtaken::by(&store, call(other.clone(), ada.id, "1"));
    let within = acme.scoped.within(&overtaken);
    let refused = within.contacts().update(ada.id, phone("2"), None).await;
    let refused = refused.expect_err("somebody else was quicker");
    assert_eq!(
        refused.reason(),
        Some("transaction_conflict"),
        "{refused:?}"
    );
    assert_eq!(
        (refused.kind(), overtaken.commits()),
        (ErrorKind::Unavailable, 1)
    );

    let overtaken = Overtaken::by(&store, call(other.clone(), ada.id, "3"));
    let within = acme.scoped.within(&overtaken);
    let stale = within.contacts().update(ada.id, phone("4"), Some(2)).await;
    let stale = stale.expect_err("the version is another");
    assert_eq!(
        (stale.kind(), overtaken.commits()),
        (ErrorKind::VersionConflict, 1)
    );

    let theirs = other.clone();
    let overtaken = Overtaken::by(&store, async move {
        let bob = theirs.contacts().create(contact("bob@example.com")).await;
        bob.expect("the address is free");
    });
    let mut called = contact("Bob@example.com");
    called.phone = "5".into();
    let batch = BatchInput {
        rows: vec![called],
        dedup_on: vec!["email".to_owned()],
        ..BatchInput::default()
    };
    let refused = acme.scoped.within(&overtaken).contacts().batch(batch).await;
    let refused = refused.expect_err("somebody else was quicker");
    assert_eq!(
        refused.reason(),
        Some("transaction_conflict"),
        "{refused:?}"
    );
    let found = other.contacts().get(ada.id).await.expect("it reads");
    assert_eq!(found.and_then(|ada| ada.phone).as_deref(), Some("3"));
}

/// What the engine had remembered, or takes as it comes, is no decision of the program's: the configuration, and references
/// in a batch.
pub(crate) async fn a_change_in_a_transaction_meets_the_configuration_as_it_is(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let first = acme
        .scoped
        .contacts()
        .create(contact("a@example.com"))
        .await;
    first.expect("the configuration is remembered");
    let theirs = other.clone();
    let overtaken = Overtaken::by(&store, async move {
        let defined = theirs.fields().define(required_field("plan")).await;
        defined.expect("it is new");
    });
    let within = acme.scoped.within(&overtaken);
    let refused = within.contacts().create(contact("b@example.com")).await;
    let refused = refused.expect_err("it lacks what is required by now");
    assert_eq!(refused.kind(), ErrorKind::ValidationFailed, "{refused:?}");
    let mut valid = contact("b@example.com");
    valid.metadata = tagged("plan", "pro");
    within.contacts().create(valid).await.expect("it has it");

    let lost: Id = "cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV"
        .parse()
        .expect("it is an id");
    let mut dangling = contact("c@example.com");
    dangling.metadata = tagged("plan", "pro");
    dangling.company_id = lost.into();
    let batch = BatchInput {
        rows: vec![dangling],
        ..BatchInput::default()
    };
    let report = within.contacts().batch(batch).await;
    let report = report.expect("the row fails alone");
    let kind = report.data[0].error.as_ref().map(|error| error.kind());
    assert_eq!(kind, Some(ErrorKind::InvalidReference));
}

/// A change in a transaction is heard of once the transaction is committed, and not where it is rolled back.
pub(crate) async fn a_change_in_a_transaction_is_heard_of_after_the_commit(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let mut heard = acme.scoped.events().subscribe();
    let committed = Overtaken::by(&store, async {});
    let rolled_back = Overtaken::by(&store, async {});
    for (transaction, email) in [
        (&committed, "a@example.com"),
        (&rolled_back, "b@example.com"),
    ] {
        let within = acme.scoped.within(transaction);
        let made = within.contacts().create(contact(email)).await;
        made.expect("it is valid");
    }
    assert!(
        heard.next().now_or_never().is_none(),
        "nothing is committed"
    );
    drop(rolled_back);
    committed.after_commit.run();
    let event = heard.next().now_or_never().flatten();
    let event = event.expect("it is heard of").expect("none is missed");
    assert!(event.data.get().contains("a@example.com"));
    let kept = acme.scoped.events().get_json(event.id).await;
    let kept = kept.expect("the store reads an event");
    assert!(kept.is_some(), "what is heard of is kept");
    assert!(heard.next().now_or_never().is_none());
}
