//! Searches whichever way they go, held to what the reference store finds.

use relm_core::query::search::SearchTerms;
use relm_core::store::{Batch, Search};
use relm_core::{CompanyInput, ContactInput, Id, ObjectType, Scope, Store};
use relm_store_memory::MemoryStore;

use crate::recording_store::session;
use crate::search::BROAD;

/// Records of each type.
const RECORDS: usize = 260;
/// Where a word begins to be broad: at once, early, late, and as the stores have it.
pub(crate) const BROAD_FROM: [usize; 4] = [1, 9, 150, BROAD];
/// What is searched: words that all, many, few and no records have, together and alone; what ranks exact, too.
const QUERIES: [&str; 14] = [
    "example",
    "ex",
    "t0",
    "t1 example",
    "t2 t3",
    "old",
    "old t4",
    "old new",
    "new ex t1",
    "user77@example.com",
    "user7",
    "shared.example",
    "nobody",
    "nobody example",
];

/// Contacts and companies whose words differ in how many have them, by the batches that make them.
pub(crate) async fn made() -> (Scope, Vec<Batch>, Id) {
    let (batches, scoped) = session().await;
    let mut last = None;
    for number in 0..RECORDS {
        let age = match number {
            ..20 => "old",
            _ => "new",
        };
        let contact = ContactInput {
            email: format!("user{number}@example.com").into(),
            first_name: match number % 13 {
                0 => "Shared Example".into(),
                _ => format!("T{} {age}", number % 7).into(),
            },
            last_name: format!("t{}x", number % 5).into(),
            ..Default::default()
        };
        last = Some(scoped.contacts().create(contact).await.unwrap().id);
        let company = CompanyInput {
            name: format!("T{} Example {age}", number % 11).into(),
            domain: match number % 10 {
                0 => "shared.example".into(),
                _ => format!("d{number}.example").into(),
            },
            ..Default::default()
        };
        scoped.companies().create(company).await.unwrap();
    }
    let made = batches.lock().unwrap().clone();
    (scoped.scope(), made, last.unwrap())
}

/// Searches several stores of one empty database, each of which goes another way, once records are in it.
pub(crate) async fn equal_the_reference<S: Store>(stores: &[S]) {
    let (scope, batches, last) = made().await;
    let reference = MemoryStore::default();
    for batch in batches {
        reference.commit(batch.clone()).await.unwrap();
        stores[0].commit(batch).await.unwrap();
    }
    let last = last.to_string();
    let contacts = [ObjectType::Contact];
    for query in QUERIES.into_iter().chain([last.as_str()]) {
        for types in [&ObjectType::ALL[..], &contacts] {
            for limit in [7, 200] {
                let mut search = Search {
                    terms: SearchTerms::parse(query).unwrap(),
                    types: types.to_vec(),
                    after: None,
                    limit,
                };
                for page in 0.. {
                    let expected = reference.search(scope, &search).await.unwrap();
                    for (store, broad) in stores.iter().zip(BROAD_FROM) {
                        let found = store.search(scope, &search).await.unwrap();
                        assert_eq!(
                            found, expected,
                            "{query:?}, page {page} of {limit}, broad at {broad}"
                        );
                    }
                    search.after = expected.last;
                    if search.after.is_none() {
                        break;
                    }
                }
            }
        }
    }
}
