//! The indexes by which SQLite reads: its query plans.

use relm_core::query::filter::{Clause, Comparison, Condition, Filter, Target};
use relm_core::record::column::{Access, ColumnType, ColumnValue};
use relm_core::record::columns;
use relm_core::store::{AwaitedQuery, Lease, Query};
use relm_core::{Id, Kind, ObjectType, Scope, Timestamp};
use rusqlite::Connection;

use super::database;
use crate::awaited::{NumberedAwaited, next_awaited};
use crate::dialect::Dialect;
use crate::query::ListPlan;
use crate::queue::{due, next_queue};
use crate::scope_number::Place;
use crate::sql::{Sql, table};
use crate::sqlite::connection::rows;

#[test]
fn every_list_is_served_by_an_index_and_never_sorted() {
    let (_folder, connection) = database();
    for kind in Kind::ALL {
        let query = list_of(kind, Vec::new());
        let sql = ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query).rows(query.after, 51);
        let plan = query_plan(&connection, &sql);
        let expected = format!(
            "SEARCH {table} USING INDEX sqlite_autoindex_{table}_1 (scope=? AND id<?)",
            table = table(kind)
        );
        assert_eq!(plan, expected);
    }
}

#[test]
fn an_equality_on_an_indexed_column_reads_what_matches_in_order() {
    let (_folder, connection) = database();
    let all = Kind::ALL.iter().flat_map(|kind| {
        columns(*kind)
            .iter()
            .enumerate()
            .map(move |column| (*kind, column))
    });
    for (kind, (place, column)) in all {
        let equal = Clause {
            target: Target::Column(place),
            condition: Condition::Compare(Comparison::Eq, some_value(column.ty)),
        };
        let query = list_of(kind, vec![equal]);
        let sql = ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query).rows(query.after, 51);
        let plan = query_plan(&connection, &sql);
        assert!(
            !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
            "{kind:?}.{}: {plan}",
            column.name
        );
        match column.access {
            Access::Indexed | Access::Unique => {
                let served = format!(
                    "{}_{} (scope=? AND {}=?",
                    table(kind),
                    column.name,
                    column.name
                );
                assert!(plan.contains(&served), "{kind:?}.{}: {plan}", column.name);
            }
            // In the order of the list, from the cursor on.
            Access::Awaited => {
                let served = format!(
                    "{}_{} ({}=? AND scope=?",
                    table(kind),
                    column.name,
                    column.name
                );
                assert!(plan.contains(&served), "{kind:?}.{}: {plan}", column.name);
            }
            Access::Scanned | Access::Due => assert!(
                plan.contains("(scope=? AND id"),
                "{kind:?}.{}: {plan}",
                column.name
            ),
        }
    }
}

#[test]
fn what_is_delivered_of_some_events_is_found_by_their_index() {
    let (_folder, connection) = database();
    let place = |name| {
        let mut columns = columns(Kind::Delivery).iter();
        Target::Column(columns.position(|column| column.name == name).unwrap())
    };
    let id_of = |n| ColumnValue::from(Id::new(Kind::Event, n));
    let of_events = Clause {
        target: place("event_id"),
        condition: Condition::In((0..100).map(id_of).collect()),
    };
    let with_status = Clause {
        target: place("status"),
        condition: Condition::In(vec![
            ColumnValue::from("pending"),
            ColumnValue::from("dead"),
        ]),
    };
    let to_endpoint = Clause {
        target: place("webhook_id"),
        condition: Condition::Compare(Comparison::Eq, Id::new(Kind::Webhook, 7).into()),
    };
    for others in [
        vec![],
        vec![with_status.clone()],
        vec![to_endpoint, with_status],
    ] {
        let clauses = [vec![of_events.clone()], others].concat();
        for after in [None, Some(Id::new(Kind::Delivery, 7))] {
            let query = Query {
                after,
                ..list_of(Kind::Delivery, clauses.clone())
            };
            let sql = ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query).rows(after, 201);
            let plan = query_plan(&connection, &sql);
            let served = "deliveries_event_id (scope=? AND event_id=?";
            assert!(plan.contains(served), "{plan}");
        }
    }
}

#[test]
fn what_is_due_is_found_by_the_index_of_what_waits() {
    let (_folder, connection) = database();
    let webhook = Id::new(Kind::Webhook, 7);
    let lease = Lease {
        scope: Scope::SYSTEM,
        webhook,
        now: Timestamp::from_millis(1),
        until: Timestamp::from_millis(2),
        limit: 8,
    };
    let key = Place { scope: 1, webhook };
    for sql in [due(&lease), next_queue(None), next_queue(Some(key))] {
        let plan = query_plan(&connection, &sql);
        assert!(
            plan.contains("deliveries_due") && !plan.contains("TEMP B-TREE"),
            "{}: {plan}",
            sql.text
        );
    }
}

#[test]
fn what_is_awaited_is_found_by_one_index_of_all_scopes() {
    let (_folder, connection) = database();
    let query = AwaitedQuery {
        from: Timestamp::from_millis(1),
        until: Timestamp::from_millis(9),
        after: None,
        limit: 8,
    };
    let after = NumberedAwaited {
        at: Timestamp::from_millis(3),
        scope: 1,
        id: Id::new(Kind::Activity, 7),
    };
    for after in [None, Some(after)] {
        let sql = next_awaited(&query, after, 8);
        let plan = query_plan(&connection, &sql);
        let served = "USING COVERING INDEX activities_notify_at (notify_at>? AND notify_at<?)";
        let is_sorted = plan.contains("TEMP B-TREE");
        assert!(plan.contains(served) && !is_sorted, "{}: {plan}", sql.text);
    }
}

#[test]
fn the_documented_email_filter_reads_the_unique_key() {
    let (_folder, connection) = database();
    for (operator, value) in [
        ("eq", "Ada@example.com"),
        ("in", "ada@example.com,b@example.com"),
    ] {
        let filter = Filter {
            field: "email".to_owned(),
            operator: operator.to_owned(),
            value: value.to_owned(),
        };
        let clauses = relm_core::query::filter::parse(Kind::Contact, &[], &[filter]).unwrap();
        let query = list_of(Kind::Contact, clauses);
        let sql = ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query).rows(None, 51);
        let plan = query_plan(&connection, &sql);
        assert!(
            plan.contains("contacts_email_key (scope=? AND email_key=?)"),
            "{plan}"
        );
    }
}

#[test]
fn only_what_an_index_serves_in_order_runs_where_it_is_called() {
    let list = |field: &str, operator: &str, value: &str| {
        let filter = Filter {
            field: field.to_owned(),
            operator: operator.to_owned(),
            value: value.to_owned(),
        };
        let clauses = relm_core::query::filter::parse(Kind::Contact, &[], &[filter]).unwrap();
        let query = list_of(Kind::Contact, clauses);
        ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query).is_bounded()
    };
    assert!(
        ListPlan::new(
            Dialect::Sqlite,
            Scope::SYSTEM,
            &list_of(Kind::Contact, Vec::new())
        )
        .is_bounded()
    );
    assert!(list("last_name", "eq", "Lovelace"));
    assert!(!list("first_name", "eq", "Ada"));
    assert!(!list("last_name", "neq", "Lovelace"));
    assert!(!list("phone", "is_null", "true"));
    assert!(!list("last_name", "ilike", "love%"));
    assert!(!list("metadata.plan", "eq", "pro"));
}

#[test]
fn a_range_on_any_column_walks_an_index_of_the_scope() {
    let (_folder, connection) = database();
    for object_type in ObjectType::ALL {
        for (place, column) in columns(object_type.kind()).iter().enumerate() {
            let range = Clause {
                target: Target::Column(place),
                condition: Condition::Compare(Comparison::Gte, some_value(column.ty)),
            };
            let query = list_of(object_type.kind(), vec![range]);
            let sql = ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query).rows(None, 51);
            let plan = query_plan(&connection, &sql);
            assert!(
                !plan.contains("SCAN") && plan.contains("(scope=?"),
                "{}: {plan}",
                column.name
            );
        }
    }
}

#[test]
fn a_metadata_equality_reads_the_term_index_in_order() {
    let (_folder, connection) = database();
    let equal = Clause {
        target: Target::Metadata {
            key: "plan".to_owned(),
            field_type: None,
        },
        condition: Condition::Compare(Comparison::Eq, ColumnValue::from("pro".to_owned())),
    };
    let query = list_of(Kind::Contact, vec![equal]);
    let plan = ListPlan::new(Dialect::Sqlite, Scope::SYSTEM, &query);
    let candidates = plan.candidates(query.after, 51).unwrap();
    assert_eq!(
        query_plan(&connection, &candidates),
        "SEARCH terms USING PRIMARY KEY (scope=? AND term=? AND ulid<?)"
    );
    let rows = plan.rows_of(&[Id::new(Kind::Contact, 1), Id::new(Kind::Contact, 2)]);
    let rows = query_plan(&connection, &rows);
    assert!(rows.contains("(scope=? AND id=?)"), "{rows}");
}

fn query_plan(connection: &Connection, sql: &Sql) -> String {
    let mut explained = Sql::new("EXPLAIN QUERY PLAN ");
    explained.push(&sql.text);
    explained.values.clone_from(&sql.values);
    let lines = rows(connection, &explained, |row| row.get::<_, String>(3)).unwrap();
    lines.join("; ")
}

fn list_of(kind: Kind, clauses: Vec<Clause>) -> Query {
    Query {
        kind,
        clauses,
        after: Some(Id::new(kind, 7)),
        limit: 50,
    }
}

fn some_value(ty: ColumnType) -> ColumnValue<'static> {
    if ty.is_integer() {
        ColumnValue::Integer(1_751_500_000_000)
    } else {
        ColumnValue::from("a".to_owned())
    }
}
