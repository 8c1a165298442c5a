//! Many rows by as few statements as it takes, each in the form that a database reads best.

use relm_core::record::Entry;
use relm_core::value::id::Kind;

use super::step::{Expect, Step};
use crate::dialect::{Dialect, ManyRows};
use crate::rows::{in_few_parts, in_shapes};
use crate::sql::{Row, Sql, table};

/// Index terms that SQLite deletes one by one. Of a longer list it makes a table first, and a filter of 10,000 bytes.
const TERMS_APART_MAX: usize = 8;
/// The columns by which an index term is found.
const TERM_KEY: [&str; 4] = ["scope", "term", "ulid", "kind"];

/// Inserts rows. `place` is a table and its columns. `are_many`: the number of rows differs from batch to batch.
pub(super) fn insert_rows(
    dialect: Dialect,
    place: &str,
    rows: Vec<Row>,
    are_many: bool,
) -> Vec<Step> {
    let insert = |rows: Vec<Row>| {
        let expect = Expect::Touched(rows.len());
        let mut sql = Sql::new(dialect.insert());
        sql.push(place);
        match dialect.many_rows() {
            ManyRows::Arrays if are_many || rows.len() > 1 => {
                sql.push(" SELECT * FROM ").arrays(&rows)
            }
            ManyRows::Arrays | ManyRows::Values => sql.push(" VALUES ").rows(rows),
        };
        Step { sql, expect }
    };
    parts(dialect, rows).into_iter().map(insert).collect()
}

/// Deletes records that must have the versions that they were read with.
pub(super) fn delete_records(
    dialect: Dialect,
    scope: i64,
    kind: Kind,
    entries: &[&Entry],
) -> Vec<Step> {
    if let [entry] = entries {
        let mut sql = Sql::new("DELETE FROM ");
        sql.push(table(kind)).push(" WHERE scope = ").bind(scope);
        sql.and("id", entry.record.id())
            .and("version", entry.record.version());
        return vec![Step {
            sql,
            expect: Expect::Touched(1),
        }];
    }
    let read = |entry: &&Entry| {
        let record = &entry.record;
        vec![scope.into(), record.id().into(), record.version().into()]
    };
    let delete = |rows: Vec<Row>| {
        let expect = Expect::Touched(rows.len());
        let sql = match dialect.many_rows() {
            ManyRows::Values => {
                let mut sql = Sql::new("DELETE FROM ");
                sql.push(table(kind)).push(" WHERE ");
                where_in(dialect, &mut sql, &["scope", "id", "version"], rows);
                sql
            }
            ManyRows::Arrays => delete_locked(scope, table(kind), &rows),
        };
        Step { sql, expect }
    };
    let rows = entries.iter().map(read).collect();
    parts(dialect, rows).into_iter().map(delete).collect()
}

/// Deletes `rows`, each `scope, id, version`, as PostgreSQL does it. A delete locks in whatever order it finds, and a locking
/// read can be told one. Each statement looks for a list of ids, and none joins by them: see decision 66.
fn delete_locked(scope: i64, table: &str, rows: &[Row]) -> Sql {
    let mut sql = Sql::new("WITH listed AS MATERIALIZED (SELECT * FROM ");
    sql.arrays(rows).push(" AS listed (scope, id, version)), ");
    sql.push("held AS MATERIALIZED (SELECT id, version FROM ")
        .push(table);
    sql.push(" WHERE scope = ").bind(scope);
    sql.push(" AND id = ANY(ARRAY(SELECT id FROM listed)) ORDER BY id FOR UPDATE)");
    sql.push(" DELETE FROM ").push(table);
    sql.push(" WHERE scope = ").bind(scope);
    sql.push(" AND id = ANY(ARRAY(SELECT id FROM held WHERE");
    // As a condition of its own this would be a join.
    sql.push(" ((id, version) IN (SELECT id, version FROM listed)) IS TRUE))");
    sql
}

/// Inserts index terms.
pub(super) fn insert_terms(dialect: Dialect, mut added: Vec<Row>) -> Vec<Step> {
    // In the order of the key: neighbours land on one page.
    added.sort_unstable();
    insert_rows(
        dialect,
        &format!("terms ({})", TERM_KEY.join(", ")),
        added,
        true,
    )
}

/// Deletes index terms, those that are there.
pub(super) fn delete_terms(dialect: Dialect, mut dropped: Vec<Row>) -> Vec<Step> {
    if dialect.has_many_writers() {
        dropped.sort_unstable();
    }
    let parts = match dropped.len() {
        ..=TERMS_APART_MAX if !dialect.has_many_writers() => {
            dropped.into_iter().map(|row| vec![row]).collect()
        }
        _ => parts(dialect, dropped),
    };
    let delete = |rows: Vec<Row>| {
        let mut sql = Sql::new("DELETE FROM terms WHERE ");
        match dialect.many_rows() {
            ManyRows::Values => where_in(dialect, &mut sql, &TERM_KEY, rows),
            ManyRows::Arrays => where_found(&mut sql, &rows),
        }
        Step {
            sql,
            expect: Expect::Any,
        }
    };
    parts.into_iter().map(delete).collect()
}

/// Looks each of these index terms up by its key and says where it is. Whatever PostgreSQL takes the table for, a subquery that
/// yields one value is no join: see decision 66. No index term moves, since none is ever updated.
fn where_found(sql: &mut Sql, rows: &[Row]) {
    let columns = TERM_KEY.join(", ");
    let of_listed = TERM_KEY.map(|column| format!("term.{column} = listed.{column}"));
    sql.push("ctid = ANY(ARRAY(SELECT (SELECT ctid FROM terms AS term WHERE ");
    sql.push(&of_listed.join(" AND "))
        .push(") FROM ")
        .arrays(rows)
        .push(&format!(" AS listed ({columns})))"));
}

/// These columns are those of one of the rows.
fn where_in(dialect: Dialect, sql: &mut Sql, columns: &[&str], rows: Vec<Row>) {
    // For a list of one row MariaDB reads the whole table, and SQLite makes a table of the list.
    if let [row] = rows.as_slice() {
        for (place, (column, value)) in columns.iter().zip(row).enumerate() {
            sql.push(if place > 0 { " AND " } else { "" });
            sql.push(column).push(" = ").bind(value.clone());
        }
        return;
    }
    sql.push(&format!("({}) IN (", columns.join(", ")));
    sql.push(dialect.rows_of_in()).rows(rows).push(")");
}

/// As many rows at a time as one statement takes.
fn parts(dialect: Dialect, rows: Vec<Row>) -> Vec<Vec<Row>> {
    let parts = match dialect.many_rows() {
        ManyRows::Values if dialect.has_many_writers() => in_few_parts(&rows),
        ManyRows::Values => in_shapes(&rows).collect(),
        ManyRows::Arrays if rows.is_empty() => return Vec::new(),
        ManyRows::Arrays => return vec![rows],
    };
    let lengths: Vec<usize> = parts.into_iter().map(<[Row]>::len).collect();
    let mut rows = rows.into_iter();
    lengths
        .into_iter()
        .map(|length| rows.by_ref().take(length).collect())
        .collect()
}
