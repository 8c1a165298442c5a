//! hyper with hand-written statements on Relm's own tables in SQLite: what a contact costs when nobody validates, authenticates,
//! remembers or explains anything. Same rows, same indexes, same `synchronous=FULL`, commits grouped by one writer, page
//! caches of the same size, a reader for each thread, and each statement prepared once.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bytes::Bytes;
use futures_channel::oneshot;
use hyper::Request;
use hyper::body::Incoming;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Statement, params};

use super::asked::{Asked, end_of};
use super::rows::{Changed, Made, Page, ulid};
use crate::Failure;

/// Requests of one commit.
const GROUP_MAX: usize = 128;
/// Terms of one insert are at most two to the power of this.
const TERMS_LOG_MAX: u32 = 8;
/// Pages of the log from which a checkpoint waits for readers, so that the log is begun anew.
const LOG_PAGES_MAX: i64 = 64_000;

static DATABASE: OnceLock<(PathBuf, i64)> = OnceLock::new();

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// What the writer is asked for, and where the answer goes.
struct Job {
    write: Write,
    answer: oneshot::Sender<Bytes>,
}

enum Write {
    Create(Vec<Made>),
    Update { id: String, phone: String },
}

pub async fn serve(listen: SocketAddr, database: PathBuf) -> Result<(), Failure> {
    let writer = open(&database, 16)?;
    let scope = writer.query_row("SELECT scope FROM contacts LIMIT 1", [], |row| row.get(0))?;
    let _ = DATABASE.set((database.clone(), scope));
    let (jobs, waiting) = channel();
    std::thread::spawn(move || {
        let mut writer = Writer::over(&writer, scope).expect("the tables are Relm's");
        writer.run(&waiting);
    });
    std::thread::spawn(move || checkpoint(&database));
    super::serve(listen, move |request| answer(request, jobs.clone())).await
}

fn open(database: &Path, cache_mib: usize) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    // Otherwise a statement with a range is prepared anew for each value that it is bound to.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
         PRAGMA cache_size = -{}; PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY",
        1024 * cache_mib
    ))?;
    Ok(connection)
}

/// Moves the log into the database beside the writer.
fn checkpoint(database: &Path) {
    let connection = open(database, 1).expect("the database was open before");
    let pragma = |mode: &str| {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(1))
    };
    loop {
        std::thread::sleep(Duration::from_millis(50));
        if pragma("PASSIVE").is_ok_and(|pages| pages > LOG_PAGES_MAX) {
            let _ = pragma("RESTART");
        }
    }
}

async fn answer(request: Request<Incoming>, jobs: Sender<Job>) -> Result<Bytes, Failure> {
    let write = match Asked::of(request).await? {
        Asked::Get { id } => return read(|connection, scope| get(connection, scope, &id)),
        Asked::List { last_name } => {
            return read(|connection, scope| list(connection, scope, &last_name));
        }
        Asked::Search { word } => {
            return read(|connection, scope| search(connection, scope, &word));
        }
        Asked::Create(rows) => Write::Create(rows),
        Asked::Update { id, phone } => Write::Update { id, phone },
    };
    let (answer, answered) = oneshot::channel();
    jobs.send(Job { write, answer })
        .map_err(|_| "the writer is gone")?;
    Ok(answered.await?)
}

/// Reads on the connection of this thread.
fn read(
    read: impl FnOnce(&Connection, i64) -> rusqlite::Result<Vec<u8>>,
) -> Result<Bytes, Failure> {
    let (database, scope) = DATABASE.get().ok_or("no database")?;
    READER.with_borrow_mut(|reader| {
        let connection = match reader {
            Some(connection) => connection,
            None => reader.insert(open(database, 20)?),
        };
        Ok(read(connection, *scope)?.into())
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
    pages(statement.query(params![scope, last_name])?)
}

/// Newest first: sorted here, which costs less than the tables that SQLite would sort in.
fn search(connection: &Connection, scope: i64, word: &str) -> rusqlite::Result<Vec<u8>> {
    // One lock for all of it.
    connection.prepare_cached("BEGIN")?.execute([])?;
    let mut statement = connection.prepare_cached(
        "SELECT ulid FROM terms WHERE scope = ? AND term >= ? AND term < ? AND kind = 'con'",
    )?;
    let mut rows = statement.query(params![scope, word, end_of(word)])?;
    let mut found: Vec<[u8; 26]> = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(<&[u8; 26]>::try_from(row.get_ref(0)?.as_bytes()?).ok());
    }
    drop(rows);
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.dedup();
    let mut statement =
        connection.prepare_cached("SELECT doc FROM contacts WHERE scope = ? AND id = ?")?;
    let mut page = Page::new();
    for ulid in found.iter().take(51) {
        let id = [b"con_".as_slice(), ulid].concat();
        let mut rows = statement.query(params![scope, std::str::from_utf8(&id)?])?;
        if let Some(row) = rows.next()? {
            page.push(row.get_ref(0)?.as_bytes()?);
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(page.end())
}

/// The page of these documents, each copied once.
fn pages(mut rows: rusqlite::Rows<'_>) -> rusqlite::Result<Vec<u8>> {
    let mut page = Page::new();
    while let Some(row) = rows.next()? {
        page.push(row.get_ref(0)?.as_bytes()?);
    }
    Ok(page.end())
}

/// The one connection that writes, and its statements.
struct Writer<'c> {
    scope: i64,
    begin: Statement<'c>,
    commit: Statement<'c>,
    insert_contact: Statement<'c>,
    insert_event: Statement<'c>,
    /// Inserts of 1, 2, 4, … terms.
    insert_terms: Vec<Statement<'c>>,
    delete_term: Statement<'c>,
    get: Statement<'c>,
    update: Statement<'c>,
}

impl<'c> Writer<'c> {
    fn over(connection: &'c Connection, scope: i64) -> rusqlite::Result<Self> {
        // A statement that fails ends the run: it need not be able to undo itself.
        let terms = |log: u32| {
            let rows: Vec<String> = (0..1 << log)
                .map(|row| format!("(?1, ?{}, ?{}, 'con')", 2 * row + 2, 2 * row + 3))
                .collect();
            let rows = rows.join(", ");
            let insert =
                format!("INSERT OR FAIL INTO terms (scope, term, ulid, kind) VALUES {rows}");
            connection.prepare(&insert)
        };
        Ok(Self {
            scope,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            insert_contact: connection.prepare(
                "INSERT OR FAIL INTO contacts (scope, id, version, email, email_key, first_name, last_name, phone, \
                 metadata, created_at, updated_at, doc) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
            )?,
            insert_event: connection.prepare(
                "INSERT OR FAIL INTO events (scope, id, version, type, record_id, created_at, doc) \
                 VALUES (?, ?, 1, ?, ?, ?, ?)",
            )?,
            insert_terms: (0..=TERMS_LOG_MAX).map(terms).collect::<Result<_, _>>()?,
            delete_term: connection.prepare(
                "DELETE FROM terms WHERE scope = ? AND term = ? AND ulid = ? AND kind = 'con'",
            )?,
            get: connection.prepare("SELECT doc FROM contacts WHERE scope = ? AND id = ?")?,
            update: connection.prepare(
                "UPDATE OR FAIL contacts SET version = ?, phone = ?, updated_at = ?, doc = ? WHERE scope = ? AND id = ?",
            )?,
        })
    }

    /// Takes what waits, commits once for all of it, and never waits for company.
    fn run(&mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut group = vec![first];
            group.extend(jobs.try_iter().take(GROUP_MAX - 1));
            let answers = self.write(&group).expect("every statement succeeds");
            for (job, answer) in group.into_iter().zip(answers) {
                let _ = job.answer.send(answer);
            }
        }
    }

    fn write(&mut self, group: &[Job]) -> Result<Vec<Bytes>, Failure> {
        self.begin.execute([])?;
        let mut answers = Vec::with_capacity(group.len());
        // In the order of their key: neighbours land on one page.
        let mut terms: Vec<(&str, &str)> = Vec::new();
        for Job { write, .. } in group {
            answers.push(match write {
                Write::Create(rows) => {
                    let mut answer = Vec::with_capacity(rows.iter().map(|row| row.doc.len()).sum());
                    for made in rows {
                        self.create(made)?;
                        let ulid = made.ulid();
                        terms.extend(made.terms.iter().map(|term| (term.as_str(), ulid)));
                        answer.extend_from_slice(made.doc.as_bytes());
                    }
                    answer.into()
                }
                Write::Update { id, phone } => {
                    // It may drop what a create before it adds.
                    self.insert_terms(&mut terms)?;
                    self.update(id, phone)?
                }
            });
        }
        self.insert_terms(&mut terms)?;
        self.commit.execute([])?;
        Ok(answers)
    }

    fn create(&mut self, made: &Made) -> rusqlite::Result<()> {
        self.insert_contact.execute(params![
            self.scope,
            made.id,
            made.email,
            made.email_key,
            made.first_name,
            made.last_name,
            made.phone,
            made.metadata,
            made.now,
            made.doc
        ])?;
        self.insert_event.execute(params![
            self.scope,
            made.event_id,
            "contact.created",
            made.id,
            made.now,
            made.event
        ])?;
        Ok(())
    }

    fn insert_terms(&mut self, terms: &mut Vec<(&str, &str)>) -> rusqlite::Result<()> {
        terms.sort_unstable();
        let mut rest = terms.as_slice();
        while let Some(log) = rest.len().checked_ilog2() {
            let log = log.min(TERMS_LOG_MAX);
            let (part, others) = rest.split_at(1 << log);
            rest = others;
            let insert = &mut self.insert_terms[log as usize];
            insert.raw_bind_parameter(1, self.scope)?;
            for (row, (term, ulid)) in part.iter().enumerate() {
                insert.raw_bind_parameter(2 * row + 2, term)?;
                insert.raw_bind_parameter(2 * row + 3, ulid)?;
            }
            insert.raw_execute()?;
        }
        terms.clear();
        Ok(())
    }

    fn update(&mut self, id: &str, phone: &str) -> Result<Bytes, Failure> {
        let mut rows = self.get.query(params![self.scope, id])?;
        let row = rows.next()?.ok_or("no such contact")?;
        let changed = Changed::of(row.get_ref(0)?.as_str()?, phone)?;
        drop(rows);
        self.update.execute(params![
            changed.version,
            changed.phone,
            changed.now,
            changed.doc,
            self.scope,
            id
        ])?;
        self.insert_event.execute(params![
            self.scope,
            changed.event_id,
            "contact.updated",
            id,
            changed.now,
            changed.event
        ])?;
        for term in &changed.dropped {
            self.delete_term
                .execute(params![self.scope, term, ulid(id)])?;
        }
        let mut added = changed
            .added
            .iter()
            .map(|term| (term.as_str(), ulid(id)))
            .collect();
        self.insert_terms(&mut added)?;
        Ok(changed.doc.into())
    }
}
