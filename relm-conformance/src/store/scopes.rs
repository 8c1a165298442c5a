//! Scopes: nothing of one is seen, refused or changed by a call that names another.

use relm_core::query::search::SearchTerms;
use relm_core::record::object::ObjectType;
use relm_core::record::{Entry, Record};
use relm_core::store::{Batch, Page, Query, Refusal, Require, Search, StoredResponse, Write};
use relm_core::value::id::Kind;

use super::commits::response;
use crate::records::{
    SCOPE, at, changed, contact_of, delete, edge, field, id, insert, others, replace, webhook,
};
use crate::subject::{NOW, Subject, assert_contract, batch};
use crate::varied::{scope_of, varied};

const ADA: &str = "ada@example.com";

/// Nothing of a scope is seen by a call that names another: no record by its id or its key.
pub(crate) async fn records_stay_in_their_scope(store: Subject) {
    let one = contact_of(1, ADA);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    let two = changed(&one, |one| one.phone = Some("2".to_owned()));
    for other in others() {
        let got = store.get(other, one.id).await;
        assert_contract!(got.expect("the store reads a record"), None, "{other:?}");
        let found = store.find(other, Kind::Contact, &[ADA.to_owned()]).await;
        assert_contract!(found.expect("the store finds nothing"), [None], "{other:?}");
        for write in [delete(one.clone()), replace(one.clone(), two.clone())] {
            assert_contract!(
                store.refusal(other, vec![write]).await,
                Refusal::VersionConflict { write: 0 }
            );
        }
    }
    let got = store.get(SCOPE, one.id).await;
    assert_contract!(
        got.expect("the store reads a record"),
        Some(Entry::new(one).document())
    );
}

/// Nothing of a scope is seen by a call that names another, whatever its kind: nor is what lives above all workspaces.
pub(crate) async fn every_kind_stays_in_its_scope(store: Subject) {
    for kind in Kind::ALL {
        let own = scope_of(kind);
        let records: Vec<Record> = varied(kind).into_iter().take(3).collect();
        store
            .apply(own, records.iter().cloned().map(insert).collect())
            .await;
        let query = Query {
            kind,
            clauses: Vec::new(),
            after: None,
            limit: 10,
        };
        let scopes = others().into_iter().chain([SCOPE]);
        for other in scopes.filter(|scope| *scope != own) {
            let page = store.list(other, &query).await;
            let page = page.expect("the store lists records");
            assert_contract!(page, Page::default(), "{kind:?} in {other:?}");
            for record in &records {
                let got = store.get(other, record.id()).await;
                let got = got.expect("the store reads a record");
                assert_contract!(got, None, "{kind:?} in {other:?}");
                let key = record.unique_key().unwrap_or_default();
                let found = store.find(other, kind, &[key]).await;
                let found = found.expect("the store finds nothing");
                assert_contract!(found, [None], "{kind:?} in {other:?}");
                let requires = vec![Require::Exists(record.id())];
                let missing = batch(other, requires, vec![Write::Reconfigure]);
                assert_contract!(
                    store.refusal_of(missing).await,
                    Refusal::Missing(vec![record.id()])
                );
            }
        }
    }
}

/// Nothing of a scope is seen by a call that names another: no list and no search finds it.
pub(crate) async fn lists_and_searches_stay_in_their_scope(store: Subject) {
    let query = Query {
        kind: Kind::Contact,
        clauses: Vec::new(),
        after: None,
        limit: 10,
    };
    let search = Search {
        terms: SearchTerms::parse(ADA).expect("the query is well-formed"),
        types: ObjectType::ALL.to_vec(),
        after: None,
        limit: 10,
    };
    let scopes = [SCOPE].into_iter().chain(others());
    for (scope, n) in scopes.clone().zip(1..) {
        store.apply(scope, vec![insert(contact_of(n, ADA))]).await;
    }
    for (scope, n) in scopes.zip(1..) {
        let own = [Entry::new(contact_of(n, ADA)).document()];
        let page = store
            .list(scope, &query)
            .await
            .expect("the store lists records");
        assert_contract!(
            (page.documents.as_slice(), page.more),
            (&own[..], false),
            "{scope:?}"
        );
        let page = store
            .search(scope, &search)
            .await
            .expect("the store searches");
        assert_contract!(
            (page.documents.as_slice(), page.more),
            (&own[..], false),
            "{scope:?}"
        );
    }
}

/// Ids and unique keys are unique *in a scope*: another may have the same, and changes of it leave this one alone.
pub(crate) async fn keys_and_ids_are_unique_per_scope(store: Subject) {
    let one = contact_of(1, ADA);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    for other in others() {
        store.apply(other, vec![insert(one.clone())]).await;
        let two = changed(&one, |one| one.email = Some("bob@example.com".to_owned()));
        store
            .apply(other, vec![replace(one.clone(), two.clone())])
            .await;
        store.apply(other, vec![delete(two)]).await;
    }
    let found = store.find(SCOPE, Kind::Contact, &[ADA.to_owned()]).await;
    assert_contract!(
        found.expect("the store finds records"),
        [Some(Entry::new(one).document())]
    );
}

/// Unique keys are unique *in a scope*, of definitions and associations too.
pub(crate) async fn definitions_and_edges_are_unique_per_scope(store: Subject) {
    let (one, other) = (contact_of(1, ADA), contact_of(2, "bob@example.com"));
    let plan = field(3, "plan");
    let link = edge(4, one.id, other.id, Some("knows"));
    for scope in others().into_iter().chain([SCOPE]) {
        let writes = vec![
            insert(one.clone()),
            insert(other.clone()),
            insert(plan.clone()),
            insert(link.clone()),
        ];
        store.apply(scope, writes).await;
        for entry in [Entry::new(plan.clone()), Entry::new(link.clone())] {
            let key = entry.record.unique_key().expect("it has one");
            let found = store.find(scope, entry.record.kind(), &[key]).await;
            assert_contract!(
                found.expect("the store finds records"),
                [Some(entry.document())],
                "{scope:?}"
            );
        }
    }
}

/// Another scope's configuration is another one: its version, its fields and its endpoints.
pub(crate) async fn configurations_stay_in_their_scope(store: Subject) {
    store
        .apply(
            SCOPE,
            vec![
                insert(field(1, "plan")),
                insert(webhook(1)),
                Write::Reconfigure,
            ],
        )
        .await;
    for other in others() {
        let configuration = store.configured(other).await;
        assert_contract!(configuration.version, 0, "{other:?}");
        assert_contract!(
            (configuration.fields, configuration.webhooks),
            (Vec::new(), Vec::new())
        );
        store.apply(other, vec![Write::Reconfigure]).await;
        store.apply(other, vec![Write::Reconfigure]).await;
    }
    let configuration = store.configured(SCOPE).await;
    assert_contract!(configuration.version, 1);
}

/// Another scope's configuration is another one: also where both are of one version, and are read in turn.
pub(crate) async fn configurations_of_one_version_stay_apart(store: Subject) {
    let scopes = others().into_iter().chain([SCOPE]).zip(1..);
    for (scope, n) in scopes.clone() {
        let define = vec![
            insert(field(n, &format!("k{n}"))),
            insert(webhook(n)),
            Write::Reconfigure,
        ];
        store.apply(scope, define).await;
    }
    for (scope, n) in scopes.clone().chain(scopes) {
        let now = store.configured(scope).await;
        let expected = (1, vec![field(n, &format!("k{n}"))], vec![webhook(n)]);
        assert_contract!(
            (now.version, now.fields, now.webhooks),
            expected,
            "{scope:?}"
        );
    }
}

/// Another scope's idempotency keys are others.
pub(crate) async fn responses_stay_in_their_scope(store: Subject) {
    store
        .apply(SCOPE, vec![Write::Remember(response("key"))])
        .await;
    for other in others() {
        let kept = store.response(other, "key", NOW).await;
        assert_contract!(kept.expect("the store reads a response"), None, "{other:?}");
        store
            .apply(other, vec![Write::Remember(response("key"))])
            .await;
    }
}

/// A response is kept until its own end, whatever has expired under its key in another scope and is forgotten there.
pub(crate) async fn a_response_outlives_what_expires_in_other_scopes(store: Subject) {
    const KEYS: i64 = 20;
    let kept = |n: i64, end: i64| StoredResponse {
        expires_at: at(end),
        ..response(&format!("key {n}"))
    };
    let remember = async |scope, now, response| {
        let writes = vec![Write::Remember(response)];
        let batch = Batch {
            now: at(now),
            ..batch(scope, Vec::new(), writes)
        };
        store.commit(batch).await.expect("the key is free");
    };
    for n in 0..KEYS {
        remember(SCOPE, 0, kept(n, 10)).await;
        for other in others() {
            remember(other, 0, kept(n, 1_000)).await;
        }
    }
    for n in 0..KEYS {
        remember(SCOPE, 10, kept(n, 1_000)).await;
    }
    for n in 0..KEYS {
        for scope in others().into_iter().chain([SCOPE]) {
            let read = store.response(scope, &format!("key {n}"), at(999)).await;
            let read = read.expect("the store reads a response");
            assert_contract!(read, Some(kept(n, 1_000)), "key {n} of {scope:?}");
        }
    }
}

/// Nothing is refused, or let pass, for what another scope holds.
pub(crate) async fn preconditions_look_at_their_scope(store: Subject) {
    let required = contact_of(1, ADA);
    store
        .apply(SCOPE, vec![insert(required.clone()), Write::Reconfigure])
        .await;
    for other in others() {
        let missing = batch(
            other,
            vec![Require::Exists(required.id)],
            vec![Write::Reconfigure],
        );
        assert_contract!(
            store.refusal_of(missing).await,
            Refusal::Missing(vec![required.id])
        );
        let version = batch(
            other,
            vec![Require::Configuration(1)],
            vec![insert(required.clone())],
        );
        assert_contract!(store.refusal_of(version).await, Refusal::Configuration);
    }
}

/// `Unlink` deletes the edges of its own scope alone.
pub(crate) async fn unlink_stays_in_its_scope(store: Subject) {
    let [one, two] = [1, 2].map(|n| id(Kind::Contact, n));
    let edge = edge(1, one, two, None);
    store.apply(SCOPE, vec![insert(edge.clone())]).await;
    for other in others() {
        store.apply(other, vec![insert(edge.clone())]).await;
        store
            .apply(other, vec![Write::Unlink(one), Write::Unlink(two)])
            .await;
        let gone = store.get(other, edge.id).await;
        assert_contract!(gone.expect("the store reads a record"), None);
    }
    let got = store.get(SCOPE, edge.id).await;
    assert_contract!(
        got.expect("the store reads a record"),
        Some(Entry::new(edge).document())
    );
}
