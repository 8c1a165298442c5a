//! PostgreSQL, MariaDB and MySQL, each through a pool of connections that many processes may share a database by.
//!
//! Every call runs in a task of its own on the runtime that opened the store. So a future may be dropped at any await
//! point, on any executor: what it asked for goes on to its end, and no connection is left in the middle of anything.

mod commit;
mod error;
mod migration;
mod options;
mod read;
mod statement;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use relm_core::id::{Id, Kind};
use relm_core::record::Document;
use relm_core::scope::Scope;
use relm_core::store::{
    Batch, CommitError, Configuration, Lease, Page, Query, Queue, QueueKey, Search, SearchPage,
    Store, StoreError, StoredResponse, Write,
};
use relm_core::time::Timestamp;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use self::error::Failure;
pub use self::options::PoolOptions;
use self::statement::Connected;
use crate::dialect::Dialect;
use crate::search::{BROAD, Searching};
use crate::sql::Sql;

/// How long a read may take, all of its statements together.
const READ_MAX: Duration = Duration::from_secs(10);
/// One in so many kept responses has some expired ones forgotten.
const FORGET_EVERY: u64 = 16;
/// What a statement's answer is waited for where the database itself sets no limit: in a migration.
const UNLIMITED: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a database could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum PoolOpenError {
    /// The database cannot be reached, or refuses what it is asked. The source may tell its address: it is for a log.
    Database(Box<dyn std::error::Error + Send + Sync>),
    /// The database was written by a newer Relm.
    Newer {
        /// How many steps the database has taken.
        found: i64,
        /// How many this program knows.
        known: i64,
    },
    /// The database must be migrated first, and opening it was not to do so.
    Behind {
        /// How many steps the database has taken.
        found: i64,
        /// How many this program knows.
        known: i64,
    },
    /// A table of this name is there that is not Relm's.
    Foreign(&'static str),
    /// The store was not opened within a tokio runtime.
    NoRuntime,
}

impl fmt::Display for PoolOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database cannot be opened: {error}"),
            Self::Newer { found, known } => write!(
                f,
                "the database is of version {found}, newer than this program, which knows {known}"
            ),
            Self::Behind { found, known } => write!(
                f,
                "the database is of version {found}, older than this program, which needs {known}: migrate it first"
            ),
            Self::Foreign(table) => {
                write!(f, "the database has a table `{table}` of another program")
            }
            Self::NoRuntime => f.write_str("the store is opened within a tokio runtime"),
        }
    }
}

impl std::error::Error for PoolOpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error.as_ref()),
            Self::Newer { .. } | Self::Behind { .. } | Self::Foreign(_) | Self::NoRuntime => None,
        }
    }
}

impl From<DbErr> for PoolOpenError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<Failure> for PoolOpenError {
    fn from(failure: Failure) -> Self {
        Self::Database(failure.cause().into())
    }
}

/// Keeps records in PostgreSQL, MariaDB or MySQL.
pub struct PooledStore {
    database: Arc<Connected>,
    runtime: Handle,
    abandoned: Arc<Abandoned>,
    /// Responses kept so far.
    remembered: AtomicU64,
    /// Entries that make a word broad to a search.
    broad: usize,
}

impl PooledStore {
    /// Opens the database and, unless the options say otherwise, brings its tables up to date. Any number of processes
    /// may do so at once. Must be called within a tokio runtime, which then runs what the store does.
    ///
    /// # Errors
    /// [`PoolOpenError`]. Steps that were taken stay taken.
    pub async fn open(options: PoolOptions) -> Result<Self, PoolOpenError> {
        let runtime = Handle::try_current().map_err(|_| PoolOpenError::NoRuntime)?;
        // Boxed: the driver's futures are nested so deep that the layout of one that holds them all is not computed.
        if options.migrate {
            Box::pin(Self::migrate(&options)).await?;
        }
        let database = Box::pin(connect(&options)).await?;
        Box::pin(migration::check(&database)).await?;
        Ok(Self {
            database: Arc::new(database),
            runtime,
            abandoned: Arc::default(),
            remembered: AtomicU64::new(0),
            broad: BROAD,
        })
    }

    /// Brings the database's tables up to date, on a connection of its own. Does nothing where they are.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn migrate(options: &PoolOptions) -> Result<(), PoolOpenError> {
        let options = options.for_migration();
        let database = Box::pin(connect(&options)).await?;
        let migrated = Box::pin(migration::run(&database)).await;
        database.pool.close().await?;
        migrated
    }

    /// The database's clock, by which replicas can agree on what time it is.
    ///
    /// # Errors
    /// `unavailable` when the database cannot be asked.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let sql = Sql::new(self.database.dialect.now_millis());
        let millis = self.read(move |database| {
            let sql = sql.clone();
            async move {
                let rows = database.rows(&database.pool, &sql).await?;
                let millis = rows.first().map(|row| row.try_get_by_index::<i64>(0));
                Ok(millis.transpose()?)
            }
        });
        let millis = millis.await?;
        let millis =
            millis.ok_or_else(|| StoreError::fault("the database did not tell the time"))?;
        Ok(Timestamp::from_millis(millis))
    }

    /// Ends the connections, once what is under way has ended. Calls after it find the store unavailable.
    pub async fn close(&self) {
        // Closing has nothing to report: connections that are broken are gone.
        let _ = self.database.pool.clone().close().await;
    }

    /// Reads in a task of its own.
    async fn read<T, F>(
        &self,
        mut reading: impl FnMut(Arc<Connected>) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let database = Arc::clone(&self.database);
        let read = self.runtime.spawn(async move {
            let read = commit::read(|| reading(Arc::clone(&database)));
            tokio::time::timeout(READ_MAX, read)
                .await
                .unwrap_or_else(|_| Err(StoreError::unavailable("a read took too long")))
        });
        read.await.unwrap_or_else(|error| Err(ended(error)))
    }

    /// Now and then, has some expired responses forgotten.
    fn forget(&self, batch: &Batch) {
        let remembers = |write: &Write| matches!(write, Write::Remember(_));
        if !batch.writes.iter().any(remembers)
            || !(self.remembered.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(FORGET_EVERY)
        {
            return;
        }
        let (database, scope, now) = (Arc::clone(&self.database), batch.scope, batch.now);
        self.runtime.spawn(async move {
            // What is not forgotten now is forgotten another time.
            let _ = commit::forget_expired(&database, scope, now).await;
        });
    }
}

/// Opens a pool and finds out whom it speaks to.
async fn connect(options: &PoolOptions) -> Result<Connected, PoolOpenError> {
    let pool = options.connect().await?;
    let mut database = Connected {
        pool,
        dialect: Dialect::Postgres,
        limit: options.statement_timeout.unwrap_or(UNLIMITED),
    };
    if let DatabaseKind::MySqlFamily = kind_of(&database.pool) {
        database.dialect = Dialect::MySql;
        let rows = database
            .rows(&database.pool, &Sql::new("SELECT VERSION()"))
            .await?;
        let version = rows.first().map(|row| row.try_get_by_index::<String>(0));
        if version.transpose()?.unwrap_or_default().contains("MariaDB") {
            let clustered =
                Sql::new("SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'");
            let clustered = database.rows(&database.pool, &clustered).await?;
            database.dialect = match clustered.is_empty() {
                true => Dialect::MariaDb,
                false => Dialect::Galera,
            };
        }
    }
    Ok(database)
}

enum DatabaseKind {
    Postgres,
    MySqlFamily,
}

fn kind_of(pool: &DatabaseConnection) -> DatabaseKind {
    match pool.get_database_backend() {
        sea_orm::DbBackend::MySql => DatabaseKind::MySqlFamily,
        // The features of this crate leave no other.
        _ => DatabaseKind::Postgres,
    }
}

/// What the engine hears when a task ended without an answer.
fn ended(error: JoinError) -> StoreError {
    if error.is_panic() {
        StoreError::fault("a task panicked")
    } else {
        StoreError::unavailable("the runtime is being shut down")
    }
}

type Committed = Result<(), CommitError>;

/// Commits whose futures were dropped, by scope. Later commits of their scope, by this process, stand behind them: who
/// gave up a commit and begins another knows what follows what.
#[derive(Default)]
struct Abandoned {
    count: AtomicUsize,
    commits: Mutex<Vec<(i64, JoinHandle<Committed>)>>,
}

impl Abandoned {
    fn push(&self, scope: i64, commit: JoinHandle<Committed>) {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.retain(|(_, commit)| !commit.is_finished());
        commits.push((scope, commit));
        self.count.store(commits.len(), Ordering::Release);
    }

    fn take(&self, scope: i64) -> Vec<JoinHandle<Committed>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others) = commits.drain(..).partition(|(other, _)| *other == scope);
        let own: Vec<_> = own;
        *commits = others;
        self.count.store(commits.len(), Ordering::Release);
        own.into_iter().map(|(_, commit)| commit).collect()
    }
}

/// Waits for a commit, and remembers it where nobody does any more.
struct Watched {
    scope: i64,
    commit: Option<JoinHandle<Committed>>,
    abandoned: Arc<Abandoned>,
}

impl Future for Watched {
    type Output = Committed;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Committed> {
        let Some(commit) = &mut self.commit else {
            return Poll::Pending;
        };
        let Poll::Ready(ended) = Pin::new(commit).poll(context) else {
            return Poll::Pending;
        };
        self.commit = None;
        let gone = |_| Err(StoreError::ambiguous("a commit's task did not end").into());
        Poll::Ready(ended.unwrap_or_else(gone))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(commit) = self.commit.take() {
            self.abandoned.push(self.scope, commit);
        }
    }
}

impl fmt::Debug for PooledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PooledStore")
    }
}

#[async_trait]
impl Store for PooledStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.read(move |database| async move { read::get(&database, scope, id).await })
            .await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let keys: Arc<[String]> = keys.into();
        self.read(move |database| {
            let keys = Arc::clone(&keys);
            async move { read::find(&database, scope, kind, &keys).await }
        })
        .await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let query = Arc::new(query.clone());
        self.read(move |database| {
            let query = Arc::clone(&query);
            async move { read::list(&database, scope, &query).await }
        })
        .await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        let (search, broad) = (search.clone(), self.broad);
        self.read(move |database| {
            let searching = Searching::new(scope, search.clone(), broad, false);
            async move { read::search(&database, searching).await }
        })
        .await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<i64>,
    ) -> Result<Option<Configuration>, StoreError> {
        self.read(move |database| async move { read::configuration(&database, scope, known).await })
            .await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let key: Arc<str> = key.into();
        self.read(move |database| {
            let key = Arc::clone(&key);
            async move { read::response(&database, scope, &key, now).await }
        })
        .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        let scope = batch.scope.key();
        let before = self.abandoned.take(scope);
        self.forget(&batch);
        let database = Arc::clone(&self.database);
        let commit = self.runtime.spawn(async move {
            for abandoned in before {
                // Whatever came of it, nobody asks any more.
                let _ = abandoned.await;
            }
            commit::commit(&database, &batch).await
        });
        Watched {
            scope,
            commit: Some(commit),
            abandoned: Arc::clone(&self.abandoned),
        }
        .await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.read(move |database| async move { read::queues(&database, after, limit).await })
            .await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let (database, lease) = (Arc::clone(&self.database), *lease);
        let leased = self
            .runtime
            .spawn(async move { commit::lease(&database, &lease).await });
        leased.await.unwrap_or_else(|error| Err(ended(error)))
    }
}
