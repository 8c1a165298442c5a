//! Lists in another order, from another place, or of something else.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::query::filter::matches;
use relm_core::store::{Page, Query, Store, StoreError};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use super::chosen::{every, page};
use crate::intercept::{Intercept, Read};
use crate::simulation::yield_times;

/// Lists the oldest first.
#[derive(Default)]
pub(crate) struct OldestFirst;

#[async_trait]
impl Intercept for OldestFirst {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut page = store.list(scope, query).await?;
        page.documents.reverse();
        Ok(page)
    }
}

/// Looks at a hundred records at a time, each time as they are then.
#[derive(Default)]
pub(crate) struct SeveralMoments;

#[async_trait]
impl Intercept for SeveralMoments {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut part = Query {
            clauses: Vec::new(),
            limit: 100,
            ..query.clone()
        };
        let mut found = Vec::new();
        loop {
            let Page { documents, more } = store.list(scope, &part).await?;
            part.after = documents.last().map(|last| last.id);
            for document in documents {
                let entry = document.clone().into_entry().map_err(StoreError::fault)?;
                if matches(&query.clauses, &entry.record) {
                    found.push(document);
                }
            }
            if !more {
                return Ok(Page::of(query.limit, found));
            }
            yield_times(1).await;
        }
    }
}

/// Orders ULIDs as signed numbers.
#[derive(Default)]
pub(crate) struct SignedUlids;

#[async_trait]
impl Intercept for SignedUlids {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let signed = |id: Id| id.ulid().cast_signed();
        let mut all = every(store, scope, query.kind).await?;
        all.sort_by_key(|(document, _)| Reverse(signed(document.id)));
        all.retain(|(document, _)| {
            query
                .after
                .is_none_or(|after| signed(document.id) < signed(after))
        });
        let documents = all.into_iter().map(|(document, _)| document);
        Ok(Page::of(query.limit, documents))
    }
}

/// Begins a page with the last record of the page before.
#[derive(Default)]
pub(crate) struct InclusiveCursor;

#[async_trait]
impl Intercept for InclusiveCursor {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let after = query
            .after
            .map(|after| Id::new(after.kind(), after.ulid() + 1));
        store
            .list(
                scope,
                &Query {
                    after,
                    ..query.clone()
                },
            )
            .await
    }
}

/// Finds the place of a cursor by its record.
#[derive(Default)]
pub(crate) struct CursorByRecord;

#[async_trait]
impl Intercept for CursorByRecord {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let lost = match query.after {
            Some(after) => store.get(scope, after).await?.is_none(),
            None => false,
        };
        if lost {
            return Ok(Page::default());
        }
        store.list(scope, query).await
    }
}

/// Guesses from a full page that there is more.
#[derive(Default)]
pub(crate) struct GuessedMore;

#[async_trait]
impl Intercept for GuessedMore {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let page = store.list(scope, query).await?;
        Ok(Page {
            more: page.documents.len() == query.limit,
            ..page
        })
    }
}

/// Remembers of a cursor how many records came before it.
#[derive(Default)]
pub(crate) struct OffsetCursor(Mutex<HashMap<Id, usize>>);

#[async_trait]
impl Intercept for OffsetCursor {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let all = every(store, scope, query.kind).await?;
        let mut offsets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = query
            .after
            .and_then(|after| offsets.get(&after).copied())
            .unwrap_or(0);
        let rest = all.into_iter().skip(offset).map(|(document, _)| document);
        let page = page(
            rest,
            &Query {
                after: None,
                ..query.clone()
            },
        );
        if let Some(last) = page.documents.last() {
            offsets.insert(last.id, offset + page.documents.len());
        }
        Ok(page)
    }
}

/// Lists companies among the contacts.
#[derive(Default)]
pub(crate) struct KindlessList;

#[async_trait]
impl Intercept for KindlessList {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut all = every(store, scope, Kind::Contact).await?;
        all.extend(every(store, scope, Kind::Company).await?);
        all.sort_by_key(|(document, _)| Reverse(document.id.ulid()));
        all.retain(|(document, _)| {
            query
                .after
                .is_none_or(|after| document.id.ulid() < after.ulid())
        });
        let documents = all.into_iter().map(|(document, _)| document);
        Ok(Page::of(query.limit, documents))
    }
}

/// Gives back a permit at the end of a read, and has thirty.
#[derive(Default)]
pub(crate) struct LeakedPermit(AtomicUsize);

#[async_trait]
impl Intercept for LeakedPermit {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        if self.0.fetch_add(1, Ordering::SeqCst) >= 30 {
            return Err(StoreError::unavailable("no permit is left"));
        }
        yield_times(1).await;
        let page = store.list(scope, query).await;
        self.0.fetch_sub(1, Ordering::SeqCst);
        page
    }
}
