//! Reads that see the store at one moment and then at another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{Batch, CommitError, LogPage, Search, SearchPage, Store, StoreError};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use crate::intercept::{Intercept, Read};
use crate::simulation::yield_times;

/// What is looked up at first.
const PART: usize = 100;
/// How often a read looks whether another commit has come. There may be none.
const LOOKS_MAX: usize = 200;

/// Counts commits, so that one comes between the two moments of a read.
#[derive(Default)]
pub(crate) struct Commits(AtomicUsize);

impl Commits {
    async fn count(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let committed = store.commit(batch).await;
        self.0.fetch_add(1, Ordering::SeqCst);
        committed
    }

    async fn next(&self) {
        let before = self.0.load(Ordering::SeqCst);
        for _ in 0..LOOKS_MAX {
            if self.0.load(Ordering::SeqCst) > before {
                return;
            }
            thread::yield_now();
            yield_times(1).await;
        }
    }
}

/// Finds records, and then gives those of them that still match when they are read.
#[derive(Default)]
pub(crate) struct SearchOfTwoMoments(Commits);

#[async_trait]
impl Intercept for SearchOfTwoMoments {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.0.count(store, batch).await
    }

    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut page = store.search(scope, search).await?;
        self.0.next().await;
        let mut documents = Vec::new();
        for found in page.documents {
            let Some(document) = store.get(scope, found.id).await? else {
                continue;
            };
            let entry = document.clone().into_entry().map_err(StoreError::fault)?;
            if search.terms.rank(&entry.record).is_some() {
                documents.push(document);
            }
        }
        page.documents = documents;
        Ok(page)
    }
}

/// Looks up a hundred keys, and then the others.
#[derive(Default)]
pub(crate) struct FindOfTwoMoments(Commits);

#[async_trait]
impl Intercept for FindOfTwoMoments {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.0.count(store, batch).await
    }

    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let (first, rest) = keys.split_at(keys.len().min(PART));
        let mut found = store.find(scope, kind, first).await?;
        if !rest.is_empty() {
            self.0.next().await;
            found.extend(store.find(scope, kind, rest).await?);
        }
        Ok(found)
    }
}

/// Looks up the numbers of a hundred events, and then of the others.
#[derive(Default)]
pub(crate) struct NumbersOfTwoMoments(Commits);

#[async_trait]
impl Intercept for NumbersOfTwoMoments {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.0.count(store, batch).await
    }

    async fn numbers(
        &self,
        store: &dyn Store,
        scope: Scope,
        events: &[Id],
    ) -> Read<Vec<Option<i64>>> {
        let (first, rest) = events.split_at(events.len().min(PART));
        let mut numbers = store.numbers(scope, first).await?;
        if !rest.is_empty() {
            self.0.next().await;
            numbers.extend(store.numbers(scope, rest).await?);
        }
        Ok(numbers)
    }
}

/// Reads a page of a log, and then what is said of the log.
#[derive(Default)]
pub(crate) struct LogOfTwoMoments(Commits);

#[async_trait]
impl Intercept for LogOfTwoMoments {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.0.count(store, batch).await
    }

    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let page = store.log(scope, after, limit).await?;
        self.0.next().await;
        let LogPage { last, deleted, .. } = store.log(scope, page.last, 1).await?;
        Ok(LogPage {
            last,
            deleted,
            ..page
        })
    }
}
