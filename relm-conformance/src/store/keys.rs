//! Unique keys: who holds one, when it is free, and when two are the same.

use relm_core::record::association::Association;
use relm_core::record::object::Contact;
use relm_core::record::{Entry, Record};
use relm_core::store::Refusal;
use relm_core::value::id::Kind;

use super::commits::{all, stored};
use crate::records::{
    SCOPE, changed, contact, contact_of, delete, edge, field, id, insert, replace,
};
use crate::subject::{Subject, assert_contract};
use crate::varied::TEXTS;

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";

fn with_email(before: &Contact, email: Option<&str>) -> Contact {
    changed(before, |contact| contact.email = email.map(str::to_owned))
}

/// In a scope, no two records of a kind have one unique key: that of a contact is its folded address.
pub(crate) async fn a_unique_key_is_held_by_one_record(store: Subject) {
    let one = contact_of(1, "Ada@Example.com");
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    for email in [ADA, "ADA@EXAMPLE.COM", "Ada@Example.com"] {
        let refusal = store
            .refusal(SCOPE, vec![insert(contact_of(2, email))])
            .await;
        let holder = one.id;
        assert_contract!(
            refusal,
            Refusal::UniqueConflict { write: 0, holder },
            "{email}"
        );
    }
    store
        .apply(SCOPE, vec![insert(contact_of(2, "ad@example.com"))])
        .await;
}

/// `Replace`: its new unique key must be free.
pub(crate) async fn a_replace_needs_a_free_key(store: Subject) {
    let (one, two) = (contact_of(1, ADA), contact_of(2, BOB));
    store
        .apply(SCOPE, vec![insert(one.clone()), insert(two.clone())])
        .await;
    let renamed = with_email(&two, Some(ADA));
    let refusal = store
        .refusal(SCOPE, vec![replace(two.clone(), renamed)])
        .await;
    let holder = one.id;
    assert_contract!(refusal, Refusal::UniqueConflict { write: 0, holder });
    assert_contract!(
        stored(&store, two.id).await,
        Some(Entry::new(two).document())
    );
}

/// Unique keys are checked against the state after the batch: two of its own records cannot have one.
pub(crate) async fn a_key_is_taken_once_in_a_batch(store: Subject) {
    let (one, two, three) = (contact_of(1, ADA), contact_of(2, ADA), contact(3));
    let taken_by_the_other = |refusal: &Refusal, ids: [_; 2]| match refusal {
        Refusal::UniqueConflict { write, holder } => *write < 2 && ids[1 - *write] == *holder,
        _ => false,
    };
    let refusal = store
        .refusal(SCOPE, vec![insert(one.clone()), insert(two.clone())])
        .await;
    assert!(
        taken_by_the_other(&refusal, [one.id, two.id]),
        "{refusal:?}"
    );

    store.apply(SCOPE, vec![insert(three.clone())]).await;
    let renamed = with_email(&three, Some(ADA));
    let writes = vec![replace(three.clone(), renamed), insert(two.clone())];
    let refusal = store.refusal(SCOPE, writes).await;
    assert!(
        taken_by_the_other(&refusal, [three.id, two.id]),
        "{refusal:?}"
    );
    assert_contract!(
        all(&store, Kind::Contact).await,
        [Entry::new(three).document()]
    );
}

/// A key is free as soon as its holder was deleted.
pub(crate) async fn a_key_is_free_after_delete(store: Subject) {
    let one = contact_of(1, ADA);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    store.apply(SCOPE, vec![delete(one)]).await;
    let two = contact_of(2, ADA);
    store.apply(SCOPE, vec![insert(two.clone())]).await;
    let found = store.find(SCOPE, Kind::Contact, &[ADA.to_owned()]).await;
    assert_contract!(
        found.expect("the store finds records"),
        [Some(Entry::new(two).document())]
    );
}

/// A record that had no key holds the one that it is given: it is found by it, and nobody else takes it.
pub(crate) async fn a_key_that_is_given_later_is_held(store: Subject) {
    // Stores have written one replace and several in ways of their own.
    for (first, count) in [(10, 1), (20, 4)] {
        let email = |n: u64| format!("{n}@example.com");
        let without: Vec<Contact> = (first..first + count).map(contact).collect();
        let other = contact(first + count);
        let new = without.iter().chain([&other]).cloned().map(insert);
        store.apply(SCOPE, new.collect()).await;
        let mut given = Vec::new();
        for (before, n) in without.iter().zip(first..) {
            given.push(with_email(before, Some(&email(n))));
        }
        let pairs = without.into_iter().zip(given.iter().cloned());
        let writes = pairs.map(|(before, after)| replace(before, after));
        store.apply(SCOPE, writes.collect()).await;
        for (held, n) in given.iter().zip(first..) {
            let found = store.find(SCOPE, Kind::Contact, &[email(n)]).await;
            let expected = [Some(Entry::new(held.clone()).document())];
            assert_contract!(found.expect("the store finds records"), expected);
            let holder = held.id;
            for write in [
                insert(contact_of(900, &email(n))),
                replace(other.clone(), with_email(&other, Some(&email(n)))),
            ] {
                let refusal = store.refusal(SCOPE, vec![write]).await;
                assert_contract!(refusal, Refusal::UniqueConflict { write: 0, holder });
            }
        }
        // Who has none again gives the key to who had none.
        let taker = with_email(&other, Some(&email(first)));
        let writes = vec![
            replace(other, taker.clone()),
            replace(given[0].clone(), with_email(&given[0], None)),
        ];
        store.apply(SCOPE, writes).await;
        let found = store.find(SCOPE, Kind::Contact, &[email(first)]).await;
        let expected = [Some(Entry::new(taker).document())];
        assert_contract!(found.expect("the store finds records"), expected);
    }
}

/// A key is free as soon as its holder has another, or none.
pub(crate) async fn a_key_is_free_after_change(store: Subject) {
    let (one, two) = (contact_of(1, ADA), contact_of(2, BOB));
    store
        .apply(SCOPE, vec![insert(one.clone()), insert(two.clone())])
        .await;
    store
        .apply(
            SCOPE,
            vec![replace(
                one.clone(),
                with_email(&one, Some("new@example.com")),
            )],
        )
        .await;
    store
        .apply(SCOPE, vec![replace(two.clone(), with_email(&two, None))])
        .await;
    let (three, four) = (contact_of(3, ADA), contact_of(4, BOB));
    store
        .apply(SCOPE, vec![insert(three.clone()), insert(four.clone())])
        .await;
    let found = store
        .find(SCOPE, Kind::Contact, &[ADA, BOB].map(str::to_owned))
        .await;
    let expected = [three, four].map(|contact| Some(Entry::new(contact).document()));
    assert_contract!(found.expect("the store finds records"), expected);
}

/// Unique keys are checked against the state after the batch: what it deletes or changes holds none, in any order.
pub(crate) async fn a_key_is_free_within_the_batch_that_gives_it_up(store: Subject) {
    let (one, two) = (contact_of(1, ADA), contact_of(2, BOB));
    store
        .apply(SCOPE, vec![insert(one.clone()), insert(two.clone())])
        .await;
    let (three, four) = (contact_of(3, ADA), contact_of(4, BOB));
    let cleared = with_email(&two, None);
    let writes = vec![
        insert(three.clone()),
        delete(one),
        insert(four.clone()),
        replace(two.clone(), cleared.clone()),
    ];
    store.apply(SCOPE, writes).await;
    let left = [four, three, cleared].map(|contact| Entry::new(contact).document());
    assert_contract!(all(&store, Kind::Contact).await, left);
}

/// In one batch two records may swap a key, in whatever order they are written.
pub(crate) async fn two_records_swap_a_key_in_any_order(store: Subject) {
    let (mut one, mut two) = (contact_of(1, ADA), contact_of(2, BOB));
    store
        .apply(SCOPE, vec![insert(one.clone()), insert(two.clone())])
        .await;
    for one_first in [true, false] {
        let (new_one, new_two) = (
            with_email(&one, two.email.as_deref()),
            with_email(&two, one.email.as_deref()),
        );
        let mut writes = vec![replace(one, new_one.clone()), replace(two, new_two.clone())];
        if !one_first {
            writes.reverse();
        }
        store.apply(SCOPE, writes).await;
        let email = |contact: &Contact| contact.email.clone().expect("it has an address");
        let keys = [email(&new_one), email(&new_two)];
        let found = store.find(SCOPE, Kind::Contact, &keys).await;
        (one, two) = (new_one, new_two);
        let expected = [&one, &two].map(|contact| Some(Entry::new(contact.clone()).document()));
        assert_contract!(found.expect("the store finds records"), expected);
    }
}

/// A record that keeps its key does not stand in its own way, nor does one whose key only looks other.
pub(crate) async fn a_record_keeps_its_own_key(store: Subject) {
    let one = contact_of(1, ADA);
    let same = changed(&one, |one| one.phone = Some("1".to_owned()));
    let upper = with_email(&same, Some("ADA@example.com"));
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    store.apply(SCOPE, vec![replace(one, same.clone())]).await;
    store.apply(SCOPE, vec![replace(same, upper.clone())]).await;
    let refusal = store.refusal(SCOPE, vec![insert(contact_of(2, ADA))]).await;
    assert_contract!(
        refusal,
        Refusal::UniqueConflict {
            write: 0,
            holder: upper.id
        }
    );
}

/// A record without a unique key conflicts with none.
pub(crate) async fn none_is_no_key(store: Subject) {
    store
        .apply(SCOPE, vec![insert(contact(1)), insert(contact(2))])
        .await;
    store.apply(SCOPE, vec![insert(contact(3))]).await;
    assert_contract!(all(&store, Kind::Contact).await.len(), 3);
}

/// Text compares by code point: case, accents and trailing spaces count, in unique keys as well.
pub(crate) async fn keys_compare_by_code_point(store: Subject) {
    let ends = [id(Kind::Contact, 1), id(Kind::Contact, 2)];
    // The key of an edge ends in its label, composed: of two that differ in composition alone there is one.
    let mut edges = Vec::new();
    let mut others = Vec::new();
    for (label, n) in TEXTS.iter().zip(1..) {
        let edge = edge(n, ends[0], ends[1], Some(label));
        let written = format!("{} {} ={label}", edge.from_id, edge.to_id);
        if written != edge.edge_key() {
            others.push(written);
        }
        if edges
            .iter()
            .all(|other: &Association| other.edge_key() != edge.edge_key())
        {
            edges.push(edge);
        }
    }
    for edge in &edges {
        store.apply(SCOPE, vec![insert(edge.clone())]).await;
    }
    for (held, n) in edges.iter().zip(100..) {
        let same = edge(n, ends[0], ends[1], held.label.as_deref());
        let refusal = store.refusal(SCOPE, vec![insert(same)]).await;
        assert_contract!(
            refusal,
            Refusal::UniqueConflict {
                write: 0,
                holder: held.id
            }
        );
        let found = store
            .find(SCOPE, Kind::Association, &[held.edge_key()])
            .await;
        let expected = Some(Entry::new(held.clone()).document());
        assert_contract!(
            found.expect("the store finds records"),
            [expected],
            "{:?}",
            held.label
        );
    }
    for other in others {
        let found = store
            .find(SCOPE, Kind::Association, std::slice::from_ref(&other))
            .await;
        let found = found.expect("the store finds records");
        assert_contract!(found, [None], "{other:?} is nobody's key");
    }
}

/// No two records *of a kind* have one unique key: another kind may have the same.
pub(crate) async fn keys_of_different_kinds_do_not_meet(store: Subject) {
    let field = field(1, "plan");
    let key = Record::from(field.clone())
        .unique_key()
        .expect("fields have a key");
    let contact = contact_of(1, &key);
    store
        .apply(SCOPE, vec![insert(field.clone()), insert(contact.clone())])
        .await;
    for (kind, entry) in [
        (Kind::Field, Entry::new(field)),
        (Kind::Contact, Entry::new(contact)),
    ] {
        let found = store.find(SCOPE, kind, std::slice::from_ref(&key)).await;
        assert_contract!(
            found.expect("the store finds records"),
            [Some(entry.document())]
        );
    }
}
