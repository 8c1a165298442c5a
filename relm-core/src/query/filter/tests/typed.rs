//! What filters ask of custom fields whose values have a form: sets, addresses, moments, amounts.

use super::*;
use crate::query::terms::index_terms;

/// What filters find among records that have these values, by the field's definition; in the terms of each that is found there is one of the
/// clause's, where it has any.
fn found_of(field_type: FieldType, values: &[Value], operator: &str, value: &str) -> Vec<usize> {
    let records = (1..).zip(values);
    let records = records.map(|(second, value)| contact(second, None, &json!({ "it": value })));
    let records: Vec<Record> = records.collect();
    let fields = [defined(ObjectType::Contact, "it", field_type)];
    let given = ["metadata.it", operator, value];
    let found = found(&records, &fields, &[given]);
    for clause in read(Kind::Contact, &fields, &[given]).unwrap() {
        let Some(terms) = clause.terms() else {
            continue;
        };
        for place in &found {
            let own = index_terms(&records[place - 1]);
            let is_indexed = terms.iter().any(|term| own.contains(term));
            assert!(is_indexed, "{given:?}: {terms:?} of {own:?}");
        }
    }
    found
}

#[test]
fn a_set_is_asked_for_what_it_has() {
    let values = [
        json!(["a", "café"]),
        json!(["café"]),
        json!([]),
        json!("a"),
        json!(["-", "b c"]),
    ];
    for (operator, value, expected) in [
        ("eq", "a", &[1][..]),
        ("eq", "cafe\u{301}", &[1, 2]),
        ("eq", "-", &[5]),
        ("eq", "c", &[]),
        ("eq", "b c", &[5]),
        // The opposite of `eq`, of whatever is there.
        ("neq", "a", &[2, 3, 4, 5]),
        ("in", "a,-", &[1, 5]),
        ("in", "x,a", &[1]),
        ("is_null", "false", &[1, 2, 3, 4, 5]),
    ] {
        let found = found_of(FieldType::Multiselect, &values, operator, value);
        assert_eq!(found, expected, "{operator} {value}");
    }
}

#[test]
fn a_value_is_asked_for_in_whatever_form_it_is_written() {
    for (field_type, stored, operator, value) in [
        (FieldType::Email, "ada@example.com", "eq", "Ada@Example.COM"),
        (
            FieldType::Email,
            "ada@example.com",
            "in",
            "x, ADA@example.com",
        ),
        // A record from before the definition may have what is no address.
        (FieldType::Email, "Ask Ada", "eq", "Ask Ada"),
        (FieldType::Phone, "+14155550132", "eq", "+1 (415) 555-0132"),
        (FieldType::Phone, "+14155550132", "eq", "001 415 555 0132"),
        (FieldType::Phone, "(415) 555-0132", "eq", "(415) 555-0132"),
        (
            FieldType::Datetime,
            "2026-07-02T10:00:00.000Z",
            "eq",
            "2026-07-02T12:00:00+02:00",
        ),
        (
            FieldType::Datetime,
            "2026-07-02T10:00:00.000Z",
            "gt",
            "2026-07-02T09:59:59.999Z",
        ),
        (
            FieldType::Datetime,
            "2026-07-02T10:00:00.000Z",
            "lte",
            "2026-07-02T10:00:00Z",
        ),
        (
            FieldType::Url,
            "https://example.com/a",
            "ilike",
            "%EXAMPLE.com/%",
        ),
        (
            FieldType::Url,
            "https://example.com/a",
            "eq",
            "https://example.com/a",
        ),
    ] {
        let found = found_of(field_type, &[json!(stored), json!(7)], operator, value);
        assert_eq!(found, [1], "{field_type} {operator} {value}");
    }
    let at = [json!("2026-07-02T10:00:00.000Z")];
    let later = found_of(FieldType::Datetime, &at, "gt", "2026-07-02T10:00:00Z");
    assert!(later.is_empty());
}

#[test]
fn an_operator_that_means_nothing_to_a_type_is_refused() {
    for (field_type, operators) in [
        (FieldType::Multiselect, "eq, neq, in, is_null"),
        (FieldType::Currency, "is_null"),
        (FieldType::Json, "is_null"),
        (
            FieldType::Datetime,
            "eq, neq, gt, gte, lt, lte, in, is_null",
        ),
        (FieldType::Bool, "eq, neq, in, is_null"),
        (
            FieldType::Email,
            "eq, neq, gt, gte, lt, lte, ilike, in, is_null",
        ),
    ] {
        let fields = [defined(ObjectType::Contact, "it", field_type)];
        for operator in Operator::ALL {
            let given = ["metadata.it", operator.as_str(), "2026-07-02T10:00:00Z"];
            let mut operators = operators.split(", ");
            let is_taken = operators.any(|one| one == operator.as_str());
            let read = read(Kind::Contact, &fields, &[given]);
            let is_unlike = |error: &Error| error.message().contains("does not apply to");
            let is_refused = read.as_ref().is_err_and(is_unlike);
            assert_eq!(is_refused, !is_taken, "{field_type} {given:?} {read:?}");
        }
    }
    let fields = [defined(ObjectType::Contact, "it", FieldType::Datetime)];
    let given = ["metadata.it", "gt", "2026-07-02"];
    let refusal = read(Kind::Contact, &fields, &[given]).unwrap_err();
    assert_eq!(refusal.suggestion(), Some("2026-07-02T00:00:00Z"));
}
