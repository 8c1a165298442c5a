//! What is lost when the pool does not end transactions that the driver knows nothing of, and that nothing is lost when
//! it does; and that searches find the same whichever way they go.

#[cfg(feature = "sqlx-sqlite")]
#[path = "search_statements.rs"]
mod search_statements;

use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use test_requirements::requires;

use super::migration::Connection;
use super::opening::connect;
use super::options::PoolOptions;
use super::{Connected, SeaOrmStore};
use crate::entities::are_what_the_database_has;
use crate::search_equivalence::{BROAD_FROM, equal_the_reference};
use crate::sql::Sql;

/// Pools of one connection, on each of which a transaction is begun and left, and then a write is acknowledged.
const ROUNDS: i64 = 60;

/// How a connection comes to be inside a transaction that the driver does not end.
#[derive(Clone, Copy)]
enum Leaving {
    /// It is not told of the `BEGIN`: what a `BEGIN` amounts to whose reply was not waited for, at every round.
    Untold,
    /// The future that begins is dropped on its way, at a point that differs from round to round. Whether the server has
    /// begun by then is up to the machine.
    Dropped,
}

/// What comes of a test in a database of its own, whose URL it is given.
async fn in_a_database<T>(server: &str, purpose: &str, test: impl AsyncFnOnce(String) -> T) -> T {
    let admin = Database::connect(server)
        .await
        .expect("the server is there");
    let run = async |sql: String| admin.execute_unprepared(&sql).await.expect("it runs");
    let name = format!("relm_{purpose}_{}", std::process::id());
    run(format!("CREATE DATABASE {name}")).await;
    let (root, _) = server.rsplit_once('/').expect("it names a database");
    let done = test(format!("{root}/{name}")).await;
    run(format!("DROP DATABASE {name}")).await;
    done
}

/// How many of the acknowledged writes are not there when all connections are closed.
async fn lost(url: String, leaving: Leaving, rolls_back: bool) -> usize {
    let mut options = PoolOptions::new().at(url).connections_max(1);
    options.rolls_back = rolls_back;
    let database = connect(&options).await.expect("it connects");
    let table = Sql::new("CREATE TABLE kept (number BIGINT PRIMARY KEY)");
    let made = database.execute(&database.pool, &table).await;
    made.expect("it is made");
    let mut acknowledged = 0;
    for number in 0..ROUNDS {
        let database = connect(&options).await.expect("it connects");
        leave(&database, leaving, number).await;
        if writes(&database, number).await {
            acknowledged += 1;
        }
        database.pool.close().await.expect("it closes");
    }
    assert!(
        acknowledged > 0,
        "no write was acknowledged: nothing is shown"
    );
    let kept = Sql::new("SELECT number FROM kept");
    let kept = database.rows(&database.pool, &kept).await;
    let kept = kept.expect("it reads").len();
    database.pool.close().await.expect("it closes");
    acknowledged - kept
}

async fn leave(database: &Connected, leaving: Leaving, number: i64) {
    match leaving {
        Leaving::Untold => {
            let begun = database.pool.execute_unprepared("BEGIN").await;
            begun.expect("it begins");
        }
        Leaving::Dropped => {
            let give_up = async {
                for _ in 0..number % 10 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                begun = database.pool.begin() => drop(begun),
                () = give_up => {}
            }
        }
    }
}

async fn writes(database: &Connected, number: i64) -> bool {
    let mut insert = Sql::new("INSERT INTO kept (number) VALUES (");
    insert.bind(number).push(")");
    matches!(database.execute(&database.pool, &insert).await, Ok(1))
}

fn server(variable: &str) -> String {
    std::env::var(variable).expect("it names a server, or the test is ignored")
}

async fn loses_only_without_rollback(variable: &str) {
    let server = server(variable);
    let lost = async |leaving, rolls_back| {
        let lost = async |url| lost(url, leaving, rolls_back).await;
        in_a_database(&server, "canary", lost).await
    };
    assert!(
        lost(Leaving::Untold, false).await > 0,
        "the pool ends such transactions by itself now: is the hook still needed?"
    );
    assert_eq!(lost(Leaving::Untold, true).await, 0);
    assert_eq!(lost(Leaving::Dropped, true).await, 0);
}

async fn finds_the_same_whichever_way(variable: &str) {
    let server = server(variable);
    let search = async |url: String| {
        let mut stores = Vec::new();
        for broad in BROAD_FROM {
            let store = SeaOrmStore::connect(url.clone(), PoolOptions::new()).await;
            let mut store = store.expect("it opens");
            store.broad = broad;
            stores.push(store);
        }
        equal_the_reference(&stores).await;
        for store in stores {
            store.close().await;
        }
    };
    in_a_database(&server, "searches", search).await;
}

/// Of a fresh database and of one that an earlier version filled.
async fn has_the_tables_of_the_entities(variable: &str, dump: &str) {
    let server = server(variable);
    for (purpose, dump) in [("tables", None), ("older_tables", Some(dump))] {
        let test = async |url: String| {
            if let Some(dump) = dump {
                // A connection of its own: a dump ends with a session that finds no tables.
                let loading = Database::connect(&url).await.expect("it connects");
                let loaded = loading.execute_unprepared(dump).await;
                loaded.expect("the dump loads");
                loading.close().await.expect("it closes");
            }
            let migrated = SeaOrmStore::migrate(&url, PoolOptions::new()).await;
            migrated.expect("it migrates");
            let options = PoolOptions::new().at(url);
            let database = connect(&options).await.expect("it connects");
            let mut session = Connection::new(&database.pool, database.dialect);
            are_what_the_database_has(&mut session).await;
            database.pool.close().await.expect("it closes");
        };
        in_a_database(&server, purpose, test).await;
    }
}

#[cfg(feature = "postgres")]
#[requires(postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_postgres_are_those_of_the_entities() {
    let dump = include_str!("../fixtures/2026-11/postgres.sql");
    has_the_tables_of_the_entities("RELM_TEST_POSTGRES_URL", dump).await;
}

#[cfg(feature = "mysql")]
#[requires(mariadb)]
#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_mariadb_are_those_of_the_entities() {
    let dump = include_str!("../fixtures/2026-11/mariadb.sql");
    has_the_tables_of_the_entities("RELM_TEST_MARIADB_URL", dump).await;
}

#[cfg(feature = "postgres")]
#[requires(postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_are_kept_by_postgres() {
    loses_only_without_rollback("RELM_TEST_POSTGRES_URL").await;
}

#[cfg(feature = "mysql")]
#[requires(mariadb)]
#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_are_kept_by_mariadb() {
    loses_only_without_rollback("RELM_TEST_MARIADB_URL").await;
}

#[cfg(feature = "postgres")]
#[requires(postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn searches_equal_the_reference_on_postgres() {
    finds_the_same_whichever_way("RELM_TEST_POSTGRES_URL").await;
}

#[cfg(feature = "mysql")]
#[requires(mariadb)]
#[tokio::test(flavor = "multi_thread")]
async fn searches_equal_the_reference_on_mariadb() {
    finds_the_same_whichever_way("RELM_TEST_MARIADB_URL").await;
}
