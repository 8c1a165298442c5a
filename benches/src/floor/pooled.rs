//! hyper with hand-written SQL on Relm's own tables in PostgreSQL or MariaDB: what a contact costs there when nobody
//! validates, authenticates or explains anything. Same rows, same indexes, same durability, as many connections.

use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Method, Request};
use sea_orm::sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use sea_orm::sqlx::postgres::{PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::Value;

use super::rows::Made;
use crate::Failure;

/// As many as Relm's pool has.
const CONNECTIONS: u32 = 10;

#[derive(Clone)]
enum Pool {
    Postgres(PgPool),
    MySql(MySqlPool),
}

pub async fn serve(listen: SocketAddr, url: String) -> Result<(), Failure> {
    const SCOPE: &str = "SELECT scope FROM contacts LIMIT 1";
    let (pool, scope) = if url.starts_with("postgres") {
        let options = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = options.test_before_acquire(false).connect(&url).await?;
        let scope: i64 = sqlx::query_scalar(SCOPE).fetch_one(&pool).await?;
        (Pool::Postgres(pool), scope)
    } else {
        let options = MySqlPoolOptions::new().max_connections(CONNECTIONS);
        let pool = options.test_before_acquire(false).connect(&url).await?;
        let scope: i64 = sqlx::query_scalar(SCOPE).fetch_one(&pool).await?;
        (Pool::MySql(pool), scope)
    };
    super::serve(listen, move |request| {
        let pool = pool.clone();
        async move {
            answer(request, &pool, scope).await.unwrap_or_else(|error| {
                eprintln!("the floor failed: {error}");
                Bytes::new()
            })
        }
    })
    .await
}

async fn answer(request: Request<Incoming>, pool: &Pool, scope: i64) -> Result<Bytes, Failure> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET {
        let id = head.uri.path().rsplit('/').next().unwrap_or_default();
        return get(pool, scope, id).await;
    }
    let body: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    let rows: Vec<Made> = match body["contacts"].as_array() {
        Some(rows) => rows.iter().map(Made::of).collect(),
        None => vec![Made::of(&body)],
    };
    match (pool, rows.as_slice()) {
        (Pool::Postgres(pool), [made]) => create_in_postgres(pool, scope, made).await?,
        (Pool::Postgres(pool), rows) => batch_in_postgres(pool, scope, rows).await?,
        (Pool::MySql(pool), rows) => create_in_mysql(pool, scope, rows).await?,
    }
    let docs: Vec<&str> = rows.iter().map(|made| made.doc.as_str()).collect();
    Ok(docs.join(",").into())
}

async fn get(pool: &Pool, scope: i64, id: &str) -> Result<Bytes, Failure> {
    let doc: String = match pool {
        Pool::Postgres(pool) => {
            let sql = "SELECT doc FROM contacts WHERE scope = $1 AND id = $2";
            sqlx::query_scalar(sql)
                .bind(scope)
                .bind(id)
                .fetch_one(pool)
                .await?
        }
        Pool::MySql(pool) => {
            let sql = "SELECT doc FROM contacts WHERE scope = ? AND id = ?";
            sqlx::query_scalar(sql)
                .bind(scope)
                .bind(id)
                .fetch_one(pool)
                .await?
        }
    };
    Ok(doc.into())
}

/// One statement: its transaction is its own.
async fn create_in_postgres(pool: &PgPool, scope: i64, made: &Made) -> Result<(), Failure> {
    const CREATE: &str = "WITH c AS (INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, \
         phone, metadata, created_at, updated_at, doc) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $9, $10)), \
         e AS (INSERT INTO events (scope, id, version, type, record_id, created_at, doc) \
         VALUES ($1, $11, 1, 'contact.created', $2, $9, $12)) \
         INSERT INTO terms (scope, term, ulid, kind) SELECT $1, term, $13, 'con' FROM unnest($14::text[]) AS term";
    sqlx::query(CREATE)
        .bind(scope)
        .bind(&made.id)
        .bind(&made.email)
        .bind(&made.email_key)
        .bind(&made.first_name)
        .bind(&made.last_name)
        .bind(&made.phone)
        .bind(&made.metadata)
        .bind(made.now)
        .bind(&made.doc)
        .bind(&made.event_id)
        .bind(&made.event)
        .bind(&made.ulid)
        .bind(&made.terms)
        .execute(pool)
        .await?;
    Ok(())
}

/// One statement for each table.
async fn batch_in_postgres(pool: &PgPool, scope: i64, rows: &[Made]) -> Result<(), Failure> {
    let texts = |value: fn(&Made) -> &String| rows.iter().map(value).cloned().collect::<Vec<_>>();
    let now = rows.first().map_or(0, |made| made.now);
    let mut transaction = pool.begin().await?;
    sqlx::query(
        "INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, phone, metadata, created_at, \
         updated_at, doc) SELECT $1, id, 1, email, key, first, last, phone, metadata, $2, $2, doc FROM unnest($3::text[], \
         $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]) \
         AS row (id, email, key, first, last, phone, metadata, doc)",
    )
    .bind(scope)
    .bind(now)
    .bind(texts(|made| &made.id))
    .bind(texts(|made| &made.email))
    .bind(texts(|made| &made.email_key))
    .bind(texts(|made| &made.first_name))
    .bind(texts(|made| &made.last_name))
    .bind(texts(|made| &made.phone))
    .bind(texts(|made| &made.metadata))
    .bind(texts(|made| &made.doc))
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO events (scope, id, version, type, record_id, created_at, doc) SELECT $1, id, 1, 'contact.created', \
         record, $2, doc FROM unnest($3::text[], $4::text[], $5::text[]) AS row (id, record, doc)",
    )
    .bind(scope)
    .bind(now)
    .bind(texts(|made| &made.event_id))
    .bind(texts(|made| &made.id))
    .bind(texts(|made| &made.event))
    .execute(&mut *transaction)
    .await?;
    let terms = rows
        .iter()
        .flat_map(|made| made.terms.iter().map(move |term| (term, &made.ulid)));
    let (terms, ulids): (Vec<String>, Vec<String>) = terms
        .map(|(term, ulid)| (term.clone(), ulid.clone()))
        .unzip();
    sqlx::query(
        "INSERT INTO terms (scope, term, ulid, kind) SELECT $1, term, ulid, 'con' FROM unnest($2::text[], $3::text[]) \
         AS row (term, ulid)",
    )
    .bind(scope)
    .bind(terms)
    .bind(ulids)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// One statement of many rows for each table.
async fn create_in_mysql(pool: &MySqlPool, scope: i64, rows: &[Made]) -> Result<(), Failure> {
    let mut transaction = pool.begin().await?;
    let contacts = values(
        "INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, phone, metadata, created_at, \
         updated_at, doc)",
        "(?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.len(),
    );
    let mut query = sqlx::query(AssertSqlSafe(contacts));
    for made in rows {
        query = query.bind(scope).bind(&made.id).bind(&made.email);
        query = query.bind(&made.email_key).bind(&made.first_name);
        query = query
            .bind(&made.last_name)
            .bind(&made.phone)
            .bind(&made.metadata);
        query = query.bind(made.now).bind(made.now).bind(&made.doc);
    }
    query.execute(&mut *transaction).await?;
    let events = values(
        "INSERT INTO events (scope, id, version, type, record_id, created_at, doc)",
        "(?, ?, 1, 'contact.created', ?, ?, ?)",
        rows.len(),
    );
    let mut query = sqlx::query(AssertSqlSafe(events));
    for made in rows {
        query = query.bind(scope).bind(&made.event_id).bind(&made.id);
        query = query.bind(made.now).bind(&made.event);
    }
    query.execute(&mut *transaction).await?;
    let count = rows.iter().map(|made| made.terms.len()).sum();
    let terms = values(
        "INSERT INTO terms (scope, term, ulid, kind)",
        "(?, ?, ?, 'con')",
        count,
    );
    let mut query = sqlx::query(AssertSqlSafe(terms));
    for made in rows {
        for term in &made.terms {
            query = query.bind(scope).bind(term).bind(&made.ulid);
        }
    }
    query.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

fn values(insert: &str, row: &str, rows: usize) -> String {
    let mut sql = format!("{insert} VALUES {row}");
    for _ in 1..rows {
        let _ = write!(sql, ", {row}");
    }
    sql
}
