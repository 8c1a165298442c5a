//! The keeping of a response under its idempotency key, and the forgetting of expired ones.

use relm_core::store::StoredResponse;
use relm_core::value::hex::hex;

use super::bulk::insert_rows;
use super::step::{Expect, Step};
use crate::dialect::Dialect;
use crate::sql::Sql;

/// Expired responses that the keeping of another deletes.
const EXPIRED_MAX: usize = 4;

/// Keeps a response under its key.
///
/// Where one process writes, it forgets expired responses as it keeps others. Where many do, they would wait for
/// each other on the oldest: there only the key's own is forgotten here, and the others apart from any commit.
pub(super) fn keep(dialect: Dialect, scope: i64, response: &StoredResponse, now: i64) -> Vec<Step> {
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
