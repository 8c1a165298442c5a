//! Merges: records become one, which has what they had, and to which everything refers that referred to one of them.

use std::collections::BTreeSet;

use relm_core::engine::{ListRequest, MergeInput, MergeSource, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::association::Association;
use relm_core::record::object::{ActivityInput, Contact, ContactInput, DealInput};
use relm_core::record::{AssociationChange, Change, Event, EventType};
use relm_core::value::id::{Id, Kind};
use relm_core::{FieldInput, FieldType, Filter, Metadata, ObjectType, Patch};
use serde_json::json;

use super::acme::{Acme, company, contact, failure, phone};
use super::undone::{link, request};
use crate::subject::Subject;

pub(super) async fn create(scoped: &Scoped, input: ContactInput) -> Contact {
    let made = scoped.contacts().create(input).await;
    made.expect("it is valid")
}

pub(super) async fn merge(scoped: &Scoped, into: Id, from: &[Id]) -> Contact {
    let input = MergeInput::new(from.iter().copied());
    let merged = scoped.contacts().merge(into, input, None).await;
    merged.expect("all are there")
}

/// The record that an id stands for, with what was merged into it.
pub(super) async fn stands_for(scoped: &Scoped, id: Id) -> Option<(Id, Vec<Id>)> {
    let found = scoped.contacts().resolve(id).await;
    let found = found.expect("the store reads")?;
    Some((found.record.id, found.merged_from))
}

async fn edges(scoped: &Scoped) -> BTreeSet<(Id, Id, Option<String>)> {
    let listed = scoped.associations().list(&ListRequest::default()).await;
    let listed = listed.expect("the store lists").data;
    let ends = |edge: Association| {
        assert_eq!(
            edge.inverse_label, edge.label,
            "it is said of it wherever it leads"
        );
        (edge.from_id, edge.to_id, edge.label)
    };
    listed.into_iter().map(ends).collect()
}

pub(super) async fn deal(scoped: &Scoped, title: &str, contact: Id) -> Id {
    let input = DealInput {
        title: title.into(),
        primary_contact_id: contact.into(),
        ..DealInput::default()
    };
    let made = scoped.deals().create(input).await;
    made.expect("it is valid").id
}

pub(super) async fn activity(scoped: &Scoped, contact: Id) -> Id {
    let input = ActivityInput {
        activity_type: "call".into(),
        contact_id: contact.into(),
        ..ActivityInput::default()
    };
    let made = scoped.activities().create(input).await;
    made.expect("it is valid").id
}

fn told(events: &[Event]) -> Vec<(&'static str, Option<Id>)> {
    let told = events.iter();
    told.map(|event| (event.event_type.as_str(), event.record_id()))
        .collect()
}

fn metadata(members: &[(&str, &str)]) -> Patch<Metadata> {
    let members = members.iter().map(|(key, value)| (*key, json!(value)));
    members.collect::<Metadata>().into()
}

/// Three contacts that are one person, of which each has what the others have not; a field of theirs is unique.
async fn three(scoped: &Scoped) -> [Contact; 3] {
    let number = FieldInput {
        unique: true,
        ..FieldInput::new(ObjectType::Contact, "customer_no", FieldType::Text)
    };
    scoped.fields().define(number).await.expect("it is valid");
    let ada = ContactInput {
        last_name: "Lovelace".into(),
        metadata: metadata(&[("plan", "pro")]),
        ..ContactInput::default()
    };
    let ada = create(scoped, ada).await;
    let second = ContactInput {
        first_name: "Ada".into(),
        last_name: "King".into(),
        metadata: metadata(&[("plan", "free"), ("customer_no", "A-17"), ("tier", "gold")]),
        ..contact("ada@example.com")
    };
    let second = create(scoped, second).await;
    let third = ContactInput {
        first_name: "Augusta".into(),
        last_name: "Byron".into(),
        ..phone("+44 20 7946 0000")
    };
    let third = create(scoped, third).await;
    [ada, second, third]
}

/// A member is the record's own, else that of the first that has it, unless the request says whose it is. What is unique goes with it, in the
/// same commit.
pub(crate) async fn a_merged_record_has_what_one_of_them_had(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let [ada, second, third] = three(scoped).await;
    let input = MergeInput::new([second.id, third.id])
        .field("last_name", MergeSource::Record(third.id))
        .field("metadata.tier", MergeSource::Target);
    let by = scoped;
    let before = acme.events(&store).await.len();
    let stale = by.contacts().merge(ada.id, input.clone(), Some(2)).await;
    assert_eq!(failure(stale), ErrorKind::VersionConflict);
    let dry = by.clone().dry_run();
    let dry = dry.contacts().merge(ada.id, input.clone(), Some(1)).await;
    let dry = dry.expect("it would be done");
    assert_eq!(acme.events(&store).await.len(), before);
    let merged = by.contacts().merge(ada.id, input, Some(1)).await;
    let merged = merged.expect("it is of that version");
    assert_eq!(dry, merged);
    let names = (merged.first_name.as_deref(), merged.last_name.as_deref());
    assert_eq!((merged.id, names), (ada.id, (Some("Ada"), Some("Byron"))));
    let reached = (merged.email.as_deref(), merged.phone.as_deref());
    assert_eq!(reached, (Some("ada@example.com"), Some("+44 20 7946 0000")));
    assert_eq!(
        json!(merged.metadata),
        json!({ "customer_no": "A-17", "plan": "pro" })
    );
    assert_eq!(merged.version, 2);

    let there: Vec<_> = acme.all(&store, Kind::Contact).await;
    assert_eq!(there.iter().map(|it| it.id).collect::<Vec<_>>(), [ada.id]);
    for input in [
        contact("ADA@example.com"),
        ContactInput {
            metadata: metadata(&[("customer_no", "A-17")]),
            ..phone("1")
        },
    ] {
        let taken = scoped.contacts().create(input).await;
        let taken = taken.expect_err("it is the survivor's");
        assert_eq!(
            (taken.kind(), taken.existing_id()),
            (ErrorKind::Conflict, Some(ada.id))
        );
    }
}

/// A merge has one event of the survivor, with what it was and what was merged into it, and one of each record that is gone; all are of one
/// request.
pub(crate) async fn a_merge_tells_of_itself(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let [ada, second, third] = three(scoped).await;
    let before = acme.events(&store).await.len();
    let (by, id) = request(&acme);
    let input =
        MergeInput::new([second.id, third.id]).field("last_name", MergeSource::Record(third.id));
    let merged = by.contacts().merge(ada.id, input, None).await;
    let merged = merged.expect("all are there");
    let events = acme.events(&store).await.split_off(before);
    let expected = [
        ("contact.merged", Some(ada.id)),
        ("contact.deleted", Some(second.id)),
        ("contact.deleted", Some(third.id)),
    ];
    assert_eq!(told(&events), expected);
    assert!(events.iter().all(|event| event.request_id == Some(id)));
    assert_eq!(events[0].merged_from, [second.id, third.id]);
    let data: Contact = events[0].data.decode().expect("it is a contact");
    assert_eq!(
        (data, &events[0].previous["last_name"]),
        (merged, &json!("Lovelace"))
    );
    let history = scoped
        .contacts()
        .history(ada.id)
        .await
        .expect("it is there");
    assert_eq!(history.data[0].changes["first_name"].to, "Ada");
}

/// References and associations lead to the survivor since, each with its events; what it has already, and what would lead to itself, goes.
pub(crate) async fn what_refers_to_a_merged_record_is_moved(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let [ada, twin, third] = [1, 2, 3].map(|number| contact(&format!("ada{number}@example.com")));
    let ada = create(scoped, ada).await.id;
    let twin = create(scoped, twin).await.id;
    let third = create(scoped, third).await.id;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let deals = [
        deal(scoped, "One", twin).await,
        deal(scoped, "Two", third).await,
    ];
    let kept = deal(scoped, "Three", ada).await;
    let call = activity(scoped, twin).await;
    link(scoped, ada, shop, "works at").await;
    link(scoped, twin, shop, "works at").await;
    link(scoped, twin, shop, "founded").await;
    link(scoped, third, shop, "founded").await;
    link(scoped, shop, third, "pays").await;
    link(scoped, twin, ada, "is").await;
    link(scoped, third, twin, "is").await;
    let before = acme.events(&store).await.len();
    acme.clock.advance_millis(1_000);
    merge(scoped, ada, &[twin, third]).await;

    let label = |name: &str| Some(name.to_owned());
    let expected = [
        (ada, shop, label("works at")),
        (ada, shop, label("founded")),
        (shop, ada, label("pays")),
    ];
    assert_eq!(edges(scoped).await, expected.into());
    for id in deals {
        let moved = scoped.deals().get(id).await.expect("it reads");
        let moved = moved.expect("it is there");
        assert_eq!((moved.primary_contact_id, moved.version), (Some(ada), 2));
    }
    let same = scoped.deals().get(kept).await.expect("it reads");
    assert_eq!(same.expect("it is there").version, 1);
    let moved = scoped.activities().get(call).await.expect("it reads");
    assert_eq!(moved.expect("it is there").contact_id, Some(ada));
    let by_contact = Filter::new("primary_contact_id", "eq", ada.text());
    let by_contact = ListRequest::default().filter(by_contact);
    let found = scoped.deals().list(&by_contact).await.expect("it lists");
    assert_eq!(found.data.len(), 3);

    told_once(&acme.events(&store).await.split_off(before));
}

/// Each thing that was moved has its events, all of one request.
fn told_once(events: &[Event]) {
    let count = |ty: EventType| events.iter().filter(|event| event.event_type == ty).count();
    assert_eq!(
        count(EventType::Record(ObjectType::Deal, Change::Updated)),
        2
    );
    assert_eq!(
        count(EventType::Record(ObjectType::Activity, Change::Updated)),
        1
    );
    assert_eq!(count(EventType::Association(AssociationChange::Deleted)), 6);
    assert_eq!(count(EventType::Association(AssociationChange::Created)), 2);
    assert_eq!(events.len(), 14);
    let request = events[0].request_id;
    assert!(events.iter().all(|event| event.request_id == request));
}

/// What was moved once is moved on, by either end.
pub(crate) async fn a_merge_of_companies_moves_what_was_moved(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, phone("1")).await.id;
    let twin = create(scoped, phone("2")).await.id;
    let companies = scoped.companies();
    let shop = companies.create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let other = companies.create(company("Shop Ltd")).await;
    let other = other.expect("it is valid").id;
    link(scoped, twin, shop, "works at").await;
    link(scoped, shop, twin, "pays").await;
    let works = ContactInput {
        company_id: shop.into(),
        ..ContactInput::default()
    };
    let works = scoped.contacts().update(ada, works, None).await;
    works.expect("both are there");
    merge(scoped, ada, &[twin]).await;
    let merged = scoped
        .companies()
        .merge(other, MergeInput::new([shop]), None)
        .await;
    assert_eq!(merged.expect("both are there").name, "Shop Ltd");
    let label = |name: &str| Some(name.to_owned());
    let expected = [(ada, other, label("works at")), (other, ada, label("pays"))];
    assert_eq!(edges(scoped).await, expected.into());
    let ada = scoped.contacts().get(ada).await.expect("it reads");
    assert_eq!(ada.expect("it is there").company_id, Some(other));
}

/// What cannot be merged is refused, and names what is wrong; nothing of it happens.
pub(crate) async fn what_cannot_be_merged_is_refused(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let contacts = scoped.contacts();
    let ada = create(scoped, contact("ada@example.com")).await.id;
    let bob = create(scoped, phone("1")).await.id;
    let eve = create(scoped, phone("2")).await.id;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    contacts.delete(eve, None).await.expect("it is there");
    let from = |ids: &[Id]| MergeInput::new(ids.iter().copied());
    let many: Vec<Id> = (0..21)
        .map(|number| Id::new(Kind::Contact, number))
        .collect();
    let (invalid, lost) = (ErrorKind::ValidationFailed, ErrorKind::InvalidReference);
    let all = before(&acme, &store).await;
    for (input, kind, field) in [
        (from(&[]), invalid, "from"),
        (from(&many), invalid, "from"),
        (from(&[bob, bob]), invalid, "from[1]"),
        (from(&[ada]), invalid, "from[0]"),
        (from(&[bob, shop]), lost, "from[1]"),
        (from(&[eve]), lost, "from[0]"),
        (from(&many[..1]), lost, "from[0]"),
        (
            from(&[bob]).field("size", MergeSource::Target),
            ErrorKind::UnknownField,
            "fields.size",
        ),
        (
            from(&[bob]).field("id", MergeSource::Target),
            ErrorKind::UnknownField,
            "fields.id",
        ),
        (
            from(&[bob]).field("phone", MergeSource::Record(eve)),
            ErrorKind::UnknownValue,
            "fields.phone",
        ),
    ] {
        let refused = contacts.merge(ada, input, None).await;
        let refused = refused.expect_err("it cannot be merged");
        assert_eq!(
            (refused.kind(), refused.field()),
            (kind, Some(field)),
            "{refused}"
        );
    }
    // Without an identifier, and of a deal whose value and currency are of two.
    let nothing = from(&[bob])
        .field("email", MergeSource::Record(bob))
        .field("emails", MergeSource::Record(bob))
        .field("phone", MergeSource::Target)
        .field("phones", MergeSource::Target);
    let nothing = contacts.merge(ada, nothing, None).await;
    assert_eq!(failure(nothing), ErrorKind::IdentifierRequired);
    let gone = contacts.merge(eve, from(&[bob]), None).await;
    assert_eq!(failure(gone), ErrorKind::NotFound);
    assert_eq!(before(&acme, &store).await, all);
}

async fn before(acme: &Acme, store: &Subject) -> (usize, usize) {
    let events = acme.events(store).await.len();
    (events, acme.all(store, Kind::Contact).await.len())
}
