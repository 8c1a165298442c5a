//! What we write, read again: equal values.

use std::sync::Arc;

use proptest::prelude::*;
use relm_core::record::Document;
use relm_core::record::file::{
    CsvWriter, ExportColumns, FileOptions, Mapping, NdjsonWriter, REPORT_COLUMNS, csv_line, defused,
};
use relm_core::{Field, FieldType, Id, Kind, ObjectType};
use serde_json::{Map, Value, json};

use super::{apply, field, read, read_pieces};

fn fields() -> Vec<Field> {
    let contact =
        |key, field_type, choices: &[&str]| field(ObjectType::Contact, key, field_type, choices);
    vec![
        contact("nick", FieldType::Text, &[]),
        contact("seats", FieldType::Number, &[]),
        contact("since", FieldType::Date, &[]),
        contact("vip", FieldType::Bool, &[]),
        contact("plan", FieldType::Select, &["=free", "pro, max"]),
        field(ObjectType::Deal, "probability", FieldType::Number, &[]),
    ]
}

fn document(kind: Kind, value: &Value) -> Document {
    Document {
        id: Id::new(kind, 1),
        json: Arc::from(value.to_string()),
    }
}

/// What a request would say to make the record of a document: what has a value and is not the engine's own.
fn written(value: &Value) -> Map<String, Value> {
    let read_only = [
        "id",
        "object",
        "version",
        "mode",
        "created_at",
        "updated_at",
    ];
    let members = value.as_object().expect("a document is an object").iter();
    let kept = members.filter(|(name, value)| {
        let is_empty = value.as_object().is_some_and(Map::is_empty)
            || value.as_array().is_some_and(Vec::is_empty);
        !read_only.contains(&name.as_str()) && !value.is_null() && !is_empty
    });
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn check(object_type: ObjectType, value: &Value) {
    let document = document(object_type.kind(), value);
    let writer = CsvWriter::new(ExportColumns::of(object_type, &fields()));
    let file = writer.header() + &writer.row(&document).expect("it is an object");
    let back = read(&file).expect("it is a file of ours");
    let mapping = Mapping::suggest(&back.header, object_type, &fields());
    let rows = back.sound();
    assert_eq!(rows.len(), 1, "{file:?}");
    assert_eq!(apply(&mapping, &rows[0]), written(value), "{file:?}");

    let line = NdjsonWriter.row(&document);
    let back = read_pieces([line.as_bytes()], FileOptions::default()).expect("it is an object");
    let mapping = Mapping::suggest(&back.header, object_type, &fields());
    let mut said = apply(&mapping, &back.sound()[0]);
    said.retain(|_, value| !value.is_null() && value != &json!({}) && value != &json!([]));
    assert_eq!(said, written(value), "{line}");
}

fn contact(members: Value) -> Value {
    let mut contact = json!({
        "id": "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", "object": "contact", "email": null, "first_name": null, "last_name": null, "name": null,
        "phone": null, "emails": [], "phones": [], "company_id": null, "owner": null, "tags": [], "addresses": [], "metadata": {}, "version": 3, "mode": "live",
        "created_at": "2026-07-02T10:00:00.000Z", "updated_at": "2026-07-02T10:00:00.000Z",
    });
    let Value::Object(members) = members else {
        panic!("no object");
    };
    contact.as_object_mut().expect("it is one").extend(members);
    contact
}

#[test]
fn a_file_of_ours_has_a_column_for_each_member_and_field() {
    let columns = ExportColumns::of(ObjectType::Contact, &fields());
    assert_eq!(
        CsvWriter::new(columns).header(),
        "id,object,email,first_name,last_name,name,phone,company_id,owner,tags,emails,phones,addresses,version,mode,created_at,updated_at,metadata.nick,metadata.seats,\
         metadata.since,metadata.vip,metadata.plan,metadata\r\n"
    );
    let columns = ExportColumns::of(ObjectType::Deal, &fields());
    assert_eq!(
        columns.names().join(","),
        "id,object,title,value_cents,currency,stage,close_date,company_id,primary_contact_id,owner,tags,version,mode,created_at,updated_at,\
         metadata.probability,metadata"
    );
}

#[test]
fn every_type_of_value_comes_back() {
    check(
        ObjectType::Contact,
        &contact(json!({
            "email": "ada@example.com", "first_name": "", "last_name": "'=1+1", "phone": "+49 30", "company_id": "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
            "tags": ["=a;b", "c, d", "\"e\""],
            "addresses": [{"label": "=x", "street": "1 Main St\nFloor 2, \"A\"", "city": "Bonn", "region": null, "postal_code": "0153", "country": null}],
            "emails": [{"email": "ada@example.com", "label": null}, {"email": "a@home.example", "label": "=home, \"x\""}],
            "phones": [{"phone": "+49 30", "label": "work; day"}, {"phone": "=1 ::: 2", "label": null}],
            "metadata": {"nick": "-x", "seats": -1234.567, "since": "2026-07-02", "vip": false, "plan": "=free", "free": {"a": [1, null, "=x"]}, "n": 5},
        })),
    );
    // Values from before their definitions.
    check(
        ObjectType::Contact,
        &contact(json!({"metadata": {"seats": "many", "plan": "gone", "vip": 1, "nick": 1.234}})),
    );
    check(
        ObjectType::Deal,
        &json!({
            "id": "deal_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", "object": "deal", "title": "=HYPERLINK(\"x\")", "value_cents": -1_234, "currency": "JPY",
            "stage": "won", "close_date": "2026-12-31", "company_id": null, "primary_contact_id": "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
            "metadata": {"probability": 1.5e-7}, "version": 1, "mode": "test", "created_at": "2026-07-02T10:00:00.000Z",
            "updated_at": "2026-07-02T10:00:00.000Z",
        }),
    );
    check(
        ObjectType::Activity,
        &json!({
            "id": "act_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", "object": "activity", "type": "call", "subject": "a ::: b", "body": "one\r\ntwo\rthree\n",
            "contact_id": null, "deal_id": null, "company_id": null, "occurred_at": "2026-07-02T10:00:00.123Z", "metadata": {},
            "version": 1, "mode": "live", "created_at": "2026-07-02T10:00:00.000Z", "updated_at": "2026-07-02T10:00:00.000Z",
        }),
    );
    check(
        ObjectType::Company,
        &json!({
            "id": "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", "object": "company", "name": "\t", "domain": "example.com", "metadata": {}, "version": 1,
            "mode": "live", "created_at": "2026-07-02T10:00:00.000Z", "updated_at": "2026-07-02T10:00:00.000Z",
        }),
    );
}

#[test]
fn numbers_are_not_defused_and_texts_are() {
    let columns = ExportColumns::of(ObjectType::Contact, &fields());
    let value = contact(json!({"phone": "-5", "metadata": {"seats": -5}}));
    let row = CsvWriter::new(columns)
        .row(&document(Kind::Contact, &value))
        .unwrap();
    assert!(row.contains(",'-5,"), "{row}");
    assert!(row.contains(",-5,"), "{row}");
}

#[test]
fn a_report_of_failed_rows_is_read_as_the_file_was() {
    let value = contact(
        json!({"first_name": "", "last_name": "'=x", "phone": "+49 30", "metadata": {"nick": " "}}),
    );
    let columns = ExportColumns::of(ObjectType::Contact, &fields());
    let writer = CsvWriter::new(columns);
    let ours = writer.header() + &writer.row(&document(Kind::Contact, &value)).unwrap();
    let theirs = "Email,Phone,First Name,code\nada@x.example,+49 30,'Ada,7\n".to_owned();
    let code = field(ObjectType::Contact, "code", FieldType::Text, &[]);
    let fields = [fields(), vec![code]].concat();
    for mut file in [ours, theirs] {
        let first = read(&file).unwrap();
        let mapping = Mapping::suggest(&first.header, ObjectType::Contact, &fields);
        let said = apply(&mapping, &first.sound()[0]);
        // The report of a report is one, too.
        for _ in 0..3 {
            let read = read(&file).unwrap();
            let names = REPORT_COLUMNS
                .into_iter()
                .chain(read.header.iter().map(String::as_str));
            let cells = &read.cells()[0];
            let cells: Vec<_> = ["2", "conflict", "email", "taken", ""]
                .into_iter()
                .chain(cells.iter().map(String::as_str))
                .map(defused)
                .collect();
            file = csv_line(names) + &csv_line(cells.iter().map(AsRef::as_ref));
        }
        let last = read(&file).unwrap();
        let mapping = Mapping::suggest(&last.header, ObjectType::Contact, &fields);
        assert_eq!(apply(&mapping, &last.sound()[0]), said, "{file}");
    }
}

/// A text without U+0000, which no record holds.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{0,20}", "['=+@ \t\r\n\",;|-]{0,9}[a-z]{0,3}"]
}

proptest! {
    #[test]
    fn whatever_a_record_says_comes_back(
        first in prop::option::of(text()),
        last in prop::option::of(text()),
        nick in prop::option::of(text()),
        key in "[^\0]{1,8}",
        free in text(),
        seats in prop::option::of(-1e9..1e9_f64),
    ) {
        let mut metadata = Map::new();
        metadata.insert(key, free.into());
        if let Some(nick) = nick {
            metadata.insert("nick".to_owned(), nick.into());
        }
        if let Some(seats) = seats {
            metadata.insert("seats".to_owned(), seats.into());
        }
        check(ObjectType::Contact, &contact(json!({"first_name": first, "last_name": last, "metadata": metadata})));
    }
}
