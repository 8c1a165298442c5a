//! Records by their ids, a page at a time.

use crate::limits::PAGE_LIMIT_MAX;
use crate::query::filter::Clause;
use crate::record::Document;
use crate::store::{Query, Store, StoreError};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

/// The documents of those of these records of one kind that there are, in no order that counts.
pub(super) async fn read_by_ids(
    store: &dyn Store,
    scope: Scope,
    kind: Kind,
    ids: &[Id],
) -> Result<Vec<Document>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(PAGE_LIMIT_MAX) {
        let mut query = Query {
            kind,
            clauses: vec![Clause::ids(ids.iter().copied())],
            after: None,
            limit: ids.len(),
        };
        loop {
            let page = store.list(scope, &query).await?;
            query.after = page.documents.last().map(|last| last.id);
            found.extend(page.documents);
            if !page.more {
                break;
            }
        }
    }
    Ok(found)
}
