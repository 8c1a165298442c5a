//! SQLite, embedded: one writer that groups commits, readers beside it, checkpoints apart.

pub mod backup;
mod checkpoint;
mod connection;
mod held_lock;
mod log;
mod migration;
mod options;
mod reader;
mod reads;
mod search;
mod spawn;
#[cfg(test)]
#[path = "../../tests/unit/sqlite/mod.rs"]
mod tests;
mod walkers;
mod writer;

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use futures_channel::oneshot;
use relm_core::record::{Document, columns, unique_column};
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::hex::unhex;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

use self::connection::rows;
use self::held_lock::HeldLock;
pub use self::options::{SqliteOptions, Synchronous};
use self::reader::{awaited, document, list, queues, read_documents, snapshot};
use self::reads::Reads;
use self::spawn::spawn;
use self::writer::{Answer, Job, Work};
use crate::dialect::Dialect;
use crate::log::ASKED_MAX;
use crate::open_error::OpenError;
use crate::plan::{about, compile};
use crate::query::{ListPlan, documents};
use crate::scope_number::{Place, scope_number, shadows_system};
use crate::sql::{Sql, table};

/// SQLite before this could corrupt a database when a write-ahead log was reset: https://sqlite.org/wal.html#walresetbug
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// Unique keys that one statement looks up.
const KEYS_MAX: usize = 512;

/// Keeps records in an SQLite file. Dropping it waits for the commits that were handed over.
pub struct SqliteStore {
    reads: Reads,
    /// Gone once the store is being dropped.
    jobs: Mutex<Option<Sender<Job>>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the database, bringing its tables up to date.
    ///
    /// # Errors
    /// [`OpenError`]. Steps that were taken stay taken; otherwise nothing was changed.
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN {
            return Err(OpenError::OldSqlite(rusqlite::version().to_owned()));
        }
        let SqliteOptions {
            path,
            synchronous,
            migrate,
            pages_max,
        } = options;
        migration::check(&path, migrate)?;
        let writer = connection::open_writer(&path, synchronous)?;
        migration::run(&writer)?;
        if let Some(pages) = pages_max {
            writer.pragma_update(None, "max_page_count", pages)?;
        }
        let lock = Arc::new(HeldLock::new(path.clone(), connection::has_log(&writer)?));
        let (jobs, waiting) = mpsc::channel();
        let (committed, commits) = mpsc::channel();
        let checkpointer = checkpoint::Checkpointer::open(&path, Arc::clone(&lock))?;
        let checkpoints = spawn("relm-checkpoint", move || checkpointer.run(&commits))?;
        let writes = spawn("relm-writer", move || {
            writer::run(&writer, &waiting, &committed);
        })?;
        Ok(Self {
            reads: Reads::start(path, lock)?,
            jobs: Mutex::new(Some(jobs)),
            threads: vec![writes, checkpoints],
        })
    }

    /// Opens the database in this file, made where there is none.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_file(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open(SqliteOptions::new(path.as_ref()))
    }

    /// Has the writer do this.
    async fn write(&self, work: Work) -> Answer {
        let (answer, answered) = oneshot::channel();
        let stopped = || StoreError::unavailable("the writer has stopped");
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let job = Job { work, answer };
        jobs.ok_or_else(stopped)?.send(job).map_err(|_| stopped())?;
        // The writer drops a job unanswered only when it dies, perhaps after it committed.
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::ambiguous("the writer died").into()))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        let jobs = self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(jobs.take());
        for thread in self.threads.drain(..) {
            // A writer that panicked has nothing left to finish.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore")
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        if columns(id.kind()).is_empty() {
            return Ok(None);
        }
        let sql = documents(scope, id.kind(), &[id]);
        self.reads
            .here
            .with(|connection| Ok(read_documents(connection, &sql)?.pop()))
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let Some(place) = unique_column(kind) else {
            return Ok(vec![None; keys.len()]);
        };
        let column = columns(kind)[place].name;
        let is_one_statement = keys.len() <= KEYS_MAX;
        self.reads.here.with_all(is_one_statement, |connection| {
            let mut found = std::collections::HashMap::new();
            for keys in keys.chunks(KEYS_MAX) {
                let keys: Vec<_> = keys.iter().map(|key| key.clone().into()).collect();
                let mut sql = Sql::new("SELECT id, doc, ");
                sql.push(column).push(" FROM ").push(table(kind));
                sql.push(" WHERE scope = ").bind(scope_number(scope));
                sql.and_in(column, &keys);
                let read = rows(connection, &sql, |row| {
                    Ok((row.get::<_, String>(2)?, document(row)?))
                })?;
                found.extend(read);
            }
            Ok(keys
                .iter()
                .map(|key| found.get(key).cloned().flatten())
                .collect())
        })
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let plan = ListPlan::new(Dialect::Sqlite, scope, query);
        if plan.is_bounded() {
            return self
                .reads
                .here
                .with(|connection| list(connection, &plan, query));
        }
        let query = query.clone();
        self.reads
            .apart(move |connection| {
                list(
                    connection,
                    &ListPlan::new(Dialect::Sqlite, scope, &query),
                    &query,
                )
            })
            .await
    }

    async fn search(&self, scope: Scope, asked: &Search) -> Result<SearchPage, StoreError> {
        search::search(&self.reads, scope, asked).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        let read = self.reads.here.with(|connection| {
            snapshot(connection, |connection| {
                let mut version = Sql::new("SELECT version FROM configurations WHERE scope = ");
                version.bind(scope_number(scope));
                let version = rows(connection, &version, |row| row.get(0))?;
                let version: i64 = version.first().copied().unwrap_or(0);
                if let Some(known) = known.filter(|known| known.version == version) {
                    return Ok(ControlFlow::Break(known));
                }
                let all = |kind: Kind| {
                    let mut sql = Sql::new("SELECT id, doc FROM ");
                    sql.push(table(kind)).push(" WHERE scope = ");
                    sql.bind(scope_number(scope)).push(" ORDER BY id");
                    read_documents(connection, &sql)
                };
                let documents = (all(Kind::Field)?, all(Kind::Webhook)?);
                Ok(ControlFlow::Continue((version, documents)))
            })
        });
        let (version, (fields, webhooks)) = match read? {
            ControlFlow::Continue(read) => read,
            ControlFlow::Break(known) => return Ok(known),
        };
        Ok(Arc::new(Configuration {
            version,
            fields: decode_all(&fields)?,
            webhooks: decode_all(&webhooks)?,
        }))
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let mut sql =
            Sql::new("SELECT fingerprint, outcome, body, expires_at FROM responses WHERE scope = ");
        sql.bind(scope_number(scope))
            .and("key_digest", key.to_owned());
        sql.push(" AND expires_at > ").bind(now.as_millis());
        let found = self.reads.here.with(|connection| {
            let mut found = rows(connection, &sql, |row| {
                Ok(StoredResponse {
                    key: key.to_owned(),
                    fingerprint: unhex(row.get_ref(0)?.as_str()?).unwrap_or_default(),
                    outcome: row.get(1)?,
                    body: row.get_ref(2)?.as_str()?.into(),
                    expires_at: Timestamp::from_millis(row.get(3)?),
                    about: Vec::new(),
                })
            })?;
            Ok(found.pop())
        })?;
        Ok(found)
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let sql = about(scope, record, after, limit);
        self.reads
            .here
            .with(|connection| rows(connection, &sql, |row| row.get(0)))
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        if let Some(refusal) = shadows_system(&batch) {
            return Err(refusal.into());
        }
        let plan = compile(Dialect::Sqlite, &batch);
        self.write(Work::Commit { plan, batch }).await.map(drop)
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        let number = || self.write(Work::Number(scope));
        log::page(&self.reads.here, number, scope, after, limit).await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let is_one_statement = events.len() <= ASKED_MAX;
        self.reads.here.with_all(is_one_statement, |connection| {
            log::numbers(connection, scope, events)
        })
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        let after = after.map(Place::from);
        self.reads
            .here
            .with(|connection| snapshot(connection, |connection| queues(connection, after, limit)))
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        self.reads
            .here
            .with(|connection| snapshot(connection, |connection| awaited(connection, query)))
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        match self.write(Work::Lease(*lease)).await {
            Ok(documents) => Ok(documents),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Refused(_)) => Ok(Vec::new()),
        }
    }
}

fn decode_all<T: serde::de::DeserializeOwned>(
    documents: &[Document],
) -> Result<Vec<T>, StoreError> {
    documents
        .iter()
        .map(|document| document.decode().map_err(StoreError::fault))
        .collect()
}
