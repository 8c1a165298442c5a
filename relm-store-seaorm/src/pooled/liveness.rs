//! Whether the database answers at all. A call that waits has it asked on a connection of its own, so that an outage is known
//! after seconds, to every call at once, however long a statement or the pool may take.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, Connection};
use tokio::sync::{Mutex, watch};

use super::error::{Cause, Failure};

/// How long a call waits before the database is asked whether it is there; it is asked no more often than this.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it may take to open a connection and answer on it.
const PROBE_MAX: Duration = Duration::from_secs(2);
/// How often a database that is away is asked whether it is back.
const PROBE_EVERY: Duration = Duration::from_millis(250);

tokio::task_local! {
    /// Whether the call that this task makes was given a connection.
    static HAS_CONNECTION: Cell<bool>;
}

/// Tells the call of this task that it has a connection: what it asks may be under way from now on. For the hooks of pools,
/// which run in the task that asks.
pub(super) fn connected() {
    // Pools open connections on their own account too.
    let _ = HAS_CONNECTION.try_with(|has| has.set(true));
}

/// How to open a connection apart from any pool.
#[derive(Clone, Debug)]
pub(super) enum Probe {
    #[cfg(feature = "postgres")]
    Postgres(Arc<sqlx::postgres::PgConnectOptions>),
    #[cfg(feature = "mysql")]
    MySql(Arc<sqlx::mysql::MySqlConnectOptions>),
    /// SQLite, which is where the process is.
    Here,
}

impl Probe {
    /// Opens a connection, asks for a sign of life and closes it. What the database itself says, be it that it has no
    /// connection left, is a sign of life, unless it is about to stop or to start.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn answers(&self) -> Result<(), sqlx::Error> {
        let asked = async {
            match self {
                #[cfg(feature = "postgres")]
                Self::Postgres(options) => ping::<sqlx::PgConnection>(options).await,
                #[cfg(feature = "mysql")]
                Self::MySql(options) => ping::<sqlx::MySqlConnection>(options).await,
                Self::Here => Ok(()),
            }
        };
        match tokio::time::timeout(PROBE_MAX, asked).await {
            Ok(Err(sqlx::Error::Database(error))) if !is_between(&*error) => Ok(()),
            Ok(asked) => asked,
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// Where the database is looked for.
    pub fn address(&self) -> String {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(options) => {
                address(options.get_socket(), options.get_host(), options.get_port())
            }
            #[cfg(feature = "mysql")]
            Self::MySql(options) => {
                address(options.get_socket(), options.get_host(), options.get_port())
            }
            Self::Here => "this process".to_owned(),
        }
    }
}

/// A socket in the file system, where there is one, or else a host and its port.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn address(socket: Option<&std::path::PathBuf>, host: &str, port: u16) -> String {
    match socket {
        Some(socket) => socket.display().to_string(),
        None => format!("{host}:{port}"),
    }
}

/// Whether a database is stopping or starting: PostgreSQL's "cannot connect now", MariaDB's shutdown. One that ends this
/// very connection (57P01) is there.
fn is_between(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    code == "57P03" || code == "08S01"
}

async fn ping<C: Connection>(options: &C::Options) -> Result<(), sqlx::Error> {
    let mut connection = C::connect_with(options).await?;
    connection.ping().await?;
    connection.close().await
}

/// What is known of a database, and shared by all calls.
#[derive(Debug)]
pub(super) struct Liveness {
    probe: Probe,
    /// Whether the pool's hooks tell when a call is [given a connection](connected).
    tells_connected: bool,
    /// Whether the database is away, for those who begin.
    is_away: AtomicBool,
    /// The same, for those who wait.
    away: watch::Sender<bool>,
    /// Held by whoever asks; when it answered last.
    asking: Mutex<Option<Instant>>,
}

impl Liveness {
    /// A database that is taken to be there.
    pub fn new(probe: Probe, tells_connected: bool) -> Arc<Self> {
        Arc::new(Self {
            probe,
            tells_connected,
            is_away: AtomicBool::new(false),
            away: watch::channel(false).0,
            asking: Mutex::default(),
        })
    }

    /// Goes on only where the database is not known to be away.
    pub fn check(&self) -> Result<(), Failure> {
        match self.is_away.load(Ordering::Relaxed) {
            true => Err(away()),
            false => Ok(()),
        }
    }

    /// Waits for an answer for so long, and no longer than the database is there. A failure says whether the question may
    /// have got there: without a connection, it was not asked.
    pub async fn wait<T>(
        self: &Arc<Self>,
        limit: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        self.check()?;
        HAS_CONNECTION
            .scope(Cell::new(false), async {
                let lost = tokio::select! {
                    biased;
                    answer = tokio::time::timeout(limit, answer) => match answer {
                        Ok(answer) => return Ok(answer),
                        Err(_) => Failure::timed_out(),
                    },
                    () = self.is_found_away() => {
                        Failure::Lost(Cause::Said("the database stopped answering"))
                    }
                };
                // Where nobody tells, the question may have got there.
                Err(
                    match !self.tells_connected || HAS_CONNECTION.with(Cell::get) {
                        true => lost,
                        false => Failure::Away(lost.cause()),
                    },
                )
            })
            .await
    }

    /// Returns once the database is away: it is asked now and then for as long as somebody waits here.
    pub async fn is_found_away(self: &Arc<Self>) {
        let mut away = self.away.subscribe();
        loop {
            // The sender lives as long as this.
            let is_away = async { drop(away.wait_for(|away| *away).await) };
            if tokio::time::timeout(PATIENCE, is_away).await.is_ok() {
                return;
            }
            self.ask().await;
        }
    }

    /// Asks whether the database is there, unless somebody does or just did.
    pub async fn ask(self: &Arc<Self>) {
        let Ok(mut answered_at) = self.asking.try_lock() else {
            return;
        };
        let is_recent = answered_at.is_some_and(|at| at.elapsed() < PATIENCE);
        if is_recent || self.check().is_err() {
            return;
        }
        let mut answer = self.probe.answers().await;
        if let Err(sqlx::Error::Io(_)) = &answer {
            // What broke one connection need not be what keeps others from being made.
            answer = self.probe.answers().await;
        }
        match answer {
            Ok(()) => *answered_at = Some(Instant::now()),
            Err(error) => {
                let address = self.probe.address();
                tracing::error!(%error, "the database at {address} does not answer");
                self.set_away(true);
                tokio::spawn(Arc::clone(self).return_of());
            }
        }
    }

    /// Waits until the database is back.
    async fn return_of(self: Arc<Self>) {
        let begun = Instant::now();
        while self.probe.answers().await.is_err() {
            // Nobody is left to be told.
            if Arc::strong_count(&self) == 1 {
                return;
            }
            tokio::time::sleep(PROBE_EVERY).await;
        }
        tracing::info!(seconds = begun.elapsed().as_secs(), "the database is back");
        self.set_away(false);
    }

    fn set_away(&self, away: bool) {
        self.is_away.store(away, Ordering::Relaxed);
        self.away.send_replace(away);
    }
}

fn away() -> Failure {
    Failure::Away(Cause::Said("the database does not answer"))
}
