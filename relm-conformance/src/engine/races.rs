//! The engine under concurrency: several engines over one store, many calls at once.

use std::sync::atomic::{AtomicBool, Ordering};

use relm_core::engine::{BatchInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::object::{Contact, ContactInput};
use relm_core::value::id::Kind;
use serde_json::json;

use super::acme::{Acme, company, contact, failure, required_field, tagged};
use crate::subject::Subject;

/// Handles to race with, by turns through two engines.
pub(super) async fn contenders(acme: &Acme, store: &Subject, count: usize) -> Vec<(usize, Scoped)> {
    let other = acme.beside(store.shared(), 2).await;
    let handles = [acme.scoped.clone(), other];
    (0..count).map(|n| (n, handles[n % 2].clone())).collect()
}

async fn contacts(acme: &Acme, store: &Subject) -> Vec<Contact> {
    let documents = acme.all(store, Kind::Contact).await;
    documents
        .iter()
        .map(|document| document.decode().expect("it is a contact"))
        .collect()
}

fn upsert(rows: Vec<ContactInput>) -> BatchInput {
    BatchInput {
        rows,
        dedup_on: vec!["email".to_owned()],
        atomic: false,
    }
}

/// Concurrent changes of different members of one record all survive, each with its event.
pub(crate) async fn patches_of_different_fields_both_survive(store: Subject) {
    const CALLS: usize = 8;
    let acme = Acme::open(store.shared()).await;
    let ada = acme
        .scoped
        .contacts()
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    let patch = async |(n, scoped): (usize, Scoped)| {
        let mut input = ContactInput {
            metadata: tagged(&format!("k{n}"), "v"),
            ..ContactInput::default()
        };
        match n {
            0 => input.phone = "1".into(),
            1 => input.last_name = "Lovelace".into(),
            _ => {}
        }
        scoped
            .contacts()
            .update(ada.id, input, None)
            .await
            .expect("it is there");
    };
    store.race(
        contenders(&acme, &store, CALLS)
            .await
            .into_iter()
            .map(patch),
    );
    let now = acme
        .scoped
        .contacts()
        .get(ada.id)
        .await
        .expect("the store reads")
        .expect("it is there");
    assert_eq!(
        (now.phone.as_deref(), now.last_name.as_deref()),
        (Some("1"), Some("Lovelace"))
    );
    assert_eq!((now.metadata.len(), now.version), (CALLS, 1 + CALLS as i64));
    assert_eq!(acme.events(&store).await.len(), 1 + CALLS);
}

/// Of concurrent creates of one e-mail address one succeeds, and the others name it.
pub(crate) async fn one_of_many_creates_of_an_email_succeeds(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let create = async |(n, scoped): (usize, Scoped)| {
        let email = if n % 2 == 0 {
            "ada@example.com"
        } else {
            "Ada@Example.com"
        };
        scoped.contacts().create(contact(email)).await
    };
    let outcomes = store.race(contenders(&acme, &store, 8).await.into_iter().map(create));
    let (made, failed): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let made: Vec<Contact> = made.into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    for error in failed.into_iter().filter_map(Result::err) {
        assert_eq!(
            (error.kind(), error.existing_id()),
            (ErrorKind::Conflict, Some(made[0].id))
        );
    }
    assert_eq!(contacts(&acme, &store).await, made);
    assert_eq!(acme.events(&store).await.len(), 1);
}

/// Concurrent upserts of one e-mail address all succeed and make one record, which has what each of them said.
pub(crate) async fn upserts_of_one_email_make_one_record(store: Subject) {
    const CALLS: usize = 8;
    let acme = Acme::open(store.shared()).await;
    let send = async |(n, scoped): (usize, Scoped)| {
        let row = ContactInput {
            metadata: tagged(&format!("k{n}"), "v"),
            ..contact("ada@example.com")
        };
        scoped
            .contacts()
            .batch(upsert(vec![row]))
            .await
            .expect("the batch is valid")
    };
    let reports = store.race(contenders(&acme, &store, CALLS).await.into_iter().map(send));
    assert_eq!(
        reports.iter().map(|report| report.created).sum::<usize>(),
        1
    );
    assert_eq!(
        reports.iter().map(|report| report.updated).sum::<usize>(),
        CALLS - 1
    );
    let [ada] = &contacts(&acme, &store).await[..] else {
        panic!("there must be one record");
    };
    assert_eq!((ada.metadata.len(), ada.version), (CALLS, CALLS as i64));
    assert_eq!(acme.events(&store).await.len(), CALLS);
}

/// Same key and request under any concurrency: one effect, byte-identical answers, one of which is no replay.
pub(crate) async fn a_storm_of_one_request_has_one_effect(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let send = async |(_, scoped): (usize, Scoped)| {
        let once = scoped
            .idempotent("key", &[1; 32])
            .expect("the key is valid");
        let reply = once
            .companies()
            .create_json(json!({ "name": "Shop" }))
            .await;
        reply.expect("it is valid")
    };
    let replies = store.race(contenders(&acme, &store, 16).await.into_iter().map(send));
    assert!(
        replies
            .iter()
            .all(|reply| reply.body == replies[0].body && reply.outcome == replies[0].outcome)
    );
    assert_eq!(replies.iter().filter(|reply| !reply.replayed).count(), 1);
    let companies = acme.all(&store, Kind::Company).await;
    assert_eq!((companies.len(), &companies[0].json), (1, &replies[0].body));
    assert_eq!(acme.events(&store).await.len(), 1);
}

/// No association ever leads to a record that is gone, however linking and deleting meet.
pub(crate) async fn links_never_lead_to_a_deleted_record(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    for round in 0..10 {
        let name = format!("Shop {round}");
        let shop = acme
            .scoped
            .companies()
            .create(company(&name))
            .await
            .expect("it is valid");
        let mall = acme
            .scoped
            .companies()
            .create(company("Mall"))
            .await
            .expect("it is valid");
        let input = |from_id, to_id| AssociationInput {
            from_id,
            to_id,
            label: None,
            attributes: Default::default(),
        };
        let act = async |n: usize| match n {
            0 => acme
                .scoped
                .companies()
                .delete(shop.id, None)
                .await
                .expect("it is there"),
            1 => drop(
                acme.scoped
                    .associations()
                    .link(input(shop.id, mall.id))
                    .await,
            ),
            _ => drop(other.associations().link(input(mall.id, shop.id)).await),
        };
        store.race((0..3).map(act));
        for document in acme.all(&store, Kind::Association).await {
            let edge: Association = document.decode().expect("it is an association");
            for end in [edge.from_id, edge.to_id] {
                let there = store
                    .get(acme.scoped.scope(), end)
                    .await
                    .expect("the store reads");
                assert!(
                    there.is_some(),
                    "round {round}: {} leads to {end}, which is gone",
                    edge.id
                );
            }
        }
    }
}

/// A definition binds every write that begins after it returned, on every engine, however busy they are.
pub(crate) async fn a_definition_binds_writes_that_begin_after_it(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let defined = AtomicBool::new(false);
    let act = async |(n, scoped): (usize, Scoped)| {
        if n == 0 {
            scoped
                .fields()
                .define(required_field("plan"))
                .await
                .expect("the key is free");
            defined.store(true, Ordering::SeqCst);
            return;
        }
        for row in 0_u32.. {
            let bound = defined.load(Ordering::SeqCst);
            let outcome = scoped
                .contacts()
                .create(contact(&format!("{n}.{row}@example.com")))
                .await;
            if bound {
                assert_eq!(failure(outcome), ErrorKind::ValidationFailed);
                return;
            }
            // Defined between the two, it may bind already.
            assert!(outcome.is_ok() || failure(outcome) == ErrorKind::ValidationFailed);
        }
    };
    let contenders = contenders(&acme, &store, 5).await;
    for (n, scoped) in &contenders {
        // Each engine has read the configuration before.
        let first = scoped
            .contacts()
            .create(contact(&format!("{n}@example.com")))
            .await;
        first.expect("nothing is required yet");
    }
    store.race(contenders.into_iter().map(act));
}

/// Concurrent batches that share rows in opposite orders succeed: no deadlock reaches the caller.
pub(crate) async fn upserts_in_opposite_orders_succeed(store: Subject) {
    const ROWS: usize = 10;
    let acme = Acme::open(store.shared()).await;
    let send = async |(n, scoped): (usize, Scoped)| {
        for round in 0..5 {
            let row = |row| ContactInput {
                metadata: tagged(&format!("k{n}"), &round.to_string()),
                ..contact(&format!("{row}@example.com"))
            };
            let mut rows: Vec<ContactInput> = (0..ROWS).map(row).collect();
            if n % 2 == 0 {
                rows.reverse();
            }
            let report = scoped
                .contacts()
                .batch(upsert(rows))
                .await
                .expect("no deadlock gets out");
            assert_eq!(report.failed, 0);
        }
    };
    store.race(contenders(&acme, &store, 4).await.into_iter().map(send));
    let contacts = contacts(&acme, &store).await;
    assert_eq!(contacts.len(), ROWS);
    for contact in contacts {
        let expected: relm_core::Metadata = (0..4).map(|n| (format!("k{n}"), json!("4"))).collect();
        assert_eq!((contact.metadata, contact.version), (expected, 20));
    }
}
