//! Events of associations and of the definitions of custom fields, and what is said of an association.

use relm_core::engine::{ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::query::filter::Filter;
use relm_core::record::association::{Association, AssociationInput, AssociationPatch};
use relm_core::record::metadata::Metadata;
use relm_core::record::{AssociationChange, Event, EventType};
use relm_core::value::environment::Clock as _;
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Date;

use super::acme::{
    Acme, came_back, company, contact, endpoint, failure, phone, required_field, said,
};
use super::mock_transport::deliveries;
use super::races::contenders;
use crate::records::with;
use crate::subject::Subject;

/// A contact and a company.
async fn two(scoped: &Scoped) -> (Id, Id) {
    let ada = scoped.contacts().create(contact("ada@example.com")).await;
    let shop = scoped.companies().create(company("Shop")).await;
    let (ada, shop) = (ada.expect("it is valid"), shop.expect("it is valid"));
    (ada.id, shop.id)
}

/// Changes of one link at once.
const AT_ONCE: usize = 8;

fn between(from_id: Id, to_id: Id) -> AssociationInput {
    AssociationInput {
        from_id,
        to_id,
        label: Some("works at".to_owned()),
        attributes: Default::default(),
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
    let unlinked = scoped.associations().unlink(edge.id, None).await;
    unlinked.expect("it is there");
    let twice = scoped.associations().unlink(edge.id, None).await;
    assert_eq!(failure(twice), ErrorKind::NotFound);
    let events = told(&acme, &store, known).await;
    assert_eq!(
        types(&events),
        ["association.created", "association.deleted"]
    );
    for event in &events {
        let whole: Association = event.data.decode().expect("it is an association");
        // Its removal is one more change of it.
        let removed = event.event_type == EventType::Association(AssociationChange::Deleted);
        let expected = with!(edge.clone(); version: if removed { 2 } else { 1 });
        assert_eq!((whole, event.record_id()), (expected, Some(edge.id)));
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
    each_end_has_events(scoped, (ada, shop), &events).await;
}

/// They are found by either end, and the history of a record has its own changes.
async fn each_end_has_events(scoped: &Scoped, (ada, shop): (Id, Id), events: &[Event]) {
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

/// What is said of a link changes, with an event, by a patch or by linking the two once more; what says nothing else has none.
pub(crate) async fn what_is_said_of_a_link_changes(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let (ada, shop) = two(scoped).await;
    let edge = link(scoped, ada, shop).await;
    let associations = scoped.associations();
    let known = acme.events(&store).await.len();
    acme.clock.advance_millis(1_000);
    let dry = scoped.clone().dry_run();
    let dry = dry
        .associations()
        .update(edge.id, said("knows"), None)
        .await;
    assert_eq!(dry.expect("it is there").version, 2);
    let changed = associations.update(edge.id, said("knows"), Some(1)).await;
    let changed = changed.expect("that is its version");
    assert_eq!(changed.inverse_label.as_deref(), Some("knows"));
    assert_eq!((changed.version, changed.created_at), (2, edge.created_at));
    assert_eq!(changed.updated_at, acme.clock.now());
    let same = associations.update(edge.id, said("knows"), None).await;
    assert_eq!(same.expect("it is there"), changed);
    let stale = associations.update(edge.id, said("loves"), Some(1)).await;
    assert_eq!(failure(stale), ErrorKind::VersionConflict);
    let found = associations.get(edge.id).await.expect("it reads");
    assert_eq!(found, Some(changed.clone()));
    // A day before the other is refused, and so is what the other has by then.
    let until = |day: &str| AssociationPatch {
        until: Date::parse(day).into(),
        ..AssociationPatch::default()
    };
    let before = associations
        .update(edge.id, until("2026-07-01"), None)
        .await;
    assert_eq!(failure(before), ErrorKind::ValidationFailed);
    let again = AssociationInput {
        attributes: until("2026-07-02"),
        ..between(ada, shop)
    };
    let again = associations.link(again).await.expect("it is there");
    assert_eq!((again.id, again.version), (edge.id, 3));
    assert_eq!(again.since, changed.since);
    let events = told(&acme, &store, known).await;
    assert_eq!(
        types(&events),
        ["association.updated", "association.updated"]
    );
    let members = |event: &Event| event.previous.keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&events[0]), ["inverse_label", "metadata", "since"]);
    assert_eq!(members(&events[1]), ["until"]);
    for (until, expected) in [("2026-07-02", 1), ("2026-07-03", 0)] {
        let current = ListRequest::default().filter(Filter::new("until", "gte", until));
        let listed = associations.list(&current).await.expect("it lists").data;
        assert_eq!(listed.len(), expected, "{until}");
    }
    let gone = associations.unlink(edge.id, Some(2)).await;
    assert_eq!(failure(gone), ErrorKind::VersionConflict);
    let gone = associations.unlink(edge.id, Some(3)).await;
    gone.expect("that is its version");
    let gone = associations.update(edge.id, said("knew"), None).await;
    assert_eq!(failure(gone), ErrorKind::NotFound);
}

/// Of changes of one link at once none is lost, and none outlives the link.
pub(crate) async fn what_is_said_at_once_is_said(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let (ada, shop) = two(scoped).await;
    let edge = link(scoped, ada, shop).await.id;
    let note = async |(n, scoped): (usize, Scoped)| {
        let note = AssociationPatch {
            metadata: Metadata::from([(format!("note {n}"), n)]).into(),
            ..AssociationPatch::default()
        };
        scoped.associations().update(edge, note, None).await
    };
    let contend = async || contenders(&acme, &store, AT_ONCE).await.into_iter();
    let noted = store.race(contend().await.map(note));
    assert!(noted.iter().all(Result::is_ok), "{noted:?}");
    let found = scoped.associations().get(edge).await.expect("it reads");
    let found = found.expect("it is there");
    assert_eq!(found.metadata.len(), AT_ONCE);
    assert_eq!(found.version, 1 + AT_ONCE as i64);
    // While a record of it goes: what was acknowledged comes back with that, and what came too late was told so.
    let word = async |(n, scoped): (usize, Scoped)| match n {
        0 => scoped.contacts().delete(ada, None).await.map(|()| None),
        n => {
            let word = said(&n.to_string());
            let said = scoped.associations().update(edge, word, None).await;
            said.map(Some)
        }
    };
    let outcomes = store.race(contend().await.map(word));
    let last = outcomes.into_iter().flatten().flatten();
    let last = last.max_by_key(|edge| edge.version);
    let restored = scoped.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    let back = scoped.associations().get(edge).await.expect("it reads");
    // That it is back is one more change of it.
    let last = vec![last.unwrap_or(found)];
    let back: Vec<Association> = back.into_iter().collect();
    assert_eq!(back, came_back(last, acme.clock.now()));
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
            assert_eq!(
                event.event_type,
                EventType::Association(AssociationChange::Created)
            );
            event.data.decode().expect("it is an association")
        })
        .collect();
    let back = came_back(edges.to_vec(), acme.clock.now());
    assert!(back.iter().all(|edge| told.contains(edge)), "{told:?}");
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
