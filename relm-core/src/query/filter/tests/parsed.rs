//! How the filters of a request are read, and what is said to those that cannot be.

use super::*;
use crate::query::filter::parse::list_values;

#[test]
fn operators_are_named_as_the_documentation_names_them() {
    let names = [
        "eq", "neq", "gt", "gte", "lt", "lte", "ilike", "in", "is_null",
    ];
    assert_eq!(Operator::ALL.map(Operator::as_str), names);
}

#[test]
fn a_list_takes_so_many_filters_and_repeats_of_in_are_none() {
    let mut filters = vec![["last_name", "neq", "x"]; FILTER_CLAUSES_MAX - 1];
    filters.extend([
        ["last_name", "in", "Babbage"],
        ["last_name", "in", "Lovelace"],
    ]);
    assert_eq!(found(&people(), &[], &filters), [1, 2]);
    filters.push(["id", "is_null", "false"]);
    let refused = refusal(Kind::Contact, &filters);
    assert_eq!(refused.message(), "A list takes at most 20 filters.");
}

#[test]
fn a_list_of_values_is_split_at_commas_that_are_not_escaped() {
    for (list, values) in [
        ("", &[""][..]),
        ("a", &["a"]),
        ("a,b", &["a", "b"]),
        (",", &["", ""]),
        (r"a\,b,c", &["a,b", "c"]),
        (r"a\\,b", &[r"a\", "b"]),
        (r"a\b\", &[r"a\b\"]),
    ] {
        assert_eq!(list_values(list), values, "{list}");
    }
}

#[test]
fn values_are_bounded_in_number_and_in_length() {
    let longest = "é".repeat(FILTER_VALUE_CHARS_MAX);
    let longer = longest.clone() + "é";
    let most = vec!["v"; FILTER_IN_VALUES_MAX].join(",");
    let more = most.clone() + ",v";
    for operator in ["eq", "in", "ilike"] {
        let read = |value| read(Kind::Contact, &[], &[["last_name", operator, value]]);
        assert!(read(&longest).is_ok(), "{operator}");
        assert!(read(&longer).is_err(), "{operator}");
    }
    assert!(read(Kind::Contact, &[], &[["last_name", "in", &most]]).is_ok());
    let refused = refusal(Kind::Contact, &[["last_name", "in", &more]]);
    assert_eq!(
        refused.message(),
        "`in` takes at most 100 values; these are 101."
    );
}

#[test]
fn a_value_of_another_type_is_refused_with_what_is_needed() {
    for (kind, field, value, needed) in [
        (Kind::Contact, "metadata.seats", "five", "a number"),
        (Kind::Contact, "metadata.seats", " 5", "a number"),
        (
            Kind::Contact,
            "metadata.since",
            "2026-02-30",
            "a day such as 2026-07-02",
        ),
        (Kind::Contact, "metadata.active", "yes", "true or false"),
        (Kind::Contact, "company_id", "7", "an id"),
        (
            Kind::Contact,
            "updated_at",
            "2026-07-02",
            "an RFC 3339 time such as 2026-07-02T10:00:00Z",
        ),
        (Kind::Deal, "value_cents", "5.5", "an integer"),
        (
            Kind::Deal,
            "close_date",
            "02.07.2026",
            "a day such as 2026-07-02",
        ),
        (Kind::Field, "required", "1", "true or false"),
    ] {
        let refused = refusal(kind, &[[field, "eq", value]]);
        let expected = format!("The filter on `{field}` needs {needed}, not `{value}`.");
        assert!(refused.message().starts_with(&expected), "{refused}");
        assert_eq!(refused.field(), Some(field));
    }
    let refused = refusal(Kind::Contact, &[["last_name", "is_null", "yes"]]);
    assert_eq!(
        refused.message(),
        "`is_null` takes true or false, not `yes`."
    );
}

#[test]
fn an_operator_that_means_nothing_on_a_type_is_refused_with_those_that_do() {
    for (kind, field, operator, others) in [
        (Kind::Contact, "id", "ilike", 8),
        (Kind::Deal, "value_cents", "ilike", 8),
        (Kind::Contact, "metadata.seats", "ilike", 8),
        (Kind::Field, "required", "gt", 4),
        (Kind::Field, "required", "gte", 4),
        (Kind::Field, "required", "lt", 4),
        (Kind::Field, "required", "lte", 4),
    ] {
        let refused = refusal(kind, &[[field, operator, "1"]]);
        let expected = format!("`{operator}` does not apply to `{field}`");
        assert!(refused.message().starts_with(&expected), "{refused}");
        assert_eq!(refused.valid_options().len(), others, "{refused}");
    }
}

#[test]
fn what_can_be_filtered_by_is_named_and_nothing_else_is_taken() {
    let event = [
        "id",
        "type",
        "record_id",
        "created_at",
        "from_id",
        "to_id",
        "request_id",
    ];
    assert!(filterable(Kind::Event).eq(event));
    let association = [
        "id",
        "from_type",
        "from_id",
        "to_type",
        "to_id",
        "label",
        "since",
        "until",
        "created_at",
        "record_id",
    ];
    assert!(filterable(Kind::Association).eq(association));
    for (kind, field) in [
        (Kind::Contact, "email_key"),
        (Kind::Contact, "record_id"),
        (Kind::Contact, "nothing"),
        (Kind::Event, "metadata"),
        (Kind::Event, "metadata.plan"),
    ] {
        let refused = refusal(kind, &[[field, "eq", "x"]]);
        let expected = format!("There is no field `{field}` to filter by.");
        assert!(refused.message().starts_with(&expected), "{refused}");
    }
    for nul in [
        ["last\0name", "eq", "x"],
        ["last_name", "eq\0", "x"],
        ["last_name", "eq", "\0"],
    ] {
        let refused = refusal(Kind::Contact, &[nul]);
        assert_eq!(
            refused.message(),
            "A filter must not hold the character U+0000."
        );
    }
}

#[test]
fn whoever_writes_a_filter_as_elsewhere_is_told_how_it_is_written_here() {
    for (kind, given, suggestion) in [
        (Kind::Contact, ["last_name", "equals", "x"], "eq"),
        (Kind::Contact, ["last_name", "starts_with", "x"], "ilike"),
        (Kind::Contact, ["surname", "eq", "x"], "last_name"),
        (Kind::Contact, ["seats", "eq", "5"], "metadata.seats"),
        (Kind::Contact, ["metadata", "tier", "x"], "metadata.tier"),
        (Kind::Contact, ["metadata", "eq", "x"], "metadata.plan"),
        (Kind::Company, ["website", "eq", "x"], "domain"),
        (Kind::Deal, ["amount", "eq", "5"], "value_cents"),
        (Kind::Activity, ["kind", "eq", "x"], "type"),
        (Kind::Association, ["deal", "eq", "x"], "record_id"),
        (Kind::Event, ["topic", "eq", "x"], "type"),
        (Kind::Delivery, ["state", "eq", "x"], "status"),
    ] {
        let refused = refusal(kind, &[given]);
        assert_eq!(refused.suggestion(), Some(suggestion), "{refused}");
    }
    let refused = refusal(Kind::Contact, &[["last_name", "starts_with", "Love"]]);
    let written = "`filter[last_name][ilike]=Love%25`";
    assert!(refused.message().contains(written), "{refused}");
}

#[test]
fn a_range_of_created_at_is_a_range_of_ids_too() {
    let (at, after) = (id(Kind::Contact, 2_000, 0), id(Kind::Contact, 2_001, 0));
    let from = (Comparison::Gte, at);
    let until = (Comparison::Lt, after);
    for (operator, expected) in [
        ("eq", &[from, until][..]),
        ("gt", &[from]),
        ("gte", &[from]),
        ("lt", &[until]),
        ("lte", &[until]),
        ("neq", &[]),
        ("in", &[]),
        ("is_null", &[]),
    ] {
        let value = if operator == "is_null" {
            "true"
        } else {
            "1970-01-01T00:00:02Z"
        };
        let clauses = read(Kind::Contact, &[], &[["created_at", operator, value]]).unwrap();
        let (column, bounds) = clauses.split_last().unwrap();
        assert!(matches!(column.target, Target::Column(_)), "{operator}");
        let expected = expected.iter().map(|(comparison, id)| Clause {
            target: Target::Id,
            condition: Condition::Compare(*comparison, (*id).into()),
        });
        assert!(bounds.iter().cloned().eq(expected), "{operator}");
    }
    // No id is from before 1970, and other columns say nothing of ids.
    let clauses = |field, value| read(Kind::Contact, &[], &[[field, "gte", value]]).unwrap();
    assert_eq!(clauses("created_at", "1969-12-31T23:59:59Z").len(), 1);
    assert_eq!(clauses("updated_at", "1970-01-01T00:00:02Z").len(), 1);
}
