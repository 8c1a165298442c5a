//! Custom fields whose values have a form: sets, addresses, moments, amounts. Each is kept in one, and found in whatever it is written.

use std::collections::BTreeSet;

use relm_core::engine::{ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::field::{ChoiceChange, Field, FieldInput, FieldPatch, FieldType};
use relm_core::record::filter::Filter;
use relm_core::record::object::{ContactInput, ObjectType};
use relm_core::value::id::Id;
use serde_json::{Value, json};

use super::acme::{Acme, failure};
use crate::subject::Subject;

/// More records than a renaming changes in one step.
const HOLDERS: usize = 60;

async fn define(scoped: &Scoped, key: &str, field_type: FieldType, choices: &[&str]) -> Field {
    let choices = choices.iter().map(|choice| (*choice).to_owned());
    let input = FieldInput {
        choices: choices.collect(),
        ..FieldInput::new(ObjectType::Contact, key, field_type)
    };
    let defined = scoped.fields().define(input).await;
    defined.expect("the key is free")
}

fn with(metadata: &Value) -> ContactInput {
    let metadata = metadata.as_object().expect("they are members").clone();
    ContactInput {
        metadata: relm_core::record::metadata::Metadata::from(metadata).into(),
        ..ContactInput::default()
    }
}

async fn create(scoped: &Scoped, metadata: &Value) -> Id {
    let made = scoped.contacts().create(with(metadata)).await;
    made.expect("the fields hold it").id
}

async fn found(scoped: &Scoped, [field, operator, value]: [&str; 3]) -> BTreeSet<Id> {
    let request = ListRequest::default().filter(Filter::new(field, operator, value));
    let page = scoped.contacts().list(&request.limit(200)).await;
    let found = page.expect("it lists").data;
    found.into_iter().map(|contact| contact.id).collect()
}

async fn one_field_of_each(scoped: &Scoped) {
    define(
        scoped,
        "tags",
        FieldType::Multiselect,
        &["vip", "café", "new"],
    )
    .await;
    for (key, field_type) in [
        ("mail", FieldType::Email),
        ("tel", FieldType::Phone),
        ("seen", FieldType::Datetime),
        ("budget", FieldType::Currency),
        ("page", FieldType::Url),
        ("raw", FieldType::Json),
    ] {
        define(scoped, key, field_type, &[]).await;
    }
}

fn as_given() -> Value {
    json!({
        "tags": ["vip", "cafe\u{301}", "vip"], "mail": "Ada@Example.com", "tel": "+1 (415) 555-0132",
        "seen": "2026-07-02T12:00:00+02:00", "budget": { "amount_minor": 12_900, "currency": "eur" },
        "page": "https://example.com/Ada", "raw": [1, { "a": null }],
    })
}

fn as_kept() -> Value {
    json!({
        "tags": ["café", "vip"], "mail": "ada@example.com", "tel": "+14155550132",
        "seen": "2026-07-02T10:00:00.000Z", "budget": { "amount_minor": 12_900, "currency": "EUR" },
        "page": "https://example.com/Ada", "raw": [1, { "a": null }],
    })
}

/// A value is kept in the one form of its field's type, a set without order and repetition; the same in another spelling changes
/// nothing, and filters find it in each. What the field does not hold is refused, and names the field.
pub(crate) async fn values_of_a_type_are_kept_in_one_form(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    one_field_of_each(scoped).await;
    let other = create(
        scoped,
        &json!({ "tags": ["new"], "seen": "2026-07-03T00:00:00Z" }),
    )
    .await;
    let id = create(scoped, &as_given()).await;
    let read = scoped.contacts().get(id).await;
    let read = read.expect("it reads").expect("it is there");
    assert_eq!(json!(read.metadata), as_kept());
    let again = scoped.contacts().update(id, with(&as_given()), None).await;
    assert_eq!(again.expect("it is as it was").version, 1);
    let (one, both) = (BTreeSet::from([id]), BTreeSet::from([id, other]));
    let others = BTreeSet::from([other]);
    for (asked, expected) in [
        (["metadata.tags", "eq", "cafe\u{301}"], &one),
        (["metadata.tags", "neq", "vip"], &others),
        (["metadata.tags", "in", "new,vip"], &both),
        (["metadata.mail", "eq", "ADA@example.com"], &one),
        (["metadata.tel", "eq", "001 415 555 0132"], &one),
        (["metadata.seen", "eq", "2026-07-02T10:00:00Z"], &one),
        (
            ["metadata.seen", "gt", "2026-07-02T13:00:00+02:00"],
            &others,
        ),
        (["metadata.budget", "is_null", "false"], &one),
        (["metadata.raw", "is_null", "true"], &others),
    ] {
        assert_eq!(found(scoped, asked).await, *expected, "{asked:?}");
    }
    for (key, value) in [
        ("tags", json!(["vip", "old"])),
        ("mail", json!("ada")),
        ("tel", json!("call me")),
        ("seen", json!("2026-07-02")),
        ("budget", json!({ "amount_minor": 1.5, "currency": "EUR" })),
        ("page", json!("example.com")),
    ] {
        let refused = scoped.contacts().create(with(&json!({ key: value }))).await;
        let refused = refused.expect_err("the field holds no such value");
        let path = format!("metadata.{key}");
        assert_eq!(refused.field(), Some(&*path), "{value}");
    }
}

/// A choice of a set is renamed in every set that has it, in one of those that has both names too; and is removed only where no record
/// has it.
pub(crate) async fn a_choice_of_a_set_is_renamed_in_every_set(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let field = define(scoped, "tags", FieldType::Multiselect, &["a", "b", "c"]).await;
    let mut ids = BTreeSet::new();
    for _ in 0..HOLDERS {
        ids.insert(create(scoped, &json!({ "tags": ["a", "b"] })).await);
    }
    let other = create(scoped, &json!({ "tags": ["c"] })).await;
    let usage = scoped.fields().usage(field.id, None).await;
    let usage = usage.expect("it is there").choices;
    let counts: Vec<usize> = usage.iter().map(|one| one.count).collect();
    assert_eq!(counts, [HOLDERS, HOLDERS, 1]);
    let patch = |choices| FieldPatch {
        choices: Vec::into(choices),
        ..FieldPatch::default()
    };
    let removed = patch(vec!["b".into(), "c".into()]);
    let refused = scoped.fields().update(field.id, removed, None).await;
    assert_eq!(failure(refused), ErrorKind::Conflict);
    let renamed = ChoiceChange::Renamed {
        from: "a".to_owned(),
        to: "z".to_owned(),
    };
    let renamed = patch(vec![renamed, "b".into(), "c".into()]);
    let done = scoped.fields().update(field.id, renamed, None).await;
    assert!(
        done.expect("it is done in a few steps")
            .options
            .renaming
            .is_empty()
    );
    assert_eq!(found(scoped, ["metadata.tags", "eq", "z"]).await, ids);
    assert_eq!(found(scoped, ["metadata.tags", "eq", "b"]).await, ids);
    let without = found(scoped, ["metadata.tags", "neq", "z"]).await;
    assert_eq!(without, BTreeSet::from([other]));
    for id in ids {
        let read = scoped.contacts().get(id).await;
        let read = read.expect("it reads").expect("it is there");
        assert_eq!(
            (&read.metadata["tags"], read.version),
            (&json!(["b", "z"]), 2)
        );
    }
}
