//! A field that becomes unique where there are records already: in steps, which may be broken off, and while others write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use relm_core::engine::{BatchInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::field::{FieldInput, FieldType};
use relm_core::record::object::{Contact, ContactInput, ObjectType};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::{Rng, SeededRng};
use serde_json::Value;

use super::acme::{Acme, failure};
use super::broken_off::BreaksOff;
use super::mock_transport::NoSleep;
use super::races::contenders;
use super::unique::{unique, values, with};
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// More records than one step looks at.
const RECORDS: usize = 230;

async fn create(scoped: &Scoped, numbers: impl Iterator<Item = usize>) {
    let rows: Vec<ContactInput> = numbers.map(|n| with("no", format!("n{n}"))).collect();
    let batch = BatchInput {
        rows,
        ..BatchInput::default()
    };
    let report = scoped.contacts().batch(batch).await;
    assert_eq!(report.expect("it is valid").failed, 0);
}

fn input() -> FieldInput {
    FieldInput::new(ObjectType::Contact, "no", FieldType::Text)
}

/// Each live contact's value is that of one record of values, and there are no others.
async fn all_are_kept_apart(acme: &Acme, store: &Subject) {
    let mut with_value = BTreeSet::new();
    let mut seen: BTreeMap<String, Id> = BTreeMap::new();
    for document in acme.all(store, Kind::Contact).await {
        let contact: Contact = document.decode().expect("it is a contact");
        let Some(Value::String(value)) = contact.metadata.as_map().get("no") else {
            continue;
        };
        with_value.insert(contact.id);
        if let Some(other) = seen.insert(value.clone(), contact.id) {
            panic!("{other} and {} both have {value}", contact.id);
        }
    }
    let kept = values(acme, store).await;
    let of: BTreeSet<Id> = kept.iter().map(|value| value.record_id).collect();
    assert_eq!(of, with_value);
    assert_eq!(kept.len(), with_value.len(), "{kept:?}");
}

/// A field that is becoming unique when it is broken off, after whichever commit, becomes so by whoever asks again and by upkeep. Until
/// then it says that it is not, and writes keep to it already.
pub(crate) async fn what_was_broken_off_becomes_unique(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let fields = acme.scoped.fields();
    create(&acme.scoped, 0..RECORDS).await;
    for commits in 0..8 {
        let field = fields.define(input()).await.expect("the key is free");
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits)),
        });
        let broken = acme.beside(breaking, 100 + commits as u64).await;
        let asked = broken.fields().update(field.id, unique(true), None).await;
        let there = fields.get(field.id).await.expect("it reads");
        let there = there.expect("it is there");
        match asked {
            Err(error) => assert_eq!((error.kind(), commits), (ErrorKind::Unavailable, 0)),
            Ok(done) => assert_eq!(done, there),
        }
        assert_eq!(there.unique_index.is_some(), commits > 0);
        let is_done = there.unique;
        if commits > 0 {
            let late = acme.scoped.contacts();
            late.create(with("no", format!("late{commits}")))
                .await
                .expect("it is free");
            let again = late.create(with("no", format!("late{commits}"))).await;
            assert_eq!(failure(again), ErrorKind::Conflict);
        }
        if commits % 2 == 0 {
            let again = fields.update(field.id, unique(true), None).await;
            assert!(again.expect("it goes on").unique);
        } else {
            let ended = acme.crm.finish_unique_indexes(&NoSleep).await;
            assert_eq!(ended.expect("it works"), usize::from(!is_done));
        }
        let there = fields.get(field.id).await.expect("it reads");
        assert!(there.expect("it is there").unique);
        all_are_kept_apart(&acme, &store).await;
        fields.remove(field.id, None).await.expect("it is there");
        assert_eq!(values(&acme, &store).await, []);
        if is_done {
            assert!(commits > 2, "it takes more than one step");
            return;
        }
    }
    panic!("it never becomes unique");
}

/// What is no longer to be kept apart is taken away by upkeep, where whoever asked for it is gone.
pub(crate) async fn what_is_not_unique_any_more_is_taken_away(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let fields = acme.scoped.fields();
    create(&acme.scoped, 0..20).await;
    let field = fields.define(input()).await.expect("the key is free");
    let on = fields.update(field.id, unique(true), None).await;
    assert!(on.expect("no two share one").unique);
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(1)),
    });
    let broken = acme.beside(breaking, 7).await;
    let off = broken.fields().update(field.id, unique(false), None).await;
    assert!(!off.expect("its first commit is there").unique);
    assert!(!values(&acme, &store).await.is_empty());
    create(&acme.scoped, 0..1).await;
    let on = fields.update(field.id, unique(true), None).await;
    assert_eq!(failure(on), ErrorKind::Conflict);
    let ended = acme.crm.finish_unique_indexes(&NoSleep).await;
    assert_eq!(ended.expect("it works"), 1);
    assert_eq!(values(&acme, &store).await, []);
}

/// While a field becomes unique, others create, change, delete and restore: in the end no value is shared, unless the field was found
/// not to be unique.
pub(crate) async fn a_field_becomes_unique_while_others_write(store: Subject) {
    let first = Acme::open(store.shared()).await;
    for seed in 0..3 {
        let acme = first.in_another_workspace(&format!("w{seed}")).await;
        create(&acme.scoped, 0..40).await;
        let field = acme.scoped.fields().define(input()).await;
        let field = field.expect("the key is free");
        let ids: Vec<Id> = acme
            .all(&store, Kind::Contact)
            .await
            .iter()
            .map(|it| it.id)
            .collect();
        let is_done = AtomicBool::new(false);
        let act = async |(n, scoped): (usize, Scoped)| {
            if n == 0 {
                let asked = scoped.fields().update(field.id, unique(true), None).await;
                is_done.store(true, Ordering::SeqCst);
                return asked.is_ok();
            }
            let rng = SeededRng::new(seed * 100 + n as u64);
            let below = |end: usize| {
                let mut bytes = [0; 4];
                rng.fill(&mut bytes);
                u32::from_le_bytes(bytes) as usize % end
            };
            let mut left = 25;
            while left > 0 {
                left -= 1;
                let (id, value) = (ids[below(ids.len())], format!("n{}", below(60)));
                let contacts = scoped.contacts();
                let done = match below(4) {
                    0 => contacts.create(with("no", value)).await.map(drop),
                    1 => contacts.update(id, with("no", value), None).await.map(drop),
                    2 => contacts.delete(id, None).await,
                    _ => contacts.restore(id, None).await.map(drop),
                };
                if let Err(error) = done {
                    assert!(
                        matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound),
                        "{error}"
                    );
                }
            }
            true
        };
        let outcomes = store.race(contenders(&acme, &store, 4).await.into_iter().map(act));
        let there = acme.scoped.fields().get(field.id).await.expect("it reads");
        let there = there.expect("it is there");
        assert_eq!(there.unique, outcomes[0]);
        if there.unique {
            no_two_share_one(&acme, &store).await;
        } else {
            assert_eq!(there.unique_index, None);
        }
    }
}

/// Whatever values name that nobody has by now: no two records have one.
async fn no_two_share_one(acme: &Acme, store: &Subject) {
    let mut seen: BTreeMap<String, Id> = BTreeMap::new();
    for document in acme.all(store, Kind::Contact).await {
        let contact: Contact = document.decode().expect("it is a contact");
        if let Some(Value::String(value)) = contact.metadata.as_map().get("no")
            && let Some(other) = seen.insert(value.clone(), contact.id)
        {
            panic!("{other} and {} both have {value}", contact.id);
        }
    }
    // Whoever has a value has a record of it, by which another one is refused.
    let contacts = acme.scoped.contacts();
    for value in seen.keys() {
        let second = contacts.create(with("no", value.as_str()));
        assert_eq!(failure(second.await), ErrorKind::Conflict);
    }
}
