//! Filters: for every operator, every column and null, a list holds what [`matches`] says, and nothing else.

use std::collections::BTreeSet;

use relm_core::query::filter::{
    self, Clause, Comparison, Condition, Filter, Operator, Target, matches,
};
use relm_core::record::column::{Column, ColumnType, ColumnValue};
use relm_core::record::field::{Field, FieldType};
use relm_core::record::object::Contact;
use relm_core::record::{Document, Entry, Record, column_index, columns};
use relm_core::store::Write;
use relm_core::value::id::{Id, Kind};
use relm_core::value::pattern::Pattern;
use serde_json::{Value, json};

use super::lists::walk;
use super::metadata_values::{METADATA_PROBES, metadata_values};
use crate::records::with;
use crate::records::{SCOPE, contact, given, id};
use crate::subject::Subject;
use crate::varied::{TEXTS, scope_of, varied};

const PATTERNS: [&str; 16] = [
    "",
    "%",
    "_",
    "__",
    "a%",
    "%A",
    "_b",
    "%á%",
    "SS",
    "ß",
    "100\\%",
    "1\\_0",
    "a\\\\b",
    "%'%",
    "x_y",
    "\u{10FFFF}",
];
const LIMIT: usize = 200;

fn comparison(operator: Operator) -> Option<Comparison> {
    match operator {
        Operator::Eq => Some(Comparison::Eq),
        Operator::Neq => Some(Comparison::Neq),
        Operator::Gt => Some(Comparison::Gt),
        Operator::Gte => Some(Comparison::Gte),
        Operator::Lt => Some(Comparison::Lt),
        Operator::Lte => Some(Comparison::Lte),
        Operator::Ilike | Operator::In | Operator::IsNull => None,
    }
}

/// Holds one list to the predicate over all records.
pub(crate) async fn agree(store: &Subject, kind: Kind, records: &[Record], clauses: &[Clause]) {
    let mut expected: Vec<&Record> = records
        .iter()
        .filter(|record| matches(clauses, record))
        .collect();
    expected.sort_unstable_by_key(|record| std::cmp::Reverse(record.id()));
    let expected: Vec<Id> = expected.iter().map(|record| record.id()).collect();
    let listed = walk(store, scope_of(kind), kind, clauses, LIMIT).await;
    let listed: Vec<Id> = listed
        .iter()
        .map(|document: &Document| document.id)
        .collect();
    if listed != expected {
        let of_either = records
            .iter()
            .filter(|record| listed.contains(&record.id()) != expected.contains(&record.id()));
        let values = |record: &Record| -> Vec<_> {
            let named = |(column, value): (&Column, Option<ColumnValue<'_>>)| {
                (column.name, value.map(ColumnValue::into_owned))
            };
            record.values().map(named).collect()
        };
        let wrong: Vec<_> = of_either
            .map(|record| (record.id(), values(record)))
            .collect();
        panic!("a list of {kind:?} by {clauses:?} errs on {wrong:?}; listed {listed:?}");
    }
}

/// Every condition that makes sense on a target of this type which holds these values.
pub(crate) fn conditions(ty: ColumnType, held: &BTreeSet<ColumnValue<'static>>) -> Vec<Condition> {
    let mut probes: Vec<ColumnValue<'static>> = held.iter().cloned().collect();
    probes.extend(if ty.is_integer() {
        Vec::new()
    } else {
        vec!["".into(), "zz".into()]
    });
    let mut conditions = Vec::new();
    for operator in Operator::ALL
        .into_iter()
        .filter(|operator| operator.applies_to(ty))
    {
        if let Some(comparison) = comparison(operator) {
            let compare =
                |probe: &ColumnValue<'static>| Condition::Compare(comparison, probe.clone());
            conditions.extend(probes.iter().map(compare));
        } else if operator == Operator::In {
            conditions.push(Condition::In(probes.clone()));
            conditions.extend(probes.chunks(3).map(|few| Condition::In(few.to_vec())));
        } else if operator == Operator::IsNull {
            conditions.extend([true, false].map(Condition::Null));
        } else {
            conditions.extend(PATTERNS.map(pattern));
        }
    }
    conditions
}

fn pattern(text: &str) -> Condition {
    Condition::Ilike(Pattern::parse(text).expect("the pattern is well-formed"))
}

pub(crate) fn held(records: &[Record], index: usize) -> BTreeSet<ColumnValue<'static>> {
    let values = records.iter().filter_map(|record| record.value(index));
    values.map(ColumnValue::into_owned).collect()
}

/// The columns that a client may filter on, with their indexes.
pub(crate) fn filterable_columns(kind: Kind) -> impl Iterator<Item = (usize, &'static Column)> {
    let columns = columns(kind).iter().enumerate();
    columns.filter(|(_, column)| column.filterable)
}

/// The columns of the two ends of an edge.
pub(crate) fn ends() -> (usize, usize) {
    let end = |name| column_index(Kind::Association, name).expect("an edge has two ends");
    (end("from_id"), end("to_id"))
}

/// The whole product of a kind: each target, each operator, each value that records hold of it, and null.
pub(crate) async fn agree_on(store: Subject, kind: Kind) {
    let mut records = varied(kind);
    let writes = records
        .iter()
        .cloned()
        .map(|record| Write::Insert(Entry::new(record)));
    store.apply(scope_of(kind), writes.collect()).await;
    let given = given(scope_of(kind)).into_iter();
    records.extend(given.filter(|record| record.kind() == kind));
    for (index, column) in filterable_columns(kind) {
        for condition in conditions(column.ty, &held(&records, index)) {
            let target = Target::Column(index);
            agree(&store, kind, &records, &[Clause { target, condition }]).await;
        }
    }
    let ids = records.iter().step_by(7).map(|record| record.id());
    // An id of another kind orders as its text does, before or after all of these.
    let others = [Kind::Activity, Kind::Workspace].map(|kind| id(kind, 3));
    let held: BTreeSet<ColumnValue<'static>> = ids.chain(others).map(ColumnValue::from).collect();
    for condition in conditions(ColumnType::Id(None), &held) {
        agree(
            &store,
            kind,
            &records,
            &[Clause {
                target: Target::Id,
                condition,
            }],
        )
        .await;
    }
}

/// `list` gives the records that meet every clause: contacts.
pub(crate) async fn contacts_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Contact).await;
}

/// `list` gives the contacts that meet a clause on all their addresses or telephone numbers, the primary ones among them.
pub(crate) async fn all_addresses_are_filtered_by_the_predicate(store: Subject) {
    let kind = Kind::Contact;
    let records = varied(kind);
    let writes = records.iter().cloned();
    let writes = writes.map(|record| Write::Insert(Entry::new(record)));
    store.apply(scope_of(kind), writes.collect()).await;
    let mut emails: BTreeSet<ColumnValue<'static>> = BTreeSet::new();
    let mut phones = emails.clone();
    for record in &records {
        emails.extend(record.address_keys().into_iter().map(ColumnValue::from));
        phones.extend(record.phone_keys().into_iter().map(ColumnValue::from));
    }
    for (target, held) in [(Target::Addresses, emails), (Target::Phones, phones)] {
        let some: Vec<_> = held.iter().step_by(5).take(6).cloned().collect();
        let nobody: ColumnValue<'static> = "nobody@x.example".into();
        let mut asked = vec![
            Condition::Null(true),
            Condition::Null(false),
            Condition::In(Vec::new()),
            Condition::In(some.clone()),
        ];
        for value in some.into_iter().chain([nobody]) {
            for comparison in [Comparison::Eq, Comparison::Neq] {
                asked.push(Condition::Compare(comparison, value.clone()));
            }
        }
        for condition in asked {
            let target = target.clone();
            agree(&store, kind, &records, &[Clause { target, condition }]).await;
        }
    }
}

/// `list` gives the records that meet every clause: companies.
pub(crate) async fn companies_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Company).await;
}

/// `list` gives the records that meet every clause: deals, with integers to ±(2^53 − 1) and dates.
pub(crate) async fn deals_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Deal).await;
}

/// `list` gives the records that meet every clause: activities, with moments from the year 1 to 9999.
pub(crate) async fn activities_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Activity).await;
}

/// `list` gives the records that meet every clause: associations, from and to a record and both.
pub(crate) async fn associations_are_filtered_by_the_predicate(store: Subject) {
    let kind = Kind::Association;
    let (from, to) = ends();
    agree_on(store.clone(), kind).await;
    let records = varied(kind);
    let mut ends = held(&records, from);
    ends.extend(held(&records, to));
    for condition in conditions(ColumnType::Id(None), &ends) {
        let target = Target::Either(from, to);
        agree(&store, kind, &records, &[Clause { target, condition }]).await;
    }
}

/// `list` gives the records that meet every clause: custom fields, with truth values.
pub(crate) async fn fields_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Field).await;
}

/// `list` gives the records that meet every clause: endpoints.
pub(crate) async fn webhooks_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Webhook).await;
}

/// `list` gives the records that meet every clause: events.
pub(crate) async fn events_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Event).await;
}

/// `list` gives the records that meet every clause: deliveries.
pub(crate) async fn deliveries_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Delivery).await;
}

/// `list` gives the records that meet every clause: API keys.
pub(crate) async fn api_keys_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Key).await;
}

/// `list` gives the records that meet every clause: workspaces.
pub(crate) async fn workspaces_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Workspace).await;
}

/// Contacts whose `metadata` holds these values under `key`, and one without any.
fn with_metadata(key: &str, values: &[Value]) -> Vec<Record> {
    let mut contacts: Vec<Contact> = (0..)
        .zip(values)
        .map(|(n, value)| {
            let mut contact = contact(n);
            contact.metadata.insert(key.to_owned(), value.clone());
            contact
        })
        .collect();
    contacts.push(contact(1_000));
    contacts.into_iter().map(Record::from).collect()
}

/// A definition of `key`, such as a request would be read against.
fn defined(key: &str, field_type: FieldType) -> Field {
    with!(crate::records::field(1, "plan"); key: key.to_owned(), field_type: field_type)
}

/// `metadata` is filtered by its JSON type, or by the type of its definition, on every operator, value and absence.
pub(crate) async fn metadata_is_filtered_by_the_predicate(store: Subject) {
    let long = "é".repeat(150);
    let records = with_metadata("plan", &metadata_values(&long));
    let writes = records
        .iter()
        .cloned()
        .map(|record| Write::Insert(Entry::new(record)));
    store.apply(SCOPE, writes.collect()).await;

    let mut probes = METADATA_PROBES.to_vec();
    probes.push(&long);
    probes.extend(TEXTS);
    let types = [None].into_iter().chain(FieldType::ALL.map(Some));
    for field in types.map(|ty| ty.map(|ty| defined("plan", ty))) {
        for operator in Operator::ALL {
            for value in &probes {
                let filter = Filter {
                    field: "metadata.plan".to_owned(),
                    operator: operator.as_str().to_owned(),
                    value: (*value).to_owned(),
                };
                // A value that is not of the type, or an operator that does not apply, never gets to a store.
                if let Ok(clauses) = filter::parse(Kind::Contact, field.as_slice(), &[filter]) {
                    agree(&store, Kind::Contact, &records, &clauses).await;
                }
            }
        }
    }
}

/// A `metadata` key is any text: its quotes, dots and brackets mean nothing to a store.
pub(crate) async fn metadata_keys_are_any_text(store: Subject) {
    let keys = [
        "a.b",
        "a",
        "b",
        "$",
        "$.a",
        "\"q\"",
        "o'neil",
        "a[0]",
        "a\\b",
        "=",
        "a=b",
        "КЛЮЧ",
        "ключ",
        "\u{10FFFF}",
        " a",
        "a ",
        "A",
        "%",
        "*",
        "-1",
        "0",
    ];
    let contacts = (0..).zip(keys).map(|(n, key)| {
        let mut contact = contact(n);
        contact.metadata.insert(key.to_owned(), json!("v"));
        contact
            .metadata
            .insert("nested".to_owned(), json!({ "a": "v", "a.b": "v" }));
        Record::from(contact)
    });
    let records: Vec<Record> = contacts.collect();
    let writes = records
        .iter()
        .cloned()
        .map(|record| Write::Insert(Entry::new(record)));
    store.apply(SCOPE, writes.collect()).await;
    for key in keys.into_iter().chain(["nested.a", "c"]) {
        for condition in [
            Condition::Compare(Comparison::Eq, "v".into()),
            Condition::Compare(Comparison::Neq, "x".into()),
            Condition::In(vec!["v".into(), "x".into()]),
            Condition::Null(true),
        ] {
            let target = Target::Metadata {
                key: key.to_owned(),
                field_type: None,
            };
            agree(
                &store,
                Kind::Contact,
                &records,
                &[Clause { target, condition }],
            )
            .await;
        }
    }
}
