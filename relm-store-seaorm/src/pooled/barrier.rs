//! The barrier of a commit: what others had begun before it has ended.
//!
//! Ordinary commits pay nothing for it. Whoever asks looks at which transactions there are that may have read the version of a
//! configuration, and waits until none of those is left; what begins meanwhile reads the version as it is now.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::error::{Cause, Failure};
use super::executor::Executor;
use super::rights::is_denied;
use crate::dialect::Dialect;
use crate::sql::Sql;

/// How long others are waited for. Who asks again waits for those that are left.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// The longest rest between two looks.
const REST_MAX: Duration = Duration::from_millis(200);
/// The MySQL family shows its transactions as they were up to 100 ms ago.
const MYSQL_LAG: Duration = Duration::from_millis(150);

/// Whoever has read a version in a transaction holds a lock on the table until its end, which it got before the snapshot that it
/// read by. Every role sees the locks.
const OF_POSTGRES: &str = "SELECT DISTINCT virtualtransaction FROM pg_locks \
     WHERE locktype = 'relation' AND granted AND relation = 'configurations'::regclass \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND pid IS DISTINCT FROM pg_backend_pid()";
/// The transactions of connections to this database, on one server, for accounts that have the right `PROCESS`.
const OF_MYSQL: &str = "SELECT CAST(CONCAT(trx_mysql_thread_id, ' ', trx_started) AS CHAR) \
     FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id \
     WHERE db = DATABASE() AND id <> CONNECTION_ID()";

/// Waits for the other transactions that are under way.
///
/// # Errors
/// [`Failure::Unavailable`] where one of them goes on for longer than is waited; whatever the database says.
pub(super) async fn wait(on: Executor<'_>) -> Result<(), Failure> {
    let (sql, mut rest) = match on.dialect() {
        // It has one writer.
        Dialect::Sqlite => return Ok(()),
        Dialect::Postgres => (OF_POSTGRES, Duration::from_millis(2)),
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            tokio::time::sleep(MYSQL_LAG).await;
            (OF_MYSQL, MYSQL_LAG)
        }
    };
    let sql = Sql::new(sql);
    let begun = Instant::now();
    let mut left: Option<BTreeSet<String>> = None;
    loop {
        let now = match under_way(on, &sql).await {
            // Other accounts' transactions are not ours to see.
            Err(Failure::Fault(Cause::Database(error))) if left.is_none() && is_denied(&error) => {
                return Ok(());
            }
            now => now?,
        };
        let still: BTreeSet<String> = match &left {
            Some(left) => left.intersection(&now).cloned().collect(),
            None => now,
        };
        if still.is_empty() {
            return Ok(());
        }
        if begun.elapsed() > WAIT_MAX {
            let said = "a transaction that began before goes on";
            return Err(Failure::Unavailable(Cause::Said(said)));
        }
        left = Some(still);
        tokio::time::sleep(rest).await;
        rest = (2 * rest).min(REST_MAX);
    }
}

async fn under_way(on: Executor<'_>, sql: &Sql) -> Result<BTreeSet<String>, Failure> {
    let rows = on.rows(sql).await?;
    let name = |row: &sea_orm::QueryResult| Ok(row.try_get_by_index(0)?);
    rows.iter().map(name).collect()
}
