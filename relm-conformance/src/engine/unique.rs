//! Unique members beside the kinds' own keys: at most one live record has a value, whichever way it gets it.

use relm_core::engine::{BatchInput, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::UniqueValue;
use relm_core::record::field::{Field, FieldInput, FieldPatch, FieldType};
use relm_core::record::object::{Company, CompanyInput, Contact, ContactInput, ObjectType};
use relm_core::value::id::{Id, Kind};
use relm_core::{Metadata, Patch};
use serde_json::{Value, json};

use super::acme::{Acme, company, contact, failure};
use crate::subject::Subject;

/// Defines a field of contacts that is unique.
pub(super) async fn define(scoped: &Scoped, key: &str, field_type: FieldType) -> Field {
    let input = FieldInput {
        unique: true,
        ..FieldInput::new(ObjectType::Contact, key, field_type)
    };
    let defined = scoped.fields().define(input).await;
    let defined = defined.expect("nothing has a value");
    assert!(defined.unique, "{defined:?}");
    defined
}

/// A contact with a value of a field.
pub(super) fn with(key: &str, value: impl Into<Value>) -> ContactInput {
    ContactInput {
        metadata: Metadata::from([(key, value)]).into(),
        ..ContactInput::default()
    }
}

pub(super) fn unique(unique: bool) -> FieldPatch {
    FieldPatch {
        unique: unique.into(),
        ..FieldPatch::default()
    }
}

/// Which member of a record is taken, and by whom.
fn taken<T>(outcome: Result<T, Error>) -> (ErrorKind, Option<String>, Option<Id>) {
    match outcome {
        Ok(_) => panic!("the call must fail"),
        Err(error) => (
            error.kind(),
            error.field().map(str::to_owned),
            error.existing_id(),
        ),
    }
}

fn by(member: &str, holder: Id) -> (ErrorKind, Option<String>, Option<Id>) {
    (ErrorKind::Conflict, Some(member.to_owned()), Some(holder))
}

/// The values that are kept apart, each with its record: what is known of indexes themselves aside.
pub(super) async fn values(acme: &Acme, store: &Subject) -> Vec<UniqueValue> {
    let documents = acme.all(store, Kind::UniqueValue).await;
    let values = documents
        .iter()
        .map(|document| document.decode().expect("it is one"));
    values.collect()
}

/// At most one contact has a value of a unique field, of each type that can be: by what a filter for equality compares. No value is no
/// one's. A value that is changed or deleted is free at once.
pub(crate) async fn a_unique_field_holds_a_value_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    for (key, field_type, first, same, other) in [
        (
            "no",
            FieldType::Text,
            json!("\u{e9}-1"),
            json!("e\u{301}-1"),
            json!("\u{c9}-1"),
        ),
        ("rank", FieldType::Number, json!(1), json!(1.0), json!(1.5)),
        (
            "day",
            FieldType::Date,
            json!("2026-07-02"),
            json!("2026-07-02"),
            json!("2026-07-03"),
        ),
    ] {
        define(&acme.scoped, key, field_type).await;
        let member = format!("metadata.{key}");
        let create = async |value: &Value| contacts.create(with(key, value.clone())).await;
        let ada = create(&first).await.expect("it is free").id;
        assert_eq!(taken(create(&same).await), by(&member, ada), "{key}");
        let eva = create(&other).await.expect("it is another").id;
        let update = async |id, value: &Value| {
            let change = with(key, value.clone());
            contacts.update(id, change, None).await
        };
        assert_eq!(taken(update(eva, &same).await), by(&member, ada), "{key}");
        let again = update(ada, &same).await;
        again.expect("it is its own");
        let none = with(key, Value::Null);
        let none = contacts.update(ada, none, None).await;
        none.expect("it needs none");
        update(eva, &same).await.expect("it is free");
        let deleted = contacts.delete(eva, None).await;
        deleted.expect("it is there");
        update(ada, &first).await.expect("it is free");
        let back = contacts.restore(eva, None).await;
        assert_eq!(taken(back), by(&member, ada), "{key}");
        contacts.delete(ada, None).await.expect("it is there");
        contacts.restore(eva, None).await.expect("it is free");
    }
    assert_eq!(values(&acme, &store).await.len(), 3);
}

/// A member that the objects have anyway is made unique by a definition, and no longer by another change of it. A custom field of the
/// same name is another.
pub(crate) async fn a_domain_can_be_made_unique(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (fields, companies) = (acme.scoped.fields(), acme.scoped.companies());
    let of = |domain: &str| CompanyInput {
        domain: domain.into(),
        ..company("Acme")
    };
    let domain = fields.define(FieldInput::built_in(ObjectType::Company, "domain"));
    let domain = domain.await.expect("no two have one");
    assert!(domain.unique && domain.built_in);
    let first = companies.create(of("acme.example")).await;
    let first = first.expect("it is free").id;
    let second = companies.create(of("https://ACME.example/about")).await;
    assert_eq!(taken(second), by("domain", first));
    let custom = FieldInput::new(ObjectType::Company, "domain", FieldType::Number);
    let custom = fields.define(custom).await;
    custom.expect("it is another member");
    let free = CompanyInput {
        metadata: Metadata::from([("domain", 5)]).into(),
        ..company("Five")
    };
    companies
        .create(free.clone())
        .await
        .expect("it is a number");
    companies.create(free).await.expect("it is not unique");
    let again = fields.define(FieldInput::built_in(ObjectType::Company, "domain"));
    assert_eq!(again.await.expect("it is so already"), domain);
    let upsert = companies.upsert(of("www.acme.example"), ["domain"], None);
    let upserted: Company = upsert.await.expect("it is the same host");
    assert_eq!(upserted.id, first);
    let off = fields.update(domain.id, unique(false), None).await;
    assert!(!off.expect("it is there").unique);
    companies
        .create(of("acme.example"))
        .await
        .expect("it is not unique");
    assert_eq!(values(&acme, &store).await, []);
    let on = fields.update(domain.id, unique(true), None).await;
    assert_eq!(failure(on), ErrorKind::Conflict);
}

/// Values that records share keep a field from being unique: it stays as it is, and the error says which and whose.
pub(crate) async fn shared_values_keep_a_field_from_being_unique(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let (fields, contacts) = (acme.scoped.fields(), acme.scoped.contacts());
    let input = FieldInput::new(ObjectType::Contact, "no", FieldType::Text);
    let field = fields.define(input).await.expect("the key is free");
    let mut ids = Vec::new();
    for value in ["a", "b", "a", "c", "a", "b"] {
        let made = contacts.create(with("no", value)).await;
        ids.push(made.expect("it is valid").id);
    }
    let before = acme.events(&store).await.len();
    let forced = FieldPatch {
        force: true,
        ..unique(true)
    };
    for patch in [unique(true), forced] {
        let refused = fields.update(field.id, patch, None).await;
        let error = refused.expect_err("values are shared");
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Conflict, Some("unique"))
        );
        let listed = error.duplicates().iter();
        let mut listed: Vec<(&str, usize)> =
            listed.map(|it| (it.value.as_str(), it.ids.len())).collect();
        listed.sort_unstable();
        assert_eq!(listed, [("a", 3), ("b", 2)]);
        assert_eq!(error.count(), Some(5));
    }
    let anew = FieldInput {
        unique: true,
        ..FieldInput::new(ObjectType::Contact, "other", FieldType::Text)
    };
    contacts
        .create(with("other", "x"))
        .await
        .expect("it is valid");
    contacts
        .create(with("other", "x"))
        .await
        .expect("it is valid");
    let refused = fields.define(anew).await;
    assert_eq!(failure(refused), ErrorKind::Conflict);
    let there = fields.get(field.id).await.expect("it reads");
    assert_eq!(there, Some(field.clone()));
    assert_eq!(acme.events(&store).await.len(), before + 2);
    assert_eq!(values(&acme, &store).await, []);
    for id in [ids[0], ids[2], ids[5]] {
        contacts.delete(id, None).await.expect("it is there");
    }
    let done = fields.update(field.id, unique(true), None).await;
    assert!(done.expect("no two share one").unique);
    assert_eq!(values(&acme, &store).await.len(), 3);
}

/// What keeps values apart goes with what has them: with the definition, and with a record that is purged.
pub(crate) async fn no_unique_value_outlives_its_record_or_its_field(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let field = define(&acme.scoped, "no", FieldType::Text).await;
    let mut ids = Vec::new();
    for value in ["a", "b", "c"] {
        let made = contacts.create(with("no", value)).await;
        ids.push(made.expect("it is free").id);
    }
    let of = |values: Vec<UniqueValue>| -> Vec<Id> {
        let mut of: Vec<Id> = values.into_iter().map(|value| value.record_id).collect();
        of.sort_unstable();
        of
    };
    assert_eq!(of(values(&acme, &store).await), ids);
    let purged = contacts.purge(ids[0], None).await;
    assert!(purged.expect("it is there").purged);
    contacts.delete(ids[1], None).await.expect("it is there");
    assert_eq!(of(values(&acme, &store).await), ids[2..]);
    let removed = acme.scoped.fields().remove(field.id, None).await;
    removed.expect("it is there");
    assert_eq!(values(&acme, &store).await, []);
    define(&acme.scoped, "no", FieldType::Text).await;
    assert_eq!(of(values(&acme, &store).await), ids[2..]);
}

fn rows(rows: Vec<ContactInput>, dedup_on: &[&str]) -> BatchInput {
    BatchInput {
        rows,
        dedup_on: dedup_on.iter().map(|name| (*name).to_owned()).collect(),
        atomic: false,
    }
}

fn known(no: &str, email: impl Into<Patch<String>>) -> ContactInput {
    ContactInput {
        email: email.into(),
        ..with("no", no)
    }
}

/// Rows are known by whichever unique members they name. One that leads to several records fails; those that exchange values do so at
/// once.
pub(crate) async fn rows_are_known_by_any_unique_member(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    define(&acme.scoped, "no", FieldType::Text).await;
    let batch = async |input| contacts.batch(input).await.expect("it is valid");
    let by_both = ["email", "metadata.no"];
    let made = vec![
        known("1", "a@example.com"),
        known("2", "b@example.com"),
        known("1", Patch::Keep),
        ContactInput {
            first_name: "Eva".into(),
            ..contact("B@example.com")
        },
        known("1", "b@example.com"),
        known("3", "a@example.com"),
    ];
    let report = batch(rows(made, &by_both)).await;
    let counts = (
        report.created,
        report.updated,
        report.unchanged,
        report.failed,
    );
    assert_eq!(counts, (2, 2, 1, 1));
    let error = report.data[4].error.as_ref().expect("it is of two");
    assert_eq!(error.kind(), ErrorKind::AmbiguousMatch);
    let [ada, bea] = [0, 1].map(|row| report.data[row].id.expect("it was made"));
    assert_eq!(error.ids(), [bea, ada]);
    // 1 was given up for 3 by then.
    let report = batch(rows(vec![known("1", "c@example.com")], &by_both)).await;
    assert_eq!(report.created, 1);
    // By their numbers, the first two exchange their addresses.
    let exchange = vec![known("3", "b@example.com"), known("2", "a@example.com")];
    let report = batch(rows(exchange, &["metadata.no"])).await;
    assert_eq!(report.updated, 2, "{report:?}");
    let emails = async |id| {
        let found: Option<Contact> = contacts.get(id).await.expect("it reads");
        found.expect("it is there").email
    };
    assert_eq!(emails(ada).await.as_deref(), Some("b@example.com"));
    assert_eq!(emails(bea).await.as_deref(), Some("a@example.com"));
    // The second of these does not give its number up, so that the first cannot have it.
    let half = vec![
        known("2", "b@example.com"),
        ContactInput {
            phone: "1".into(),
            ..contact("a@example.com")
        },
    ];
    let report = batch(rows(half, &["email"])).await;
    assert_eq!((report.updated, report.failed), (1, 1));
    let error = report.data[0].error.clone().expect("it is taken");
    assert_eq!(taken::<()>(Err(error)), by("contacts[0].metadata.no", bea));
    let unknown = contacts.batch(rows(vec![known("1", Patch::Keep)], &["phone"]));
    let error = unknown.await.expect_err("it is not unique");
    assert_eq!(error.kind(), ErrorKind::UnknownValue);
    assert_eq!(error.valid_options(), ["email", "metadata.no"]);
}

/// Operations name records by unique values; those of one batch exchange them step by step.
pub(crate) async fn operations_match_any_unique_member(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    define(&acme.scoped, "no", FieldType::Number).await;
    let upsert = |no: u64, name: &str| {
        json!({
            "op": "upsert", "object": "contact", "match": { "metadata.no": no }, "data": { "first_name": name },
        })
    };
    let body = json!({ "operations": [
        upsert(1, "Ada"), upsert(2, "Eva"), upsert(1, "Bea"),
        { "op": "update", "object": "contact", "match": { "metadata.no": 1 }, "data": { "metadata": { "no": 3 } } },
        { "op": "update", "object": "contact", "match": { "metadata.no": 2.0 }, "data": { "metadata": { "no": 1 } } },
        { "op": "delete", "object": "contact", "match": { "metadata.no": 3 } },
    ] });
    let done = acme.scoped.batch_json(body).await;
    done.expect("each finds its record");
    let kept = values(&acme, &store).await;
    assert_eq!(kept.len(), 1);
    let kept = acme.scoped.contacts().get(kept[0].record_id).await;
    let kept = kept.expect("it reads").expect("it is there");
    assert_eq!(kept.first_name.as_deref(), Some("Eva"));
    assert_eq!(kept.metadata["no"], 1);
}
