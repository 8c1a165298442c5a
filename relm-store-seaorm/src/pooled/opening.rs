//! How a pool of our own is opened, and its database migrated.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::liveness::Liveness;
use super::options::PoolOptions;
use super::statement::Connected;
use super::{migration, rights, session};
use crate::dialect::Dialect;
use crate::migration::KNOWN;
use crate::open_error::OpenError;

/// What a statement's answer is waited for where the database itself sets no limit: in a migration.
const UNLIMITED: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn migrate(options: &PoolOptions) -> Result<(), OpenError> {
    let options = options.for_migration();
    let database = Box::pin(connect(&options)).await?;
    let migrated = migration::run_to(&database.pool, database.dialect, KNOWN);
    let migrated = Box::pin(migrated).await;
    database.pool.close().await?;
    migrated
}

/// What a process writes by turns with, where a database has one writer.
pub(super) fn writer(dialect: Dialect) -> Option<Arc<Semaphore>> {
    let has_one = !dialect.has_many_writers();
    has_one.then(|| Arc::new(Semaphore::new(1)))
}

/// Opens a pool and finds out whom it speaks to.
pub(super) async fn connect(options: &PoolOptions) -> Result<Connected, OpenError> {
    let probe = options.probe()?;
    // A pool would try for as long as anyone may wait for a connection, and then say that it waited.
    if let Err(source) = probe.answers().await {
        return Err(OpenError::Unreachable {
            address: probe.address(),
            source: source.into(),
        });
    }
    let pool = options.connect().await.map_err(rights::denied_or)?;
    let dialect = session::dialect_of(&pool).await?;
    Ok(Connected {
        pool,
        liveness: Liveness::new(probe, true),
        writer: writer(dialect),
        dialect,
        limit: options.statement_timeout.unwrap_or(UNLIMITED),
        is_ours: true,
    })
}
