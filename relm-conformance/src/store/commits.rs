//! What a commit does, and that one that is refused leaves nothing behind.

use relm_core::record::association::Association;
use relm_core::record::object::Contact;
use relm_core::record::{Document, Entry};
use relm_core::store::{Query, Refusal, StoredResponse, Write};
use relm_core::value::id::{Id, Kind};

use crate::records::{
    SCOPE, changed, contact, contact_of, delete, edge, event, field, id, insert, replace,
};
use crate::subject::{NOW, Subject, assert_contract};

pub(crate) fn response(key: &str) -> StoredResponse {
    StoredResponse {
        key: key.to_owned(),
        fingerprint: [7; 32],
        outcome: 1,
        body: "{}".into(),
        expires_at: NOW.saturating_add_millis(1_000),
        about: Vec::new(),
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

pub(crate) fn is(record: &Contact) -> Option<Document> {
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

/// `Unlink`: a batch may delete some of the edges itself, which must exist; all of them are gone.
pub(crate) async fn a_batch_deletes_edges_that_it_unlinks(store: Subject) {
    let [hub, one, two] = [1, 2, 3].map(|n| contact_of(n, &format!("{n}@example.com")));
    let edges = [
        edge(1, hub.id, one.id, None),
        edge(2, two.id, hub.id, None),
        edge(3, hub.id, two.id, None),
        edge(4, one.id, two.id, None),
    ];
    let records = [&hub, &one, &two].map(|it| insert(it.clone()));
    let linked = edges.iter().cloned().map(insert);
    store
        .apply(SCOPE, records.into_iter().chain(linked).collect())
        .await;
    let unlinked = |first: &[Association], last: &[Association]| {
        let [first, last] = [first, last].map(|edges| edges.iter().cloned().map(delete));
        let whole = [delete(hub.clone()), Write::Unlink(hub.id)];
        first.chain(whole).chain(last).collect::<Vec<Write>>()
    };
    let gone = edge(9, hub.id, one.id, Some("gone"));
    let refusal = store
        .refusal(SCOPE, unlinked(&edges[..1], std::slice::from_ref(&gone)))
        .await;
    assert_contract!(refusal, Refusal::VersionConflict { write: 3 });
    assert_contract!(all(&store, Kind::Association).await.len(), 4);
    store
        .apply(SCOPE, unlinked(&edges[..1], &edges[1..2]))
        .await;
    let left = [Entry::new(edges[3].clone()).document()];
    assert_contract!(all(&store, Kind::Association).await, left);
    assert_contract!(stored(&store, hub.id).await, None);
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
