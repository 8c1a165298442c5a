//! What a commit refuses, and which refusal it gives.

use relm_core::store::{Refusal, Require, Write};
use relm_core::value::id::{Id, Kind};

use super::commits::{all, is, response, stored};
use crate::records::with;
use crate::records::{SCOPE, changed, company, contact, contact_of, delete, id, insert, replace};
use crate::subject::{Subject, assert_contract, batch};

/// `Insert`: its id must be free.
pub(crate) async fn an_insert_needs_a_free_id(store: Subject) {
    let one = contact(1);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    let other = with!(one.clone(); phone: Some("1".to_owned()));
    let writes = vec![insert(contact(2)), insert(other)];
    assert_contract!(
        store.refusal(SCOPE, writes).await,
        Refusal::IdConflict { write: 1 }
    );
    assert_contract!(
        all(&store, Kind::Contact).await,
        [is(&one).expect("it is there")]
    );
}

/// In a scope, no two records have one id: not even a record that equals the one that is there.
pub(crate) async fn an_id_is_taken_whatever_else_the_record_holds(store: Subject) {
    let one = contact_of(1, "ada@example.com");
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    let again = store.refusal(SCOPE, vec![insert(one.clone())]).await;
    assert_contract!(again, Refusal::IdConflict { write: 0 });
    let second = changed(&one, |one| one.email = None);
    let later = store.refusal(SCOPE, vec![insert(second)]).await;
    assert_contract!(later, Refusal::IdConflict { write: 0 });
}

/// `Replace`: the record must exist with the version of `before`.
pub(crate) async fn a_replace_needs_the_version_that_was_read(store: Subject) {
    let first = contact(1);
    let second = changed(&first, |first| first.phone = Some("2".to_owned()));
    let third = changed(&second, |second| second.phone = Some("3".to_owned()));
    store.apply(SCOPE, vec![insert(first.clone())]).await;
    store
        .apply(SCOPE, vec![replace(first.clone(), second.clone())])
        .await;
    for before in [&first, &third] {
        let after = changed(before, |it| it.phone = Some("lost".to_owned()));
        let refusal = store
            .refusal(SCOPE, vec![replace(before.clone(), after)])
            .await;
        assert_contract!(refusal, Refusal::VersionConflict { write: 0 });
        assert_contract!(stored(&store, first.id).await, is(&second));
    }
    store
        .apply(SCOPE, vec![replace(second, third.clone())])
        .await;
    assert_contract!(stored(&store, first.id).await, is(&third));
}

/// `Replace`: the record must exist, never or no more being the same.
pub(crate) async fn a_replace_needs_the_record(store: Subject) {
    let (never, gone) = (contact(1), contact(2));
    store.apply(SCOPE, vec![insert(gone.clone())]).await;
    store.apply(SCOPE, vec![delete(gone.clone())]).await;
    for before in [never, gone] {
        let after = changed(&before, |_| {});
        let refusal = store.refusal(SCOPE, vec![replace(before, after)]).await;
        assert_contract!(refusal, Refusal::VersionConflict { write: 0 });
    }
    assert_contract!(all(&store, Kind::Contact).await, []);
}

/// `Delete`: the record must exist with the version of the entry.
pub(crate) async fn a_delete_needs_the_version_that_was_read(store: Subject) {
    let first = contact(1);
    let second = changed(&first, |first| first.phone = Some("2".to_owned()));
    store.apply(SCOPE, vec![insert(first.clone())]).await;
    store
        .apply(SCOPE, vec![replace(first.clone(), second.clone())])
        .await;
    let third = changed(&second, |_| {});
    for read in [&first, &third] {
        let refusal = store.refusal(SCOPE, vec![delete(read.clone())]).await;
        assert_contract!(refusal, Refusal::VersionConflict { write: 0 });
        assert_contract!(stored(&store, first.id).await, is(&second));
    }
    store.apply(SCOPE, vec![delete(second)]).await;
    assert_contract!(stored(&store, first.id).await, None);
}

/// `Delete`: the record must exist.
pub(crate) async fn a_delete_needs_the_record(store: Subject) {
    let one = contact(1);
    let never = store.refusal(SCOPE, vec![delete(one.clone())]).await;
    assert_contract!(never, Refusal::VersionConflict { write: 0 });
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    store.apply(SCOPE, vec![delete(one.clone())]).await;
    let again = store.refusal(SCOPE, vec![delete(one)]).await;
    assert_contract!(again, Refusal::VersionConflict { write: 0 });
}

/// A refusal names the place in `Batch::writes`, and of a taken key its holder.
pub(crate) async fn a_refusal_names_the_write(store: Subject) {
    let taken = contact_of(1, "ada@example.com");
    store.apply(SCOPE, vec![insert(taken.clone())]).await;
    let harmless = || {
        vec![
            insert(contact(5)),
            Write::Reconfigure,
            insert(company(6)),
            Write::Unlink(taken.id),
        ]
    };
    let after = |write: Write| [harmless(), vec![write]].concat();

    let stale = replace(contact(9), changed(&contact(9), |_| {}));
    assert_contract!(
        store.refusal(SCOPE, after(stale)).await,
        Refusal::VersionConflict { write: 4 }
    );
    assert_contract!(
        store.refusal(SCOPE, after(insert(contact(1)))).await,
        Refusal::IdConflict { write: 4 }
    );
    let holder = taken.id;
    let same = insert(contact_of(2, "ada@example.com"));
    assert_contract!(
        store.refusal(SCOPE, after(same)).await,
        Refusal::UniqueConflict { write: 4, holder }
    );
}

/// `Require::Exists`: the record exists.
pub(crate) async fn required_records_must_exist(store: Subject) {
    let (here, missing) = (company(1), id(Kind::Company, 2));
    store.apply(SCOPE, vec![insert(here.clone())]).await;
    let requiring = |required| {
        batch(
            SCOPE,
            vec![Require::Exists(required)],
            vec![insert(contact(1))],
        )
    };
    let refusal = store.refusal_of(requiring(missing)).await;
    assert_contract!(refusal, Refusal::Missing(vec![missing]));
    assert_contract!(all(&store, Kind::Contact).await, []);
    let done = store.commit(requiring(here.id)).await;
    done.expect("the required record exists");
    store.apply(SCOPE, vec![delete(here.clone())]).await;
    assert_contract!(
        store.refusal_of(requiring(here.id)).await,
        Refusal::Missing(vec![here.id])
    );
}

/// `Missing`: all required records that do not exist.
pub(crate) async fn every_missing_record_is_named(store: Subject) {
    let here = company(1);
    store.apply(SCOPE, vec![insert(here.clone())]).await;
    // One of them differs from a record that is there by its kind alone.
    let other_kind = Id::new(Kind::Deal, here.id.ulid());
    let missing = [id(Kind::Contact, 2), id(Kind::Deal, 3), other_kind];
    let requires = [missing[0], here.id, missing[1], missing[2]].map(Require::Exists);
    let refusal = store
        .refusal_of(batch(SCOPE, requires.to_vec(), vec![insert(contact(1))]))
        .await;
    let Refusal::Missing(mut named) = refusal else {
        panic!("three records are missing, not {refusal:?}");
    };
    named.sort_unstable();
    let mut missing = missing.to_vec();
    missing.sort_unstable();
    assert_contract!(named, missing);
}

/// A refusal is the first by the order of `Refusal`'s variants.
pub(crate) async fn the_first_refusal_in_order_is_given(store: Subject) {
    let taken = contact_of(1, "ada@example.com");
    let kept = Write::Remember(response("key"));
    store
        .apply(SCOPE, vec![insert(taken.clone()), kept.clone()])
        .await;
    let nowhere = id(Kind::Company, 9);
    let mut requires = vec![Require::Exists(nowhere), Require::Configuration(5)];
    let stale = changed(&contact(8), |_| {});
    // From the last variant to the first, so that a store that stops at the first write gives another.
    let mut writes = vec![
        insert(contact_of(2, "ada@example.com")),
        insert(contact(1)),
        replace(contact(8), stale),
        kept,
    ];
    let mut refusals = Vec::new();
    refusals.push(
        store
            .refusal_of(batch(SCOPE, requires.clone(), writes.clone()))
            .await,
    );
    requires.pop();
    refusals.push(
        store
            .refusal_of(batch(SCOPE, requires.clone(), writes.clone()))
            .await,
    );
    writes.pop();
    refusals.push(
        store
            .refusal_of(batch(SCOPE, requires.clone(), writes.clone()))
            .await,
    );
    requires.pop();
    while !writes.is_empty() {
        refusals.push(store.refusal(SCOPE, writes.clone()).await);
        writes.pop();
    }
    let expected = [
        Refusal::Configuration,
        Refusal::ResponseExists,
        Refusal::Missing(vec![nowhere]),
        Refusal::VersionConflict { write: 2 },
        Refusal::IdConflict { write: 1 },
        Refusal::UniqueConflict {
            write: 0,
            holder: taken.id,
        },
    ];
    assert_contract!(refusals, expected);
}
