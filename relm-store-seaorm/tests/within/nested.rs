//! Transactions within a transaction.

use futures_util::{FutureExt, StreamExt};
use sea_orm::{EntityTrait, IsolationLevel, TransactionError, TransactionTrait};

use crate::bed::{all, order, place_order};
use crate::{Bed, Tested, on_every_database, person, reason};

on_every_database! {
    what_an_inner_transaction_undoes_is_neither_kept_nor_heard_of
    a_transaction_is_not_committed_before_those_within_it
    what_ends_before_those_within_it_is_undone_with_them
    while_an_inner_transaction_is_open_all_is_done_in_it
    one_that_was_lent_is_nested_in
}

async fn what_an_inner_transaction_undoes_is_neither_kept_nor_heard_of(bed: &Bed) -> Tested {
    let mut heard = bed.live.events().subscribe();
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    let inner = TransactionTrait::begin(&transaction).await?;
    let within = bed.live.within(&inner);
    let bob = within.contacts().create(person("bob@example.com")).await?;
    place_order(&inner, 1, &bob).await?;
    inner.rollback().await?;
    assert_eq!(all(&live).await.as_slice(), std::slice::from_ref(&ada));
    let within = bed.live.clone();
    let third = transaction.transaction(|inner| {
        Box::pin(async move {
            let within = within.within(inner);
            let third = within.contacts().create(person("c@example.com")).await?;
            place_order(inner, 2, &third).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(third)
        })
    });
    let third = third
        .await
        .map_err(|error: TransactionError<_>| error.to_string())?;
    assert!(heard.next().now_or_never().is_none());
    transaction.commit().await?;
    let mut told = Vec::new();
    while let Some(Some(event)) = heard.next().now_or_never() {
        told.push(event?.data.decode::<relm_core::Contact>()?);
    }
    told.sort_by_key(|contact| contact.id);
    assert_eq!(told, [ada.clone(), third.clone()]);
    assert_eq!(
        (bed.contacts().await, bed.orders().await),
        (vec![third, ada], vec![2])
    );
    Ok(())
}

/// SeaORM would release a savepoint, call that a commit, and lose all of it.
async fn a_transaction_is_not_committed_before_those_within_it(bed: &Bed) -> Tested {
    let transaction = bed.store.begin().await?;
    let inner = TransactionTrait::begin(&transaction).await?;
    bed.live
        .within(&inner)
        .contacts()
        .create(person("ada@example.com"))
        .await?;
    assert_eq!(reason(transaction.commit().await), "internal_error");
    drop(inner);
    assert_eq!(bed.contacts().await, []);
    let transaction = bed.store.begin().await?;
    let isolation = Some(IsolationLevel::Serializable);
    let refused = transaction.begin_with_config(isolation, None).await;
    refused.expect_err("the isolation is that of the outer one");
    transaction.rollback().await?;
    Ok(())
}

/// How an outer transaction ends while one within it is open.
#[derive(Clone, Copy, Debug)]
enum TooEarly {
    RolledBack,
    Committed,
    Dropped,
}

/// sqlx would roll back to the savepoint of the inner one, whichever it is that ends, and then take the commit of the inner one
/// for that of the outer one.
async fn what_ends_before_those_within_it_is_undone_with_them(bed: &Bed) -> Tested {
    let mut heard = bed.live.events().subscribe();
    let before = bed.rows().await;
    for end in [TooEarly::RolledBack, TooEarly::Committed, TooEarly::Dropped] {
        for commits in [true, false] {
            let transaction = bed.store.begin().await?;
            let live = bed.live.within(&transaction);
            let ada = live.contacts().create(person("ada@example.com")).await?;
            place_order(&transaction, 1, &ada).await?;
            let inner = TransactionTrait::begin(&transaction).await?;
            let within = bed.live.within(&inner);
            let bob = within.contacts().create(person("bob@example.com")).await?;
            place_order(&inner, 2, &bob).await?;
            let ended = match end {
                TooEarly::RolledBack => Some(transaction.rollback().await),
                TooEarly::Committed => Some(transaction.commit().await),
                TooEarly::Dropped => {
                    drop(transaction);
                    None
                }
            };
            if let Some(ended) = ended {
                assert_eq!(reason(ended), "internal_error", "{end:?}");
            }
            let said = reason(within.contacts().create(person("c@example.com")).await);
            assert_eq!(said, "transaction_undone", "{end:?}");
            let said = place_order(&inner, 3, &bob).await;
            let said = said.expect_err("the transaction is undone").to_string();
            assert!(said.contains("undone"), "{end:?}: {said}");
            match commits {
                true => assert_eq!(
                    reason(inner.commit().await),
                    "transaction_undone",
                    "{end:?}"
                ),
                false => inner.rollback().await?,
            }
            // The connection is free, and so is the turn of whoever writes next.
            bed.store.begin().await?.rollback().await?;
            assert_eq!(bed.rows().await, before, "{end:?}");
        }
    }
    assert!(heard.next().now_or_never().is_none());
    Ok(())
}

/// A change through the outer one would vanish with the inner one, and be told to subscribers with the commit of the outer one.
async fn while_an_inner_transaction_is_open_all_is_done_in_it(bed: &Bed) -> Tested {
    let mut heard = bed.live.events().subscribe();
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    let inner = TransactionTrait::begin(&transaction).await?;
    let refused = live.contacts().create(person("bob@example.com")).await;
    assert_eq!(reason(refused), "internal_error");
    assert_eq!(reason(live.contacts().get(ada.id).await), "internal_error");
    let refused = [
        place_order(&transaction, 1, &ada).await.map(drop),
        TransactionTrait::begin(&transaction).await.map(drop),
        order::Entity::find().stream(&transaction).await.map(drop),
    ];
    for refused in refused {
        let said = refused.expect_err("the inner one is open").to_string();
        assert!(said.contains("within this one"), "{said}");
    }
    let within = bed.live.within(&inner);
    within.contacts().create(person("c@example.com")).await?;
    inner.rollback().await?;
    let bob = live.contacts().create(person("bob@example.com")).await?;
    place_order(&transaction, 2, &bob).await?;
    transaction.commit().await?;
    let mut told = Vec::new();
    while let Some(Some(event)) = heard.next().now_or_never() {
        told.push(event?.data.decode::<relm_core::Contact>()?.id);
    }
    told.sort();
    assert_eq!(told, [ada.id, bob.id]);
    assert_eq!(
        (bed.contacts().await, bed.orders().await),
        (vec![bob, ada], vec![2])
    );
    Ok(())
}

async fn one_that_was_lent_is_nested_in(bed: &Bed) -> Tested {
    let mut heard = bed.live.events().subscribe();
    let outer = TransactionTrait::begin(&bed.pool).await?;
    let lent = &outer;
    let inner = bed.store.adopt(lent.begin().await?).await?;
    let ada = bed
        .live
        .within(&inner)
        .contacts()
        .create(person("ada@example.com"))
        .await?;
    place_order(&inner, 1, &ada).await?;
    let after_commit = inner.release().await?;
    assert!(heard.next().now_or_never().is_none());
    outer.commit().await?;
    after_commit.run();
    assert!(heard.next().now_or_never().is_some());
    assert_eq!(
        (bed.contacts().await, bed.orders().await),
        (vec![ada], vec![1])
    );
    Ok(())
}
