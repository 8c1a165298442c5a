//! Contacts that have several addresses: each is one contact's, whichever of its members it is in and whoever takes it first.

use std::collections::BTreeSet;

use relm_core::engine::{BatchInput, ListRequest, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::query::filter::Filter;
use relm_core::record::object::{Contact, ContactInput, EmailAddress};
use relm_core::record::patch::Patch;
use relm_core::value::id::{Id, Kind};
use relm_core::{MergeInput, MergeSource};
use serde_json::json;

use super::acme::{Acme, contact};
use super::races::contenders;
use super::undone::{request, undo};
use super::unique::values;
use crate::subject::Subject;

/// What has a contact have these addresses and no others.
fn having(addresses: &[&str]) -> ContactInput {
    let all = addresses.iter().map(|text| EmailAddress::from(*text));
    ContactInput {
        emails: all.collect::<Vec<_>>().into(),
        ..ContactInput::default()
    }
}

fn addresses(contact: &Contact) -> Vec<&str> {
    contact.emails.iter().map(|it| it.email.as_str()).collect()
}

async fn read(scoped: &Scoped, id: Id) -> Contact {
    let found = scoped.contacts().get(id).await.expect("the store reads");
    found.expect("it is there")
}

/// What a contact is refused for, and whose address it is.
fn taken<T>(outcome: Result<T, Error>) -> (Option<String>, Option<Id>) {
    match outcome {
        Ok(_) => panic!("the address is another's"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            (error.field().map(str::to_owned), error.existing_id())
        }
    }
}

fn by(member: &str, holder: Id) -> (Option<String>, Option<Id>) {
    (Some(member.to_owned()), Some(holder))
}

async fn found(scoped: &Scoped, operator: &str, value: &str) -> Vec<Id> {
    let request = ListRequest::default().filter(Filter::new("email", operator, value));
    let listed = scoped.contacts().list(&request).await;
    let listed = listed.expect("it is a filter").data.into_iter();
    listed.map(|contact| contact.id).collect()
}

/// An address is one contact's: as its primary one, and beside that. It is free as soon as that contact leaves it or is deleted, and in the
/// way of a restoration where another has it by then.
pub(crate) async fn an_address_of_several_is_one_contact_s(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let ada = contacts.create(contact("ada@x.example")).await;
    let ada = ada.expect("it is free").id;
    let eva = contacts.create(having(&["eva@x.example", "e@home.example"]));
    let eva = eva.await.expect("they are free").id;
    // What was primary before anybody had a second one, and what is not primary now.
    let refused = contacts
        .create(having(&["new@x.example", "ADA@x.example"]))
        .await;
    assert_eq!(taken(refused), by("emails[1].email", ada));
    let refused = contacts.create(contact("E@Home.example")).await;
    assert_eq!(taken(refused), by("email", eva));
    let refused = contacts.update(ada, contact("e@home.example"), None).await;
    assert_eq!(taken(refused), by("email", eva));
    // A change of place or of nothing takes nothing.
    let change = having(&["e@home.example", "eva@x.example"]);
    let changed = contacts.update(eva, change.clone(), None).await;
    let changed = changed.expect("they are its own");
    assert_eq!(changed.email.as_deref(), Some("e@home.example"));
    let again = contacts.update(eva, change, None).await;
    assert_eq!(again.expect("it is so").version, changed.version);
    // The primary one is replaced, and free at once; the other one stays.
    let changed = contacts.update(eva, contact("eve@x.example"), None).await;
    let changed = changed.expect("it is free");
    assert_eq!(addresses(&changed), ["eve@x.example", "eva@x.example"]);
    let free = contacts.update(ada, having(&["ada@x.example", "e@home.example"]), None);
    free.await.expect("it was left");
    contacts.delete(ada, None).await.expect("it is there");
    let bob = contacts.create(contact("e@home.example")).await;
    let bob = bob.expect("it is free").id;
    let back = contacts.restore(ada, None).await;
    assert_eq!(taken(back), by("emails[1].email", bob));
    contacts.delete(bob, None).await.expect("it is there");
    let back = contacts.restore(ada, None).await;
    let back = back.expect("it is free");
    assert_eq!(addresses(&back), ["ada@x.example", "e@home.example"]);
    let scoped = &acme.scoped;
    for (operator, value, expected) in [
        ("eq", "E@home.example", vec![ada]),
        ("eq", "ada@x.example", vec![ada]),
        (
            "in",
            "e@home.example,eva@x.example,no@x.example",
            vec![eva, ada],
        ),
        ("neq", "e@home.example", vec![eva]),
    ] {
        assert_eq!(
            found(scoped, operator, value).await,
            expected,
            "{operator} {value}"
        );
    }
    let kept = values(&acme, &store).await;
    assert!(
        kept.iter()
            .all(|value| [ada, eva].contains(&value.record_id))
    );
}

/// An address that was a contact's only one, from before any had several, is nobody else's once it stands behind another one.
pub(crate) async fn an_address_that_moves_back_stays_its_contact_s(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let ada = contacts.create(contact("ada@x.example")).await;
    let ada = ada.expect("it is free").id;
    let behind = having(&["first@x.example", "ada@x.example"]);
    let behind = contacts.update(ada, behind, None).await;
    behind.expect("they are free");
    let refused = contacts.create(contact("ada@x.example")).await;
    assert_eq!(taken(refused), by("email", ada));
    let front = contacts.update(ada, having(&["ada@x.example"]), None).await;
    front.expect("it is its own");
    contacts
        .create(contact("first@x.example"))
        .await
        .expect("it was left");
    let refused = contacts.create(contact("ada@x.example")).await;
    assert_eq!(taken(refused), by("email", ada));
}

/// Rows find a contact by any of its addresses, and leave which of them is the primary one; one row may take what a row before it has its record leave.
pub(crate) async fn rows_find_a_contact_by_any_address(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let create = async |all: &[&str]| contacts.create(having(all)).await.expect("free").id;
    let ada = create(&["ada@x.example", "a@home.example"]).await;
    let eva = create(&["eva@x.example"]).await;
    let named = ContactInput {
        first_name: "Ada".into(),
        ..contact("A@home.example")
    };
    let upserted = contacts.upsert(named, ["email"], None).await;
    let upserted = upserted.expect("it finds the contact");
    assert_eq!(
        (upserted.id, upserted.first_name.as_deref()),
        (ada, Some("Ada"))
    );
    assert_eq!(upserted.email.as_deref(), Some("ada@x.example"));
    let batch = async |rows: Vec<ContactInput>| {
        let input = BatchInput {
            rows,
            dedup_on: vec!["email".to_owned()],
            atomic: true,
        };
        contacts.batch(input).await
    };
    let both = batch(vec![having(&["eva@x.example", "a@home.example"])]).await;
    assert_eq!(
        both.expect_err("it is two").kind(),
        ErrorKind::AmbiguousMatch
    );
    let rows = vec![
        having(&["ada@x.example"]),
        having(&["eva@x.example", "a@home.example"]),
    ];
    batch(rows)
        .await
        .expect("the first leaves what the second takes");
    assert_eq!(addresses(&read(&acme.scoped, ada).await), ["ada@x.example"]);
    let eva = read(&acme.scoped, eva).await;
    assert_eq!(addresses(&eva), ["eva@x.example", "a@home.example"]);
    operations_find_what_they_made(&acme).await;
}

/// Where no contact had several addresses before, an operation finds the one that an operation before it gave them.
async fn operations_find_what_they_made(acme: &Acme) {
    let fresh = acme.in_another_workspace("fresh").await;
    let body = json!({ "operations": [
        { "op": "create", "object": "contact", "data": { "emails": ["a@x.example", "b@x.example"] } },
        { "op": "update", "object": "contact", "match": { "email": "b@x.example" }, "data": { "phone": "1" } },
    ] });
    let report = fresh.scoped.batch_json(body).await;
    let report = report.expect("the second finds what the first made");
    let report = report.decode().expect("it is a report");
    assert_eq!((report.created, report.updated), (1, 1));
}

/// What is merged leaves all its addresses to the survivor, and an undo gives them back.
pub(crate) async fn a_merge_keeps_every_address(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let create = async |all: &[&str]| contacts.create(having(all)).await.expect("free").id;
    let ada = create(&["ada@x.example", "a@home.example"]).await;
    let twin = create(&["al@x.example", "al@home.example"]).await;
    let (by_request, id) = request(&acme);
    let by_request = by_request.contacts();
    let merged = by_request.merge(ada, MergeInput::new([twin]), None).await;
    let merged = merged.expect("both are there");
    let all = [
        "ada@x.example",
        "a@home.example",
        "al@x.example",
        "al@home.example",
    ];
    assert_eq!(addresses(&merged), all);
    assert_eq!(found(&acme.scoped, "eq", "al@home.example").await, [ada]);
    let refused = contacts.create(contact("al@home.example")).await;
    assert_eq!(taken(refused), by("email", ada));
    let undone = undo(&acme.scoped, id).await;
    assert_eq!(undone.conflicts, []);
    assert_eq!(addresses(&read(&acme.scoped, ada).await), all[..2]);
    assert_eq!(addresses(&read(&acme.scoped, twin).await), all[2..]);
    let refused = contacts.create(contact("al@home.example")).await;
    assert_eq!(taken(refused), by("email", twin));
    // Who has no primary one gives none, and takes no other away.
    let none = ContactInput {
        email: Patch::Clear,
        ..ContactInput::default()
    };
    let none = contacts.update(twin, none, None).await;
    none.expect("it has another address");
    let chosen = MergeInput::new([twin]).field("email", MergeSource::Record(twin));
    let merged = contacts.merge(ada, chosen, None).await;
    let merged = merged.expect("both are there");
    assert_eq!(merged.email, None);
    let left = ["ada@x.example", "a@home.example", "al@home.example"];
    assert_eq!(addresses(&merged), left);
}

/// Of many that take one address at once, as the primary one of a new contact or beside that of another, on several engines, one has it: from
/// the first time on that a contact is to have two.
pub(crate) async fn one_of_many_takes_an_address(store: Subject) {
    const ROUNDS: usize = 3;
    let acme = Acme::open(store.shared()).await;
    let contenders = contenders(&acme, &store, 8).await;
    for round in 0..ROUNDS {
        let mut own = Vec::new();
        for (n, scoped) in &contenders {
            let input = contact(&format!("{n}-{round}@own.example"));
            own.push(
                scoped
                    .contacts()
                    .create(input)
                    .await
                    .expect("it is free")
                    .id,
            );
        }
        let address = format!("wanted-{round}@x.example");
        let take = async |(n, scoped): (usize, Scoped)| match n % 4 {
            0 | 1 => scoped.contacts().create(contact(&address)).await,
            _ => {
                let first = format!("{n}-{round}@own.example");
                let all = having(&[&first, &address.to_uppercase()]);
                scoped.contacts().update(own[n], all, None).await
            }
        };
        let outcomes = store.race(contenders.clone().into_iter().map(take));
        let (taken, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(taken.len(), 1, "{taken:?}");
        let holder = taken.into_iter().flatten().map(|it| it.id).next();
        for error in refused.into_iter().filter_map(Result::err) {
            assert_eq!(
                (error.kind(), error.existing_id()),
                (ErrorKind::Conflict, holder)
            );
        }
        let documents = acme.all(&store, Kind::Contact).await;
        let contacts = documents.iter().map(|it| it.decode().expect("it is one"));
        let having = contacts.filter(|it: &Contact| {
            let mut all = it.emails.iter();
            all.any(|own| own.email.eq_ignore_ascii_case(&address))
        });
        let having: Vec<Id> = having.map(|it| it.id).collect();
        assert_eq!(
            Some(having.as_slice()),
            holder.as_ref().map(std::slice::from_ref)
        );
        assert_eq!(found(&acme.scoped, "eq", &address).await, having);
    }
    upserts_make_one(&store, contenders);
}

/// Upserts of one address all find or make one contact, where contacts have several.
fn upserts_make_one(store: &Subject, contenders: Vec<(usize, Scoped)>) {
    let upsert = async |(n, scoped): (usize, Scoped)| {
        let input = ContactInput {
            first_name: n.to_string().into(),
            ..contact("upserted@x.example")
        };
        scoped.contacts().upsert(input, ["email"], None).await
    };
    let outcomes = store.race(contenders.into_iter().map(upsert));
    let all: Result<Vec<Contact>, Error> = outcomes.into_iter().collect();
    let all: BTreeSet<Id> = all
        .expect("none conflicts")
        .iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(all.len(), 1);
}
