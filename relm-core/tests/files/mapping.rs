//! Mappings that somebody asks for, and what rows say by them.

use relm_core::record::file::{CellOptions, DateOrder, Mapping, Row, Source};
use relm_core::{ErrorKind, FieldType, ObjectType, Result};
use serde_json::{Map, Value, json};

use super::{apply, field, read};

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn asked(header: &[&str], object_type: ObjectType, given: Value) -> Result<Mapping> {
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let plan = field(
        ObjectType::Contact,
        "plan",
        FieldType::Select,
        &["free", "pro"],
    );
    let seats = field(ObjectType::Contact, "seats", FieldType::Number, &[]);
    Mapping::read(&members(given), &header, object_type, &[plan, seats])
}

fn row(cells: &[&str]) -> Row {
    let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
    Row {
        line: 7,
        source: Source::Cells(cells),
    }
}

#[test]
fn what_is_asked_for_comes_first_and_what_is_known_after_it() {
    let header = ["Mail", "Ref", "Tarif", "Email", "Phone", "Note"];
    let given = json!({"email": "metadata.old_email", "Tarif": "metadata.plan", "Phone": null, "Ref": "id"});
    let mapping = asked(&header, ObjectType::Contact, given).unwrap();
    let shown = json!({"Mail": "email", "Ref": "id", "Tarif": "metadata.plan", "Email": "metadata.old_email", "Phone": null, "Note": null});
    assert_eq!(Value::Object(mapping.shown()), shown);
    assert_eq!(mapping.unmapped(), ["Phone", "Note"]);
    assert!(mapping.finds_by_id());
    let again = asked(&header, ObjectType::Contact, shown).unwrap();
    assert_eq!(again.shown(), mapping.shown());
    let kept: Mapping = serde_json::from_value(serde_json::to_value(&mapping).unwrap()).unwrap();
    assert_eq!(kept, mapping);
    let id = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    let said = apply(
        &kept,
        &row(&[" a@x.example ", id, "PRO", "b@x.example", "1", "x"]),
    );
    assert_eq!(
        Value::Object(said),
        json!({"email": "a@x.example", "id": id, "metadata": {"plan": "pro", "old_email": "b@x.example"}})
    );
}

#[test]
fn a_mapping_that_cannot_be_says_what_could() {
    let header = ["Mail", "Work Mail", "Tarif", "Created"];
    for (given, kind, message) in [
        (
            json!({"Mial": "email"}),
            ErrorKind::UnknownField,
            "The file has no column `Mial`. Did you mean `Mail`?",
        ),
        (
            json!({"Mail": "emial"}),
            ErrorKind::UnknownValue,
            "There is no member `emial` of a contact to map a column to. Did you mean `email`?",
        ),
        (
            json!({"Tarif": "plan"}),
            ErrorKind::UnknownValue,
            "There is no member `plan` of a contact to map a column to. Did you mean `metadata.plan`?",
        ),
        (
            json!({"Mail": "surname"}),
            ErrorKind::UnknownValue,
            "There is no member `surname` of a contact to map a column to. Did you mean `last_name`?",
        ),
        (
            json!({"Tarif": "shoe"}),
            ErrorKind::UnknownValue,
            "There is no member `shoe` of a contact to map a column to. What has no member of its own goes into `metadata`, as in \
             `metadata.source`.",
        ),
        (
            json!({"Mail": "email", "Work Mail": "email"}),
            ErrorKind::ValidationFailed,
            "The columns `Mail` and `Work Mail` are both mapped to `email`: map one of them to null, or to another member.",
        ),
        (
            json!({"Mail": "email", "mail": "phone"}),
            ErrorKind::ValidationFailed,
            "The column `Mail` is mapped twice: name it once.",
        ),
        (
            json!({"Created": "created_at"}),
            ErrorKind::ValidationFailed,
            "`created_at` is written by the engine alone: map the column to null, or keep it as `metadata.source_created_at`.",
        ),
        (
            json!({"Mail": 5}),
            ErrorKind::ValidationFailed,
            "The column `Mail` is mapped to the name of a member, such as `email`, or to null, not to 5.",
        ),
    ] {
        let error = asked(&header, ObjectType::Contact, given).unwrap_err();
        assert_eq!(error.message(), message);
        assert_eq!(error.kind(), kind, "{message}");
    }
    let deal = json!({"Mail": "value", "Tarif": "value_cents"});
    let error = asked(&header, ObjectType::Deal, deal).unwrap_err();
    assert!(error.message().contains("both mapped to `value_cents`"));
}

#[test]
fn a_cell_that_says_no_value_says_its_line_its_column_and_what_would_be_right() {
    let header = [
        "Title",
        "Amount (EUR)",
        "Currency",
        "Close Date",
        "Company ID",
    ];
    let mapping = asked(
        &header,
        ObjectType::Deal,
        json!({"Company ID": "company_id"}),
    )
    .unwrap();
    let errors = mapping
        .apply(&row(&["x", "1.234", "", "03/04/2026", "Acme"]))
        .unwrap_err();
    let messages: Vec<&str> = errors.iter().map(|error| &*error.message).collect();
    assert_eq!(
        messages,
        [
            "Line 7, column `Close Date`: `03/04/2026` could be two days: say `date_order`, `day_first` or `month_first`, or write it as \
             2026-12-31.",
            "Line 7, column `Company ID`: this takes the id of a company, which begins with `cmp_`, not `Acme`: names are not looked up.",
            "Line 7, column `Amount (EUR)`: `1.234` could be 1234 and 1.234: say `decimal_mark`, `point` or `comma`.",
        ]
    );
    assert_eq!(errors[2].member, "value");
    let mapping = mapping.with_options(CellOptions {
        date_order: Some(DateOrder::DayFirst),
        decimal_mark: None,
    });
    let said = apply(&mapping, &row(&["x", "1.234,5", "", "03/04/2026", ""]));
    assert_eq!(
        Value::Object(said),
        json!({"title": "x", "value_cents": 123_450, "currency": "EUR", "close_date": "2026-04-03"})
    );
    let said = apply(&mapping, &row(&["x", "12", "USD", "", ""]));
    assert_eq!(
        Value::Object(said),
        json!({"title": "x", "value_cents": 1_200, "currency": "USD"})
    );
}

#[test]
fn times_are_in_the_zone_of_their_header() {
    let header = ["Type", "Subject", "Activity date (GMT+02:00)"];
    let mapping = asked(&header, ObjectType::Activity, json!({})).unwrap();
    let said = apply(&mapping, &row(&["call", "Hello", "2026-07-02 10:00"]));
    assert_eq!(said["occurred_at"], json!("2026-07-02T08:00:00.000Z"));
}

#[test]
fn a_time_of_day_in_a_column_of_its_own_is_no_moment() {
    let header = ["Subject", "Due Date", "Due Time", "Start (YYYY-MM-DD)"];
    let mapping = asked(&header, ObjectType::Activity, json!({})).unwrap();
    assert_eq!(mapping.unmapped(), ["Due Time"]);
    assert_eq!(mapping.fallbacks(), []);
    let header = ["Subject", "Due DateTime", "Start Date Time"];
    let mapping = asked(&header, ObjectType::Activity, json!({})).unwrap();
    assert_eq!(mapping.unmapped(), [""; 0]);
}

#[test]
fn parts_of_addresses_are_put_together_by_their_columns() {
    let said = |headers: &[&str], cells: &[&str]| {
        let mapping = asked(headers, ObjectType::Contact, json!({})).unwrap();
        Value::Object(apply(&mapping, &row(cells)))
    };
    for (headers, cells, expected) in [
        (
            &[
                "Street Address",
                "City",
                "State/Region",
                "Postal Code",
                "Country/Region",
            ][..],
            &["1 Main St", "Springfield", "IL", "01234", "US"][..],
            json!([{ "street": "1 Main St", "city": "Springfield", "region": "IL", "postal_code": "01234", "country": "US" }]),
        ),
        (
            &[
                "Address 1 - Type",
                "Address 1 - City",
                "Address 2 - City",
                "Address 2 - Label",
            ],
            &["Home", "Bonn", "", "Work"],
            json!([{ "label": "Home", "city": "Bonn" }]),
        ),
        (
            &["Business City", "Home City", "Other Country/Region"],
            &["Bonn", "Oslo", "NO"],
            json!([
                { "label": "work", "city": "Bonn" },
                { "label": "home", "city": "Oslo" },
                { "label": "other", "country": "NO" },
            ]),
        ),
        // The first of two columns for one part.
        (
            &["Mailing City", "City"],
            &["Bonn", "Oslo"],
            json!([{ "city": "Oslo" }]),
        ),
    ] {
        let expected = json!({ "addresses": { "add": expected } });
        assert_eq!(said(headers, cells), expected, "{headers:?}");
    }
}

#[test]
fn a_cell_lists_tags_as_other_programs_write_them() {
    let mapping = asked(&["Labels"], ObjectType::Contact, json!({})).unwrap();
    for (cell, tags) in [
        ("vip", json!(["vip"])),
        ("vip; early bird;", json!(["vip", "early bird"])),
        ("vip, lead", json!(["vip", "lead"])),
        // What stands between has the other mark in it.
        ("a, b; c", json!(["a, b", "c"])),
        ("\"VIP\",\"a, b\"", json!(["VIP", "a, b"])),
        (r#"["a;b", "c"]"#, json!(["a;b", "c"])),
        (
            "* myContacts ::: Friends ::: * starred",
            json!(["Friends", "starred"]),
        ),
        ("[]", json!([])),
    ] {
        let said = apply(&mapping, &row(&[cell]));
        assert_eq!(Value::Object(said), json!({ "tags": tags }), "{cell}");
    }
    // What says of no group says nothing of those that there are.
    for cell in [" ", "* myContacts", ";"] {
        assert_eq!(
            Value::Object(apply(&mapping, &row(&[cell]))),
            json!({}),
            "{cell}"
        );
    }
}

#[test]
fn a_field_that_is_called_as_tags_are_comes_before_them_but_in_our_own_exports() {
    let own = field(ObjectType::Contact, "tags", FieldType::Json, &[]);
    let mapped = |header: &[&str]| {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        let mapping = Mapping::suggest(&header, ObjectType::Contact, std::slice::from_ref(&own));
        mapping.shown()["tags"].clone()
    };
    assert_eq!(mapped(&["email", "tags"]), "metadata.tags");
    let ours = [
        "id",
        "object",
        "tags",
        "version",
        "metadata.tags",
        "metadata",
    ];
    assert_eq!(mapped(&ours), "tags");
}

#[test]
fn a_whole_name_is_for_rows_without_its_parts() {
    let mapping = asked(&["Name", "First Name"], ObjectType::Contact, json!({})).unwrap();
    for (cells, said) in [
        (
            ["Ada King Lovelace ", ""],
            json!({"name": "Ada King Lovelace"}),
        ),
        (["Lovelace, Ada", ""], json!({"name": "Lovelace, Ada"})),
        (["Ada King", "Augusta"], json!({"first_name": "Augusta"})),
    ] {
        assert_eq!(Value::Object(apply(&mapping, &row(&cells))), said);
    }
    // Our own export has what the record has.
    let ours = ["id", "object", "first_name", "name", "version", "metadata"];
    let mapping = asked(&ours, ObjectType::Contact, json!({})).unwrap();
    let said = apply(&mapping, &row(&["", "contact", "Ada", "Ada King", "1", ""]));
    assert_eq!(
        Value::Object(said),
        json!({"first_name": "Ada", "name": "Ada King"})
    );
}

#[test]
fn objects_keep_their_types_and_null_clears() {
    let file = "{\"id\":\"con_1\",\"E-Mail\":\"a@x.example\",\"seats\":\"5\",\"phone\":491234,\"version\":3,\"shoe\":1}\n\
                {\"E-Mail\":null,\"first_name\":\"Ada\",\"metadata\":{\"x\":[1]},\"seats\":\"\"}\n";
    let read = read(file).unwrap();
    let seats = field(ObjectType::Contact, "seats", FieldType::Number, &[]);
    let mapping = Mapping::suggest(&read.header, ObjectType::Contact, &[seats]);
    assert_eq!(mapping.unmapped(), ["id", "shoe", "version"]);
    let said: Vec<_> = read
        .sound()
        .iter()
        .map(|row| Value::Object(apply(&mapping, row)))
        .collect();
    assert_eq!(
        said,
        [
            json!({"email": "a@x.example", "phone": "491234", "metadata": {"seats": 5}}),
            json!({"email": null, "first_name": "Ada", "metadata": {"x": [1]}}),
        ]
    );
}

#[test]
fn what_only_a_later_object_has_is_refused_rather_than_left_out() {
    let header = ["email", "plan"].map(str::to_owned);
    let plan = field(ObjectType::Contact, "plan", FieldType::Text, &[]);
    let mapping = Mapping::suggest(&header, ObjectType::Contact, &[plan]);
    let object = |value: Value| Row {
        line: 2,
        source: Source::Object(members(value)),
    };
    let fits =
        object(json!({ "email": "ada@example.com", "plan": "pro", "phone": "1", "mode": "live" }));
    let fits = mapping.apply(&fits);
    assert_eq!(fits.expect("a contact has these")["phone"], "1");
    let more = object(json!({ "email": "ada@example.com", "City": "Rome" }));
    let errors = mapping.apply(&more).unwrap_err();
    assert_eq!(
        errors[0].message,
        "Line 2 has `City`, and the first line has not, by which the members of a file are known: put it there too, as null where it has none."
    );
}

#[test]
fn several_addresses_of_a_row_are_all_of_its_contact() {
    let header = [
        "E-mail 1 - Value",
        "Person - Email - Home",
        "Business Phone",
        "Mobile Phone",
        "Additional email addresses",
    ];
    let mapping = asked(&header, ObjectType::Contact, json!({})).unwrap();
    for (cells, expected) in [
        (
            [
                "a@x.example",
                "b@x.example",
                "1",
                "2",
                "c@x.example;d@x.example",
            ],
            json!({
                "email": "a@x.example",
                "emails": [
                    { "email": "a@x.example", "label": null }, { "email": "b@x.example", "label": "home" },
                    "c@x.example", "d@x.example",
                ],
                "phone": "1",
                "phones": [{ "phone": "1", "label": "work" }, { "phone": "2", "label": "mobile" }],
            }),
        ),
        (
            ["a@x.example ::: b@x.example", "", "", "2", ""],
            json!({
                "email": "a@x.example",
                "emails": [{ "email": "a@x.example", "label": null }, { "email": "b@x.example", "label": null }],
                "phone": "2",
            }),
        ),
        (
            ["", "b@x.example", "", "", ""],
            json!({ "email": "b@x.example" }),
        ),
        (
            ["", "", "", "", "c@x.example"],
            json!({ "emails": ["c@x.example"] }),
        ),
    ] {
        let said = apply(&mapping, &row(&cells));
        assert_eq!(Value::Object(said), expected, "{cells:?}");
    }
}
