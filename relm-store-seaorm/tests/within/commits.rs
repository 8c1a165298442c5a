//! What a commit makes everybody's, and what a rollback leaves.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::FutureExt;
use relm_core::engine::{BatchReport, DispatchOptions, Dispatcher};
use relm_core::record::key::KeyAccess;
use relm_core::webhook::{Answer, Message, SendError, Transport};
use relm_core::{
    BatchInput, Contact, ErrorKind, FieldInput, ListRequest, Metadata, Mode, Patch, Scoped,
    WebhookInput,
};
use sea_orm::{ConnectionTrait, EntityTrait, StreamTrait};
use serde_json::json;

use crate::bed::{all, order, place_order};
use crate::{Bed, Tested, on_every_database, person};

on_every_database! {
    an_order_and_its_contact_are_committed_together
    a_rollback_leaves_nothing
    a_dropped_transaction_is_rolled_back
    nothing_that_is_undone_is_remembered
    what_a_transaction_changes_it_sees
    a_batch_upserts_within_a_transaction
    an_idempotency_key_holds_once_it_is_committed
    a_refused_change_leaves_the_others
    a_revoked_key_stops_at_the_commit
    webhooks_and_subscribers_hear_after_the_commit
    a_transaction_of_the_program_is_adopted
    streams_of_the_program_end_before_what_follows
}

fn hook() -> WebhookInput {
    WebhookInput {
        url: "https://example.com/hook".into(),
        event_types: Patch::Set(vec!["*".to_owned()]),
        ..Default::default()
    }
}

fn tier() -> FieldInput {
    let field = json!({"object_type": "contact", "key": "tier", "label": "Tier", "type": "number"});
    serde_json::from_value(field).expect("it is one")
}

fn with_tier(email: &str, tier: impl Into<serde_json::Value>) -> relm_core::ContactInput {
    relm_core::ContactInput {
        metadata: Metadata::from([("tier", tier.into())]).into(),
        ..person(email)
    }
}

/// An order with its contact, an endpoint, a field and a key, all within a transaction.
async fn busy(bed: &Bed, transaction: &relm_store_seaorm::Transaction) -> Result<Contact, Error> {
    let inside = bed.crm.within(transaction);
    let live = inside
        .open(bed.live.scope().workspace(), Mode::Live)
        .await?;
    live.webhooks().subscribe(hook()).await?;
    live.fields().define(tier()).await?;
    let input = with_tier("ada@example.com", 3);
    let once = live.idempotent("order 17", &input)?;
    let ada = once.contacts().create(input).await?;
    place_order(transaction, 17, &ada).await?;
    inside.create_workspace("umbrella").await?;
    Ok(ada)
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn an_order_and_its_contact_are_committed_together(bed: &Bed) -> Tested {
    let before = bed.rows().await;
    let transaction = bed.store.begin().await?;
    let ada = busy(bed, &transaction).await?;
    assert_eq!(bed.rows().await, before, "others see what is not committed");
    transaction.commit().await?;
    let was = |table: &str| {
        let was = before.iter().find(|(other, _)| *other == table);
        was.map_or(0, |(_, rows)| *rows)
    };
    let after = bed.rows().await.into_iter();
    let added: Vec<(&str, i64)> = after
        .map(|(table, rows)| (table, rows - was(table)))
        .filter(|(table, rows)| *table != "terms" && *rows != 0)
        .collect();
    let expected = [
        ("contacts", 1),
        ("fields", 1),
        ("webhooks", 1),
        ("events", 2), // of the contact and of the field
        ("deliveries", 2),
        ("workspaces", 1),
        ("responses", 1),
        ("response_records", 1),
        ("configurations", 2),
        ("orders", 1),
    ];
    assert_eq!(added, expected);
    assert_eq!(bed.live.contacts().get(ada.id).await?, Some(ada));
    Ok(())
}

async fn a_rollback_leaves_nothing(bed: &Bed) -> Tested {
    let before = bed.rows().await;
    let transaction = bed.store.begin().await?;
    busy(bed, &transaction).await?;
    transaction.rollback().await?;
    assert_eq!(bed.rows().await, before);
    Ok(())
}

async fn a_dropped_transaction_is_rolled_back(bed: &Bed) -> Tested {
    let before = bed.rows().await;
    let transaction = bed.store.begin().await?;
    busy(bed, &transaction).await?;
    drop(transaction);
    // On SQLite, whoever writes next waits until it is gone.
    let next = bed.store.begin().await?;
    next.rollback().await?;
    assert_eq!(bed.rows().await, before);
    Ok(())
}

/// The engine outside has read what was there, and goes by it after a rollback: no field, no endpoint, no workspace.
async fn nothing_that_is_undone_is_remembered(bed: &Bed) -> Tested {
    bed.live
        .contacts()
        .create(person("first@example.com"))
        .await?;
    let transaction = bed.store.begin().await?;
    let inside = bed.crm.within(&transaction);
    let live = inside
        .open(bed.live.scope().workspace(), Mode::Live)
        .await?;
    live.fields().define(tier()).await?;
    live.webhooks().subscribe(hook()).await?;
    let wrong = with_tier("a@example.com", "gold");
    let refused = live.contacts().create(wrong).await;
    let refused = refused.expect_err("the field holds within");
    assert_eq!(refused.kind(), ErrorKind::ValidationFailed);
    let umbrella = inside.create_workspace("umbrella").await?;
    let their = inside.open(umbrella.id, Mode::Live).await?;
    their.contacts().create(person("a@example.com")).await?;
    let key = inside.create_key(umbrella.id, Mode::Live, KeyAccess::Full, None);
    let key = key.await?;
    transaction.rollback().await?;

    bed.live
        .contacts()
        .create(with_tier("a@example.com", "gold"))
        .await?;
    assert_eq!(bed.live.fields().all().await?, []);
    let hooks = bed.live.webhooks().list(&ListRequest::default()).await?;
    assert_eq!(hooks.data, []);
    let opened = bed.crm.open(umbrella.id, Mode::Live).await;
    assert_eq!(opened.expect_err("it is gone").kind(), ErrorKind::NotFound);
    assert_eq!(bed.crm.authenticate(&key.secret).await?, None);
    Ok(())
}

async fn what_a_transaction_changes_it_sees(bed: &Bed) -> Tested {
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    assert_eq!(live.contacts().get(ada.id).await?.as_ref(), Some(&ada));
    assert_eq!(all(&live).await.as_slice(), std::slice::from_ref(&ada));
    let search = relm_core::SearchRequest::new("ada@example.com");
    assert_eq!(live.search(&search).await?.data.len(), 1);
    let same = live.contacts().create(person("ADA@example.com")).await;
    let taken = same.expect_err("the address is taken");
    assert_eq!(
        (taken.kind(), taken.existing_id()),
        (ErrorKind::Conflict, Some(ada.id))
    );
    let (contacts, version) = (live.contacts(), Some(ada.version));
    let changed = contacts.update(ada.id, person("b@example.com"), version);
    let changed = changed.await?;
    let stale = contacts.update(ada.id, person("c@example.com"), version);
    let stale = stale.await.expect_err("it has another version");
    assert_eq!(stale.kind(), ErrorKind::VersionConflict);
    transaction.commit().await?;
    assert_eq!(bed.contacts().await, [changed]);
    Ok(())
}

async fn a_batch_upserts_within_a_transaction(bed: &Bed) -> Tested {
    let ada = bed
        .live
        .contacts()
        .create(person("ada@example.com"))
        .await?;
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let mut known = person("ADA@example.com");
    known.first_name = "Ada".into();
    let lost: relm_core::Id = "cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse()?;
    let mut dangling = person("b@example.com");
    dangling.company_id = lost.into();
    let mut contacts: Vec<_> = (0..300)
        .map(|number| person(&format!("{number}@example.com")))
        .collect();
    contacts.extend([known, dangling]);
    let batch = BatchInput {
        rows: contacts,
        dedup_on: vec!["email".to_owned()],
        atomic: false,
    };
    let report: BatchReport = live.contacts().batch(batch).await?;
    // A row whose reference leads nowhere fails alone, as outside.
    let count = report.data.iter().filter(|row| row.error.is_some()).count();
    assert_eq!((count, report.data.len()), (1, 302));
    transaction.commit().await?;
    let found = bed.live.contacts().get(ada.id).await?.expect("it is there");
    assert_eq!(found.first_name.as_deref(), Some("Ada"));
    let contacts = bed.rows().await;
    assert_eq!(contacts[0], ("contacts", 301));
    Ok(())
}

async fn an_idempotency_key_holds_once_it_is_committed(bed: &Bed) -> Tested {
    let input = json!({"email": "ada@example.com"});
    let once = |live: Scoped| live.idempotent("order 17", &input);
    let create = async |live: Scoped| {
        let live = once(live)?;
        live.contacts().create_json(input.clone()).await
    };
    let undone = bed.store.begin().await?;
    let gone = create(bed.live.within(&undone)).await?;
    undone.rollback().await?;

    let transaction = bed.store.begin().await?;
    let first = create(bed.live.within(&transaction)).await?;
    let again = create(bed.live.within(&transaction)).await?;
    assert!(!gone.replayed && !first.replayed && again.replayed);
    assert!(gone.body != first.body && first.body == again.body);
    transaction.commit().await?;

    let outside = create(bed.live.clone()).await?;
    assert!(outside.replayed && outside.body == first.body);
    let transaction = bed.store.begin().await?;
    let within = create(bed.live.within(&transaction)).await?;
    assert!(
        within.replayed,
        "the program is told that its rows are there, too"
    );
    transaction.rollback().await?;
    assert_eq!(bed.contacts().await.len(), 1);
    Ok(())
}

/// On PostgreSQL a statement that fails has the whole transaction fail: a change has a savepoint.
async fn a_refused_change_leaves_the_others(bed: &Bed) -> Tested {
    let ada = bed
        .live
        .contacts()
        .create(person("ada@example.com"))
        .await?;
    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    place_order(&transaction, 1, &ada).await?;
    let taken = live.contacts().create(person("Ada@example.com")).await;
    let taken = taken.expect_err("the address is taken");
    assert_eq!(
        (taken.kind(), taken.existing_id()),
        (ErrorKind::Conflict, Some(ada.id))
    );
    let mut dangling = person("b@example.com");
    let lost: relm_core::Id = "cmp_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse()?;
    dangling.company_id = lost.into();
    let dangling = live.contacts().create(dangling).await;
    let dangling = dangling.expect_err("there is no such company");
    assert_eq!(dangling.kind(), ErrorKind::InvalidReference);
    let bob = live.contacts().create(person("bob@example.com")).await?;
    place_order(&transaction, 2, &bob).await?;
    transaction.commit().await?;
    assert_eq!(bed.orders().await, [1, 2]);
    assert_eq!(bed.contacts().await, [bob, ada]);
    Ok(())
}

async fn a_revoked_key_stops_at_the_commit(bed: &Bed) -> Tested {
    let workspace = bed.live.scope().workspace();
    let key = bed
        .crm
        .create_key(workspace, Mode::Live, KeyAccess::Full, None);
    let key = key.await?;
    let opens = async || bed.crm.authenticate(&key.secret).await;
    assert!(opens().await?.is_some());
    let transaction = bed.store.begin().await?;
    bed.crm.within(&transaction).revoke_key(key.key.id).await?;
    transaction.rollback().await?;
    assert!(opens().await?.is_some());
    let transaction = bed.store.begin().await?;
    bed.crm.within(&transaction).revoke_key(key.key.id).await?;
    assert!(opens().await?.is_some());
    transaction.commit().await?;
    assert!(
        opens().await?.is_none(),
        "it is cached for five seconds otherwise"
    );
    Ok(())
}

/// Keeps what was sent.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Message>>>);

#[async_trait]
impl Transport for Sent {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        self.0.lock().expect("no test panics with it").push(message);
        Ok(Answer::new(204))
    }
}

async fn webhooks_and_subscribers_hear_after_the_commit(bed: &Bed) -> Tested {
    use futures_util::StreamExt;

    bed.live.webhooks().subscribe(hook()).await?;
    let sent = Sent::default();
    let dispatcher = Dispatcher::new(bed.crm.clone(), sent.clone(), DispatchOptions::default());
    let count = || sent.0.lock().expect("no test panics with it").len();
    let mut heard = bed.live.events().subscribe();
    let undone = bed.store.begin().await?;
    let live = bed.live.within(&undone);
    live.contacts().create(person("nobody@example.com")).await?;
    undone.rollback().await?;
    dispatcher.deliver_due().await?;
    assert!(count() == 0 && heard.next().now_or_never().is_none());

    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    assert!(heard.next().now_or_never().is_none());
    transaction.commit().await?;
    let event = heard.next().now_or_never().flatten();
    let event = event.expect("it is heard of at once")?;
    assert_eq!(event.data.decode::<Contact>()?, ada);
    dispatcher.deliver_due().await?;
    assert_eq!(count(), 1);
    Ok(())
}

async fn a_transaction_of_the_program_is_adopted(bed: &Bed) -> Tested {
    let begun = sea_orm::TransactionTrait::begin(&bed.pool).await?;
    let nobody = bed
        .live
        .contacts()
        .create(person("nobody@example.com"))
        .await?;
    place_order(&begun, 1, &nobody).await?;
    let transaction = bed.store.adopt(begun).await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    place_order(transaction.as_ref(), 2, &ada).await?;
    transaction.commit().await?;
    assert_eq!(bed.orders().await, [1, 2]);
    assert_eq!(bed.contacts().await.len(), 2);

    let begun = sea_orm::TransactionTrait::begin(&bed.pool).await?;
    place_order(&begun, 3, &ada).await?;
    let transaction = bed.store.adopt(begun).await?;
    let live = bed.live.within(&transaction);
    live.contacts().create(person("bob@example.com")).await?;
    transaction.rollback().await?;
    assert_eq!(bed.orders().await, [1, 2]);
    assert_eq!(bed.contacts().await.len(), 2);
    Ok(())
}

async fn streams_of_the_program_end_before_what_follows(bed: &Bed) -> Tested {
    use futures_util::TryStreamExt;

    let transaction = bed.store.begin().await?;
    let live = bed.live.within(&transaction);
    let ada = live.contacts().create(person("ada@example.com")).await?;
    for number in 0..20 {
        place_order(&transaction, number, &ada).await?;
    }
    let mut orders = order::Entity::find().stream(&transaction).await?;
    let first = orders.try_next().await?;
    assert!(first.is_some());
    let contacts = live.contacts();
    let mut waiting = Box::pin(contacts.create(person("bob@example.com")));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(orders);
    waiting.await?;
    let backend = ConnectionTrait::get_database_backend(&transaction);
    let count = sea_orm::Statement::from_string(backend, "SELECT number FROM orders");
    let rows: Vec<_> = transaction.stream_raw(count).await?.try_collect().await?;
    assert_eq!(rows.len(), 20);
    transaction.commit().await?;
    assert_eq!(
        (bed.orders().await.len(), bed.contacts().await.len()),
        (20, 2)
    );
    Ok(())
}
