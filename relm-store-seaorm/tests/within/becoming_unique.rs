//! A field that becomes unique while a transaction is open that knows nothing of it.

use std::time::Duration;

use relm_core::record::field::{FieldInput, FieldPatch, FieldType};
use relm_core::{ContactInput, ErrorKind, Metadata, Mode, ObjectType};

use crate::{Bed, Tested, on_every_database};

on_every_database! {
    a_field_does_not_become_unique_past_a_write_that_is_under_way
    a_field_becomes_unique_after_the_transaction_that_has_it_become_so
}

/// For how long it is looked that something does not happen.
const A_WHILE: Duration = Duration::from_millis(700);

fn numbered(number: &str) -> ContactInput {
    ContactInput {
        metadata: Metadata::from([("no", number)]).into(),
        ..ContactInput::default()
    }
}

fn unique() -> FieldPatch {
    FieldPatch {
        unique: true.into(),
        ..FieldPatch::default()
    }
}

fn number() -> FieldInput {
    FieldInput::new(ObjectType::Contact, "no", FieldType::Text)
}

async fn a_field_does_not_become_unique_past_a_write_that_is_under_way(bed: &Bed) -> Tested {
    let field = bed.live.fields().define(number()).await?;
    bed.live.contacts().create(numbered("1")).await?;
    let other = bed.other_crm();
    let other = other.open(bed.live.scope().workspace(), Mode::Live).await?;
    let transaction = bed.store.begin().await?;
    let within = other.within(&transaction);
    within.contacts().create(numbered("1")).await?;
    let live = bed.live.clone();
    let mut asked =
        tokio::spawn(async move { live.fields().update(field.id, unique(), None).await });
    let waited = tokio::time::timeout(A_WHILE, &mut asked).await;
    assert!(waited.is_err(), "it became unique meanwhile: {waited:?}");
    transaction.commit().await?;
    let refused = asked.await?.expect_err("two records have one value");
    assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused:?}");
    let there = bed.live.fields().get(field.id).await?;
    let there = there.ok_or("the definition is there")?;
    assert_eq!((there.unique, there.unique_index), (false, None));
    assert_eq!(bed.contacts().await.len(), 2);
    Ok(())
}

async fn a_field_becomes_unique_after_the_transaction_that_has_it_become_so(bed: &Bed) -> Tested {
    let field = bed.live.fields().define(number()).await?;
    bed.live.contacts().create(numbered("1")).await?;
    let transaction = bed.store.begin().await?;
    let within = bed.live.within(&transaction);
    let begun = within.fields().update(field.id, unique(), None).await?;
    assert!(!begun.unique && begun.unique_index.is_some());
    transaction.commit().await?;
    let done = bed.live.fields().update(field.id, unique(), None).await?;
    assert!(done.unique);
    let taken = bed.live.contacts().create(numbered("1")).await;
    let taken = taken.expect_err("one record has it");
    assert_eq!(taken.kind(), ErrorKind::Conflict);
    Ok(())
}
