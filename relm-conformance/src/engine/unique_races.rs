//! Unique values that many take at once, and those that an undo gives back.

use relm_core::engine::Scoped;
use relm_core::error::ErrorKind;
use relm_core::record::field::FieldType;
use relm_core::record::object::{Contact, ContactInput};
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, failure};
use super::mock_transport::NoSleep;
use super::races::contenders;
use super::undone::{request, undo};
use super::unique::{define, values, with};
use crate::subject::Subject;

/// However many upsert one value at once, on several engines: there is one record, and one event of its creation.
pub(crate) async fn upserts_of_one_value_make_one_record(store: Subject) {
    const VALUES: usize = 3;
    let acme = Acme::open(store.shared()).await;
    define(&acme.scoped, "no", FieldType::Text).await;
    let upsert = async |(n, scoped): (usize, Scoped)| {
        let input = ContactInput {
            phone: format!("{n}").as_str().into(),
            ..with("no", format!("v{}", n % VALUES))
        };
        scoped.contacts().upsert(input, ["metadata.no"], None).await
    };
    let outcomes = store.race(contenders(&acme, &store, 12).await.into_iter().map(upsert));
    let mut ids: Vec<Id> = outcomes
        .into_iter()
        .map(|outcome| outcome.expect("it finds the record or makes it").id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), VALUES);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), VALUES);
    let events = acme.events(&store).await;
    let created = events
        .iter()
        .filter(|event| event.event_type.to_string() == "contact.created");
    assert_eq!(created.count(), VALUES);
    assert_eq!(values(&acme, &store).await.len(), VALUES);
}

/// An undo gives unique values back, those that records exchanged too, and leaves what another record took since.
pub(crate) async fn an_undo_gives_unique_values_back(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    define(&acme.scoped, "no", FieldType::Text).await;
    let create = async |no: &str| contacts.create(with("no", no)).await.expect("free").id;
    let (ada, eva) = (create("1").await, create("2").await);
    let (by_request, id) = request(&acme);
    for (who, no) in [(ada, "x"), (eva, "1"), (ada, "2")] {
        let change = with("no", no);
        let changed = by_request.contacts().update(who, change, None).await;
        changed.expect("it is free");
    }
    let undone = undo(&acme.scoped, id).await;
    assert_eq!(undone.conflicts, []);
    let value = async |id| {
        let found: Option<Contact> = contacts.get(id).await.expect("it reads");
        found.expect("it is there").metadata["no"].clone()
    };
    assert_eq!(
        (value(ada).await, value(eva).await),
        ("1".into(), "2".into())
    );
    let (by_request, id) = request(&acme);
    let change = with("no", "3");
    let changed = by_request.contacts().update(ada, change, None).await;
    changed.expect("it is free");
    let new = create("1").await;
    let undone = undo(&acme.scoped, id).await;
    assert_eq!(undone.conflicts.len(), 1);
    assert_eq!(undone.conflicts[0].member.as_deref(), Some("metadata.no"));
    assert_eq!(value(ada).await, "3");
    assert_eq!(values(&acme, &store).await.len(), 3);
    assert_eq!(value(new).await, "1");
}

/// The undo of a removal has a field unique again, where no two records have come to share a value since.
pub(crate) async fn an_undo_has_a_field_unique_again(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let mut field = define(&acme.scoped, "no", FieldType::Text).await;
    contacts.create(with("no", "1")).await.expect("it is free");
    for is_shared in [false, true] {
        let (by_request, id) = request(&acme);
        let removed = by_request.fields().remove(field.id, None).await;
        removed.expect("it is there");
        assert_eq!(values(&acme, &store).await, []);
        if is_shared {
            let again = contacts.create(with("no", "1")).await;
            again.expect("nothing keeps it apart");
        }
        let undone = undo(&acme.scoped, id).await;
        assert_eq!((undone.conflicts, undone.reverted.len()), (vec![], 1));
        let there = acme.scoped.fields().get(undone.reverted[0].id).await;
        field = there.expect("it reads").expect("it is there again");
        assert_eq!(field.unique, !is_shared, "{field:?}");
        assert_eq!(field.unique_index.is_some(), !is_shared);
        let ended = acme.crm.finish_unique_indexes(&NoSleep).await;
        assert_eq!(ended.expect("it works"), usize::from(is_shared));
        let kept = values(&acme, &store).await.len();
        assert_eq!(kept, usize::from(!is_shared));
        if !is_shared {
            let taken = contacts.create(with("no", "1")).await;
            assert_eq!(failure(taken), ErrorKind::Conflict);
        }
    }
}
