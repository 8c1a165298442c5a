//! The engine over the store where there is much at once: batches of as many rows as there may be, with all the events
//! that they record, and idempotency keys as long as they may be.

use std::collections::BTreeSet;

use relm_core::engine::BatchInput;
use relm_core::error::ErrorKind;
use relm_core::limits::{BATCH_ROWS_MAX, IDEMPOTENCY_KEY_CHARS_MAX};
use relm_core::record::Delivery;
use relm_core::record::object::ContactInput;
use relm_core::value::id::{Id, Kind};
use serde_json::json;

use super::acme::{Acme, contact, endpoint, failure};
use crate::subject::Subject;

/// Endpoints that ask for everything.
const ENDPOINTS: usize = 3;

/// A batch of as many rows as there may be, each with this telephone number.
fn rows(phone: &str) -> BatchInput {
    let row = |n: usize| ContactInput {
        phone: phone.into(),
        ..contact(&format!("{n}@example.com"))
    };
    BatchInput {
        rows: (0..BATCH_ROWS_MAX).map(row).collect(),
        dedup_on: vec!["email".to_owned()],
        atomic: true,
    }
}

/// Each row of the largest batch has its event, and each event a delivery to each endpoint: when rows are created, when they
/// are updated, and not when they change nothing.
pub(crate) async fn the_largest_batch_records_every_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    for n in 0..ENDPOINTS {
        endpoint(&acme.scoped, &n.to_string(), &["*"]).await;
    }
    let mut rounds = 0;
    for (phone, event_type) in [
        ("1", Some("contact.created")),
        ("2", Some("contact.updated")),
        ("2", None),
    ] {
        let report = acme.scoped.contacts().batch(rows(phone)).await;
        let report = report.expect("every row is valid");
        let contacts: BTreeSet<Id> = report.data.iter().filter_map(|row| row.id).collect();
        assert_eq!(contacts.len(), BATCH_ROWS_MAX);
        let events = acme.events(&store).await;
        if let Some(event_type) = event_type {
            let news = &events[rounds * BATCH_ROWS_MAX..];
            assert!(
                news.iter()
                    .all(|event| event.event_type.as_str() == event_type)
            );
            let id = |data: &str| {
                let data: serde_json::Value = serde_json::from_str(data).ok()?;
                data["id"].as_str().and_then(Id::parse)
            };
            let named = news.iter().filter_map(|event| id(event.data.get()));
            assert_eq!(named.collect::<BTreeSet<Id>>(), contacts);
            rounds += 1;
        }
        assert_eq!(events.len(), rounds * BATCH_ROWS_MAX);
        let deliveries = acme.all(&store, Kind::Delivery).await;
        let pairs = deliveries.iter().map(|document| {
            let delivery: Delivery = document.decode().expect("it is a delivery");
            (delivery.event_id, delivery.webhook_id)
        });
        let pairs: BTreeSet<(Id, Id)> = pairs.collect();
        assert_eq!(deliveries.len(), events.len() * ENDPOINTS);
        assert_eq!(pairs.len(), deliveries.len(), "each pair once");
        assert_eq!(acme.all(&store, Kind::Contact).await.len(), BATCH_ROWS_MAX);
    }
}

/// A key of whatever length and script is one key: it replays its own answer, and another key that differs in its last
/// character alone is another.
pub(crate) async fn long_keys_are_told_apart(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let mut made = BTreeSet::new();
    for filler in ["k", "\u{e9}", "\u{6f22}", "\u{1f600}"] {
        for chars in [201, 254, IDEMPOTENCY_KEY_CHARS_MAX] {
            for last in ["a", "b"] {
                let key = format!("{}{last}", filler.repeat(chars - 1));
                let mut bodies = Vec::new();
                for (scoped, replayed) in
                    [(&acme.scoped, false), (&acme.scoped, true), (&other, true)]
                {
                    let once = scoped.clone().idempotent(&key, &[1; 32]);
                    let once = once.expect("the key is valid");
                    let made = once
                        .companies()
                        .create_json(json!({ "name": "Shop" }))
                        .await;
                    let reply = made.expect("it is valid");
                    assert_eq!(reply.replayed, replayed, "{chars} of {filler}");
                    bodies.push(reply.body);
                }
                assert!(
                    bodies.iter().all(|body| *body == bodies[0]),
                    "{chars} of {filler}"
                );
                let another = other.clone().idempotent(&key, &[2; 32]);
                let refused = another
                    .expect("the key is valid")
                    .companies()
                    .create_json(json!({ "name": "Other" }))
                    .await;
                assert_eq!(failure(refused), ErrorKind::IdempotencyConflict);
                made.insert(bodies.swap_remove(0));
            }
        }
        let too_long = filler.repeat(IDEMPOTENCY_KEY_CHARS_MAX + 1);
        let refused = acme.scoped.clone().idempotent(&too_long, &[1; 32]);
        assert_eq!(failure(refused), ErrorKind::BadRequest);
    }
    assert_eq!(made.len(), 4 * 3 * 2, "each key made a company of its own");
    assert_eq!(acme.all(&store, Kind::Company).await.len(), made.len());
}
