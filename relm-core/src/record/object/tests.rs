use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::record::input::Reader;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;

const TEXTS: [&str; 3] = ["first_name", "last_name", "phone"];

/// A change as JSON: some members absent, some null, some set.
fn change() -> impl Strategy<Value = Map<String, Value>> {
    let member = || {
        of(prop_oneof![
            Just(Value::Null),
            "[a-z]{0,3}".prop_map(Value::from)
        ])
    };
    let metadata = of(btree_map("[a-c]", of(0..3), 0..3));
    (member(), member(), member(), metadata).prop_map(|(first, last, phone, metadata)| {
        let texts = TEXTS.into_iter().zip([first, last, phone]);
        let texts = texts.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let metadata = metadata.map(|members| ("metadata".to_owned(), json!(members)));
        texts.chain(metadata).collect()
    })
}

fn applied(contact: &Contact, change: &Map<String, Value>) -> Contact {
    let mut reader = Reader::new(Value::Object(change.clone())).unwrap();
    let mut changed = contact.clone();
    changed.apply(Contact::read(&mut reader).unwrap()).unwrap();
    reader.finish().unwrap();
    changed
}

/// The rules of a PATCH, on JSON alone.
fn patched(mut record: Value, change: &Map<String, Value>) -> Value {
    for (name, value) in change {
        match value.as_object() {
            Some(members) => {
                let metadata = record["metadata"].as_object_mut().unwrap();
                metadata.extend(members.clone());
                metadata.retain(|_, value| !value.is_null());
            }
            None => record[name] = value.clone(),
        }
    }
    record["phones"] = match &record["phone"] {
        Value::Null => json!([]),
        phone => json!([{ "phone": phone, "label": null }]),
    };
    record
}

proptest! {
    #[test]
    fn a_change_touches_what_it_names_and_applies_once(first in change(), second in change()) {
        let id = Id::new(Kind::Contact, 1);
        let contact = Contact::blank(id, Mode::Test, id.timestamp());
        let once = applied(&contact, &first);
        prop_assert_eq!(&applied(&once, &first), &once);
        let then = applied(&once, &second);
        let expected = patched(patched(json!(contact), &first), &second);
        prop_assert_eq!(json!(then), expected);
    }
}
