//! Which records meet a filter.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::query::terms::{metadata_terms, number};
use crate::record::association::{Association, AssociationInput};
use crate::record::object::{Activity, Company, Deal};

#[test]
fn each_operator_asks_what_its_name_says_of_a_column() {
    let both =
        id(Kind::Contact, 1_000, 5).to_string() + "," + &id(Kind::Contact, 3_000, 5).to_string();
    let second = id(Kind::Contact, 2_000, 5).to_string();
    for (field, operator, value, expected) in [
        ("last_name", "eq", "Lovelace", &[1][..]),
        ("last_name", "eq", "lovelace", &[]),
        ("last_name", "neq", "Lovelace", &[2]),
        ("last_name", "gt", "Babbage", &[1]),
        ("last_name", "gte", "Babbage", &[1, 2]),
        ("last_name", "lt", "Lovelace", &[2]),
        ("last_name", "lte", "Lovelace", &[1, 2]),
        ("last_name", "ilike", "%LACE", &[1]),
        ("last_name", "in", "Nobody,Babbage", &[2]),
        ("last_name", "is_null", "true", &[3]),
        ("last_name", "is_null", "false", &[1, 2]),
        ("id", "eq", &second, &[2]),
        ("id", "neq", &second, &[1, 3]),
        ("id", "gt", &second, &[3]),
        ("id", "in", &both, &[1, 3]),
        ("id", "is_null", "true", &[]),
        ("updated_at", "eq", "1970-01-01T00:00:02Z", &[2]),
        ("updated_at", "lt", "1970-01-01T00:00:02Z", &[1]),
        ("updated_at", "gte", "1970-01-01T01:00:02+01:00", &[2, 3]),
    ] {
        let given = [field, operator, value];
        assert_eq!(found(&people(), &[], &[given]), expected, "{given:?}");
    }
    assert_eq!(found(&people(), &[], &[]), [1, 2, 3]);
}

#[test]
fn each_operator_asks_what_its_name_says_of_a_member_of_metadata() {
    for (field, operator, value, expected) in [
        ("metadata.plan", "eq", "pro", &[1][..]),
        ("metadata.plan", "neq", "pro", &[2]),
        ("metadata.plan", "gte", "free", &[1, 2]),
        ("metadata.plan", "gt", "free", &[1]),
        ("metadata.plan", "ilike", "P%", &[1]),
        ("metadata.plan", "in", "free,basic", &[2]),
        ("metadata.plan", "is_null", "true", &[3]),
        ("metadata.plan", "is_null", "false", &[1, 2]),
        ("metadata.seats", "eq", "5.0", &[1]),
        ("metadata.seats", "in", "5,10.5", &[1, 2]),
        // The opposite of `eq` for whatever is there, a list included.
        ("metadata.seats", "neq", "5", &[2, 3]),
        ("metadata.seats", "gt", "5", &[2]),
        ("metadata.seats", "lte", "10.5", &[1, 2]),
        ("metadata.since", "gt", "2026-01-02", &[2]),
        ("metadata.since", "lte", "2026-01-02", &[1]),
        ("metadata.active", "eq", "true", &[1]),
        ("metadata.active", "eq", "false", &[2]),
        ("metadata.active", "neq", "true", &[2, 3]),
    ] {
        for fields in [&[][..], &definitions()] {
            let given = [field, operator, value];
            assert_eq!(found(&people(), fields, &[given]), expected, "{given:?}");
        }
    }
    // What has no definition is compared as what each value is; what has one, as what that says.
    for (field_type, operator, value, expected) in [
        (None, "eq", "five", &[3][..]),
        (None, "neq", "5", &[3]),
        (None, "gt", "4", &[1, 3]),
        (None, "ilike", "%", &[3]),
        (Some(FieldType::Number), "gt", "4", &[1]),
        (Some(FieldType::Text), "eq", "5", &[]),
        (Some(FieldType::Text), "ilike", "%", &[3]),
    ] {
        let fields = field_type.map(|ty| defined(ObjectType::Contact, "size", ty));
        let given = ["metadata.size", operator, value];
        let found = found(&people(), fields.as_slice(), &[given]);
        assert_eq!(found, expected, "{field_type:?} {given:?}");
    }
}

#[test]
fn every_object_is_filtered_by_its_metadata_and_nothing_else_is() {
    let members = metadata(&json!({"plan": "pro"}));
    let mut contact: Contact = blank(Kind::Contact, 1);
    let mut company: Company = blank(Kind::Company, 1);
    let mut deal: Deal = blank(Kind::Deal, 1);
    let mut activity: Activity = blank(Kind::Activity, 1);
    contact.metadata = members.clone();
    company.metadata = members.clone();
    deal.metadata = members.clone();
    activity.metadata = members;
    for record in [
        Record::Contact(contact.into()),
        Record::Company(company.into()),
        Record::Deal(deal.into()),
        Record::Activity(activity.into()),
    ] {
        let one = std::slice::from_ref(&record);
        let found = |value| found(one, &[], &[["metadata.plan", "eq", value]]);
        assert_eq!((found("pro"), found("free")), (vec![1], vec![]));
    }
    let field = Record::Field(defined(ObjectType::Deal, "plan", FieldType::Text).into());
    assert_eq!(field.metadata(), None);
    refusal(Kind::Field, &[["metadata.plan", "eq", "pro"]]);
}

#[test]
fn a_boolean_column_is_true_or_false() {
    let mut fields = [FieldType::Text; 2].map(|ty| defined(ObjectType::Deal, "plan", ty));
    fields[1].required = true;
    let fields = fields.map(|field| Record::Field(field.into()));
    for (value, expected) in [("false", [1]), ("true", [2])] {
        assert_eq!(found(&fields, &[], &[["required", "eq", value]]), expected);
    }
}

#[test]
fn an_edge_is_found_by_either_of_its_ends() {
    let edge = |from: u128, to: u128| {
        let input = AssociationInput {
            from_id: Id::new(Kind::Contact, from),
            to_id: Id::new(Kind::Deal, to),
            label: None,
            attributes: Default::default(),
        };
        let id = Id::new(Kind::Association, from);
        let edge = Association::link(id, Mode::Live, Timestamp::from_millis(0), input);
        Record::Association(edge.unwrap().into())
    };
    let edges = [edge(1, 2), edge(3, 2), edge(3, 4)];
    let found = |kind, n| {
        let id = Id::new(kind, n).to_string();
        found(&edges, &[], &[["record_id", "eq", &id]])
    };
    assert_eq!(found(Kind::Contact, 3), [2, 3]);
    assert_eq!(found(Kind::Deal, 2), [1, 2]);
    assert!(found(Kind::Contact, 2).is_empty());
}

#[test]
fn filters_all_hold_and_the_values_of_a_repeated_in_are_one_list() {
    let [babbage, lovelace] = ["Babbage", "Lovelace"];
    let name = |operator, value| ["last_name", operator, value];
    let plan = |operator, value| ["metadata.plan", operator, value];
    for (filters, expected) in [
        (&[name("eq", babbage), name("eq", lovelace)][..], &[][..]),
        (&[name("gte", babbage), name("gte", lovelace)], &[1]),
        (&[name("in", babbage), name("in", lovelace)], &[1, 2]),
        (&[name("eq", lovelace), name("in", babbage)], &[]),
        (&[name("in", "Babbage,Lovelace"), plan("in", "pro")], &[1]),
        (
            &[
                name("in", babbage),
                plan("in", "free"),
                name("in", lovelace),
            ],
            &[2],
        ),
    ] {
        assert_eq!(found(&people(), &[], filters), expected, "{filters:?}");
    }
}

#[test]
fn a_number_is_one_that_records_accept() {
    for (text, expected) in [
        ("5", Some(5.0)),
        ("-1.5", Some(-1.5)),
        ("1e2", Some(100.0)),
        ("9007199254740991", Some(9_007_199_254_740_991.0)),
        ("9007199254740992", None),
        (" 5", None),
        ("5\n", None),
        ("", None),
        ("five", None),
        ("\"5\"", None),
    ] {
        assert_eq!(number(text), expected, "{text}");
    }
}

#[test]
fn a_store_may_look_for_the_terms_of_an_equality_in_metadata() {
    let terms = |given| {
        let clauses = read(Kind::Contact, &[], &[given]).unwrap();
        clauses[0].terms()
    };
    let of = |text| metadata_terms("plan", text);
    assert_eq!(terms(["metadata.plan", "eq", "5.0"]), Some(of("5.0")));
    let mut of_both = [of("pro"), of("5")].concat();
    of_both.sort_unstable();
    assert_eq!(terms(["metadata.plan", "in", "pro,5,pro"]), Some(of_both));
    for given in [
        ["metadata.plan", "neq", "pro"],
        ["metadata.plan", "gt", "pro"],
        ["metadata.plan", "ilike", "pro"],
        ["metadata.plan", "is_null", "true"],
        ["last_name", "eq", "pro"],
    ] {
        assert_eq!(terms(given), None, "{given:?}");
    }
}

proptest! {
    #[test]
    fn ids_bound_no_record_out_that_created_at_finds(made in 0_u32..6, asked in -2_i64..8, random: u64) {
        let mut contact: Contact = blank(Kind::Contact, made);
        contact.id = id(Kind::Contact, made.into(), random.into());
        let record = Record::Contact(contact.into());
        let asked = Timestamp::from_millis(asked);
        for (operator, expected) in [
            ("eq", i64::from(made) == asked.as_millis()),
            ("neq", i64::from(made) != asked.as_millis()),
            ("gt", i64::from(made) > asked.as_millis()),
            ("gte", i64::from(made) >= asked.as_millis()),
            ("lt", i64::from(made) < asked.as_millis()),
            ("lte", i64::from(made) <= asked.as_millis()),
        ] {
            let clauses = read(Kind::Contact, &[], &[["created_at", operator, &asked.to_string()]]).unwrap();
            prop_assert_eq!(matches(&clauses, &record), expected, "{}", operator);
        }
    }
}
