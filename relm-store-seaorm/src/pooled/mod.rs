//! PostgreSQL, MariaDB, MySQL and SQLite, each through a pool of SeaORM's: one that the store opens, or one that a program has.
//!
//! Every call runs in a task of its own on the runtime that opened the store. So a future may be dropped at any await
//! point, on any executor: what it asked for goes on to its end, and no connection is left in the middle of anything.

mod abandoned;
mod barrier;
mod commit;
mod error;
mod executor;
mod forgetting;
mod liveness;
mod log;
pub(crate) mod migration;
mod opening;
mod options;
mod places;
mod read;
mod rights;
mod search;
pub(crate) mod session;
mod statement;
#[cfg(test)]
#[path = "../../tests/unit/pooled.rs"]
mod tests;
mod transaction;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use self::abandoned::{Abandoned, Watched};
use self::error::{Failure, ended};
use self::executor::Executor;
use self::forgetting::Forgetting;
use self::liveness::Liveness;
use self::opening::{connect, migrate, writer};
pub use self::options::PoolOptions;
use self::options::STATEMENT_TIMEOUT;
use self::places::Places;
use self::statement::Connected;
pub use self::transaction::{Transaction, TransactionRows};
use crate::open_error::OpenError;
use crate::scope_number::{scope_number, shadows_system};
use crate::search::{BROAD, Searching};
use crate::sql::Sql;

/// How long a read may take, all of its statements together.
const READ_MAX: Duration = Duration::from_secs(10);

/// Keeps records in PostgreSQL, MariaDB, MySQL or SQLite, through a pool of SeaORM's. Cloning it is cheap and shares everything: give
/// one clone to the engine, and [begin](Self::begin) transactions of another.
#[derive(Clone)]
pub struct SeaOrmStore {
    database: Arc<Connected>,
    runtime: Handle,
    places: Places,
    abandoned: Arc<Abandoned>,
    forgetting: Arc<Forgetting>,
    /// Entries that make a word broad to a search.
    broad: usize,
}

impl SeaOrmStore {
    /// A store over connections that the program has: a pool of PostgreSQL, MariaDB, MySQL or SQLite, which others may use too. Tables
    /// are brought up to date beforehand, by [`migration`](crate::migration), so that a program's own can be beside them. Must be
    /// called within a tokio runtime, which then runs what the store does.
    ///
    /// [`connect`](Self::connect) is faster on PostgreSQL, where a commit needs no transaction on connections that nobody else
    /// leaves inside one, and limits how long a statement may take.
    ///
    /// # Errors
    /// [`OpenError`]: above all [`Session`](OpenError::Session) where the connections are not set as the store needs them, and
    /// [`Behind`](OpenError::Behind). Nothing was changed.
    pub async fn new(pool: DatabaseConnection) -> Result<Self, OpenError> {
        let runtime = Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let handed = session::handed(&pool)?;
        let dialect = session::dialect_of(&pool).await?;
        Box::pin(session::check(&pool, dialect)).await?;
        let database = Connected {
            liveness: Liveness::new(handed.probe, false),
            writer: writer(dialect),
            limit: STATEMENT_TIMEOUT,
            is_ours: false,
            pool,
            dialect,
        };
        let places = (handed.connections_max, handed.acquire_timeout);
        Self::over(database, runtime, places).await
    }

    /// Opens the database at an address in the way that is fastest: `postgres://user:password@host/database`, `mysql://…` for MariaDB
    /// and MySQL, `sqlite://file`. TLS is asked for there: `?sslmode=verify-full`, `?ssl-mode=VERIFY_IDENTITY`. Unless the options say
    /// otherwise, its tables are brought up to date; any number of processes may do so at once. Must be called within a tokio
    /// runtime, which then runs what the store does.
    ///
    /// # Errors
    /// [`OpenError`]. Steps that were taken stay taken.
    pub async fn connect(url: impl Into<String>, options: PoolOptions) -> Result<Self, OpenError> {
        let runtime = Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let options = options.at(url);
        // Boxed: the driver's futures are nested so deep that the layout of one that holds them all is not computed.
        if options.migrate {
            Box::pin(migrate(&options)).await?;
        }
        let database = Box::pin(connect(&options)).await?;
        let places = (options.connections_max, options.acquire_timeout);
        Self::over(database, runtime, places).await
    }

    /// How many of the connections that calls may have at once are in use now, and how many there may be: what a monitor shows.
    pub fn connections(&self) -> (usize, usize) {
        self.places.taken()
    }

    async fn over(
        database: Connected,
        runtime: Handle,
        (connections_max, acquire_timeout): (u32, Duration),
    ) -> Result<Self, OpenError> {
        Box::pin(migration::check(&database.pool, database.dialect)).await?;
        Box::pin(rights::check(&database)).await?;
        let liveness = Arc::clone(&database.liveness);
        Ok(Self {
            places: Places::new(connections_max, acquire_timeout, liveness),
            database: Arc::new(database),
            runtime,
            abandoned: Arc::default(),
            forgetting: Arc::default(),
            broad: BROAD,
        })
    }

    /// Brings the tables of the database at an address up to date, on a connection of its own. Does nothing where they are.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub async fn migrate(url: impl Into<String>, options: PoolOptions) -> Result<(), OpenError> {
        migrate(&options.at(url)).await
    }

    /// Begins a transaction that the program's own rows and changes of the CRM are part of: see [`Transaction`]. On SQLite it is
    /// one that writes from the beginning, and waits until no other of this process does. On PostgreSQL one in which nothing is
    /// done for a minute is undone, on a pool that [`PoolOptions`] set up.
    ///
    /// # Errors
    /// `unavailable` when there is no connection in time, or the database does not answer. A future that is dropped on its way
    /// leaves no connection inside a transaction.
    pub async fn begin(&self) -> relm_core::Result<Transaction> {
        transaction::begin(self).await
    }

    /// The same of a transaction that the program began itself, on this store's database. One that somebody else has only lent
    /// (`&DatabaseTransaction`) can be nested in: hand over what its own `begin` gives, and end that by
    /// [`release`](Transaction::release).
    ///
    /// # Errors
    /// [`OpenError::Transaction`] where its isolation is another than `READ COMMITTED`, or a setting of its session is not what
    /// the store needs. It is rolled back then.
    pub async fn adopt(&self, transaction: DatabaseTransaction) -> Result<Transaction, OpenError> {
        transaction::adopt(self, transaction).await
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

    /// Ends the connections that the store opened, once what is under way has ended. Calls after it find the store unavailable. A pool
    /// that was handed over is closed by whoever opened it.
    pub async fn close(&self) {
        if !self.database.is_ours {
            return;
        }
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
        self.run(async move {
            let read = commit::read(&database, || reading(Arc::clone(&database)));
            tokio::time::timeout(READ_MAX, read)
                .await
                .unwrap_or_else(|_| Err(StoreError::unavailable("a read took too long")))
        })
        .await
    }

    /// Carries work out in a task of its own, once there is a place for it.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let places = self.places.clone();
        let (_caller, gone) = oneshot::channel();
        let task = self.runtime.spawn(async move {
            let place = places.take(gone).await;
            let _place = place.map_err(Failure::into_store_error)?;
            work.await
        });
        task.await.unwrap_or_else(|error| Err(ended(error)))
    }
}

impl fmt::Debug for SeaOrmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeaOrmStore")
    }
}

#[async_trait]
impl Store for SeaOrmStore {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.read(move |database| async move {
            read::get(Executor::of_pool(&database), scope, id).await
        })
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
            async move { read::find(Executor::of_pool(&database), scope, kind, &keys).await }
        })
        .await
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let query = Arc::new(query.clone());
        self.read(move |database| {
            let query = Arc::clone(&query);
            async move { read::list(Executor::of_pool(&database), scope, &query).await }
        })
        .await
    }

    async fn search(&self, scope: Scope, asked: &Search) -> Result<SearchPage, StoreError> {
        let (asked, broad) = (asked.clone(), self.broad);
        self.read(move |database| {
            let searching = Searching::new(scope, asked.clone(), broad, true);
            async move { search::at_one_moment(Executor::of_pool(&database), searching).await }
        })
        .await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        self.read(move |database| {
            let known = known.clone();
            async move { read::configuration(Executor::of_pool(&database), scope, known).await }
        })
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
            async move { read::response(Executor::of_pool(&database), scope, &key, now).await }
        })
        .await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let after: Option<Arc<str>> = after.map(Into::into);
        self.read(move |database| {
            let after = after.clone();
            async move {
                let (on, after) = (Executor::of_pool(&database), after.as_deref());
                read::responses_about(on, scope, record, after, limit).await
            }
        })
        .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        if let Some(refusal) = shadows_system(&batch) {
            return Err(refusal.into());
        }
        let scope = scope_number(batch.scope);
        let before = self.abandoned.take(scope);
        self.forgetting
            .beside(&batch, &self.database, &self.runtime);
        let (database, places) = (Arc::clone(&self.database), self.places.clone());
        let (caller, gone) = oneshot::channel();
        let commit = self.runtime.spawn(async move {
            let place = places.take(gone).await;
            let _place = place.map_err(Failure::into_store_error)?;
            for abandoned in before {
                // Whatever came of it, nobody asks any more.
                let _ = abandoned.await;
            }
            commit::commit(&database, &batch).await
        });
        Watched::new(scope, commit, caller, &self.abandoned).await
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        self.read(move |database| async move {
            log::page(Executor::of_pool(&database), scope, after, limit).await
        })
        .await
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        let events: Arc<[Id]> = events.into();
        self.read(move |database| {
            let events = Arc::clone(&events);
            async move { log::numbers(Executor::of_pool(&database), scope, &events).await }
        })
        .await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.read(move |database| async move {
            read::queues(Executor::of_pool(&database), after, limit).await
        })
        .await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        let query = *query;
        let read =
            move |db: Arc<_>| async move { read::awaited(Executor::of_pool(&db), &query).await };
        self.read(read).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        let (database, lease) = (Arc::clone(&self.database), *lease);
        self.run(async move { commit::lease(&database, &lease).await })
            .await
    }
}
