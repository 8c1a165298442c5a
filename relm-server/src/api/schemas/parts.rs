//! What schemas are made of: names, references, ids.

use relm_core::{Kind, ObjectType};
use serde_json::{Map, Value, json};

/// Schemas by name.
pub(in crate::api) type Schemas = Map<String, Value>;

/// Where schemas refer to each other: a part of a JSON pointer.
pub(super) const PLACE: &str = "/components/schemas";

/// The kinds whose records the API answers with, each with the name of their schema.
pub(super) const RECORDS: [(Kind, &str); 9] = [
    (Kind::Contact, "Contact"),
    (Kind::Company, "Company"),
    (Kind::Deal, "Deal"),
    (Kind::Activity, "Activity"),
    (Kind::Association, "Association"),
    (Kind::Field, "CustomField"),
    (Kind::Webhook, "Webhook"),
    (Kind::Delivery, "Delivery"),
    (Kind::Event, "Event"),
];

/// The name of an object type's schema.
pub(super) const fn name_of(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::Contact => "Contact",
        ObjectType::Company => "Company",
        ObjectType::Deal => "Deal",
        ObjectType::Activity => "Activity",
    }
}

/// A schema that is elsewhere.
pub(in crate::api) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{PLACE}/{name}") })
}

/// One of several, told apart by what they have.
pub(super) fn one_of(names: &[&str]) -> Value {
    let references = names.iter().copied().map(reference);
    json!({ "oneOf": references.collect::<Vec<_>>() })
}

/// The ids of a kind: its prefix and a ULID.
pub(super) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$")
}

/// Gives a member the name that it has in JSON, where that is another for each type.
pub(super) fn rename(schema: &mut Value, from: &str, to: &str) {
    if let Some(members) = schema["properties"].as_object_mut() {
        let renamed = std::mem::take(members).into_iter().map(|(name, member)| {
            let name = if name == from { to.to_owned() } else { name };
            (name, member)
        });
        *members = renamed.collect();
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        for name in required.iter_mut().filter(|name| *name == from) {
            *name = to.into();
        }
    }
}
