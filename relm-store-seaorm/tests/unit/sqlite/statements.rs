//! The statements that a commit costs.

use std::collections::BTreeSet;
use std::sync::Mutex;

use relm_core::engine::BatchInput;
use relm_core::store::Batch;
use relm_core::{ContactInput, WebhookInput};

use crate::dialect::Dialect;
use crate::plan::compile;
use crate::recording_store::{contact, session};

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
fn an_idempotency_key_adds_four_statements_and_an_endpoint_one() {
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
            "INSERT INTO response_records",
            "DELETE FROM response_records",
            "INSERT INTO contacts",
            "INSERT INTO deliveries",
            "INSERT INTO events",
            "INSERT INTO terms",
        ];
        assert_eq!(statements(&batches), expected);
    });
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
                rows: (0..500).map(row).collect(),
                dedup_on: vec!["email".to_owned()],
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
