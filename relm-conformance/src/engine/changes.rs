//! The engine over the store: what a caller of [`Crm`](relm_core::engine::Crm) is promised, one call after another.

use std::collections::HashSet;

use relm_core::RequestId;
use relm_core::engine::{BatchInput, ListRequest};
use relm_core::error::ErrorKind;
use relm_core::record::association::AssociationInput;
use relm_core::record::object::{ActivityInput, ContactInput, DealInput};
use relm_core::record::{Actor, ActorType, Entry};
use relm_core::value::id::{Id, Kind};
use serde_json::json;

use super::acme::{
    Acme, company, contact, endpoint, failure, phone, required_field, set_enabled, tagged,
};
use crate::subject::Subject;

/// Each committed change has exactly one event, which holds the record as it was left.
pub(crate) async fn a_change_has_one_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = scoped
        .contacts()
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    let sold = DealInput {
        title: "Sale".into(),
        ..DealInput::default()
    };
    scoped.deals().create(sold).await.expect("it is valid");
    let call = ActivityInput {
        activity_type: "call".into(),
        ..ActivityInput::default()
    };
    scoped.activities().create(call).await.expect("it is valid");
    let shop = scoped
        .companies()
        .create(company("Shop"))
        .await
        .expect("it is valid");
    let called = scoped
        .contacts()
        .update(ada.id, phone("1"), None)
        .await
        .expect("it is there");
    scoped
        .companies()
        .delete(shop.id, None)
        .await
        .expect("it is there");

    let events = acme.events(&store).await;
    let types: Vec<&str> = events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    let expected = [
        "contact.created",
        "deal.created",
        "activity.created",
        "company.created",
        "contact.updated",
        "company.deleted",
    ];
    assert_eq!(types, expected);
    let data = [0, 4, 5].map(|place: usize| events[place].data.get());
    // A deletion counts as a change.
    let mut closed = shop;
    closed.version += 1;
    closed.updated_at = events[5].created_at;
    let left = [
        Entry::new(ada).json,
        Entry::new(called).json,
        Entry::new(closed).json,
    ];
    assert_eq!(data, [&*left[0], &*left[1], &*left[2]]);
    assert_eq!(json!(events[4].previous), no_phone());
}

/// What a contact had before it had a telephone number.
fn no_phone() -> serde_json::Value {
    json!({ "phone": null, "phones": [] })
}

/// An event says who made its change and for which request; the events of one batch name one request.
pub(crate) async fn an_event_names_its_actor_and_its_request(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (id, name) = (Some("42".to_owned()), Some("Eva \"É\"".to_owned()));
    let eva = Actor::new(ActorType::User, id, name).expect("it is valid");
    let request = RequestId::new(7);
    let by_eva = acme.scoped.clone().acting_as(eva.clone());
    let contacts = by_eva.clone().for_request(request);
    let rows = ["ada@example.com", "bob@example.com"].map(contact).to_vec();
    let batch = BatchInput {
        rows,
        ..BatchInput::default()
    };
    contacts.contacts().batch(batch).await.expect("it is valid");
    for name in ["Shop", "Mill"] {
        let made = by_eva.companies().create(company(name)).await;
        made.expect("it is valid");
    }
    let nobody = acme.scoped.companies().create(company("Dock")).await;
    nobody.expect("it is valid");

    let events = acme.events(&store).await;
    let actors: Vec<&Actor> = events
        .iter()
        .filter_map(|event| event.actor.as_ref())
        .collect();
    assert_eq!(actors, [&eva, &eva, &eva, &eva, &Actor::EMBEDDER]);
    let requests: Vec<RequestId> = events.iter().filter_map(|event| event.request_id).collect();
    assert_eq!((requests.len(), &requests[..2]), (5, &[request; 2][..]));
    let of_their_own: HashSet<RequestId> = requests[1..].iter().copied().collect();
    assert_eq!(of_their_own.len(), 4, "each change is a request");
}

/// A failed or ineffective call has no event, and leaves nothing else.
pub(crate) async fn what_changes_nothing_has_no_event(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = scoped
        .contacts()
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    let bob = scoped
        .contacts()
        .create(contact("bob@example.com"))
        .await
        .expect("it is valid");
    let nowhere = Id::new(Kind::Company, 1);
    let contacts = scoped.contacts();
    let same = contacts
        .update(ada.id, contact("ada@example.com"), None)
        .await;
    assert_eq!(same.expect("it is there"), ada);
    assert_eq!(
        failure(contacts.create(ContactInput::default()).await),
        ErrorKind::IdentifierRequired
    );
    assert_eq!(
        failure(contacts.create(contact("ADA@example.com")).await),
        ErrorKind::Conflict
    );
    assert_eq!(
        failure(
            contacts
                .update(bob.id, contact("ada@example.com"), None)
                .await
        ),
        ErrorKind::Conflict
    );
    assert_eq!(
        failure(contacts.update(ada.id, phone("1"), Some(2)).await),
        ErrorKind::VersionConflict
    );
    assert_eq!(
        failure(contacts.delete(nowhere, None).await),
        ErrorKind::NotFound
    );
    let lost = ContactInput {
        company_id: nowhere.into(),
        ..ContactInput::default()
    };
    assert_eq!(
        failure(contacts.create(lost).await),
        ErrorKind::InvalidReference
    );
    assert_eq!(acme.events(&store).await.len(), 2);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 2);
    assert_eq!(
        contacts.get(bob.id).await.expect("the store reads"),
        Some(bob)
    );
}

/// Deleting a record removes the associations from and to it, and no others.
pub(crate) async fn a_deleted_record_takes_its_associations_along(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        ids.push(
            scoped
                .companies()
                .create(company(name))
                .await
                .expect("it is valid")
                .id,
        );
    }
    let link = async |from: usize, to: usize| {
        let input = AssociationInput {
            from_id: ids[from],
            to_id: ids[to],
            label: None,
            attributes: Default::default(),
        };
        scoped
            .associations()
            .link(input)
            .await
            .expect("both are there")
    };
    let (_, _, kept) = (link(0, 1).await, link(2, 0).await, link(1, 2).await);
    scoped
        .companies()
        .delete(ids[0], None)
        .await
        .expect("it is there");
    let left: Vec<Id> = acme
        .all(&store, Kind::Association)
        .await
        .iter()
        .map(|document| document.id)
        .collect();
    assert_eq!(left, [kept.id]);
    let input = AssociationInput {
        from_id: ids[1],
        to_id: ids[0],
        label: None,
        attributes: Default::default(),
    };
    assert_eq!(
        failure(scoped.associations().link(input).await),
        ErrorKind::InvalidReference
    );
}

/// A definition binds every write that begins after it returned.
pub(crate) async fn a_field_binds_the_next_write(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let before = contacts
        .create(contact("ada@example.com"))
        .await
        .expect("it is valid");
    acme.scoped
        .fields()
        .define(required_field("plan"))
        .await
        .expect("the key is free");
    assert_eq!(
        failure(contacts.create(contact("bob@example.com")).await),
        ErrorKind::ValidationFailed
    );
    assert_eq!(
        failure(contacts.update(before.id, phone("1"), None).await),
        ErrorKind::ValidationFailed
    );
    let gains = ContactInput {
        metadata: tagged("plan", "pro"),
        ..phone("1")
    };
    contacts
        .update(before.id, gains, None)
        .await
        .expect("it has a plan now");
    assert_eq!(
        failure(acme.scoped.fields().define(required_field("plan")).await),
        ErrorKind::Conflict
    );
}

/// A definition that was removed binds no write that begins after that, on any engine.
pub(crate) async fn a_removed_field_binds_no_more(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let fields = acme.scoped.fields();
    let field = fields
        .define(required_field("plan"))
        .await
        .expect("the key is free");
    for scoped in [&acme.scoped, &other] {
        let outcome = scoped.contacts().create(contact("ada@example.com")).await;
        assert_eq!(failure(outcome), ErrorKind::ValidationFailed);
    }
    fields.remove(field.id, None).await.expect("it is there");
    for (scoped, email) in [
        (&acme.scoped, "ada@example.com"),
        (&other, "bob@example.com"),
    ] {
        let outcome = scoped.contacts().create(contact(email)).await;
        outcome.expect("nothing is required any more");
    }
    other
        .fields()
        .define(required_field("plan"))
        .await
        .expect("the key is free again");
}

/// A definition binds every engine over the same store, whatever it has read before.
pub(crate) async fn a_field_binds_every_engine(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    other
        .contacts()
        .create(contact("a@example.com"))
        .await
        .expect("nothing is required");
    acme.scoped
        .fields()
        .define(required_field("plan"))
        .await
        .expect("the key is free");
    assert_eq!(
        failure(other.contacts().create(contact("b@example.com")).await),
        ErrorKind::ValidationFailed
    );
    endpoint(&acme.scoped, "hook", &["*"]).await;
    let complete = ContactInput {
        metadata: tagged("plan", "pro"),
        ..contact("c@example.com")
    };
    other
        .contacts()
        .create(complete)
        .await
        .expect("it has a plan");
    assert_eq!(acme.all(&store, Kind::Delivery).await.len(), 1);
}

/// A change makes one delivery for each endpoint that is enabled and subscribed to its type, and no other.
pub(crate) async fn deliveries_go_to_the_endpoints_that_match(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (created, _) = endpoint(&acme.scoped, "created", &["contact.created"]).await;
    let (all, _) = endpoint(&acme.scoped, "all", &["*"]).await;
    let (disabled, _) = endpoint(&acme.scoped, "disabled", &["*"]).await;
    let (other, _) = endpoint(&acme.scoped, "other", &["deal.created"]).await;
    set_enabled(&acme.scoped, disabled, false).await;
    let contacts = acme.scoped.contacts();
    let ada = contacts.create(contact("ada@example.com")).await;
    let ada = ada.expect("it is valid").id;
    let called = contacts.update(ada, phone("1"), None).await;
    called.expect("it is there");
    let unchanged = contacts.update(ada, phone("1"), None).await;
    unchanged.expect("it is so already");
    let shop = acme.scoped.companies().create(company("Shop")).await;
    shop.expect("it is valid");
    let events = acme.events(&store).await;
    let events: Vec<Id> = events.iter().map(|event| event.id).collect();
    for (endpoint, expected) in [
        (created, &events[..1]),
        (all, &events[..]),
        (disabled, &[]),
        (other, &[]),
    ] {
        let all_of_them = ListRequest::default();
        let webhooks = acme.scoped.webhooks();
        let list = webhooks.deliveries(endpoint, &all_of_them).await;
        let list = list.expect("the endpoint is there");
        let deliveries = list.data.into_iter().rev();
        let of_events: Vec<Id> = deliveries.map(|delivery| delivery.event_id).collect();
        assert_eq!(of_events, expected);
    }
}
