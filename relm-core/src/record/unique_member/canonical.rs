//! What a value of a unique member is compared by, and its key in an index.

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use crate::record::field::FieldType;
use crate::value::hex::hex;
use crate::value::id::Id;
use crate::value::text::nfc;
use crate::value::time::{Date, Timestamp};

/// The unique key of a value: of one length, however long the value is, and without it.
pub(super) fn key(index: Id, canonical: &str) -> String {
    format!("{}:{}", index.text(), hex(&Sha256::digest(canonical)))
}

/// The one form of a value of a field; none where the field does not hold it. Two values have one form exactly where a filter that asks
/// for one of them finds the other.
pub(super) fn canonical(field_type: FieldType, value: &Value) -> Option<String> {
    match (field_type, value) {
        (FieldType::Datetime, Value::String(text)) => {
            Timestamp::parse(text).map(|at| at.to_string())
        }
        (
            FieldType::Text
            | FieldType::Select
            | FieldType::Url
            | FieldType::Email
            | FieldType::Phone,
            Value::String(text),
        ) => Some(nfc(&field_type.form_of(text)).into_owned()),
        (FieldType::Date, Value::String(text)) => Date::parse(text).map(|day| day.to_string()),
        (FieldType::Number, Value::Number(number)) => canonical_number(number),
        (FieldType::Bool, Value::Bool(value)) => Some(value.to_string()),
        _ => None,
    }
}

/// A number by its value: 1 and 1.0 are one, and so are 0 and -0.0.
fn canonical_number(number: &Number) -> Option<String> {
    let value = number.as_f64()?;
    // Adding nothing has a negative zero be zero.
    Some(format!("{:016x}", (value + 0.0).to_bits()))
}
