//! Unique fields at their edges: what is becoming unique, what others do meanwhile, and what cannot be asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use relm_core::engine::{BatchInput, Scoped};
use relm_core::error::ErrorKind;
use relm_core::limits::UNIQUE_FIELDS_MAX;
use relm_core::record::field::{FieldInput, FieldType};
use relm_core::record::object::{Contact, ContactInput, ObjectType};
use relm_core::store::{Batch, CommitError, Store};
use relm_core::value::id::{Id, Kind};
use serde_json::json;

use super::acme::{Acme, failure, phone};
use super::broken_off::BreaksOff;
use super::mock_transport::NoSleep;
use super::unique::{define, unique, values, with};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

/// More records than one step looks at.
const RECORDS: usize = 230;

async fn create(scoped: &Scoped) -> Vec<Id> {
    let batch = BatchInput {
        rows: (0..RECORDS).map(|n| with("no", format!("n{n}"))).collect(),
        ..BatchInput::default()
    };
    let report = scoped.contacts().batch(batch).await;
    let rows = report.expect("it is valid").data;
    let ids = rows.into_iter().map(|row| row.id.expect("it was made"));
    ids.collect()
}

fn input() -> FieldInput {
    FieldInput::new(ObjectType::Contact, "no", FieldType::Text)
}

/// An engine whose store fails every commit after so many.
async fn breaking(acme: &Acme, store: &Subject, commits: usize) -> Scoped {
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(commits)),
    });
    acme.beside(breaking, 100 + commits as u64).await
}

/// As long as a field is becoming unique, no upsert goes by it: what is not in the index yet would be made once more. The same
/// definition, sent again, goes on with it.
pub(crate) async fn nothing_is_known_by_what_is_becoming_unique(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    create(&acme.scoped).await;
    let unique = FieldInput {
        unique: true,
        ..input()
    };
    let broken = breaking(&acme, &store, 2).await;
    let begun = broken.fields().define(unique.clone()).await;
    assert!(!begun.expect("it is begun").unique);
    let contacts = acme.scoped.contacts();
    for known in ["n0", "n229"] {
        let upsert = contacts.upsert(with("no", known), ["metadata.no"], None);
        let error = upsert.await.expect_err("it is not unique yet");
        assert_eq!(error.kind(), ErrorKind::UnknownValue);
        assert_eq!(error.valid_options(), ["email"]);
        let rows = BatchInput {
            rows: vec![with("no", known)],
            dedup_on: vec!["metadata.no".to_owned()],
            atomic: false,
        };
        assert_eq!(failure(contacts.batch(rows).await), ErrorKind::UnknownValue);
        let body = json!({ "operations": [
            { "op": "upsert", "object": "contact", "match": { "metadata.no": known }, "data": {} },
        ] });
        let matched = acme.scoped.batch_json(body).await;
        assert_eq!(failure(matched), ErrorKind::UnknownValue);
    }
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), RECORDS);
    let other = FieldInput {
        required: true,
        ..unique.clone()
    };
    let fields = acme.scoped.fields();
    assert_eq!(failure(fields.define(other).await), ErrorKind::Conflict);
    let again = fields.define(unique).await;
    assert!(again.expect("it goes on").unique);
    for known in ["n0", "n229"] {
        let upsert = contacts.upsert(with("no", known), ["metadata.no"], None);
        upsert.await.expect("it is known");
    }
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), RECORDS);
}

/// What others do before the commit that is so many commits away.
struct Meanwhile {
    left: AtomicUsize,
    act: Act,
}

enum Act {
    /// They have the field no longer unique, and then again, which the second of them is broken off at.
    Anew {
        off: Scoped,
        on: Scoped,
        field: Id,
    },
    Purge {
        by: Scoped,
        contact: Id,
    },
}

#[async_trait]
impl Intercept for Meanwhile {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            match &self.act {
                Act::Anew { off, on, field } => {
                    let off = off.fields().update(*field, unique(false), None).await;
                    assert!(!off.expect("it is there").unique);
                    let on = on.fields().update(*field, unique(true), None).await;
                    assert!(!on.expect("it is begun").unique);
                }
                Act::Purge { by, contact } => {
                    let purged = by.contacts().purge(*contact, None).await;
                    assert!(purged.expect("it is there").purged);
                }
            }
        }
        store.commit(batch).await
    }
}

async fn meanwhile(acme: &Acme, store: &Subject, commits: usize, act: Act) -> Scoped {
    let by = Meanwhile {
        left: AtomicUsize::new(commits),
        act,
    };
    let between = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(by),
    });
    acme.beside(between, 50).await
}

/// Whoever filled an index ends that one: where somebody had the field no longer unique and begins anew, the new index has nothing yet.
pub(crate) async fn an_index_that_somebody_else_began_is_not_said_to_be_made(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    create(&acme.scoped).await;
    let fields = acme.scoped.fields();
    let field = fields.define(input()).await.expect("the key is free").id;
    let off = acme.beside(store.shared(), 60).await;
    let on = breaking(&acme, &store, 1).await;
    // The definition, two steps, and then the end.
    let asking = meanwhile(&acme, &store, 3, Act::Anew { off, on, field }).await;
    let asked = asking.fields().update(field, unique(true), None).await;
    assert_eq!(failure(asked), ErrorKind::Conflict);
    let there = fields.get(field).await.expect("it reads");
    let there = there.expect("it is there");
    assert!(!there.unique && there.unique_index.is_some(), "{there:?}");
    let ended = acme.crm.finish_unique_indexes(&NoSleep).await;
    ended.expect("it works");
    let there = fields.get(field).await.expect("it reads");
    assert!(there.expect("it is there").unique);
    assert_eq!(values(&acme, &store).await.len(), RECORDS);
}

/// A record that is purged between the reading of a step and its commit leaves no value in the index.
pub(crate) async fn a_record_that_is_purged_meanwhile_leaves_no_value(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contact = create(&acme.scoped).await[RECORDS - 1];
    let fields = acme.scoped.fields();
    let field = fields.define(input()).await.expect("the key is free").id;
    let by = acme.beside(store.shared(), 60).await;
    let asking = meanwhile(&acme, &store, 1, Act::Purge { by, contact }).await;
    let asked = asking.fields().update(field, unique(true), None).await;
    assert!(asked.expect("no two share one").unique);
    let kept = values(&acme, &store).await;
    assert!(kept.iter().all(|value| value.record_id != contact));
    assert_eq!(kept.len(), RECORDS - 1);
}

/// An upsert that says no value to know its record by makes none. One that matches by a value keeps it where what it says of it is null.
pub(crate) async fn an_upsert_needs_a_value_to_know_its_record_by(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    define(&acme.scoped, "no", FieldType::Text).await;
    let upsert = contacts.upsert(phone("1"), ["metadata.no", "email"], None);
    let error = upsert.await.expect_err("nothing says which");
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::ValidationFailed, Some("metadata.no"))
    );
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 0);
    let upsert = |path: &str, value: &str, data| json!({ "op": "upsert", "object": "contact", "match": { path: value }, "data": data });
    let body = json!({ "operations": [
        upsert("metadata.no", "1", json!({ "metadata": null })),
        upsert("metadata.no", "2", json!({ "metadata": { "no": null } })),
        upsert("email", "ada@example.com", json!({ "email": null })),
    ] });
    let done = acme.scoped.batch_json(body).await;
    done.expect("each makes its record");
    let found = async |input: ContactInput, member: &str| -> Contact {
        let found = contacts.upsert(input, [member], None).await;
        found.expect("it is valid")
    };
    let by_email = super::acme::contact("ada@example.com");
    found(by_email, "email").await;
    found(with("no", "1"), "metadata.no").await;
    found(with("no", "2"), "metadata.no").await;
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 3);
}

/// A definition of a member that the objects have anyway says that it is unique, and nothing else. One that leaves that out ends nothing.
pub(crate) async fn what_is_said_of_a_member_is_that_it_is_unique(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let fields = acme.scoped.fields();
    let other = acme.beside(store.shared(), 9).await;
    other.fields().all().await.expect("it reads");
    let domain = || FieldInput::built_in(ObjectType::Company, "domain");
    let required = FieldInput {
        required: true,
        ..domain()
    };
    let typed = FieldInput {
        field_type: FieldType::Email,
        ..domain()
    };
    for input in [required, typed] {
        assert_eq!(
            failure(fields.define(input).await),
            ErrorKind::ValidationFailed
        );
    }
    let made = fields.define(domain()).await.expect("no two have one");
    let bare = json!({ "object_type": "company", "key": "domain" });
    let error = other.fields().define_json(bare).await;
    let error = error.map(drop).expect_err("it is there already");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.existing_id(), Some(made.id));
    let there = fields.get(made.id).await.expect("it reads");
    assert_eq!(there, Some(made));
}

/// Each unique field is written with each record: there are so many of an object at most.
pub(crate) async fn so_many_fields_of_an_object_can_be_unique(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 9).await;
    let fields = other.fields();
    fields.all().await.expect("it reads");
    for n in 0..UNIQUE_FIELDS_MAX {
        define(&acme.scoped, &format!("no{n}"), FieldType::Text).await;
    }
    let one_more = fields.define(input()).await.expect("it is not unique").id;
    let asked = fields.update(one_more, unique(true), None).await;
    let error = asked.expect_err("there are enough");
    assert_eq!(
        (error.kind(), error.field()),
        (ErrorKind::ValidationFailed, Some("unique"))
    );
    let of_companies = FieldInput::built_in(ObjectType::Company, "domain");
    let of_companies = fields.define(of_companies).await;
    of_companies.expect("it is of other objects");
}
