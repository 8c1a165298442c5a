//! What a commit costs on each database: counted on plans, without any.

use std::sync::Mutex;

use relm_core::store::Batch;
use relm_core::{BatchInput, ContactInput, FieldInput, FieldType, ObjectType};

use crate::dialect::Dialect;
use crate::plan::compile;
use crate::recording_store::{contact, session};
use crate::single_statement::single_statement;

/// The statements of the last commit on PostgreSQL, where one needs no transaction, and on MariaDB, where `BEGIN` and
/// `COMMIT` come beside them.
fn statements(batches: &Mutex<Vec<Batch>>) -> (usize, usize) {
    let batch = batches.lock().unwrap().pop().unwrap();
    let plan = compile(Dialect::Postgres, &batch);
    let on_postgres = single_statement(&batch, &plan).map_or(plan.len(), |_| 1);
    (on_postgres, compile(Dialect::MariaDb, &batch).len())
}

#[test]
fn a_create_is_one_statement_or_five() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let contacts = scoped.contacts();
        contacts.create(contact("ada@example.com")).await.unwrap();
        assert_eq!(statements(&batches), (1, 3));
        let once = scoped.clone().idempotent("key", &[1; 32]).unwrap();
        let contacts = once.contacts();
        contacts.create(contact("bob@example.com")).await.unwrap();
        assert_eq!(statements(&batches), (1, 5));
    });
}

#[test]
fn an_update_is_one_statement_or_three() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let contacts = scoped.contacts();
        let ada = contacts.create(contact("ada@example.com")).await.unwrap();
        let change = ContactInput {
            first_name: "Augusta".into(),
            ..Default::default()
        };
        contacts.update(ada.id, change, None).await.unwrap();
        assert_eq!(statements(&batches), (1, 3));
        contacts.delete(ada.id, None).await.unwrap();
        // One of them is the trash; what it unlinks must be seen after its lock is held.
        let (on_postgres, on_mariadb) = statements(&batches);
        assert!(on_postgres <= 7 && on_mariadb <= 7);
    });
}

#[test]
fn a_definition_is_one_statement_or_three() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let input = FieldInput::new(ObjectType::Contact, "tier", FieldType::Text);
        scoped.fields().define(input).await.unwrap();
        // One of them is its event.
        assert_eq!(statements(&batches), (1, 3));
    });
}

#[test]
fn a_batch_is_one_statement_or_a_handful() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let rows = |first: usize| BatchInput {
            rows: (first..first + 500)
                .map(|n| contact(&format!("ada{n}@example.com")))
                .collect(),
            ..Default::default()
        };
        scoped.contacts().batch(rows(0)).await.unwrap();
        let (on_postgres, on_mariadb) = statements(&batches);
        assert_eq!(on_postgres, 1);
        assert!(on_mariadb <= 20, "{on_mariadb}");
    });
}

/// A statement's text does not depend on how many rows or terms there are: a connection prepares it once.
#[test]
fn creates_are_of_one_shape() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let mut texts = Vec::new();
        for name in ["Ada", "Ada Augusta King", "Ada of the many, many names"] {
            let input = ContactInput {
                first_name: name.into(),
                ..contact(&format!("{}@example.com", texts.len()))
            };
            scoped.contacts().create(input).await.unwrap();
            let batch = batches.lock().unwrap().pop().unwrap();
            let plan = compile(Dialect::Postgres, &batch);
            texts.push(single_statement(&batch, &plan).unwrap().text);
        }
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    });
}

/// A batch whose steps must see each other's effects is no single statement.
#[test]
fn what_depends_on_order_is_not_folded() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let contacts = scoped.contacts();
        let ada = contacts.create(contact("ada@example.com")).await.unwrap();
        contacts.delete(ada.id, None).await.unwrap();
        let batch = batches.lock().unwrap().pop().unwrap();
        assert_eq!(
            single_statement(&batch, &compile(Dialect::Postgres, &batch)),
            None
        );
    });
}

/// MariaDB reads a whole table for a list that has one row.
#[test]
fn on_mariadb_no_list_of_rows_has_one() {
    pollster::block_on(async {
        let (batches, scoped) = session().await;
        let contacts = scoped.contacts();
        let ada = contacts.create(contact("ada@example.com")).await.unwrap();
        let change = ContactInput {
            first_name: "Grace".into(),
            email: "ada@example.org".into(),
            ..Default::default()
        };
        let created = batches.lock().unwrap().pop().unwrap();
        contacts.update(ada.id, change, None).await.unwrap();
        let updated = batches.lock().unwrap().pop().unwrap();
        contacts.delete(ada.id, None).await.unwrap();
        let deleted = batches.lock().unwrap().pop().unwrap();
        for step in [created, updated, deleted]
            .iter()
            .flat_map(|batch| compile(Dialect::MariaDb, batch))
        {
            let text = &step.sql.text;
            let rows = text
                .split_once(") IN (")
                .map(|(_, rows)| rows.contains("), ("));
            assert!(rows.unwrap_or(true), "{text}");
        }
    });
}
