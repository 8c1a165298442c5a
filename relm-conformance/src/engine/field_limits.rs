//! Limits of fields and their defaults: whatever writes a record is held to the one and gets the other, on every engine.

use std::collections::BTreeSet;

use relm_core::engine::{BatchInput, ImportOptions, Importer, ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::field::{
    Enforce, Field, FieldInput, FieldLimits, FieldLimitsPatch, FieldPatch, FieldType,
};
use relm_core::record::filter::Filter;
use relm_core::record::object::{Contact, ContactInput, ObjectType};
use relm_core::value::id::Id;
use serde_json::{Value, json};

use super::acme::{Acme, contact, failure, phone, with};
use crate::subject::Subject;

async fn seats(scoped: &Scoped) -> Field {
    let input = FieldInput {
        limits: FieldLimits {
            min: Some(1.into()),
            max: Some(10.into()),
            integer: true,
            ..FieldLimits::default()
        },
        ..FieldInput::new(ObjectType::Contact, "seats", FieldType::Number)
    };
    let defined = scoped.fields().define(input).await;
    defined.expect("the key is free")
}

async fn code(scoped: &Scoped) -> Field {
    let input = FieldInput {
        limits: FieldLimits {
            max_length: Some(4),
            pattern: Some("^[A-Z]+$".into()),
            ..FieldLimits::default()
        },
        ..FieldInput::new(ObjectType::Contact, "code", FieldType::Text)
    };
    let defined = scoped.fields().define(input).await;
    defined.expect("the key is free")
}

async fn create(scoped: &Scoped, email: &str, metadata: &Value) -> Contact {
    let made = scoped.contacts().create(with(email, metadata)).await;
    made.expect("the fields hold it")
}

fn most(max: i64) -> FieldPatch {
    FieldPatch {
        limits: FieldLimitsPatch {
            max: serde_json::Number::from(max).into(),
            ..FieldLimitsPatch::default()
        },
        ..FieldPatch::default()
    }
}

/// A file with these rows is taken in; how many of them failed.
async fn import(acme: &Acme, rows: &str) -> i64 {
    let file = format!("email,seats\n{rows}");
    let options = ImportOptions::new(ObjectType::Contact).dedup_on("email");
    let imports = acme.scoped.imports();
    let started = imports.start(options, file.as_bytes()).await;
    let started = started.expect("the file is one");
    let worked = Importer::new(acme.crm.clone()).work_off().await;
    worked.expect("the store answers");
    let done = imports.get(started.id).await.expect("it reads");
    done.expect("it is there").failed
}

/// What limits refuse is refused however it is written, and names the field; a row with it fails alone.
pub(crate) async fn limits_bind_every_write(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    seats(scoped).await;
    code(scoped).await;
    let good = json!({ "seats": 10.0, "code": "ABCD" });
    let made = create(scoped, "ada@example.com", &good).await;
    for (key, value) in [
        ("seats", json!(0)),
        ("seats", json!(11)),
        ("seats", json!(1.5)),
        ("code", json!("ABCDE")),
        ("code", json!("ab")),
        ("code", json!("A\n")),
    ] {
        let path = format!("metadata.{key}");
        let bad = with("eva@example.com", &json!({ key: value }));
        let refused = scoped.contacts().create(bad.clone()).await;
        let refused = refused.expect_err("the field holds no such value");
        assert_eq!(refused.kind(), ErrorKind::ValidationFailed, "{value}");
        assert_eq!(refused.field(), Some(&*path), "{value}");
        let changed = with("ada@example.com", &json!({ key: value }));
        let refused = scoped.contacts().update(made.id, changed, None).await;
        assert_eq!(failure(refused), ErrorKind::ValidationFailed, "{value}");
        let refused = scoped.contacts().upsert(bad.clone(), ["email"], None).await;
        assert_eq!(failure(refused), ErrorKind::ValidationFailed, "{value}");
        let rows = vec![bad, with("ada@example.com", &json!({ "seats": 3 }))];
        let batch = BatchInput {
            rows,
            dedup_on: vec!["email".to_owned()],
            ..BatchInput::default()
        };
        let report = scoped.contacts().batch(batch).await;
        assert_eq!(report.expect("it is a batch").failed, 1, "{value}");
    }
    assert_eq!(import(&acme, "a@example.com,0\nb@example.com,2\n").await, 1);
    let read = scoped.contacts().get(made.id).await;
    let read = read.expect("it reads").expect("it is there");
    assert_eq!(json!(read.metadata), json!({ "seats": 3, "code": "ABCD" }));
}

/// A limit that records do not keep to is refused with how many and which, and forced it binds the next writes of every engine; what a
/// write leaves as it is is refused or told, as the field says.
pub(crate) async fn a_narrower_limit_binds_every_engine(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let field = seats(scoped).await;
    let mut beyond = Vec::new();
    for n in 0..12 {
        let seats = json!({ "seats": if n % 4 == 0 { 3 } else { 8 } });
        let made = create(scoped, &format!("c{n}@example.com"), &seats).await;
        if n % 4 != 0 {
            beyond.push(made.id);
        }
    }
    beyond.reverse();
    let other = acme.beside(store.shared(), 2).await;
    create(&other, "late@example.com", &json!({ "seats": 5 })).await;
    let fields = scoped.fields();
    let refused = fields.update(field.id, most(5), None).await;
    let refused = refused.expect_err("nine have more");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(refused.field(), Some("options.max"));
    assert_eq!((refused.count(), refused.is_at_least()), (Some(9), false));
    assert_eq!(refused.ids(), &beyond[..]);
    let wider = fields.update(field.id, most(12), None).await;
    assert_eq!(wider.expect("everybody keeps to it").version, 2);
    let forced = FieldPatch {
        force: true,
        ..most(5)
    };
    let forced = fields.update(field.id, forced, None).await;
    forced.expect("it is forced");
    // By the definition that it remembers, this would do.
    let late = with("later@example.com", &json!({ "seats": 8 }));
    let late = other.contacts().create(late).await;
    assert_eq!(failure(late), ErrorKind::ValidationFailed);
    let left = scoped.contacts().update(beyond[0], phone("1"), None).await;
    assert_eq!(failure(left), ErrorKind::ValidationFailed);
    let mild = FieldPatch {
        enforce: Enforce::OnChange.into(),
        ..FieldPatch::default()
    };
    let mild = fields.update(field.id, mild, None).await;
    mild.expect("it refuses less");
    let left = scoped.contacts().update(beyond[0], phone("1"), None).await;
    assert_eq!(left.expect("it leaves the field").version, 2);
}

async fn found(scoped: &Scoped, plan: &str) -> BTreeSet<Id> {
    let request = ListRequest::default().filter(Filter::new("metadata.plan", "eq", plan));
    let page = scoped.contacts().list(&request).await;
    let found = page.expect("it lists").data;
    found.into_iter().map(|contact| contact.id).collect()
}

/// A record that is made without a value gets the default, on every engine, and is found by it; one of which is said that it has none
/// does not, nor does one that is changed or comes back. The default of a choice goes with its name.
pub(crate) async fn a_default_is_given_where_nothing_is_said(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let before = create(scoped, "before@example.com", &json!({})).await;
    let other = acme.beside(store.shared(), 2).await;
    create(&other, "other@example.com", &json!({})).await;
    let input = FieldInput {
        choices: ["free", "pro"].map(str::to_owned).into(),
        default: Some("free".into()),
        ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
    };
    let field = scoped.fields().define(input).await;
    let field = field.expect("the key is free");
    let given = create(scoped, "given@example.com", &json!({})).await;
    // By what it remembers, there is no such field.
    let late = create(&other, "late@example.com", &json!({ "plan": null })).await;
    let later = create(&other, "later@example.com", &json!({ "x": 1 })).await;
    let pro = create(scoped, "pro@example.com", &json!({ "plan": "pro" })).await;
    assert_eq!(json!(late.metadata), json!({}));
    assert_eq!(json!(later.metadata), json!({ "plan": "free", "x": 1 }));
    let changed = scoped.contacts().update(before.id, phone("1"), None).await;
    let changed = changed.expect("it is there");
    let contacts = scoped.contacts();
    contacts
        .delete(changed.id, None)
        .await
        .expect("it is there");
    let back = contacts.restore(changed.id, None).await;
    assert_eq!(json!(back.expect("it comes back").metadata), json!({}));
    let rows = ["before@example.com", "row@example.com"].map(contact);
    let batch = BatchInput {
        rows: rows.into(),
        dedup_on: vec!["email".to_owned()],
        ..BatchInput::default()
    };
    let report = contacts.batch(batch).await.expect("it is a batch");
    let row = report.data[1].id.expect("it is new");
    let all = BTreeSet::from([given.id, later.id, row]);
    assert_eq!(found(scoped, "free").await, all);
    assert_eq!(found(scoped, "pro").await, BTreeSet::from([pro.id]));
    let nothing = contacts.create(ContactInput::default()).await;
    assert_eq!(failure(nothing), ErrorKind::IdentifierRequired);
    let renamed = json!({ "options": { "choices": [{ "from": "free", "to": "basic" }, "pro"] } });
    let renamed = scoped.fields().update_json(field.id, renamed, None).await;
    let renamed = renamed.expect("it is a choice").decode();
    assert_eq!(
        renamed.expect("it is a field").options.default,
        Some("basic".into())
    );
    let gone = json!({ "options": { "choices": ["pro"] } });
    let gone = scoped.fields().update_json(field.id, gone, None).await;
    let gone = gone.expect_err("it is the default");
    assert_eq!(gone.field(), Some("options.default"));
}
