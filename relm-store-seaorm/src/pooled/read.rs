//! Reads: each is one statement, or several in one snapshot.

use std::collections::HashMap;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

use relm_core::PageSize;
use relm_core::query::filter::matches;
use relm_core::record::{Document, Record, columns, unique_column};
use relm_core::store::{
    Awaited, AwaitedQuery, Configuration, Page, Query, Queue, QueueKey, StoredResponse,
};
use relm_core::value::hex::unhex;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;
use sea_orm::QueryResult;

use super::error::{Cause, Failure};
use super::executor::Executor;
use super::statement::{document, id};
use crate::awaited::{NumberedAwaited, awaited_in_scopes, next_awaited};
use crate::dialect::Dialect;
use crate::plan::about;
use crate::query::{ListPlan, documents};
use crate::queue::{next_queue, queues_by_groups, queues_by_skips};
use crate::scope_number::{NumberedQueue, Place, scope_number, with_scopes, workspaces_of};
use crate::sql::{Sql, table};

/// Unique keys that one statement looks up.
const KEYS_MAX: usize = 512;
/// Rows that a list reads at a time when documents decide, by how many it may give.
const CHUNK_ROWS: RangeInclusive<usize> = 256..=1_024;

pub(super) async fn get(
    on: Executor<'_>,
    scope: Scope,
    id: Id,
) -> Result<Option<Document>, Failure> {
    if columns(id.kind()).is_empty() {
        return Ok(None);
    }
    let sql = documents(scope, id.kind(), &[id]);
    Ok(on.documents(&sql).await?.pop())
}

pub(super) async fn find(
    on: Executor<'_>,
    scope: Scope,
    kind: Kind,
    keys: &[String],
) -> Result<Vec<Option<Document>>, Failure> {
    let Some(place) = unique_column(kind) else {
        return Ok(vec![None; keys.len()]);
    };
    if let [_] | [] = keys.chunks(KEYS_MAX).collect::<Vec<_>>()[..] {
        return find_on(on, (scope, kind, place), keys).await;
    }
    let snapshot = on.snapshot().await?;
    let found = find_on(snapshot.executor(), (scope, kind, place), keys).await?;
    snapshot.end().await?;
    Ok(found)
}

async fn find_on(
    on: Executor<'_>,
    (scope, kind, place): (Scope, Kind, usize),
    keys: &[String],
) -> Result<Vec<Option<Document>>, Failure> {
    let column = columns(kind)[place].name;
    let mut found: HashMap<String, Document> = HashMap::new();
    for keys in keys.chunks(KEYS_MAX) {
        let keys: Vec<_> = keys.iter().map(|key| key.clone().into()).collect();
        let mut sql = Sql::new("SELECT ");
        sql.push(column).push(", id, doc FROM ").push(table(kind));
        sql.push(" WHERE scope = ").bind(scope_number(scope));
        sql.and_in(column, &keys);
        for row in on.rows(&sql).await? {
            found.insert(row.try_get_by_index(0)?, document(&row, 1)?);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// One page of a list.
pub(super) async fn list(on: Executor<'_>, scope: Scope, query: &Query) -> Result<Page, Failure> {
    let plan = ListPlan::new(on.dialect(), scope, query);
    let mut size = PageSize::new(query.limit);
    let mut documents = Vec::new();
    let add = |document: Document| {
        if !size.takes(document.json.len()) {
            return ControlFlow::Break(());
        }
        documents.push(document);
        ControlFlow::Continue(())
    };
    if plan.residual.is_empty() {
        let rows = plan.rows(query.after, query.limit.saturating_add(1));
        let _ = on.each_document(&rows, add).await?;
    } else {
        let snapshot = on.snapshot().await?;
        walk(snapshot.executor(), &plan, query, add).await?;
        snapshot.end().await?;
    }
    Ok(Page {
        documents,
        more: size.more(),
    })
}

/// Walks a list in chunks, showing what the clauses that SQL left undecided accept, for as long as it is wanted.
async fn walk(
    on: Executor<'_>,
    plan: &ListPlan<'_>,
    query: &Query,
    mut add: impl FnMut(Document) -> ControlFlow<()> + Send,
) -> Result<(), Failure> {
    let chunk = query.limit.saturating_add(1);
    let chunk = chunk.clamp(*CHUNK_ROWS.start(), *CHUNK_ROWS.end());
    let mut after = query.after;
    loop {
        let (sql, candidates) = match plan.candidates(after, chunk) {
            Some(sql) => {
                let candidates = candidates(on, &sql).await?;
                (plan.rows_of(&candidates), Some(candidates))
            }
            None => (plan.rows(after, chunk), None),
        };
        let (mut last, mut rows) = (None, 0);
        let judged = on.each_document(&sql, |document| {
            last = Some(document.id);
            rows += 1;
            let accepted = Record::from_json(query.kind, &document.json)
                .is_ok_and(|record| matches(&plan.residual, &record));
            if accepted {
                return add(document);
            }
            ControlFlow::Continue(())
        });
        let judged = judged.await?;
        if let Some(candidates) = candidates {
            last = candidates.last().copied();
            rows = candidates.len();
        }
        if judged.is_break() || rows < chunk {
            return Ok(());
        }
        after = last;
    }
}

/// Rows of `ulid, kind`.
async fn candidates(on: Executor<'_>, sql: &Sql) -> Result<Vec<Id>, Failure> {
    let mut ids = Vec::new();
    for row in on.rows(sql).await? {
        let (ulid, kind): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        ids.extend(Id::from_parts(&kind, &ulid));
    }
    Ok(ids)
}

/// The version, the fields and the endpoints as rows of one statement, which sees one moment; none where the version is
/// known.
pub(super) async fn configuration(
    on: Executor<'_>,
    scope: Scope,
    known: Option<Arc<Configuration>>,
) -> Result<Arc<Configuration>, Failure> {
    if let Some(known) = known {
        let mut sql = Sql::new("SELECT version FROM configurations WHERE scope = ");
        sql.bind(scope_number(scope));
        let rows = on.rows(&sql).await?;
        let version = rows
            .first()
            .map(|row| row.try_get_by_index(0))
            .transpose()?;
        if version.unwrap_or(0) == known.version {
            return Ok(known);
        }
    }
    let mut sql =
        Sql::new("SELECT '' AS id, '' AS doc, version FROM configurations WHERE scope = ");
    sql.bind(scope_number(scope));
    for kind in [Kind::Field, Kind::Webhook] {
        sql.push(" UNION ALL SELECT id, doc, version FROM ");
        sql.push(table(kind)).push(" WHERE scope = ");
        sql.bind(scope_number(scope));
    }
    let mut version = 0;
    let mut documents: Vec<Document> = Vec::new();
    for row in on.rows(&sql).await? {
        let text: String = row.try_get_by_index(0)?;
        if text.is_empty() {
            version = row.try_get_by_index(2)?;
        } else {
            documents.push(document(&row, 0)?);
        }
    }
    configuration_of(version, documents)
        .map(Arc::new)
        .map_err(|_| {
            Failure::Fault(Cause::Said(
                "a document of the configuration is no such thing",
            ))
        })
}

fn configuration_of(
    version: i64,
    mut documents: Vec<Document>,
) -> Result<Configuration, relm_core::Error> {
    documents.sort_unstable_by_key(|document| document.id);
    let mut configuration = Configuration {
        version,
        ..Configuration::default()
    };
    for document in documents {
        if document.id.kind() == Kind::Field {
            configuration.fields.push(document.decode()?);
        } else {
            configuration.webhooks.push(document.decode()?);
        }
    }
    Ok(configuration)
}

pub(super) async fn response(
    on: Executor<'_>,
    scope: Scope,
    key: &str,
    now: Timestamp,
) -> Result<Option<StoredResponse>, Failure> {
    let mut sql =
        Sql::new("SELECT fingerprint, outcome, body, expires_at FROM responses WHERE scope = ");
    sql.bind(scope_number(scope))
        .and("key_digest", key.to_owned());
    sql.push(" AND expires_at > ").bind(now.as_millis());
    let rows = on.rows(&sql).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let fingerprint: String = row.try_get_by_index(0)?;
    let body: String = row.try_get_by_index(2)?;
    Ok(Some(StoredResponse {
        key: key.to_owned(),
        fingerprint: unhex(&fingerprint).unwrap_or_default(),
        outcome: row.try_get_by_index(1)?,
        body: body.into(),
        expires_at: Timestamp::from_millis(row.try_get_by_index(3)?),
        about: Vec::new(),
    }))
}

pub(super) async fn responses_about(
    on: Executor<'_>,
    scope: Scope,
    record: Id,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Failure> {
    let rows = on.rows(&about(scope, record, after, limit)).await?;
    rows.iter()
        .map(|row| Ok(row.try_get_by_index(0)?))
        .collect()
}

pub(super) async fn queues(
    on: Executor<'_>,
    after: Option<QueueKey>,
    limit: usize,
) -> Result<Vec<Queue>, Failure> {
    let (mut queues, mut after) = (Vec::new(), after.map(Place::from));
    loop {
        let left = limit - queues.len();
        let page = numbered_queues(on, after, left).await?;
        let mut workspaces: Vec<Id> = Vec::new();
        for sql in workspaces_of(page.iter().map(|queue| queue.place.scope)) {
            for row in on.rows(&sql).await? {
                workspaces.push(id(&row, 0)?);
            }
        }
        queues.extend(with_scopes(&page, &workspaces));
        match page.last() {
            // A queue of no workspace has left its place to another.
            Some(last) if page.len() == left && queues.len() < limit => after = Some(last.place),
            Some(_) | None => return Ok(queues),
        }
    }
}

/// What waits for the moments of a query.
pub(super) async fn awaited(
    on: Executor<'_>,
    query: &AwaitedQuery,
) -> Result<Vec<Awaited>, Failure> {
    let (mut awaited, mut after) = (Vec::new(), query.after.map(NumberedAwaited::from));
    loop {
        let left = query.limit - awaited.len();
        let rows = on.rows(&next_awaited(query, after, left)).await?;
        let page: Vec<NumberedAwaited> = rows
            .iter()
            .map(numbered_awaited)
            .collect::<Result<_, _>>()?;
        let mut workspaces: Vec<Id> = Vec::new();
        for sql in workspaces_of(page.iter().map(|it| it.scope)) {
            for row in on.rows(&sql).await? {
                workspaces.push(id(&row, 0)?);
            }
        }
        awaited.extend(awaited_in_scopes(&page, &workspaces));
        // What is of no workspace leaves its place to another.
        match page.last() {
            Some(last) if page.len() == left && awaited.len() < query.limit => after = Some(*last),
            Some(_) | None => return Ok(awaited),
        }
    }
}

/// A row of `notify_at, scope, id`.
fn numbered_awaited(row: &QueryResult) -> Result<NumberedAwaited, Failure> {
    Ok(NumberedAwaited {
        at: Timestamp::from_millis(row.try_get_by_index(0)?),
        scope: row.try_get_by_index(1)?,
        id: id(row, 2)?,
    })
}

async fn numbered_queues(
    on: Executor<'_>,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<NumberedQueue>, Failure> {
    let sql = match on.dialect() {
        Dialect::Sqlite => return queues_one_by_one(on, after, limit).await,
        Dialect::Postgres => queues_by_skips(after, limit),
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => queues_by_groups(after, limit),
    };
    let rows = on.rows(&sql).await?;
    rows.iter().map(numbered_queue).collect()
}

/// The same where no statement skips through an index: one for each queue, all at one moment.
async fn queues_one_by_one(
    on: Executor<'_>,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<NumberedQueue>, Failure> {
    let snapshot = on.snapshot().await?;
    let mut queues: Vec<NumberedQueue> = Vec::new();
    while queues.len() < limit {
        let last = queues.last().map(|queue| queue.place).or(after);
        match snapshot.executor().rows(&next_queue(last)).await?.first() {
            Some(row) => queues.push(numbered_queue(row)?),
            None => break,
        }
    }
    snapshot.end().await?;
    Ok(queues)
}

/// A row of `scope, webhook_id, next_attempt_at`.
fn numbered_queue(row: &QueryResult) -> Result<NumberedQueue, Failure> {
    let (scope, webhook) = (row.try_get_by_index(0)?, id(row, 1)?);
    Ok(NumberedQueue {
        place: Place { scope, webhook },
        due_at: Timestamp::from_millis(row.try_get_by_index(2)?),
    })
}
