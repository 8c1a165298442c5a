//! Which keys and choices a custom field can have.

use std::collections::HashSet;

use super::field_type::FieldType;
use super::limits::FieldLimits;
use crate::error::{Error, Result};
use crate::limits::{
    FIELD_CHOICES_MAX, FIELD_KEY_CHARS_MAX, FIELD_OPTIONS_BYTES_MAX, TEXT_CHARS_MAX,
};
use crate::record::check;
use crate::record::hint;
use crate::record::object_type::ObjectType;
use crate::value::excerpt::{Quoted, json_bytes};
use crate::value::text::nfc;

/// Whether a custom field can have this key.
pub(super) fn check_key(key: &str) -> Result<()> {
    let mut bytes = key.bytes();
    let well_formed = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if well_formed && key.len() <= FIELD_KEY_CHARS_MAX {
        return Ok(());
    }
    let error = Error::invalid(
        "key",
        format!(
            "`key` must be a lower-case letter and up to {} of a-z, 0-9 and _, not {}.",
            FIELD_KEY_CHARS_MAX - 1,
            Quoted(key)
        ),
    );
    Err(hint::field_key_meant(key).on(error))
}

/// Whether a custom field of this type can have these limits.
pub(super) fn check_limits(field_type: FieldType, limits: &FieldLimits) -> Result<()> {
    let said = [
        (FieldType::Number, limits.of_numbers()),
        (FieldType::Text, limits.of_texts()),
    ];
    for (of, name) in said {
        if let Some(name) = name
            && of != field_type
        {
            let message = format!("Only a `{of}` field has `{name}`, not a `{field_type}`.");
            return Err(Error::invalid(format!("options.{name}"), message));
        }
    }
    Ok(())
}

/// Whether a custom field of this type can refer to these objects.
pub(super) fn check_referenced(field_type: FieldType, to: Option<ObjectType>) -> Result<()> {
    const OBJECT_TYPE: &str = "options.object_type";
    match (field_type, to) {
        (FieldType::Reference, Some(_)) => Ok(()),
        (FieldType::Reference, None) => {
            let all = ObjectType::ALL.map(ObjectType::as_str);
            let message = format!(
                "A `reference` field needs `{OBJECT_TYPE}`, the type of the records that it names: one of {}.",
                hint::some_of(all.into_iter())
            );
            Err(Error::invalid(OBJECT_TYPE, message).options("", all))
        }
        (_, None) => Ok(()),
        (_, Some(_)) => {
            let message =
                format!("Only a `reference` field has `object_type`, not a `{field_type}`.");
            Err(Error::invalid(OBJECT_TYPE, message))
        }
    }
}

/// Whether a custom field of this type can have these choices. Two of them that differ in composition alone are one.
pub(super) fn check_choices(field_type: FieldType, choices: &[String]) -> Result<()> {
    let refuse = |message: String| Err(Error::invalid("options.choices", message));
    if !field_type.has_choices() {
        if choices.is_empty() {
            return Ok(());
        }
        let message =
            format!("Only a `select` or `multiselect` field has choices, not a `{field_type}`.");
        return refuse(message);
    }
    if choices.is_empty() || choices.len() > FIELD_CHOICES_MAX {
        return refuse(format!(
            "A `{field_type}` field needs 1 to {FIELD_CHOICES_MAX} `options.choices`."
        ));
    }
    let bytes: usize = choices.iter().map(|choice| json_bytes(choice) + 3).sum();
    if bytes > FIELD_OPTIONS_BYTES_MAX {
        return refuse(format!(
            "All `options.choices` together can be {FIELD_OPTIONS_BYTES_MAX} bytes of JSON at most, and these are {bytes}: have \
             fewer or shorter ones."
        ));
    }
    let mut seen = HashSet::new();
    for choice in choices {
        check::text("options.choices", choice.clone(), TEXT_CHARS_MAX)?;
        if choice.trim().is_empty() {
            return refuse("A choice must not be empty.".to_owned());
        }
        if !seen.insert(nfc(choice)) {
            return refuse(format!("The choice {} is there twice.", Quoted(choice)));
        }
    }
    Ok(())
}
