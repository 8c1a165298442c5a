//! Transactions within a transaction.

use futures_util::{FutureExt, StreamExt};
use sea_orm::{IsolationLevel, TransactionError, TransactionTrait};

use crate::bed::{all, place_order};
use crate::{Bed, Tested, on_every_database, person, reason};

on_every_database! {
    what_an_inner_transaction_undoes_is_neither_kept_nor_heard_of
    a_transaction_is_not_committed_before_those_within_it
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
