//! Postal addresses: by which parts records are found, and what merges, undos and purges make of them.

use relm_core::record::Event;
use relm_core::record::object::{CompanyInput, Contact, ContactInput};
use relm_core::{AddressesInput, Filter, Id, ListRequest, PostalAddress, SearchRequest};

use super::acme::{Acme, company, contact, phone};
use super::merges::{create, merge};
use super::undone::{request, undo};
use crate::subject::Subject;

fn in_city(city: &str, country: &str) -> PostalAddress {
    PostalAddress {
        street: Some(format!("{city} Street 1\nYard")),
        city: Some(city.to_owned()),
        country: Some(country.to_owned()),
        ..PostalAddress::default()
    }
}

fn with(addresses: Vec<PostalAddress>, input: ContactInput) -> ContactInput {
    ContactInput {
        addresses: addresses.into(),
        ..input
    }
}

fn cities(contact: &Contact) -> Vec<&str> {
    let cities = contact.addresses.iter().map(|it| it.city.as_deref());
    cities.map(Option::unwrap_or_default).collect()
}

/// The contacts that a filter lists, oldest first.
async fn found(acme: &Acme, field: &str, operator: &str, value: &str) -> Vec<Id> {
    let asked = ListRequest::default().filter(Filter::new(field, operator, value));
    let listed = acme.scoped.contacts().list(&asked).await;
    let mut ids: Vec<Id> = listed
        .expect("it lists")
        .data
        .iter()
        .map(|it| it.id)
        .collect();
    ids.sort_unstable();
    ids
}

/// Records are found by parts of any of their addresses, in whatever case, and by their words; and by those that they have now.
pub(crate) async fn records_are_found_by_parts_of_addresses(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let both = with(
        vec![in_city("Berlin", "DE"), in_city("Straßburg", "France")],
        phone("1"),
    );
    let both = create(&acme.scoped, both).await.id;
    let one = create(
        &acme.scoped,
        with(vec![in_city("BERLIN", "de")], phone("2")),
    )
    .await
    .id;
    let none = create(&acme.scoped, phone("3")).await.id;
    for (field, operator, value, expected) in [
        ("addresses.city", "eq", "berlin", &[both, one][..]),
        ("addresses.city", "eq", "STRASSBURG", &[both]),
        ("addresses.city", "in", "paris,Berlin", &[both, one]),
        ("addresses.city", "neq", "Straßburg", &[one]),
        ("addresses.city", "eq", "Ber", &[]),
        ("addresses.country", "eq", "De", &[both, one]),
        ("addresses.region", "is_null", "true", &[both, one, none]),
        ("addresses", "is_null", "true", &[none]),
    ] {
        let found = found(&acme, field, operator, value).await;
        assert_eq!(found, expected, "{field} {operator} {value}");
    }
    let searched = acme
        .scoped
        .search(&SearchRequest::new("strassburg yard"))
        .documents()
        .await;
    let searched: Vec<Id> = searched
        .expect("it searches")
        .data
        .iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(searched, [both]);
    let moved = ContactInput {
        addresses: AddressesInput::remove([in_city("berlin", "DE")]).into(),
        ..ContactInput::default()
    };
    // Its street is compared, too.
    let update = acme.scoped.contacts().update(both, moved, None).await;
    assert_eq!(cities(&update.expect("it is there")), ["Straßburg"]);
    assert_eq!(found(&acme, "addresses.city", "eq", "Berlin").await, [one]);
    companies_are_found(&acme).await;
}

async fn companies_are_found(acme: &Acme) {
    let office = CompanyInput {
        addresses: vec![in_city("Oslo", "NO")].into(),
        ..company("Kontor")
    };
    acme.scoped
        .companies()
        .create(office)
        .await
        .expect("it is valid");
    let asked = ListRequest::default().filter(Filter::new("addresses.city", "eq", "oslo"));
    let listed = acme
        .scoped
        .companies()
        .list(&asked)
        .await
        .expect("it lists");
    assert_eq!(listed.data.len(), 1);
}

/// A record into which others are merged has the addresses of all, each once; an undo gives each its own back, and a purge erases them.
pub(crate) async fn a_merge_unites_addresses(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = with(vec![in_city("Berlin", "DE")], contact("ada@example.com"));
    let ada = create(scoped, ada).await;
    let twin = with(
        vec![in_city("BERLIN", "de"), in_city("Bonn", "DE")],
        phone("1"),
    );
    let twin = create(scoped, twin).await;
    let (by, merged) = request(&acme);
    let whole = merge(&by, ada.id, &[twin.id]).await;
    assert_eq!(cities(&whole), ["Berlin", "Bonn"]);
    let undone = undo(scoped, merged).await;
    assert!(undone.conflicts.is_empty(), "{:?}", undone.conflicts);
    let now = scoped.contacts().get(ada.id).await.expect("it reads");
    assert_eq!(cities(&now.expect("it is there")), ["Berlin"]);
    scoped
        .contacts()
        .purge(twin.id, None)
        .await
        .expect("it is there");
    let events: Vec<Event> = acme.events(&store).await;
    let of_twin = events.iter().filter(|it| it.record_id() == Some(twin.id));
    assert!(of_twin.clone().count() > 1);
    for event in of_twin {
        let data: Contact = event.data.decode().expect("it is a contact");
        assert!(
            data.addresses.is_empty() && event.previous.is_empty(),
            "{event:?}"
        );
    }
}
