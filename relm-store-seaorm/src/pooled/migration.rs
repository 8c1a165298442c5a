//! Brings a database's tables up to date, step by step, however many processes do it at once.
//!
//! A step is one DDL statement, and each is taken on its own: the MySQL family commits a DDL statement whatever
//! surrounds it, and distributed databases want one at a time. PostgreSQL's processes take turns by an advisory lock. A
//! lock of MySQL's holds on one node of a cluster only, so there a step may be taken twice, and the second taker finds
//! it done.
//!
//! What a step [derives](crate::derived) it derives in transactions that take turns by a row, on every database.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, RuntimeErr, TransactionTrait, sqlx};

use super::error::{Cause, Failure};
use super::rights::{self, denied, on};
use super::statement::{Connected, scalar};
use crate::derived::{self, Chunk, Position, Rows};
use crate::dialect::{Dialect, tables};
use crate::open_error::{OpenError, check_version};
use crate::schema::{KNOWN, MIGRATIONS, STEPS, Step, Work};
use crate::sql::Sql;

/// Names the advisory lock: `relm` in ASCII, and a number.
const LOCK: i64 = 0x7265_6c6d_0001;
/// How often a statement that others were in the way of is tried.
const TRIES: u32 = 20;

/// Refuses a database that is newer or older than this program, or another's.
pub(super) async fn check(database: &Connected) -> Result<(), OpenError> {
    let found = version(database).await?.unwrap_or(0);
    check_version(found, KNOWN, false)
}

/// Takes the steps that are missing.
pub(super) async fn run(database: &Connected) -> Result<(), OpenError> {
    if version(database).await?.is_none() {
        let ddl = format!(
            "CREATE TABLE IF NOT EXISTS {MIGRATIONS} (version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)"
        );
        take(database, &ddl, None).await?;
    }
    let mut taken = version(database).await?.unwrap_or(0);
    while let Some(step) = usize::try_from(taken).ok().and_then(|at| STEPS.get(at)) {
        match step.work {
            Work::Statement(ddl) => {
                take(database, &database.dialect.ddl(ddl), Some((taken, step))).await?;
            }
            Work::Derive => derive(database, taken + 1, step).await?,
        }
        taken = version(database).await?.unwrap_or(0);
    }
    check(database).await
}

/// How many steps the database has taken; none where it has no tables of Relm's.
async fn version(database: &Connected) -> Result<Option<i64>, OpenError> {
    let names = Sql::new(match database.dialect {
        // The catalogue itself: `information_schema` hides the tables that a role has no right on.
        Dialect::Postgres | Dialect::Sqlite => {
            "SELECT CAST(relname AS TEXT) FROM pg_catalog.pg_class \
             WHERE relkind IN ('r', 'p') AND relnamespace = \
             (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())"
        }
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            "SELECT CAST(table_name AS CHAR(64)) FROM information_schema.tables \
             WHERE table_schema = DATABASE()"
        }
    });
    let mut there = Vec::new();
    for row in database.rows(&database.pool, &names).await? {
        there.push(row.try_get_by_index::<String>(0)?);
    }
    if let Dialect::Postgres = database.dialect {
        rights::check_schema(database).await?;
    }
    if !there.iter().any(|name| name == MIGRATIONS) && !rights::is_hidden(database).await? {
        let foreign = tables().find(|ours| there.iter().any(|name| name == ours));
        return match foreign {
            Some(table) => Err(OpenError::Foreign(Some(table))),
            None => Ok(None),
        };
    }
    let sql = format!("SELECT MAX(version) FROM {MIGRATIONS}");
    let sql = sea_orm::Statement::from_string(database.pool.get_database_backend(), sql);
    let rows = database.pool.query_all_raw(sql).await;
    let rows = rows.map_err(|error| denied(error, "SELECT", || on(MIGRATIONS)))?;
    let taken = rows.first().map(|row| row.try_get_by_index(0));
    Ok(Some(taken.transpose()?.flatten().unwrap_or(0)))
}

/// Takes one step, the one after `taken`, as often as it needs to be tried.
async fn take(
    database: &Connected,
    ddl: &str,
    step: Option<(i64, &Step)>,
) -> Result<(), OpenError> {
    let insert = step.map(|(taken, step)| {
        let number = taken + 1;
        format!(
            "INTO {MIGRATIONS} (version, name) VALUES ({number}, '{}')",
            step.name
        )
    });
    let mut tries = 0;
    loop {
        tries += 1;
        let taken = match database.dialect {
            Dialect::Postgres | Dialect::Sqlite => by_turns(database, ddl, step, &insert).await,
            Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
                regardless(database, ddl, &insert).await
            }
        };
        let Err(error) = taken else {
            return Ok(());
        };
        if rights::is_denied(&error) {
            let (right, on) = ("CREATE, ALTER and INDEX", "the schema and its tables");
            let on = on.to_owned();
            return Err(OpenError::Denied { right, on });
        }
        match Failure::from(error) {
            Failure::Contention(_) | Failure::Unmet(_) if tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(u64::from(20 * tries))).await;
            }
            failure => return Err(failure.into()),
        }
    }
}

async fn by_turns(
    database: &Connected,
    ddl: &str,
    step: Option<(i64, &Step)>,
    insert: &Option<String>,
) -> Result<(), DbErr> {
    let turn = database.pool.begin().await?;
    turn.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    if let Some((taken, _)) = step {
        let sql = format!("SELECT MAX(version) FROM {MIGRATIONS}");
        let statement = sea_orm::Statement::from_string(database.pool.get_database_backend(), sql);
        let row = turn.query_one_raw(statement).await?;
        let found: Option<i64> = match row {
            Some(row) => row.try_get_by_index(0)?,
            None => None,
        };
        // Another process took it while this one waited for its turn.
        if found.unwrap_or(0) != taken {
            return turn.commit().await;
        }
    }
    turn.execute_unprepared(ddl).await?;
    if let Some(insert) = insert {
        turn.execute_unprepared(&format!("INSERT {insert}")).await?;
    }
    turn.commit().await
}

async fn regardless(database: &Connected, ddl: &str, insert: &Option<String>) -> Result<(), DbErr> {
    match database.pool.execute_unprepared(ddl).await {
        Err(error) if !is_there_already(&error) => return Err(error),
        Ok(_) | Err(_) => {}
    }
    if let Some(insert) = insert {
        let insert = format!("INSERT IGNORE {insert}");
        database.pool.execute_unprepared(&insert).await?;
    }
    Ok(())
}

/// Takes a step that derives, together with whoever else does.
async fn derive(database: &Connected, step: i64, taken: &Step) -> Result<(), OpenError> {
    take(database, &derived::prepare(database.dialect), None).await?;
    let mut begin = Sql::new(&format!(
        "INSERT INTO {MIGRATIONS} (version, name) VALUES ("
    ));
    begin.bind(derived::progress(step)).push(", ");
    begin.bind(Position::START.to_string()).push(")");
    begin.push(database.dialect.or_ignore());
    let mut is_begun = false;
    let mut tries = 0;
    loop {
        let chunk = async {
            // On a cluster, another node's statement may be in the way of this one as well.
            if !is_begun {
                database.execute(&database.pool, &begin).await?;
                is_begun = true;
            }
            derive_chunk(database, step, taken.name).await
        };
        match chunk.await {
            Ok(true) => break,
            Ok(false) => tries = 0,
            Err(Failure::Contention(_) | Failure::Unmet(_)) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(u64::from(20 * tries))).await;
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    take(database, &derived::tidy(database.dialect), None).await
}

/// Derives a chunk, in a transaction of its own; whether the step is taken, by whomever.
async fn derive_chunk(database: &Connected, step: i64, name: &str) -> Result<bool, Failure> {
    let turn = database.begin().await?;
    let progress = derived::progress(step);
    let mut kept = Sql::new(&format!("SELECT name FROM {MIGRATIONS} WHERE version = "));
    kept.bind(progress);
    kept.push(database.dialect.update_lock());
    let kept = database.rows(&turn, &kept).await?;
    let mut done = Sql::new(&format!(
        "SELECT version FROM {MIGRATIONS} WHERE version = "
    ));
    done.bind(step);
    let is_done = !database.rows(&turn, &done).await?.is_empty();
    let next = match kept.first() {
        // Another process has done the rest.
        _ if is_done => None,
        Some(row) => {
            let position = Position::parse(&row.try_get_by_index::<String>(0)?);
            go_on(database, &turn, position).await?
        }
        None => {
            return Err(Failure::Contention(Cause::Said(
                "a derivation has lost its place",
            )));
        }
    };
    let mut note = Sql::default();
    if let Some(position) = next {
        note.push(&format!("UPDATE {MIGRATIONS} SET name = "));
        note.bind(position.to_string()).push(" WHERE version = ");
        note.bind(progress);
    } else {
        note.push(&format!(
            "INSERT INTO {MIGRATIONS} (version, name) VALUES ("
        ));
        note.bind(step).push(", ").bind(name.to_owned()).push(")");
        note.push(database.dialect.or_ignore());
        let mut end = Sql::new(&format!("DELETE FROM {MIGRATIONS} WHERE version = "));
        end.bind(progress);
        database.execute(&turn, &end).await?;
    }
    database.execute(&turn, &note).await?;
    database.within(turn.commit()).await?;
    Ok(next.is_none())
}

/// Derives the chunk at this position; where the next one is.
async fn go_on(
    database: &Connected,
    turn: &DatabaseTransaction,
    position: Position,
) -> Result<Option<Position>, Failure> {
    let records = match position.records(database.dialect) {
        Some(sql) => scalars(database, turn, &sql).await?,
        None => Rows::new(),
    };
    let Some(chunk) = Chunk::read(database.dialect, &position, records) else {
        let scope = scalars(database, turn, &position.next_scope()).await?;
        return Ok(position.beyond(&scope));
    };
    let terms = scalars(database, turn, &chunk.terms()).await?;
    let holders = match chunk.holders() {
        Some(sql) => scalars(database, turn, &sql).await?,
        None => Rows::new(),
    };
    let end = chunk.end();
    for sql in chunk.writes(terms, holders) {
        database.execute(turn, &sql).await?;
    }
    Ok(Some(end))
}

async fn scalars(
    database: &Connected,
    turn: &DatabaseTransaction,
    sql: &Sql,
) -> Result<Rows, Failure> {
    let rows = database.rows(turn, sql).await?;
    let row = |row: &sea_orm::QueryResult| {
        let columns = row.column_names().len();
        (0..columns).map(|column| scalar(row, column)).collect()
    };
    Ok(rows.iter().map(row).collect())
}

/// Whether a table or an index was made before, or an index dropped.
fn is_there_already(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    let sqlx::Error::Database(error) = error.as_ref() else {
        return false;
    };
    // "Table already exists", "duplicate key name", "check that column/key exists".
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return matches!(error.number(), 1050 | 1061 | 1091);
    }
    // PostgreSQL takes each step once.
    let _ = error;
    false
}
