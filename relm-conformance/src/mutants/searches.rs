//! Searches that find, rank or page otherwise.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::query::search::{Rank, SearchPosition, Word};
use relm_core::record::Document;
use relm_core::record::object::{Contact, ObjectType};
use relm_core::store::{Search, SearchPage, Store, StoreError};
use relm_core::value::scope::Scope;

use crate::intercept::{Intercept, Read};

/// Everything that a search finds.
async fn every_match(
    store: &dyn Store,
    scope: Scope,
    search: &Search,
) -> Result<Vec<Document>, StoreError> {
    let all = Search {
        after: None,
        limit: 10_000,
        ..search.clone()
    };
    Ok(store.search(scope, &all).await?.documents)
}

/// A page that is the whole of what is found.
fn whole(documents: Vec<Document>) -> SearchPage {
    let place = |last: &Document| SearchPosition {
        rank: Rank::Words,
        ulid: last.id.ulid(),
    };
    SearchPage {
        last: documents.last().map(place),
        documents,
        more: false,
    }
}

/// Puts an exact match where its age puts it.
#[derive(Default)]
pub(crate) struct RankLost;

#[async_trait]
impl Intercept for RankLost {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut documents = every_match(store, scope, search).await?;
        documents.sort_by_key(|document| Reverse(document.id.ulid()));
        Ok(whole(documents))
    }
}

/// Finds no record by the words of its lists.
#[derive(Default)]
pub(crate) struct UnlistedWords;

#[async_trait]
impl Intercept for UnlistedWords {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut documents = every_match(store, scope, search).await?;
        documents.retain(|document| {
            let contact = document.decode::<Contact>();
            contact.is_ok_and(|mut contact| {
                contact.tags.clear();
                search.terms.rank(&contact.into()).is_some()
            })
        });
        Ok(whole(documents))
    }
}

/// Asks for each word in one of the ways in which it may be written.
#[derive(Default)]
pub(crate) struct OneWay;

#[async_trait]
impl Intercept for OneWay {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut search = search.clone();
        for Word(beginnings) in &mut search.terms.words {
            beginnings.truncate(1);
        }
        store.search(scope, &search).await
    }
}

/// Finds what is written in ASCII.
#[derive(Default)]
pub(crate) struct AsciiSearch;

#[async_trait]
impl Intercept for AsciiSearch {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut documents = every_match(store, scope, search).await?;
        documents.retain(|document| document.json.is_ascii());
        Ok(whole(documents))
    }
}

/// Looks at all types.
#[derive(Default)]
pub(crate) struct AllTypes;

#[async_trait]
impl Intercept for AllTypes {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let types = ObjectType::ALL.to_vec();
        store
            .search(
                scope,
                &Search {
                    types,
                    ..search.clone()
                },
            )
            .await
    }
}

/// Guesses from a full page of results that there is more.
#[derive(Default)]
pub(crate) struct GuessedSearchMore;

#[async_trait]
impl Intercept for GuessedSearchMore {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let page = store.search(scope, search).await?;
        Ok(SearchPage {
            more: page.documents.len() == search.limit,
            ..page
        })
    }
}

/// Finds the place of a search's cursor by its record.
#[derive(Default)]
pub(crate) struct SearchCursorByRecord;

#[async_trait]
impl Intercept for SearchCursorByRecord {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let all = every_match(store, scope, search).await?;
        let lost = search
            .after
            .is_some_and(|after| all.iter().all(|document| document.id.ulid() != after.ulid));
        if lost {
            return Ok(SearchPage::default());
        }
        store.search(scope, search).await
    }
}

/// Answers a search as it did before.
#[derive(Default)]
pub(crate) struct SearchCache(Mutex<HashMap<String, SearchPage>>);

#[async_trait]
impl Intercept for SearchCache {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let now = store.search(scope, search).await?;
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(read.entry(format!("{search:?}")).or_insert(now).clone())
    }
}

/// Takes the place of the page before by its age alone, whatever its rank.
#[derive(Default)]
pub(crate) struct RanklessCursor;

#[async_trait]
impl Intercept for RanklessCursor {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let Some(after) = search.after.filter(|after| after.rank == Rank::Words) else {
            return store.search(scope, search).await;
        };
        let mut documents = every_match(store, scope, search).await?;
        documents.retain(|document| document.id.ulid() < after.ulid);
        documents.sort_by_key(|document| Reverse(document.id.ulid()));
        let more = documents.len() > search.limit;
        documents.truncate(search.limit);
        Ok(SearchPage {
            more,
            ..whole(documents)
        })
    }
}

/// Gives the place of the page before as that of an empty page.
#[derive(Default)]
pub(crate) struct PlaceOfNothing;

#[async_trait]
impl Intercept for PlaceOfNothing {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let page = store.search(scope, search).await?;
        Ok(SearchPage {
            last: page.last.or(search.after),
            ..page
        })
    }
}

/// Ends what begins with a word at the last character of the first plane.
#[derive(Default)]
pub(crate) struct FirstPlane;

#[async_trait]
impl Intercept for FirstPlane {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut documents = every_match(store, scope, search).await?;
        documents.retain(|document| document.json.chars().all(|char| char <= '\u{FFFF}'));
        Ok(whole(documents))
    }
}

/// Looks for the asked types among the first of all types.
#[derive(Default)]
pub(crate) struct CrowdedOut;

#[async_trait]
impl Intercept for CrowdedOut {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let all = Search {
            types: ObjectType::ALL.to_vec(),
            ..search.clone()
        };
        let mut page = store.search(scope, &all).await?;
        page.documents.retain(|document| {
            ObjectType::of(document.id.kind()).is_some_and(|own| search.types.contains(&own))
        });
        Ok(page)
    }
}

/// Asks for two words at most.
#[derive(Default)]
pub(crate) struct TwoWords;

#[async_trait]
impl Intercept for TwoWords {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut search = search.clone();
        search.terms.words.truncate(2);
        store.search(scope, &search).await
    }
}
