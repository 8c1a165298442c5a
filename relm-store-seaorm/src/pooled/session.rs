//! Whom a connection speaks to.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::dialect::Dialect;

/// The database that a connection leads to.
pub(crate) async fn dialect_of(on: &impl ConnectionTrait) -> Result<Dialect, DbErr> {
    let backend = on.get_database_backend();
    let first = async |sql: &str| -> Result<Option<String>, DbErr> {
        let row = on
            .query_one_raw(Statement::from_string(backend, sql))
            .await?;
        row.map(|row| row.try_get_by_index(0)).transpose()
    };
    match backend {
        DbBackend::Sqlite => Ok(Dialect::Sqlite),
        DbBackend::Postgres => Ok(Dialect::Postgres),
        DbBackend::MySql => {
            let version = first("SELECT VERSION()").await?;
            if !version.unwrap_or_default().contains("MariaDB") {
                return Ok(Dialect::MySql);
            }
            let clustered = "SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'";
            Ok(match first(clustered).await? {
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
