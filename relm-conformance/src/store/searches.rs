//! Searches: what is found, in which order, and page by page.

use std::cmp::Reverse;

use relm_core::query::search::{Rank, SearchPosition, SearchTerms};
use relm_core::record::object::{Activity, Deal, Object, ObjectType};
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{Search, SearchPage};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use serde_json::json;

use super::corpus::{PHONES, QUERIES, corpus, keep};
use crate::records::with;
use crate::records::{SCOPE, changed, company, contact, contact_of, delete, id, insert, replace};
use crate::subject::{NOW, Subject, assert_contract};

fn searching(query: &str, types: &[ObjectType], limit: usize) -> Search {
    Search {
        terms: SearchTerms::parse(query).expect("the query is well-formed"),
        types: types.to_vec(),
        after: None,
        limit,
    }
}

pub(crate) async fn found(store: &Subject, search: &Search) -> SearchPage {
    store
        .search(SCOPE, search)
        .await
        .expect("the store searches")
}

fn ids(documents: &[Document]) -> Vec<Id> {
    documents.iter().map(|document| document.id).collect()
}

/// What a search promises, over all records: by rank, then by descending ULID.
pub(crate) fn ranked(records: &[Record], search: &Search) -> Vec<(Rank, Id)> {
    let of_types = records.iter().filter(|record| {
        ObjectType::of(record.kind()).is_some_and(|object_type| search.types.contains(&object_type))
    });
    let mut ranked: Vec<(Rank, Id)> = of_types
        .filter_map(|record| Some((search.terms.rank(record)?, record.id())))
        .collect();
    ranked.sort_unstable_by_key(|(rank, id)| (*rank, Reverse(id.ulid())));
    ranked
}

/// The records that match the search by `SearchTerms::rank`: by rank, then by descending ULID.
pub(crate) async fn a_search_gives_what_ranks(store: Subject) {
    let records = corpus();
    keep(&store, &records).await;
    let own = records[5].id().to_string();
    let mut matched = 0;
    for query in QUERIES
        .into_iter()
        .chain([own.as_str(), "con_00000000000000000000000000"])
    {
        let search = searching(query, &ObjectType::ALL, 200);
        let page = found(&store, &search).await;
        let expected = ranked(&records, &search);
        let expected_ids: Vec<Id> = expected.iter().map(|(_, id)| *id).collect();
        assert_contract!(ids(&page.documents), expected_ids, "{query}");
        let last = expected.last().map(|(rank, id)| SearchPosition {
            rank: *rank,
            ulid: id.ulid(),
        });
        assert_contract!((page.last, page.more), (last, false), "{query}");
        for document in &page.documents {
            let record = records.iter().find(|record| record.id() == document.id);
            let entry = record
                .cloned()
                .map(Entry::new)
                .expect("what is found was written");
            assert_contract!(*document, entry.document());
        }
        matched += expected.len();
    }
    assert!(matched > 200, "the queries meet too little to tell");
}

/// Words are found without regard to case and accents, by how they begin.
pub(crate) async fn a_search_folds_case_and_accents(store: Subject) {
    let names = [
        "Zoë Ångström",
        "ZOE ANGSTROM",
        "zoe\u{308} a\u{30a}ngstro\u{308}m",
        "Zo",
    ];
    let contacts = names
        .into_iter()
        .zip(1..)
        .map(|(name, n)| with!(contact(n); first_name: Some(name.to_owned())));
    keep(&store, &contacts.map(Record::from).collect::<Vec<_>>()).await;
    for query in ["zoe", "ZOË", "zoe\u{308}", "angst", "ÅNGSTRÖM zoë"] {
        let page = found(&store, &searching(query, &ObjectType::ALL, 10)).await;
        assert_contract!(
            ids(&page.documents),
            [3, 2, 1].map(|n| id(Kind::Contact, n)),
            "{query}"
        );
    }
    let page = found(&store, &searching("zo", &ObjectType::ALL, 10)).await;
    assert_contract!(page.documents.len(), 4);
    let page = found(&store, &searching("oe", &ObjectType::ALL, 10)).await;
    assert_contract!(page, SearchPage::default());
}

/// An exact e-mail address, domain or id ranks before every other match, however old it is.
pub(crate) async fn an_exact_match_comes_first(store: Subject) {
    let exact = contact_of(1, "Ada@Example.com");
    let words = contact_of(2, "ada@example.com.au");
    let own_company = with!(company(3); domain: Some("example.com".to_owned()));
    let named = with!(company(4); name: "example com ltd".to_owned());
    let mut note = Activity::blank(id(Kind::Activity, 5), Mode::Live, NOW);
    note.activity_type = format!("about {}", exact.id);
    keep(
        &store,
        &[
            exact.clone().into(),
            words.clone().into(),
            own_company.clone().into(),
            named.clone().into(),
            note.clone().into(),
        ],
    )
    .await;
    for (query, expected) in [
        ("ada@example.com", vec![exact.id, words.id]),
        (
            "example.com",
            vec![own_company.id, named.id, words.id, exact.id],
        ),
        (exact.id.to_string().as_str(), vec![exact.id, note.id]),
    ] {
        let page = found(&store, &searching(query, &ObjectType::ALL, 10)).await;
        assert_contract!(ids(&page.documents), expected, "{query}");
    }
}

/// A record whose whole name is the query comes before those whose names begin so, however many are newer.
pub(crate) async fn a_whole_name_comes_first(store: Subject) {
    let mut records: Vec<Record> = Vec::new();
    for n in 1..=60 {
        let name = match n {
            1 => "Zeta, Ltd.".to_owned(),
            2 => "zeta".to_owned(),
            _ => format!("Zeta{n} Zeta Ltd"),
        };
        let mut deal = Deal::blank(id(Kind::Deal, 2 * n), Mode::Live, NOW);
        deal.title.clone_from(&name);
        let company = with!(company(2 * n + 1); name: name);
        records.extend([company.into(), deal.into()]);
    }
    keep(&store, &records).await;
    for (query, expected) in [("ZETA", [5, 4]), ("zeta ltd", [3, 2])] {
        let page = found(&store, &searching(query, &ObjectType::ALL, 50)).await;
        let first = [id(Kind::Company, expected[0]), id(Kind::Deal, expected[1])];
        assert_contract!(ids(&page.documents)[..2], first, "{query}");
        assert_contract!((page.documents.len(), page.more), (50, true));
    }
}

/// A telephone number is found however it is written, in the record and in the query, and by its tail.
pub(crate) async fn a_search_finds_a_number_in_its_spellings(store: Subject) {
    let contacts = PHONES
        .into_iter()
        .zip(1..)
        .map(|(phone, n)| with!(contact(n); phone: Some(phone.to_owned())));
    keep(&store, &contacts.map(Record::from).collect::<Vec<_>>()).await;
    for (query, expected) in [
        ("+14155550132", &[3, 2, 1][..]),
        ("+1 (415) 555-0132", &[3, 2, 1]),
        ("001 415 555 0132", &[3, 2, 1]),
        ("4155550132", &[3, 2, 1]),
        ("555-0132", &[6, 3, 2, 1]),
        ("5550132", &[6, 3, 2, 1]),
        ("555-0132 ext. 12", &[2]),
        ("+49 (0)30 123 45 67", &[5, 4]),
        ("0301234567", &[5, 4]),
        ("+4930", &[4]),
        ("+14155550133", &[]),
    ] {
        let page = found(&store, &searching(query, &ObjectType::ALL, 10)).await;
        let expected: Vec<Id> = expected.iter().map(|n| id(Kind::Contact, *n)).collect();
        assert_contract!(ids(&page.documents), expected, "{query}");
    }
}

/// A search looks at its types alone.
pub(crate) async fn a_search_looks_at_its_types(store: Subject) {
    let records = corpus();
    keep(&store, &records).await;
    let own = records[0].id().to_string();
    for types in [
        &[ObjectType::Contact][..],
        &[ObjectType::Company, ObjectType::Activity],
        &[ObjectType::Deal],
    ] {
        for query in ["ada", "shop2.example", own.as_str()] {
            let search = searching(query, types, 200);
            let expected: Vec<Id> = ranked(&records, &search)
                .into_iter()
                .map(|(_, id)| id)
                .collect();
            assert_contract!(
                ids(&found(&store, &search).await.documents),
                expected,
                "{query} in {types:?}"
            );
        }
    }
}

/// An exact match of a type is found, however many newer ones there are of types that the search does not look at.
pub(crate) async fn other_types_crowd_out_no_exact_match(store: Subject) {
    let own = with!(company(1); name: "Zeta Ltd".to_owned());
    let mut records: Vec<Record> = vec![own.clone().into()];
    for n in 2..=12 {
        let mut deal = Deal::blank(id(Kind::Deal, n), Mode::Live, NOW);
        deal.title = "Zeta Ltd".to_owned();
        records.push(deal.into());
    }
    keep(&store, &records).await;
    for limit in [1, 2, 10, 11, 12] {
        let page = found(
            &store,
            &searching("zeta ltd", &[ObjectType::Company], limit),
        )
        .await;
        assert_contract!(
            (ids(&page.documents), page.more),
            (vec![own.id], false),
            "{limit}"
        );
    }
}

/// A record must have every word, those among them that many have.
pub(crate) async fn a_search_asks_for_every_word(store: Subject) {
    let named =
        |n, name: &str| -> Record { with!(contact(n); first_name: Some(name.to_owned())).into() };
    let words = ["amber", "birch", "cedar", "dogwood", "elm"];
    let mut records = vec![named(1, &words.join(" "))];
    // Of each word there is a record that lacks it alone, and of each a number of its own that have nothing else.
    let mut n = 2;
    for (place, left_out) in words.into_iter().enumerate() {
        let others: Vec<&str> = words.into_iter().filter(|word| *word != left_out).collect();
        records.push(named(n, &others.join(" ")));
        n += 1;
        for _ in 0..3 * place {
            records.push(named(n, left_out));
            n += 1;
        }
    }
    keep(&store, &records).await;
    let queries = (2..=words.len()).flat_map(|length| words.windows(length));
    for query in queries.map(|words| words.join(" ")) {
        let search = searching(&query, &ObjectType::ALL, 100);
        let expected: Vec<Id> = ranked(&records, &search)
            .into_iter()
            .map(|(_, id)| id)
            .collect();
        assert_contract!(
            ids(&found(&store, &search).await.documents),
            expected,
            "{query}"
        );
    }
}

/// Limits and `more` as for `list`; any limit gives every match once, across ranks and types.
pub(crate) async fn a_search_pages_exactly(store: Subject) {
    let records = corpus();
    keep(&store, &records).await;
    for query in ["ada", "shop2.example", "ada0@example.com", "strasse"] {
        let expected: Vec<Id> = ranked(&records, &searching(query, &ObjectType::ALL, 1))
            .into_iter()
            .map(|(_, id)| id)
            .collect();
        for limit in 1..=expected.len() + 1 {
            let mut search = searching(query, &ObjectType::ALL, limit);
            let mut walked = Vec::new();
            loop {
                let page = found(&store, &search).await;
                let left = expected.len() - walked.len();
                assert_contract!(
                    page.documents.len(),
                    left.min(limit),
                    "{query}, limit {limit}"
                );
                assert_contract!(page.more, left > limit, "{query}, limit {limit}");
                assert_contract!(
                    page.last.map(|last| last.ulid),
                    page.documents.last().map(|last| last.id.ulid())
                );
                walked.extend(ids(&page.documents));
                search.after = page.last;
                if !page.more {
                    break;
                }
            }
            assert_contract!(walked, expected, "{query}, limit {limit}");
        }
    }
}

/// Strictly after the search's `after`, whose record need not exist any more.
pub(crate) async fn a_search_cursor_outlives_its_record(store: Subject) {
    let contacts = [1, 2, 3, 4].map(|n| with!(contact(n); last_name: Some("Lovelace".to_owned())));
    keep(&store, &contacts.clone().map(Record::from)).await;
    let mut search = searching("lovelace", &ObjectType::ALL, 2);
    let first = found(&store, &search).await;
    assert_contract!(ids(&first.documents), [4, 3].map(|n| id(Kind::Contact, n)));
    store.apply(SCOPE, vec![delete(contacts[2].clone())]).await;
    search.after = first.last;
    let second = found(&store, &search).await;
    assert_contract!(ids(&second.documents), [2, 1].map(|n| id(Kind::Contact, n)));
    assert!(!second.more);
}

/// A search sees every commit that returned: what was created, changed and deleted.
pub(crate) async fn a_search_sees_every_commit(store: Subject) {
    let finds = async |query: &str| {
        !found(&store, &searching(query, &ObjectType::ALL, 10))
            .await
            .documents
            .is_empty()
    };
    for n in 1..=5 {
        let one = with!(contact_of(n, &format!("b{n}@example.com")); last_name: Some(format!("Byron{n}")));
        store.apply(SCOPE, vec![insert(one.clone())]).await;
        assert!(finds(&format!("byron{n}")).await);
        assert!(finds(&format!("b{n}@example.com")).await);
        let two = changed(&one, |one| {
            one.last_name = Some(format!("Lovelace{n}"));
            one.email = None;
            one.metadata.insert("title".to_owned(), json!("Countess"));
        });
        store.apply(SCOPE, vec![replace(one, two.clone())]).await;
        assert!(finds(&format!("lovelace{n}")).await && finds("countess").await);
        assert!(!finds(&format!("byron{n}")).await && !finds(&format!("b{n}@example.com")).await);
        store.apply(SCOPE, vec![delete(two)]).await;
        assert!(!finds(&format!("lovelace{n}")).await && !finds("countess").await);
        assert!(!finds(&id(Kind::Contact, n).to_string()).await);
    }
}
