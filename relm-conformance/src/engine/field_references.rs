//! Custom fields that name a record: which must be there when it is named, and is let go of, or moved, as those of other members are.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use relm_core::engine::{ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::limits::REFERENCE_FIELDS_MAX;
use relm_core::record::field::{Enforce, FieldInput, FieldPatch, FieldType};
use relm_core::record::filter::Filter;
use relm_core::record::object::{Contact, ContactInput, DealInput, ObjectType};
use relm_core::store::{Batch, CommitError, Store};
use relm_core::value::id::{Id, Kind};
use serde_json::{Value, json};

use super::acme::{Acme, company, contact, failure};
use super::merges::create;
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

pub(super) const REFERRED_BY: &str = "metadata.referred_by";

pub(super) fn input(of: ObjectType) -> FieldInput {
    FieldInput::reference(of, "referred_by", ObjectType::Contact)
}

pub(super) async fn define(scoped: &Scoped, of: ObjectType) -> Id {
    let defined = scoped.fields().define(input(of)).await;
    defined.expect("the key is free").id
}

pub(super) fn referring(email: &str, metadata: &Value) -> ContactInput {
    super::acme::with(email, metadata)
}

pub(super) async fn person(scoped: &Scoped, email: &str) -> Id {
    create(scoped, contact(email)).await.id
}

pub(super) async fn read(scoped: &Scoped, id: Id) -> Contact {
    let found = scoped.contacts().get(id).await;
    found.expect("the store reads").expect("it is there")
}

pub(super) async fn deal(scoped: &Scoped, title: &str, by: Id) -> Id {
    let input = DealInput {
        title: title.into(),
        metadata: super::acme::tagged("referred_by", &by.text()),
        ..DealInput::default()
    };
    let made = scoped.deals().create(input).await;
    made.expect("it is there").id
}

pub(super) async fn found(scoped: &Scoped, operator: &str, value: &str) -> BTreeSet<Id> {
    let filter = Filter::new(REFERRED_BY, operator, value);
    let request = ListRequest::default().filter(filter).limit(200);
    let found = scoped.contacts().list(&request).await;
    let found = found.expect("it lists").data.into_iter();
    found.map(|contact| contact.id).collect()
}

/// A reference names a live record of its type and scope, or nothing; what is wrong with one says what would be right.
pub(crate) async fn a_reference_names_a_record_that_is_there(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    define(scoped, ObjectType::Contact).await;
    let ada = person(scoped, "ada@example.com").await;
    let gone = person(scoped, "gone@example.com").await;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let elsewhere = acme.in_another_workspace("other").await;
    let stranger = person(&elsewhere.scoped, "ada@example.com").await;
    let deleted = scoped.contacts().delete(gone, None).await;
    deleted.expect("it is there");
    for (value, kind, said) in [
        (
            json!(gone),
            ErrorKind::InvalidReference,
            "There is no `con_",
        ),
        (
            json!(stranger),
            ErrorKind::InvalidReference,
            "There is no `con_",
        ),
        (
            json!(shop),
            ErrorKind::InvalidReference,
            "is the id of a company",
        ),
        (
            json!("ada"),
            ErrorKind::InvalidReference,
            "an existing contact",
        ),
        (
            json!({ "id": ada }),
            ErrorKind::ValidationFailed,
            "Send the id alone",
        ),
        (json!(7), ErrorKind::ValidationFailed, "the id of a contact"),
    ] {
        let eva = referring("eva@example.com", &json!({ "referred_by": value }));
        let refused = scoped.contacts().create(eva).await;
        let refused = refused.expect_err("no such record is there");
        assert_eq!((refused.kind(), refused.field()), (kind, Some(REFERRED_BY)));
        assert!(refused.message().contains(said), "{}", refused.message());
    }
}

/// What a write does not touch is not judged again, though the record is gone; filters find a value by the id.
pub(crate) async fn a_reference_stays_when_its_record_is_deleted(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    define(scoped, ObjectType::Contact).await;
    let ada = person(scoped, "ada@example.com").await;
    let gone = person(scoped, "gone@example.com").await;
    let bob = referring("bob@example.com", &json!({ "referred_by": gone }));
    let bob = create(scoped, bob).await.id;
    let deleted = scoped.contacts().delete(gone, None).await;
    deleted.expect("ids that others hold of it stay");
    // It was there when it was named.
    for metadata in [
        json!({ "note": "x" }),
        json!({ "referred_by": gone, "note": "y" }),
    ] {
        let input = referring("bob@example.com", &metadata);
        let written = scoped.contacts().update(bob, input, None).await;
        let written = written.expect("what is as it was is not judged");
        assert_eq!(written.metadata["referred_by"], json!(gone));
    }
    let eva = referring("eva@example.com", &json!({ "referred_by": ada }));
    let eva = create(scoped, eva).await.id;
    assert_eq!(
        found(scoped, "eq", &ada.text()).await,
        BTreeSet::from([eva])
    );
    assert_eq!(
        found(scoped, "neq", &ada.text()).await,
        BTreeSet::from([bob])
    );
    let both = format!("{ada},{gone}");
    assert_eq!(found(scoped, "in", &both).await, BTreeSet::from([bob, eva]));
    assert_eq!(
        found(scoped, "is_null", "true").await,
        BTreeSet::from([ada])
    );
    let cleared = referring("bob@example.com", &json!({ "referred_by": null }));
    let cleared = scoped.contacts().update(bob, cleared, None).await;
    assert!(
        !cleared
            .expect("nothing is named")
            .metadata
            .contains_key("referred_by")
    );
    let again = referring("bob@example.com", &json!({ "referred_by": gone }));
    let again = scoped.contacts().update(bob, again, None).await;
    assert_eq!(failure(again), ErrorKind::InvalidReference);
}

/// Rows of a batch fail each alone, and operations name records of those before them.
pub(crate) async fn rows_with_custom_references_are_judged_alone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    define(scoped, ObjectType::Contact).await;
    let ada = person(scoped, "ada@example.com").await;
    let lost = Id::new(Kind::Contact, 7);
    let row = |n: usize, by: Id| json!({ "email": format!("{n}@example.com"), "metadata": { "referred_by": by } });
    let rows = json!({ "contacts": [row(1, ada), row(2, lost), row(3, ada)] });
    let report = scoped.contacts().batch_json(rows).await;
    let report: Value =
        serde_json::from_str(&report.expect("rows fail alone").body).expect("it is JSON");
    let status = |n: usize| report["data"][n]["status"].clone();
    assert_eq!(
        [status(0), status(1), status(2)],
        ["created", "failed", "created"]
    );
    let at = format!("contacts[1].{REFERRED_BY}");
    assert_eq!(report["data"][1]["error"]["field"], at);
    let operations = json!({ "operations": [
        { "op": "create", "object": "contact", "ref": "eva", "data": { "email": "eva@example.com" } },
        { "op": "create", "object": "contact", "data": {
            "email": "max@example.com", "metadata": { "referred_by": { "$ref": "eva" }, "raw": { "$ref": "eva" } },
        } },
    ] });
    let done = scoped.batch_json(operations).await.expect("both are made");
    let done: Value = serde_json::from_str(&done.body).expect("it is JSON");
    let [eva, max] = [0, 1].map(|n| done["data"][n]["record"].clone());
    assert_eq!(max["metadata"]["referred_by"], eva["id"]);
    // Only a reference is looked for in a field.
    assert_eq!(max["metadata"]["raw"], json!({ "$ref": "eva" }));
    let operations = json!({ "operations": [
        { "op": "create", "object": "contact", "data": { "email": "x@example.com", "metadata": { "referred_by": { "$ref": "y" } } } },
    ] });
    let refused = scoped
        .batch_json(operations)
        .await
        .expect_err("there is no such name");
    let at = "operations[0].data.metadata.referred_by";
    assert_eq!(
        (refused.kind(), refused.field()),
        (ErrorKind::InvalidReference, Some(at))
    );
}

/// Deletes a record through another engine, before the first commit that names it.
struct DeletesFirst {
    by: Scoped,
    record: Id,
}

#[async_trait]
impl Intercept for DeletesFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        // Whoever comes second finds it gone.
        drop(self.by.contacts().delete(self.record, None).await);
        store.commit(batch).await
    }
}

/// A record that is deleted between the plan of a write that names it and its commit is not named.
pub(crate) async fn a_custom_reference_and_a_deletion_exclude_each_other(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    define(&acme.scoped, ObjectType::Contact).await;
    let bob = person(&acme.scoped, "bob@example.com").await;
    for (n, is_new) in [(0, true), (1, false)] {
        let ada = person(&acme.scoped, &format!("{n}@example.com")).await;
        let by = Arc::new(DeletesFirst {
            by: acme.scoped.clone(),
            record: ada,
        });
        let between = Intercepted {
            store: store.shared(),
            by,
        };
        let scoped = acme.beside(Arc::new(between), 7 + n).await;
        let metadata = json!({ "referred_by": ada });
        let written = match is_new {
            true => {
                scoped
                    .contacts()
                    .create(referring("eva@example.com", &metadata))
                    .await
            }
            false => {
                let bob_s = referring("bob@example.com", &metadata);
                scoped.contacts().update(bob, bob_s, None).await
            }
        };
        let refused = written.expect_err("it was deleted first");
        let said = (refused.kind(), refused.field());
        assert_eq!(said, (ErrorKind::InvalidReference, Some(REFERRED_BY)));
        assert!(found(&acme.scoped, "is_null", "false").await.is_empty());
    }
}

/// A definition names its objects for good; its values are neither unique nor given by default, and so many fields of an object can be
/// references.
pub(crate) async fn a_reference_is_defined_for_good(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let nameless = FieldInput::new(ObjectType::Deal, "referred_by", FieldType::Reference);
    let unique = FieldInput {
        unique: true,
        ..input(ObjectType::Deal)
    };
    let default = FieldInput {
        default: Some(json!(Id::new(Kind::Contact, 1))),
        ..input(ObjectType::Deal)
    };
    let of_a_text = FieldInput {
        field_type: FieldType::Text,
        ..input(ObjectType::Deal)
    };
    for (refused, at) in [
        (nameless, "options.object_type"),
        (of_a_text, "options.object_type"),
        (unique, "unique"),
        (default, "options.default"),
    ] {
        let refused = scoped.fields().define(refused).await;
        let refused = refused.expect_err("no reference is so");
        assert_eq!(refused.field(), Some(at), "{}", refused.message());
    }
    let id = define(scoped, ObjectType::Deal).await;
    let again = scoped.fields().define(input(ObjectType::Deal)).await;
    assert_eq!(failure(again), ErrorKind::Conflict);
    let said = json!({ "options": { "object_type": "company" } });
    let refused = scoped.fields().update_json(id, said, None).await;
    let refused = refused.expect_err("it is for good");
    assert_eq!(refused.field(), Some("options.object_type"));
    let same = json!({ "options": { "object_type": "contact" }, "label": "Referred by" });
    let same = scoped.fields().update_json(id, same, None).await;
    same.expect("it says what is so");
    let patch = FieldPatch {
        required: true.into(),
        enforce: Enforce::OnChange.into(),
        ..FieldPatch::default()
    };
    let patched = scoped.fields().update(id, patch, None).await;
    assert!(patched.expect("there is no deal").required);
    for n in 1..REFERENCE_FIELDS_MAX {
        let input = FieldInput::reference(ObjectType::Deal, format!("to_{n}"), ObjectType::Deal);
        scoped.fields().define(input).await.expect("there is room");
    }
    let beyond = FieldInput::reference(ObjectType::Deal, "beyond", ObjectType::Deal);
    let beyond = scoped.fields().define(beyond).await;
    assert_eq!(beyond.expect_err("there is no room").field(), Some("type"));
    // Another object has its own.
    define(scoped, ObjectType::Contact).await;
    let ada = person(scoped, "ada@example.com").await;
    let bob = referring("bob@example.com", &json!({ "referred_by": ada }));
    let bob = create(scoped, bob).await.id;
    let named = read(scoped, bob).await.metadata;
    assert_eq!(named["referred_by"], json!(ada));
}
