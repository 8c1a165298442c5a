//! Where a page of search results begins and ends: what ranks exact and is old, and what comes after the last.

use relm_core::query::search::{Rank, SearchPosition, SearchTerms};
use relm_core::record::object::ObjectType;
use relm_core::store::{Search, SearchPage};
use relm_core::value::id::Id;

use super::mirror::Mirror;
use super::searches::found;
use crate::records::with;
use crate::records::{SCOPE, company, contact_of};
use crate::subject::{Subject, assert_contract};

const ALL: &[ObjectType] = &ObjectType::ALL;
/// What the records below are found by, the id of the first aside.
const QUERIES: [&str; 3] = ["ada@zeta.example", "zeta.example", "zeta"];

/// A contact and a company that rank exact, and others with the same words, of which most are newer. The contact's id.
async fn zetas(store: &Subject) -> (Mirror, Id) {
    let mut mirror = Mirror::of(store, SCOPE);
    let exact = contact_of(20, "ada@zeta.example");
    let own_company = with!(
        company(21);
        name: "Zeta".to_owned(),
        domain: Some("zeta.example".to_owned()),
    );
    let other = |n: u64| {
        with!(
            contact_of(n, &format!("ada@zeta.example{n}.net"));
            first_name: Some(format!("Zeta example {}", exact.id)),
        )
    };
    mirror.insert([10, 11, 30, 31, 32, 33].map(other)).await;
    mirror.insert([exact.clone()]).await;
    mirror.insert([own_company]).await;
    (mirror, exact.id)
}

/// Strictly after the search's `after`: what ranks exact is on one page, and not again among what is older than a newer
/// record that has the words.
pub(crate) async fn an_exact_match_is_found_once(store: Subject) {
    let (mirror, id) = zetas(&store).await;
    for query in QUERIES.into_iter().chain([id.to_string().as_str()]) {
        for types in [ALL, &[ObjectType::Contact]] {
            let found = mirror.searches(query, types, &[1, 2, 3, 5]).await;
            assert!(found > 5, "{query} finds {found}");
        }
    }
}

/// After the last result there is an empty page, of which there is no place and no more.
pub(crate) async fn a_search_after_its_last_result_is_empty(store: Subject) {
    let (_, id) = zetas(&store).await;
    for query in QUERIES.into_iter().chain([id.to_string().as_str()]) {
        let mut search = Search {
            terms: SearchTerms::parse(query).expect("the query is well-formed"),
            types: ALL.to_vec(),
            after: None,
            limit: 10,
        };
        let page = found(&store, &search).await;
        assert!(page.documents.len() > 5 && !page.more, "{query}");
        let rank = Rank::Words;
        for after in [page.last, Some(SearchPosition { rank, ulid: 0 })] {
            search.after = after;
            let page = found(&store, &search).await;
            assert_contract!(page, SearchPage::default(), "{query} after {after:?}");
        }
    }
}
