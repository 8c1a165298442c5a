//! What an undo leaves as it is, since somebody changed, linked or took it since; and what comes back with its associations.

use relm_core::Metadata;
use relm_core::engine::{ConflictCode, ListRequest, Scoped, Undone, UndoneChange};
use relm_core::record::object::{Contact, ContactInput, DealInput};
use relm_core::value::id::{Id, Kind};
use serde_json::{Value, json};

use super::acme::{Acme, company, contact, phone};
use super::undone::{everything, link, request, undo};
use crate::subject::Subject;

/// The code, member and id of each conflict.
fn conflicts(undone: &Undone) -> Vec<(ConflictCode, Option<&str>, Id)> {
    let conflicts = undone.conflicts.iter();
    conflicts
        .map(|it| (it.code, it.member.as_deref(), it.id))
        .collect()
}

async fn update(scoped: &Scoped, id: Id, change: ContactInput) {
    let changed = scoped.contacts().update(id, change, None).await;
    changed.expect("it is valid");
}

/// What each conflict says was left, and was found.
fn values(undone: &Undone) -> Vec<(Option<Value>, Option<Value>)> {
    let conflicts = undone.conflicts.iter();
    conflicts
        .map(|it| (it.expected.clone(), it.found.clone()))
        .collect()
}

/// Of what a request updated, each member goes back that is as the request left it, those of `metadata` one by one.
pub(crate) async fn a_member_that_was_changed_since_stays(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = scoped.contacts().create(phone("1")).await;
    let ada = ada.expect("it is valid").id;
    let (by, id) = request(&acme);
    let change = ContactInput {
        first_name: "Ada".into(),
        metadata: Metadata::from([("a", 1), ("b", 1)]).into(),
        ..phone("2")
    };
    update(&by, ada, change).await;
    let change = ContactInput {
        metadata: Metadata::from([("b", 2), ("c", 2)]).into(),
        ..phone("3")
    };
    update(scoped, ada, change).await;
    let undone = undo(scoped, id).await;
    let changed = |member| (ConflictCode::ChangedSince, Some(member), ada);
    assert_eq!(
        conflicts(&undone),
        [changed("metadata.b"), changed("phone"), changed("phones")]
    );
    let phones = |text: &str| json!([{ "phone": text, "label": null }]);
    let expected = [
        (Some(json!(1)), Some(json!(2))),
        (Some(json!("2")), Some(json!("3"))),
        (Some(phones("2")), Some(phones("3"))),
    ];
    assert_eq!(values(&undone), expected);
    let ada = scoped.contacts().get(ada).await.expect("the store reads");
    let ada = ada.expect("it is there");
    assert_eq!((ada.first_name, ada.phone.as_deref()), (None, Some("3")));
    assert_eq!(json!(ada.metadata), json!({ "b": 2, "c": 2 }));
}

/// An amount and its currency go back together, or neither does.
pub(crate) async fn an_amount_goes_back_with_its_currency(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let worth = |cents: i64| DealInput {
        value_cents: cents.into(),
        ..DealInput::default()
    };
    let deal = DealInput {
        title: "Engine".into(),
        currency: "USD".into(),
        ..worth(5)
    };
    let deal = scoped.deals().create(deal).await.expect("it is valid").id;
    let (by, id) = request(&acme);
    let change = DealInput {
        currency: "EUR".into(),
        stage: "won".into(),
        ..DealInput::default()
    };
    let changed = by.deals().update(deal, change, None).await;
    changed.expect("it is valid");
    let changed = scoped.deals().update(deal, worth(7), None).await;
    changed.expect("it is valid");
    let undone = undo(scoped, id).await;
    let expected = [(ConflictCode::ChangedSince, Some("currency"), deal)];
    assert_eq!(conflicts(&undone), expected);
    assert_eq!(values(&undone), [(Some(json!("EUR")), Some(json!("EUR")))]);
    let money = async || {
        let deal = scoped.deals().get(deal).await.expect("the store reads");
        let deal = deal.expect("it is there");
        (deal.stage, deal.value_cents, deal.currency)
    };
    let amount = |cents, currency: &str| (None, Some(cents), Some(currency.to_owned()));
    assert_eq!(money().await, amount(7, "EUR"));
    let changed = scoped.deals().update(deal, worth(5), None).await;
    changed.expect("it is valid");
    let undone = undo(scoped, id).await;
    assert_eq!(
        (conflicts(&undone), money().await),
        (vec![], amount(5, "USD"))
    );
}

/// What a request created stays where others changed, linked or refer to it since; what they deleted is no conflict.
pub(crate) async fn what_is_in_use_is_not_undone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let (by, id) = request(&acme);
    let mut made = Vec::new();
    for n in 0..5 {
        let input = contact(&format!("{n}@example.com"));
        let input = by.contacts().create(input).await;
        made.push(input.expect("it is valid").id);
    }
    let [changed, linked, meant, deleted, untouched] = made[..] else {
        panic!("there are five");
    };
    link(&by, untouched, shop, "of the request").await;
    let input = scoped.contacts().update(changed, phone("1"), None).await;
    input.expect("it is valid");
    let edge = link(scoped, shop, linked, "knows").await;
    let deal = DealInput {
        title: "Engine".into(),
        primary_contact_id: meant.into(),
        ..DealInput::default()
    };
    let deal = scoped.deals().create(deal).await.expect("it is valid").id;
    let gone = scoped.contacts().delete(deleted, None).await;
    gone.expect("it is there");

    let undone = undo(scoped, id).await;
    let expected = [
        (ConflictCode::InUse, None, meant),
        (ConflictCode::InUse, None, linked),
        (ConflictCode::ChangedSince, Some("phone"), changed),
        (ConflictCode::ChangedSince, Some("phones"), changed),
    ];
    assert_eq!(conflicts(&undone), expected);
    let by = undone.conflicts.iter().map(|it| it.existing_id);
    assert_eq!(
        by.collect::<Vec<_>>(),
        [Some(deal), Some(edge.id), None, None]
    );
    assert_eq!(undone.unchanged, 1);
    let reverted = undone.reverted.iter();
    let reverted: Vec<_> = reverted.map(|it| (it.id.kind(), it.change)).collect();
    let expected = [Kind::Association, Kind::Contact].map(|kind| (kind, UndoneChange::Deleted));
    assert_eq!(reverted, expected);
    let kept = scoped.contacts().list(&ListRequest::default()).await;
    let kept: Vec<Contact> = kept.expect("the store lists").data;
    let kept: Vec<Id> = kept.iter().map(|contact| contact.id).collect();
    assert_eq!(kept, [meant, linked, changed]);
    let back = scoped.contacts().restore(untouched, None).await;
    back.expect("it is in the trash");
    assert_eq!(acme.all(&store, Kind::Association).await.len(), 2);
}

/// A unique value that was taken since stays with who has it; records that exchanged theirs have them back.
pub(crate) async fn a_taken_address_is_in_the_way_of_an_undo(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut ids = Vec::new();
    for n in 0..4 {
        let input = contact(&format!("{n}@example.com"));
        let made = scoped.contacts().create(input).await;
        ids.push(made.expect("it is valid").id);
    }
    let address = async |scoped: &Scoped, id: Id, email: &str| {
        let changed = scoped.contacts().update(id, contact(email), None).await;
        changed.expect("the address is free");
    };
    let (by, id) = request(&acme);
    // Two exchange theirs, one leaves its own, and one is deleted.
    address(&by, ids[0], "free@example.com").await;
    address(&by, ids[1], "0@example.com").await;
    address(&by, ids[0], "1@example.com").await;
    address(&by, ids[2], "left@example.com").await;
    by.contacts()
        .delete(ids[3], None)
        .await
        .expect("it is there");
    let mut holders = Vec::new();
    for email in ["2@EXAMPLE.com", "3@example.com"] {
        let made = scoped.contacts().create(contact(email)).await;
        holders.push(made.expect("the address is free").id);
    }
    let undone = undo(scoped, id).await;
    let taken = ConflictCode::Conflict;
    let expected = [
        (taken, Some("email"), ids[3]),
        (taken, Some("email"), ids[2]),
    ];
    assert_eq!(conflicts(&undone), expected);
    let existing = undone.conflicts.iter().filter_map(|it| it.existing_id);
    assert_eq!(existing.collect::<Vec<_>>(), [holders[1], holders[0]]);
    let mut addresses = Vec::new();
    for id in &ids[..3] {
        let found = scoped.contacts().get(*id).await.expect("the store reads");
        addresses.extend(found.and_then(|contact| contact.email));
    }
    let expected = ["0@example.com", "1@example.com", "left@example.com"];
    assert_eq!(addresses, expected);
}

/// What a request deleted comes back with its associations, those too that wait for their other ends; what it purged does not, and no
/// reference to it.
pub(crate) async fn what_a_request_deleted_comes_back(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut ids = Vec::new();
    for n in 0..4 {
        let input = contact(&format!("{n}@example.com"));
        let made = scoped.contacts().create(input).await;
        ids.push(made.expect("it is valid").id);
    }
    link(scoped, ids[0], ids[1], "both").await;
    link(scoped, ids[1], ids[2], "one").await;
    link(scoped, ids[3], ids[0], "later").await;
    let before = everything(&acme, &store).await;
    let (by, id) = request(&acme);
    for id in &ids[..2] {
        by.contacts().delete(*id, None).await.expect("it is there");
    }
    let gone = scoped.contacts().delete(ids[3], None).await;
    gone.expect("it is there");
    let undone = undo(scoped, id).await;
    assert_eq!((undone.reverted.len(), undone.conflicts.len()), (2, 0));
    assert_eq!(acme.all(&store, Kind::Association).await.len(), 2);
    let back = scoped.contacts().restore(ids[3], None).await;
    back.expect("it is in the trash");
    assert_eq!(everything(&acme, &store).await, before);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());

    let (by, id) = request(&acme);
    let purged = by.contacts().purge(ids[0], None).await;
    purged.expect("it is there");
    let undone = undo(scoped, id).await;
    let expected = [(ConflictCode::Gone, None, ids[0])];
    assert_eq!(conflicts(&undone), expected);
    let (by, id) = request(&acme);
    by.contacts()
        .delete(ids[1], None)
        .await
        .expect("it is there");
    let purged = scoped.contacts().purge(ids[1], None).await;
    purged.expect("it is in the trash");
    let undone = undo(scoped, id).await;
    assert_eq!(conflicts(&undone), [(ConflictCode::Gone, None, ids[1])]);
    assert_eq!(undone.undone_by, None);
}
