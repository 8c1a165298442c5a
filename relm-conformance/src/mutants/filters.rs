//! Filters that mean something else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::query::filter::{Clause, Comparison, Condition, Target, matches};
use relm_core::record::column::ColumnValue;
use relm_core::record::{Record, column_index};
use relm_core::store::{Page, Query, Store, StoreError};
use relm_core::value::id::Kind;
use relm_core::value::scope::Scope;
use relm_core::value::text::fold;

use super::chosen::{every, page};
use crate::intercept::{Intercept, Read};

/// Lists by another predicate than `matches`, clause by clause.
async fn list_where(
    store: &dyn Store,
    scope: Scope,
    query: &Query,
    holds: impl Fn(&Clause, &Record) -> bool,
) -> Result<Page, StoreError> {
    let all = every(store, scope, query.kind).await?.into_iter();
    let met = all.filter(|(_, record)| query.clauses.iter().all(|clause| holds(clause, record)));
    Ok(page(met.map(|(document, _)| document), query))
}

/// The column value that a clause looks at, where it looks at one.
fn value<'a>(clause: &Clause, record: &'a Record) -> Option<Option<ColumnValue<'a>>> {
    match clause.target {
        Target::Column(index) => Some(record.value(index)),
        Target::Id
        | Target::Either(..)
        | Target::Metadata { .. }
        | Target::Addresses
        | Target::Phones
        | Target::List(_) => None,
    }
}

fn means(clause: &Clause, record: &Record) -> bool {
    matches(std::slice::from_ref(clause), record)
}

/// Takes null for something that is not equal.
#[derive(Default)]
pub(crate) struct NullIsNotEqual;

#[async_trait]
impl Intercept for NullIsNotEqual {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        list_where(store, scope, query, |clause, record| {
            let neq = matches!(clause.condition, Condition::Compare(Comparison::Neq, _));
            means(clause, record) || (neq && value(clause, record) == Some(None))
        })
        .await
    }
}

/// Compares texts without regard to case.
#[derive(Default)]
pub(crate) struct FoldedEquality;

#[async_trait]
impl Intercept for FoldedEquality {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        list_where(store, scope, query, |clause, record| {
            match (&clause.condition, value(clause, record)) {
                (
                    Condition::Compare(Comparison::Eq, ColumnValue::Text(one)),
                    Some(Some(ColumnValue::Text(other))),
                ) => fold(one) == fold(&other),
                _ => means(clause, record),
            }
        })
        .await
    }
}

/// Compares the values of lists without regard to case.
#[derive(Default)]
pub(crate) struct FoldedLists;

#[async_trait]
impl Intercept for FoldedLists {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        list_where(store, scope, query, |clause, record| {
            match (&clause.target, &clause.condition) {
                (
                    Target::List(list),
                    Condition::Compare(Comparison::Eq, ColumnValue::Text(text)),
                ) => {
                    let mut has = false;
                    record.each_listed(&mut |of, value| {
                        has |= of.name == list.name && fold(value) == fold(text);
                    });
                    has
                }
                _ => means(clause, record),
            }
        })
        .await
    }
}

/// Orders texts by their UTF-16 units.
#[derive(Default)]
pub(crate) struct Utf16Order;

#[async_trait]
impl Intercept for Utf16Order {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        list_where(store, scope, query, |clause, record| {
            let stored = match &clause.target {
                Target::Metadata { key, .. } => {
                    let stored = record
                        .metadata()
                        .and_then(|metadata| metadata.as_map().get(key));
                    stored
                        .and_then(|stored| stored.as_str())
                        .map(ColumnValue::from)
                }
                Target::Column(_)
                | Target::Id
                | Target::Either(..)
                | Target::Addresses
                | Target::Phones
                | Target::List(_) => value(clause, record).flatten(),
            };
            match (&clause.condition, stored) {
                (
                    Condition::Compare(Comparison::Gt, ColumnValue::Text(bound)),
                    Some(ColumnValue::Text(stored)),
                ) => stored.encode_utf16().gt(bound.encode_utf16()),
                _ => means(clause, record),
            }
        })
        .await
    }
}

/// Takes `gte` for `gt`.
#[derive(Default)]
pub(crate) struct StrictBounds;

#[async_trait]
impl Intercept for StrictBounds {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut query = query.clone();
        for clause in &mut query.clauses {
            if let Condition::Compare(comparison @ Comparison::Gte, _) = &mut clause.condition {
                *comparison = Comparison::Gt;
            }
        }
        store.list(scope, &query).await
    }
}

/// Looks at the first of two ends.
#[derive(Default)]
pub(crate) struct OneEndedEither;

#[async_trait]
impl Intercept for OneEndedEither {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut query = query.clone();
        for clause in &mut query.clauses {
            if let Target::Either(one, _) = clause.target {
                clause.target = Target::Column(one);
            }
        }
        store.list(scope, &query).await
    }
}

/// Looks at the primary address of a contact alone.
#[derive(Default)]
pub(crate) struct PrimaryAddressAlone;

#[async_trait]
impl Intercept for PrimaryAddressAlone {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let mut query = query.clone();
        for clause in &mut query.clauses {
            if clause.target == Target::Addresses {
                let key = column_index(Kind::Contact, "email_key").map_err(StoreError::fault)?;
                clause.target = Target::Column(key);
            }
        }
        store.list(scope, &query).await
    }
}

/// Compares the numbers of `metadata` as they were written.
#[derive(Default)]
pub(crate) struct NumbersAsText;

#[async_trait]
impl Intercept for NumbersAsText {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        list_where(store, scope, query, |clause, record| {
            match (&clause.target, &clause.condition) {
                (
                    Target::Metadata { key, .. },
                    Condition::Compare(Comparison::Eq, ColumnValue::Text(text)),
                ) => {
                    let stored = record
                        .metadata()
                        .and_then(|metadata| metadata.as_map().get(key));
                    match stored.and_then(|stored| stored.as_number()) {
                        Some(number) => number.to_string().as_str() == &**text,
                        None => means(clause, record),
                    }
                }
                _ => means(clause, record),
            }
        })
        .await
    }
}

/// Reads a `metadata` key as a path.
#[derive(Default)]
pub(crate) struct PathKeys;

#[async_trait]
impl Intercept for PathKeys {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        list_where(store, scope, query, |clause, record| match &clause.target {
            Target::Metadata { key, .. } if key.contains('.') => {
                let metadata = record.metadata().cloned().unwrap_or_default();
                let path = format!("/{}", key.replace('.', "/"));
                let found = serde_json::Value::Object(metadata.into())
                    .pointer(&path)
                    .cloned();
                match &clause.condition {
                    Condition::Compare(Comparison::Eq, ColumnValue::Text(text)) => {
                        found.is_some_and(|found| found == **text)
                    }
                    _ => means(clause, record),
                }
            }
            _ => means(clause, record),
        })
        .await
    }
}

/// Looks at the first clause.
#[derive(Default)]
pub(crate) struct FirstClauseAlone;

#[async_trait]
impl Intercept for FirstClauseAlone {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let clauses = query.clauses.iter().take(1).cloned().collect();
        store
            .list(
                scope,
                &Query {
                    clauses,
                    ..query.clone()
                },
            )
            .await
    }
}

/// Answers a filter as it did before.
#[derive(Default)]
pub(crate) struct ListCache(Mutex<HashMap<String, Page>>);

#[async_trait]
impl Intercept for ListCache {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let now = store.list(scope, query).await?;
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(read.entry(format!("{query:?}")).or_insert(now).clone())
    }
}

/// Takes a page of all records, and filters that.
#[derive(Default)]
pub(crate) struct FilteredPage;

#[async_trait]
impl Intercept for FilteredPage {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let unfiltered = Query {
            clauses: Vec::new(),
            ..query.clone()
        };
        let mut page = store.list(scope, &unfiltered).await?;
        let met = list_where(
            store,
            scope,
            &Query {
                after: None,
                limit: 10_000,
                ..query.clone()
            },
            means,
        )
        .await?;
        page.documents
            .retain(|document| met.documents.contains(document));
        Ok(page)
    }
}

/// Finds no event by its request.
#[derive(Default)]
pub(crate) struct ForgottenRequests;

#[async_trait]
impl Intercept for ForgottenRequests {
    async fn list(&self, store: &dyn Store, scope: Scope, query: &Query) -> Read<Page> {
        let by_request =
            Target::Column(column_index(Kind::Event, "request_id").map_err(StoreError::fault)?);
        let asks = |clause: &Clause| query.kind == Kind::Event && clause.target == by_request;
        if query.clauses.iter().any(asks) {
            return Ok(Page::default());
        }
        store.list(scope, query).await
    }
}
