//! Takes the steps that a database lacks, on whichever database and through whichever driver: a [`Session`] runs statements, and
//! everything else is here.
//!
//! Each turn is a transaction. Processes that migrate one database together take turns: SQLite's by the lock of the file, PostgreSQL's
//! by an advisory lock. The MySQL family commits each DDL statement whatever surrounds it, and its locks hold on one node of a
//! cluster only, so there two processes may take a step, and the second one finds it done. What a step [derives](super::derive) it
//! derives chunk by chunk, each in a turn of its own, whose place a row of the list of migrations keeps.

use std::time::Duration;

use relm_core::record::column::ColumnValue;
use sea_orm::EntityName;
use sea_orm::sea_query::IndexCreateStatement;

use super::ddl::{self, create_index, create_table};
use super::derive::{self, Chunk, Position, Rows};
use super::session::{Session, SessionError, Why};
use super::state::{Found, read_state, taken};
use super::steps::{KNOWN, STEPS, Step, Work};
use crate::dialect::Dialect;
use crate::entity::{TableOf, migration, table_of};
use crate::open_error::{OpenError, check_version};
use crate::sql::Sql;

/// How often a turn that others were in the way of is tried.
const TRIES: u32 = 20;
/// How much longer each try waits.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the steps that are missing, of the first `steps` of all.
pub(crate) async fn run(session: &mut impl Session, steps: usize) -> Result<(), OpenError> {
    let mut tries = 0;
    loop {
        let found = read_state(session).await?;
        if let Found::Taken(taken) = found {
            check_version(taken, KNOWN as i64, true)?;
        }
        if found.taken() >= steps {
            return Ok(());
        }
        match turn(session, matches!(found, Found::Nothing), steps).await {
            Ok(()) => tries = 0,
            Err(failed) => {
                session.rollback().await;
                if failed.why != Why::InTheWay || tries == TRIES {
                    return Err(failed.into());
                }
                tries += 1;
                session.pause(PAUSE * tries).await;
            }
        }
    }
}

/// Takes what comes next, be it a step, several, or a chunk of one. Another process may have been faster.
pub(crate) async fn turn(
    session: &mut impl Session,
    is_new: bool,
    steps: usize,
) -> Result<(), SessionError> {
    let dialect = session.dialect();
    session.begin().await?;
    if let Some(wait) = dialect.migration_turn() {
        session.rows(&Sql::new(wait)).await?;
    }
    if is_new {
        let mut list = create_table(dialect, &table_of::<migration::Entity>());
        let list = dialect.render(list.if_not_exists());
        session.execute(&Sql::new(&list)).await?;
    }
    let first = usize::try_from(taken(session).await?).unwrap_or(usize::MAX);
    let missing = STEPS.get(first..steps).unwrap_or_default();
    for (number, step) in (first as i64 + 1..).zip(missing) {
        let made = match step.work {
            Work::Table(table) => dialect.render(&create_table(dialect, &table())),
            Work::Index(table, suffix) => dialect.render(&index(dialect, table(), suffix)),
            Work::Column(table, name) => add_column(dialect, table(), name),
            Work::Fill(statement) => statement(dialect),
            Work::Derive if number > first as i64 + 1 => break,
            Work::Derive => {
                derive_chunk(session, number, step).await?;
                break;
            }
        };
        execute_once(session, &made).await?;
        note(session, number, step.name).await?;
        if !dialect.makes_many_at_once() {
            break;
        }
    }
    session.commit().await
}

fn index(dialect: Dialect, table: TableOf, suffix: &str) -> IndexCreateStatement {
    let index = table.indexes.iter().find(|index| index.suffix == suffix);
    let index = index.expect("a test of the steps finds the index of each");
    create_index(dialect, &table, index)
}

fn add_column(dialect: Dialect, table: TableOf, name: &str) -> String {
    let column = table.columns.iter().find(|column| column.name == name);
    let column = column.expect("a test of the steps finds the column of each");
    ddl::add_column(dialect, &table, column)
}

/// Runs a statement whose effect may be there: where it cannot say so itself, its failure does.
async fn execute_once(session: &mut impl Session, ddl: &str) -> Result<(), SessionError> {
    match session.execute(&Sql::new(ddl)).await {
        Err(failed) if failed.why == Why::IsSo => Ok(()),
        done => done,
    }
}

/// Notes in the list of migrations that a step is taken, or that one is under way. It may be noted.
async fn note(session: &mut impl Session, number: i64, text: &str) -> Result<(), SessionError> {
    let mut sql = Sql::new("INSERT INTO ");
    sql.push(list()).push(" (version, name) VALUES (");
    sql.bind(number).push(", ").bind(text.to_owned()).push(")");
    sql.push(session.dialect().or_ignore());
    session.execute(&sql).await
}

/// Derives a chunk; after the last one the step is taken.
async fn derive_chunk(
    session: &mut impl Session,
    number: i64,
    step: &Step,
) -> Result<(), SessionError> {
    let dialect = session.dialect();
    let progress = derive::progress(number);
    let mut kept = Sql::new("SELECT name FROM ");
    kept.push(list()).push(" WHERE version = ").bind(progress);
    kept.push(dialect.update_lock());
    let kept = session.rows(&kept).await?;
    let Some([Some(ColumnValue::Text(position))]) = kept.first().map(Vec::as_slice) else {
        execute_once(session, &derive::prepare(dialect)).await?;
        return note(session, progress, &Position::start(number).to_string()).await;
    };
    let mut sql = match chunk(session, Position::parse(number, position)).await? {
        Some(next) => {
            let mut place = Sql::new("UPDATE ");
            place.push(list()).push(" SET name = ");
            place.bind(next.to_string());
            place
        }
        None => {
            execute_once(session, &derive::tidy(dialect)).await?;
            note(session, number, step.name).await?;
            let mut place = Sql::new("DELETE FROM ");
            place.push(list());
            place
        }
    };
    sql.push(" WHERE version = ").bind(progress);
    session.execute(&sql).await
}

/// Derives the chunk at this position; where the next one is.
async fn chunk(
    session: &mut impl Session,
    position: Position,
) -> Result<Option<Position>, SessionError> {
    let dialect = session.dialect();
    let records = match position.records(dialect) {
        Some(sql) => session.rows(&sql).await?,
        None => Rows::new(),
    };
    let Some(chunk) = Chunk::read(dialect, &position, records) else {
        let scope = session.rows(&position.next_scope()).await?;
        return Ok(position.beyond(&scope));
    };
    let terms = session.rows(&chunk.terms()).await?;
    let holders = match chunk.holders() {
        Some(sql) => session.rows(&sql).await?,
        None => Rows::new(),
    };
    let end = chunk.end();
    for sql in chunk.writes(terms, holders) {
        session.execute(&sql).await?;
    }
    Ok(Some(end))
}

/// The list of migrations.
fn list() -> &'static str {
    migration::Entity.table_name()
}
