//! What a contact has several of as JSON: of requests, and of documents from before there were lists.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{EMAILS, EmailAddress, PHONES, PhoneNumber, Several};
use crate::error::{Error, Result};
use crate::record::check;
use crate::record::hint::{self, Hint};
use crate::record::input::Reader;
use crate::record::patch::Patch;
use crate::value::spelling::OtherNames;

/// What other APIs call the members of an e-mail address or a telephone number of a contact.
const SEVERAL_NAMES: OtherNames = &[(&["type", "kind", "name", "category"], &["label"])];

/// Takes a list of what contacts have several of: each entry an object with a label, or its text alone.
///
/// # Errors
/// `validation_failed` when it is of another type, or an entry is; `unknown_field` for another member of an entry.
pub(crate) fn read<S: Several>(reader: &mut Reader) -> Result<Patch<Vec<S>>> {
    let (name, one) = (S::ALL, S::ONE);
    let entry = |(index, value): (usize, Value)| {
        let at = format!("{name}[{index}]");
        if let Value::String(text) = value {
            return Ok(S::of(text, None));
        }
        if !value.is_object() {
            let expected = format!(r#"a string, or an object such as {{"{one}": …, "label": …}}"#);
            return Err(hint::mismatch(&at, &expected, &value, Hint::default()));
        }
        let read = Reader::new(value)?.all_of(|reader| {
            reader.knowing(SEVERAL_NAMES);
            let text = check::required(one, reader.text(one)?)?;
            let label = reader.text("label")?;
            Ok(S::of(text, label.as_set().cloned()))
        });
        read.map_err(|error| error.within(&at))
    };
    match reader.take(name) {
        None => Ok(Patch::Keep),
        Some(Value::Null) => Ok(Patch::Clear),
        Some(Value::Array(values)) if values.len() <= S::MAX * 2 => {
            let all = values.into_iter().enumerate().map(entry);
            all.collect::<Result<_>>().map(Patch::Set)
        }
        Some(Value::Array(values)) => {
            let (max, given) = (S::MAX, values.len());
            let message = format!("`{name}` can hold {max} at most; these are {given}.");
            Err(Error::invalid(name, message))
        }
        Some(other) => {
            let expected = format!(r#"a list such as [{{"{one}": …, "label": "work"}}]"#);
            Err(hint::mismatch(name, &expected, &other, Hint::default()))
        }
    }
}

/// What contacts have several of, as it was in a document that had one alone.
pub(crate) fn before<'a>(name: &str, member: impl Fn(&str) -> Option<&'a str>) -> Option<Value> {
    let one = match name {
        EMAILS => EmailAddress::ONE,
        PHONES => PhoneNumber::ONE,
        _ => return None,
    };
    let text = member(one).and_then(|json| serde_json::from_str::<Option<String>>(json).ok());
    let entry = |text: String| {
        let members = [
            (one.to_owned(), Value::from(text)),
            ("label".to_owned(), Value::Null),
        ];
        Value::Object(Map::from_iter(members))
    };
    Some(Value::Array(text?.into_iter().map(entry).collect()))
}

/// A list of a document, which may say null of what there was not yet.
pub(crate) fn or_none<'de, D, S>(deserializer: D) -> Result<Vec<S>, D::Error>
where
    D: Deserializer<'de>,
    S: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
