//! The engine over the database that the command line names.

use std::path::Path;
use std::sync::Arc;

use relm_core::engine::{Crm, CrmBuilder};
use relm_store_memory::MemoryStore;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use relm_store_seaorm::{PoolOptions, SeaOrmStore};
#[cfg(feature = "sqlite")]
use relm_store_seaorm::{SqliteOptions, SqliteStore};

use super::CommandError;
use crate::config::{Database, DatabaseArgs};
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
    Ok(open(args, false).await?.build())
}

fn no_database(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!(
        "there is no database at {}: name it with --database or RELM_DATABASE_URL, or make it with `relm-server migrate`",
        path.display()
    )
}

/// The engine over the database that was asked for.
pub(super) async fn open(args: &DatabaseArgs, migrates: bool) -> Result<CrmBuilder, CommandError> {
    let builder = match &args.database {
        Database::Memory => Crm::builder(Arc::new(MemoryStore::new())),
        Database::Sqlite(path) => open_sqlite(path, args, migrates)?,
        Database::Server(url) => Box::pin(open_server(url, args, migrates)).await?,
    };
    let keys = args.secret_keys.iter();
    Ok(keys.fold(builder, |builder, key| builder.sealing_key(key.0)))
}

#[cfg(feature = "sqlite")]
fn open_sqlite(
    path: &Path,
    args: &DatabaseArgs,
    migrates: bool,
) -> Result<CrmBuilder, CommandError> {
    let options = SqliteOptions::new(path)
        .synchronous(args.sqlite_synchronous.into())
        .migrate(migrates);
    let store = SqliteStore::open(options);
    let store = store.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Crm::builder(Arc::new(store)))
}

#[cfg(not(feature = "sqlite"))]
fn open_sqlite(_: &Path, args: &DatabaseArgs, _: bool) -> Result<CrmBuilder, CommandError> {
    Err(left_out(&args.database, "sqlite"))
}

/// Replicas go by one clock: the database's.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn open_server(
    url: &str,
    args: &DatabaseArgs,
    migrates: bool,
) -> Result<CrmBuilder, CommandError> {
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
    Ok(Crm::builder(store).clock(clock))
}

#[cfg(not(any(feature = "postgres", feature = "mysql")))]
async fn open_server(url: &str, args: &DatabaseArgs, _: bool) -> Result<CrmBuilder, CommandError> {
    let (feature, _) = driver(url);
    Err(left_out(&args.database, feature))
}

/// The feature that opens an address, and whether this program has it.
fn driver(url: &str) -> (&'static str, bool) {
    if url.starts_with("mysql:") {
        ("mysql", cfg!(feature = "mysql"))
    } else {
        ("postgres", cfg!(feature = "postgres"))
    }
}

/// What is said of a database whose driver this program was built without.
fn left_out(database: &Database, feature: &str) -> CommandError {
    format!(
        "{database}: this program was built without it; build it with `cargo build --release -p relm-server --features {feature}`"
    )
    .into()
}
