//! hyper with hand-written statements on Relm's own tables in PostgreSQL. Same rows, same indexes, same durability, as many
//! connections; a read, a create and a batch of any size are one round trip each, and an update is two.

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use sea_orm::sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sea_orm::sqlx::{self, Row};

use super::CONNECTIONS;
use super::asked::{Asked, end_of};
use super::rows::{Changed, Made, Page, ulid};
use crate::Failure;

const GET: &str = "SELECT doc FROM contacts WHERE scope = $1 AND id = $2";

const LIST: &str =
    "SELECT doc FROM contacts WHERE scope = $1 AND last_name = $2 ORDER BY id DESC LIMIT 51";

const SEARCH: &str = "SELECT c.doc FROM (SELECT DISTINCT ulid FROM terms WHERE scope = $1 AND term >= $2 AND term < $3 \
     AND kind = 'con' ORDER BY ulid DESC LIMIT 51) t JOIN contacts c ON c.scope = $1 AND c.id = 'con_' || t.ulid \
     ORDER BY t.ulid DESC";

const CREATE: &str = "WITH c AS (INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, \
     phone, metadata, created_at, updated_at, doc) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $9, $10)), \
     e AS (INSERT INTO events (scope, id, version, type, record_id, created_at, doc) \
     VALUES ($1, $11, 1, 'contact.created', $2, $9, $12)) \
     INSERT INTO terms (scope, term, ulid, kind) SELECT $1, term, $13, 'con' FROM unnest($14::text[]) AS term";

const BATCH: &str = "WITH c AS (INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, \
     phone, metadata, created_at, updated_at, doc) SELECT $1, id, 1, email, key, first, last, phone, metadata, now, now, \
     doc FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], \
     $10::text[]) AS row (id, email, key, first, last, phone, metadata, now, doc)), \
     e AS (INSERT INTO events (scope, id, version, type, record_id, created_at, doc) SELECT $1, id, 1, \
     'contact.created', record, now, doc FROM unnest($11::text[], $2::text[], $9::bigint[], $12::text[]) \
     AS row (id, record, now, doc)) \
     INSERT INTO terms (scope, term, ulid, kind) SELECT $1, term, ulid, 'con' FROM unnest($13::text[], $14::text[]) \
     AS row (term, ulid)";

/// Says nothing where the contact has another version by now.
const UPDATE: &str = "WITH c AS (UPDATE contacts SET version = $3, phone = $4, updated_at = $5, doc = $6 \
     WHERE scope = $1 AND id = $2 AND version = $3 - 1 RETURNING id), \
     e AS (INSERT INTO events (scope, id, version, type, record_id, created_at, doc) \
     SELECT $1, $7, 1, 'contact.updated', id, $5, $8 FROM c), \
     d AS (DELETE FROM terms WHERE scope = $1 AND term = ANY($9::text[]) AND ulid = $10 AND kind = 'con' \
     AND EXISTS (SELECT 1 FROM c)), \
     a AS (INSERT INTO terms (scope, term, ulid, kind) SELECT $1, term, $10, 'con' FROM c, unnest($11::text[]) AS term) \
     SELECT id FROM c";

pub async fn serve(listen: SocketAddr, url: &str) -> Result<(), Failure> {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS);
    let pool = options.test_before_acquire(false).connect(url).await?;
    let scope: i64 = sqlx::query_scalar("SELECT scope FROM contacts LIMIT 1")
        .fetch_one(&pool)
        .await?;
    super::serve(listen, move |request| answer(request, pool.clone(), scope)).await
}

async fn answer(request: Request<Incoming>, pool: PgPool, scope: i64) -> Result<Bytes, Failure> {
    Ok(match Asked::of(request).await? {
        Asked::Get { id } => get(&pool, scope, &id).await?.into(),
        Asked::List { last_name } => {
            let rows = sqlx::query(LIST).bind(scope).bind(last_name);
            page(&rows.fetch_all(&pool).await?)?
        }
        Asked::Search { word } => {
            let rows = sqlx::query(SEARCH).bind(scope).bind(&word);
            page(&rows.bind(end_of(&word)).fetch_all(&pool).await?)?
        }
        Asked::Create(rows) => match rows.as_slice() {
            [made] => create(&pool, scope, made).await?,
            many => batch(&pool, scope, many).await?,
        },
        Asked::Update { id, phone } => update(&pool, scope, &id, &phone).await?,
    })
}

async fn get(pool: &PgPool, scope: i64, id: &str) -> Result<String, Failure> {
    let doc = sqlx::query_scalar(GET).bind(scope).bind(id);
    Ok(doc.fetch_one(pool).await?)
}

fn page(rows: &[PgRow]) -> Result<Bytes, Failure> {
    let mut page = Page::new();
    for row in rows {
        page.push(row.try_get::<&str, _>(0)?.as_bytes());
    }
    Ok(page.end().into())
}

async fn create(pool: &PgPool, scope: i64, made: &Made) -> Result<Bytes, Failure> {
    let terms: Vec<&str> = made.terms.iter().map(String::as_str).collect();
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
        .bind(made.ulid())
        .bind(terms)
        .execute(pool)
        .await?;
    Ok(made.doc.clone().into())
}

async fn batch(pool: &PgPool, scope: i64, rows: &[Made]) -> Result<Bytes, Failure> {
    let texts = |value: fn(&Made) -> &str| rows.iter().map(value).collect::<Vec<_>>();
    // In the order of their key: neighbours land on one page.
    let mut terms: Vec<(&str, &str)> = rows
        .iter()
        .flat_map(|made| made.terms.iter().map(|term| (term.as_str(), made.ulid())))
        .collect();
    terms.sort_unstable();
    let (terms, ulids): (Vec<&str>, Vec<&str>) = terms.into_iter().unzip();
    let docs = texts(|made| &made.doc);
    let answer = docs.concat();
    sqlx::query(BATCH)
        .bind(scope)
        .bind(texts(|made| &made.id))
        .bind(texts(|made| &made.email))
        .bind(texts(|made| &made.email_key))
        .bind(texts(|made| &made.first_name))
        .bind(texts(|made| &made.last_name))
        .bind(texts(|made| &made.phone))
        .bind(texts(|made| &made.metadata))
        .bind(rows.iter().map(|made| made.now).collect::<Vec<_>>())
        .bind(docs)
        .bind(texts(|made| &made.event_id))
        .bind(texts(|made| &made.event))
        .bind(terms)
        .bind(ulids)
        .execute(pool)
        .await?;
    Ok(answer.into())
}

/// Tries again where another request was first.
async fn update(pool: &PgPool, scope: i64, id: &str, phone: &str) -> Result<Bytes, Failure> {
    loop {
        let changed = Changed::of(&get(pool, scope, id).await?, phone)?;
        let updated = sqlx::query(UPDATE)
            .bind(scope)
            .bind(id)
            .bind(changed.version)
            .bind(&changed.phone)
            .bind(changed.now)
            .bind(&changed.doc)
            .bind(&changed.event_id)
            .bind(&changed.event)
            .bind(&changed.dropped)
            .bind(ulid(id))
            .bind(&changed.added)
            .fetch_optional(pool)
            .await?;
        if updated.is_some() {
            return Ok(changed.doc.into());
        }
    }
}
