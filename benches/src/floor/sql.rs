//! hyper with hand-written SQL on Relm's own tables: what a contact costs when nobody validates, authenticates,
//! remembers or explains anything. Same rows, same indexes, same `synchronous=FULL`, same grouping of commits.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_channel::oneshot;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Method, Request};
use rusqlite::{Connection, params};
use serde_json::Value;

use super::rows::{self, Made, now_ms};
use crate::Failure;

static DATABASE: OnceLock<(PathBuf, i64)> = OnceLock::new();

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// What the writer is asked for, and where the answer goes.
struct Job {
    write: Write,
    answer: oneshot::Sender<Vec<u8>>,
}

enum Write {
    Create(Vec<Value>),
    Update { id: String, body: Value },
}

pub async fn serve(listen: SocketAddr, database: PathBuf) -> Result<(), Failure> {
    let writer = open(&database)?;
    let scope = writer.query_row("SELECT scope FROM contacts LIMIT 1", [], |row| row.get(0))?;
    let _ = DATABASE.set((database.clone(), scope));
    let (jobs, waiting) = channel();
    std::thread::spawn(move || write_all(&writer, &waiting, scope));
    std::thread::spawn(move || checkpoint(&database));
    let jobs = Arc::new(jobs);
    super::serve(listen, move |request| answer(request, Arc::clone(&jobs))).await
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(database)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
         PRAGMA cache_size = -32768; PRAGMA busy_timeout = 5000",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn checkpoint(database: &Path) {
    let Ok(connection) = open(database) else {
        return;
    };
    loop {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }
}

async fn answer(request: Request<Incoming>, jobs: Arc<Sender<Job>>) -> Bytes {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    if head.method == Method::GET {
        return read(&path, &query);
    }
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let write = match path.strip_prefix("/v1/contacts/") {
        Some("batch") => match body["contacts"].take() {
            Value::Array(rows) => Write::Create(rows),
            _ => Write::Create(Vec::new()),
        },
        Some(id) => Write::Update {
            id: id.to_owned(),
            body,
        },
        None => Write::Create(vec![body]),
    };
    let (answer, answered) = oneshot::channel();
    let _ = jobs.send(Job { write, answer });
    answered.await.unwrap_or_default().into()
}

fn read(path: &str, query: &str) -> Bytes {
    let Some((database, scope)) = DATABASE.get() else {
        return Bytes::new();
    };
    READER.with_borrow_mut(|reader| {
        let connection = match reader {
            Some(connection) => connection,
            None => match open(database) {
                Ok(connection) => reader.insert(connection),
                Err(_) => return Bytes::new(),
            },
        };
        // What is asked for is the last parameter's value.
        let value = query.rsplit_once('=').map_or("", |(_, value)| value);
        let read = match path.strip_prefix("/v1/contacts/") {
            Some(id) => get(connection, *scope, id),
            None if path == "/v1/search" => search(connection, *scope, value),
            None => list(connection, *scope, value),
        };
        read.unwrap_or_default().into()
    })
}

fn get(connection: &Connection, scope: i64, id: &str) -> rusqlite::Result<Vec<u8>> {
    let mut statement =
        connection.prepare_cached("SELECT doc FROM contacts WHERE scope = ? AND id = ?")?;
    statement.query_row(params![scope, id], |row| {
        Ok(row.get_ref(0)?.as_bytes()?.to_vec())
    })
}

fn list(connection: &Connection, scope: i64, last_name: &str) -> rusqlite::Result<Vec<u8>> {
    let mut statement = connection.prepare_cached(
        "SELECT doc FROM contacts WHERE scope = ? AND last_name = ? ORDER BY id DESC LIMIT 51",
    )?;
    let mut rows = statement.query(params![scope, last_name])?;
    let mut page = b"{\"object\":\"list\",\"data\":[".to_vec();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        if count > 50 {
            break;
        }
        if count > 1 {
            page.push(b',');
        }
        page.extend_from_slice(row.get_ref(0)?.as_bytes()?);
    }
    page.extend_from_slice(b"]}");
    Ok(page)
}

fn search(connection: &Connection, scope: i64, word: &str) -> rusqlite::Result<Vec<u8>> {
    let mut statement = connection.prepare_cached(
        "SELECT c.doc FROM (SELECT DISTINCT ulid FROM terms WHERE scope = ?1 AND term >= ?2 AND term < ?3 \
         AND kind = 'con' ORDER BY ulid DESC LIMIT 51) t JOIN contacts c ON c.scope = ?1 AND c.id = 'con_' || t.ulid \
         ORDER BY t.ulid DESC",
    )?;
    let end = format!("{word}\u{10ffff}");
    let mut rows = statement.query(params![scope, word, end])?;
    let mut page = b"{\"object\":\"list\",\"data\":[".to_vec();
    while let Some(row) = rows.next()? {
        page.extend_from_slice(row.get_ref(0)?.as_bytes()?);
        page.push(b',');
    }
    page.extend_from_slice(b"]}");
    Ok(page)
}

fn write_all(connection: &Connection, jobs: &Receiver<Job>, scope: i64) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(127));
        let answers = write_group(connection, &group, scope);
        let answers = answers.unwrap_or_else(|error| {
            eprintln!("the floor failed: {error}");
            Vec::new()
        });
        for (job, answer) in group.into_iter().zip(answers) {
            let _ = job.answer.send(answer);
        }
    }
}

fn write_group(
    connection: &Connection,
    group: &[Job],
    scope: i64,
) -> rusqlite::Result<Vec<Vec<u8>>> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut answers = Vec::with_capacity(group.len());
    for job in group {
        let mut answer = Vec::new();
        match &job.write {
            Write::Create(rows) => {
                for row in rows {
                    answer.extend_from_slice(create(connection, scope, row)?.as_bytes());
                }
            }
            Write::Update { id, body } => {
                answer.extend_from_slice(update(connection, scope, id, body)?.as_bytes());
            }
        }
        answers.push(answer);
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(answers)
}

fn create(connection: &Connection, scope: i64, row: &Value) -> rusqlite::Result<String> {
    let made = Made::of(row);
    connection
        .prepare_cached(
            "INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, phone, metadata, \
             created_at, updated_at, doc) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            scope,
            made.id,
            made.email,
            made.email_key,
            made.first_name,
            made.last_name,
            made.phone,
            made.metadata,
            made.now,
            made.now,
            made.doc
        ])?;
    let told = (made.event_id.as_str(), made.event.as_str());
    event(
        connection,
        scope,
        "contact.created",
        &made.id,
        told,
        made.now,
    )?;
    // One statement: each number of terms is prepared once.
    let rows = vec!["(?, ?, ?, 'con')"; made.terms.len()].join(", ");
    let sql = format!("INSERT INTO terms (scope, term, ulid, kind) VALUES {rows}");
    let mut insert = connection.prepare_cached(&sql)?;
    let mut place = 0;
    for term in &made.terms {
        insert.raw_bind_parameter(place + 1, scope)?;
        insert.raw_bind_parameter(place + 2, term)?;
        insert.raw_bind_parameter(place + 3, &made.ulid)?;
        place += 3;
    }
    insert.raw_execute()?;
    drop(insert);
    Ok(made.doc)
}

fn update(connection: &Connection, scope: i64, id: &str, body: &Value) -> rusqlite::Result<String> {
    let now = now_ms();
    let before: String = connection
        .prepare_cached("SELECT doc FROM contacts WHERE scope = ? AND id = ?")?
        .query_row(params![scope, id], |row| row.get(0))?;
    let mut doc: Value = serde_json::from_str(&before).unwrap_or_default();
    doc["phone"] = body["phone"].clone();
    doc["updated_at"] = now.into();
    let doc = doc.to_string();
    connection
        .prepare_cached(
            "UPDATE contacts SET phone = ?, version = version + 1, updated_at = ?, doc = ? WHERE scope = ? AND id = ?",
        )?
        .execute(params![body["phone"].as_str(), now, doc, scope, id])?;
    let (event_id, told) = rows::event("contact.updated", &doc);
    event(
        connection,
        scope,
        "contact.updated",
        id,
        (&event_id, &told),
        now,
    )?;
    let ulid = &id[id.len() - 26..];
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO terms (scope, term, ulid, kind) VALUES (?, ?, ?, 'con')",
        )?
        .execute(params![scope, body["phone"].as_str(), ulid])?;
    Ok(doc)
}

fn event(
    connection: &Connection,
    scope: i64,
    event_type: &str,
    record_id: &str,
    (id, event): (&str, &str),
    now: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO events (scope, id, version, type, record_id, created_at, doc) VALUES (?, ?, 1, ?, ?, ?, ?)",
        )?
        .execute(params![scope, id, event_type, record_id, now, event])?;
    Ok(())
}
