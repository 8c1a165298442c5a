//! How a pool is opened, and what every connection of it is told.

use std::fmt;
use std::num::NonZeroUsize;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use sea_orm::sqlx::{ConnectOptions as _, Executor};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

use super::liveness::{Probe, connected};

/// Connections of a pool, unless it is said.
const CONNECTIONS_MAX: u32 = 10;
/// How long a call waits for a connection, unless it is said.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement may take, unless it is said.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements that a connection keeps prepared, unless it is said.
const STATEMENTS_CACHED: usize = 256;
/// After so long without use a connection is asked whether it is still there. A ping before every use would be a
/// round trip more for each call.
const PING_AFTER: Duration = Duration::from_secs(2);
/// How long a connection that comes back may take to end what was left open on it. One that takes longer is closed.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a statement waits for another process that writes to the same file of SQLite's.
#[cfg(feature = "sqlx-sqlite")]
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How [`SeaOrmStore::connect`](super::SeaOrmStore::connect) opens a database.
#[derive(Clone, PartialEq, Eq)]
pub struct PoolOptions {
    pub(super) url: String,
    pub(super) connections_max: u32,
    pub(super) acquire_timeout: Duration,
    pub(super) statement_timeout: Option<Duration>,
    pub(super) statements_cached: usize,
    pub(super) migrate: bool,
    /// Off in one test alone, which shows what is lost then.
    pub(super) rolls_back: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for PoolOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolOptions")
            .field("connections_max", &self.connections_max)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("statements_cached", &self.statements_cached)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

impl PoolOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            url: String::new(),
            connections_max: CONNECTIONS_MAX,
            acquire_timeout: ACQUIRE_TIMEOUT,
            statement_timeout: Some(STATEMENT_TIMEOUT),
            statements_cached: STATEMENTS_CACHED,
            migrate: true,
            rolls_back: true,
        }
    }

    /// The same for the database at this address.
    pub(super) fn at(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Sets the most connections that are open at once; 10 unless it is said.
    #[must_use]
    pub fn connections_max(mut self, connections: u32) -> Self {
        self.connections_max = connections.max(1);
        self
    }

    /// Sets how long a call waits for a free connection; 5 seconds unless it is said.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Sets how long a statement may take; 10 seconds unless it is said.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
    }

    /// Sets how many statements each connection keeps prepared; 256 unless it is said. Not none: the
    /// driver prepares each statement all the same, and would never close it.
    #[must_use]
    pub fn statements_cached(mut self, statements: NonZeroUsize) -> Self {
        self.statements_cached = statements.get();
        self
    }

    /// Sets whether opening brings the tables up to date; it does unless it is said. Where it does not, a database that
    /// is behind is refused, and [`SeaOrmStore::migrate`](super::SeaOrmStore::migrate) is run beforehand.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Sets up the connections of a pool that a program opens itself, and hands to [`SeaOrmStore::new`](super::SeaOrmStore::new):
    /// isolation, time limits, the end of what a call left open. It takes the place of hooks that were set before, and leaves
    /// numbers and timeouts of the pool as they are.
    ///
    /// ```no_run
    /// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
    /// use relm_store_seaorm::{PoolOptions, SeaOrmStore};
    /// use sea_orm::{ConnectOptions, Database};
    ///
    /// let mut options = ConnectOptions::new("postgres://localhost/shop");
    /// PoolOptions::new().set_up(&mut options);
    /// let database = Database::connect(options).await?;
    /// let store = SeaOrmStore::new(database.clone()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_up(&self, options: &mut ConnectOptions) {
        #[cfg(feature = "postgres")]
        self.for_postgres(options);
        #[cfg(feature = "mysql")]
        self.for_mysql(options);
        #[cfg(feature = "sqlx-sqlite")]
        self.for_sqlite(options);
        let _ = options;
    }

    /// The same database for work that may take long: one connection, and no limit on a statement.
    pub(super) fn for_migration(&self) -> Self {
        Self {
            connections_max: 1,
            statement_timeout: None,
            ..self.clone()
        }
    }

    /// How to reach the database apart from a pool.
    pub(super) fn probe(&self) -> Result<Probe, DbErr> {
        let bad = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        #[cfg(feature = "postgres")]
        if self.url.starts_with("postgres") {
            let options = self.url.parse::<sqlx::postgres::PgConnectOptions>();
            let options = options.map_err(bad)?.extra_float_digits(None);
            let options = options.application_name("relm").disable_statement_logging();
            return Ok(Probe::Postgres(Arc::new(options)));
        }
        #[cfg(feature = "mysql")]
        if self.url.starts_with("mysql") {
            let options = self.url.parse::<sqlx::mysql::MySqlConnectOptions>();
            let options = options.map_err(bad)?.disable_statement_logging();
            return Ok(Probe::MySql(Arc::new(options)));
        }
        #[cfg(feature = "sqlx-sqlite")]
        if self.url.starts_with("sqlite") {
            let options = self.url.parse::<sqlx::sqlite::SqliteConnectOptions>();
            options.map_err(bad)?;
            return Ok(Probe::Here);
        }
        Err(bad(sqlx::Error::Configuration(
            "the address is of no database that this program was built for".into(),
        )))
    }

    /// Opens the pool, with one connection to begin with.
    pub(super) async fn connect(&self) -> Result<DatabaseConnection, DbErr> {
        let mut options = ConnectOptions::new(&self.url);
        options
            .max_connections(self.connections_max)
            .acquire_timeout(self.acquire_timeout)
            .connect_timeout(self.acquire_timeout)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .test_before_acquire_if_idle_for(PING_AFTER);
        self.set_up(&mut options);
        Database::connect(options).await
    }

    #[cfg(feature = "postgres")]
    fn for_postgres(&self, options: &mut ConnectOptions) {
        let (cached, rolls_back) = (self.statements_cached, self.rolls_back);
        let timeout = self.statement_timeout.map_or(0, |limit| limit.as_millis());
        // Written for each connection, since servers and roles have defaults of their own.
        let settings = format!(
            "SET client_min_messages = error; SET default_transaction_isolation = 'read committed'; \
             SET statement_timeout = {timeout}; SET idle_in_transaction_session_timeout = 60000"
        );
        options.map_sqlx_postgres_opts(move |options| {
            options
                .statement_cache_capacity(cached)
                .application_name("relm")
                // No column is a float, and PgBouncer refuses a connection that names this setting.
                .extra_float_digits(None)
        });
        options.map_sqlx_postgres_before_acquire(|_, _| {
            connected();
            Box::pin(async { Ok(true) })
        });
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let settings = settings.clone();
            let pool = pool.after_connect(move |connection, _| {
                let settings = sqlx::AssertSqlSafe(settings.clone());
                Box::pin(async move {
                    connection.execute(settings).await?;
                    connected();
                    Ok(())
                })
            });
            if !rolls_back {
                return pool;
            }
            pool.after_release(|connection, _| Box::pin(ended(connection.execute("ROLLBACK"))))
        });
    }

    #[cfg(feature = "sqlx-sqlite")]
    fn for_sqlite(&self, options: &mut ConnectOptions) {
        use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        let cached = self.statements_cached;
        options.map_sqlx_sqlite_opts(move |options| {
            options
                .statement_cache_capacity(cached)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY_TIMEOUT)
        });
        options.map_sqlx_sqlite_before_acquire(|_, _| {
            connected();
            Box::pin(async { Ok(true) })
        });
        options.map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_connect(|_, _| {
                connected();
                Box::pin(async { Ok(()) })
            })
        });
    }

    #[cfg(feature = "mysql")]
    fn for_mysql(&self, options: &mut ConnectOptions) {
        let (cached, rolls_back) = (self.statements_cached, self.rolls_back);
        let limit = self.statement_timeout;
        let seconds = limit.map_or(0.0, |limit| limit.as_secs_f64());
        let whole = limit.map_or(50, |limit| limit.as_secs().max(1));
        let settings = vec![
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'".to_owned(),
            format!("SET SESSION innodb_lock_wait_timeout = {whole}"),
        ];
        // Not every server of the family knows each of these.
        let others = vec![
            format!("SET SESSION max_statement_time = {seconds}"),
            format!(
                "SET SESSION max_execution_time = {}",
                (seconds * 1e3) as u64
            ),
            // A node of a cluster first catches up with what was committed on the others.
            "SET SESSION wsrep_sync_wait = 7".to_owned(),
        ];
        options.map_sqlx_mysql_opts(move |options| options.statement_cache_capacity(cached));
        options.map_sqlx_mysql_before_acquire(|_, _| {
            connected();
            Box::pin(async { Ok(true) })
        });
        options.map_sqlx_mysql_pool_opts(move |pool| {
            let (settings, others) = (settings.clone(), others.clone());
            let pool = pool.after_connect(move |connection, _| {
                let (settings, others) = (settings.clone(), others.clone());
                Box::pin(async move {
                    for setting in settings {
                        connection.execute(sqlx::AssertSqlSafe(setting)).await?;
                    }
                    for setting in others {
                        match connection.execute(sqlx::AssertSqlSafe(setting)).await {
                            Err(error) if error.as_database_error().is_none() => return Err(error),
                            Ok(_) | Err(_) => {}
                        }
                    }
                    connected();
                    Ok(())
                })
            });
            if !rolls_back {
                return pool;
            }
            pool.after_release(|connection, _| Box::pin(ended(connection.execute("ROLLBACK"))))
        });
    }
}

/// Whether what a call left open, whose `BEGIN` was given up while it was on its way, was ended in time. The pool does not
/// know of such a transaction, and the next user's writes would be acknowledged inside it, and lost with it.
async fn ended<T>(
    rollback: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(RELEASE_TIMEOUT, rollback).await {
        Ok(ended) => ended.map(|_| true),
        Err(_) => Ok(false),
    }
}
