//! What fails in a transaction, and what can be done in it afterwards.

use std::time::Duration;

use relm_core::Crm;
use relm_store_seaorm::{OpenError, PoolOptions, SeaOrmStore};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, EntityTrait, IsolationLevel, TransactionTrait,
};
use test_requirements::requires;

use crate::bed::{MARIADB, order, place_order};
use crate::{Bed, RUNTIME, Tested, on_every_database, person, reason};

on_every_database! {
    a_handle_that_outlives_its_transaction_says_so
    a_statement_that_failed_is_not_committed_as_a_success
    whoever_keeps_a_stream_open_is_told_so
    whoever_goes_around_the_transaction_ends
}

async fn a_handle_that_outlives_its_transaction_says_so(bed: &Bed) -> Tested {
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    transaction.commit().await?;
    let said = reason(live.contacts().create(person("ada@example.com")).await);
    assert_eq!(said, "transaction_ended");
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    drop(transaction);
    let said = reason(live.contacts().create(person("ada@example.com")).await);
    assert_eq!(said, "transaction_ended");
    assert_eq!(bed.contacts().await, []);
    Ok(())
}

/// PostgreSQL rolls back what has failed and calls the commit a success; elsewhere a failed statement is undone alone.
async fn a_statement_that_failed_is_not_committed_as_a_success(bed: &Bed) -> Tested {
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    place_order(&transaction, 1, &ada).await?;
    let twice = place_order(&transaction, 1, &ada).await;
    twice.expect_err("an order has one number");
    if bed.pool.get_database_backend() == sea_orm::DbBackend::Postgres {
        let said = reason(live.contacts().create(person("bob@example.com")).await);
        assert_eq!(said, "transaction_undone");
        assert_eq!(reason(transaction.commit().await), "transaction_undone");
        assert_eq!(bed.contacts().await, []);
    } else {
        live.contacts().create(person("bob@example.com")).await?;
        transaction.commit().await?;
        assert_eq!(
            (bed.contacts().await.len(), bed.orders().await.len()),
            (2, 1)
        );
    }
    Ok(())
}

/// Why a commit asks first whether there is something to commit. Once this fails, it need not.
#[requires(postgres)]
#[test]
fn seaorm_alone_calls_the_commit_of_what_failed_a_success() {
    crate::bed::run(Bed::postgres(), async |bed| {
        let ada = bed
            .live
            .contacts()
            .create(person("ada@example.com"))
            .await?;
        let begun = bed.pool.begin().await?;
        place_order(&begun, 1, &ada).await?;
        let twice = place_order(&begun, 1, &ada).await;
        twice.expect_err("an order has one number");
        begun.commit().await?;
        assert!(bed.orders().await.is_empty());
        Ok(())
    });
}

/// A store whose statements take a second at most.
async fn impatient(bed: &Bed) -> Result<SeaOrmStore, OpenError> {
    let options = PoolOptions::new()
        .statement_timeout(Duration::from_secs(1))
        .acquire_timeout(Duration::from_secs(1));
    SeaOrmStore::connect(bed.url.as_str(), options).await
}

async fn whoever_keeps_a_stream_open_is_told_so(bed: &Bed) -> Tested {
    let store = impatient(bed).await?;
    let transaction = store.begin().await?;
    let live = bed.live.within(&transaction);
    let orders = order::Entity::find().stream(&transaction).await?;
    let said = reason(live.contacts().create(person("ada@example.com")).await);
    assert_eq!(said, "unavailable");
    let said = transaction.execute_unprepared("SELECT 1").await;
    let said = said.expect_err("the stream is open").to_string();
    assert!(said.contains("stream"), "{said}");
    drop(orders);
    live.contacts().create(person("ada@example.com")).await?;
    transaction.commit().await?;
    assert_eq!(bed.contacts().await.len(), 1);
    store.close().await;
    Ok(())
}

/// Not through the transaction, but beside it: where that waits for the transaction itself, it gives up.
async fn whoever_goes_around_the_transaction_ends(bed: &Bed) -> Tested {
    let store = impatient(bed).await?;
    let crm = Crm::new(store.clone());
    let live = crm.open(bed.live.scope().workspace(), relm_core::Mode::Live);
    let live = live.await?;
    let transaction = store.begin().await?;
    let within = live.within(&transaction);
    within.contacts().create(person("ada@example.com")).await?;
    let said = reason(live.contacts().create(person("ada@example.com")).await);
    assert_eq!(said, "unavailable");
    transaction.commit().await?;
    assert_eq!(bed.contacts().await.len(), 1);
    store.close().await;
    Ok(())
}

#[requires(postgres)]
#[test]
fn a_transaction_of_another_isolation_is_refused() {
    crate::bed::run(Bed::postgres(), async |bed| {
        for isolation in [IsolationLevel::RepeatableRead, IsolationLevel::Serializable] {
            let begun = bed.pool.begin_with_config(Some(isolation), None).await?;
            let refused = bed.store.adopt(begun).await.expect_err("it is refused");
            let is_named = matches!(
                &refused,
                OpenError::Transaction {
                    setting: "transaction_isolation",
                    ..
                }
            );
            assert!(is_named, "{refused}");
        }
        let begun = bed.pool.begin().await?;
        bed.store.adopt(begun).await?.rollback().await?;
        Ok(())
    });
}

/// As MariaDB has them by default.
#[requires(mariadb)]
#[test]
fn a_transaction_of_an_unsuitable_session_is_refused() {
    let database = MARIADB.database();
    let store = database.open(|options| options);
    RUNTIME.block_on(async {
        let pool = Database::connect(ConnectOptions::new(database.url())).await;
        let pool = pool.expect("it connects");
        let begun = pool.begin().await.expect("it begins");
        let refused = store.adopt(begun).await.expect_err("it is refused");
        assert!(
            matches!(refused, OpenError::Transaction { .. }),
            "{refused}"
        );
        pool.close().await.expect("it closes");
    });
}

/// A transaction of another kind of database than the store's.
#[requires(postgres)]
#[test]
fn a_transaction_of_another_database_is_refused() {
    crate::bed::run(Bed::postgres(), async |bed| {
        let elsewhere = Database::connect("sqlite::memory:").await?;
        let begun = elsewhere.begin().await?;
        let refused = bed.store.adopt(begun).await.expect_err("it is refused");
        assert!(matches!(
            refused,
            OpenError::Transaction {
                setting: "a database",
                ..
            }
        ));
        Ok(())
    });
}

/// Whoever gives an event its number is in the middle of it for eleven seconds.
const NUMBERS_SLOWLY: &str = "\
    CREATE FUNCTION number_slowly() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN PERFORM pg_sleep(11); RETURN NEW; END $$; \
    CREATE TRIGGER number_slowly BEFORE UPDATE OF seq ON events \
    FOR EACH ROW EXECUTE FUNCTION number_slowly()";

/// An event would have a number of which its log knows nothing, and another one the same later.
#[requires(postgres)]
#[test]
fn a_numbering_that_takes_too_long_is_not_committed_in_part() {
    crate::bed::run(Bed::postgres(), async |bed| {
        let ada = person("ada@example.com");
        let ada = bed.live.contacts().create(ada).await?;
        bed.pool.execute_unprepared(NUMBERS_SLOWLY).await?;
        let options = PoolOptions::new().statement_timeout(Duration::from_secs(30));
        let store = SeaOrmStore::connect(bed.url.as_str(), options).await?;
        let transaction = store.begin().await?;
        place_order(&transaction, 1, &ada).await?;
        let live = bed.live.within(&transaction);
        assert_eq!(reason(live.events().after(0).await), "transaction_undone");
        assert_eq!(reason(transaction.commit().await), "transaction_undone");
        store.close().await;
        let quickly = "DROP FUNCTION number_slowly CASCADE";
        bed.pool.execute_unprepared(quickly).await?;
        bed.live
            .contacts()
            .create(person("bob@example.com"))
            .await?;
        let numbers = bed.live.events().after(0).await?.data;
        let numbers: Vec<i64> = numbers.into_iter().map(|event| event.seq).collect();
        assert_eq!((numbers, bed.orders().await), (vec![1, 2], vec![]));
        Ok(())
    });
}
