//! What becomes of custom fields that name a record where that is purged, merged or undone.

use std::collections::BTreeSet;

use relm_core::engine::{ListRequest, MergeInput, MergeSource};
use relm_core::error::ErrorKind;
use relm_core::record::field::FieldInput;
use relm_core::record::object::ObjectType;
use relm_core::record::{Change, EventType};
use serde_json::json;

use super::acme::{Acme, contact, phone};
use super::field_references::{REFERRED_BY, deal, define, found, input, person, read, referring};
use super::merges::{create, merge};
use super::undone::{everything, request};
use crate::subject::Subject;

/// More records than one step of a purge or a merge changes.
const REFERRING: usize = 60;

/// A purge changes whatever names the purged record in a custom field not to, each with its event; what is required of it then is missing.
pub(crate) async fn a_purge_clears_custom_references(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    // An engine that knows no field yet.
    let beside = acme.beside(store.shared(), 5).await;
    let ada = person(&beside, "ada@example.com").await;
    define(scoped, ObjectType::Deal).await;
    let required = FieldInput {
        required: true,
        ..input(ObjectType::Contact)
    };
    scoped
        .fields()
        .define(required)
        .await
        .expect("the key is free");
    for n in 0..REFERRING {
        deal(scoped, &format!("Deal {n}"), ada).await;
    }
    let bob = referring(
        "bob@example.com",
        &json!({ "referred_by": ada, "note": "x" }),
    );
    let bob = create(scoped, bob).await.id;
    let purged = beside.contacts().purge(ada, None).await;
    assert!(purged.expect("it is there").purged);
    assert_eq!(
        json!(read(scoped, bob).await.metadata),
        json!({ "note": "x" })
    );
    let deals = scoped
        .deals()
        .list(&ListRequest::default().limit(200))
        .await;
    let deals = deals.expect("it lists").data;
    assert_eq!(deals.len(), REFERRING);
    assert!(
        deals
            .iter()
            .all(|deal| deal.metadata.is_empty() && deal.version == 2)
    );
    let events = acme.events(&store).await;
    let cleared = events.iter().filter(|event| {
        let EventType::Record(_, change) = event.event_type else {
            return false;
        };
        change == Change::Updated && event.previous["metadata"]["referred_by"] == json!(ada)
    });
    assert_eq!(cleared.count(), REFERRING + 1);
    let later = scoped
        .contacts()
        .update(bob, contact("b@example.com"), None)
        .await;
    let later = later.expect_err("it is required");
    assert_eq!(later.field(), Some(REFERRED_BY));
}

/// What names a merged record in a custom field names its survivor, however much that is; nothing comes to name itself by it. An undo gives
/// each back.
pub(crate) async fn a_merge_moves_custom_references(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    define(scoped, ObjectType::Contact).await;
    define(scoped, ObjectType::Deal).await;
    let second = FieldInput::reference(ObjectType::Contact, "partner", ObjectType::Contact);
    scoped
        .fields()
        .define(second)
        .await
        .expect("the key is free");
    let eva = person(scoped, "eva@example.com").await;
    let old = referring("old@example.com", &json!({ "partner": eva }));
    let old = create(scoped, old).await.id;
    let ada = referring(
        "ada@example.com",
        &json!({ "referred_by": old, "partner": old }),
    );
    let ada = create(scoped, ada).await.id;
    let back = referring("old@example.com", &json!({ "referred_by": ada }));
    scoped
        .contacts()
        .update(old, back, None)
        .await
        .expect("it is there");
    let both = referring(
        "bob@example.com",
        &json!({ "referred_by": old, "partner": old }),
    );
    let bob = create(scoped, both).await.id;
    let deal = deal(scoped, "Deal", old).await;
    let at_first = everything(&acme, &store).await;
    acme.clock.advance_millis(1_000);
    let (by, asked) = request(&acme);
    let merged = merge(&by, ada, &[old]).await;
    // Each named the other; what the other named beside, it has now.
    assert_eq!(json!(merged.metadata), json!({ "partner": eva }));
    let moved = json!({ "referred_by": ada, "partner": ada });
    assert_eq!(json!(read(scoped, bob).await.metadata), moved);
    assert_eq!(
        found(scoped, "eq", &ada.text()).await,
        BTreeSet::from([bob])
    );
    let read_deal = scoped.deals().get(deal).await.expect("it reads");
    assert_eq!(
        read_deal.expect("it is there").metadata["referred_by"],
        json!(ada)
    );
    let named = referring("max@example.com", &json!({ "referred_by": old }));
    let named = scoped.contacts().create(named).await;
    let named = named.expect_err("it is merged");
    assert_eq!(
        (named.kind(), named.existing_id()),
        (ErrorKind::InvalidReference, Some(ada))
    );
    acme.clock.advance_millis(1_000);
    let undone = scoped.requests().undo(asked).await.expect("it is known");
    assert_eq!(undone.conflicts, []);
    assert_eq!(everything(&acme, &store).await, at_first);
}

/// A survivor gets no value that names what is gone, and is refused one where the request says that it gets it.
pub(crate) async fn a_survivor_gets_no_reference_to_what_is_gone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    define(scoped, ObjectType::Contact).await;
    let gone = person(scoped, "gone@example.com").await;
    let old = referring(
        "old@example.com",
        &json!({ "referred_by": gone, "note": "x" }),
    );
    let old = create(scoped, old).await.id;
    let ada = person(scoped, "ada@example.com").await;
    scoped
        .contacts()
        .delete(gone, None)
        .await
        .expect("it is there");
    let said = MergeInput::new([old]).field(REFERRED_BY, MergeSource::Record(old));
    let said = scoped.contacts().merge(ada, said, None).await;
    let said = said.expect_err("what it names is gone");
    let at = format!("fields.{REFERRED_BY}");
    assert_eq!(
        (said.kind(), said.field()),
        (ErrorKind::InvalidReference, Some(&*at))
    );
    let merged = merge(scoped, ada, &[old]).await;
    assert_eq!(json!(merged.metadata), json!({ "note": "x" }));
}

/// What a custom field names that a request made is in use, and is not removed by an undo; which has nothing name again what is gone.
pub(crate) async fn a_custom_reference_is_a_use(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    define(scoped, ObjectType::Contact).await;
    let ada = person(scoped, "ada@example.com").await;
    acme.clock.advance_millis(1_000);
    let (by, asked) = request(&acme);
    let eva = person(&by, "eva@example.com").await;
    acme.clock.advance_millis(1_000);
    let bob = referring("bob@example.com", &json!({ "referred_by": eva }));
    let bob = create(scoped, bob).await.id;
    let undone = scoped.requests().undo(asked).await.expect("it is known");
    let [conflict] = &undone.conflicts[..] else {
        panic!("bob names it: {undone:?}");
    };
    assert_eq!((conflict.id, conflict.existing_id), (eva, Some(bob)));
    assert!(
        conflict.message.contains("refers to it"),
        "{}",
        conflict.message
    );
    let by_request = request(&acme);
    let other = referring("bob@example.com", &json!({ "referred_by": ada }));
    by_request
        .0
        .contacts()
        .update(bob, other, None)
        .await
        .expect("it is there");
    scoped
        .contacts()
        .delete(eva, None)
        .await
        .expect("it is there");
    let undone = scoped
        .requests()
        .undo(by_request.1)
        .await
        .expect("it is known");
    assert_eq!(undone.conflicts[0].member.as_deref(), Some(REFERRED_BY));
    assert_eq!(read(scoped, bob).await.metadata["referred_by"], json!(ada));
}

/// A text from before the field names a record as filters find it, however its letters are composed: a merge moves it as any other, and ends.
pub(crate) async fn a_merge_moves_ids_in_every_composition(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = person(scoped, "ada@example.com").await;
    let old = loop {
        let made = create(scoped, phone("1")).await.id;
        if made.text().contains('K') {
            break made;
        }
    };
    // The sign of the unit Kelvin is a K once it is composed.
    let composed = old.text().replacen('K', "\u{212A}", 1);
    let bob = referring("bob@example.com", &json!({ "referred_by": composed }));
    let bob = create(scoped, bob).await.id;
    define(scoped, ObjectType::Contact).await;
    merge(scoped, ada, &[old]).await;
    let merged = read(scoped, bob).await;
    assert_eq!(json!(merged.metadata), json!({ "referred_by": ada }));
    let events = acme.events(&store).await;
    let moved = events.iter().filter(|event| {
        let is_update = matches!(event.event_type, EventType::Record(_, Change::Updated));
        is_update && event.record_id() == Some(bob)
    });
    assert_eq!((merged.version, moved.count()), (2, 1), "it was moved once");
}
