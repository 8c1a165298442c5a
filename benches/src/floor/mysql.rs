//! hyper with hand-written statements on Relm's own tables in MariaDB. Same rows, same indexes, same durability, as many
//! connections; a write is `BEGIN`, one statement for each table however many rows there are, and `COMMIT`.

use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use sea_orm::sqlx::mysql::{MySqlPool, MySqlPoolOptions, MySqlRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, MySqlConnection, Row};

use super::CONNECTIONS;
use super::asked::{Asked, end_of};
use super::rows::{Changed, Made, Page, ulid};
use crate::Failure;

const GET: &str = "SELECT doc FROM contacts WHERE scope = ? AND id = ?";

const LIST: &str =
    "SELECT doc FROM contacts WHERE scope = ? AND last_name = ? ORDER BY id DESC LIMIT 51";

const SEARCH: &str = "SELECT c.doc FROM (SELECT DISTINCT ulid FROM terms WHERE scope = ? AND term >= ? AND term < ? \
     AND kind = 'con' ORDER BY ulid DESC LIMIT 51) t JOIN contacts c ON c.scope = ? AND c.id = CONCAT('con_', t.ulid) \
     ORDER BY t.ulid DESC";

const UPDATE: &str = "UPDATE contacts SET version = ?, phone = ?, updated_at = ?, doc = ? \
     WHERE scope = ? AND id = ? AND version = ?";

pub async fn serve(listen: SocketAddr, url: &str) -> Result<(), Failure> {
    let options = MySqlPoolOptions::new().max_connections(CONNECTIONS);
    let options = options.after_connect(|connection, _| {
        Box::pin(async move {
            let settings = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
            connection.execute(settings).await.map(|_| ())
        })
    });
    let pool = options.test_before_acquire(false).connect(url).await?;
    let scope: i64 = sqlx::query_scalar("SELECT scope FROM contacts LIMIT 1")
        .fetch_one(&pool)
        .await?;
    super::serve(listen, move |request| answer(request, pool.clone(), scope)).await
}

async fn answer(request: Request<Incoming>, pool: MySqlPool, scope: i64) -> Result<Bytes, Failure> {
    Ok(match Asked::of(request).await? {
        Asked::Get { id } => get(&pool, scope, &id).await?.into(),
        Asked::List { last_name } => {
            let rows = sqlx::query(LIST).bind(scope).bind(last_name);
            page(&rows.fetch_all(&pool).await?)?
        }
        Asked::Search { word } => {
            let rows = sqlx::query(SEARCH).bind(scope).bind(&word);
            let rows = rows.bind(end_of(&word)).bind(scope);
            page(&rows.fetch_all(&pool).await?)?
        }
        Asked::Create(rows) => create(&pool, scope, &rows).await?,
        Asked::Update { id, phone } => update(&pool, scope, &id, &phone).await?,
    })
}

async fn get(pool: &MySqlPool, scope: i64, id: &str) -> Result<String, Failure> {
    let doc = sqlx::query_scalar(GET).bind(scope).bind(id);
    Ok(doc.fetch_one(pool).await?)
}

fn page(rows: &[MySqlRow]) -> Result<Bytes, Failure> {
    let mut page = Page::new();
    for row in rows {
        page.push(row.try_get::<&str, _>(0)?.as_bytes());
    }
    Ok(page.end().into())
}

async fn create(pool: &MySqlPool, scope: i64, rows: &[Made]) -> Result<Bytes, Failure> {
    let mut transaction = pool.begin().await?;
    let contacts = values(
        "INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, phone, metadata, created_at, \
         updated_at, doc)",
        "(?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.len(),
    );
    let mut query = sqlx::query(AssertSqlSafe(contacts));
    for made in rows {
        query = query
            .bind(scope)
            .bind(&made.id)
            .bind(&made.email)
            .bind(&made.email_key)
            .bind(&made.first_name)
            .bind(&made.last_name)
            .bind(&made.phone)
            .bind(&made.metadata)
            .bind(made.now)
            .bind(made.now)
            .bind(&made.doc);
    }
    query.execute(&mut *transaction).await?;
    let events = values(
        "INSERT INTO events (scope, id, version, type, record_id, created_at, doc)",
        "(?, ?, 1, 'contact.created', ?, ?, ?)",
        rows.len(),
    );
    let mut query = sqlx::query(AssertSqlSafe(events));
    for made in rows {
        query = query
            .bind(scope)
            .bind(&made.event_id)
            .bind(&made.id)
            .bind(made.now)
            .bind(&made.event);
    }
    query.execute(&mut *transaction).await?;
    let terms = rows
        .iter()
        .flat_map(|made| made.terms.iter().map(|term| (term.as_str(), made.ulid())));
    insert_terms(&mut transaction, scope, terms.collect()).await?;
    transaction.commit().await?;
    let docs: Vec<&str> = rows.iter().map(|made| made.doc.as_str()).collect();
    Ok(docs.concat().into())
}

/// In the order of their key, so that writers wait for each other in one direction.
async fn insert_terms(
    connection: &mut MySqlConnection,
    scope: i64,
    mut terms: Vec<(&str, &str)>,
) -> Result<(), Failure> {
    if terms.is_empty() {
        return Ok(());
    }
    terms.sort_unstable();
    let insert = "INSERT INTO terms (scope, term, ulid, kind)";
    let insert = values(insert, "(?, ?, ?, 'con')", terms.len());
    let mut query = sqlx::query(AssertSqlSafe(insert));
    for (term, ulid) in terms {
        query = query.bind(scope).bind(term).bind(ulid);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Tries again where another request was first.
async fn update(pool: &MySqlPool, scope: i64, id: &str, phone: &str) -> Result<Bytes, Failure> {
    loop {
        let changed = Changed::of(&get(pool, scope, id).await?, phone)?;
        let mut transaction = pool.begin().await?;
        let updated = sqlx::query(UPDATE)
            .bind(changed.version)
            .bind(&changed.phone)
            .bind(changed.now)
            .bind(&changed.doc)
            .bind(scope)
            .bind(id)
            .bind(changed.version - 1)
            .execute(&mut *transaction)
            .await?;
        if updated.rows_affected() == 0 {
            transaction.rollback().await?;
            continue;
        }
        sqlx::query(
            "INSERT INTO events (scope, id, version, type, record_id, created_at, doc) \
             VALUES (?, ?, 1, 'contact.updated', ?, ?, ?)",
        )
        .bind(scope)
        .bind(&changed.event_id)
        .bind(id)
        .bind(changed.now)
        .bind(&changed.event)
        .execute(&mut *transaction)
        .await?;
        for term in &changed.dropped {
            let delete =
                "DELETE FROM terms WHERE scope = ? AND term = ? AND ulid = ? AND kind = 'con'";
            let delete = sqlx::query(delete).bind(scope).bind(term).bind(ulid(id));
            delete.execute(&mut *transaction).await?;
        }
        let added = changed.added.iter().map(|term| (term.as_str(), ulid(id)));
        insert_terms(&mut transaction, scope, added.collect()).await?;
        transaction.commit().await?;
        return Ok(changed.doc.into());
    }
}

fn values(insert: &str, row: &str, rows: usize) -> String {
    let mut sql = String::with_capacity(insert.len() + 8 + rows * (row.len() + 2));
    let _ = write!(sql, "{insert} VALUES {row}");
    for _ in 1..rows {
        let _ = write!(sql, ", {row}");
    }
    sql
}
