//! The dispatcher over the store, where more endpoints have something due than are sent to at once.

use std::collections::BTreeSet;

use super::engine::{Acme, company, contact};
use super::post::{Post, endpoint};
use super::subject::Subject;
use crate::crm::DispatchOptions;
use crate::time::Clock;
use crate::webhook::Message;

/// Changes that the endpoints of a case are told of.
const EVENTS: usize = 6;

async fn create_contacts(acme: &Acme) {
    for n in 0..EVENTS {
        let input = contact(&format!("{n}@example.com"));
        let made = acme.scoped.contacts().create(input).await;
        made.expect("the contact is valid");
    }
}

/// Endpoints take turns where there are not lanes for all, however much is due at one of them.
pub(super) async fn endpoints_take_turns(store: Subject) {
    const LEASED: usize = 2;
    let acme = Acme::open(store.shared()).await;
    for path in ["a", "b"] {
        endpoint(&acme.scoped, path, &["contact.created"]).await;
    }
    endpoint(&acme.scoped, "c", &["company.created"]).await;
    create_contacts(&acme).await;
    let made = acme.scoped.companies().create(company("Shop")).await;
    made.expect("it is valid");
    let post = Post::always(200);
    let options = DispatchOptions {
        endpoints: 1,
        per_endpoint: LEASED,
        ..DispatchOptions::default()
    };
    let dispatcher = post.dispatcher_of(&acme.crm, options);
    let next_due = dispatcher.deliver_due().await;
    assert_eq!(next_due.expect("the store works"), None);
    let sent = post.sent();
    assert_eq!(sent.len(), 2 * EVENTS + 1);
    let paths: Vec<&str> = sent
        .iter()
        .filter_map(|message| message.url.rsplit('/').next())
        .collect();
    let (first, others) = paths.split_at(2 * LEASED + 1);
    assert!(first.contains(&"c"), "{paths:?}");
    // From one turn to the next, every other endpoint with something due has one.
    for turns in others.chunks(2 * LEASED) {
        for path in ["a", "b"] {
            let of_it = turns.iter().filter(|other| **other == path);
            assert_eq!(of_it.count(), LEASED, "{paths:?}");
        }
    }
}

/// However many endpoints hang, one that answers gets what it is owed while they do: they get half of the lanes at most,
/// once they took nothing.
pub(super) async fn endpoints_that_hang_leave_lanes_to_others(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let hanging = ["one", "two", "three"];
    for path in ["well"].iter().chain(&hanging) {
        endpoint(&acme.scoped, path, &["*"]).await;
    }
    create_contacts(&acme).await;
    let well = |message: &&Message| message.url.ends_with("/well");
    let post = Post::new(move |message, sent| {
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
    let next_due = post.dispatcher_of(&acme.crm, options).deliver_due().await;
    assert!(next_due.expect("the store works") > Some(acme.clock.now()));
    let sent = post.sent();
    assert_eq!(sent.iter().filter(well).count(), EVENTS);
    assert_eq!(sent.len(), (1 + hanging.len()) * EVENTS);
}

/// Endpoints that take nothing take turns among each other, with the lanes that are theirs.
pub(super) async fn endpoints_that_fail_take_turns(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let failing = ["one", "two", "three"];
    for path in failing {
        endpoint(&acme.scoped, path, &["*"]).await;
    }
    create_contacts(&acme).await;
    let post = Post::always(500);
    let options = DispatchOptions {
        endpoints: 2,
        per_endpoint: 1,
        ..DispatchOptions::default()
    };
    let next_due = post.dispatcher_of(&acme.crm, options).deliver_due().await;
    assert!(next_due.expect("the store works") > Some(acme.clock.now()));
    let sent = post.sent();
    assert_eq!(sent.len(), failing.len() * EVENTS);
    for round in sent.chunks(failing.len()) {
        let urls: BTreeSet<&str> = round.iter().map(|message| message.url.as_str()).collect();
        assert_eq!(urls.len(), failing.len(), "{urls:?}");
    }
}
