//! Two programs at once, each in a transaction of its own.

use std::sync::Arc;

use relm_core::{Crm, ErrorKind, Mode, Scoped};
use relm_store_seaorm::{PoolOptions, SeaOrmStore, Transaction};
use sea_orm::{ConnectionTrait, DbBackend};
use test_requirements::requires;
use tokio::sync::Barrier;

use crate::bed::{order, place_order};
use crate::{Bed, RUNTIME, Tested, on_every_database, person, reason};

on_every_database! {
    one_of_two_programs_has_an_address
    programs_that_wait_for_each_other_end
    a_key_of_two_programs_makes_one_contact
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a program has of its own: an engine, a workspace, and the store that both share.
async fn program(bed: &Bed) -> Result<(SeaOrmStore, Scoped), Error> {
    let crm = bed.other_crm();
    let live = crm.open(bed.live.scope().workspace(), Mode::Live).await?;
    Ok((bed.store.clone(), live))
}

/// An order with a number of its own, and then a contact with an address that others want, too.
async fn order_of(
    (store, live): (SeaOrmStore, Scoped),
    number: i64,
    together: Arc<Barrier>,
) -> Result<bool, Error> {
    together.wait().await;
    let transaction = store.begin().await?;
    let nobody = "nobody".to_owned();
    let row = order::ActiveModel {
        number: sea_orm::Set(number),
        contact_id: sea_orm::Set(nobody),
    };
    sea_orm::ActiveModelTrait::insert(row, &transaction).await?;
    let within = live.within(&transaction);
    let created = within.contacts().create(person("ada@example.com")).await;
    match created {
        Ok(_) => {
            transaction.commit().await?;
            Ok(true)
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
            assert!(error.existing_id().is_some());
            transaction.rollback().await?;
            Ok(false)
        }
    }
}

async fn one_of_two_programs_has_an_address(bed: &Bed) -> Tested {
    let together = Arc::new(Barrier::new(2));
    let mut programs = Vec::new();
    for number in [1, 2] {
        let program = program(bed).await?;
        programs.push(tokio::spawn(order_of(
            program,
            number,
            Arc::clone(&together),
        )));
    }
    let mut winners = Vec::new();
    for (program, number) in programs.into_iter().zip([1, 2]) {
        if program.await?? {
            winners.push(number);
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(bed.orders().await, winners);
    assert_eq!(bed.contacts().await.len(), 1);
    Ok(())
}

/// Changes two contacts in an order of its own, with an order of the program's in between.
async fn change_both(
    (store, live): (SeaOrmStore, Scoped),
    number: i64,
    contacts: [relm_core::Contact; 2],
    together: Arc<Barrier>,
) -> Result<Result<(), String>, Error> {
    let transaction = store.begin().await?;
    let within = live.within(&transaction);
    let [first, second] = &contacts;
    place_order(&transaction, number, first).await?;
    let mut input = person(&format!("{number}-first@example.com"));
    within.contacts().update(first.id, input, None).await?;
    together.wait().await;
    input = person(&format!("{number}-second@example.com"));
    match within.contacts().update(second.id, input, None).await {
        Ok(_) => {
            transaction.commit().await?;
            Ok(Ok(()))
        }
        Err(error) => {
            let said = error.reason().unwrap_or_default().to_owned();
            after(&said, &transaction).await;
            transaction.rollback().await?;
            Ok(Err(said))
        }
    }
}

/// Nothing more is done where the database has undone all of it; SeaORM alone would write outside of any transaction.
async fn after(said: &str, transaction: &Transaction) {
    let write = "INSERT INTO orders (number, contact_id) VALUES (99, 'nobody')";
    let written = transaction.execute_unprepared(write).await;
    match said {
        "transaction_undone" => {
            let refused = written.expect_err("the transaction is undone").to_string();
            assert!(refused.contains("undone"), "{refused}");
        }
        said => {
            assert_eq!(said, "transaction_conflict");
            written.expect("what was done before stands");
        }
    }
}

async fn programs_that_wait_for_each_other_end(bed: &Bed) -> Tested {
    // SQLite's transactions write one after another.
    let sqlite = bed.pool.get_database_backend() == DbBackend::Sqlite;
    let together = Arc::new(Barrier::new(if sqlite { 1 } else { 2 }));
    let a = bed.live.contacts().create(person("a@example.com")).await?;
    let b = bed.live.contacts().create(person("b@example.com")).await?;
    let one = change_both(
        program(bed).await?,
        1,
        [a.clone(), b.clone()],
        together.clone(),
    );
    let other = change_both(program(bed).await?, 2, [b, a], together);
    let (one, other) = (tokio::spawn(one), tokio::spawn(other));
    let ends = [one.await??, other.await??];
    let committed: Vec<i64> = (1..)
        .zip(&ends)
        .filter(|(_, end)| end.is_ok())
        .map(|(n, _)| n)
        .collect();
    assert_eq!(committed.len(), if sqlite { 2 } else { 1 }, "{ends:?}");
    assert_eq!(bed.orders().await, committed);
    if bed.pool.get_database_backend() == DbBackend::MySql {
        assert!(
            ends.contains(&Err("transaction_undone".to_owned())),
            "{ends:?}"
        );
    }
    Ok(())
}

/// Both send the same request: the second waits for the first, and then begins again and is given its answer.
async fn a_key_of_two_programs_makes_one_contact(bed: &Bed) -> Tested {
    let input = serde_json::json!({"email": "ada@example.com"});
    let request = input.clone();
    let send = move |(store, live): (SeaOrmStore, Scoped), number: i64| {
        let input = request.clone();
        async move {
            for _ in 0..3 {
                let transaction = store.begin().await?;
                let once = live.within(&transaction).idempotent("order 17", &input)?;
                let reply = once.contacts().create_json(input.clone()).await;
                match reply {
                    Ok(reply) if reply.replayed => {
                        transaction.rollback().await?;
                        return Ok::<_, Error>(false);
                    }
                    Ok(reply) => {
                        place_order(&transaction, number, &reply.decode()?).await?;
                        transaction.commit().await?;
                        return Ok(true);
                    }
                    Err(error) => {
                        assert_eq!(reason(Err::<(), _>(error)), "transaction_conflict");
                        transaction.rollback().await?;
                    }
                }
            }
            Err("it was in the way three times".into())
        }
    };
    let first = tokio::spawn(send(program(bed).await?, 1));
    let second = tokio::spawn(send(program(bed).await?, 2));
    let made = [first.await??, second.await??];
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(
        (bed.orders().await.len(), bed.contacts().await.len()),
        (1, 1)
    );
    Ok(())
}

/// Two nodes of a cluster share no locks: it is found out at the commit that both changed one contact.
#[requires(galera)]
#[test]
fn a_cluster_finds_a_conflict_at_the_commit() {
    let urls = std::env::var("RELM_TEST_GALERA_URLS").expect("it names two nodes");
    let name = format!("relm_within_{}", std::process::id());
    let tested: Tested = RUNTIME.block_on(async {
        let servers: Vec<&str> = urls.split(',').collect();
        let beside = sea_orm::Database::connect(servers[0]).await?;
        let create = format!("CREATE DATABASE {name}");
        beside.execute_unprepared(&create).await?;
        let mut programs = Vec::new();
        for server in servers {
            let (server, _) = server.rsplit_once('/').expect("it names a database");
            let url = format!("{server}/{name}");
            let store = SeaOrmStore::connect(url, PoolOptions::new()).await?;
            programs.push((Crm::new(store.clone()), store));
        }
        let acme = programs[0].0.create_workspace("acme").await?;
        let mut begun = Vec::new();
        let mut ada = None;
        for (number, (crm, store)) in programs.iter().enumerate() {
            let live = crm.open(acme.id, Mode::Live).await?;
            let id = match ada {
                Some(id) => id,
                None => live.contacts().create(person("ada@example.com")).await?.id,
            };
            ada = Some(id);
            let transaction = store.begin().await?;
            let within = live.within(&transaction);
            let input = person(&format!("{number}@example.com"));
            within.contacts().update(id, input, None).await?;
            begun.push(transaction);
        }
        let mut ends = Vec::new();
        for transaction in begun {
            ends.push(transaction.commit().await);
        }
        assert!(ends[0].is_ok(), "{ends:?}");
        let said = reason(ends.pop().expect("there are two"));
        assert!(
            ["transaction_conflict", "transaction_undone"].contains(&said.as_str()),
            "{said}"
        );
        let live = programs[1].0.open(acme.id, Mode::Live).await?;
        let found = live.contacts().get(ada.expect("it was made")).await?;
        let email = found.and_then(|ada| ada.email);
        assert_eq!(email.as_deref(), Some("0@example.com"));
        for (_, store) in programs {
            store.close().await;
        }
        Ok(())
    });
    tested.expect("the test has no error");
}
