//! Lists by several clauses, over time and page by page.

use relm_core::query::filter::{self, Clause, Comparison, Condition, Filter, Target, matches};
use relm_core::record::{Entry, Record, columns};
use relm_core::store::Write;
use relm_core::value::id::{Id, Kind};
use serde_json::json;

use super::filters::{agree, agree_on, conditions, held};
use super::lists::walk;
use crate::records::{SCOPE, changed, company, contact, delete, id, insert, replace};
use crate::subject::{NOW, Subject, assert_contract};
use crate::varied::varied;

/// `list` gives the records that meet every clause: users.
pub(crate) async fn users_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::User).await;
}

/// `list` gives the records that meet every clause: sessions.
pub(crate) async fn sessions_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Session).await;
}

/// `list` gives the records that meet every clause: imports.
pub(crate) async fn imports_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Import).await;
}

/// `list` gives the records that meet every clause: pieces of imports.
pub(crate) async fn parts_of_imports_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::ImportPart).await;
}

/// The clauses of a query all hold, on one column and on several.
pub(crate) async fn clauses_all_hold(store: Subject) {
    let kind = Kind::Deal;
    let records = varied(kind);
    let writes = records
        .iter()
        .cloned()
        .map(|record| Write::Insert(Entry::new(record)));
    store.apply(SCOPE, writes.collect()).await;
    let clauses: Vec<Clause> = columns(kind)
        .iter()
        .enumerate()
        .filter(|(_, column)| column.filterable)
        .flat_map(|(place, column)| {
            let all = conditions(column.ty, &held(&records, place));
            let step = (all.len() / 5).max(1);
            let some = all.into_iter().step_by(step);
            some.map(move |condition| Clause {
                target: Target::Column(place),
                condition,
            })
        })
        .collect();
    for (one, other) in clauses.iter().zip(clauses.iter().cycle().skip(7)) {
        agree(&store, kind, &records, &[one.clone(), other.clone()]).await;
    }
    for (n, one) in clauses.iter().enumerate() {
        let bound = [Comparison::Neq, Comparison::Gte].map(|comparison| Clause {
            target: Target::Id,
            condition: Condition::Compare(comparison, id(kind, (n % 42) as u64).into()),
        });
        let all = [&[one.clone()][..], &bound].concat();
        agree(&store, kind, &records, &all).await;
    }
}

/// A filter sees the values that a record has now, and no others.
pub(crate) async fn filters_follow_changes(store: Subject) {
    let by = |name: &str, value: &str| {
        let filter = Filter {
            field: name.to_owned(),
            operator: "eq".to_owned(),
            value: value.to_owned(),
        };
        filter::parse(Kind::Contact, &[], &[filter]).expect("the filter is well-formed")
    };
    let filters = [
        by("last_name", "Byron"),
        by("last_name", "Lovelace"),
        by("metadata.plan", "free"),
        by("metadata.plan", "pro"),
    ];
    let mut before = contact(1);
    before.last_name = Some("Byron".to_owned());
    before.metadata.insert("plan".to_owned(), json!("free"));
    let after = changed(&before, |contact| {
        contact.last_name = Some("Lovelace".to_owned());
        contact.metadata.insert("plan".to_owned(), json!("pro"));
        contact.updated_at = NOW.saturating_add_millis(1);
    });
    store
        .apply(SCOPE, vec![insert(before.clone()), insert(company(2))])
        .await;
    for clauses in &filters {
        agree(&store, Kind::Contact, &[before.clone().into()], clauses).await;
    }
    store
        .apply(SCOPE, vec![replace(before, after.clone())])
        .await;
    for clauses in &filters {
        agree(&store, Kind::Contact, &[after.clone().into()], clauses).await;
    }
    store.apply(SCOPE, vec![delete(after)]).await;
    for clauses in &filters {
        agree(&store, Kind::Contact, &[], clauses).await;
    }
}

/// Pages of a filtered list are exact: never more than the limit, `more` only when a further record *meets the query*.
pub(crate) async fn filtered_lists_page_exactly(store: Subject) {
    let records: Vec<Record> = (0..24)
        .map(|n| {
            let mut contact = contact(n);
            contact.last_name = n.is_multiple_of(3).then(|| "Lovelace".to_owned());
            contact.metadata.insert("odd".to_owned(), json!(n % 2 == 1));
            contact.phone = Some(format!("{}", n % 5));
            contact.into()
        })
        .collect();
    let writes = records
        .iter()
        .cloned()
        .map(|record| Write::Insert(Entry::new(record)));
    store.apply(SCOPE, writes.collect()).await;
    let filter = |field: &str, operator: &str, value: &str| Filter {
        field: field.to_owned(),
        operator: operator.to_owned(),
        value: value.to_owned(),
    };
    for filters in [
        vec![filter("last_name", "eq", "Lovelace")],
        vec![filter("metadata.odd", "eq", "true")],
        vec![
            filter("phone", "in", "1,4"),
            filter("last_name", "is_null", "true"),
        ],
        vec![
            filter("phone", "neq", "0"),
            filter("metadata.odd", "eq", "false"),
            filter("last_name", "ilike", "love%"),
        ],
        vec![filter("id", "lt", &id(Kind::Contact, 12).to_string())],
    ] {
        let clauses =
            filter::parse(Kind::Contact, &[], &filters).expect("the filters are well-formed");
        let expected: Vec<Id> = records
            .iter()
            .rev()
            .filter(|record| matches(&clauses, record))
            .map(Record::id)
            .collect();
        for limit in 1..=expected.len() + 1 {
            let walked = walk(&store, SCOPE, Kind::Contact, &clauses, limit).await;
            let walked: Vec<Id> = walked.iter().map(|document| document.id).collect();
            assert_contract!(walked, expected, "{filters:?}, limit {limit}");
        }
    }
}

/// `list` gives the records that meet every clause: unique values.
pub(crate) async fn unique_values_are_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::UniqueValue).await;
}

/// `list` gives the records that meet every clause: what is in the trash.
pub(crate) async fn trash_is_filtered_by_the_predicate(store: Subject) {
    agree_on(store, Kind::Trashed).await;
}
