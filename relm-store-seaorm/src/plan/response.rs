//! The keeping of a response under its idempotency key, and the forgetting of it: once it has expired, and where a record that it is
//! about is purged.

use relm_core::record::column::ColumnValue;
use relm_core::store::StoredResponse;
use relm_core::value::hex::hex;
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;

use super::bulk::insert_rows;
use super::step::{Expect, Step};
use crate::dialect::Dialect;
use crate::rows::in_shapes;
use crate::scope_number::scope_number;
use crate::sql::{Row, Sql};

/// Expired responses that the keeping of another deletes.
const EXPIRED_MAX: usize = 4;

/// Keeps a response under its key.
///
/// Where one process writes, it forgets expired responses as it keeps others. Where many do, they would wait for
/// each other on the oldest: there only the key's own is forgotten here, and the others apart from any commit.
pub(super) fn keep(dialect: Dialect, scope: i64, response: &StoredResponse, now: i64) -> Vec<Step> {
    let mut steps = keep_response(dialect, scope, response, now);
    steps.extend(keep_records(dialect, scope, response, now));
    steps
}

/// Keeps what a response is found by when a record is purged.
fn keep_records(dialect: Dialect, scope: i64, response: &StoredResponse, now: i64) -> Vec<Step> {
    let row = |about: &Id| -> Row {
        vec![
            scope.into(),
            (*about).into(),
            response.key.clone().into(),
            response.expires_at.as_millis().into(),
        ]
    };
    let rows: Vec<Row> = response.about.iter().map(row).collect();
    let expired = (rows.len() + EXPIRED_MAX).next_power_of_two();
    let are_there = !rows.is_empty();
    let place = "response_records (scope, record_id, key_digest, expires_at)";
    let are_many = rows.len() > 1;
    let mut steps = insert_rows(dialect, place, rows, are_many);
    // As for responses: one that writes alone forgets as it keeps.
    if dialect == Dialect::Sqlite && are_there {
        steps.push(Step {
            sql: forget_records(dialect, scope, now, expired),
            expect: Expect::Any,
        });
    }
    steps
}

fn keep_response(dialect: Dialect, scope: i64, response: &StoredResponse, now: i64) -> Vec<Step> {
    let row = vec![
        scope.into(),
        response.key.clone().into(),
        hex(&response.fingerprint).into(),
        response.outcome.into(),
        response.body.to_string().into(),
        response.expires_at.as_millis().into(),
    ];
    let place = "responses (scope, key_digest, fingerprint, outcome, body, expires_at)";
    match dialect {
        Dialect::Sqlite => {
            let mut steps = vec![forget_some(scope, response, now)];
            steps.extend(insert_rows(dialect, place, vec![row], false));
            steps
        }
        Dialect::Postgres => {
            let mut sql = Sql::new(dialect.insert());
            sql.push(place);
            sql.push(" VALUES ").rows(vec![row]);
            sql.push(" ON CONFLICT (scope, key_digest) DO UPDATE SET");
            sql.push(" fingerprint = EXCLUDED.fingerprint, outcome = EXCLUDED.outcome,");
            sql.push(" body = EXCLUDED.body, expires_at = EXCLUDED.expires_at");
            sql.push(" WHERE responses.expires_at <= ").bind(now);
            vec![Step {
                sql,
                expect: Expect::Touched(1),
            }]
        }
        // There is no condition to an update here. A response that is still good is refused by a null where none may
        // be; the table has no other unique key that could be meant.
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            let mut sql = Sql::new(dialect.insert());
            sql.push(place).push(" VALUES ").rows(vec![row]);
            sql.push(" ON DUPLICATE KEY UPDATE fingerprint = IF(expires_at <= ")
                .bind(now);
            sql.push(", VALUES(fingerprint), NULL), outcome = VALUES(outcome),");
            sql.push(" body = VALUES(body), expires_at = VALUES(expires_at)");
            vec![Step {
                sql,
                expect: Expect::Any,
            }]
        }
    }
}

/// Forgets the key's own expired response, and a few others: each write leaves fewer behind than it finds.
fn forget_some(scope: i64, response: &StoredResponse, now: i64) -> Step {
    let mut expired = Sql::new("DELETE FROM responses WHERE scope = ");
    expired.bind(scope);
    expired.push(" AND expires_at <= ").bind(now);
    expired
        .push(" AND (key_digest = ")
        .bind(response.key.clone());
    expired.push(" OR key_digest IN (SELECT key_digest FROM (SELECT key_digest FROM responses");
    expired.push(" WHERE scope = ").bind(scope);
    expired.push(" AND expires_at <= ").bind(now);
    expired.push(" ORDER BY expires_at").limit(EXPIRED_MAX);
    expired.push(") AS oldest))");
    Step {
        sql: expired,
        expect: Expect::Any,
    }
}

/// Forgets by which records expired responses are found, of so many of the oldest: of those that are not there any more. While an
/// expired response is still there, it is found.
pub(crate) fn forget_records(dialect: Dialect, scope: i64, now: i64, at_most: usize) -> Sql {
    let mut oldest =
        Sql::new("(SELECT record_id, key_digest, expires_at FROM response_records WHERE scope = ");
    oldest.bind(scope).push(" AND expires_at <= ").bind(now);
    oldest.push(" ORDER BY expires_at").limit(at_most);
    oldest.push(") AS oldest");
    let gone = || {
        let mut gone = Sql::new("NOT EXISTS (SELECT 1 FROM responses WHERE responses.scope = ");
        gone.bind(scope);
        gone.push(" AND responses.key_digest = oldest.key_digest");
        gone.push(" AND responses.expires_at = oldest.expires_at)");
        gone
    };
    match dialect {
        Dialect::Sqlite => {
            let mut sql = Sql::new("DELETE FROM response_records WHERE scope = ");
            sql.bind(scope);
            sql.push(" AND (record_id, key_digest, expires_at) IN (SELECT record_id, key_digest, expires_at FROM ");
            sql.append(oldest).push(" WHERE ").append(gone()).push(")");
            sql
        }
        // No join: see decision 66.
        Dialect::Postgres => {
            let mut sql = Sql::new("DELETE FROM response_records WHERE scope = ");
            sql.bind(scope).push(" AND expires_at <= ").bind(now);
            sql.push(" AND ((record_id, key_digest, expires_at) IN (SELECT record_id, key_digest, expires_at FROM ");
            sql.append(oldest);
            sql.push(" WHERE ((key_digest, expires_at) IN (SELECT key_digest, expires_at FROM responses WHERE scope = ");
            sql.bind(scope).push(" AND expires_at <= ").bind(now);
            sql.push(")) IS NOT TRUE)) IS TRUE");
            sql
        }
        // The family reads a list of its own rows for each row of the table; a join it reads once.
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            let mut sql = Sql::new("DELETE kept FROM response_records AS kept JOIN ");
            sql.append(oldest);
            sql.push(
                " ON kept.record_id = oldest.record_id AND kept.key_digest = oldest.key_digest",
            );
            sql.push(" AND kept.expires_at = oldest.expires_at WHERE kept.scope = ");
            sql.bind(scope).push(" AND ").append(gone());
            sql
        }
    }
}

/// Forgets the responses under these keys that are about a record.
pub(super) fn forget(dialect: Dialect, scope: i64, about: Id, keys: &[&String]) -> Vec<Step> {
    let step = |sql| Step {
        sql,
        expect: Expect::Any,
    };
    let mut steps = Vec::new();
    for keys in in_shapes(keys) {
        let keys: Vec<ColumnValue<'static>> = keys
            .iter()
            .map(|key| ColumnValue::from(String::clone(key)))
            .collect();
        let mut responses = Sql::new("DELETE FROM responses WHERE scope = ");
        responses.bind(scope).and_in("key_digest", &keys);
        match dialect {
            // No join: see decision 66.
            Dialect::Postgres => {
                responses.push(" AND ((key_digest, expires_at) IN (SELECT key_digest, expires_at FROM response_records WHERE scope = ");
                responses.bind(scope).and("record_id", about);
                responses.push(")) IS TRUE");
            }
            Dialect::Sqlite | Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
                responses.push(
                    " AND EXISTS (SELECT 1 FROM response_records AS kept WHERE kept.scope = ",
                );
                responses.bind(scope).and("kept.record_id", about);
                responses.push(" AND kept.key_digest = responses.key_digest");
                responses.push(" AND kept.expires_at = responses.expires_at)");
            }
        }
        let records = forget_all_records(dialect, scope, about, &keys);
        steps.extend([step(responses), step(records)]);
    }
    steps
}

/// Forgets what the responses under these keys were about, beside the one record that is named: it ends when they do.
fn forget_all_records(
    dialect: Dialect,
    scope: i64,
    about: Id,
    keys: &[ColumnValue<'static>],
) -> Sql {
    let of_each = || {
        let mut of_each = Sql::new("response_records AS kept JOIN response_records AS other");
        of_each.push(" ON other.scope = kept.scope AND other.expires_at = kept.expires_at");
        of_each.push(" AND other.key_digest = kept.key_digest WHERE kept.scope = ");
        of_each.bind(scope).and("kept.record_id", about);
        of_each.and_in("kept.key_digest", keys);
        of_each
    };
    match dialect {
        // No join: see decision 66.
        Dialect::Postgres => {
            let mut sql = Sql::new(
                "WITH kept AS MATERIALIZED (SELECT key_digest, expires_at FROM response_records WHERE scope = ",
            );
            sql.bind(scope).and("record_id", about);
            sql.and_in("key_digest", keys);
            sql.push(") DELETE FROM response_records WHERE scope = ")
                .bind(scope);
            sql.push(" AND expires_at = ANY(ARRAY(SELECT expires_at FROM kept))");
            sql.push(
                " AND ((key_digest, expires_at) IN (SELECT key_digest, expires_at FROM kept)) IS TRUE",
            );
            sql
        }
        Dialect::Sqlite => {
            let mut sql = Sql::new("DELETE FROM response_records WHERE scope = ");
            sql.bind(scope);
            sql.push(" AND (record_id, key_digest, expires_at) IN");
            sql.push(" (SELECT other.record_id, other.key_digest, other.expires_at FROM ");
            sql.append(of_each()).push(")");
            sql
        }
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            let mut sql = Sql::new("DELETE other FROM ");
            sql.append(of_each());
            sql
        }
    }
}

/// The keys of the responses that are about a record, after one, in their order.
pub(crate) fn about(scope: Scope, record: Id, after: Option<&str>, limit: usize) -> Sql {
    let mut sql = Sql::new("SELECT kept.key_digest FROM response_records AS kept");
    sql.push(" JOIN responses ON responses.scope = kept.scope");
    sql.push(" AND responses.key_digest = kept.key_digest");
    sql.push(" AND responses.expires_at = kept.expires_at WHERE kept.scope = ");
    sql.bind(scope_number(scope)).and("kept.record_id", record);
    if let Some(after) = after {
        sql.push(" AND kept.key_digest > ").bind(after.to_owned());
    }
    sql.push(" ORDER BY kept.key_digest").limit(limit);
    sql
}
