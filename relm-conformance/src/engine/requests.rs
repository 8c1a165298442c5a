//! The engine over the store: what it does with one request, sent once or several times.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::engine::ListRequest;
use relm_core::error::ErrorKind;
use relm_core::limits::IDEMPOTENCY_TTL_MS;
use relm_core::query::filter::Filter;
use relm_core::store::{Batch, CommitError, Store, Write};
use relm_core::value::id::Kind;
use relm_core::value::scope::Mode;
use serde_json::json;

use super::acme::{Acme, company, contact, endpoint, failure, phone};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::{NOW, Subject};

/// Keeps every batch that was committed.
#[derive(Default)]
struct Spy(Mutex<Vec<Batch>>);

#[async_trait]
impl Intercept for Spy {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut committed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        committed.push(batch);
        Ok(())
    }
}

/// The event, its deliveries and the idempotency record are part of the commit of the change.
pub(crate) async fn an_event_is_in_the_commit_of_its_change(store: Subject) {
    let spy = Arc::new(Spy::default());
    let acme = Acme::open(Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::clone(&spy),
    }))
    .await;
    endpoint(&acme.scoped, "hook", &["*"]).await;
    spy.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let once = acme
        .scoped
        .clone()
        .idempotent("key", &[1; 32])
        .expect("the key is valid");
    once.contacts()
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    let batches = std::mem::take(&mut *spy.0.lock().unwrap_or_else(PoisonError::into_inner));
    let [batch] = &batches[..] else {
        panic!("one call is one commit, not {}", batches.len());
    };
    let inserted = |write: &Write| match write {
        Write::Insert(entry) => Some(entry.record.kind()),
        _ => None,
    };
    let mut kinds: Vec<Kind> = batch.writes.iter().filter_map(inserted).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [Kind::Contact, Kind::Delivery, Kind::Event]);
    let remembers = |write: &&Write| matches!(write, Write::Remember(_));
    assert_eq!(batch.writes.iter().filter(remembers).count(), 1);
    for kind in [Kind::Contact, Kind::Delivery, Kind::Event] {
        assert_eq!(acme.all(&store, kind).await.len(), 1, "{kind:?}");
    }
}

/// Same key and request: a byte-identical answer, one effect; a secret in it is not readable in the store.
pub(crate) async fn the_same_request_is_answered_the_same(store: Subject) {
    let spy = Arc::new(Spy::default());
    let acme = Acme::open(Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::clone(&spy),
    }))
    .await;
    let other = acme.beside(store.shared(), 2).await;
    let input = || json!({ "url": "https://example.com", "event_types": ["*"] });
    let mut replies = Vec::new();
    for scoped in [&acme.scoped, &acme.scoped, &other] {
        let once = scoped
            .clone()
            .idempotent("company", &[1; 32])
            .expect("the key is valid");
        let made = once
            .companies()
            .create_json(json!({ "name": "Shop" }))
            .await
            .expect("it is valid");
        let once = scoped
            .clone()
            .idempotent("webhook", &[2; 32])
            .expect("the key is valid");
        let subscribed = once
            .webhooks()
            .subscribe_json(input())
            .await
            .expect("it is valid");
        replies.push((
            made.outcome,
            made.body,
            made.replayed,
            subscribed.body,
            subscribed.replayed,
        ));
    }
    let (outcome, body, _, secret, _) = replies[0].clone();
    assert_eq!(
        replies[0],
        (outcome, body.clone(), false, secret.clone(), false)
    );
    let again = (outcome, body, true, secret, true);
    assert_eq!(replies[1..], [again.clone(), again]);
    assert_eq!(acme.all(&store, Kind::Company).await.len(), 1);
    assert_eq!(acme.all(&store, Kind::Webhook).await.len(), 1);
    let batches = spy.0.lock().unwrap_or_else(PoisonError::into_inner);
    let bodies = batches
        .iter()
        .flat_map(|batch| &batch.writes)
        .filter_map(|write| match write {
            Write::Remember(response) => Some(&response.body),
            _ => None,
        });
    assert!(bodies.into_iter().all(|body| !body.contains("whsec_")));
}

/// Another request under the same key is refused, without an effect; in another mode the key is another.
pub(crate) async fn another_request_under_the_same_key_is_refused(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let once = |fingerprint| {
        acme.scoped
            .clone()
            .idempotent("key", &fingerprint)
            .expect("the key is valid")
    };
    once([1; 32])
        .companies()
        .create(company("Shop"))
        .await
        .expect("it is valid");
    let other = once([2; 32]).companies().create(company("Mall")).await;
    assert_eq!(failure(other), ErrorKind::IdempotencyConflict);
    assert_eq!(acme.all(&store, Kind::Company).await.len(), 1);
    let test = acme
        .crm
        .open(acme.scoped.scope().workspace(), Mode::Test)
        .await
        .expect("it is there");
    let test = test.idempotent("key", &[2; 32]).expect("the key is valid");
    test.companies()
        .create(company("Mall"))
        .await
        .expect("no such key was used in test mode");
}

/// A request that had no effect keeps no key: corrected, it works under the same one.
pub(crate) async fn a_failed_request_keeps_no_key(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    acme.scoped
        .contacts()
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    let once = |fingerprint| {
        acme.scoped
            .clone()
            .idempotent("key", &fingerprint)
            .expect("the key is valid")
    };
    assert_eq!(
        failure(once([1; 32]).contacts().create(contact("nobody")).await),
        ErrorKind::ValidationFailed
    );
    assert_eq!(
        failure(
            once([2; 32])
                .contacts()
                .create(contact("ada@example.com"))
                .await
        ),
        ErrorKind::Conflict
    );
    let reply = once([3; 32])
        .contacts()
        .create_json(json!({ "email": "bob@example.com" }))
        .await;
    assert!(!reply.expect("the key is free").replayed);
}

/// A key answers for 24 hours from its first success: at 23:59:59.999 it replays, at 24 hours the request runs anew.
pub(crate) async fn a_key_is_good_for_24_hours(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let send = async || {
        let once = acme
            .scoped
            .clone()
            .idempotent("key", &[1; 32])
            .expect("the key is valid");
        once.companies()
            .create_json(json!({ "name": "Shop" }))
            .await
            .expect("it is valid")
    };
    let mut now = NOW;
    let first = send().await;
    for (after_ms, replayed, companies) in [
        (IDEMPOTENCY_TTL_MS - 1, true, 1),
        (1, false, 2),
        (IDEMPOTENCY_TTL_MS - 1, true, 2),
        (1, false, 3),
    ] {
        now = now.saturating_add_millis(after_ms);
        acme.clock.advance_to(now);
        let reply = send().await;
        assert_eq!(reply.replayed, replayed, "at {now}");
        assert_eq!(reply.body == first.body, companies == 1, "at {now}");
        assert_eq!(
            acme.all(&store, Kind::Company).await.len(),
            companies,
            "at {now}"
        );
    }
}

/// A cursor leads on in its own list, and is refused in every other.
pub(crate) async fn a_cursor_is_good_for_its_own_list(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    for name in ["One", "Two", "Three"] {
        acme.scoped
            .companies()
            .create(company(name))
            .await
            .expect("it is valid");
    }
    let request = ListRequest::default().limit(2);
    let first = acme
        .scoped
        .companies()
        .list(&request)
        .await
        .expect("it is well-formed");
    let cursor = first.next_cursor.clone().expect("there is a third");
    let second = acme
        .scoped
        .companies()
        .list(&request.clone().after(cursor.as_str()))
        .await;
    let second = second.expect("it is its own cursor");
    let names: Vec<String> = first
        .data
        .iter()
        .chain(&second.data)
        .map(|company| company.name.clone())
        .collect();
    assert_eq!(
        (names, second.next_cursor),
        (["Three", "Two", "One"].map(str::to_owned).to_vec(), None)
    );

    let there = ListRequest::default().after(cursor.as_str());
    let filtered = there.clone().filter(Filter::new("name", "neq", "One"));
    assert_eq!(
        failure(acme.scoped.companies().list(&filtered).await),
        ErrorKind::InvalidCursor
    );
    assert_eq!(
        failure(acme.scoped.contacts().list(&there).await),
        ErrorKind::InvalidCursor
    );
    let test = acme
        .crm
        .open(acme.scoped.scope().workspace(), Mode::Test)
        .await
        .expect("it is there");
    assert_eq!(
        failure(test.companies().list(&there).await),
        ErrorKind::InvalidCursor
    );
}

/// An expected version is held to, on change and on deletion.
pub(crate) async fn an_expected_version_is_held_to(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let ada = contacts
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    acme.clock.step_millis(-5_000);
    let two = contacts
        .update(ada.id, phone("1"), Some(1))
        .await
        .expect("it is of version 1");
    assert_eq!((two.version, two.created_at), (2, ada.created_at));
    assert!(
        two.updated_at >= ada.updated_at,
        "`updated_at` never decreases"
    );
    assert_eq!(
        failure(contacts.update(ada.id, phone("2"), Some(1)).await),
        ErrorKind::VersionConflict
    );
    assert_eq!(
        failure(contacts.delete(ada.id, Some(1)).await),
        ErrorKind::VersionConflict
    );
    assert_eq!(
        contacts.get(ada.id).await.expect("the store reads"),
        Some(two)
    );
    contacts
        .delete(ada.id, Some(2))
        .await
        .expect("it is of version 2");
    assert_eq!(contacts.get(ada.id).await.expect("the store reads"), None);
}
