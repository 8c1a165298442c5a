//! Objects that take no members of `metadata` but those of custom fields: which writes are refused, and what stays.

use relm_core::engine::{BatchInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::field::{FieldInput, FieldType, UnknownMembers};
use relm_core::record::object::{Contact, ContactInput, ObjectType};
use relm_core::value::id::Id;
use serde_json::{Value, json};

use super::acme::{Acme, company, failure, phone, with};
use crate::subject::Subject;

const OF: ObjectType = ObjectType::Contact;

async fn create(scoped: &Scoped, email: &str, metadata: &Value) -> Contact {
    let made = scoped.contacts().create(with(email, metadata)).await;
    made.expect("it is taken")
}

async fn plan(scoped: &Scoped) {
    let plan = FieldInput::new(OF, "plan", FieldType::Text);
    let defined = scoped.fields().define(plan).await;
    defined.expect("the key is free");
}

async fn metadata(scoped: &Scoped, id: Id) -> Value {
    let found = scoped.contacts().get(id).await.expect("it reads");
    json!(found.expect("it is there").metadata)
}

/// What a record has from before is in no write's way: neither as it is, nor as it is taken away.
async fn what_is_there_stays(scoped: &Scoped, id: Id, late: ContactInput) {
    let contacts = scoped.contacts();
    let kept = with(
        "ada@example.com",
        &json!({ "paln": "pro", "plan": "free", "x": null }),
    );
    let rows = vec![late, kept];
    let batch = BatchInput {
        rows,
        dedup_on: vec!["email".to_owned()],
        ..BatchInput::default()
    };
    let report = contacts.batch(batch).await.expect("it is a batch");
    assert_eq!((report.failed, report.updated), (1, 1));
    let both = json!({ "paln": "pro", "plan": "free" });
    assert_eq!(metadata(scoped, id).await, both);
    contacts
        .update(id, phone("1"), None)
        .await
        .expect("it leaves it");
    contacts.delete(id, None).await.expect("it is there");
    contacts.restore(id, None).await.expect("it is as it was");
    let cleared = with("ada@example.com", &json!({ "paln": null }));
    contacts
        .update(id, cleared, None)
        .await
        .expect("it takes it away");
    assert_eq!(metadata(scoped, id).await, json!({ "plan": "free" }));
}

/// From the moment that an object is strict, no engine takes a member that is not defined, whichever way it is written; what is there
/// stays as long as nobody sets it to something else. Other objects take what they took, and so does this one once it may again.
pub(crate) async fn unknown_members_are_refused_by_every_engine(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    plan(scoped).await;
    let before = create(scoped, "ada@example.com", &json!({ "paln": "pro" })).await;
    let other = acme.beside(store.shared(), 2).await;
    create(&other, "eva@example.com", &json!({ "paln": "pro" })).await;
    let fields = scoped.fields();
    let set = fields.set_unknown_members(OF, UnknownMembers::Reject).await;
    assert_eq!(
        set.expect("it is set").unknown_members,
        UnknownMembers::Reject
    );
    // By what it remembers, this would do.
    let late = with("late@example.com", &json!({ "paln": "pro" }));
    let refused = other.contacts().create(late.clone()).await;
    let refused = refused.expect_err("it is no field");
    assert_eq!(refused.kind(), ErrorKind::UnknownField);
    assert_eq!(refused.field(), Some("metadata.paln"));
    assert_eq!(refused.suggestion(), Some("plan"));
    let contacts = scoped.contacts();
    let upserted = contacts.upsert(late.clone(), ["email"], None).await;
    assert_eq!(failure(upserted), ErrorKind::UnknownField);
    let otherwise = with("ada@example.com", &json!({ "paln": "free" }));
    let changed = contacts.update(before.id, otherwise, None).await;
    assert_eq!(failure(changed), ErrorKind::UnknownField);
    what_is_there_stays(scoped, before.id, late).await;
    let companies = scoped.companies().create(company("Engines")).await;
    companies.expect("companies are as they were");
    let again = fields.set_unknown_members(OF, UnknownMembers::Accept).await;
    again.expect("it is set");
    create(&other, "late@example.com", &json!({ "paln": "pro" })).await;
    let events = acme.events(&store).await;
    let of_fields = events.iter().map(|event| event.event_type.as_str());
    let of_fields: Vec<&str> = of_fields.filter(|it| it.starts_with("field.")).collect();
    assert_eq!(
        of_fields,
        ["field.created", "field.created", "field.updated"]
    );
}
