//! What is to be delivered, as statements. A delivery waits in the column `next_attempt_at`, and a lease moves it to its
//! own end there; the document keeps what was planned.

use relm_core::store::Lease;
use relm_core::value::id::Id;

use crate::scope_number::{Place, scope_number};
use crate::sql::{Sql, texts};

/// The first queue after this one, or of all: `scope, webhook_id, next_attempt_at`. A few steps through the index,
/// however many deliveries wait in the queues that it passes.
pub(crate) fn next_queue(after: Option<Place>) -> Sql {
    let mut sql = Sql::new(
        "SELECT scope, webhook_id, next_attempt_at FROM deliveries WHERE next_attempt_at IS NOT NULL",
    );
    if let Some(Place { scope, webhook }) = after {
        sql.push(" AND (scope, webhook_id) > (").bind(scope);
        sql.push(", ").bind(webhook).push(")");
    }
    sql.push(" ORDER BY scope, webhook_id, next_attempt_at")
        .limit(1);
    sql
}

/// The deliveries that a lease takes: `id, doc`, the earliest first.
pub(crate) fn due(lease: &Lease) -> Sql {
    let mut sql = Sql::new("SELECT id, doc FROM deliveries WHERE scope = ");
    sql.bind(scope_number(lease.scope))
        .and("webhook_id", lease.webhook);
    sql.push(" AND next_attempt_at <= ")
        .bind(lease.now.as_millis());
    sql.push(" ORDER BY next_attempt_at").limit(lease.limit);
    sql
}

/// Takes what a lease may have in one statement, and tells in two kinds of rows what it took: `id, doc, NULL`, and when each was
/// due: `id, NULL, next_attempt_at`. Whoever waited for another that takes the same looks at them anew, and leaves what is
/// not due any more.
///
/// What is due is locked in its order, and then taken by the range that it is in. A join by id would be quadratic where
/// PostgreSQL's statistics are those of an emptied table: see decision 66.
pub(crate) fn take_due(lease: &Lease) -> Sql {
    let of_queue = |sql: &mut Sql| {
        sql.push(" WHERE scope = ").bind(scope_number(lease.scope));
        sql.and("webhook_id", lease.webhook);
        sql.push(" AND next_attempt_at <= ")
            .bind(lease.now.as_millis());
    };
    let mut sql = Sql::new("WITH due AS MATERIALIZED (SELECT id, next_attempt_at FROM deliveries");
    of_queue(&mut sql);
    sql.push(" ORDER BY next_attempt_at, id").limit(lease.limit);
    sql.push(" FOR UPDATE), taken AS (UPDATE deliveries SET next_attempt_at = GREATEST(next_attempt_at, ")
        .bind(lease.until.as_millis())
        .push(")");
    of_queue(&mut sql);
    sql.push(" AND (next_attempt_at, id) <= (SELECT next_attempt_at, id FROM due");
    sql.push(" ORDER BY next_attempt_at DESC, id DESC LIMIT 1) RETURNING id, doc)");
    sql.push(
        " SELECT id, doc, NULL FROM taken UNION ALL SELECT id, NULL, next_attempt_at FROM due",
    );
    sql
}

/// The queues after this one, as one statement where [`next_queue`] would be one for each: `scope, webhook_id,
/// next_attempt_at`.
pub(crate) fn queues_by_skips(after: Option<Place>, limit: usize) -> Sql {
    let mut sql = Sql::new("WITH RECURSIVE queue AS ((");
    sql.append(next_queue(after));
    sql.push(
        ") UNION ALL SELECT later.scope, later.webhook_id, later.next_attempt_at \
         FROM queue CROSS JOIN LATERAL (SELECT scope, webhook_id, next_attempt_at FROM deliveries \
         WHERE next_attempt_at IS NOT NULL AND (scope, webhook_id) > (queue.scope, queue.webhook_id) \
         ORDER BY scope, webhook_id, next_attempt_at LIMIT 1) AS later) \
         SELECT scope, webhook_id, next_attempt_at FROM queue",
    )
    .limit(limit);
    sql
}

/// The same where an optimizer skips through an index by itself: the first moment of each group.
pub(crate) fn queues_by_groups(after: Option<Place>, limit: usize) -> Sql {
    let mut sql = Sql::new("SELECT scope, webhook_id, MIN(next_attempt_at) AS due FROM deliveries");
    if let Some(Place { scope, webhook }) = after {
        sql.push(" WHERE scope > ").bind(scope);
        sql.push(" OR (scope = ").bind(scope);
        sql.push(" AND webhook_id > ").bind(webhook).push(")");
    }
    sql.push(" GROUP BY scope, webhook_id HAVING due IS NOT NULL ORDER BY scope, webhook_id")
        .limit(limit);
    sql
}

/// Keeps these deliveries from every other lease until this one is over. What waits for longer is kept already.
pub(crate) fn take(lease: &Lease, deliveries: &[Id]) -> Sql {
    let mut sql = Sql::new("UPDATE deliveries SET next_attempt_at = ");
    sql.bind(lease.until.as_millis());
    sql.push(" WHERE scope = ").bind(scope_number(lease.scope));
    sql.and_in("id", &texts(deliveries));
    sql.push(" AND next_attempt_at < ")
        .bind(lease.until.as_millis());
    sql
}
