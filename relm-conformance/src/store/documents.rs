//! Documents: what is given comes back, byte for byte, by id and by unique key.

use std::cmp::Reverse;
use std::sync::Arc;

use relm_core::limits::{BODY_CHARS_MAX, METADATA_BYTES_MAX};
use relm_core::query::search::SearchTerms;
use relm_core::record::metadata::{Metadata, text_of};
use relm_core::record::object::{Activity, Object, ObjectType};
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{Query, Search, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use serde_json::json;

use super::commits::{all, stored};
use super::leases::lease;
use super::mirror::{Mirror, clauses};
use crate::records::{
    SCOPE, at, changed, changed_delivery, contact, contact_of, delivery, edge, event, field, given,
    id, insert, replace,
};
use crate::subject::Subject;
use crate::subject::{NOW, assert_contract};
use crate::varied::{scope_of, varied};

/// A document comes back byte for byte, whatever its kind, its texts and its numbers.
pub(crate) async fn documents_come_back_byte_for_byte(store: Subject) {
    for kind in Kind::ALL {
        let scope = scope_of(kind);
        let entries: Vec<Entry> = varied(kind).into_iter().map(Entry::new).collect();
        let documents: Vec<Document> = entries.iter().map(Entry::document).collect();
        store
            .apply(scope, entries.into_iter().map(Write::Insert).collect())
            .await;
        for document in &documents {
            let got = store.get(scope, document.id).await;
            assert_contract!(
                got.expect("the store reads a record").as_ref(),
                Some(document)
            );
        }
        let query = Query {
            kind,
            clauses: Vec::new(),
            after: None,
            limit: 200,
        };
        let page = store.list(scope, &query).await;
        let page = page.expect("the store lists records");
        let given = given(scope).into_iter();
        let given = given.filter(|record| record.kind() == kind);
        let mut expected: Vec<Document> = given.map(|it| Entry::new(it).document()).collect();
        expected.extend(documents);
        expected.sort_by_key(|document| Reverse(document.id));
        assert!(page.documents == expected, "{kind:?}");
    }
    // The JSON is the store's to keep, not to read: spaces, the order of members and the form of a number stay.
    let odd =
        r#"{"z": 1.0, "a":1e2 ,"z2":-0.0,"\u0061b":"\u00e9", "n":0.1234567890123456789, "u":"𐀀", "#;
    let mut entry = Entry::new(contact(1_000));
    entry.json = Arc::from(odd.to_owned() + &entry.json[1..]);
    store.apply(SCOPE, vec![Write::Insert(entry.clone())]).await;
    assert_contract!(
        stored(&store, entry.record.id()).await,
        Some(entry.document())
    );
    let mut numbers = contact(1_001);
    for (n, number) in [
        0.1,
        -0.0,
        5e-324,
        4_503_599_627_370_495.5,
        1e-7,
        9_007_199_254_740_991.0,
    ]
    .into_iter()
    .enumerate()
    {
        numbers.metadata.insert(format!("n{n}"), json!(number));
    }
    let entry = Entry::new(numbers);
    store.apply(SCOPE, vec![Write::Insert(entry.clone())]).await;
    assert_contract!(
        stored(&store, entry.record.id()).await,
        Some(entry.document())
    );
}

/// A document comes back byte for byte at the limits of the engine: 20,000 characters of four bytes, 16 KiB of metadata.
pub(crate) async fn large_documents_come_back_byte_for_byte(store: Subject) {
    let mut large = Activity::blank(id(Kind::Activity, 1), Mode::Live, NOW);
    large.activity_type = "note".to_owned();
    large.body = Some("\u{10FFFF}".repeat(BODY_CHARS_MAX));
    let mut metadata = Metadata::new();
    metadata.insert("text".to_owned(), json!(""));
    let left = METADATA_BYTES_MAX - text_of(metadata.as_map()).len();
    metadata.insert(
        "text".to_owned(),
        json!("\u{1F980}".repeat(left / 4) + &"x".repeat(left % 4)),
    );
    large.metadata = metadata;
    let entry = Entry::new(large.clone());
    store.apply(SCOPE, vec![Write::Insert(entry.clone())]).await;
    assert_contract!(stored(&store, large.id).await, Some(entry.document()));

    let mut after = large.clone();
    after.body = Some("\u{1F600}".repeat(BODY_CHARS_MAX));
    after.version += 1;
    store
        .apply(SCOPE, vec![replace(large, after.clone())])
        .await;
    assert_contract!(
        all(&store, Kind::Activity).await,
        [Entry::new(after).document()]
    );
}

/// A record with its JSON in another form, and with members beyond those of its kind.
fn odd(record: impl Into<Record>) -> Entry {
    let mut entry = Entry::new(record);
    entry.json = (r#"{"z": 1.0, "a":1e2 , "#.to_owned() + &entry.json[1..]).into();
    entry
}

/// Every call that gives documents gives them byte for byte, with members beyond those of their kind.
pub(crate) async fn every_call_gives_documents_byte_for_byte(store: Subject) {
    let one = odd(contact_of(1, "ada@example.com"));
    let change = odd(event(1, &contact(1)));
    let first = delivery(1, 1, at(0));
    let sent = odd(first.clone());
    let writes = [&one, &change, &sent].map(|entry| Write::Insert(entry.clone()));
    store.apply(SCOPE, writes.to_vec()).await;
    assert_found(&store, &one).await;
    let page = store.log(SCOPE, 0, 10).await;
    let page = page.expect("the store reads its log");
    let logged: Vec<Document> = page.events.into_iter().map(|it| it.document).collect();
    assert_contract!(logged, [change.document()]);
    let leased = async |now| {
        let leased = store.lease(&lease(1, now, now + 100)).await;
        leased.expect("the store leases deliveries")
    };
    for now in [0, 100] {
        assert_contract!(leased(now).await, [sent.document()], "at {now}");
    }
    let later = changed_delivery(&first, |it| it.next_attempt_at = Some(at(300)));
    let (before, after) = (sent, odd(later));
    let expected = [after.document()];
    store
        .apply(SCOPE, vec![Write::Replace { before, after }])
        .await;
    assert_contract!(leased(300).await, expected);
}

/// Asserts that the one contact that there is, `ada@example.com`, comes back as it was given: by its key, in lists and in searches.
async fn assert_found(store: &Subject, contact: &Entry) {
    let key = "ada@example.com".to_owned();
    let found = store.find(SCOPE, Kind::Contact, &[key]).await;
    let found = found.expect("the store finds records");
    assert_contract!(found, [Some(contact.document())]);
    for filters in [
        &[][..],
        &[("first_name", "eq", "Name 1")],
        &[("first_name", "ilike", "name%")],
    ] {
        let query = Query {
            kind: Kind::Contact,
            clauses: clauses(Kind::Contact, filters),
            after: None,
            limit: 10,
        };
        let page = store.list(SCOPE, &query).await;
        let page = page.expect("the store lists records");
        assert_contract!(page.documents, [contact.document()], "{filters:?}");
    }
    for query in ["name", "ada@example.com"] {
        let search = Search {
            terms: SearchTerms::parse(query).expect("the query is well-formed"),
            types: ObjectType::ALL.to_vec(),
            after: None,
            limit: 10,
        };
        let page = store.search(SCOPE, &search).await;
        let page = page.expect("the store searches");
        assert_contract!(page.documents, [contact.document()], "{query}");
    }
}

/// `get`: the document of one record, or none.
pub(crate) async fn get_tells_absence_from_presence(store: Subject) {
    let one = contact(1);
    assert_contract!(stored(&store, one.id).await, None);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    assert_contract!(
        stored(&store, one.id).await,
        Some(Entry::new(one.clone()).document())
    );
    for near in [one.id.ulid() - 1, one.id.ulid() + 1, 0, u128::MAX] {
        assert_contract!(stored(&store, Id::new(Kind::Contact, near)).await, None);
    }
    let two = changed(&one, |one| one.phone = Some("2".to_owned()));
    store.apply(SCOPE, vec![replace(one, two.clone())]).await;
    assert_contract!(
        stored(&store, two.id).await,
        Some(Entry::new(two).document())
    );
}

/// An id of another kind names nothing, whatever its ULID.
pub(crate) async fn get_tells_kinds_apart(store: Subject) {
    let one = contact(1);
    store.apply(SCOPE, vec![insert(one.clone())]).await;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Contact) {
        assert_contract!(
            stored(&store, Id::new(kind, one.id.ulid())).await,
            None,
            "{kind:?}"
        );
    }
}

/// `find`: for each key, in their order, the document or none.
pub(crate) async fn find_answers_in_the_order_of_the_keys(store: Subject) {
    let emails = ["m@example.com", "a@example.com", "z@example.com"];
    let contacts = emails
        .iter()
        .zip(1..)
        .map(|(email, n)| contact_of(n, email));
    let entries: Vec<Entry> = contacts.map(Entry::new).collect();
    store
        .apply(SCOPE, entries.iter().cloned().map(Write::Insert).collect())
        .await;
    let [m, a, z] = [0, 1, 2].map(|place: usize| Some(entries[place].document()));
    let keys = [
        "z@example.com",
        "x@example.com",
        "a@example.com",
        "m@example.com",
        "z@example.com",
    ];
    let found = store
        .find(SCOPE, Kind::Contact, &keys.map(str::to_owned))
        .await;
    assert_contract!(
        found.expect("the store finds records"),
        [z.clone(), None, a, m, z]
    );
    let none = store.find(SCOPE, Kind::Contact, &[]).await;
    assert_contract!(none.expect("the store finds nothing"), []);
    // As many keys as a batch has rows.
    let many: Vec<String> = (0..500)
        .map(|n| format!("{n}@example.com"))
        .chain([keys[3].to_owned()])
        .collect();
    let found = store
        .find(SCOPE, Kind::Contact, &many)
        .await
        .expect("the store finds records");
    assert_contract!(found.len(), many.len());
    assert_contract!(found.iter().flatten().count(), 1);
    assert_contract!(found.last(), Some(&Some(entries[0].document())));
}

/// `find`: the record with *that* unique key; text compares by code point.
pub(crate) async fn find_matches_exactly(store: Subject) {
    store
        .apply(SCOPE, vec![insert(contact_of(1, "ada@example.com"))])
        .await;
    let misses = [
        "",
        "ada",
        "ada@example.co",
        "ada@example.com ",
        " ada@example.com",
        "Ada@example.com",
        "áda@example.com",
        "ada@example.com%",
        "ad_@example.com",
        "%",
    ];
    let found = store
        .find(SCOPE, Kind::Contact, &misses.map(str::to_owned))
        .await;
    assert_contract!(
        found.expect("the store finds nothing"),
        vec![None; misses.len()]
    );
    let other = store
        .find(SCOPE, Kind::Workspace, &["ada@example.com".to_owned()])
        .await;
    assert_contract!(other.expect("the store finds nothing"), [None]);
}

/// `find`: for *each* of more than a thousand keys, in their order: those that are asked for twice, and absent ones.
pub(crate) async fn find_answers_for_a_thousand_keys(store: Subject) {
    const ASKED: u64 = 1_100;
    let mut mirror = Mirror::of(&store, SCOPE);
    let email = |n: u64| format!("{n}@example.com");
    let ends = |n: u64| (id(Kind::Contact, n), id(Kind::Company, n));
    let some = || (0..ASKED).filter(|n: &u64| !n.is_multiple_of(3));
    mirror
        .insert(some().map(|n| contact_of(n, &email(n))))
        .await;
    mirror
        .insert(some().map(|n| edge(n, ends(n).0, ends(n).1, None)))
        .await;
    mirror
        .insert(some().map(|n| field(n, &format!("k{n}"))))
        .await;
    type KeyOf<'a> = &'a (dyn Fn(u64) -> Record + Sync);
    let keys: [(Kind, KeyOf<'_>); 3] = [
        (Kind::Contact, &|n| contact_of(n, &email(n)).into()),
        (Kind::Association, &|n| {
            edge(n, ends(n).0, ends(n).1, None).into()
        }),
        (Kind::Field, &|n| field(n, &format!("k{n}")).into()),
    ];
    for (kind, record) in keys {
        let key = |n| record(n).unique_key().unwrap_or_default();
        for asked in [255, 256, 257, 511, 512, 513, 1_024, ASKED] {
            // From the newest on, and the last ones again.
            let once = (0..asked).rev().map(key);
            let twice = (asked - 20..asked).map(key);
            let all: Vec<String> = once.chain(twice).collect();
            let found = mirror.finds(kind, &all).await as u64;
            assert!(found > asked / 2, "{found} of {asked}");
        }
    }
    let none = vec![email(1); 600];
    let found = store.find(SCOPE, Kind::Deal, &none).await;
    assert_contract!(found.expect("the store finds nothing"), vec![None; 600]);
}
