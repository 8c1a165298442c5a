//! The engine over the store: names that differ in nothing but how their letters are composed are one (Unicode's NFC).

use relm_core::engine::ListRequest;
use relm_core::error::ErrorKind;
use relm_core::query::filter::Filter;
use relm_core::record::association::AssociationInput;
use relm_core::record::field::{FieldInput, FieldType};
use relm_core::record::object::ContactInput;
use relm_core::value::id::Id;
use serde_json::json;

use super::acme::{Acme, contact, failure, required_field, tagged};
use crate::subject::Subject;

/// `café`, composed and not.
const SPELLINGS: [&str; 2] = ["caf\u{e9}", "cafe\u{301}"];

/// The contacts that a filter finds.
async fn found(acme: &Acme, field: &str, operator: &str, value: &str) -> Vec<Id> {
    let request = ListRequest::default().filter(Filter::new(field, operator, value));
    let list = acme.scoped.contacts().list(&request).documents().await;
    let list = list.expect("the filter is well-formed");
    list.data.iter().map(|document| document.id).collect()
}

/// The label of an association and the name of a workspace are one in every composition: neither is made twice.
pub(crate) async fn a_name_is_one_in_every_composition(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    let mut ends = Vec::new();
    for email in ["ada@example.com", "bob@example.com"] {
        let made = contacts.create(contact(email)).await;
        ends.push(made.expect("it is valid").id);
    }
    let link = async |label: &str| {
        let input = AssociationInput {
            from_id: ends[0],
            to_id: ends[1],
            label: Some(label.to_owned()),
            attributes: Default::default(),
        };
        let linked = acme.scoped.associations().link(input).await;
        linked.expect("both are there")
    };
    let edge = link(SPELLINGS[1]).await;
    assert_eq!(edge.label.as_deref(), Some(SPELLINGS[1]), "it is kept");
    let other = link("cafe").await;
    assert_ne!(other.id, edge.id, "it is another label");
    for label in SPELLINGS {
        assert_eq!(link(label).await.id, edge.id, "{label:?}");
        for (operator, expected) in [("eq", edge.id), ("in", edge.id), ("neq", other.id)] {
            let filter = Filter::new("label", operator, label);
            let request = ListRequest::default().filter(filter);
            let listed = acme.scoped.associations().list(&request).documents().await;
            let listed = listed.expect("the filter is well-formed").data;
            let ids: Vec<Id> = listed.iter().map(|document| document.id).collect();
            assert_eq!(ids, [expected], "{operator} {label:?}");
        }
    }
    let workspace = async |name: &str| acme.crm.create_workspace(name).await;
    workspace(SPELLINGS[0]).await.expect("the name is free");
    for name in ["cafe\u{301}", "CAF\u{c9}", "CAFE\u{301}"] {
        let taken = failure(workspace(name).await);
        assert_eq!(taken, ErrorKind::Conflict, "{name:?}");
    }
    workspace("cafe").await.expect("it is another name");
}

/// A key of `metadata` is one in every composition, in writes and in filters; the spelling that was there first stays.
pub(crate) async fn a_key_is_one_in_every_composition(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let contacts = acme.scoped.contacts();
    for (kept, other) in [(SPELLINGS[0], SPELLINGS[1]), (SPELLINGS[1], SPELLINGS[0])] {
        let input = ContactInput {
            metadata: tagged(kept, "closed"),
            ..ContactInput::default()
        };
        let made = contacts.create(input).await.expect("it is valid");
        let change = async |value: &str| {
            let input = ContactInput {
                metadata: tagged(other, value),
                ..ContactInput::default()
            };
            let changed = contacts.update(made.id, input, None).await;
            changed.expect("it is there")
        };
        let same = change("closed").await;
        assert_eq!(same, made, "it says what is so already");
        let changed = change("open").await;
        assert_eq!(json!(changed.metadata), json!({ kept: "open" }));
        assert_eq!(changed.metadata[other], "open");
        for spelling in SPELLINGS {
            let field = format!("metadata.{spelling}");
            for (operator, value) in [("eq", "open"), ("in", "shut,open"), ("is_null", "false")] {
                let found = found(&acme, &field, operator, value).await;
                assert_eq!(found, [made.id], "{kept:?} {spelling:?} {operator}");
            }
            assert_eq!(found(&acme, &field, "is_null", "true").await, []);
        }
        let body = json!({ "metadata": { (other): null } });
        let cleared = contacts.update_json(made.id, body, None).await;
        let cleared = cleared.expect("it is there").decode();
        let cleared = cleared.expect("it is a contact");
        assert!(cleared.metadata.is_empty(), "{cleared:?}");
        contacts.delete(made.id, None).await.expect("it is there");
    }
    let twice = json!({ "phone": "1", "metadata": { (SPELLINGS[0]): 1, (SPELLINGS[1]): 2 } });
    assert_eq!(
        failure(contacts.create_json(twice).await),
        ErrorKind::ValidationFailed
    );
}

/// A choice of a `select` is one in every composition: it is defined once, taken and asked for in each.
pub(crate) async fn a_choice_is_one_in_every_composition(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let drink = |choices: &[&str]| FieldInput {
        field_type: FieldType::Select,
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
        ..required_field("drink")
    };
    let fields = acme.scoped.fields();
    let twice = failure(fields.define(drink(&SPELLINGS)).await);
    assert_eq!(twice, ErrorKind::ValidationFailed);
    let defined = fields.define(drink(&[SPELLINGS[0], "cafe"])).await;
    defined.expect("the key is free");
    let mut made = Vec::new();
    for spelling in SPELLINGS {
        let input = ContactInput {
            metadata: tagged("drink", spelling),
            ..ContactInput::default()
        };
        let one = acme.scoped.contacts().create(input).await;
        let one = one.expect("it is one of the choices");
        assert_eq!(one.metadata["drink"], spelling, "it is kept");
        made.insert(0, one.id);
    }
    for spelling in SPELLINGS {
        for operator in ["eq", "in"] {
            let found = found(&acme, "metadata.drink", operator, spelling).await;
            assert_eq!(found, made, "{operator} {spelling:?}");
        }
    }
    let input = ContactInput {
        metadata: tagged("drink", "CAF\u{c9}"),
        ..ContactInput::default()
    };
    let other = acme.scoped.contacts().create(input).await;
    assert_eq!(failure(other), ErrorKind::UnknownValue);
}
