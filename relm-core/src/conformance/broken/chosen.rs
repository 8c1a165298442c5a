//! What flawed lists choose from, and the pages that they make of it.

use crate::id::{Id, Kind};
use crate::record::{Document, Record};
use crate::scope::Scope;
use crate::store::{Page, Query, Store, StoreError};

/// Every record of a kind: what flawed lists choose from.
pub(super) async fn every(
    store: &dyn Store,
    scope: Scope,
    kind: Kind,
) -> Result<Vec<(Document, Record)>, StoreError> {
    let query = Query {
        kind,
        clauses: Vec::new(),
        after: None,
        limit: 10_000,
    };
    let page = store.list(scope, &query).await?;
    let decode = |document: Document| {
        let entry = document.clone().into_entry().map_err(StoreError::fault)?;
        Ok((document, entry.record))
    };
    page.documents.into_iter().map(decode).collect()
}

/// The page of a query over these documents, which are newest first.
pub(super) fn page(documents: impl IntoIterator<Item = Document>, query: &Query) -> Page {
    let after = |id: Id| query.after.is_none_or(|after| id < after);
    let documents = documents.into_iter().filter(|document| after(document.id));
    Page::of(query.limit, documents)
}
