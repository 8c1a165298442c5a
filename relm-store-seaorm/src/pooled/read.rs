//! Reads: each is one statement, or several in one snapshot.

use std::collections::HashMap;

use relm_core::filter::matches;
use relm_core::id::{Id, Kind};
use relm_core::record::{Document, Record, columns, unique_column};
use relm_core::scope::Scope;
use relm_core::store::{Configuration, Page, Query, Queue, QueueKey, SearchPage, StoredResponse};
use relm_core::time::Timestamp;
use sea_orm::ConnectionTrait;

use super::error::{Cause, Failure};
use super::statement::{Connected, document, id};
use crate::dialect::Dialect;
use crate::plan::unhex;
use crate::query::{ListPlan, documents};
use crate::queue::{queues_by_groups, queues_by_skips};
use crate::search::{Searching, Step, together};
use crate::sql::{Sql, table};

/// Unique keys that one statement looks up.
const KEYS_MAX: usize = 512;
/// Rows that a list reads at a time when documents decide.
const CHUNK_ROWS: usize = 256;

pub(super) async fn get(
    database: &Connected,
    scope: Scope,
    id: Id,
) -> Result<Option<Document>, Failure> {
    if columns(id.kind()).is_empty() {
        return Ok(None);
    }
    let sql = documents(scope, id.kind(), &[id]);
    Ok(database.documents(&database.pool, &sql).await?.pop())
}

pub(super) async fn find(
    database: &Connected,
    scope: Scope,
    kind: Kind,
    keys: &[String],
) -> Result<Vec<Option<Document>>, Failure> {
    let Some(place) = unique_column(kind) else {
        return Ok(vec![None; keys.len()]);
    };
    if let [_] | [] = keys.chunks(KEYS_MAX).collect::<Vec<_>>()[..] {
        return find_on(&database.pool, database, (scope, kind, place), keys).await;
    }
    let moment = database.snapshot().await?;
    let found = find_on(&moment, database, (scope, kind, place), keys).await?;
    database.within(moment.commit()).await?;
    Ok(found)
}

async fn find_on(
    on: &impl ConnectionTrait,
    database: &Connected,
    (scope, kind, place): (Scope, Kind, usize),
    keys: &[String],
) -> Result<Vec<Option<Document>>, Failure> {
    let column = columns(kind)[place].name;
    let mut found: HashMap<String, Document> = HashMap::new();
    for keys in keys.chunks(KEYS_MAX) {
        let keys: Vec<_> = keys.iter().map(|key| key.clone().into()).collect();
        let mut sql = Sql::new("SELECT ");
        sql.push(column).push(", id, doc FROM ").push(table(kind));
        sql.push(" WHERE scope = ").bind(scope.key());
        sql.and_in(column, &keys);
        for row in database.rows(on, &sql).await? {
            found.insert(row.try_get_by_index(0)?, document(&row, 1)?);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// One page of a list.
pub(super) async fn list(
    database: &Connected,
    scope: Scope,
    query: &Query,
) -> Result<Page, Failure> {
    let plan = ListPlan::new(database.dialect, scope, query);
    let wanted = query.limit + 1;
    let mut found = if plan.residual.is_empty() {
        let sql = plan.rows(query.after, wanted);
        database.documents(&database.pool, &sql).await?
    } else {
        let moment = database.snapshot().await?;
        let found = walk(database, &moment, &plan, query, wanted).await?;
        database.within(moment.commit()).await?;
        found
    };
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    Ok(Page {
        documents: found,
        more,
    })
}

/// Walks a list in chunks, keeping what the clauses that SQL left undecided accept.
async fn walk(
    database: &Connected,
    on: &impl ConnectionTrait,
    plan: &ListPlan<'_>,
    query: &Query,
    wanted: usize,
) -> Result<Vec<Document>, Failure> {
    let chunk = wanted.max(CHUNK_ROWS);
    let mut found = Vec::new();
    let mut after = query.after;
    loop {
        let (documents, last, full) = match plan.candidates(after, chunk) {
            Some(sql) => {
                let candidates = candidates(database, on, &sql).await?;
                let full = candidates.len() == chunk;
                let last = candidates.last().copied();
                let documents = database.documents(on, &plan.rows_of(&candidates)).await?;
                (documents, last, full)
            }
            None => {
                let documents = database.documents(on, &plan.rows(after, chunk)).await?;
                let last = documents.last().map(|document| document.id);
                let full = documents.len() == chunk;
                (documents, last, full)
            }
        };
        after = last;
        for document in documents {
            let accepted = Record::from_json(query.kind, &document.json)
                .is_ok_and(|record| matches(&plan.residual, &record));
            if accepted {
                found.push(document);
                if found.len() == wanted {
                    return Ok(found);
                }
            }
        }
        if !full {
            return Ok(found);
        }
    }
}

/// Rows of `ulid, kind`.
async fn candidates(
    database: &Connected,
    on: &impl ConnectionTrait,
    sql: &Sql,
) -> Result<Vec<Id>, Failure> {
    let mut ids = Vec::new();
    for row in database.rows(on, sql).await? {
        let (ulid, kind): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        ids.extend(Id::from_parts(&kind, &ulid));
    }
    Ok(ids)
}

/// One page of a search.
pub(super) async fn search(
    database: &Connected,
    mut searching: Searching,
) -> Result<SearchPage, Failure> {
    while let Some(step) = searching.next() {
        match step {
            Step::Entries(statements) => {
                let mut entries = vec![Vec::new(); statements.len()];
                for row in database.rows(&database.pool, &together(statements)).await? {
                    let text = |column| row.try_get_by_index::<String>(column);
                    let entry = Id::from_parts(&text(2)?, &text(1)?);
                    let place = text(0)?
                        .parse()
                        .ok()
                        .and_then(|place: usize| entries.get_mut(place));
                    place.into_iter().for_each(|entries| entries.extend(entry));
                }
                searching.entries(entries);
            }
            Step::Documents(sql) => {
                searching.documents(database.documents(&database.pool, &sql).await?);
            }
        }
    }
    Ok(searching.page())
}

/// The version, the fields and the endpoints as rows of one statement, which sees one moment.
pub(super) async fn configuration(
    database: &Connected,
    scope: Scope,
) -> Result<Configuration, Failure> {
    let mut sql =
        Sql::new("SELECT '' AS id, '' AS doc, version FROM configurations WHERE scope = ");
    sql.bind(scope.key());
    for kind in [Kind::Field, Kind::Webhook] {
        sql.push(" UNION ALL SELECT id, doc, version FROM ");
        sql.push(table(kind)).push(" WHERE scope = ");
        sql.bind(scope.key());
    }
    let mut version = 0;
    let mut documents: Vec<Document> = Vec::new();
    for row in database.rows(&database.pool, &sql).await? {
        let text: String = row.try_get_by_index(0)?;
        if text.is_empty() {
            version = row.try_get_by_index(2)?;
        } else {
            documents.push(document(&row, 0)?);
        }
    }
    documents.sort_unstable_by_key(|document| document.id);
    let mut configuration = Configuration {
        version,
        ..Configuration::default()
    };
    for document in documents {
        let bad = |_| {
            Failure::Fault(Cause::Said(
                "a document of the configuration is no such thing",
            ))
        };
        if document.id.kind() == Kind::Field {
            configuration.fields.push(document.decode().map_err(bad)?);
        } else {
            configuration.webhooks.push(document.decode().map_err(bad)?);
        }
    }
    Ok(configuration)
}

pub(super) async fn response(
    database: &Connected,
    scope: Scope,
    key: &str,
    now: Timestamp,
) -> Result<Option<StoredResponse>, Failure> {
    let mut sql =
        Sql::new("SELECT fingerprint, outcome, body, expires_at FROM responses WHERE scope = ");
    sql.bind(scope.key()).and("key_digest", key.to_owned());
    sql.push(" AND expires_at > ").bind(now.as_millis());
    let rows = database.rows(&database.pool, &sql).await?;
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
    }))
}

pub(super) async fn queues(
    database: &Connected,
    after: Option<QueueKey>,
    limit: usize,
) -> Result<Vec<Queue>, Failure> {
    let sql = match database.dialect {
        Dialect::Postgres | Dialect::Sqlite => queues_by_skips(after, limit),
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => queues_by_groups(after, limit),
    };
    let rows = database.rows(&database.pool, &sql).await?;
    rows.iter()
        .map(|row| {
            Ok(Queue {
                key: QueueKey {
                    scope_key: row.try_get_by_index(0)?,
                    webhook: id(row, 1)?,
                },
                due_at: Timestamp::from_millis(row.try_get_by_index(2)?),
            })
        })
        .collect()
}
