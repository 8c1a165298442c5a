//! What a record's `metadata` may hold, and how a write merges into it.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::limits::{
    INTEGER_MAX, JSON_DEPTH_MAX, METADATA_BYTES_MAX, METADATA_KEY_CHARS_MAX, METADATA_KEYS_MAX,
};
use crate::record::patch::Patch;
use crate::value::json;

/// Free-form members of a record, sorted by key. Custom fields live here too.
pub type Metadata = Map<String, Value>;

/// Merges `patch` one level deep: a null member removes that key, a cleared patch empties the whole.
pub(crate) fn merge(patch: Patch<Metadata>, metadata: &mut Metadata) -> Result<()> {
    match patch {
        Patch::Keep => return Ok(()),
        Patch::Clear => metadata.clear(),
        Patch::Set(members) => {
            for (key, value) in members {
                check_key(&key)?;
                if value.is_null() {
                    metadata.remove(&key);
                } else {
                    check_value(&key, &value, 2)?;
                    metadata.insert(key, value);
                }
            }
        }
    }
    if metadata.len() > METADATA_KEYS_MAX {
        return Err(Error::invalid(
            "metadata",
            format!(
                "`metadata` must have at most {METADATA_KEYS_MAX} keys; it would have {}.",
                metadata.len()
            ),
        ));
    }
    let bytes = text_of(metadata).len();
    if bytes > METADATA_BYTES_MAX {
        return Err(Error::invalid(
            "metadata",
            format!(
                "`metadata` must be at most {METADATA_BYTES_MAX} bytes of JSON; it would be {bytes}."
            ),
        ));
    }
    Ok(())
}

/// The canonical text that stores keep.
pub fn text_of(metadata: &Metadata) -> String {
    serde_json::to_string(metadata).expect("a JSON map with text keys always serialises")
}

/// Whether a member can have this name.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let fits = !key.is_empty() && key.chars().count() <= METADATA_KEY_CHARS_MAX;
    if fits && !key.contains('\0') {
        return Ok(());
    }
    Err(Error::invalid(
        "metadata",
        format!(
            "A `metadata` key must be 1 to {METADATA_KEY_CHARS_MAX} characters without U+0000."
        ),
    ))
}

/// What the reader of requests refuses, a Rust caller could still pass.
fn check_value(key: &str, value: &Value, depth: usize) -> Result<()> {
    let refuse = |message: String| Err(Error::invalid(format!("metadata.{key}"), message));
    if depth > JSON_DEPTH_MAX && (value.is_array() || value.is_object()) {
        return refuse(format!(
            "`metadata.{key}` must not nest deeper than {JSON_DEPTH_MAX} levels."
        ));
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) if json::check_number(number) => Ok(()),
        Value::Number(_) => refuse(format!(
            "`metadata.{key}` must hold numbers between -{INTEGER_MAX} and {INTEGER_MAX}: write a longer one as a string."
        )),
        Value::String(text) if text.contains('\0') => refuse(format!(
            "`metadata.{key}` must not contain the character U+0000."
        )),
        Value::String(_) => Ok(()),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_value(key, item, depth + 1)),
        Value::Object(members) => members.iter().try_for_each(|(name, item)| {
            if name.contains('\0') {
                return refuse(format!(
                    "`metadata.{key}` must not contain the character U+0000."
                ));
            }
            check_value(key, item, depth + 1)
        }),
    }
}
