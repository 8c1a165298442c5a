//! How operations of a batch name the records of those before them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{ERROR_OPTIONS_MAX, OPERATION_REF_CHARS_MAX};
use crate::record::field::{Field, referenced};
use crate::record::input::{Reader, type_name};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::id::Id;

/// The member by which a value stands for the record of an earlier operation.
pub(super) const REF: &str = "$ref";

/// The member whose keys can be custom fields.
const METADATA: &str = "metadata";

/// The records that earlier operations gave names; none where one failed.
pub(super) type Named = BTreeMap<String, Option<Id>>;

/// Whether a text can be the name of an operation's record.
pub(super) fn is_name(text: &str) -> bool {
    (1..=OPERATION_REF_CHARS_MAX).contains(&text.chars().count())
}

/// Takes the name that an operation gives its record, and refuses one that cannot be it.
pub(super) fn check_reference(reader: &mut Reader, named: &Named) -> Result<()> {
    let Patch::Set(name) = reader.text("ref")? else {
        return Ok(());
    };
    if !is_name(&name) {
        let chars = name.chars().count();
        return Err(Error::invalid(
            "ref",
            format!("`ref` must be 1 to {OPERATION_REF_CHARS_MAX} characters; it has {chars}."),
        ));
    }
    if named.contains_key(&name) {
        let message = format!(
            "An earlier operation has the `ref` {}: each name is of one record.",
            Quoted(&name)
        );
        return Err(Error::invalid("ref", message));
    }
    Ok(())
}

/// What an operation writes, with ids in the places of what stands for records of earlier operations: in members of its own, and in custom
/// fields that are references. Elsewhere in `metadata` the same is JSON like any other.
pub(super) fn resolved(
    data: Value,
    of: Option<ObjectType>,
    fields: &[Field],
    named: &Named,
) -> Result<Value> {
    let Value::Object(members) = data else {
        let message = format!("`data` must be an object, not {}.", type_name(&data));
        return Err(Error::invalid("data", message));
    };
    let is_reference = |key: &str| {
        let mut fields = of.into_iter().flat_map(|of| referenced(fields, of));
        fields.any(|(field, _)| field.key == key)
    };
    let resolve = |(name, value): (String, Value)| {
        let value = match value {
            Value::Object(metadata) if name == METADATA => {
                let metadata = metadata.into_iter().map(|(key, value)| {
                    let value = match is_reference(&key) {
                        true => in_place(value, &format!("data.{METADATA}.{key}"), named)?,
                        false => value,
                    };
                    Ok((key, value))
                });
                Value::Object(metadata.collect::<Result<_>>()?)
            }
            value => in_place(value, &format!("data.{name}"), named)?,
        };
        Ok((name, value))
    };
    let members: Result<Map<String, Value>> = members.into_iter().map(resolve).collect();
    members.map(Value::Object)
}

/// The id of the record that a value stands for, or else the value.
fn in_place(value: Value, place: &str, named: &Named) -> Result<Value> {
    match reference_of(&value) {
        Some(name) => Ok(Value::String(look_up(name, place, named)?.text())),
        None => Ok(value),
    }
}

/// The name in a value that stands for a record.
pub(super) fn reference_of(value: &Value) -> Option<&str> {
    match value.as_object() {
        Some(members) if members.len() == 1 => members.get(REF)?.as_str(),
        Some(_) | None => None,
    }
}

/// The record of an earlier operation.
pub(super) fn look_up(name: &str, place: &str, named: &Named) -> Result<Id> {
    let quoted = Quoted(name);
    match named.get(name) {
        Some(Some(id)) => Ok(*id),
        Some(None) => Err(Error::new(
            ErrorKind::InvalidReference,
            format!("The operation with the `ref` {quoted} failed, and with it this one."),
        )
        .at(place)),
        None => {
            let message = format!("No earlier operation has the `ref` {quoted}.");
            let error = Error::new(ErrorKind::InvalidReference, message).at(place);
            // Each of many operations would be compared with each of many names.
            let names = named.keys().map(String::as_str).take(ERROR_OPTIONS_MAX);
            Err(error.options(name, names))
        }
    }
}
