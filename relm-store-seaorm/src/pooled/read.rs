//! Reads: each is one statement, or several in one snapshot.

use std::collections::{BTreeMap, HashMap};

use relm_core::filter::matches;
use relm_core::id::{Id, Kind};
use relm_core::object::ObjectType;
use relm_core::record::{Document, Record, columns, unique_column};
use relm_core::scope::Scope;
use relm_core::search::{Rank, SearchPosition};
use relm_core::store::{
    Configuration, Page, Query, Queue, QueueKey, Search, SearchPage, StoredResponse,
};
use relm_core::time::Timestamp;
use sea_orm::ConnectionTrait;

use super::error::{Cause, Failure};
use super::statement::{Connected, document, id};
use crate::dialect::Dialect;
use crate::plan::unhex;
use crate::query::{ListPlan, documents, exact_matches, word_matches};
use crate::queue::{queues_by_groups, queues_by_skips};
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
        ids.extend(Id::parse(&format!("{kind}_{ulid}")));
    }
    Ok(ids)
}

/// One page of a search.
pub(super) async fn search(
    database: &Connected,
    scope: Scope,
    search: &Search,
) -> Result<SearchPage, Failure> {
    let moment = database.snapshot().await?;
    let wanted = search.limit + 1;
    let mut found: Vec<(Rank, Id)> = Vec::new();
    let in_words = search.after.filter(|after| after.rank == Rank::Words);
    let exact = exact(database, &moment, scope, search, wanted).await?;
    // What ranked exact on an earlier page must not come again among the words.
    let any_exact = !exact.is_empty() || search.after.is_some();
    if in_words.is_none() {
        found.extend(exact.into_iter().map(|id| (Rank::Exact, id)));
    }
    let missing = wanted - found.len().min(wanted);
    if missing > 0
        && let Some(sql) = word_matches(scope, search, in_words, any_exact, missing)
    {
        let words = candidates(database, &moment, &sql).await?;
        found.extend(words.into_iter().map(|id| (Rank::Words, id)));
    }
    let more = found.len() > search.limit;
    found.truncate(search.limit);
    let documents = in_order(database, &moment, scope, &found).await?;
    database.within(moment.commit()).await?;
    Ok(SearchPage {
        documents,
        last: found.last().map(|(rank, id)| SearchPosition {
            rank: *rank,
            ulid: id.ulid(),
        }),
        more,
    })
}

/// What ranks exact: by an identifying term, or by its id.
async fn exact(
    database: &Connected,
    on: &impl ConnectionTrait,
    scope: Scope,
    search: &Search,
    wanted: usize,
) -> Result<Vec<Id>, Failure> {
    let mut found = candidates(database, on, &exact_matches(scope, search, wanted)).await?;
    let after = search.after.map_or(u128::MAX, |after| after.ulid);
    let asked = search.terms.id.filter(|id| {
        let wanted = ObjectType::of(id.kind()).is_some_and(|ty| search.types.contains(&ty));
        wanted && id.ulid() < after && !found.contains(id)
    });
    if let Some(id) = asked {
        let there = database
            .documents(on, &documents(scope, id.kind(), &[id]))
            .await?;
        found.extend(there.first().map(|document| document.id));
    }
    found.sort_unstable_by_key(|id| std::cmp::Reverse(id.ulid()));
    found.truncate(wanted);
    Ok(found)
}

/// The documents of what was found, in its order: one read for each kind.
async fn in_order(
    database: &Connected,
    on: &impl ConnectionTrait,
    scope: Scope,
    found: &[(Rank, Id)],
) -> Result<Vec<Document>, Failure> {
    let mut of_kind: BTreeMap<Kind, Vec<Id>> = BTreeMap::new();
    for (_, id) in found {
        of_kind.entry(id.kind()).or_default().push(*id);
    }
    let mut read: BTreeMap<Id, Document> = BTreeMap::new();
    for (kind, ids) in of_kind {
        for document in database
            .documents(on, &documents(scope, kind, &ids))
            .await?
        {
            read.insert(document.id, document);
        }
    }
    Ok(found.iter().filter_map(|(_, id)| read.remove(id)).collect())
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
