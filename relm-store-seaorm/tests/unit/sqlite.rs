//! What the SQLite store costs and how it fails: statements counted, query plans read, files refused.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use relm_core::engine::{BatchInput, Crm};
use relm_core::query::filter::{Clause, Comparison, Condition, Filter, Target};
use relm_core::record::column::{Access, ColumnType, ColumnValue};
use relm_core::record::columns;
use relm_core::store::{Batch, Lease, Query};
use relm_core::value::time::ManualClock;
use relm_core::{Clock, ContactInput, Id, Kind, Mode, ObjectType, Scope, Timestamp, WebhookInput};
use rusqlite::Connection;

use super::connection::{open_writer, rows};
use super::{SqliteStore, Synchronous, migration};
use crate::dialect::Dialect;
use crate::open_error::OpenError;
use crate::plan::compile;
use crate::query::ListPlan;
use crate::queue::{due, next_queue};
use crate::recording_store::{contact, session};
use crate::scope_number::Place;
use crate::search_equivalence::{BROAD_FROM, equal_the_reference};
use crate::sql::{Sql, table};

/// The first words of each statement of the last commit.
fn statements(batches: &Mutex<Vec<Batch>>) -> Vec<String> {
    let batch = batches.lock().unwrap().pop().unwrap();
    let words = |text: &str| {
        let text = text.replace(" OR FAIL", "");
        text.split(' ').take(3).collect::<Vec<_>>().join(" ")
    };
    compile(Dialect::Sqlite, &batch)
        .iter()
        .map(|step| words(&step.sql.text))
        .collect()
}

const CONFIGURATION: &str = "SELECT version FROM";

#[test]
fn a_create_is_four_statements() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        scoped
            .contacts()
            .create(contact("grace@example.com"))
            .await
            .unwrap();
        let expected = [
            CONFIGURATION,
            "INSERT INTO contacts",
            "INSERT INTO events",
            "INSERT INTO terms",
        ];
        assert_eq!(statements(&batches), expected);
    });
}

#[test]
fn an_idempotency_key_adds_two_statements_and_an_endpoint_one() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let input = WebhookInput {
            url: "https://example.com/hook".into(),
            event_types: vec!["*".to_owned()].into(),
            ..Default::default()
        };
        scoped.webhooks().subscribe(input).await.unwrap();
        let scoped = scoped.idempotent("key", &[0; 32]).unwrap();
        scoped
            .contacts()
            .create(contact("grace@example.com"))
            .await
            .unwrap();
        let expected = [
            CONFIGURATION,
            "DELETE FROM responses",
            "INSERT INTO responses",
            "INSERT INTO contacts",
            "INSERT INTO deliveries",
            "INSERT INTO events",
            "INSERT INTO terms",
        ];
        assert_eq!(statements(&batches), expected);
    });
}

#[test]
fn whichever_way_a_search_goes_it_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let stores = BROAD_FROM.map(|broad| {
        let mut store = SqliteStore::open_file(folder.path().join("relm.db")).unwrap();
        store.broad = broad;
        store
    });
    pollster::block_on(equal_the_reference(&stores));
}

#[test]
fn expired_responses_do_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relm.db");
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_751_500_000_000)));
    let store = Arc::new(SqliteStore::open_file(&path).unwrap());
    let crm = Crm::builder(store)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build();
    pollster::block_on(async {
        let workspace = crm.create_workspace("acme").await.unwrap();
        let scoped = crm.open(workspace.id, Mode::Test).await.unwrap();
        let create = async |number: i64| {
            let once = scoped
                .clone()
                .idempotent(&format!("key{number}"), &[0; 32])
                .unwrap();
            once.contacts()
                .create(contact(&format!("user{number}@example.com")))
                .await
                .unwrap();
        };
        for number in 0..20 {
            create(number).await;
        }
        clock.advance_millis(24 * 60 * 60 * 1000);
        for number in 20..30 {
            create(number).await;
        }
    });
    let connection = super::connection::open_reader(&path, 1024).unwrap();
    let kept = Sql::new("SELECT count(*) FROM responses");
    let kept: Vec<i64> = rows(&connection, &kept, |row| row.get(0)).unwrap();
    assert_eq!(kept, [10]);
}

#[test]
fn an_update_touches_only_the_columns_and_terms_that_change() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let ada = scoped
            .contacts()
            .create(contact("ada@example.com"))
            .await
            .unwrap();
        let change = ContactInput {
            phone: "1234".into(),
            ..Default::default()
        };
        scoped
            .contacts()
            .update(ada.id, change, None)
            .await
            .unwrap();
        let batch = batches.lock().unwrap().last().unwrap().clone();
        let update = &compile(Dialect::Sqlite, &batch)[1].sql.text;
        assert!(
            update.contains(", phone = ?") && update.contains(", doc = ?"),
            "{update}"
        );
        assert!(
            !update.contains("email") && !update.contains("metadata"),
            "{update}"
        );
        let expected = [
            CONFIGURATION,
            "UPDATE contacts SET",
            "INSERT INTO events",
            "INSERT INTO terms",
        ];
        assert_eq!(statements(&batches), expected);
    });
}

#[test]
fn a_batch_of_500_is_a_handful_of_statements_new_or_known() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let rows = |name: &str| {
            let row = |number| ContactInput {
                first_name: name.into(),
                ..contact(&format!("user{number}@example.com"))
            };
            BatchInput {
                contacts: (0..500).map(row).collect(),
                dedup_on_email: true,
                atomic: false,
            }
        };
        let created = scoped.contacts().batch(rows("Ada")).await.unwrap();
        assert_eq!(created.created, 500);
        let made = statements(&batches);
        assert!(made.len() <= 30, "{made:?}");
        let words: BTreeSet<&str> = made.iter().map(String::as_str).collect();
        let expected = [
            "INSERT INTO contacts",
            "INSERT INTO events",
            "INSERT INTO terms",
            CONFIGURATION,
        ];
        assert_eq!(words, expected.into());
        let updated = scoped.contacts().batch(rows("Grace")).await.unwrap();
        assert_eq!(updated.updated, 500);
        let made = statements(&batches);
        assert!(made.len() <= 40, "{made:?}");
        assert!(!made.iter().any(|words| words.starts_with("UPDATE")));
    });
}

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open_writer(&folder.path().join("relm.db"), Synchronous::Normal).unwrap();
    migration::run(&connection).unwrap();
    (folder, connection)
}

fn query_plan(connection: &Connection, sql: &Sql) -> String {
    let mut explained = Sql::new("EXPLAIN QUERY PLAN ");
    explained.push(&sql.text);
    explained.values.clone_from(&sql.values);
    let lines = rows(connection, &explained, |row| row.get::<_, String>(3)).unwrap();
    lines.join("; ")
}

fn some_value(ty: ColumnType) -> ColumnValue<'static> {
    if ty.is_integer() {
        ColumnValue::Integer(1_751_500_000_000)
    } else {
        ColumnValue::from("a".to_owned())
    }
}

fn list_of(kind: Kind, clauses: Vec<Clause>) -> Query {
    Query {
        kind,
        clauses,
        after: Some(Id::new(kind, 7)),
        limit: 50,
    }
}

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

#[test]
fn the_tables_have_the_columns_of_the_records() {
    let (_folder, connection) = database();
    for kind in Kind::ALL {
        let sql = Sql::new(&format!(
            "SELECT name FROM pragma_table_info('{}')",
            table(kind)
        ));
        let found: Vec<String> = rows(&connection, &sql, |row| row.get(0)).unwrap();
        let own = columns(kind).iter().map(|column| column.name);
        let expected: Vec<&str> = ["scope", "id", "version"]
            .into_iter()
            .chain(own)
            .chain(["doc"])
            .collect();
        // What a kind has in this store alone comes after.
        assert_eq!(found[..expected.len()], expected, "{kind:?}");
    }
}

#[test]
fn a_newer_or_foreign_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relm.db");
    drop(SqliteStore::open_file(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute(
            "INSERT INTO relm_migrations VALUES (9999, 'from the future')",
            [],
        )
        .unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        SqliteStore::open_file(&path),
        Err(OpenError::Newer { found: 9999, .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute("CREATE TABLE mine (x)", [])
        .unwrap();
    assert!(matches!(
        SqliteStore::open_file(&foreign),
        Err(OpenError::Foreign(None))
    ));

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, vec![b'x'; 10_000]).unwrap();
    assert!(matches!(
        SqliteStore::open_file(&garbage),
        Err(OpenError::Database(_))
    ));
    assert_eq!(std::fs::read(&garbage).unwrap(), vec![b'x'; 10_000]);
    assert!(SqliteStore::open_file(folder.path().join("none/relm.db")).is_err());
}

#[test]
fn readers_cannot_write() {
    let (folder, _connection) = database();
    let reader = super::connection::open_reader(&folder.path().join("relm.db"), 1024).unwrap();
    assert!(reader.execute("DELETE FROM contacts", []).is_err());
}
