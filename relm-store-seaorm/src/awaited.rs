//! What waits for a moment, of all scopes, as statements: by the one index that does not begin with the scope.

use relm_core::store::{Awaited, AwaitedQuery};
use relm_core::value::id::Id;
use relm_core::value::time::Timestamp;

use crate::scope_number::{scope_number, scopes_of};
use crate::sql::Sql;

/// What waits, as the table of activities has it. In the order of the table: by the moment, then by the number of the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberedAwaited {
    pub at: Timestamp,
    pub scope: i64,
    pub id: Id,
}

impl From<Awaited> for NumberedAwaited {
    fn from(awaited: Awaited) -> Self {
        Self {
            at: awaited.at,
            scope: scope_number(awaited.scope),
            id: awaited.id,
        }
    }
}

/// The next of what waits for the moments of a query, after this one: `notify_at, scope, id`.
pub(crate) fn next_awaited(
    query: &AwaitedQuery,
    after: Option<NumberedAwaited>,
    limit: usize,
) -> Sql {
    let first = after.map_or(query.from, |after| after.at.max(query.from));
    let mut sql = Sql::new("SELECT notify_at, scope, id FROM activities WHERE notify_at >= ");
    sql.bind(first.as_millis());
    sql.push(" AND notify_at <= ").bind(query.until.as_millis());
    if let Some(NumberedAwaited { at, scope, id }) = after {
        sql.push(" AND (notify_at, scope, id) > (")
            .bind(at.as_millis());
        sql.push(", ").bind(scope).push(", ").bind(id).push(")");
    }
    sql.push(" ORDER BY notify_at, scope, id").limit(limit);
    sql
}

/// The same under the scopes that their numbers are of.
pub(crate) fn awaited_in_scopes(numbered: &[NumberedAwaited], workspaces: &[Id]) -> Vec<Awaited> {
    let scopes = scopes_of(workspaces);
    let awaited = |it: &NumberedAwaited| {
        Some(Awaited {
            at: it.at,
            scope: *scopes.get(&it.scope)?,
            id: it.id,
        })
    };
    numbered.iter().filter_map(awaited).collect()
}
