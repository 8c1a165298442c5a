//! Pages that end before their bytes do, or after.

use async_trait::async_trait;
use relm_core::limits::PAGE_BYTES_MAX;
use relm_core::record::Document;
use relm_core::store::{Page, Query, Search, SearchPage, Store};
use relm_core::value::scope::Scope;

use crate::intercept::{Intercept, Read};

fn bytes(documents: &[Document]) -> usize {
    documents.iter().map(|document| document.json.len()).sum()
}

/// Fills every page to its limit.
#[derive(Default)]
pub(crate) struct UnboundedPage;

#[async_trait]
impl Intercept for UnboundedPage {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut page = store.list(scope, query).await?;
        while page.more && page.documents.len() < query.limit {
            let rest = Query {
                after: page.documents.last().map(|last| last.id),
                limit: query.limit - page.documents.len(),
                ..query.clone()
            };
            let rest = store.list(scope, &rest).await?;
            page.documents.extend(rest.documents);
            page.more = rest.more;
        }
        Ok(page)
    }
}

/// Fills every page of a search to its limit.
#[derive(Default)]
pub(crate) struct UnboundedSearch;

#[async_trait]
impl Intercept for UnboundedSearch {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut page = store.search(scope, search).await?;
        while page.more && page.documents.len() < search.limit {
            let rest = Search {
                after: page.last,
                limit: search.limit - page.documents.len(),
                ..search.clone()
            };
            let rest = store.search(scope, &rest).await?;
            page.documents.extend(rest.documents);
            (page.last, page.more) = (rest.last, rest.more);
        }
        Ok(page)
    }
}

/// Takes a page that is exactly full for one that is too large.
#[derive(Default)]
pub(crate) struct StingyPage;

#[async_trait]
impl Intercept for StingyPage {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut page = store.list(scope, query).await?;
        if page.documents.len() > 1 && bytes(&page.documents) == PAGE_BYTES_MAX {
            page.documents.pop();
            page.more = true;
        }
        Ok(page)
    }
}

/// Has no room for a record that is larger than a page.
#[derive(Default)]
pub(crate) struct EmptyPage;

#[async_trait]
impl Intercept for EmptyPage {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut page = store.list(scope, query).await?;
        if bytes(&page.documents) > PAGE_BYTES_MAX {
            page.documents.clear();
        }
        Ok(page)
    }
}

/// Counts the characters of a list's page.
#[derive(Default)]
pub(crate) struct CountedCharacters;

#[async_trait]
impl Intercept for CountedCharacters {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut page = store.list(scope, query).await?;
        let characters = |documents: &[Document]| -> usize {
            let of = |document: &Document| document.json.chars().count();
            documents.iter().map(of).sum()
        };
        while page.more && page.documents.len() < query.limit {
            let next = Query {
                after: page.documents.last().map(|last| last.id),
                limit: 1,
                ..query.clone()
            };
            let next = store.list(scope, &next).await?;
            if characters(&page.documents) + characters(&next.documents) > PAGE_BYTES_MAX {
                break;
            }
            page.documents.extend(next.documents);
            page.more = next.more;
        }
        Ok(page)
    }
}

/// Reads one record more than the limit, and none where there is no such number.
#[derive(Default)]
pub(crate) struct OverflowingLimit;

#[async_trait]
impl Intercept for OverflowingLimit {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        match search.limit.checked_add(1) {
            Some(_) => store.search(scope, search).await,
            None => Ok(SearchPage::default()),
        }
    }
}
