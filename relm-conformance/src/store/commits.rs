//! What a commit does, what it refuses, and that a refusal leaves nothing behind.

use relm_core::record::object::Contact;
use relm_core::record::{Document, Entry};
use relm_core::store::{Query, Refusal, Require, StoredResponse, Write};
use relm_core::value::id::{Id, Kind};

use crate::records::with;
use crate::records::{
    SCOPE, changed, company, contact, contact_of, delete, edge, event, field, id, insert, replace,
};
use crate::subject::{NOW, Subject, assert_contract, batch};

pub(crate) fn response(key: &str) -> StoredResponse {
    StoredResponse {
        key: key.to_owned(),
        fingerprint: [7; 32],
        outcome: 1,
        body: "{}".into(),
        expires_at: NOW.saturating_add_millis(1_000),
    }
}

/// The document of a record, as the store has it.
pub(crate) async fn stored(store: &Subject, id: Id) -> Option<Document> {
    store
        .get(SCOPE, id)
        .await
        .expect("the store reads a record")
}

/// Every record of a kind.
pub(crate) async fn all(store: &Subject, kind: Kind) -> Vec<Document> {
    let query = Query {
        kind,
        clauses: Vec::new(),
        after: None,
        limit: 1_000,
    };
    let page = store
        .list(SCOPE, &query)
        .await
        .expect("the store lists records");
    page.documents
}

fn is(record: &Contact) -> Option<Document> {
    Some(Entry::new(record.clone()).document())
}

/// When `commit` returns success, every later call sees it, whoever makes it.
pub(crate) async fn a_commit_is_seen_by_every_later_call(store: Subject) {
    let one = contact_of(1, "ada@example.com");
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    let read = || async {
        let keys = ["ada@example.com".to_owned()];
        let found = store.find(SCOPE, Kind::Contact, &keys).await;
        let found = found.expect("the store finds records");
        (
            stored(&store, one.id).await,
            found,
            all(&store, Kind::Contact).await,
        )
    };
    for (got, found, listed) in store.race([read(), read(), read()]) {
        assert_contract!(got, is(&one));
        assert_contract!(found, [is(&one)]);
        assert_contract!(listed, [is(&one).expect("it is there")]);
    }
}

/// After a refusal the store is exactly as before: no record, event, response, unique key, edge or version of the batch.
pub(crate) async fn a_refused_batch_leaves_nothing(store: Subject) {
    let (kept, gone) = (contact_of(1, "kept@example.com"), contact(2));
    let link = edge(1, kept.id, gone.id, None);
    store
        .apply(
            SCOPE,
            vec![
                insert(kept.clone()),
                insert(gone.clone()),
                insert(link.clone()),
            ],
        )
        .await;
    let fresh = contact_of(3, "fresh@example.com");
    let renamed = changed(&kept, |kept| {
        kept.email = Some("other@example.com".to_owned())
    });
    let stale = changed(&contact(4), |_| {});
    let writes = vec![
        insert(fresh.clone()),
        insert(event(1, &fresh)),
        insert(field(1, "plan")),
        replace(kept.clone(), renamed),
        delete(gone.clone()),
        Write::Unlink(gone.id),
        Write::Reconfigure,
        Write::Remember(response("key")),
        // The last write is the one that is refused.
        replace(contact(4), stale),
    ];
    let refusal = store.refusal(SCOPE, writes).await;
    assert_contract!(refusal, Refusal::VersionConflict { write: 8 });

    assert_contract!(
        all(&store, Kind::Contact).await,
        [gone.clone(), kept.clone()].map(|c| Entry::new(c).document())
    );
    assert_contract!(
        all(&store, Kind::Association).await,
        [Entry::new(link).document()]
    );
    assert_contract!(all(&store, Kind::Event).await, []);
    let keys = ["kept@example.com", "fresh@example.com", "other@example.com"].map(str::to_owned);
    let found = store.find(SCOPE, Kind::Contact, &keys).await;
    assert_contract!(
        found.expect("the store finds records"),
        [is(&kept), None, None]
    );
    let configuration = store.configured(SCOPE).await;
    assert_contract!(
        (configuration.version, configuration.fields),
        (0, Vec::new())
    );
    let kept_response = store.response(SCOPE, "key", NOW).await;
    assert_contract!(kept_response.expect("the store reads a response"), None);
    // And nothing of it stands in the way: neither an id nor a key.
    store
        .apply(SCOPE, vec![insert(fresh), Write::Remember(response("key"))])
        .await;
}

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
pub(crate) async fn the_first_refusal_in_order_is_told(store: Subject) {
    let taken = contact_of(1, "ada@example.com");
    let kept = Write::Remember(response("key"));
    store
        .apply(SCOPE, vec![insert(taken.clone()), kept.clone()])
        .await;
    let nowhere = id(Kind::Company, 9);
    let mut requires = vec![Require::Exists(nowhere), Require::Configuration(5)];
    let stale = changed(&contact(8), |_| {});
    // From the last variant to the first, so that a store that stops at the first write tells another.
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

/// `Unlink`: every association from or to the record is deleted, and no other.
pub(crate) async fn unlink_deletes_the_edges_of_both_directions(store: Subject) {
    let [one, two, three] = [1, 2, 3].map(|n| id(Kind::Contact, n));
    let edges = [
        edge(1, one, two, None),
        edge(2, two, one, Some("knows")),
        edge(3, two, three, None),
        edge(4, three, two, None),
        // The same ULID in another kind is another record.
        edge(5, Id::new(Kind::Company, one.ulid()), two, None),
    ];
    store
        .apply(SCOPE, edges.iter().cloned().map(insert).collect())
        .await;
    store.apply(SCOPE, vec![Write::Unlink(one)]).await;
    let left = [&edges[4], &edges[3], &edges[2]].map(|edge| Entry::new(edge.clone()).document());
    assert_contract!(all(&store, Kind::Association).await, left);
    // Their keys are free.
    store
        .apply(SCOPE, vec![insert(edge(6, one, two, None))])
        .await;
}

/// `Unlink`: none need exist.
pub(crate) async fn unlink_needs_no_edge(store: Subject) {
    store
        .apply(
            SCOPE,
            vec![Write::Unlink(id(Kind::Deal, 1)), insert(contact(1))],
        )
        .await;
    assert_contract!(all(&store, Kind::Contact).await.len(), 1);
}

/// `Delete`: a record less, for every call; its id is free for a record again.
pub(crate) async fn a_deleted_record_is_gone(store: Subject) {
    let one = contact_of(1, "ada@example.com");
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    store.apply(SCOPE, vec![delete(one.clone())]).await;
    assert_contract!(stored(&store, one.id).await, None);
    assert_contract!(all(&store, Kind::Contact).await, []);
    let found = store
        .find(SCOPE, Kind::Contact, &["ada@example.com".to_owned()])
        .await;
    assert_contract!(found.expect("the store finds records"), [None]);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    assert_contract!(stored(&store, one.id).await, is(&one));
}

/// Every write of the batch is applied, or none, however many there are.
pub(crate) async fn a_large_batch_is_one_commit(store: Subject) {
    let contacts: Vec<Contact> = (0..600)
        .map(|n| contact_of(n, &format!("{n}@example.com")))
        .collect();
    let mut writes: Vec<Write> = contacts.iter().cloned().map(insert).collect();
    let same = contact_of(600, "7@example.com");
    writes.push(insert(same));
    let refusal = store.refusal(SCOPE, writes.clone()).await;
    assert!(
        matches!(refusal, Refusal::UniqueConflict { .. }),
        "{refusal:?}"
    );
    assert_contract!(all(&store, Kind::Contact).await, []);
    writes.pop();
    store.apply(SCOPE, writes).await;
    let newest_first = contacts
        .into_iter()
        .rev()
        .map(|contact| Entry::new(contact).document());
    assert_contract!(
        all(&store, Kind::Contact).await,
        newest_first.collect::<Vec<_>>()
    );
}
