//! What filters are held to: the records and the definitions that the tests of both halves share.

mod evaluated;
mod listed;
mod parsed;
mod typed;

use serde_json::{Value, json};

use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FILTER_CLAUSES_MAX, FILTER_IN_VALUES_MAX, FILTER_VALUE_CHARS_MAX};
use crate::record::Record;
use crate::record::field::{Field, FieldInput};
use crate::record::metadata::Metadata;
use crate::record::object::{Contact, Object, ObjectType};
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// An id of this moment.
fn id(kind: Kind, millis: u128, n: u128) -> Id {
    Id::new(kind, millis << 80 | n)
}

fn blank<T: Object>(kind: Kind, millis: u32) -> T {
    let now = Timestamp::from_millis(millis.into());
    T::blank(id(kind, millis.into(), 5), Mode::Live, now)
}

fn metadata(value: &Value) -> Metadata {
    value.as_object().expect("an object").clone().into()
}

fn contact(second: u32, last_name: Option<&str>, members: &Value) -> Record {
    let mut contact: Contact = blank(Kind::Contact, second * 1_000);
    contact.last_name = last_name.map(str::to_owned);
    contact.metadata = metadata(members);
    Record::Contact(contact.into())
}

/// Two people and somebody of whom little is known, made at 1, 2 and 3 seconds after the epoch.
fn people() -> [Record; 3] {
    let ada = json!({"plan": "pro", "seats": 5, "size": 5, "since": "2026-01-02", "active": true});
    let charles = json!({"plan": "free", "seats": 10.5, "since": "2026-03-04", "active": false});
    [
        contact(1, Some("Lovelace"), &ada),
        contact(2, Some("Babbage"), &charles),
        contact(
            3,
            None,
            &json!({"seats": [5], "size": "five", "active": ["true"]}),
        ),
    ]
}

fn defined(object_type: ObjectType, key: &str, field_type: FieldType) -> Field {
    let choices = if field_type.has_choices() {
        &["a", "café", "-"][..]
    } else {
        &[]
    };
    let input = FieldInput {
        choices: choices.iter().map(|one| (*one).to_owned()).collect(),
        ..FieldInput::new(object_type, key, field_type)
    };
    let now = Timestamp::from_millis(0);
    Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap()
}

/// What contacts have; on deals, members of the same names are of other types.
fn definitions() -> Vec<Field> {
    vec![
        defined(ObjectType::Deal, "plan", FieldType::Number),
        defined(ObjectType::Contact, "other", FieldType::Number),
        defined(ObjectType::Contact, "plan", FieldType::Text),
        defined(ObjectType::Contact, "seats", FieldType::Number),
        defined(ObjectType::Contact, "since", FieldType::Date),
        defined(ObjectType::Contact, "active", FieldType::Bool),
    ]
}

fn filter([field, operator, value]: [&str; 3]) -> Filter {
    let [field, operator, value] = [field, operator, value].map(str::to_owned);
    Filter {
        field,
        operator,
        value,
    }
}

fn read(kind: Kind, fields: &[Field], filters: &[[&str; 3]]) -> Result<Vec<Clause>> {
    let filters: Vec<Filter> = filters.iter().copied().map(filter).collect();
    parse(kind, fields, &filters)
}

/// The places, from 1, of the records that meet all of these filters.
fn found(records: &[Record], fields: &[Field], filters: &[[&str; 3]]) -> Vec<usize> {
    let clauses = read(records[0].kind(), fields, filters).unwrap();
    let places = (1..).zip(records);
    let met = places.filter(|(_, record)| matches(&clauses, record));
    met.map(|(place, _)| place).collect()
}

fn refusal(kind: Kind, filters: &[[&str; 3]]) -> Error {
    let refusal = read(kind, &definitions(), filters).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::BadRequest);
    refusal
}
