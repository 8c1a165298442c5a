//! What a database has taken of the migration, found out without changing it.

use relm_core::record::column::ColumnValue;
use sea_orm::EntityName;

use super::session::{Session, SessionError, Why};
use crate::dialect::{Dialect, tables};
use crate::entity::migration;
use crate::open_error::OpenError;
use crate::sql::Sql;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No table of Relm's.
    Nothing,
    /// So many steps were taken.
    Taken(i64),
}

impl Found {
    /// Whether there is no table of Relm's.
    #[cfg(feature = "sqlite")]
    pub fn is_nothing(self) -> bool {
        self == Self::Nothing
    }

    /// How many steps were taken.
    pub fn taken(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Taken(steps) => usize::try_from(steps).unwrap_or(0),
        }
    }
}

/// Looks at a database.
///
/// # Errors
/// [`OpenError::Foreign`] where it has a table of ours and no list of migrations, [`OpenError::Denied`] where the role may not
/// look, and whatever else the database says.
pub(crate) async fn read_state(session: &mut impl Session) -> Result<Found, OpenError> {
    let list = migration::Entity.table_name();
    let names = Sql::new(session.dialect().tables_there());
    let there = session.rows(&names).await?;
    let is_there = |name: &str| {
        let mut names = there.iter().filter_map(|row| row.first());
        names.any(|found| matches!(found, Some(ColumnValue::Text(found)) if found == name))
    };
    if let Dialect::Postgres = session.dialect() {
        check_schema(session).await?;
    }
    if !is_there(list) && !is_hidden(session).await {
        return match tables().find(|ours| is_there(ours)) {
            Some(table) => Err(OpenError::Foreign(Some(table))),
            None => Ok(Found::Nothing),
        };
    }
    match taken(session).await {
        Ok(steps) => Ok(Found::Taken(steps)),
        Err(failed) if failed.why == Why::Denied => Err(OpenError::Denied {
            right: "SELECT",
            on: format!("the table `{list}`"),
        }),
        Err(failed) => Err(failed.into()),
    }
}

/// How many steps the list of migrations has.
pub(super) async fn taken(session: &mut impl Session) -> Result<i64, SessionError> {
    let mut sql = Sql::new("SELECT MAX(version) FROM ");
    sql.push(migration::Entity.table_name());
    let rows = session.rows(&sql).await?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Some(ColumnValue::Integer(steps))]) => *steps,
        _ => 0,
    })
}

/// Finds out whether there is a schema that the role may look into: PostgreSQL passes over those that it may not.
async fn check_schema(session: &mut impl Session) -> Result<(), OpenError> {
    let sql = Sql::new("SELECT CAST(current_schema() AS TEXT)");
    let rows = session.rows(&sql).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Some(_)]) => Ok(()),
        _ => Err(OpenError::Denied {
            right: "USAGE",
            on: "the schema".to_owned(),
        }),
    }
}

/// Whether there is a list of migrations that the role has no right on: MariaDB lists no such table, and tells whoever asks
/// for its rows.
async fn is_hidden(session: &mut impl Session) -> bool {
    if !session.dialect().is_mysql_family() {
        return false;
    }
    let mut sql = Sql::new("SELECT 1 FROM ");
    sql.push(migration::Entity.table_name())
        .push(" WHERE 1 = 0");
    // A role without any right on a database hears the same of a table that is not there.
    let asked = session.rows(&sql).await;
    asked.is_err_and(|failed| failed.why == Why::Denied)
}
