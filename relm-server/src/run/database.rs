//! The engine over the database that the command line names.

use std::path::Path;
use std::sync::Arc;

use relm_core::engine::{Crm, CrmBuilder};
use relm_core::store::Store;
use relm_core::value::time::SystemClock;
use relm_core::{Clock, Timestamp};
use relm_store_memory::MemoryStore;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use relm_store_seaorm::{PoolOptions, SeaOrmStore};
#[cfg(feature = "sqlite")]
use relm_store_seaorm::{SqliteOptions, SqliteStore};

use super::outcome::CommandError;
use crate::config::{Database, DatabaseArgs};
use crate::metrics::{MeasuredStore, Metrics, PoolLevel, Sources};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::shared_clock::SharedClock;

/// The engine over a database that is there and up to date: a command that was typed in the wrong folder, or before this
/// program's own replicas run, makes and changes none.
pub(super) async fn open_existing(args: &DatabaseArgs) -> Result<Crm, CommandError> {
    match &args.database {
        Database::Memory => {
            return Err(
                "memory: is gone with the process that serves it: name a database that lasts"
                    .into(),
            );
        }
        Database::Sqlite(path) if !path.exists() => return Err(no_database(path).into()),
        Database::Sqlite(_) | Database::Server(_) => {}
    }
    Ok(open(args, false).await?.builder(args).build())
}

pub(super) fn no_database(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!(
        "there is no database at {}: name it with --database or RELM_DATABASE_URL, or make it with `relm-server migrate`",
        path.display()
    )
}

/// A database that was opened.
pub(super) struct Opened {
    /// What it is, in a word.
    pub name: &'static str,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    pool: Option<Pool>,
}

/// Tells how much of its pool a store uses.
type Pool = Box<dyn Fn() -> PoolLevel + Send + Sync>;

impl Opened {
    /// A database of this process alone.
    fn alone(name: &'static str, store: impl Store) -> Self {
        Self {
            name,
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            pool: None,
        }
    }

    /// The engine over it.
    pub fn builder(self, args: &DatabaseArgs) -> CrmBuilder {
        sealing(Crm::builder(self.store).clock(self.clock), args)
    }

    /// Another engine over it, which goes by a clock of its own.
    pub fn engine_by(&self, clock: Arc<dyn Clock>, args: &DatabaseArgs) -> Crm {
        let builder = Crm::builder(Arc::clone(&self.store)).clock(clock);
        sealing(builder, args).build()
    }

    /// The time by its clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The same database, whose calls are seen by these metrics; and whom levels are asked of.
    pub fn measured(self, metrics: &Metrics) -> (Self, Sources) {
        let sources = Sources {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            pool: self.pool,
        };
        let store = Arc::new(MeasuredStore::new(self.store, metrics));
        let opened = Self {
            store,
            pool: None,
            ..self
        };
        (opened, sources)
    }
}

/// The same, which seals and opens with the keys of the command line.
fn sealing(builder: CrmBuilder, args: &DatabaseArgs) -> CrmBuilder {
    let keys = args.secret_keys.iter();
    keys.fold(builder, |builder, key| builder.sealing_key(key.0))
}

/// Opens the database that was asked for.
pub(super) async fn open(args: &DatabaseArgs, migrates: bool) -> Result<Opened, CommandError> {
    match &args.database {
        Database::Memory => Ok(Opened::alone("memory", MemoryStore::new())),
        Database::Sqlite(path) => open_sqlite(path, args, migrates),
        Database::Server(url) => Box::pin(open_server(url, args, migrates)).await,
    }
}

#[cfg(feature = "sqlite")]
fn open_sqlite(path: &Path, args: &DatabaseArgs, migrates: bool) -> Result<Opened, CommandError> {
    let options = SqliteOptions::new(path)
        .synchronous(args.sqlite_synchronous.into())
        .migrate(migrates);
    let store = SqliteStore::open(options);
    let store = store.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Opened::alone("sqlite", store))
}

#[cfg(not(feature = "sqlite"))]
fn open_sqlite(_: &Path, args: &DatabaseArgs, _: bool) -> Result<Opened, CommandError> {
    Err(left_out(&args.database, "sqlite"))
}

/// Replicas go by one clock: the database's.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn open_server(
    url: &str,
    args: &DatabaseArgs,
    migrates: bool,
) -> Result<Opened, CommandError> {
    let (feature, is_there) = driver(url);
    if !is_there {
        return Err(left_out(&args.database, feature));
    }
    let options = PoolOptions::new()
        .connections_max(args.connections)
        .acquire_timeout(args.acquire)
        .statement_timeout(args.statement)
        .statements_cached(args.statements_cached)
        .migrate(migrates);
    let fail = |error: &dyn std::error::Error| format!("{}: {error}", args.database);
    let store = SeaOrmStore::connect(url, options).await;
    let store = Arc::new(store.map_err(|error| fail(&error))?);
    let clock = SharedClock::follow(Arc::clone(&store)).await;
    let clock = clock.map_err(|error| fail(&error))?;
    let pooled = Arc::clone(&store);
    Ok(Opened {
        name: feature,
        store,
        clock,
        pool: Some(Box::new(move || {
            let (in_use, max) = pooled.connections();
            PoolLevel { in_use, max }
        })),
    })
}

#[cfg(not(any(feature = "postgres", feature = "mysql")))]
async fn open_server(url: &str, args: &DatabaseArgs, _: bool) -> Result<Opened, CommandError> {
    let (feature, _) = driver(url);
    Err(left_out(&args.database, feature))
}

/// The feature that opens an address, and whether this program has it.
pub(super) fn driver(url: &str) -> (&'static str, bool) {
    if url.starts_with("mysql:") {
        ("mysql", cfg!(feature = "mysql"))
    } else {
        ("postgres", cfg!(feature = "postgres"))
    }
}

/// What is said of a database whose driver this program was built without.
pub(super) fn left_out(database: &Database, feature: &str) -> CommandError {
    format!(
        "{database}: this program was built without it; build it with `cargo build --release -p relm-server --features {feature}`"
    )
    .into()
}
