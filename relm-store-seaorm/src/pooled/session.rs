//! Whom a connection speaks to, and whether it is set to what a store needs.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement,
};

use super::liveness::Probe;
use crate::dialect::Dialect;
use crate::open_error::OpenError;

/// SQLite before this could corrupt a database when a write-ahead log was reset: https://sqlite.org/wal.html#walresetbug
#[cfg(feature = "sqlx-sqlite")]
const SQLITE_VERSION_MIN: [u32; 3] = [3, 51, 3];

/// The database that a connection leads to.
pub(crate) async fn dialect_of(on: &impl ConnectionTrait) -> Result<Dialect, DbErr> {
    match on.get_database_backend() {
        DbBackend::Sqlite => Ok(Dialect::Sqlite),
        DbBackend::Postgres => Ok(Dialect::Postgres),
        DbBackend::MySql => {
            let version = first(on, "SELECT VERSION()").await?;
            if !version.unwrap_or_default().contains("MariaDB") {
                return Ok(Dialect::MySql);
            }
            let clustered = "SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'";
            Ok(match first(on, clustered).await? {
                Some(_) => Dialect::Galera,
                None => Dialect::MariaDb,
            })
        }
        other => Err(DbErr::BackendNotSupported {
            db: other.as_str(),
            ctx: "Relm's store",
        }),
    }
}

/// The first column of the first row, which is a text.
async fn first(on: &impl ConnectionTrait, sql: &str) -> Result<Option<String>, DbErr> {
    let statement = Statement::from_string(on.get_database_backend(), sql);
    let row = on.query_one_raw(statement).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

/// A pool as it was handed over.
pub(super) struct Handed {
    pub probe: Probe,
    pub connections_max: u32,
    pub acquire_timeout: Duration,
}

/// What a pool says of itself.
///
/// # Errors
/// [`OpenError::Session`] for what is none.
pub(super) fn handed(pool: &DatabaseConnection) -> Result<Handed, OpenError> {
    use sea_orm::DatabaseConnectionType as Type;
    match &pool.inner {
        #[cfg(feature = "postgres")]
        Type::SqlxPostgresPoolConnection(_) => {
            let pool = pool.get_postgres_connection_pool();
            Ok(Handed {
                probe: Probe::Postgres(pool.connect_options()),
                connections_max: pool.options().get_max_connections(),
                acquire_timeout: pool.options().get_acquire_timeout(),
            })
        }
        #[cfg(feature = "mysql")]
        Type::SqlxMySqlPoolConnection(_) => {
            let pool = pool.get_mysql_connection_pool();
            Ok(Handed {
                probe: Probe::MySql(pool.connect_options()),
                connections_max: pool.options().get_max_connections(),
                acquire_timeout: pool.options().get_acquire_timeout(),
            })
        }
        #[cfg(feature = "sqlx-sqlite")]
        Type::SqlxSqlitePoolConnection(_) => {
            let pool = pool.get_sqlite_connection_pool();
            Ok(Handed {
                probe: Probe::Here,
                connections_max: pool.options().get_max_connections(),
                acquire_timeout: pool.options().get_acquire_timeout(),
            })
        }
        #[allow(
            unreachable_patterns,
            reason = "SeaORM has other connections by other features"
        )]
        _ => Err(OpenError::Session {
            setting: "a connection",
            found: format!("{:?}", pool.inner),
            needed: "a pool of a database whose feature this crate was built with",
        }),
    }
}

/// Refuses connections that are not set to what a store needs.
///
/// # Errors
/// [`OpenError::Session`] for the first setting that will not do.
pub(super) async fn check(pool: &DatabaseConnection, dialect: Dialect) -> Result<(), OpenError> {
    match dialect {
        Dialect::Sqlite => sqlite(pool).await,
        Dialect::Postgres => {
            let found = first(pool, "SHOW default_transaction_isolation").await?;
            is("default_transaction_isolation", found, "read committed")
        }
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => mysql(pool, dialect).await,
    }
}

/// Refuses a transaction that somebody else began and that a store cannot do its work in.
///
/// # Errors
/// [`OpenError::Transaction`] for the first setting that will not do.
pub(super) async fn check_transaction(
    transaction: &DatabaseTransaction,
    dialect: Dialect,
) -> Result<(), OpenError> {
    let checked = match dialect {
        // Its transactions are as strict as any, whichever way they are begun.
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => {
            let found = first(transaction, "SHOW transaction_isolation").await?;
            is("transaction_isolation", found, "read committed")
        }
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => mysql(transaction, dialect).await,
    };
    checked.map_err(|error| match error {
        OpenError::Session {
            setting,
            found,
            needed,
        } => OpenError::Transaction {
            setting,
            found,
            needed,
        },
        error => error,
    })
}

fn is(setting: &'static str, found: Option<String>, needed: &'static str) -> Result<(), OpenError> {
    match found {
        Some(found) if found.eq_ignore_ascii_case(needed) => Ok(()),
        found => Err(OpenError::Session {
            setting,
            found: found.unwrap_or_default(),
            needed,
        }),
    }
}

async fn mysql(on: &impl ConnectionTrait, dialect: Dialect) -> Result<(), OpenError> {
    // Older servers of MariaDB know it by another name.
    let isolation = match mysql_setting(on, "transaction_isolation").await? {
        Some(isolation) => Some(isolation),
        None => mysql_setting(on, "tx_isolation").await?,
    };
    is("transaction_isolation", isolation, "READ-COMMITTED")?;
    let mode = mysql_setting(on, "sql_mode").await?.unwrap_or_default();
    if !mode.contains("STRICT_") {
        return Err(OpenError::Session {
            setting: "sql_mode",
            found: mode,
            needed: "one with STRICT_ALL_TABLES",
        });
    }
    is("autocommit", mysql_setting(on, "autocommit").await?, "ON")?;
    if dialect == Dialect::Galera {
        let wait = mysql_setting(on, "wsrep_sync_wait").await?;
        is("wsrep_sync_wait", wait, "7")?;
    }
    Ok(())
}

/// A setting of a session, where the server knows it.
async fn mysql_setting(on: &impl ConnectionTrait, name: &str) -> Result<Option<String>, DbErr> {
    let sql = format!("SHOW SESSION VARIABLES WHERE Variable_name = '{name}'");
    let statement = Statement::from_string(on.get_database_backend(), sql);
    let row = on.query_one_raw(statement).await?;
    row.map(|row| row.try_get_by_index(1)).transpose()
}

#[cfg(feature = "sqlx-sqlite")]
async fn sqlite(pool: &DatabaseConnection) -> Result<(), OpenError> {
    let version = first(pool, "SELECT sqlite_version()").await?;
    let version = version.unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let parts: [u32; 3] = std::array::from_fn(|_| parts.next().unwrap_or(0));
    if parts < SQLITE_VERSION_MIN {
        return Err(OpenError::OldSqlite(version));
    }
    let file = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    if first(pool, file)
        .await?
        .is_some_and(|file| !file.is_empty())
    {
        return Ok(());
    }
    let options = pool.get_sqlite_connection_pool().options();
    for (setting, found, needed) in [
        (
            "max_connections",
            options.get_max_connections().to_string(),
            "1",
        ),
        (
            "idle_timeout",
            format!("{:?}", options.get_idle_timeout()),
            "None",
        ),
        (
            "max_lifetime",
            format!("{:?}", options.get_max_lifetime()),
            "None",
        ),
    ] {
        // A database in memory is its connection's, and gone with it.
        is(setting, Some(found), needed)?;
    }
    Ok(())
}

#[cfg(not(feature = "sqlx-sqlite"))]
async fn sqlite(_: &DatabaseConnection) -> Result<(), OpenError> {
    Ok(())
}
