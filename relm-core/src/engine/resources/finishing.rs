//! How upkeep goes on with what the trash tells of: purges, merges, and undos of those.

use futures_util::future::BoxFuture;

use crate::engine::context::Context;
use crate::error::Result;
use crate::query::filter::Clause;
use crate::record::Document;
use crate::store::Query;
use crate::value::id::Kind;

/// Entries that are read at once.
const PAGE: usize = 200;

/// Goes on to its end with each of what the entries in the trash tell of that meet a clause; gives how many `finish` says have ended. One that
/// fails holds up no other: the first failure is told at the end.
pub(in crate::engine) async fn finish_each<'a>(
    context: &Context,
    clause: Clause,
    finish: impl Fn(Document) -> BoxFuture<'a, Result<bool>>,
) -> Result<usize> {
    let mut query = Query {
        kind: Kind::Trashed,
        clauses: vec![clause],
        after: None,
        limit: PAGE,
    };
    let (mut finished, mut failure) = (0, None);
    loop {
        let page = match context.list(&query).await {
            Ok(page) => page,
            Err(error) => return Err(failure.unwrap_or(error)),
        };
        query.after = page.documents.last().map(|last| last.id);
        for document in page.documents {
            match finish(document).await {
                Ok(is_finished) => finished += usize::from(is_finished),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if !page.more {
            return failure.map_or(Ok(finished), Err);
        }
    }
}
