//! Statements do not depend on statistics: PostgreSQL's may be those of a table that was empty when they were taken, and it
//! then takes every table for one of a single row. See decision 66.

use std::sync::Arc;
use std::time::Duration;

use relm_core::Id;
use relm_core::record::{Document, Entry};
use relm_core::store::{Lease, Store, Write};
use relm_store_seaorm::SeaOrmStore;
use relm_store_seaorm::entity::scope;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use test_requirements::requires;

use crate::throwaway::{RUNTIME, Throwaway, connect};
use crate::{NOW, POSTGRES, SCOPE, batch, delivery};

/// Rows of a table that grew after its statistics were taken. Quadratic work on them takes half a minute and more.
const DELIVERIES: usize = 17_000;
const EVENTS: usize = 60_000;
const TERMS: usize = 60_000;
/// Records that one batch deletes.
const DELETED: u128 = 1_500;
/// What a statement has unless an operator says otherwise.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// A database with many deliveries, events and index terms, and the statistics of one that has none.
struct Grown {
    store: Arc<SeaOrmStore>,
    beside: DatabaseConnection,
    database: Throwaway,
}

impl Grown {
    fn make() -> Self {
        let database = POSTGRES.database();
        let store = database.open(|options| options.statement_timeout(STATEMENT_TIMEOUT));
        let beside = connect(&database.url());
        let grown = Self {
            store,
            beside,
            database,
        };
        let scope = scope(SCOPE);
        let now = NOW.as_millis();
        let webhook = Id::new(relm_core::Kind::Webhook, 1);
        grown
            .grow("deliveries", DELIVERIES, &format!(
                "(scope, id, version, webhook_id, event_id, event_type, status, next_attempt_at, created_at, doc) \
                 SELECT {scope}, 'dlv_1' || LPAD(n::text, 25, '0'), 1, '{webhook}', 'evt_1' || LPAD(n::text, 25, '0'), \
                 'contact.created', 'pending', {now} - n, {now}, '{{}}'"
            ));
        grown
            .grow("events", EVENTS, &format!(
                "(scope, id, version, type, record_id, created_at, doc) \
                 SELECT {scope}, 'evt_1' || LPAD(n::text, 25, '0'), 1, 'contact.created', NULL, {now}, '{{}}'"
            ));
        grown
            .grow("terms", TERMS, &format!(
                "(scope, term, ulid, kind) SELECT {scope}, 'word' || n, '1' || LPAD(n::text, 25, '0'), 'con'"
            ));
        grown
    }

    /// Fills a table, empties it, has the statistics taken of it as it is then, and fills it again.
    fn grow(&self, table: &str, rows: usize, insert: &str) {
        let fill = format!("INSERT INTO {table} {insert} FROM generate_series(1, {rows}) AS n");
        for sql in [
            &format!("ALTER TABLE {table} SET (autovacuum_enabled = off)"),
            &fill,
            &format!("DELETE FROM {table}"),
            &format!("ANALYZE {table}"),
            &fill,
        ] {
            let done = RUNTIME.block_on(self.beside.execute_unprepared(sql));
            done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let sql = format!(
            "SELECT relpages > 0 AND reltuples = 0 FROM pg_class WHERE relname = '{table}'"
        );
        let asked = Statement::from_string(self.beside.get_database_backend(), sql);
        let row = RUNTIME.block_on(self.beside.query_one_raw(asked));
        let row = row.unwrap().unwrap();
        let is_deceived: bool = row.try_get_by_index(0).unwrap();
        assert!(
            is_deceived,
            "the statistics of {table} are those of an empty table"
        );
    }

    fn end(self) {
        RUNTIME.block_on(self.beside.close()).unwrap();
        drop(self.database);
    }
}

#[requires(postgres)]
#[test]
fn a_queue_that_grew_is_leased_in_time() {
    let grown = Grown::make();
    RUNTIME.block_on(async {
        let lease = Lease {
            scope: SCOPE,
            webhook: Id::new(relm_core::Kind::Webhook, 1),
            now: NOW,
            until: NOW.saturating_add_millis(60_000),
            limit: DELIVERIES + 1,
        };
        let leased = grown.store.lease(&lease).await.expect("it is in time");
        assert_eq!(leased.len(), DELIVERIES);
        assert!(
            leased.is_sorted_by(|one, next| one.id > next.id),
            "the earliest come first"
        );
        assert_eq!(grown.store.lease(&lease).await.expect("it is in time"), []);
    });
    grown.end();
}

#[requires(postgres)]
#[test]
fn a_batch_is_deleted_from_a_table_that_grew_in_time() {
    let grown = Grown::make();
    RUNTIME.block_on(async {
        let entries = || (0..DELETED).map(|n| delivery(n, 0));
        for writes in [
            entries().map(Write::Insert).collect(),
            entries().map(Write::Delete).collect(),
        ] {
            let done = grown.store.commit(batch(Vec::new(), writes)).await;
            done.expect("it is in time");
        }
    });
    grown.end();
}

#[requires(postgres)]
#[test]
fn a_batch_of_records_with_words_is_deleted_in_time() {
    let grown = Grown::make();
    RUNTIME.block_on(async {
        let first = || (0..DELETED).map(|n| contact(n, 1));
        let second = || (0..DELETED).map(|n| contact(n, 2));
        let replace = |(before, after)| Write::Replace { before, after };
        for writes in [
            first().map(Write::Insert).collect(),
            first().zip(second()).map(replace).collect(),
            second().map(Write::Delete).collect(),
        ] {
            let done = grown.store.commit(batch(Vec::new(), writes)).await;
            done.expect("it is in time");
        }
        let left = "SELECT COUNT(*) FROM terms WHERE ulid LIKE '0%'";
        let asked = Statement::from_string(grown.beside.get_database_backend(), left);
        let row = grown.beside.query_one_raw(asked).await.unwrap().unwrap();
        let left: i64 = row.try_get_by_index(0).unwrap();
        assert_eq!(left, 0, "a deleted record is found by none of its words");
    });
    grown.end();
}

#[requires(postgres)]
#[test]
fn events_of_a_log_that_grew_are_numbered_in_time() {
    let grown = Grown::make();
    RUNTIME.block_on(async {
        let mut after = 0;
        for _ in 0..3 {
            let page = grown
                .store
                .log(SCOPE, after, 1_000)
                .await
                .expect("it is in time");
            let numbers: Vec<i64> = page.events.iter().map(|event| event.seq).collect();
            assert!(numbers.iter().copied().eq(after + 1..after + 1_001));
            after += 1_000;
        }
    });
    grown.end();
}

/// The entry of a contact whose words are others with each version.
fn contact(n: u128, version: i64) -> Entry {
    let id = Id::new(relm_core::Kind::Contact, n);
    let json = format!(
        r#"{{"id":"{id}","object":"contact","email":"{n}@example.com","first_name":"first{version} given{n}",
        "last_name":"last{version} family{n}","phone":null,"company_id":null,"metadata":{{"plan":"plan {version}"}},
        "version":{version},"mode":"live","created_at":"{NOW}","updated_at":"{NOW}"}}"#
    );
    let json = json.into();
    Document { id, json }.into_entry().expect("it is a contact")
}
