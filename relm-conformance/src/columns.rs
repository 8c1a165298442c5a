//! Each column's accessor reads the JSON member of the column's name, in varied records of every kind.

use relm_core::query::terms::index_terms;
use relm_core::record::column::{Access, Column, ColumnType, ColumnValue, Identity};
use relm_core::record::object::ObjectType;
use relm_core::record::{Entry, Record, columns, list_named};
use relm_core::value::host;
use relm_core::value::id::Kind;
use relm_core::value::text::nfc;
use relm_core::value::time::Timestamp;
use serde_json::{Value, json};

use crate::subject::NOW;
use crate::varied::varied;

/// Members of an object that are no columns: a store keeps the id, the version and the scope beside them, and of what was told of the moment
/// that is waited for.
const BESIDE_COLUMNS: [&str; 5] = ["id", "object", "version", "mode", "notified_due_at"];

/// Varied records of a kind, of which no two members are one everywhere, as a store that keeps their JSON reads them.
fn records(kind: Kind) -> impl Iterator<Item = (Value, Record)> {
    varied(kind).into_iter().zip(0..).map(move |(record, n)| {
        let mut json: Value = serde_json::from_str(&Entry::new(record).json).unwrap();
        for (name, millis) in [("created_at", 1), ("updated_at", 2)] {
            if let Some(member) = json.get_mut(name) {
                *member = json!(NOW.saturating_add_millis(10 * n + millis));
            }
        }
        let record = Record::from_json(kind, &json.to_string()).unwrap();
        (json, record)
    })
}

/// The value that a JSON member has in a column.
fn value_of(column: &Column, member: &Value) -> Option<ColumnValue<'static>> {
    match (column.ty, member) {
        (_, Value::Null) => None,
        (ColumnType::Text { .. }, Value::String(text)) if column.identity == Identity::Domain => {
            Some(nfc(&host::key(text)).into_owned().into())
        }
        (ColumnType::Text { .. }, Value::String(text)) => Some(nfc(text).into_owned().into()),
        (ColumnType::Id(_) | ColumnType::Date, Value::String(text)) => Some(text.clone().into()),
        (ColumnType::Timestamp, Value::String(text)) => Timestamp::parse(text).map(Into::into),
        (ColumnType::Integer, Value::Number(number)) => number.as_i64().map(Into::into),
        (ColumnType::Boolean, Value::Bool(value)) => Some((*value).into()),
        (ColumnType::Json, value) => Some(value.to_string().into()),
        (ty, value) => panic!("{} is {ty:?} and holds {value}", column.name),
    }
}

#[test]
fn every_accessor_reads_the_member_of_its_column_s_name() {
    for kind in Kind::ALL {
        let mut held = vec![Vec::new(); columns(kind).len()];
        for (json, record) in records(kind) {
            for ((column, value), held) in record.values().zip(&mut held) {
                let value = value.map(ColumnValue::into_owned);
                let expected = match (json.get(column.name), column.name, column.access) {
                    (Some(member), ..) => value_of(column, member),
                    (None, "record_id", _) => value_of(column, &json["data"]["id"]),
                    (None, end @ ("from_id" | "to_id"), _) => value_of(column, &json["data"][end]),
                    (None, _, Access::Awaited) => record.awaited_at().map(ColumnValue::from),
                    (None, _, Access::Unique) => record.unique_key().map(ColumnValue::from),
                    (None, name, _) => panic!("{kind:?} has no member {name} in {json}"),
                };
                assert_eq!(value, expected, "{kind:?}.{} of {json}", column.name);
                held.push(value);
            }
        }
        for (index, values) in held.iter().enumerate() {
            let name = columns(kind)[index].name;
            let differs = held[..index].iter().all(|others| others != values);
            assert!(
                differs,
                "another column of {kind:?} could be read as {name}"
            );
        }
    }
}

#[test]
fn every_member_of_an_object_has_a_column_or_is_a_list() {
    for object_type in ObjectType::ALL {
        let columns: Vec<&str> = columns(object_type.kind())
            .iter()
            .map(|it| it.name)
            .collect();
        let record = varied(object_type.kind()).swap_remove(0);
        let json: Value = serde_json::from_str(&Entry::new(record).json).unwrap();
        for name in json.as_object().unwrap().keys() {
            let is_beside = BESIDE_COLUMNS.contains(&name.as_str());
            assert!(
                is_beside
                    || columns.contains(&name.as_str())
                    || list_named(object_type.kind(), name).is_some(),
                "{object_type}.{name}"
            );
        }
    }
}

/// A store that keeps documents and nothing else has all that it finds records by.
#[test]
fn a_document_reads_as_the_record_that_was_written() {
    for kind in Kind::ALL {
        for record in varied(kind) {
            let read = Entry::new(record.clone())
                .document()
                .into_entry()
                .unwrap()
                .record;
            assert!(read.values().eq(record.values()), "{kind:?}: {read:?}");
            assert_eq!((read.id(), read.version()), (record.id(), record.version()));
            assert_eq!(read.unique_key(), record.unique_key());
            assert_eq!(index_terms(&read), index_terms(&record));
        }
    }
}
