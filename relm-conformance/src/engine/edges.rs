//! Events of what is made and removed and never changes: associations, and the definitions of custom fields.

use relm_core::engine::{ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::query::filter::Filter;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::{Event, EventType, Existence};
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, company, contact, endpoint, failure, phone, required_field};
use super::mock_transport::deliveries;
use crate::subject::Subject;

/// A contact and a company.
async fn two(scoped: &Scoped) -> (Id, Id) {
    let ada = scoped.contacts().create(contact("ada@example.com")).await;
    let shop = scoped.companies().create(company("Shop")).await;
    let (ada, shop) = (ada.expect("it is valid"), shop.expect("it is valid"));
    (ada.id, shop.id)
}

fn between(from_id: Id, to_id: Id) -> AssociationInput {
    AssociationInput {
        from_id,
        to_id,
        label: Some("works at".to_owned()),
    }
}

async fn link(scoped: &Scoped, from_id: Id, to_id: Id) -> Association {
    let linked = scoped.associations().link(between(from_id, to_id)).await;
    linked.expect("both are there")
}

/// The events after so many, as they are told.
async fn told(acme: &Acme, store: &Subject, known: usize) -> Vec<Event> {
    acme.events(store).await.split_off(known)
}

fn types(events: &[Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect()
}

/// A link has one event, with its whole association, and so has its removal; what links nothing has none. No record has it in its history.
pub(crate) async fn a_link_has_one_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let (ada, shop) = two(scoped).await;
    for (path, types) in [
        ("all", &["*"][..]),
        ("links", &["association.created"]),
        ("others", &["contact.updated", "association.deleted"]),
    ] {
        endpoint(scoped, path, types).await;
    }
    let known = acme.events(&store).await.len();
    let dry = scoped.clone().dry_run();
    let dry = dry.associations().link(between(ada, shop)).await;
    dry.expect("both are there");
    let edge = link(scoped, ada, shop).await;
    assert_eq!(link(scoped, ada, shop).await, edge);
    let nobody = Id::new(Kind::Contact, 1);
    let dangling = scoped.associations().link(between(nobody, shop)).await;
    assert_eq!(failure(dangling), ErrorKind::InvalidReference);
    let events = told(&acme, &store, known).await;
    assert_eq!(types(&events), ["association.created"]);
    let unlinked = scoped.associations().unlink(edge.id).await;
    unlinked.expect("it is there");
    let twice = scoped.associations().unlink(edge.id).await;
    assert_eq!(failure(twice), ErrorKind::NotFound);
    let events = told(&acme, &store, known).await;
    assert_eq!(
        types(&events),
        ["association.created", "association.deleted"]
    );
    for event in &events {
        let whole: Association = event.data.decode().expect("it is an association");
        assert_eq!((whole, event.record_id()), (edge.clone(), Some(edge.id)));
        assert!(event.previous.is_empty() && event.actor.is_some() && event.request_id.is_some());
    }
    let sent = deliveries(&acme, &store).await;
    let sent = sent.iter().map(|it| it.event_type.as_str());
    let mut sent: Vec<&str> = sent.collect();
    sent.sort_unstable();
    let each_twice = [
        "association.created",
        "association.created",
        "association.deleted",
        "association.deleted",
    ];
    assert_eq!(sent, each_twice);
    // They are found by either end, and the history of a record has its own changes.
    for (end, id) in [("from_id", ada), ("to_id", shop)] {
        let request = ListRequest::default().filter(Filter::new(end, "eq", id.text()));
        let found = scoped.events().list(&request).await;
        let found = found.expect("it lists").data;
        let ids: Vec<Id> = found.iter().rev().map(|event| event.id).collect();
        assert_eq!(ids, [events[0].id, events[1].id]);
    }
    let history = scoped.contacts().history(ada).await;
    assert_eq!(history.expect("its events are kept").data.len(), 1);
    let feed = scoped.events().after(0).await.expect("it reads").data;
    let last: Vec<Id> = feed.iter().rev().take(2).map(|it| it.event.id).collect();
    assert_eq!(last, [events[1].id, events[0].id]);
}

/// A definition has one event, and so has its removal; both are told before whatever they bind.
pub(crate) async fn a_definition_has_one_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let field = scoped.fields().define(required_field("plan")).await;
    let field = field.expect("it is valid");
    let again = scoped.fields().define(required_field("plan")).await;
    assert_eq!(failure(again), ErrorKind::Conflict);
    let unbound = scoped.contacts().create(contact("ada@example.com")).await;
    assert_eq!(failure(unbound), ErrorKind::ValidationFailed);
    scoped
        .fields()
        .remove(field.id, None)
        .await
        .expect("it is there");
    let twice = scoped.fields().remove(field.id, None).await;
    assert_eq!(failure(twice), ErrorKind::NotFound);
    let made = scoped.contacts().create(contact("ada@example.com")).await;
    made.expect("nothing is required");
    let events = told(&acme, &store, 0).await;
    let expected = ["field.created", "field.deleted", "contact.created"];
    assert_eq!(types(&events), expected);
    for (event, version) in events[..2].iter().zip(1..) {
        let told = event.data.decode::<relm_core::Field>();
        let told = told.expect("it is a definition");
        assert_eq!((told.id, told.version), (field.id, version));
        assert_eq!(event.record_id(), Some(field.id));
    }
}

/// That a record is deleted tells of all of its associations; each that comes back with it is told, after that.
pub(crate) async fn what_comes_back_with_a_record_is_told(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let (ada, shop) = two(scoped).await;
    let edges = [link(scoped, ada, shop).await, link(scoped, shop, ada).await];
    let known = acme.events(&store).await.len();
    let deleted = scoped.contacts().delete(ada, None).await;
    deleted.expect("it is there");
    let deleted = scoped.companies().delete(shop, None).await;
    deleted.expect("it is there");
    let restored = scoped.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    let events = told(&acme, &store, known).await;
    let alone = ["contact.deleted", "company.deleted", "contact.restored"];
    assert_eq!(types(&events), alone);
    let restored = scoped.companies().restore(shop, None).await;
    restored.expect("it is in the trash");
    let feed = scoped.events().after(0).await.expect("it reads").data;
    let mut last = feed.into_iter().map(|it| it.event).rev().take(3);
    let told: Vec<Association> = last
        .by_ref()
        .take(2)
        .map(|event| {
            assert_eq!(event.event_type, EventType::Association(Existence::Created));
            event.data.decode().expect("it is an association")
        })
        .collect();
    assert!(edges.iter().all(|edge| told.contains(edge)), "{told:?}");
    let before = last.next().expect("there are three");
    assert_eq!(before.event_type.as_str(), "company.restored");
    let purged = scoped.contacts().purge(ada, None).await;
    assert!(purged.expect("it is there").purged);
    let events = acme.events(&store).await;
    let last = events.last().expect("there are events");
    assert_eq!(last.event_type.as_str(), "contact.purged");
    let updated = scoped.companies().history(shop).await;
    assert_eq!(updated.expect("its events are kept").data.len(), 3);
    let gone = scoped.contacts().update(ada, phone("1"), None).await;
    assert_eq!(failure(gone), ErrorKind::NotFound);
}
