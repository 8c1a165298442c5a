//! Reads that go wrong with the number of records: at the end of a page, of a chunk, or of a text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::query::filter::{Clause, Comparison, Condition, Target, matches};
use relm_core::query::search::Rank;
use relm_core::record::column::ColumnValue;
use relm_core::record::{Document, column_index};
use relm_core::store::{
    Configuration, Lease, Page, Query, Queue, QueueKey, Search, SearchPage, Store, StoreError,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use super::chosen::{every, page};
use crate::intercept::{Intercept, Read};

/// Candidates that a flawed store reads, and does not go on from.
const CHUNK: usize = 256;

/// A flaw in what a list is: makes `Name::list` answer with `$changed`, given the store, the scope and the query.
macro_rules! mislisted {
    ($(#[$docs:meta])* $name:ident, |$store:ident, $scope:ident, $query:ident| $changed:expr) => {
        $(#[$docs])*
        #[derive(Default)]
        pub(crate) struct $name;

        #[async_trait]
        impl Intercept for $name {
            async fn list(
                &self,
                $store: &dyn Store,
                $scope: Scope,
                $query: &Query,
            ) -> Read<Page> {
                $changed
            }
        }
    };
}

/// A list of what a query without clauses gives first, and of what meets the clauses among that.
async fn among_first(store: &dyn Store, scope: Scope, query: &Query) -> Result<Page, StoreError> {
    let all = every(store, scope, query.kind).await?.into_iter();
    let candidates = all.filter(|(it, _)| query.after.is_none_or(|after| it.id < after));
    let met = candidates
        .take(CHUNK)
        .filter(|(_, record)| matches(&query.clauses, record));
    Ok(page(met.map(|(document, _)| document), query))
}

fn has(query: &Query, is: impl Fn(&Clause) -> bool) -> bool {
    query.clauses.iter().any(is)
}

fn is_of_metadata(clause: &Clause) -> bool {
    matches!(clause.target, Target::Metadata { .. })
}

mislisted! {
    /// Guesses from a full page that there is more, but for the first page.
    GuessedLater, |store, scope, query| {
        let page = store.list(scope, query).await?;
        let guessed = page.documents.len() == query.limit;
        let more = if query.after.is_some() { guessed } else { page.more };
        Ok(Page { more, ..page })
    }
}
mislisted! {
    /// Looks for a pattern among the first candidates alone.
    PatternAmongFirst, |store, scope, query| {
        if !has(query, |clause| matches!(clause.condition, Condition::Ilike(_))) {
            return store.list(scope, query).await;
        }
        among_first(store, scope, query).await
    }
}
mislisted! {
    /// Looks for a value of `metadata` among the first candidates alone.
    TermAmongFirst, |store, scope, query| {
        if !has(query, is_of_metadata) {
            return store.list(scope, query).await;
        }
        among_first(store, scope, query).await
    }
}
mislisted! {
    /// Takes the first 64 values of an `in`.
    ShortIn, |store, scope, query| {
        let mut query = query.clone();
        for clause in &mut query.clauses {
            if let Condition::In(values) = &mut clause.condition {
                values.truncate(64);
            }
        }
        store.list(scope, &query).await
    }
}
mislisted! {
    /// Compares the first 255 characters of a column.
    CutColumns, |store, scope, query| {
        let cut = |text: &str| text.chars().take(255).collect::<String>();
        let all = every(store, scope, query.kind).await?.into_iter();
        let met = all.filter(|(_, record)| query.clauses.iter().all(|clause| {
            let Target::Column(index) = clause.target else {
                return matches(std::slice::from_ref(clause), record);
            };
            let held = record.value(index);
            if let (Condition::Compare(Comparison::Eq, ColumnValue::Text(asked)), Some(ColumnValue::Text(held))) =
                (&clause.condition, held)
            {
                return cut(asked) == cut(&held);
            }
            matches(std::slice::from_ref(clause), record)
        }));
        Ok(page(met.map(|(document, _)| document), query))
    }
}
mislisted! {
    /// Reads one page of the edges of a record, and the rest never.
    EdgesOfOnePage, |store, scope, query| {
        let is_either = |clause: &Clause| matches!(clause.target, Target::Either(..));
        if has(query, is_either) && query.after.is_some() {
            return Ok(Page::default());
        }
        store.list(scope, query).await
    }
}
mislisted! {
    /// Finds the place of a cursor by its record, and begins anew where that is gone.
    CursorBeginsAnew, |store, scope, query| {
        let mut query = query.clone();
        if let Some(after) = query.after
            && store.get(scope, after).await?.is_none()
        {
            query.after = None;
        }
        store.list(scope, &query).await
    }
}

/// Keeps in the index of a moment of change the first that it saw.
#[derive(Default)]
pub(crate) struct FirstMoments(Mutex<HashMap<(Scope, Id), ColumnValue<'static>>>);

#[async_trait]
impl Intercept for FirstMoments {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let Ok(changed) = column_index(query.kind, "updated_at") else {
            return store.list(scope, query).await;
        };
        let all = every(store, scope, query.kind).await?;
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = Vec::new();
        for (document, record) in all {
            let now = record.value(changed).map(ColumnValue::into_owned);
            let kept = now.map(|now| first.entry((scope, document.id)).or_insert(now));
            let is_kept = |clause: &Clause| {
                if let Condition::Compare(Comparison::Eq, asked) = &clause.condition
                    && clause.target == Target::Column(changed)
                {
                    return kept.as_deref() == Some(asked);
                }
                matches(std::slice::from_ref(clause), &record)
            };
            if query.clauses.iter().all(is_kept) {
                met.push(document);
            }
        }
        Ok(page(met, query))
    }
}

/// A flaw in what a search is: makes `Name::search` change what `$search` found.
macro_rules! missearched {
    ($(#[$docs:meta])* $name:ident, |$search:ident, $all:ident| $kept:expr) => {
        $(#[$docs])*
        #[derive(Default)]
        pub(crate) struct $name;

        #[async_trait]
        impl Intercept for $name {
            async fn search(
                &self,
                store: &dyn Store,
                scope: Scope,
                $search: &Search,
            ) -> Read<SearchPage> {
                let whole = Search { after: None, limit: 10_000, ..$search.clone() };
                let $all = store.search(scope, &whole).await?.documents;
                let kept: Vec<Id> = $kept;
                let mut page = store.search(scope, $search).await?;
                page.documents.retain(|it| kept.contains(&it.id));
                Ok(page)
            }
        }
    };
}

fn ranks_exact(search: &Search, document: &Document) -> bool {
    let entry = document.clone().into_entry();
    entry.is_ok_and(|entry| search.terms.rank(&entry.record) == Some(Rank::Exact))
}

missearched! {
    /// Reads so many entries of a word, and does not go on from them.
    FirstEntries, |_search, all| all.iter().take(4 * CHUNK).map(|it| it.id).collect()
}
missearched! {
    /// Looks for exact matches among the newest of what has the words.
    ExactAmongNewest, |search, all| {
        let mut newest: Vec<Id> = all.iter().map(|it| it.id).collect();
        newest.sort_unstable_by_key(|id| std::cmp::Reverse(id.ulid()));
        newest.truncate(CHUNK);
        let is_seen = |it: &&Document| !ranks_exact(search, it) || newest.contains(&it.id);
        all.iter().filter(is_seen).map(|it| it.id).collect()
    }
}
missearched! {
    /// Reads one page of exact matches.
    ExactOfOnePage, |search, all| {
        let exact = all.iter().filter(|it| ranks_exact(search, it)).take(CHUNK / 2);
        let words = all.iter().filter(|it| !ranks_exact(search, it));
        exact.chain(words).map(|it| it.id).collect()
    }
}

/// Cuts a word that is searched to 32 characters.
#[derive(Default)]
pub(crate) struct CutWords;

#[async_trait]
impl Intercept for CutWords {
    async fn search(&self, store: &dyn Store, scope: Scope, search: &Search) -> Read<SearchPage> {
        let mut search = search.clone();
        for word in &mut search.terms.words {
            for beginning in &mut word.0 {
                *beginning = beginning.chars().take(32).collect();
            }
        }
        store.search(scope, &search).await
    }
}

/// Finds what has the first of the keys that are asked for.
#[derive(Default)]
pub(crate) struct FirstKeys;

#[async_trait]
impl Intercept for FirstKeys {
    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let mut found = store.find(scope, kind, keys).await?;
        found.iter_mut().skip(2 * CHUNK).for_each(|it| *it = None);
        Ok(found)
    }
}

/// Reads a hundred custom fields.
#[derive(Default)]
pub(crate) struct HundredFields;

#[async_trait]
impl Intercept for HundredFields {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let mut configuration = store.configuration(scope, known).await?;
        Arc::make_mut(&mut configuration).fields.truncate(100);
        Ok(configuration)
    }
}

/// Lists as many queues as it reads at a time.
#[derive(Default)]
pub(crate) struct FirstQueues;

#[async_trait]
impl Intercept for FirstQueues {
    async fn queues(
        &self,
        store: &dyn Store,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        store.queues(after, limit.min(CHUNK)).await
    }
}

/// Takes as many deliveries as it reads at a time.
#[derive(Default)]
pub(crate) struct LeaseOfOneChunk;

#[async_trait]
impl Intercept for LeaseOfOneChunk {
    async fn lease(&self, store: &dyn Store, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let limit = lease.limit.min(CHUNK);
        store.lease(&Lease { limit, ..*lease }).await
    }
}
