//! What flawed lists choose from, and the pages that they make of it.

use relm_core::record::{Document, Record};
use relm_core::store::{Page, Query, Store, StoreError};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

/// Every record of a kind: what flawed lists choose from.
pub(crate) async fn every(
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
pub(crate) fn page(documents: impl IntoIterator<Item = Document>, query: &Query) -> Page {
    let after = |id: Id| query.after.is_none_or(|after| id < after);
    let documents = documents.into_iter().filter(|document| after(document.id));
    Page::of(query.limit, documents)
}
