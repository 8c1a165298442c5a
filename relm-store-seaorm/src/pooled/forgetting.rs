//! Forgetting responses that have expired: apart from commits, which would wait for each other on the oldest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use relm_core::limits::BATCH_ROWS_MAX;
use relm_core::store::{Batch, Write};
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;
use tokio::runtime::Handle;

use super::error::Failure;
use super::statement::Connected;
use crate::dialect::Dialect;
use crate::plan::forget_records;
use crate::scope_number::scope_number;
use crate::sql::Sql;

/// One in so many kept responses has some expired ones forgotten.
const FORGET_EVERY: u64 = 16;
/// Expired responses that are forgotten at once.
const FORGOTTEN_MAX: usize = 64;
/// Records of expired responses that are looked at at once: a response may have many.
const FORGOTTEN_RECORDS_MAX: usize = 1_024;
/// How often that is done: twice over what was kept since the last time, were each of that of the largest batch.
const FORGOTTEN_ROUNDS_MAX: usize =
    (2 * FORGET_EVERY as usize * BATCH_ROWS_MAX).div_ceil(FORGOTTEN_RECORDS_MAX);

/// When expired responses are forgotten next.
#[derive(Debug, Default)]
pub(super) struct Forgetting {
    /// Responses kept so far.
    remembered: AtomicU64,
}

impl Forgetting {
    /// Now and then, has some expired responses forgotten: where a batch keeps one.
    pub fn beside(&self, batch: &Batch, database: &Arc<Connected>, runtime: &Handle) {
        let remembers = |write: &Write| matches!(write, Write::Remember(_));
        if !batch.writes.iter().any(remembers)
            || !(self.remembered.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(FORGET_EVERY)
        {
            return;
        }
        let (database, scope, now) = (Arc::clone(database), batch.scope, batch.now);
        runtime.spawn(async move {
            // What is not forgotten now is forgotten another time.
            let _ = forget_expired(&database, scope, now).await;
        });
    }
}

async fn forget_expired(database: &Connected, scope: Scope, now: Timestamp) -> Result<(), Failure> {
    let (scope, now) = (scope_number(scope), now.as_millis());
    let mut sql = Sql::new("DELETE FROM responses WHERE scope = ");
    sql.bind(scope).push(" AND expires_at <= ").bind(now);
    match database.dialect {
        // A write there deletes a few itself.
        Dialect::Sqlite => return Ok(()),
        Dialect::Postgres => {
            sql.push(" AND key_digest IN (SELECT key_digest FROM responses WHERE scope = ")
                .bind(scope);
            sql.push(" AND expires_at <= ").bind(now);
            sql.push(" ORDER BY expires_at")
                .limit(FORGOTTEN_MAX)
                .push(" FOR UPDATE SKIP LOCKED)");
        }
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            sql.push(" ORDER BY expires_at").limit(FORGOTTEN_MAX);
        }
    }
    database.execute(&database.pool, &sql).await?;
    let records = forget_records(database.dialect, scope, now, FORGOTTEN_RECORDS_MAX);
    for _ in 0..FORGOTTEN_ROUNDS_MAX {
        let forgotten = database.execute(&database.pool, &records).await?;
        if forgotten < FORGOTTEN_RECORDS_MAX as u64 {
            break;
        }
    }
    Ok(())
}
