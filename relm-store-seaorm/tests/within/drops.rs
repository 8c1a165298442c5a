//! Futures that are dropped on their way: what they asked for is whole or not at all, and the transaction goes on.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use relm_core::{ListRequest, Scoped};
use relm_store_seaorm::Transaction;
use sea_orm::{TransactionSession, TransactionTrait};
use test_requirements::requires;

use crate::bed::{on_one_thread, place_order};
use crate::{Bed, Tested, on_every_database, person};

on_every_database! {
    a_change_whose_future_is_dropped_is_whole_or_nothing
    a_transaction_is_dropped_while_it_is_worked_in
    a_begin_that_is_given_up_leaves_no_connection_in_a_transaction
    a_commit_whose_future_is_dropped_goes_on
    a_commit_whose_future_is_dropped_is_heard_of
    an_inner_transaction_that_is_dropped_ends_before_what_comes_next
}

/// Polls a future so many times, each once it asks to be, and drops it.
async fn give_up<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|context| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

async fn a_change_whose_future_is_dropped_is_whole_or_nothing(bed: &Bed) -> Tested {
    for polls in 1..=12 {
        let transaction = bed.store.begin().await?;
        let live = bed.live.within(&transaction);
        let email = format!("{polls}@example.com");
        let _ = give_up(polls, live.contacts().create(person(&email))).await;
        let bob = live
            .contacts()
            .create(person(&format!("bob-{email}")))
            .await?;
        place_order(&transaction, polls as i64, &bob).await?;
        transaction.commit().await?;
    }
    let contacts = bed.contacts().await;
    let all = ListRequest {
        limit: Some(200),
        ..ListRequest::default()
    };
    let events = bed.live.events().list(&all).await?.data;
    assert_eq!(contacts.len(), events.len());
    let bobs = contacts.iter().filter(|contact| {
        let email = contact.email.as_deref();
        email.is_some_and(|email| email.starts_with("bob"))
    });
    assert_eq!((bobs.count(), bed.orders().await.len()), (12, 12));
    Ok(())
}

/// SeaORM panics where a transaction is dropped whose connection is in use.
async fn a_transaction_is_dropped_while_it_is_worked_in(bed: &Bed) -> Tested {
    let before = bed.rows().await;
    for polls in 1..=6 {
        let transaction = bed.store.begin().await?;
        let live = bed.live.within(&transaction);
        let _ = give_up(polls, live.contacts().create(person("ada@example.com"))).await;
        let nested = TransactionTrait::begin(&transaction).await?;
        let inner = bed.live.within(&nested);
        let _ = give_up(polls, inner.contacts().create(person("bob@example.com"))).await;
        drop(nested);
        drop(transaction);
    }
    // As many as the pool has connections: none is held for ever.
    for _ in 0..12 {
        TransactionSession::rollback(bed.store.begin().await?).await?;
    }
    assert_eq!(bed.rows().await, before);
    Ok(())
}

/// Why transactions within others are begun in tasks of their own: what SeaORM makes of a savepoint that is given up on its way.
/// Once this fails, `nested.rs` can be simpler.
#[requires(postgres)]
#[test]
fn seaorm_alone_loses_a_transaction_whose_savepoint_is_given_up() {
    crate::bed::run(Bed::postgres(), async |bed| {
        let ada = bed
            .live
            .contacts()
            .create(person("ada@example.com"))
            .await?;
        for _ in 0..100 {
            let begun = TransactionTrait::begin(&bed.pool).await?;
            place_order(&begun, 1, &ada).await?;
            // An answer may be there before it is waited for: then there is nothing to give up.
            if give_up(1, begun.begin()).await.is_none() {
                place_order(&begun, 2, &ada).await?;
                begun.commit().await?;
                break;
            }
            begun.rollback().await?;
        }
        assert_eq!(bed.orders().await, [2]);
        Ok(())
    });
}

/// A connection that is left in a transaction acknowledges what it then loses.
async fn a_begin_that_is_given_up_leaves_no_connection_in_a_transaction(bed: &Bed) -> Tested {
    for polls in 1..=20 {
        let begun = give_up(polls, bed.store.begin()).await;
        drop(begun);
        let email = format!("{polls}@example.com");
        bed.live.contacts().create(person(&email)).await?;
    }
    assert_eq!(bed.contacts().await.len(), 20);
    Ok(())
}

async fn a_commit_whose_future_is_dropped_goes_on(bed: &Bed) -> Tested {
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    place_order(&transaction, 1, &ada).await?;
    assert!(transaction.commit().now_or_never().is_none());
    // Whoever wants the same address next waits for it.
    let next = bed.store.begin().await?;
    let taken = bed
        .live
        .within(&next)
        .contacts()
        .create(person("ada@example.com"))
        .await;
    taken.expect_err("the address is taken");
    next.rollback().await?;
    assert_eq!(
        (bed.contacts().await.len(), bed.orders().await),
        (1, vec![1])
    );
    Ok(())
}

/// The inner one's commit tells the outer one what to do after its own, which does it.
async fn a_commit_whose_future_is_dropped_is_heard_of(bed: &Bed) -> Tested {
    let mut heard = bed.live.events().subscribe();
    for drops_outer in [false, true] {
        let transaction = bed.store.begin().await?;
        let inner = TransactionTrait::begin(&transaction).await?;
        let live = bed.live.within(&inner);
        let email = format!("{drops_outer}@example.com");
        let created = live.contacts().create(person(&email)).await?;
        if drops_outer {
            inner.commit().await?;
            let _ = transaction.commit().now_or_never();
        } else {
            let _ = inner.commit().now_or_never();
            transaction.commit().await?;
        }
        let told = tokio::time::timeout(Duration::from_secs(10), heard.next()).await?;
        let told = told.expect("events go on")?;
        assert_eq!(told.data.decode::<relm_core::Contact>()?, created);
    }
    Ok(())
}

/// Leaves an inner transaction in the middle of a change, which has the connection as long as it lasts.
async fn dropped_in_a_change(transaction: &Transaction, live: &Scoped, email: &str) -> Tested {
    let inner = TransactionTrait::begin(transaction).await?;
    let within = live.within(&inner);
    let contacts = within.contacts();
    // What the engine reads first, it has read.
    contacts.create(person(&format!("first-{email}"))).await?;
    let mut change = Box::pin(contacts.create(person(email)));
    assert!(change.as_mut().now_or_never().is_none());
    // The change's task begins.
    tokio::task::yield_now().await;
    drop(change);
    drop(inner);
    Ok(())
}

/// What comes next would be done in the savepoint of the inner one and be undone with it, though it was said to be done.
async fn an_inner_transaction_that_is_dropped_ends_before_what_comes_next(bed: &Bed) -> Tested {
    let nobody = person("nobody@example.com");
    let nobody = bed.live.contacts().create(nobody).await?;
    let placed = nobody.clone();
    on_one_thread(bed, |store, live| async move {
        let transaction = store.begin().await?;
        dropped_in_a_change(&transaction, &live, "1@example.com").await?;
        place_order(&transaction, 1, &placed).await?;
        transaction.commit().await?;

        let transaction = store.begin().await?;
        let inner = TransactionTrait::begin(&transaction).await?;
        assert!(inner.rollback().now_or_never().is_none());
        place_order(&transaction, 2, &placed).await?;
        transaction.commit().await?;

        let transaction = store.begin().await?;
        let begun = TransactionTrait::begin(&transaction).now_or_never();
        assert!(begun.is_none());
        place_order(&transaction, 3, &placed).await?;
        transaction.commit().await?;

        let transaction = store.begin().await?;
        place_order(&transaction, 4, &placed).await?;
        dropped_in_a_change(&transaction, &live, "2@example.com").await?;
        transaction.commit().await?;
        Ok(())
    })?;
    assert_eq!(
        (bed.contacts().await, bed.orders().await),
        (vec![nobody], vec![1, 2, 3, 4])
    );
    Ok(())
}
