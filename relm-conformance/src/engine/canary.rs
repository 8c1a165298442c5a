//! A person of whom something is wherever text of a record comes to rest, and where it still is.

use async_trait::async_trait;
use relm_core::SearchRequest;
use relm_core::engine::{BatchInput, DispatchOptions, Dispatcher, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::object::ContactInput;
use relm_core::value::id::{Id, Kind};
use relm_core::webhook::{Answer, Message, SendError, Transport};

use super::acme::{Acme, contact, phone, said, tagged};
use crate::subject::Subject;

/// What every text of the person who is purged has in it.
pub(crate) const CANARY: &str = "canary";

/// Answers with what it was sent.
struct Echo;

#[async_trait]
impl Transport for Echo {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        Ok(Answer::new(200).body(message.body.as_bytes()))
    }
}

pub(crate) fn person() -> ContactInput {
    ContactInput {
        first_name: "Canary canary".into(),
        phone: "canary".into(),
        metadata: tagged("note", "a canary"),
        ..contact("canary@example.com")
    }
}

pub(crate) fn once(scoped: &Scoped, key: &str) -> Scoped {
    let once = scoped.clone().idempotent(key, key);
    once.expect("it is a key")
}

async fn link(scoped: &Scoped, from_id: Id, to_id: Id) -> Association {
    let input = AssociationInput {
        from_id,
        to_id,
        label: Some(format!("a {CANARY} of {from_id}")),
        attributes: said(CANARY),
    };
    let linked = scoped.associations().link(input).await;
    let linked = linked.expect("both are there");
    let more = said(&format!("another {CANARY}"));
    let said = scoped.associations().update(linked.id, more, None).await;
    said.expect("it is there")
}

/// Writes a person to wherever text of a record comes to rest.
pub(crate) async fn write_everywhere(acme: &Acme) -> Id {
    let scoped = &acme.scoped;
    let made = once(scoped, "create").contacts().create(person()).await;
    let id = made.expect("it is valid").id;
    let others = ["bob@example.com", "eva@example.com"].map(contact);
    for (n, other) in others.into_iter().enumerate() {
        let other = scoped.contacts().create(other).await;
        let other = other.expect("it is valid").id;
        let scoped = once(scoped, &format!("link {n}"));
        link(&scoped, id, other).await;
        link(&once(&scoped, &format!("back {n}")), other, id).await;
        if n == 1 {
            let deleted = acme.scoped.contacts().delete(other, None).await;
            deleted.expect("it is there");
        }
    }
    // What was unlinked is told by its events alone.
    let other = scoped.contacts().create(contact("fay@example.com")).await;
    let other = other.expect("it is valid").id;
    for (from, to) in [(id, other), (other, id)] {
        let edge = link(scoped, from, to).await;
        let unlinked = scoped.associations().unlink(edge.id, None).await;
        unlinked.expect("it is there");
    }
    for (key, number) in [("update", "canary 2"), ("nothing", "canary 2")] {
        let once = once(scoped, key);
        let updated = once.contacts().update(id, phone(number), None).await;
        updated.expect("it is there");
    }
    let rows = [person(), contact("row@example.com")].to_vec();
    let batch = BatchInput {
        rows,
        dedup_on: vec!["email".to_owned()],
        atomic: false,
    };
    let report = once(scoped, "batch").contacts().batch(batch).await;
    assert_eq!(report.expect("it is valid").failed, 0);
    let deleted = once(scoped, "delete").contacts().delete(id, None).await;
    deleted.expect("it is there");
    let restored = once(scoped, "restore").contacts().restore(id, None).await;
    restored.expect("it is in the trash");
    let sent = Dispatcher::new(acme.crm.clone(), Echo, DispatchOptions::default());
    sent.deliver_due().await.expect("the store works");
    id
}

/// The idempotency keys of [`write_everywhere`] whose responses show the person.
pub(crate) const KEYS: [&str; 8] = [
    "create", "link 0", "back 1", "update", "nothing", "batch", "delete", "restore",
];

/// Every place where the text of a record is, in which the canary still is.
pub(crate) async fn found(acme: &Acme, store: &Subject) -> Vec<String> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        for document in acme.all(store, kind).await {
            if document.json.to_lowercase().contains(CANARY) {
                found.push(document.json.to_string());
            }
        }
    }
    let search = SearchRequest::new(CANARY);
    let searched = acme.scoped.search(&search).await;
    let searched = searched.expect("the store searches").data;
    found.extend(searched.iter().map(|record| record.id().text()));
    found
}

/// Which of the keys have a response, by asking for what was asked for with another request.
pub(crate) async fn kept(acme: &Acme) -> Vec<&'static str> {
    let mut kept = Vec::new();
    for key in KEYS {
        let dry = acme.scoped.clone().dry_run().idempotent(key, "another");
        let dry = dry.expect("it is a key");
        let tried = dry.contacts().create(contact("new@example.com")).await;
        if tried.is_err_and(|error| error.kind() == ErrorKind::IdempotencyConflict) {
            kept.push(key);
        }
    }
    kept
}
