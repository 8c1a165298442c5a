//! What is erased: the values in events, and responses by the records that they are about.

use relm_core::record::{Entry, Event};
use relm_core::store::{LogPage, StoredResponse, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use serde_json::{Value, json};

use super::commits::response;
use crate::records::{SCOPE, at, contact, event, id, insert, others, replace};
use crate::subject::{NOW, Subject, assert_contract, batch};

/// The same event, which says less of its record.
pub(crate) fn erased(event: &Event) -> Event {
    let mut json = serde_json::to_value(event).expect("an event serialises");
    let data = &json["data"];
    json["data"] = json!({ "id": data["id"], "object": "contact", "version": data["version"] });
    json["previous"] = Value::Object(serde_json::Map::new());
    json["purged"] = json!(true);
    serde_json::from_value(json).expect("it is an event")
}

async fn log(store: &Subject) -> LogPage {
    let page = store.log(SCOPE, 0, 20).await;
    page.expect("the store reads its log")
}

/// An event that is replaced keeps its number, its place in the log and its columns; alone, beside others, and before anybody has read
/// its number. None is deleted by it.
pub(crate) async fn a_replaced_event_keeps_its_number(store: Subject) {
    let events: Vec<Event> = (0..6).map(|n| event(n, &contact(n % 2))).collect();
    let writes = events[..4].iter().cloned().map(insert).collect();
    store.apply(SCOPE, writes).await;
    let before = log(&store).await;
    let less = |n: usize| replace(events[n].clone(), erased(&events[n]));
    let rest = events[4..].iter().cloned().map(insert).collect();
    store.apply(SCOPE, rest).await;
    for replaced in [vec![1], vec![0, 2, 5]] {
        let writes = replaced.into_iter().map(less).collect();
        store.apply(SCOPE, writes).await;
    }
    let after = log(&store).await;
    assert_contract!((after.deleted, after.events.len()), (0, 6));
    for (was, is) in before.events.iter().zip(&after.events) {
        assert_contract!((was.seq, was.document.id), (is.seq, is.document.id));
    }
    for (n, numbered) in after.events.iter().enumerate() {
        let expected = match n {
            3 | 4 => Entry::new(events[n].clone()),
            _ => Entry::new(erased(&events[n])),
        };
        assert_contract!(numbered.document, expected.document());
    }
    let ids: Vec<Id> = events.iter().map(|event| event.id).collect();
    let numbers = store.numbers(SCOPE, &ids).await;
    let numbers = numbers.expect("the store knows numbers");
    let expected: Vec<Option<i64>> = after.events.iter().map(|it| Some(it.seq)).collect();
    assert_contract!(numbers, expected);
    let stale = store.refusal(SCOPE, vec![less(1)]).await;
    let conflict = relm_core::store::Refusal::VersionConflict { write: 0 };
    assert_contract!(stale, conflict);
}

fn about(key: &str, records: &[Id]) -> StoredResponse {
    StoredResponse {
        about: records.to_vec(),
        ..response(key)
    }
}

async fn remember(store: &Subject, scope: Scope, response: StoredResponse) {
    store.apply(scope, vec![Write::Remember(response)]).await;
}

async fn keys(
    store: &Subject,
    scope: Scope,
    record: Id,
    after: Option<&str>,
    limit: usize,
) -> Vec<String> {
    let keys = store.responses_about(scope, record, after, limit).await;
    keys.expect("the store reads what responses are about")
}

async fn is_kept(store: &Subject, scope: Scope, key: &str) -> bool {
    let kept = store.response(scope, key, NOW).await;
    kept.expect("the store reads a response").is_some()
}

async fn forget(store: &Subject, scope: Scope, keys: &[&str], about: Id) {
    let forget = |key: &&str| Write::Forget {
        key: (*key).to_owned(),
        about,
    };
    store.apply(scope, keys.iter().map(forget).collect()).await;
}

/// Responses are found by each record that they are about, in the order of their keys, by code point, page by page, in their scope.
pub(crate) async fn responses_are_found_by_what_they_are_about(store: Subject) {
    let [ada, eva, shop] = [
        id(Kind::Contact, 1),
        id(Kind::Contact, 2),
        id(Kind::Company, 1),
    ];
    let mut expected: Vec<String> = (0..20).map(|n| format!("{:02}", n * 7 % 20)).collect();
    expected.extend(["Key", "key", "k\u{e9}y", "\u{10FFFF}"].map(str::to_owned));
    for key in &expected {
        remember(&store, SCOPE, about(key, &[ada, shop])).await;
    }
    remember(&store, SCOPE, about("of eva", &[eva])).await;
    remember(&store, SCOPE, about("of nobody", &[])).await;
    remember(&store, others()[0], about("elsewhere", &[ada])).await;
    expected.sort_unstable();
    for limit in [1, 5, 23, 24, 25] {
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let page = keys(&store, SCOPE, ada, after.as_deref(), limit).await;
            walked.extend(page.iter().cloned());
            after = page.last().cloned();
            if page.len() < limit {
                break;
            }
        }
        assert_contract!(walked, expected, "limit {limit}");
    }
    assert_contract!(keys(&store, SCOPE, shop, None, 50).await, expected);
    assert_contract!(keys(&store, SCOPE, eva, None, 50).await, ["of eva"]);
    assert_contract!(
        keys(&store, SCOPE, id(Kind::Contact, 3), None, 50).await,
        Vec::<String>::new()
    );
    assert_contract!(
        keys(&store, others()[0], ada, None, 50).await,
        ["elsewhere"]
    );
}

/// `Forget`: the response is kept no more, nor found by any record, and its key is free.
pub(crate) async fn a_forgotten_response_is_kept_no_more(store: Subject) {
    let [ada, eva] = [1, 2].map(|n| id(Kind::Contact, n));
    let several: Vec<String> = (0..300).map(|n| format!("key {n}")).collect();
    for key in &several {
        remember(&store, SCOPE, about(key, &[ada, eva])).await;
        remember(&store, others()[0], about(key, &[ada])).await;
    }
    let all: Vec<&str> = several.iter().map(String::as_str).collect();
    forget(&store, SCOPE, &all[..1], ada).await;
    assert!(!is_kept(&store, SCOPE, all[0]).await);
    assert_contract!(keys(&store, SCOPE, eva, None, 400).await.len(), 299);
    remember(&store, SCOPE, about(all[0], &[eva])).await;
    assert!(is_kept(&store, SCOPE, all[0]).await);
    forget(&store, SCOPE, &all[1..], ada).await;
    for key in &all[1..] {
        assert!(!is_kept(&store, SCOPE, key).await, "{key}");
    }
    for (record, expected) in [(ada, vec![]), (eva, vec![all[0]])] {
        assert_contract!(keys(&store, SCOPE, record, None, 400).await, expected);
    }
    assert_contract!(keys(&store, others()[0], ada, None, 400).await.len(), 300);
    assert!(is_kept(&store, others()[0], all[7]).await);
}

/// `Forget` leaves a response that is not about the record.
pub(crate) async fn a_response_about_others_is_not_forgotten(store: Subject) {
    let [ada, eva] = [1, 2].map(|n| id(Kind::Contact, n));
    remember(&store, SCOPE, about("key", &[ada])).await;
    remember(&store, SCOPE, about("of nobody", &[])).await;
    forget(&store, SCOPE, &["key", "of nobody"], eva).await;
    assert!(is_kept(&store, SCOPE, "key").await);
    assert!(is_kept(&store, SCOPE, "of nobody").await);
    assert_contract!(keys(&store, SCOPE, ada, None, 9).await, ["key"]);
}

/// `Forget` needs no response under its key.
pub(crate) async fn forgetting_needs_no_response(store: Subject) {
    let ada = id(Kind::Contact, 1);
    forget(&store, SCOPE, &["key"], ada).await;
    remember(&store, SCOPE, about("other", &[ada])).await;
    forget(&store, SCOPE, &["key"], ada).await;
    assert!(is_kept(&store, SCOPE, "other").await);
}

/// A response that took the key of one that has expired is about its own records, and not about those of the other.
pub(crate) async fn a_response_that_took_a_key_is_about_its_own(store: Subject) {
    let [ada, eva] = [1, 2].map(|n| id(Kind::Contact, n));
    let first = StoredResponse {
        expires_at: at(10),
        ..about("key", &[ada])
    };
    remember(&store, SCOPE, first).await;
    assert_contract!(keys(&store, SCOPE, ada, None, 9).await, ["key"]);
    let next = StoredResponse {
        expires_at: at(1_000),
        ..about("key", &[eva])
    };
    let mut later = batch(SCOPE, Vec::new(), vec![Write::Remember(next)]);
    later.now = at(10);
    store.commit(later).await.expect("the key is free");
    assert_contract!(
        keys(&store, SCOPE, ada, None, 9).await,
        Vec::<String>::new()
    );
    assert_contract!(keys(&store, SCOPE, eva, None, 9).await, ["key"]);
    forget(&store, SCOPE, &["key"], ada).await;
    assert!(is_kept(&store, SCOPE, "key").await);
    forget(&store, SCOPE, &["key"], eva).await;
    assert!(!is_kept(&store, SCOPE, "key").await);
}

/// What has expired is found as long as it is kept: what a store keeps of a record can be erased.
pub(crate) async fn a_response_is_found_as_long_as_it_is_kept(store: Subject) {
    let ada = id(Kind::Contact, 1);
    let begun = relm_core::value::time::Timestamp::from_millis(0);
    for n in 0..40 {
        let given = StoredResponse {
            expires_at: at(n + 1),
            ..about(&format!("{n:02}"), &[ada])
        };
        let mut later = batch(SCOPE, Vec::new(), vec![Write::Remember(given)]);
        later.now = at(2 * n);
        store.commit(later).await.expect("the key is free");
        let found = keys(&store, SCOPE, ada, None, 99).await;
        for other in 0..=n {
            let key = format!("{other:02}");
            let kept = store.response(SCOPE, &key, begun).await;
            let kept = kept.expect("the store reads a response");
            assert!(kept.is_none() || found.contains(&key), "{key} after {n}");
        }
    }
}
